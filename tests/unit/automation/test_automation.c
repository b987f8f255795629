/* SPDX-License-Identifier: Apache-2.0 */
#include "automation/automation.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "check.h"

#define MINUTE ((int64_t)60 * 1000)
#define HOUR (60 * MINUTE)

static const struct automation_place nowhere;
static const struct automation_place berlin = {true, 52.52, 13.405};

static void
check_setup(void)
{
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
}

static enum err
read_it(const char *text, struct automation **ret, struct errmsg *why)
{
	struct json *v;
	enum err e;

	REQUIRE(json_parse(text, strlen(text), &v) == OK);
	e = automation_read(v, ret, why);
	json_free(v);
	return e;
}

static struct automation *
good(const char *text)
{
	struct automation *a = NULL;
	struct errmsg why = {""};

	CASE(text);
	CHECK(read_it(text, &a, &why) == OK);
	CHECK_STR(why.text, "");
	REQUIRE(a != NULL);
	return a;
}

static void
check_said(const char *text, const char *words)
{
	struct automation *a = good(text);
	struct buf b;

	buf_init(&b, 4096);
	automation_say(a, &b);
	CHECK_STR(b.p, words);
	buf_done(&b);
	automation_free(a);
}

static void
check_wrong(const char *text, const char *words)
{
	struct automation *a = NULL;
	struct errmsg why = {""};

	CASE(text);
	CHECK(read_it(text, &a, &why) == ERR_INPUT);
	CHECK(a == NULL);
	CHECK(strstr(why.text, words) != NULL);
	if (strstr(why.text, words) == NULL)
		CHECK_STR(why.text, words);
}

#define THEN "\"then\":{\"goal\":\"go\"}}"
#define NAMED "{\"name\":\"x\","

TEST(what_is_read_is_told_in_words)
{
	check_said(NAMED
	    "\"when\":{\"at\":\"sunset\",\"offset_min\":-10}," THEN,
	    "at 10 minutes before sunset: go");
	check_said(NAMED
	    "\"when\":{\"at\":\"07:05\",\"days\":[\"sat\",\"mon\"]}," THEN,
	    "at 07:05 on mon, sat: go");
	check_said(NAMED "\"when\":{\"entity\":\"light.a\",\"value\":"
			 "\"state\",\"is\":\"on\"},"
			 "\"if\":[{\"after\":\"22:00\"},{\"entity\":\"s.b\","
			 "\"value\":\"temperature\",\"below\":18.5}],"
			 "\"then\":{\"call\":\"home.set\",\"args\":{"
			 "\"entity\":\"light.b\",\"action\":\"turn_on\"}}}",
	    "when light.a state is on, if it is between 22:00 and 24:00, if "
	    "s.b temperature is below 18.5: home.set "
	    "{\"action\":\"turn_on\",\"entity\":\"light.b\"}");
}

#define TOPIC                                                                  \
	"{\"name\":\"x\",\"format\":2,\"when\":{\"topic\":\"a/b\",\"type\":"

TEST(a_topic_is_read_with_its_type_and_told_in_words)
{
	struct automation *a;

	check_said(TOPIC "\"number\",\"extract\":\"{{ value_json.w }}\","
			 "\"above\":3}," THEN,
	    "when what is said on a/b ({{ value_json.w }}), a number, is above "
	    "3: go");
	check_said(TOPIC "\"boolean\",\"is\":true}," THEN,
	    "when what is said on a/b, a boolean, is on: go");
	check_said(TOPIC "\"text\",\"is\":\"away\"}," THEN,
	    "when what is said on a/b, a text, is away: go");
	a = good(TOPIC "\"boolean\",\"is\":false}," THEN);
	CHECK(automation_has_topic(a) && !a->is_timed);
	CHECK(a->topic.extract == NULL);
	CHECK_STR(json_text(a->test.wanted), "off");
	automation_free(a);
}

