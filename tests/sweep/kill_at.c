/* SPDX-License-Identifier: Apache-2.0 */

/*
 * kill_at [-n N] [-v] [-f PID]... [-k PID]... CALL[,CALL...] PID
 *
 * Watch a running process, all its threads, and end it with SIGKILL as it is
 * about to make its Nth system call of the named ones: that call is never
 * made.  The count is of the process, not of each thread.  Whoever is named
 * with -f is stopped in the same moment, whoever with -k is killed first, in
 * that order.  Without -n it only counts.
 *
 * Says `ready` when it watches, with -v each call, and at last, when the
 * process is gone, one of
 *
 *	killed N CALL WALL_MS THREAD FILE
 *	gone N		the process ended by itself after N calls
 *	counted N	SIGTERM came, the process lives on
 */

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/ptrace.h>

#define PIDS_MAX 64

static const struct {
	const char *name;
	uint64_t nr;
} calls[] = {
    {"write", SYS_write},
    {"writev", SYS_writev},
    {"pwrite64", SYS_pwrite64},
    {"pwritev", SYS_pwritev},
    {"pwritev2", SYS_pwritev2},
    {"fsync", SYS_fsync},
    {"fdatasync", SYS_fdatasync},
    {"ftruncate", SYS_ftruncate},
    {"sendto", SYS_sendto},
    {"sendmsg", SYS_sendmsg},
    {"sendmmsg", SYS_sendmmsg},
};

#define N_CALLS (sizeof(calls) / sizeof(calls[0]))

static bool wanted[N_CALLS];
static pid_t frozen[PIDS_MAX];
static pid_t killed[PIDS_MAX];
static size_t n_frozen;
static size_t n_killed;
static pid_t target;
static long stop_at;
static bool verbose;
static long count;

static void
die(const char *what)
{
	fprintf(stderr, "kill_at: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Who was watched goes on when the watcher ends. */
static void
on_term(int sig)
{
	char line[48];
	int n = snprintf(line, sizeof(line), "counted %ld\n", count);

	(void)sig;
	_exit(write(STDOUT_FILENO, line, (size_t)n) == n ? 0 : 1);
}

static void
want(char *list)
{
	char *name;
	size_t i;

	for (name = strtok(list, ","); name != NULL; name = strtok(NULL, ",")) {
		for (i = 0; i < N_CALLS; i++)
			if (strcmp(calls[i].name, name) == 0)
				break;
		if (i == N_CALLS) {
			fprintf(stderr, "kill_at: '%s' is not known\n", name);
			exit(2);
		}
		wanted[i] = true;
	}
}

/* Every thread; their number may grow while we look. */
static void
seize_all(void)
{
	char path[64];
	bool again = true;
	DIR *d;
	struct dirent *e;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)target);
	while (again) {
		again = false;
		d = opendir(path);
		if (d == NULL)
			die("no such process");
		while ((e = readdir(d)) != NULL) {
			pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);

			if (tid <= 0 ||
			    ptrace(PTRACE_SEIZE, tid, NULL,
				PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE) <
				0)
				continue;
			if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
				die("interrupt");
			again = true;
		}
		closedir(d);
	}
}

static void
file_of(uint64_t fd, char *ret, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)target, (int)fd);
	n = readlink(path, ret, size - 1);
	ret[n > 0 ? n : 0] = '\0';
}

static long long
wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

_Noreturn static void
strike(long n, const char *call, pid_t tid, const char *file)
{
	long long now = wall_ms();
	pid_t tid_gone;
	int status;
	size_t i;

	signal(SIGTERM, SIG_IGN);
	for (i = 0; i < n_frozen; i++)
		kill(frozen[i], SIGSTOP);
	for (i = 0; i < n_killed; i++)
		kill(killed[i], SIGKILL);
	kill(target, SIGKILL);
	do
		tid_gone = waitpid(-1, &status, __WALL);
	while (tid_gone > 0 && (tid_gone != target || WIFSTOPPED(status)));
	printf("killed %ld %s %lld %s %s\n", n, call, now,
	    tid == target ? "loop" : "other", file);
	fflush(stdout);
	exit(0);
}

static void
on_call(pid_t tid)
{
	struct ptrace_syscall_info info;
	char file[256];
	size_t i;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) < 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	for (i = 0; i < N_CALLS; i++)
		if (wanted[i] && calls[i].nr == info.entry.nr)
			break;
	if (i == N_CALLS)
		return;
	count++;
	if (!verbose && count != stop_at)
		return;
	file_of(info.entry.args[0], file, sizeof(file));
	if (count == stop_at)
		strike(count, calls[i].name, tid, file);
	printf("%ld %s %lld %s %s\n", count, calls[i].name, wall_ms(),
	    tid == target ? "loop" : "other", file);
	fflush(stdout);
}

/* False when nobody is left to watch. */
static bool
watch_one(void)
{
	int status;
	int give = 0;
	pid_t tid = waitpid(-1, &status, __WALL);

	if (tid < 0)
		return errno == EINTR;
	if (!WIFSTOPPED(status))
		return tid != target;
	if (WSTOPSIG(status) == (SIGTRAP | 0x80))
		on_call(tid);
	else if (status >> 16 == PTRACE_EVENT_STOP &&
	    WSTOPSIG(status) != SIGTRAP) {
		/* Stopped for good by a signal: leave it so. */
		ptrace(PTRACE_LISTEN, tid, NULL, NULL);
		return true;
	} else if (status >> 16 == 0)
		give = WSTOPSIG(status);
	ptrace(PTRACE_SYSCALL, tid, NULL, (void *)(intptr_t)give);
	return true;
}

int
main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_term};
	int c;

	while ((c = getopt(argc, argv, "n:vf:k:")) != -1) {
		if (c == 'n')
			stop_at = strtol(optarg, NULL, 10);
		else if (c == 'v')
			verbose = true;
		else if (c == 'f' && n_frozen < PIDS_MAX)
			frozen[n_frozen++] = (pid_t)strtol(optarg, NULL, 10);
		else if (c == 'k' && n_killed < PIDS_MAX)
			killed[n_killed++] = (pid_t)strtol(optarg, NULL, 10);
		else
			return 2;
	}
	if (argc - optind != 2)
		return 2;
	sigaction(SIGTERM, &act, NULL);
	want(argv[optind]);
	target = (pid_t)strtol(argv[optind + 1], NULL, 10);
	seize_all();
	puts("ready");
	fflush(stdout);
	while (watch_one())
		continue;
	printf("gone %ld\n", count);
	return 0;
}
