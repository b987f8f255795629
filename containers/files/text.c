/* SPDX-License-Identifier: Apache-2.0 */
#include "files/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void
answer_begin(struct answer *a)
{
	a->len = 0;
	a->text[0] = '\0';
	a->full = false;
}

void
answer_add(struct answer *a, const char *fmt, ...)
{
	size_t room = sizeof(a->text) - a->len;
	va_list ap;
	int n;

	if (a->full)
		return;
	va_start(ap, fmt);
	n = vsnprintf(a->text + a->len, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room) {
		a->text[a->len] = '\0';
		a->full = true;
		return;
	}
	a->len += (size_t)n;
}

/* How long the character is that begins with this byte; 0 for none. */
static size_t
sequence(unsigned char c)
{
	if (c < 0x80)
		return c == 0 ? 0 : 1;
	if (c >= 0xc2 && c <= 0xdf)
		return 2;
	if (c >= 0xe0 && c <= 0xef)
		return 3;
	return c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/* Neither too long a form, nor a surrogate, nor beyond the last one. */
static bool
is_second(unsigned char first, unsigned char c)
{
	unsigned char least = first == 0xe0 ? 0xa0
	    : first == 0xf0                 ? 0x90
					    : 0x80;
	unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

	return c >= least && c <= most;
}

bool
text_is_utf8(const char *p, size_t len, bool cut, size_t *ret_whole)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t i = 0;
	size_t n;
	size_t k;

	for (; i < len; i += n) {
		n = sequence(s[i]);
		if (n == 0)
			return false;
		for (k = 1; k < n && i + k < len; k++)
			if (k == 1 ? !is_second(s[i], s[i + 1])
				   : (s[i + k] & 0xc0) != 0x80)
				return false;
		if (i + n > len) {
			*ret_whole = i;
			return cut;
		}
	}
	*ret_whole = len;
	return true;
}

bool
text_is_name(const char *name)
{
	size_t len = strlen(name);
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return false;
	return text_is_utf8(name, len, false, &i);
}

const char *
text_find(const char *text, size_t len, const char *wanted)
{
	size_t n = strlen(wanted);
	size_t i;

	for (i = 0; i + n <= len; i++)
		if (strncasecmp(text + i, wanted, n) == 0)
			return text + i;
	return NULL;
}