TEST(a_topic_that_is_none_is_told_with_its_member)
{
#define OF(topic)                                                              \
	NAMED "\"format\":2,\"when\":{\"topic\":\"" topic                      \
	      "\",\"type\":\"number\",\"is\":1}," THEN
	static const char *const wrong[] = {OF(""), OF("a/+"), OF("a/#"),
	    OF("$SYS/a"), OF("homeassistant/a"), OF("HomeAssistant"),
	    OF("durward/a/b"), OF("zigbee2mqtt/bridge/devices")};
	size_t i;

	for (i = 0; i < ARRAY_LEN(wrong); i++)
		check_wrong(wrong[i], "when.topic");
	check_wrong(TOPIC "\"number\"}," THEN, "one of is, above and below");
	check_wrong(TOPIC "\"date\",\"is\":1}," THEN, "when.type");
	check_wrong(TOPIC "\"number\",\"is\":true}," THEN,
	    "a number is never what is tested");
	check_wrong(TOPIC "\"boolean\",\"is\":\"on\"}," THEN,
	    "a boolean is never what is tested");
	check_wrong(TOPIC "\"text\",\"above\":1}," THEN,
	    "a text is never what is tested");
	check_wrong(TOPIC "\"text\",\"is\":\"a\",\"extract\":\"{{\"}," THEN,
	    "when.extract");
	check_wrong(
	    TOPIC "\"text\",\"is\":\"a\",\"extract\":1}," THEN, "when.extract");
	check_wrong(TOPIC "\"text\",\"is\":\"a\",\"entity\":\"l.a\"}," THEN,
	    "no member 'entity'");
	check_wrong(NAMED "\"when\":{\"topic\":\"a\",\"type\":\"text\","
			  "\"is\":\"a\"}," THEN,
	    "format: 2");
	check_wrong(
	    NAMED "\"format\":2,\"when\":{\"at\":\"07:00\"}," THEN, "format");
	check_wrong(NAMED "\"format\":\"2\",\"when\":{\"topic\":\"a\",\"type\":"
			  "\"text\",\"is\":\"a\"}," THEN,
	    "format: 2");
}

TEST(what_is_wrong_is_told_with_its_member)
{
	check_wrong("[]", "an object is wanted");
	check_wrong("{\"name\":\"A\"," THEN, "name:");
	check_wrong(NAMED "\"wen\":{}," THEN, "no member 'wen'");
	check_wrong(NAMED THEN, "when: an object is wanted");
	check_wrong(NAMED "\"when\":{\"at\":\"24:00\"}," THEN, "when.at");
	check_wrong(NAMED "\"when\":{\"at\":\"7:00\"}," THEN, "when.at");
	check_wrong(NAMED "\"when\":{\"at\":\":::::\"}," THEN, "when.at");
	check_wrong(NAMED "\"when\":{\"at\":\"07:00\",\"offset_min\":1}," THEN,
	    "when.offset_min");
	check_wrong(NAMED
	    "\"when\":{\"at\":\"sunset\",\"offset_min\":721}," THEN,
	    "when.offset_min");
	check_wrong(
	    NAMED "\"when\":{\"at\":\"07:00\",\"days\":[]}," THEN, "when.days");
	check_wrong(NAMED
	    "\"when\":{\"at\":\"07:00\",\"days\":[\"sun\",\"day\"]}," THEN,
	    "when.days");
	check_wrong(NAMED "\"when\":{\"entity\":\"a\",\"value\":\"b\"}," THEN,
	    "one of is, above and below");
	check_wrong(NAMED "\"when\":{\"entity\":\"a\",\"value\":\"b\","
			  "\"is\":1,\"above\":1}," THEN,
	    "one of is, above and below");
	check_wrong(NAMED "\"when\":{\"entity\":\"a\",\"value\":\"b\","
			  "\"above\":\"1\"}," THEN,
	    "when.above: a number");
	check_wrong(NAMED "\"when\":{\"at\":\"07:00\"},\"if\":[{\"after\":"
			  "\"07:00\",\"before\":\"07:00\"}]," THEN,
	    "if[0]");
	check_wrong(NAMED "\"when\":{\"at\":\"07:00\"},\"then\":{\"goal\":"
			  "\"go\",\"call\":\"a.b\"}}",
	    "no member 'call'");
	check_wrong(NAMED "\"when\":{\"at\":\"07:00\"},\"then\":{\"call\":"
			  "\"a.b\"}}",
	    "then.args");
}

