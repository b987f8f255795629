/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_CLOCK_H
#define FAKE_CLOCK_H

/*
 * In the place of the C library's: a boot clock that goes ahead, and a wall
 * clock that goes back, when a test says so.  A test file includes it once.
 */

#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t ahead_s;
static int64_t wall_back_s;

int
clock_gettime(clockid_t id, struct timespec *ret)
{
	long rc = syscall(SYS_clock_gettime, id, ret);

	if (id == CLOCK_BOOTTIME)
		ret->tv_sec += ahead_s;
	if (id == CLOCK_REALTIME)
		ret->tv_sec -= wall_back_s;
	return (int)rc;
}

#endif
