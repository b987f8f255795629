/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "egress/egress_priv.h"

/* Sun, 06 Nov 1994 08:49:37 GMT */
#define THEN_MS (784111777 * INT64_C(1000))

static void
check_setup(void)
{
}

static int64_t
after(const char *text, int64_t wall_ms)
{
	size_t len = strlen(text);
	char *exact = malloc(len > 0 ? len : 1);
	int64_t ms;

	memcpy(exact, text, len);
	ms = retry_after_ms(exact, len, wall_ms);
	free(exact);
	return ms;
}

TEST(seconds_are_read)
{
	CHECK_INT(after("0", 0), 0);
	CHECK_INT(after("17", 0), 17000);
	CHECK_INT(after(" 3\r\n", 0), 3000);
	CHECK_INT(after("999999999", 0), INT64_C(999999999000));
}

TEST(dates_are_read)
{
	const char *date = " Sun, 06 Nov 1994 08:49:37 GMT\r\n";

	CHECK_INT(after(date, THEN_MS - 2500), 2500);
	CHECK_INT(after(date, THEN_MS + 1), 0);
	CHECK_INT(after("Thu, 01 Jan 1970 00:00:00 GMT", -1), 1);
	CHECK_INT(
	    after("Tue, 29 Feb 2028 23:59:59 GMT", INT64_C(1835481598000)),
	    1000);
	CHECK_INT(
	    after("Fri, 01 Mar 2024 00:00:00 GMT", INT64_C(1709251199000)),
	    1000);
}

TEST(what_is_neither_is_not_taken_for_one)
{
	static const char *const wrong[] = {"", " ", "-1", "1.5", "+1", "1 2",
	    "0x10", "1000000000", "soon", "Sun, 06 Nov 1994 08:49:37",
	    "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 24:49:37 GMT",
	    "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Now 1994 08:49:37 GMT",
	    "Sun, 06 Nov 1969 08:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
	    "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
	    "Sun, 06 Nov 1994 08:49:37 GMT.", "Sun, "};
	size_t i;

	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		CASE(wrong[i]);
		CHECK_INT(after(wrong[i], 0), -1);
	}
}

TEST(a_pause_is_what_the_provider_asks_for)
{
	CHECK_INT(retry_pause_ms(1, 0, 77), 0);
	CHECK_INT(retry_pause_ms(3, 5000, 77), 5000);
	CHECK_INT(retry_pause_ms(1, MODEL_WAIT_MS, 77), MODEL_WAIT_MS);
	CHECK_INT(retry_pause_ms(1, MODEL_WAIT_MS + 1, 77), -1);
}

TEST(a_pause_is_anything_up_to_twice_the_one_before)
{
	int64_t most;
	int tries;

	for (tries = 1; tries < 20; tries++) {
		int64_t want = MODEL_BACKOFF_MS;
		int i;

		for (i = 1; i < tries && want < MODEL_WAIT_MS; i++)
			want *= 2;
		if (want > MODEL_WAIT_MS)
			want = MODEL_WAIT_MS;
		most = retry_pause_ms(tries, -1, (uint32_t)want);
		CHECK_INT(most, want);
		CHECK_INT(retry_pause_ms(tries, -1, (uint32_t)want + 1), 0);
		CHECK_INT(retry_pause_ms(tries, -1, 0), 0);
	}
}

TEST(so_many_retries_at_once_and_then_one_each)
{
	struct retries r = {.provider = "p"};
	int64_t now_ms = INT64_C(1) << 40;
	int i;

	for (i = 0; i < MODEL_RETRIES_MAX; i++)
		CHECK(retry_take(&r, now_ms));
	CHECK(!retry_take(&r, now_ms));
	CHECK(!retry_take(&r, now_ms + MODEL_RETRY_EVERY_MS - 1));
	CHECK(retry_take(&r, now_ms + MODEL_RETRY_EVERY_MS));
	CHECK(!retry_take(&r, now_ms + MODEL_RETRY_EVERY_MS));
	/* Rest fills it up, and no further. */
	now_ms += INT64_C(1000) * MODEL_RETRY_EVERY_MS;
	for (i = 0; i < MODEL_RETRIES_MAX; i++)
		CHECK(retry_take(&r, now_ms));
	CHECK(!retry_take(&r, now_ms));
}
