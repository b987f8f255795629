/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *log_who = "durward";
static enum log_level log_most = LOG_INFO;

static enum { TO_ANY, TO_JOURNAL, TO_FILE } log_to;

static const char *const level_names[] = {"error", "warning", "info", "debug"};
/* What the journal keeps as the field PRIORITY, when a line begins with it
 * (sd-daemon(3)). */
static const char *const level_marks[] = {"<3>", "<4>", "<6>", "<7>"};

/* systemd names the stream that it made of stderr by device and inode
 * (systemd.exec(5)); it may have been redirected since. */
static bool
is_journal(const struct stat *st)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device;
	unsigned long long inode;

	return stream != NULL &&
	    sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	    st->st_dev == device && st->st_ino == inode;
}

void
log_open(const char *who, enum log_level level)
{
	struct stat st = {.st_mode = 0};

	log_who = who;
	log_most = level;
	if (fstat(STDERR_FILENO, &st) == 0 && is_journal(&st))
		log_to = TO_JOURNAL;
	else
		log_to = S_ISREG(st.st_mode) ? TO_FILE : TO_ANY;
}

/* What stands before a line; its length. */
static int
put_head(enum log_level level, char *line, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	if (log_to == TO_JOURNAL)
		return snprintf(line, size, "%s", level_marks[level]);
	if (log_to == TO_FILE && gmtime_r(&now, &tm) != NULL)
		return (int)strftime(line, size, "%Y-%m-%dT%H:%M:%SZ ", &tm);
	return 0;
}

PRINTF_LIKE(2, 0)
static void
log_write(enum log_level level, const char *fmt, va_list ap)
{
	char line[1024];
	int n = put_head(level, line, sizeof(line));
	size_t len;
	int m;

	n += snprintf(line + n, sizeof(line) - (size_t)n, "%s: %s: ", log_who,
	    level_names[level]);
	m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	len = (size_t)n + (m > 0 ? (size_t)m : 0);
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	/* One write per line: the roles share one stderr. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > log_most)
		return;
	va_start(ap, fmt);
	log_write(level, fmt, ap);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_ERR, fmt, ap);
	va_end(ap);
	_exit(70);
}

void *
xalloc(size_t n)
{
	void *p = calloc(1, n > 0 ? n : 1);

	if (p == NULL)
		fatal("out of memory for %zu bytes", n);
	return p;
}

void *
xrealloc(void *p, size_t n)
{
	void *q = realloc(p, n > 0 ? n : 1);

	if (q == NULL)
		fatal("out of memory for %zu bytes", n);
	return q;
}

char *
xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *
xstrndup(const char *s, size_t n)
{
	char *p = xalloc(n + 1);

	memcpy(p, s, n);
	return p;
}