static enum automation_holds
holds(const char *op, const char *now)
{
	struct automation *a;
	struct json *v = NULL;
	enum automation_holds h;
	char text[256];

	snprintf(text, sizeof(text),
	    NAMED "\"when\":{\"entity\":\"a\",\"value\":\"b\",%s}," THEN, op);
	a = good(text);
	if (now != NULL)
		REQUIRE(json_parse(now, strlen(now), &v) == OK);
	h = automation_test_holds(
	    &a->test, v != NULL ? json_get(v, "v") : NULL);
	json_free(v);
	automation_free(a);
	return h;
}

TEST(a_value_is_compared_by_its_type)
{
	CHECK_INT(holds("\"is\":\"on\"", "{\"v\":\"on\"}"), HOLDS);
	CHECK_INT(holds("\"is\":\"on\"", "{\"v\":\"off\"}"), HOLDS_NOT);
	CHECK_INT(holds("\"is\":\"on\"", "{\"v\":true}"), HOLDS_NOT);
	CHECK_INT(holds("\"is\":true", "{\"v\":true}"), HOLDS);
	CHECK_INT(holds("\"is\":true", "{\"v\":false}"), HOLDS_NOT);
	CHECK_INT(holds("\"is\":20", "{\"v\":20.0}"), HOLDS);
	CHECK_INT(holds("\"above\":25", "{\"v\":25}"), HOLDS_NOT);
	CHECK_INT(holds("\"above\":25", "{\"v\":25.1}"), HOLDS);
	CHECK_INT(holds("\"below\":-1", "{\"v\":-2}"), HOLDS);
	CHECK_INT(holds("\"above\":25", "{\"v\":\"26\"}"), HOLDS_UNKNOWN);
	CHECK_INT(holds("\"is\":\"on\"", NULL), HOLDS_UNKNOWN);
}

TEST(hours_go_over_midnight)
{
	struct automation *a = good(
	    NAMED "\"when\":{\"at\":\"07:00\"},\"if\":[{\"after\":\"22:00\","
		  "\"before\":\"06:00\"},{\"before\":\"08:00\"}]," THEN);

	CHECK(automation_in_hours(&a->ifs[0], 22 * 60));
	CHECK(automation_in_hours(&a->ifs[0], 0));
	CHECK(!automation_in_hours(&a->ifs[0], 6 * 60));
	CHECK(!automation_in_hours(&a->ifs[0], -1));
	CHECK(automation_in_hours(&a->ifs[1], 0));
	CHECK(!automation_in_hours(&a->ifs[1], 8 * 60));
	automation_free(a);
}

/* ---- Times ---- */

/* In UTC. */
static int64_t
at(int year, int month, int day, int hour, int minute)
{
	struct tm tm = {.tm_year = year - 1900,
	    .tm_mon = month - 1,
	    .tm_mday = day,
	    .tm_hour = hour,
	    .tm_min = minute};

	return (int64_t)timegm(&tm) * 1000;
}

static int64_t
next(const char *when, const struct automation_place *p, int64_t after_ms)
{
	struct automation *a;
	int64_t ms = -1;
	char text[256];

	snprintf(text, sizeof(text), NAMED "\"when\":%s," THEN, when);
	a = good(text);
	if (automation_next(&a->time, p, after_ms, &ms) != OK)
		ms = -1;
	automation_free(a);
	return ms;
}

#define SEVEN "{\"at\":\"07:00\"}"

