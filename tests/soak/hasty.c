/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>

/*
 * The binary with clocks that leap: boot and wall clock are ahead of the
 * kernel's by so many seconds as a test writes into `hasty_ahead_s` of each of
 * its processes, while they are stopped.  So a week in which little happens
 * goes by in minutes, and each timer of it comes when it should.  Who is
 * started by one of them begins where it is.
 *
 * The kernel says that a time server keeps them right, wherever this runs.
 *
 * Linked with --wrap: clock_gettime(), adjtimex() and syscall() come here.
 */

int __wrap_adjtimex(struct timex *ret);
int __real_clock_gettime(clockid_t id, struct timespec *ret);
long __real_syscall(long number, long a, long b, long c, long d, long e);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret);
long __wrap_syscall(long number, long a, long b, long c, long d, long e);

#define NAME "HASTY_AHEAD_S"

volatile long hasty_ahead_s __attribute__((used));

__attribute__((constructor)) static void
begin(void)
{
	const char *ahead = getenv(NAME);

	if (ahead != NULL)
		hasty_ahead_s = strtol(ahead, NULL, 10);
}

int
__wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	int rc = __real_clock_gettime(id, ret);

	/* The monotonic one is what threads wait by, in the kernel. */
	if (id == CLOCK_BOOTTIME || id == CLOCK_REALTIME)
		ret->tv_sec += hasty_ahead_s;
	return rc;
}

int
__wrap_adjtimex(struct timex *ret)
{
	ret->status = 0;
	return 0;
}

/* A role is started with an environment of its own. */
long
__wrap_syscall(long number, long a, long b, long c, long d, long e)
{
	static char ahead[64];
	char *const *given = (char *const *)d;
	char *with[64] = {ahead};
	int n = 0;

	if (number == SYS_execveat) {
		snprintf(ahead, sizeof(ahead), NAME "=%ld", hasty_ahead_s);
		/* What stands there first is what getenv() finds. */
		for (; given[n] != NULL && n < 62; n++)
			with[n + 1] = given[n];
		d = (long)with;
	}
	return __real_syscall(number, a, b, c, d, e);
}
