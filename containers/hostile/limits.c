/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hostile/hostile.h"

/* As much as there is, and at whom a signal can be sent. */

#define MIB (1024 * 1024L)
#define FILE_MIB 64 /* The largest file, FILE_BYTES_MAX of the house. */
#define FILES 3
#define NOTICED_S 4
#define FORKS_MAX 200
#define OPEN_MAX_TRIED 4096
#define PAGE 4096

static const struct {
	const char *name;
	int resource;
} raised[] = {
    {"raise_files", RLIMIT_NOFILE},
    {"raise_core", RLIMIT_CORE},
    {"raise_file_size", RLIMIT_FSIZE},
    {"raise_processes", RLIMIT_NPROC},
    {"raise_locked", RLIMIT_MEMLOCK},
    {"raise_queues", RLIMIT_MSGQUEUE},
    {"raise_realtime", RLIMIT_RTPRIO},
    {"raise_nice", RLIMIT_NICE},
};

static void
try_raise(struct said *said, const void *arg)
{
	const int *resource = arg;
	struct rlimit r;

	getrlimit(*resource, &r);
	if (r.rlim_max == RLIM_INFINITY) {
		say(said, "got:unlimited");
		return;
	}
	r.rlim_max++;
	say_result(said, setrlimit(*resource, &r));
}

static void
try_descriptors(struct said *said, const void *arg)
{
	int last = -1;
	int fd;

	(void)arg;
	while (last < OPEN_MAX_TRIED && (fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	if (last >= OPEN_MAX_TRIED)
		say(said, "got:%d", last);
	else
		say(said, "%s_at_%d", errno == EMFILE ? "EMFILE" : "error",
		    last + 1);
}

/* One byte behind the largest file that there may be. */
static void
try_large_file(struct said *said, const void *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	signal(SIGXFSZ, SIG_IGN);
	say_result(said, fd < 0 ? -1 : pwrite(fd, "x", 1, FILE_MIB * MIB));
	if (fd >= 0)
		unlink(path);
}

/* Until it is full. */
static void
try_fill(struct said *said, const void *path)
{
	static char chunk[MIB];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	int i = 0;

	signal(SIGXFSZ, SIG_IGN);
	memset(chunk, 'x', sizeof(chunk));
	while (fd >= 0 && i < FILE_MIB && write(fd, chunk, sizeof(chunk)) > 0)
		i++;
	if (i == FILE_MIB)
		say(said, "got:%d_MiB", i);
	else
		say_result(said, -1);
	if (fd >= 0)
		unlink(path);
}

static void
try_lock(struct said *said, const void *arg)
{
	size_t size = 64 * MIB;
	void *p =
	    mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	say_result(said, mlock(p, size));
}

/* Somebody else is to be killed when memory ends. */
static void
try_oom(struct said *said, const void *arg)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	(void)arg;
	say_result(said, fd < 0 ? -1 : write(fd, "-1000", 5));
}

/* The kernel keeps signals of its own namespace from the first process. */
static void
try_first(struct said *said, const void *arg)
{
	const int *signal_number = arg;

	if (kill(1, *signal_number) < 0) {
		say_result(said, -1);
		return;
	}
	usleep(20 * 1000);
	say(said, kill(1, 0) == 0 ? "ignored" : "got");
}

/* Signal 0 asks only whether there is anybody. */
static void
try_everybody(struct said *said, const void *arg)
{
	(void)arg;
	say_result(said, kill(-1, 0));
}

void
attempt_limits(struct report *report)
{
	static const int signals[] = {SIGKILL, SIGSTOP, SIGTERM};
	size_t i;

	for (i = 0; i < LEN(raised); i++)
		attempt(report, raised[i].name, try_raise, &raised[i].resource);
	attempt(report, "many_descriptors", try_descriptors, NULL);
	attempt(report, "tmp_fill", try_fill, "/tmp/fill");
	attempt(report, "volume_large_file", try_large_file, "/data/large");
	attempt(report, "lock_memory", try_lock, NULL);
	attempt(report, "oom_score", try_oom, NULL);
	attempt(report, "kill_first", try_first, &signals[0]);
	attempt(report, "stop_first", try_first, &signals[1]);
	attempt(report, "end_first", try_first, &signals[2]);
	attempt(report, "kill_everybody", try_everybody, NULL);
}

/* Its group is killed with it. */
void
bound_fork(struct said *said, const void *arg)
{
	int n = 0;
	pid_t pid = 0;

	(void)arg;
	while (n < FORKS_MAX && (pid = fork()) > 0)
		n++;
	if (pid == 0)
		for (;;)
			pause();
	if (pid < 0)
		say_result(said, -1);
	else
		say(said, "got:%d", n);
}

void
bound_memory(struct said *said, const void *mib)
{
	const int *wanted = mib;
	size_t size = (size_t)*wanted * MIB;
	size_t at;
	volatile char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		say_result(said, -1);
		return;
	}
	for (at = 0; at < size; at += PAGE)
		p[at] = 'x';
	say(said, "got:%d_MiB", *wanted);
}

/* In files that are not too large, each for itself, and without a name: so
 * nothing is left of them.  Then it waits to be noticed. */
void
bound_volume(struct said *said, const void *folder)
{
	char path[64];
	int fd[FILES];
	int i;
	int error = 0;

	for (i = 0; i < FILES && error == 0; i++) {
		snprintf(
		    path, sizeof(path), "%s/part%d", (const char *)folder, i);
		fd[i] = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd[i] < 0) {
			error = errno;
			break;
		}
		unlink(path);
		error = posix_fallocate(fd[i], 0, FILE_MIB * MIB);
	}
	errno = error;
	if (error != 0) {
		say_result(said, -1);
		return;
	}
	sleep(NOTICED_S);
	say(said, "got:%d_MiB", FILES * FILE_MIB);
}
