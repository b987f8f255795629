/* SPDX-License-Identifier: Apache-2.0 */
#include "shell/stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
stream_begin(struct stream *s, int fd)
{
	s->fd = fd;
	s->total = 0;
}

void
stream_add(struct stream *s, const char *p, size_t n)
{
	for (; n > 0; p++, n--, s->total++)
		if (s->total < STREAM_HALF)
			s->head[s->total] = *p;
		else
			s->tail[s->total % STREAM_HALF] = *p;
}

void
stream_take(struct stream *s)
{
	char chunk[16384];
	ssize_t n = read(s->fd, chunk, sizeof(chunk));

	if (n > 0) {
		stream_add(s, chunk, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close(s->fd);
	s->fd = -1;
}

/* The length of the character that is whole at `p`, or 0. */
static size_t
character(const unsigned char *p, size_t len)
{
	size_t n = p[0] < 0x80 ? 1
	    : p[0] < 0xc2      ? 0
	    : p[0] < 0xe0      ? 2
	    : p[0] < 0xf0      ? 3
	    : p[0] < 0xf5      ? 4
			       : 0;
	size_t i;

	if (n == 0 || n > len || p[0] == 0)
		return 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Too long a form, a surrogate, beyond the last. */
	if (n > 2 &&
	    ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
		(p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)))
		return 0;
	return n;
}

static void
mend(char *p, size_t len)
{
	size_t i = 0;
	size_t n;

	while (i < len) {
		n = character((const unsigned char *)p + i, len - i);
		if (n == 0)
			p[i] = '?';
		i += n > 0 ? n : 1;
	}
}

size_t
stream_write(const struct stream *s, char ret[STREAM_TEXT])
{
	size_t n = s->total < STREAM_HALF ? s->total : STREAM_HALF;
	unsigned long long rest = s->total - n;
	unsigned long long i;

	memcpy(ret, s->head, n);
	if (rest > STREAM_HALF) {
		n += (size_t)snprintf(ret + n, STREAM_TEXT - n,
		    "\n[%llu bytes are left out here]\n", rest - STREAM_HALF);
		rest = STREAM_HALF;
	}
	for (i = s->total - rest; i < s->total; i++)
		ret[n++] = s->tail[i % STREAM_HALF];
	mend(ret, n);
	return n;
}
