/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/steady.h"

#include "base/limits.h"

void
steady_start(struct steady *s, const struct steady_saved *saved,
    int64_t boot_ms, int64_t wall_ms)
{
	int64_t away_ms = saved->same_boot ? boot_ms - saved->boot_ms
					   : wall_ms - saved->wall_ms;

	if (saved->wall_ms == 0 || away_ms < 0)
		away_ms = 0;
	s->house_ms = saved->house_ms + away_ms;
	s->boot_ms = boot_ms;
	s->floor_ms =
	    saved->wall_ms > CLOCK_FLOOR_MS ? saved->wall_ms : CLOCK_FLOOR_MS;
	s->trusted = wall_ms >= s->floor_ms - CLOCK_SLACK_MS;
	if (saved->same_boot && saved->wall_ms != 0)
		s->wall_less_boot_ms = saved->wall_ms - saved->boot_ms;
	else if (s->trusted)
		s->wall_less_boot_ms = wall_ms - boot_ms;
	else
		/* Nothing to compare with but what should have been. */
		s->wall_less_boot_ms = s->floor_ms - boot_ms;
}

int64_t
steady_wall_ms(const struct steady *s, int64_t boot_ms)
{
	return boot_ms + s->wall_less_boot_ms;
}

int64_t
steady_now_ms(const struct steady *s, int64_t boot_ms)
{
	return s->house_ms + (boot_ms - s->boot_ms);
}

void
steady_accept(struct steady *s, int64_t boot_ms, int64_t wall_ms)
{
	s->trusted = true;
	s->floor_ms = wall_ms;
	s->wall_less_boot_ms = wall_ms - boot_ms;
}

bool
steady_watch(
    struct steady *s, int64_t boot_ms, int64_t wall_ms, bool synchronised)
{
	int64_t jump_ms = wall_ms - boot_ms - s->wall_less_boot_ms;
	bool behind = wall_ms < s->floor_ms - CLOCK_SLACK_MS;
	bool before = s->trusted;

	if (behind || jump_ms < -CLOCK_JUMP_MS)
		s->trusted = false;
	else if (jump_ms > CLOCK_JUMP_MS)
		/* From a start without time, only a time server is believed;
		 * so it is for every other leap. */
		s->trusted = synchronised;
	else
		s->trusted = true;
	if (s->trusted) {
		s->wall_less_boot_ms = wall_ms - boot_ms;
		if (wall_ms > s->floor_ms)
			s->floor_ms = wall_ms;
	}
	return s->trusted != before;
}