TEST(a_time_of_the_day_is_local_and_strictly_later)
{
	int64_t ms;

	CHECK_INT(
	    next(SEVEN, &nowhere, at(2026, 1, 5, 5, 59)), at(2026, 1, 5, 6, 0));
	CHECK_INT(
	    next(SEVEN, &nowhere, at(2026, 1, 5, 6, 0)), at(2026, 1, 6, 6, 0));
	/* The clocks go ahead between these two. */
	CHECK_INT(next(SEVEN, &nowhere, at(2026, 3, 28, 6, 0)),
	    at(2026, 3, 29, 5, 0));
	/* There is no 02:30 on that day, and two of them on this one. */
	ms = next("{\"at\":\"02:30\"}", &nowhere, at(2026, 3, 28, 12, 0));
	CHECK(llabs(ms - at(2026, 3, 29, 1, 0)) <= HOUR / 2);
	CHECK_INT(
	    next("{\"at\":\"02:30\"}", &nowhere, ms), at(2026, 3, 30, 0, 30));
	CHECK_INT(next("{\"at\":\"02:30\"}", &nowhere, at(2026, 10, 25, 1, 30)),
	    at(2026, 10, 26, 1, 30));
	/* A Monday, to the next Sunday. */
	CHECK_INT(next("{\"at\":\"07:00\",\"days\":[\"sun\"]}", &nowhere,
		      at(2026, 1, 5, 0, 0)),
	    at(2026, 1, 11, 6, 0));
}

/* As almanacs have them, rounded to minutes of UTC. */
static const struct almanac {
	const char *where;
	double lat;
	double lon;
	int date[3];
	int rise[2];
	int set[2];
} almanac[] = {
    {"Greenwich", 51.4769, 0, {2024, 3, 20}, {6, 3}, {18, 13}},
    {"London", 51.5074, -0.1278, {2024, 6, 20}, {3, 43}, {20, 21}},
    {"London", 51.5074, -0.1278, {2024, 12, 21}, {8, 4}, {15, 53}},
    {"Berlin", 52.52, 13.405, {2024, 6, 21}, {2, 43}, {19, 33}},
    {"New York", 40.7128, -74.006, {2024, 12, 21}, {12, 17}, {21, 32}},
};

static void
check_sun(const struct almanac *a, bool rises)
{
	const int *hm = rises ? a->rise : a->set;
	struct automation_place p = {true, a->lat, a->lon};
	int64_t s = 0;
	int64_t told =
	    at(a->date[0], a->date[1], a->date[2], hm[0], hm[1]) / 1000;

	CASE(a->where);
	REQUIRE(automation_sun(
		    &p, a->date[0], a->date[1], a->date[2], rises, &s) == OK);
	CHECK(llabs(s - told) <= 120);
	if (llabs(s - told) > 120)
		CHECK_INT(s, told);
}

TEST(the_sun_rises_and_sets_as_almanacs_say)
{
	struct automation_place tromso = {true, 69.65, 18.96};
	struct automation_place sydney = {true, -33.8688, 151.2093};
	int64_t s;
	size_t i;

	for (i = 0; i < ARRAY_LEN(almanac); i++) {
		check_sun(&almanac[i], true);
		check_sun(&almanac[i], false);
	}
	/* Of a local day far from Greenwich: 05:41 there, the day before. */
	REQUIRE(automation_sun(&sydney, 2024, 12, 21, true, &s) == OK);
	CHECK(llabs(s - at(2024, 12, 20, 18, 41) / 1000) <= 120);
	CHECK(automation_sun(&tromso, 2024, 6, 21, true, &s) == ERR_NOTFOUND);
	CHECK(automation_sun(&tromso, 2024, 12, 21, false, &s) == ERR_NOTFOUND);
}

TEST(a_place_is_needed_for_the_sun_and_polar_days_are_passed_over)
{
	struct automation_place tromso = {true, 69.65, 18.96};
	int64_t sunset = at(2024, 6, 21, 19, 33);
	int64_t ms;

	CHECK_INT(next("{\"at\":\"sunset\"}", &nowhere, sunset), -1);
	ms = next("{\"at\":\"sunset\",\"offset_min\":-10}", &berlin,
	    at(2024, 6, 21, 0, 0));
	CHECK(llabs(ms - (sunset - 10 * MINUTE)) <= 2 * MINUTE);
	ms = next("{\"at\":\"sunset\"}", &tromso, at(2024, 6, 21, 0, 0));
	CHECK(ms > at(2024, 7, 20, 0, 0) && ms < at(2024, 8, 1, 0, 0));
	/* Behind midnight it belongs to the day before. */
	ms = next("{\"at\":\"sunset\",\"offset_min\":300}", &berlin,
	    at(2024, 6, 21, 22, 30));
	CHECK(llabs(ms - at(2024, 6, 22, 0, 33)) <= 2 * MINUTE);
}

