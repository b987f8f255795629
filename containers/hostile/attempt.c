/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile/hostile.h"

#define PATIENCE_MS 2000

#define NAMED(e)                                                               \
	{                                                                      \
		e, #e                                                          \
	}

static const struct {
	int number;
	const char *name;
} errors[] = {
    NAMED(EPERM),
    NAMED(ENOENT),
    NAMED(ESRCH),
    NAMED(EIO),
    NAMED(ENXIO),
    NAMED(EBADF),
    NAMED(ECHILD),
    NAMED(EAGAIN),
    NAMED(ENOMEM),
    NAMED(EACCES),
    NAMED(EFAULT),
    NAMED(ENOTBLK),
    NAMED(EBUSY),
    NAMED(EEXIST),
    NAMED(EXDEV),
    NAMED(ENODEV),
    NAMED(ENOTDIR),
    NAMED(EISDIR),
    NAMED(EINVAL),
    NAMED(EMFILE),
    NAMED(ENFILE),
    NAMED(ENOTTY),
    NAMED(ETXTBSY),
    NAMED(EFBIG),
    NAMED(ENOSPC),
    NAMED(EROFS),
    NAMED(ENOSYS),
    NAMED(ENOEXEC),
    NAMED(ELOOP),
    NAMED(EOPNOTSUPP),
    NAMED(EAFNOSUPPORT),
    NAMED(EPROTONOSUPPORT),
    NAMED(ESOCKTNOSUPPORT),
    NAMED(EADDRNOTAVAIL),
    NAMED(ENETUNREACH),
    NAMED(EHOSTUNREACH),
    NAMED(ECONNREFUSED),
    NAMED(ECONNRESET),
    NAMED(ENOKEY),
};

void
say(struct said *said, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said->text, sizeof(said->text), fmt, ap);
	va_end(ap);
}

void
say_result(struct said *said, long result)
{
	int e = errno;
	size_t i;

	if (result >= 0) {
		say(said, "got");
		return;
	}
	say(said, "error_%d", e);
	for (i = 0; i < LEN(errors); i++)
		if (errors[i].number == e)
			say(said, "%s", errors[i].name);
}

_Noreturn static void
try_it(int fd, attempt_fn *fn, const void *arg)
{
	struct said said = {.text = "", .fd = fd};

	/* A session of its own, so that a terminal can be its terminal. */
	setsid();
	fn(&said, arg);
	if (write(fd, said.text, strlen(said.text)) < 0)
		_exit(1);
	_exit(0);
}

/* What it said, or how it ended without a word. */
static void
hear(int fd, pid_t child, struct said *said)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	ssize_t n = 0;
	int status = 0;
	int there = poll(&pfd, 1, PATIENCE_MS);

	if (there > 0)
		n = read(fd, said->text, sizeof(said->text) - 1);
	said->text[n > 0 ? n : 0] = '\0';
	/* Of its group whoever is left, and it itself before it had one. */
	if (there == 0)
		kill(child, SIGKILL);
	waitpid(child, &status, 0);
	kill(-child, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	if (n > 0)
		return;
	if (there == 0)
		say(said, "silent");
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		say(said, "SIGSYS");
	else if (WIFSIGNALED(status))
		say(said, "signal_%d", WTERMSIG(status));
	else
		say(said, "ended");
}

void
attempt(
    struct report *report, const char *name, attempt_fn *fn, const void *arg)
{
	struct said said = {.text = "", .fd = -1};
	int ends[2];
	pid_t child;

	if (pipe(ends) < 0 || (child = fork()) < 0) {
		say_result(&said, -1);
	} else {
		if (child == 0)
			try_it(ends[1], fn, arg);
		close(ends[1]);
		hear(ends[0], child, &said);
		close(ends[0]);
	}
	report->len += (size_t)snprintf(report->text + report->len,
	    sizeof(report->text) - report->len, "%s %s\n", name, said.text);
	if (report->len >= sizeof(report->text))
		report->len = sizeof(report->text) - 1;
}
