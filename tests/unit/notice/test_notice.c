/* SPDX-License-Identifier: Apache-2.0 */
#include "notice/notice.h"

#include <string.h>
#include <time.h>

#include "check.h"
#include "sys/clock.h"

#define MINUTE ((int64_t)60 * 1000)
#define ASKED ((int64_t)1000 * 1000)

static struct notice_settings s;
static struct notice_question q;
static struct errmsg why;

static void
check_setup(void)
{
}

static void
begin(void)
{
	setenv("TZ", "UTC0", 1);
	tzset();
	notice_defaults(&s);
	memset(&q, 0, sizeof(q));
	q.asked_ms = ASKED;
}

static void
set(const char *name, const char *value)
{
	REQUIRE(notice_set(&s, name, value, &why) == OK);
}

/* What is told so many minutes after the question, at a minute of the day;
 * where nothing is, in how many it is looked at again. */
static enum notice_why
due(int64_t after_min, int minute, int64_t *ret_look_min)
{
	struct notice_moment m = {
	    .boot_ms = ASKED + after_min * MINUTE, .minute = minute};
	int64_t look_ms = 0;
	enum notice_why w = notice_due(&s, &q, &m, &look_ms);

	if (ret_look_min != NULL)
		*ret_look_min =
		    look_ms == INT64_MAX ? -1 : (look_ms - ASKED) / MINUTE;
	return w;
}

TEST(a_question_is_told_at_once_and_again_so_often_and_no_more)
{
	int64_t look;
	int i;

	begin();
	CHECK_INT(due(0, 600, NULL), NOTICE_ASKED);
	for (i = 1; i <= 3; i++) {
		CHECK_INT(due(5 * i - 1, 600, &look), NOTICE_NONE);
		CHECK_INT(look, 5 * i);
		CHECK_INT(due(5 * i, 600, NULL), NOTICE_REMINDER);
	}
	CHECK_INT(due(5 * i, 600, &look), NOTICE_NONE);
	CHECK_INT(look, -1);
	CHECK_INT(due(100000, 600, NULL), NOTICE_NONE);
}

TEST(without_reminders_it_is_told_once)
{
	int64_t look;

	begin();
	set("remind", "off");
	CHECK_INT(due(0, 600, NULL), NOTICE_ASKED);
	CHECK_INT(due(60, 600, &look), NOTICE_NONE);
	CHECK_INT(look, -1);
}

TEST(a_late_look_reminds_once_and_not_for_each_that_was_missed)
{
	begin();
	CHECK_INT(due(0, 600, NULL), NOTICE_ASKED);
	CHECK_INT(due(47, 600, NULL), NOTICE_REMINDER);
	CHECK_INT(due(47, 600, NULL), NOTICE_NONE);
	CHECK_INT(due(51, 600, NULL), NOTICE_NONE);
	CHECK_INT(due(52, 600, NULL), NOTICE_REMINDER);
}

TEST(in_quiet_hours_nobody_is_told_and_once_behind_them)
{
	begin();
	set("quiet", "22:00-07:00");
	CHECK_INT(due(0, 22 * 60, NULL), NOTICE_NONE);
	CHECK_INT(due(60, 23 * 60, NULL), NOTICE_NONE);
	CHECK_INT(due(120, 0, NULL), NOTICE_NONE);
	CHECK_INT(due(539, 7 * 60 - 1, NULL), NOTICE_NONE);
	CHECK_INT(due(540, 7 * 60, NULL), NOTICE_ASKED);
	CHECK_INT(due(540, 7 * 60, NULL), NOTICE_NONE);
	CHECK_INT(due(545, 7 * 60 + 5, NULL), NOTICE_REMINDER);
}

TEST(what_quiet_hours_hold_back_is_looked_at_soon_again)
{
	struct notice_moment m = {.boot_ms = ASKED, .minute = 23 * 60};
	int64_t look_ms;

	begin();
	set("quiet", "22:00-07:00");
	CHECK_INT(notice_due(&s, &q, &m, &look_ms), NOTICE_NONE);
	CHECK_INT(look_ms, ASKED + NOTICE_LOOK_MS);
}