static struct automation_due
look(int64_t done_ms, int64_t now_ms)
{
	struct automation *a = good(NAMED "\"when\":" SEVEN "," THEN);
	struct automation_due due =
	    automation_look(&a->time, &nowhere, done_ms, now_ms);

	automation_free(a);
	return due;
}

TEST(a_time_fires_once_and_what_was_missed_is_left_out)
{
	int64_t seven = at(2026, 1, 5, 6, 0);
	struct automation_due due = look(seven - HOUR, seven - 1);

	CHECK(!due.fires && due.missed_ms == 0);
	CHECK_INT(due.done_ms, seven - HOUR);
	CHECK_INT(due.next_ms, seven);
	due = look(seven - HOUR, seven);
	CHECK(due.fires && due.missed_ms == 0);
	CHECK_INT(due.done_ms, seven);
	CHECK_INT(due.next_ms, seven + 24 * HOUR);
	due = look(seven, seven + 1);
	CHECK(!due.fires);
	/* The house was off. */
	due = look(seven - HOUR, seven + AUTOMATION_LATE_MS);
	CHECK(due.fires && due.missed_ms == 0);
	due = look(seven - HOUR, seven + AUTOMATION_LATE_MS + 1);
	CHECK(!due.fires);
	CHECK_INT(due.missed_ms, seven);
	CHECK_INT(due.next_ms, seven + 24 * HOUR);
	due = look(due.done_ms, seven + AUTOMATION_LATE_MS + 2);
	CHECK(!due.fires && due.missed_ms == 0);
	/* Off for days, and started at seven. */
	due = look(seven - HOUR, seven + 48 * HOUR);
	CHECK(due.fires);
	CHECK_INT(due.missed_ms, seven);
}

TEST(a_clock_that_goes_back_does_nothing_twice)
{
	int64_t seven = at(2026, 1, 5, 6, 0);
	struct automation_due due = look(seven, seven - HOUR);

	CHECK(!due.fires);
	CHECK_INT(due.next_ms, seven + 24 * HOUR);
	/* By months it was wrong before. */
	due = look(seven, seven - 1000 * HOUR);
	CHECK(!due.fires);
	CHECK(due.next_ms < seven - 970 * HOUR);
}

/* ---- Words ---- */

static void
check_words(const char *text, const char *when, const char *device,
    const char *value, const char *wish)
{
	struct automation_words w;
	char *printed;

	CASE(text);
	REQUIRE(automation_words(text, &w) == OK);
	if (when != NULL) {
		REQUIRE(w.when != NULL);
		printed = json_print(w.when);
		CHECK_STR(printed, when);
		free(printed);
	} else {
		REQUIRE(w.device != NULL);
		CHECK_STR(w.device, device);
		CHECK_STR(w.value, value);
	}
	CHECK_STR(w.wish, wish);
	automation_words_done(&w);
}

TEST(a_rule_is_a_sentence)
{
	check_words("at sunset turn on the porch light", "{\"at\":\"sunset\"}",
	    NULL, NULL, "turn on the porch light");
	check_words("At 7:05, turn off the hall light", "{\"at\":\"07:05\"}",
	    NULL, NULL, "turn off the hall light");
	check_words("10 minutes before sunset turn on the porch light",
	    "{\"at\":\"sunset\",\"offset_min\":-10}", NULL, NULL,
	    "turn on the porch light");
	check_words("um 22:30 Uhr schalte das Licht aus", "{\"at\":\"22:30\"}",
	    NULL, NULL, "schalte das Licht aus");
	check_words("bei Sonnenaufgang mach das Licht aus",
	    "{\"at\":\"sunrise\"}", NULL, NULL, "mach das Licht aus");
	check_words("when the hall light turns on, turn on the porch light",
	    NULL, "the hall light", "on", "turn on the porch light");
	check_words("wenn das Flurlicht ausgeht, dann mach das Licht an", NULL,
	    "das Flurlicht", "off", "mach das Licht an");
}

