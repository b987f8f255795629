/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/steady.h"

#include "base/limits.h"
#include "check.h"

#define DAY (24 * 3600 * (int64_t)1000)
#define YEAR (365 * DAY)
#define NOW (CLOCK_FLOOR_MS + YEAR)

static void
check_setup(void)
{
}

static void
start_anew(struct steady *s, int64_t house_ms, int64_t saved_wall_ms,
    int64_t boot_ms, int64_t wall_ms)
{
	struct steady_saved saved = {
	    .house_ms = house_ms, .wall_ms = saved_wall_ms};

	steady_start(s, &saved, boot_ms, wall_ms);
}

TEST(house_time_goes_on_with_the_boot_clock)
{
	struct steady s;

	start_anew(&s, 500, NOW, 1000, NOW + 250);
	CHECK(s.trusted);
	CHECK_INT(steady_now_ms(&s, 1000), 750);
	CHECK_INT(steady_now_ms(&s, 1000 + DAY), 750 + DAY);
}

TEST(a_clock_set_back_ten_years_moves_nothing_and_is_not_trusted)
{
	struct steady s;

	start_anew(&s, 0, NOW, 0, NOW);
	CHECK(steady_watch(&s, 1000, NOW + 1000 - 10 * YEAR, false));
	CHECK(!s.trusted);
	CHECK_INT(steady_now_ms(&s, 1000), 1000);
	/* Even when a time server did it: it was later already. */
	CHECK(!steady_watch(&s, 2000, NOW + 2000 - 10 * YEAR, true));
	CHECK(!s.trusted);
	CHECK(steady_watch(&s, 3000, NOW + 3000, false));
	CHECK(s.trusted);
}

TEST(a_clock_set_forward_a_day_moves_nothing_and_needs_a_time_server)
{
	struct steady s;

	start_anew(&s, 0, NOW, 0, NOW);
	CHECK(steady_watch(&s, 1000, NOW + DAY, false));
	CHECK(!s.trusted);
	CHECK_INT(steady_now_ms(&s, 1000), 1000);
	CHECK(steady_watch(&s, 2000, NOW + DAY + 1000, true));
	CHECK(s.trusted);
	CHECK_INT(steady_now_ms(&s, 2000), 2000);
}

TEST(a_start_without_time_waits_for_a_time_server)
{
	struct steady s;

	/* 1970, while it was 2027 already. */
	start_anew(&s, 5000, NOW, 100, 3000);
	CHECK(!s.trusted);
	CHECK_INT(steady_now_ms(&s, 100), 5000);
	CHECK(!steady_watch(&s, 200, 3100, false));
	CHECK(steady_watch(&s, 300, NOW + 7 * DAY, true));
	CHECK(s.trusted);
	CHECK_INT(steady_now_ms(&s, 300), 5200);
}

TEST(a_first_start_before_there_were_such_boxes_is_not_trusted)
{
	struct steady s;

	start_anew(&s, 0, 0, 0, CLOCK_FLOOR_MS - DAY);
	CHECK(!s.trusted);
	start_anew(&s, 0, 0, 0, CLOCK_FLOOR_MS + 1);
	CHECK(s.trusted);
	CHECK_INT(steady_now_ms(&s, 0), 0);
}

TEST(a_stop_counts_for_what_the_wall_clock_says_but_never_backwards)
{
	struct steady s;

	start_anew(&s, 1000, NOW, 0, NOW + DAY);
	CHECK_INT(steady_now_ms(&s, 0), 1000 + DAY);
	start_anew(&s, 1000, NOW, 0, NOW - DAY);
	CHECK_INT(steady_now_ms(&s, 0), 1000);
}

TEST(small_steps_of_the_clock_are_followed)
{
	struct steady s;
	int i;

	start_anew(&s, 0, NOW, 0, NOW);
	for (i = 1; i <= 100; i++) {
		/* A minute each, and two seconds of drift with it. */
		CHECK(!steady_watch(&s, i * 60000, NOW + i * 62000, false));
		CHECK(s.trusted);
	}
	CHECK_INT(steady_now_ms(&s, 100 * 60000), 100 * 60000);
}

TEST(an_owner_may_accept_what_the_clock_shows)
{
	struct steady s;

	start_anew(&s, 0, NOW, 0, NOW - YEAR);
	CHECK(!s.trusted);
	steady_accept(&s, 10, NOW - YEAR + 10);
	CHECK(s.trusted);
	CHECK(!steady_watch(&s, 20, NOW - YEAR + 20, false));
	CHECK(s.trusted);
}

TEST(a_restart_of_the_house_alone_believes_no_leap)
{
	struct steady_saved saved = {.house_ms = 5000,
	    .boot_ms = 100000,
	    .wall_ms = NOW,
	    .same_boot = true};
	struct steady s;

	/* A minute of the boot clock, and a day of the wall clock. */
	steady_start(&s, &saved, 160000, NOW + DAY);
	CHECK_INT(steady_now_ms(&s, 160000), 65000);
	CHECK(steady_watch(&s, 160000, NOW + DAY, false));
	CHECK(!s.trusted);
	CHECK(steady_watch(&s, 170000, NOW + 70000, false));
	CHECK(s.trusted);
	/* What was saved while the clock was not trusted counts once. */
	CHECK_INT(steady_wall_ms(&s, 180000), NOW + 80000);
}
