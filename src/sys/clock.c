/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "sys/file.h"

static int64_t
read_us(clockid_t id)
{
	struct timespec ts = {0, 0};

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_boot_ms(void)
{
	return read_us(CLOCK_BOOTTIME) / 1000;
}

int64_t
clock_wall_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

void
clock_boot_id(char *ret, size_t size)
{
	struct buf b;

	ret[0] = '\0';
	buf_init(&b, FILE_READ_MAX);
	if (file_read("/proc/sys/kernel/random/boot_id", &b) == OK)
		snprintf(ret, size, "%.*s", (int)strcspn(b.p, "\n"), b.p);
	buf_done(&b);
}

static bool told;

/* False when the kernel must not be asked. */
static bool
ask_kernel(bool *ret)
{
	struct timex t;

	memset(&t, 0, sizeof(t)); /* No modes: it only reads. */
	if (adjtimex(&t) < 0)
		return false;
	*ret = (t.status & STA_UNSYNC) == 0;
	return true;
}

bool
clock_is_synchronised(void)
{
	bool yes = told;

	return ask_kernel(&yes) ? yes : told;
}

bool
clock_find_synchronised(void)
{
	bool yes = false;

	return ask_kernel(&yes)
	    ? yes
	    : access("/run/systemd/timesync/synchronized", F_OK) == 0;
}

void
clock_tell_synchronised(bool yes)
{
	told = yes;
}

int
clock_local_minute(int64_t wall_ms)
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;

	if (localtime_r(&s, &tm) == NULL)
		return 0;
	return tm.tm_hour * 60 + tm.tm_min;
}

void
clock_zone(char *ret, size_t size)
{
	struct buf b;
	const char *end;
	size_t i;

	snprintf(ret, size, "UTC0");
	buf_init(&b, FILE_READ_MAX);
	if (file_read("/etc/localtime", &b) == OK && b.len > 44 &&
	    memcmp(b.p, "TZif", 4) == 0 && b.p[b.len - 1] == '\n') {
		/* The last line, between two ends of lines. */
		for (i = b.len - 1; i > 0 && b.p[i - 1] != '\n'; i--)
			;
		end = b.p + b.len - 1;
		if (i > 0 && end > b.p + i)
			snprintf(
			    ret, size, "%.*s", (int)(end - b.p - i), b.p + i);
	}
	buf_done(&b);
}
