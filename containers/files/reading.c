/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "files/files.h"
#include "files/listing.h"
#include "files/place.h"
#include "files/text.h"

#define READ_BYTES (27 * 1024) /* Of one answer, beside its last line. */
#define SHOWN_MAX 400

/* ---- list ---- */

static void
add_entry(struct answer *a, int folder, const char *name)
{
	struct stat st;
	struct tm tm;
	char when[32] = "";

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return; /* Gone in the meantime. */
	if (gmtime_r(&st.st_mtime, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%d %H:%MZ", &tm);
	if (S_ISDIR(st.st_mode))
		answer_add(a, "%s/\n", name);
	else if (S_ISREG(st.st_mode))
		answer_add(a, "%s  %lld bytes  %s\n", name,
		    (long long)st.st_size, when);
	else
		answer_add(a, "%s  %s\n", name,
		    S_ISLNK(st.st_mode) ? "a link, not followed"
					: "neither a file nor a folder");
}

static void
say_listing(const struct listing *l, int folder, struct answer *a)
{
	int i;

	answer_begin(a);
	if (l->n == 0 && l->odd == 0)
		answer_add(a, "The folder is empty.\n");
	for (i = 0; i < l->n && i < SHOWN_MAX && !a->full; i++)
		add_entry(a, folder, l->names[i]);
	if (a->full)
		i--;
	a->full = false;
	a->len = strlen(a->text);
	if (i < l->n)
		answer_add(
		    a, "and %s%d more\n", l->more ? "at least " : "", l->n - i);
	if (l->odd > 0)
		answer_add(a, "and %d with names that are no text\n", l->odd);
}

void
files_list(const cJSON *args, struct reply *reply)
{
	static struct answer a;
	const char *path = arg_text(args, "path");
	char why[WHY_BYTES];
	struct listing l;
	int fd;

	if (!place_open_folder(path, &fd, why)) {
		reply_set(reply, true, "%s", why);
		return;
	}
	if (listing_read(fd, &l)) {
		say_listing(&l, fd, &a);
		reply_set(reply, false, "%s", a.text);
		listing_done(&l);
	} else {
		place_fail(why, path, errno);
		reply_set(reply, true, "%s", why);
	}
	close(fd);
}

/* ---- read ---- */

static long long
arg_number(const cJSON *args, const char *name)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(args, name);

	return cJSON_IsNumber(v) && v->valuedouble > 0
	    ? (long long)v->valuedouble
	    : 0;
}

/* An offset in the middle of a character begins at the next one. */
static size_t
skip_half(const char *p, size_t len)
{
	size_t i = 0;

	while (i < len && i < 3 && ((unsigned char)p[i] & 0xc0) == 0x80)
		i++;
	return i;
}

static void
say_bytes(const char *path, const char *p, size_t len, long long from,
    long long size, struct reply *reply)
{
	size_t skipped = from > 0 ? skip_half(p, len) : 0;
	size_t whole;
	long long end;

	p += skipped;
	len -= skipped;
	from += (long long)skipped;
	if (!text_is_utf8(p, len, from + (long long)len < size, &whole)) {
		reply_set(reply, true,
		    "'%.200s' is no UTF-8 text (%lld bytes); it is not shown",
		    path, size);
		return;
	}
	end = from + (long long)whole;
	if (from == 0 && end == size)
		reply_set(reply, false, "%.*s", (int)whole, p);
	else
		reply_set(reply, false,
		    "%.*s\n[bytes %lld to %lld of %lld%s%lld]", (int)whole, p,
		    from, end, size,
		    end < size ? "; it goes on at offset " : "; it ends at ",
		    end);
}

void
files_read(const cJSON *args, struct reply *reply)
{
	static char bytes[READ_BYTES];
	const char *path = arg_text(args, "path");
	long long from = arg_number(args, "offset");
	char why[WHY_BYTES];
	struct stat st;
	size_t len = 0;
	ssize_t n = 0;
	int fd;

	if (!place_open_file(path, &fd, &st, why)) {
		reply_set(reply, true, "%s", why);
		return;
	}
	while (len < sizeof(bytes) &&
	    (n = pread(fd, bytes + len, sizeof(bytes) - len,
		 (off_t)(from + (long long)len))) > 0)
		len += (size_t)n;
	close(fd);
	if (n < 0) {
		place_fail(why, path, errno);
		reply_set(reply, true, "%s", why);
	} else if (len == 0) {
		reply_set(reply, from > 0 && from > st.st_size,
		    "'%.200s' has %lld bytes%s", path, (long long)st.st_size,
		    from > 0 ? ", none from there on" : "");
	} else {
		say_bytes(path, bytes, len, from,
		    (long long)st.st_size > from + (long long)len
			? (long long)st.st_size
			: from + (long long)len,
		    reply);
	}
}