TEST(other_sentences_are_no_rules)
{
	static const char *const texts[] = {"turn on the porch light",
	    "at home I like it warm", "at sunset", "at 25:00 do it",
	    "when is the next bus", "7:00 is early", "at sunsets go",
	    "when turns on, go", ""};
	struct automation_words w;
	size_t i;

	for (i = 0; i < ARRAY_LEN(texts); i++) {
		CASE(texts[i]);
		CHECK(automation_words(texts[i], &w) == ERR_NOTFOUND);
	}
}

/* ---- Rates ---- */

#define CALLS "\"then\":{\"call\":\"home.set\",\"args\":{}}}"
#define RATED(rate)                                                            \
	NAMED "\"when\":{\"at\":\"07:00\"},\"rate\":\"" rate "\"," CALLS

TEST(a_rate_is_told_with_what_is_signed)
{
	check_said(RATED("1000/s"),
	    "at 07:00, at most 1,000 times a second: home.set {}");
	check_said(RATED("30/min"),
	    "at 07:00, at most 30 times a minute: home.set {}");
	check_said(
	    RATED("1/s"), "at 07:00, at most once a second: home.set {}");
	check_said(RATED("6/min"), "at 07:00: home.set {}");
	check_said(NAMED "\"when\":{\"at\":\"07:00\"},\"rate\":\"2/min\"," THEN,
	    "at 07:00, at most 2 times a minute: go");
}

TEST(a_rate_is_a_number_and_a_unit_within_bounds)
{
	static const char *const rates[] = {"", "0/s", "01/s", "2001/s",
	    "99999/min", "-1/s", "5", "5/h", "5/sec", "/min", "5 /s", "5/s "};
	char text[160];
	size_t i;

	for (i = 0; i < ARRAY_LEN(rates); i++) {
		snprintf(text, sizeof(text),
		    NAMED "\"when\":{\"at\":\"07:00\"},\"rate\":\"%s\"," CALLS,
		    rates[i]);
		check_wrong(text, "rate: a number from 1 to 2000");
	}
	check_wrong(NAMED "\"when\":{\"at\":\"07:00\"},\"rate\":60," CALLS,
	    "rate: a number");
	check_wrong(NAMED
	    "\"when\":{\"at\":\"07:00\"},\"rate\":\"7/min\"," THEN,
	    "rate: more than 6/min is for a call");
	check_wrong(NAMED "\"when\":{\"at\":\"07:00\"},\"rate\":\"1/s\"," THEN,
	    "rate: more than 6/min is for a call");
}

/* At each of these times, the first so many. */
static void
check_window(const struct automation_rate *r, int64_t step_ms, int64_t long_ms)
{
	static int64_t taken[1 << 16];
	struct automation_meter m = {0};
	size_t first = 0;
	size_t n = 0;
	int64_t t;

	for (t = 5000; t < 5000 + long_ms; t += step_ms) {
		if (!automation_meter_take(&m, r, t))
			continue;
		REQUIRE(n < ARRAY_LEN(taken));
		taken[n++] = t;
		while (taken[first] <= t - r->span_ms)
			first++;
		CHECK((int64_t)(n - first) <= r->times);
	}
	/* And nearly all of it is there to be used. */
	CHECK((int64_t)n * r->span_ms >= r->times * long_ms * 9 / 10);
}

TEST(a_rate_is_never_passed_in_any_span_and_nearly_reached)
{
	static const struct automation_rate fast = {1000, 1000};
	static const struct automation_rate slow = {30, 60000};

	check_window(&fast, 1, 20000);
	check_window(&slow, 7, 3600000);
	check_window(&automation_rate_low, 100, 3600000);
}