TEST(quiet_hours_can_lie_within_a_day)
{
	begin();
	set("quiet", "12:30-13:15");
	CHECK_INT(due(0, 12 * 60 + 30, NULL), NOTICE_NONE);
	CHECK_INT(due(1, 13 * 60 + 14, NULL), NOTICE_NONE);
	CHECK_INT(due(1, 13 * 60 + 15, NULL), NOTICE_ASKED);
	CHECK_INT(due(6, 12 * 60 + 29, NULL), NOTICE_REMINDER);
}

TEST(a_reminder_that_falls_into_quiet_hours_waits_for_their_end)
{
	begin();
	set("quiet", "22:00-07:00");
	CHECK_INT(due(0, 22 * 60 - 3, NULL), NOTICE_ASKED);
	CHECK_INT(due(5, 22 * 60 + 2, NULL), NOTICE_NONE);
	CHECK_INT(due(543, 7 * 60, NULL), NOTICE_REMINDER);
}

TEST(whoever_looks_on_is_told_in_quiet_hours_too)
{
	struct notice_moment m = {
	    .boot_ms = ASKED, .minute = 23 * 60, .followed = true};
	int64_t look_ms;

	begin();
	set("quiet", "22:00-07:00");
	CHECK_INT(notice_due(&s, &q, &m, &look_ms), NOTICE_ASKED);
	m.followed = false;
	m.boot_ms += 5 * MINUTE;
	CHECK_INT(notice_due(&s, &q, &m, &look_ms), NOTICE_NONE);
}

TEST(what_cannot_be_answered_is_not_told_to_whoever_looks_on_either)
{
	struct notice_moment m = {
	    .boot_ms = ASKED, .minute = 600, .followed = true, .held = true};
	int64_t look_ms;

	begin();
	CHECK_INT(notice_due(&s, &q, &m, &look_ms), NOTICE_NONE);
	m.held = false;
	CHECK_INT(notice_due(&s, &q, &m, &look_ms), NOTICE_ASKED);
}

/* 2026 in the middle of Europe: at 01:00 UTC of 29 March it is 03:00 behind
 * 01:59, of 25 October 02:00 behind 02:59. */
TEST(quiet_hours_go_with_the_clocks_of_the_people)
{
	static const struct {
		const char *what;
		int64_t wall_s;
		enum notice_why w;
	} rows[] = {
	    {"28 March, 06:59, winter", 1774677540, NOTICE_NONE},
	    {"28 March, 07:00, winter", 1774677600, NOTICE_ASKED},
	    {"29 March, 01:59, winter", 1774745940, NOTICE_NONE},
	    {"29 March, 03:00, summer", 1774746000, NOTICE_NONE},
	    {"29 March, 06:59, summer", 1774760340, NOTICE_NONE},
	    {"29 March, 07:00, summer", 1774760400, NOTICE_ASKED},
	    {"25 October, 02:30, summer", 1792888200, NOTICE_NONE},
	    {"25 October, 02:30, winter", 1792891800, NOTICE_NONE},
	    {"25 October, 06:59, winter", 1792907940, NOTICE_NONE},
	    {"25 October, 07:00, winter", 1792908000, NOTICE_ASKED},
	};
	size_t i;

	begin();
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	set("quiet", "22:00-07:00");
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].what);
		q.told_ms = 0;
		CHECK_INT(
		    due(0, clock_local_minute(rows[i].wall_s * 1000), NULL),
		    rows[i].w);
	}
}

/* The hour between 02:00 and 03:00 is not there on that day. */
TEST(quiet_hours_that_end_in_the_hour_that_is_left_out_end_with_it)
{
	begin();
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	set("quiet", "22:00-02:30");
	CHECK_INT(
	    due(0, clock_local_minute(1774745940LL * 1000), NULL), NOTICE_NONE);
	CHECK_INT(due(1, clock_local_minute(1774746000LL * 1000), NULL),
	    NOTICE_ASKED);
}

TEST(a_wall_clock_that_jumps_shortens_no_wait)
{
	begin();
	CHECK_INT(due(0, 600, NULL), NOTICE_ASKED);
	CHECK_INT(due(1, 1200, NULL), NOTICE_NONE);
	CHECK_INT(due(4, 30, NULL), NOTICE_NONE);
	CHECK_INT(due(5, 600, NULL), NOTICE_REMINDER);
}

/* ---- The delegate ---- */

static size_t
choose(enum notice_why w, const char *names[3])
{
	static const char *const all[] = {"laptop", "phone", "neighbour"};

	memcpy(names, all, sizeof(all));
	return notice_choose(&s, &q, w, names, 3);
}

