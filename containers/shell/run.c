/* SPDX-License-Identifier: Apache-2.0 */
#include "shell/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORK "/workspace"
#define LOOK_MS 20 /* How soon its end is seen. */
#define ROUNDS 2000 /* Of ending whatever is there. */

static long
now_ms(void)
{
	struct timespec ts = {0};

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

_Noreturn static void
become(const char *command, const int out[2], const int err[2], int seconds)
{
	static const char *const argv[] = {"/bin/sh", "-c", NULL, NULL};
	static const char *const envp[] = {"PATH=/usr/bin", "HOME=" WORK,
	    "TMPDIR=" WORK, "LANG=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1", NULL};
	const char *words[4];
	struct rlimit memory = {RUN_MEMORY, RUN_MEMORY};
	struct rlimit cpu = {(rlim_t)seconds + 1, (rlim_t)seconds + 1};
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	memcpy(words, argv, sizeof(words));
	words[2] = command;
	setsid();
	if (null < 0 || dup2(null, 0) < 0 || dup2(out[1], 1) < 0 ||
	    dup2(err[1], 2) < 0 || chdir(WORK) < 0 ||
	    setrlimit(RLIMIT_AS, &memory) < 0 ||
	    setrlimit(RLIMIT_CPU, &cpu) < 0)
		_exit(126);
	execve(words[0], (char *const *)(size_t)words,
	    (char *const *)(size_t)envp);
	_exit(127);
}

static bool
start(const char *command, int seconds, struct run *r, pid_t *ret)
{
	int out[2];
	int err[2];
	pid_t pid = -1;

	if (pipe2(out, O_CLOEXEC) < 0)
		return false;
	if (pipe2(err, O_CLOEXEC) < 0) {
		close(out[0]);
		close(out[1]);
		return false;
	}
	pid = fork();
	if (pid == 0)
		become(command, out, err, seconds);
	close(out[1]);
	close(err[1]);
	if (pid < 0) {
		close(out[0]);
		close(err[0]);
		return false;
	}
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	stream_begin(&r->out, out[0]);
	stream_begin(&r->err, err[0]);
	*ret = pid;
	return true;
}

static void
take_both(struct run *r, int wait_ms)
{
	struct pollfd fds[2] = {{.fd = r->out.fd, .events = POLLIN},
	    {.fd = r->err.fd, .events = POLLIN}};

	if (poll(fds, 2, wait_ms) <= 0)
		return;
	if (fds[0].revents != 0)
		stream_take(&r->out);
	if (fds[1].revents != 0)
		stream_take(&r->err);
}

/* Whoever else has ended was left to us, and is only seen off. */
static bool
has_ended(pid_t pid, int *ret_status)
{
	int status;
	pid_t ended;
	bool it = false;

	while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
		if (ended == pid) {
			*ret_status = status;
			it = true;
		}
	return it;
}

/* A process that makes others faster than they end runs into its limit, and
 * then there are fewer each time. */
static int
end_all(pid_t pid, int *ret_status)
{
	struct timespec pause = {.tv_nsec = 1000000};
	int status;
	int left = 0;
	int i;
	pid_t ended;

	for (i = 0; i < ROUNDS; i++) {
		kill(-1, SIGKILL);
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
			if (ended == pid)
				*ret_status = status;
			else
				left++;
		}
		if (ended < 0 && errno == ECHILD)
			break;
		nanosleep(&pause, NULL);
	}
	return left;
}

bool
run_command(const char *command, int seconds, struct run *ret)
{
	long begun = now_ms();
	bool over = false;
	pid_t pid;

	memset(ret, 0, offsetof(struct run, out));
	if (!start(command, seconds, ret, &pid))
		return false;
	while (!over && !ret->late) {
		take_both(ret, LOOK_MS);
		over = has_ended(pid, &ret->status);
		ret->late = !over && now_ms() - begun > seconds * 1000L;
	}
	ret->left = end_all(over ? 0 : pid, &ret->status);
	ret->ms = now_ms() - begun;
	/* Nobody has the other ends any more. */
	while (ret->out.fd >= 0 || ret->err.fd >= 0)
		take_both(ret, -1);
	return true;
}
