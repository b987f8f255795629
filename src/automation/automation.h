/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTOMATION_AUTOMATION_H
#define AUTOMATION_AUTOMATION_H

/*
 * One automation: when a value of a device becomes so, or a time comes, and
 * these conditions hold, then one call is made or one goal is begun.  It is a
 * JSON object,
 *
 *	{"name": "porch",
 *	 "when": {"entity": "light.hall", "value": "state", "is": "on"},
 *	 "if": [{"after": "22:00", "before": "06:00"}],
 *	 "then": {"call": "home.set",
 *		  "args": {"entity": "light.porch", "action": "turn_on"}}}
 *
 * where `when` is a test of a value ("is", "above" or "below"), or a time:
 * {"at": "07:00" | "sunrise" | "sunset", "offset_min": -10, "days": ["mon"]}.
 * Or it is a test of what is said on a topic: {"topic": "washer/power",
 * "extract": "{{ value_json.watts }}", "type": "number", "below": 5}, where
 * the template is read as that of a device (home/record.h), and without one
 * the payload is the value; a document with a topic has "format": 2, so that
 * a house from before refuses it.
 * Each of `if` is a test of a value, or a part of the day.  `then` may be
 * {"goal": "turn on the porch light"}.  A member "rate" says how often it may
 * fire at most, as "30/min" or "1000/s".
 *
 * Pure: time and values are parameters.  Local time is that of the TZ in the
 * environment.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "home/record.h"

#define AUTOMATION_FORMAT 2 /* Of a document with a topic. */
#define AUTOMATION_NAME_MAX 32
#define AUTOMATION_TEXT_MAX 8192 /* Of the document. */
#define AUTOMATION_ENTITY_SIZE 96
#define AUTOMATION_VALUE_SIZE 64
#define AUTOMATION_IFS_MAX 8
#define AUTOMATION_OFFSET_MAX (12 * 60) /* Minutes. */
#define AUTOMATION_RATE_MAX 2000 /* Times, a second or a minute. */
#define AUTOMATION_LOW_TIMES 6 /* A minute, when nothing is said. */
#define AUTOMATION_METER_PARTS 60 /* Of its span. */
#define AUTOMATION_LATE_MS (5 * 60 * 1000) /* That is still made up. */

enum automation_op { OP_IS, OP_ABOVE, OP_BELOW };

/* A test of one value of one device. */
struct automation_test {
	char entity[AUTOMATION_ENTITY_SIZE];
	char value[AUTOMATION_VALUE_SIZE];
	enum automation_op op;
	struct json *wanted; /* A text, number or boolean; else a number. */
};

/* What is said on a topic: a text is what comes out, a number is read from it,
 * and a boolean is "on" for true and True, and "off" for false and False. */
#define AUTOMATION_TYPE_TABLE(X)                                               \
	X(AUTOMATION_BOOLEAN, "boolean")                                       \
	X(AUTOMATION_NUMBER, "number")                                         \
	X(AUTOMATION_TEXT, "text")

enum automation_type {
#define X(name, text) name,
	AUTOMATION_TYPE_TABLE(X)
#undef X
	    AUTOMATION_TYPE_COUNT
};

struct automation_topic {
	char name[HOME_TOPIC_MAX + 1]; /* "": it waits for something else. */
	char *extract; /* NULL: the payload as it stands. */
	enum automation_type type;
};

enum automation_base { AT_CLOCK, AT_SUNRISE, AT_SUNSET };

struct automation_time {
	enum automation_base base;
	int minute; /* Of the local day, of AT_CLOCK. */
	int offset_min;
	unsigned days; /* Bit 0 is Sunday, as in struct tm. */
};

struct automation_condition {
	bool is_hours; /* Then these minutes of the local day: */
	int after;
	int before; /* not in it any more; beyond midnight when smaller. */
	struct automation_test test;
};

struct automation_rate {
	int times;
	int64_t span_ms;
};

