/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "judge/judge_priv.h"
#include "sys/clock.h"

/* The house's clock, as approval/steady.h keeps it. */

bool
judge_watch_clock(struct judge *j)
{
	int64_t boot_ms = clock_boot_ms();
	int64_t wall_ms = clock_wall_ms();
	bool first = !j->clock_runs;
	bool changed;

	if (first)
		steady_start(&j->steady, &j->saved, boot_ms, wall_ms);
	j->clock_runs = true;
	changed =
	    steady_watch(&j->steady, boot_ms, wall_ms, clock_is_synchronised());
	safety_set(&j->safety, SAFE_CLOCK, !j->steady.trusted, "");
	return changed || (first && !j->steady.trusted);
}

bool
judge_clock_is_trusted(const struct judge *j)
{
	return j->steady.trusted;
}

void
judge_accept_clock(struct judge *j)
{
	steady_accept(&j->steady, clock_boot_ms(), clock_wall_ms());
	safety_set(&j->safety, SAFE_CLOCK, false, "");
}

int64_t
judge_now_ms(const struct judge *j)
{
	return steady_now_ms(&j->steady, clock_boot_ms());
}

bool
judge_is_same_boot(const struct judge *j)
{
	return j->saved.same_boot;
}

void
judge_record_clock(const struct judge *j, struct record *r)
{
	struct json *row = json_object();
	int64_t boot_ms = clock_boot_ms();
	char value[160];

	snprintf(value, sizeof(value), "%lld %lld %lld %s",
	    (long long)judge_now_ms(j),
	    (long long)steady_wall_ms(&j->steady, boot_ms), (long long)boot_ms,
	    j->setup.kernel);
	json_put_str(row, "scope", "box");
	json_put_str(row, "name", "clock");
	json_put_str(row, "value", value);
	record_row(r, ROW_SETTING, row);
}

int64_t
judge_wall_ms(const struct judge *j)
{
	return steady_wall_ms(&j->steady, clock_boot_ms());
}

int
judge_minute(const struct judge *j)
{
	return j->steady.trusted ? clock_local_minute(judge_wall_ms(j)) : -1;
}
