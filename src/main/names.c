/* SPDX-License-Identifier: Apache-2.0 */
#include "main/names.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "sys/file.h"

static struct names {
	char path[1024];
	int fd;
	struct buf kept; /* What stands in the copy. */
	bool failed; /* To write it, which was told. */
} n;

/* Over what is there, so that it stays the same file.  Who reads meanwhile
 * may find some of both, and asks again. */
static void
write_copy(const struct buf *b)
{
	if (pwrite(n.fd, b->p, b->len, 0) != (ssize_t)b->len ||
	    ftruncate(n.fd, (off_t)b->len) < 0) {
		if (!n.failed)
			log_warn("%s cannot be written: names are looked up "
				 "as before, trying again",
			    n.path);
		n.failed = true;
		return;
	}
	n.failed = false;
	buf_clear(&n.kept);
	buf_add(&n.kept, b->p, b->len);
}

void
names_follow(void)
{
	struct buf b;

	buf_init(&b, RESOLV_MAX);
	/* One that is away for a moment, or too long, changes nothing. */
	if (file_read(NAMES_PATH, &b) == OK && b.len > 0 &&
	    (b.len != n.kept.len || memcmp(b.p, n.kept.p, b.len) != 0))
		write_copy(&b);
	buf_done(&b);
}

void
names_open(const char *socket_path)
{
	int len =
	    snprintf(n.path, sizeof(n.path), "%s.resolv.conf", socket_path);

	if (len < 0 || (size_t)len >= sizeof(n.path))
		fatal("the path %s is too long", socket_path);
	n.fd = open(n.path,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (n.fd < 0)
		fatal("cannot write %s", n.path);
	buf_init(&n.kept, RESOLV_MAX);
	names_follow();
}

const char *
names_copy(void)
{
	return n.path;
}

void
names_remove(void)
{
	unlink(n.path);
}