struct automation {
	char name[AUTOMATION_NAME_MAX + 1];
	bool is_timed;
	struct automation_topic topic;
	struct automation_test test; /* Of a topic's value without a name. */
	struct automation_time time;
	struct automation_condition ifs[AUTOMATION_IFS_MAX];
	size_t n_ifs;
	/* What its run is to reach: words, or a call as offline.h has it. */
	char *goal;
	bool is_call;
	struct automation_rate rate;
};

/* Does it wait for a topic? */
bool automation_has_topic(const struct automation *a);

/* 1 to AUTOMATION_NAME_MAX of a-z 0-9 . _ -, beginning with a letter. */
bool automation_is_name(const char *name);

/* ERR_INPUT with the member and what is wanted there. */
NODISCARD enum err automation_read(
    const struct json *v, struct automation **ret, struct errmsg *why);
void automation_free(struct automation *a);

/* In one line: "when light.hall state is on: home.set {...}". */
void automation_say(const struct automation *a, struct buf *out);

/* ---- Values ---- */

enum automation_holds { HOLDS_NOT, HOLDS, HOLDS_UNKNOWN };

/* `now` is the value, or NULL while nobody knows it. */
enum automation_holds automation_test_holds(
    const struct automation_test *t, const struct json *now);

/* Of the local day; -1, which nobody knows, is in no part of it. */
bool automation_in_hours(const struct automation_condition *c, int minute);

/* ---- Rates ---- */

/* What every one may that says nothing else. */
extern const struct automation_rate automation_rate_low;

/* No more than that one? */
bool automation_rate_is_low(const struct automation_rate *r);

/* All 0 at first.  How often it fired, in parts of the span: so it never lets
 * more through than the rate, and a part of it long perhaps less. */
struct automation_meter {
	int64_t part; /* The last, since boot. */
	int sum;
	uint16_t n[AUTOMATION_METER_PARTS + 1];
};

/* Count one at this time, which never runs backwards; false: that is one too
 * often, and it is not counted. */
bool automation_meter_take(struct automation_meter *m,
    const struct automation_rate *r, int64_t now_ms);

/* ---- Times ---- */

struct automation_place {
	bool known;
	double lat; /* Degrees, north and east of nought. */
	double lon;
};

/* "52.52", within these bounds; false for what is none. */
bool automation_read_degrees(const char *text, double most, double *ret);

/* The first moment after this one, by the wall clock.  ERR_STATE: it needs a
 * place; ERR_NOTFOUND: none within a year. */
NODISCARD enum err automation_next(const struct automation_time *t,
    const struct automation_place *p, int64_t after_ms, int64_t *ret_ms);

/* When the sun's upper edge rises or sets there on this day, in seconds since
 * 1970 (NOAA's formula).  ERR_NOTFOUND: it does not on that day. */
NODISCARD enum err automation_sun(const struct automation_place *p, int year,
    int month, int day, bool rises, int64_t *ret_s);

/* What is due at this time, when the last that was done or left out was at
 * `done_ms`: of all that is AUTOMATION_LATE_MS late nothing is made up. */
struct automation_due {
	bool fires;
	int64_t missed_ms; /* The first that is left out, or 0. */
	int64_t done_ms; /* To be kept in the place of the one before. */
	int64_t next_ms; /* When to look again; INT64_MAX: never. */
};
struct automation_due automation_look(const struct automation_time *t,
    const struct automation_place *p, int64_t done_ms, int64_t now_ms);

/* ---- Words ---- */

/* "at sunset turn on the porch light", "when the hall light turns on, turn on
 * the porch light": what stands before the wish, and the wish. */
struct automation_words {
	struct json *when; /* Of a time; NULL: of a device. */
	char *device; /* As the person calls it, and */
	char *value; /* what its state is then. */
	char *wish;
};

/* ERR_NOTFOUND: this is none. */
NODISCARD enum err automation_words(
    const char *text, struct automation_words *ret);
void automation_words_done(struct automation_words *w);

#endif