TEST(the_delegate_is_told_after_a_while_and_from_then_on)
{
	const char *names[3];

	begin();
	set("delegate", "phone");
	set("after", "7");
	CHECK_INT(due(0, 600, NULL), NOTICE_ASKED);
	REQUIRE(choose(NOTICE_ASKED, names) == 2);
	CHECK_STR(names[0], "laptop");
	CHECK_STR(names[1], "neighbour");
	CHECK_INT(due(5, 600, NULL), NOTICE_REMINDER);
	REQUIRE(choose(NOTICE_REMINDER, names) == 2);
	CHECK_INT(due(6, 600, NULL), NOTICE_NONE);
	CHECK_INT(due(7, 600, NULL), NOTICE_DELEGATED);
	REQUIRE(choose(NOTICE_DELEGATED, names) == 1);
	CHECK_STR(names[0], "phone");
	CHECK_INT(due(8, 600, NULL), NOTICE_NONE);
	CHECK_INT(due(10, 600, NULL), NOTICE_REMINDER);
	CHECK_INT(choose(NOTICE_REMINDER, names), 3);
}

TEST(a_delegate_who_may_not_answer_is_not_told)
{
	const char *names[] = {"laptop", "neighbour"};

	begin();
	set("delegate", "phone");
	q.delegated = true;
	CHECK_INT(notice_choose(&s, &q, NOTICE_DELEGATED, names, 2), 0);
	CHECK_INT(notice_choose(&s, &q, NOTICE_REMINDER, names, 2), 2);
}

TEST(a_delegate_who_alone_can_answer_is_told_at_once)
{
	const char *names[] = {"phone"};

	begin();
	set("delegate", "phone");
	CHECK_INT(notice_choose(&s, &q, NOTICE_ASKED, names, 1), 1);
	CHECK_INT(notice_choose(&s, &q, NOTICE_ASKED, names, 0), 0);
}

TEST(quiet_hours_hold_the_delegate_too)
{
	begin();
	set("delegate", "phone");
	set("remind", "off");
	set("quiet", "22:00-07:00");
	CHECK_INT(due(0, 22 * 60 - 1, NULL), NOTICE_ASKED);
	CHECK_INT(due(5, 22 * 60 + 4, NULL), NOTICE_NONE);
	CHECK_INT(due(541, 7 * 60, NULL), NOTICE_DELEGATED);
	CHECK_INT(due(541, 7 * 60, NULL), NOTICE_NONE);
}

/* ---- As words ---- */

TEST(what_is_set_is_said_in_the_same_words)
{
	static const struct {
		const char *name;
		const char *value;
	} rows[] = {
	    {"remind", "off"},
	    {"remind", "1"},
	    {"remind", "1440"},
	    {"times", "1"},
	    {"times", "12"},
	    {"quiet", "22:00-07:05"},
	    {"quiet", "off"},
	    {"delegate", "the phone"},
	    {"delegate", "off"},
	    {"after", "90"},
	};
	char value[NOTICE_VALUE_SIZE];
	size_t i;

	begin();
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].value);
		set(rows[i].name, rows[i].value);
		notice_say(&s, rows[i].name, value);
		CHECK_STR(value, rows[i].value);
	}
}

TEST(what_is_no_setting_is_refused_in_words_and_changes_nothing)
{
	static const struct {
		const char *name;
		const char *value;
	} rows[] = {
	    {"remind", ""},
	    {"remind", "0"},
	    {"remind", "1441"},
	    {"remind", "99999999999999999999"},
	    {"remind", "5m"},
	    {"remind", "-5"},
	    {"times", "off"},
	    {"times", "13"},
	    {"quiet", "22-7"},
	    {"quiet", "22:00-22:00"},
	    {"quiet", "24:00-07:00"},
	    {"delegate",
		"0123456789012345678901234567890123456789012345678901234567890"
		"12345"},
	    {"after", "off"},
	    {"colour", "red"},
	    {"", ""},
	};
	struct notice_settings before;
	size_t i;

	begin();
	memcpy(&before, &s, sizeof(s));
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].value);
		why.text[0] = '\0';
		CHECK(notice_set(&s, rows[i].name, rows[i].value, &why) ==
		    ERR_INPUT);
		CHECK(why.text[0] != '\0');
		CHECK(memcmp(&before, &s, sizeof(s)) == 0);
	}
}
