/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "sys/clock.h"

extern char **environ;

static bool
enter(const char *procs)
{
	int fd = open(procs, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, "0", 1) == 1;
}

_Noreturn static void
child(const struct spawn *s)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR);
	int out = s->stdout_fd >= 0 ? s->stdout_fd : null;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	if (s->tied && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(71);
	if (s->cgroup != NULL && !enter(s->cgroup))
		_exit(71);
	if (dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		_exit(71);
	if (s->extra_fd >= 0) {
		/* dup2 onto itself would keep close-on-exec set. */
		if (s->extra_fd == 3)
			fcntl(3, F_SETFD, 0);
		else if (dup2(s->extra_fd, 3) < 0)
			_exit(71);
	}
	syscall(SYS_close_range, s->extra_fd >= 0 ? 4 : 3, ~0u, 0);
	if (s->envp != NULL)
		environ = (char **)(size_t)s->envp;
	execvp(s->argv[0], (char *const *)(size_t)s->argv);
	_exit(127);
}

enum err
spawn_program(const struct spawn *s, pid_t *ret_pid)
{
	pid_t pid = fork();

	if (pid < 0)
		return ERR_IO;
	if (pid == 0)
		child(s);
	*ret_pid = pid;
	return OK;
}

enum err
spawn_pidfd(pid_t pid, int *ret)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return ERR_IO;
	*ret = (int)fd;
	return OK;
}

static enum err
collect(int fd, int64_t until_ms, struct buf *out)
{
	char chunk[1024];

	for (;;) {
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		int64_t left_ms = until_ms - clock_boot_ms();
		ssize_t n;

		if (left_ms <= 0 || poll(&pfd, 1, (int)left_ms) <= 0)
			return ERR_EXPIRED;
		n = read(fd, chunk, sizeof(chunk));
		if (n <= 0)
			return OK;
		buf_add(out, chunk, (size_t)n);
	}
}

/* It may have closed its streams and go on. */
static bool
has_ended(pid_t pid, int64_t until_ms, int *ret_status)
{
	struct pollfd pfd = {.events = POLLIN};
	int64_t left_ms = until_ms - clock_boot_ms();
	bool ended = false;

	if (spawn_pidfd(pid, &pfd.fd) != OK)
		return false;
	if (poll(&pfd, 1, left_ms > 0 ? (int)left_ms : 0) > 0)
		ended = waitpid(pid, ret_status, WNOHANG) == pid;
	close(pfd.fd);
	return ended;
}

enum err
spawn_and_wait(const char *const *argv, int64_t wait_ms, struct buf *out)
{
	struct spawn s = {.argv = argv, .extra_fd = -1};

	return spawn_and_collect(&s, wait_ms, out);
}

enum err
spawn_and_collect(const struct spawn *what, int64_t wait_ms, struct buf *out)
{
	int64_t until_ms = clock_boot_ms() + wait_ms;
	struct spawn s = *what;
	int ends[2];
	int status = 0;
	pid_t pid;
	enum err e;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return ERR_IO;
	s.stdout_fd = ends[1];
	e = spawn_program(&s, &pid);
	close(ends[1]);
	if (e == OK) {
		e = collect(ends[0], until_ms, out);
		if (e == OK && !has_ended(pid, until_ms, &status))
			e = ERR_EXPIRED;
		if (e != OK) {
			kill(-pid, SIGKILL);
			/* What the kernel does not let go is left to it. */
			has_ended(
			    pid, clock_boot_ms() + PROGRAM_END_MS, &status);
		}
		if (e == OK && status != 0)
			e = ERR_STATE;
	}
	close(ends[0]);
	return e;
}

enum err
spawn_in_foreground(const char *const *argv)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return ERR_IO;
	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		return ERR_IO;
	return status == 0 ? OK : ERR_STATE;
}
