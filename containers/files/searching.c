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

/*
 * search: where a text stands, in names and in files.  Bounded by what it
 * looks at and by time; what was left out is told.
 */

#define DEPTH_MAX 16
#define FILES_MAX 20000
#define FILE_BYTES (2 * 1024 * 1024)
#define ALL_BYTES ((long long)256 * 1024 * 1024)
#define SECONDS_MAX 15
#define LINE_BYTES 160

struct search {
	const char *wanted;
	struct answer a;
	time_t until;
	long long bytes;
	int files;
	int found;
	int large; /* Files over FILE_BYTES. */
	int closed; /* What may not be opened. */
	int deep;
	bool over; /* A bound was reached. */
};

static char content[FILE_BYTES];

static time_t
now(void)
{
	struct timespec ts = {0};

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static bool
is_over(struct search *s)
{
	if (s->a.full || s->files >= FILES_MAX || s->bytes >= ALL_BYTES ||
	    now() >= s->until)
		s->over = true;
	return s->over;
}

/* The line around `at`, cut where characters begin. */
static void
say_line(struct search *s, const char *path, const char *at, size_t len)
{
	const char *from = at;
	const char *to = at;
	size_t line = 1;
	const char *p;

	for (p = content; p < at; p++)
		line += *p == '\n';
	while (from > content && from[-1] != '\n' && at - from < LINE_BYTES / 2)
		from--;
	while (to < content + len && *to != '\n' && to - from < LINE_BYTES)
		to++;
	while (from < at && ((unsigned char)*from & 0xc0) == 0x80)
		from++;
	while (to < content + len && to > at &&
	    ((unsigned char)*to & 0xc0) == 0x80)
		to--;
	answer_add(&s->a, "%s:%zu: %.*s\n", path, line, (int)(to - from), from);
}

static size_t
load(int fd)
{
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(content) &&
	    (n = read(fd, content + len, sizeof(content) - len)) > 0)
		len += (size_t)n;
	return len;
}

static void
search_file(struct search *s, int fd, const struct stat *st, const char *path)
{
	const char *at;
	size_t whole;
	size_t len;

	s->files++;
	if (st->st_size > FILE_BYTES) {
		s->large++;
		return;
	}
	len = load(fd);
	s->bytes += (long long)len;
	if (!text_is_utf8(content, len, false, &whole))
		return;
	at = text_find(content, len, s->wanted);
	if (at == NULL)
		return;
	s->found++;
	say_line(s, path, at, len);
}

static void search_folder(
    struct search *s, int folder, const char *path, int depth);

static void
search_one(
    struct search *s, int folder, const char *name, const char *at, int depth)
{
	char path[PATH_BYTES + 1];
	struct stat st;
	int fd;

	if (snprintf(path, sizeof(path), "%s%s%s", at, at[0] != '\0' ? "/" : "",
		name) >= (int)sizeof(path)) {
		s->deep++;
		return;
	}
	if (text_find(name, strlen(name), s->wanted) != NULL) {
		s->found++;
		answer_add(&s->a, "%s\n", path);
	}
	fd = place_step(folder, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		s->closed += errno == EACCES;
		return;
	}
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (depth < DEPTH_MAX)
			search_folder(s, fd, path, depth + 1);
		else
			s->deep++;
	} else if (S_ISREG(st.st_mode) && st.st_nlink <= 1) {
		search_file(s, fd, &st, path);
	}
	close(fd);
}

static void
search_folder(struct search *s, int folder, const char *path, int depth)
{
	struct listing l;
	int i;

	if (!listing_read(folder, &l)) {
		s->closed++;
		return;
	}
	s->over |= l.more;
	for (i = 0; i < l.n && !is_over(s); i++)
		search_one(s, folder, l.names[i], path, depth);
	listing_done(&l);
}

static void
say_found(struct search *s, struct reply *reply)
{
	char rest[400];
	int n = 0;

	rest[0] = '\0';
	if (s->over)
		n += snprintf(rest + n, sizeof(rest) - (size_t)n,
		    "There may be more: the search was cut short; name a "
		    "folder or more of the text.\n");
	if (s->large > 0)
		n += snprintf(rest + n, sizeof(rest) - (size_t)n,
		    "%d larger than %d bytes were not looked into.\n", s->large,
		    FILE_BYTES);
	if (s->closed > 0)
		n += snprintf(rest + n, sizeof(rest) - (size_t)n,
		    "%d are not open to this tool.\n", s->closed);
	if (s->deep > 0)
		snprintf(rest + n, sizeof(rest) - (size_t)n,
		    "%d lie too deep.\n", s->deep);
	reply_set(reply, false, "%s%s%s",
	    s->found == 0 ? "Nothing has that.\n" : "", s->a.text, rest);
}

void
files_search(const cJSON *args, struct reply *reply)
{
	static struct search s;
	const char *path = arg_text(args, "path");
	char why[WHY_BYTES];
	int fd;

	memset(&s, 0, sizeof(s));
	s.wanted = arg_text(args, "text");
	s.until = now() + SECONDS_MAX;
	if (s.wanted[0] == '\0') {
		reply_set(reply, true, "name a text to search for");
		return;
	}
	if (!place_open_folder(path, &fd, why)) {
		reply_set(reply, true, "%s", why);
		return;
	}
	search_folder(&s, fd, strcmp(path, ".") == 0 ? "" : path, 0);
	close(fd);
	say_found(&s, reply);
}
