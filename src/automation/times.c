/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "automation/automation_priv.h"

/* The next time, and what is due. */

#define DAYS_LOOKED_AT 367 /* A polar night is shorter. */
#define DAY_MS (24 * 3600 * (int64_t)1000)

/* On that local day, which mktime() has made whole. */
static enum err
moment_of(const struct automation_time *t, const struct automation_place *p,
    const struct tm *day, int64_t *ret_ms)
{
	struct tm tm = *day;
	int64_t s;
	enum err e;

	if (t->base == AT_CLOCK) {
		tm.tm_hour = t->minute / 60;
		tm.tm_min = t->minute % 60;
		tm.tm_isdst = -1;
		*ret_ms = (int64_t)mktime(&tm) * 1000;
		return OK;
	}
	e = automation_sun(p, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
	    t->base == AT_SUNRISE, &s);
	if (e == OK)
		*ret_ms = (s + t->offset_min * 60) * 1000;
	return e;
}

/* From the day before on, since an offset may lead beyond midnight. */
enum err
automation_next(const struct automation_time *t,
    const struct automation_place *p, int64_t after_ms, int64_t *ret_ms)
{
	time_t s = (time_t)(after_ms / 1000);
	struct tm first;
	int64_t ms;
	int i;

	if (t->base != AT_CLOCK && !p->known)
		return ERR_STATE;
	if (localtime_r(&s, &first) == NULL)
		return ERR_NOTFOUND;
	for (i = -1; i < DAYS_LOOKED_AT; i++) {
		/* Noon is there on every day. */
		struct tm day = {.tm_year = first.tm_year,
		    .tm_mon = first.tm_mon,
		    .tm_mday = first.tm_mday + i,
		    .tm_hour = 12,
		    .tm_isdst = -1};

		if (mktime(&day) == (time_t)-1)
			return ERR_NOTFOUND;
		day.tm_hour = day.tm_min = day.tm_sec = 0;
		if ((t->days >> day.tm_wday & 1) == 0 ||
		    moment_of(t, p, &day, &ms) != OK || ms <= after_ms)
			continue;
		*ret_ms = ms;
		return OK;
	}
	return ERR_NOTFOUND;
}

struct automation_due
automation_look(const struct automation_time *t,
    const struct automation_place *p, int64_t done_ms, int64_t now_ms)
{
	struct automation_due due = {.done_ms = done_ms, .next_ms = INT64_MAX};
	int64_t ms;

	/* The clock went back.  By less than a day: nothing is done twice. */
	if (due.done_ms > now_ms + DAY_MS)
		due.done_ms = now_ms;
	if (automation_next(t, p, due.done_ms, &ms) != OK)
		return due;
	if (ms < now_ms - AUTOMATION_LATE_MS) {
		due.missed_ms = ms;
		due.done_ms = now_ms - AUTOMATION_LATE_MS - 1;
		if (automation_next(t, p, due.done_ms, &ms) != OK)
			return due;
	}
	if (ms <= now_ms) {
		due.fires = true;
		due.done_ms = ms;
		if (automation_next(t, p, ms, &ms) != OK)
			return due;
	}
	due.next_ms = ms;
	return due;
}
