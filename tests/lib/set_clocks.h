/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SET_CLOCKS_H
#define SET_CLOCKS_H

/*
 * In the place of the C library's: clocks that a test sets, and a time server
 * that says whether it did.  A test file includes it once.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static int64_t boot_s = 1000;
static int64_t wall_s;
static bool by_server;

int
clock_gettime(clockid_t id, struct timespec *ret)
{
	if (id != CLOCK_BOOTTIME && id != CLOCK_REALTIME)
		return (int)syscall(SYS_clock_gettime, id, ret);
	ret->tv_sec = id == CLOCK_BOOTTIME ? boot_s : wall_s;
	ret->tv_nsec = 0;
	return 0;
}

int
adjtimex(struct timex *t)
{
	t->status = by_server ? 0 : STA_UNSYNC;
	return 0;
}

#endif
