/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "judge/judge_priv.h"

#define HOUR 3600
#define MS 1000

static void
check_setup(void)
{
}

static struct meters meters;

static void
add(const char *key, int64_t span_s, int64_t now_ms, int64_t amount)
{
	CHECK(meter_add(&meters, key, meter_bucket(span_s, now_ms), amount));
}

TEST(what_was_counted_stands_for_its_whole_span)
{
	int64_t now_ms = 1000 * (int64_t)HOUR * MS;
	int64_t t;

	add("a", HOUR, now_ms, 5);
	for (t = 0; t < HOUR * MS; t += 60 * MS)
		CHECK_INT(meter_sum(&meters, "a", HOUR, now_ms + t), 5);
	/* It may count a little too much, never too little. */
	CHECK_INT(
	    meter_sum(&meters, "a", HOUR, now_ms + HOUR * MS * 13 / 12), 0);
	meters_free(&meters);
}

TEST(it_is_told_when_there_is_room_again)
{
	int64_t now_ms = 1000 * (int64_t)HOUR * MS;
	int64_t later_ms = now_ms + 1800 * (int64_t)MS;
	int64_t most;

	add("w", HOUR, now_ms, 5);
	add("w", HOUR, later_ms, 3);
	for (most = 0; most < 8; most++) {
		int64_t wait_ms =
		    meter_wait_ms(&meters, "w", HOUR, later_ms, most);

		CHECK(wait_ms > 0);
		CHECK(meter_sum(&meters, "w", HOUR, later_ms + wait_ms - 1) >
		    most);
		CHECK(
		    meter_sum(&meters, "w", HOUR, later_ms + wait_ms) <= most);
	}
	CHECK_INT(meter_wait_ms(&meters, "w", HOUR, later_ms, -1), -1);
	CHECK_INT(meter_wait_ms(&meters, "other", HOUR, later_ms, 0), -1);
	CHECK_INT(meter_wait_ms(&meters, "w", SPAN_RUN, later_ms, 0), -1);
	meters_free(&meters);
}

/* At every moment, no window of the span holds more than was allowed. */
TEST(no_window_holds_more_than_its_limit)
{
	enum { LIMIT = 7, STEPS = 4000 };
	static int64_t done[STEPS];
	int64_t now_ms = 0;
	size_t n = 0;
	size_t i;
	size_t j;

	srandom(7);
	while (n < STEPS) {
		now_ms += random() % (20 * MS);
		if (meter_sum(&meters, "r", 60, now_ms) + 1 > LIMIT) {
			if (now_ms > STEPS * 20 * (int64_t)MS)
				break;
			continue;
		}
		add("r", 60, now_ms, 1);
		done[n++] = now_ms;
	}
	CHECK(n > 500);
	for (i = 0; i < n; i++) {
		size_t in_window = 0;

		for (j = i; j < n && done[j] - done[i] < 60 * MS; j++)
			in_window++;
		CHECK(in_window <= LIMIT);
	}
	meters_free(&meters);
}

TEST(a_run_counts_for_ever_until_it_is_forgotten)
{
	add("b/risk/0@run1", SPAN_RUN, 5, 3);
	add("b/risk/0@run1", SPAN_RUN, INT64_MAX / 2, 4);
	add("b/risk/0@run2", SPAN_RUN, 5, 1);
	CHECK_INT(
	    meter_sum(&meters, "b/risk/0@run1", SPAN_RUN, INT64_MAX / 2), 7);
	CHECK(meters_forget_run(&meters, "run1"));
	CHECK(!meters_forget_run(&meters, "run1"));
	CHECK_INT(meter_sum(&meters, "b/risk/0@run1", SPAN_RUN, 5), 0);
	CHECK_INT(meter_sum(&meters, "b/risk/0@run2", SPAN_RUN, 5), 1);
	meters_free(&meters);
}

TEST(what_is_given_back_is_free_again)
{
	add("c", HOUR, 0, 10);
	add("c", HOUR, 0, -10);
	CHECK_INT(meter_sum(&meters, "c", HOUR, 0), 0);
	add("c", HOUR, 0, 2);
	CHECK_INT(meter_sum(&meters, "c", HOUR, 0), 2);
	meters_free(&meters);
}

TEST(without_room_to_count_everything_is_used_up)
{
	char key[32];
	int i;

	for (i = 0; i < METERS_MAX; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		add(key, 60, 0, 1);
	}
	CHECK(!meter_add(&meters, "one more", 0, 1));
	CHECK(meter_sum(&meters, "one more", 60, 0) > POLICY_RATE_MAX);
	CHECK_INT(meter_sum(&meters, "k7", 60, 0), 1);
	meters_free(&meters);
}
