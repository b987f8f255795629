/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTICE_NOTICE_H
#define NOTICE_NOTICE_H

/*
 * Notices: who is told, and when, that a question waits.  It is told as it
 * comes, then again every few minutes a few times over, and after a while to
 * one client more, the delegate.  In quiet hours nobody is told, unless a
 * person looks on at that very run; what fell into them is told once behind
 * them.
 *
 * Who may answer is not decided here: those who may are given, and some of
 * them are told.  A question of which nobody was told waits, and expires,
 * like every other one.
 *
 * Pure: waits count by the boot clock, which no change of the wall clock
 * shortens; quiet hours by the minute of the local day, so they move with the
 * clocks of the people when summer begins and ends.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

struct notice_settings {
	int remind_min; /* Between two reminders; 0: none. */
	int times; /* So many reminders of one question. */
	int quiet_begin; /* Minutes of the local day; */
	int quiet_end; /* the same as the beginning: none. */
	char delegate[NAME_MAX_LEN + 1]; /* A client, "": nobody. */
	int delegate_min; /* It is told so long after the question. */
};

void notice_defaults(struct notice_settings *ret);

/* "remind", "times", "quiet", "delegate", "after"; NULL behind the last. */
const char *notice_setting(size_t i);

/* One of them, as people write it: minutes, a number, "22:00-07:00", a name;
 * "off" for what can be left out.  ERR_INPUT. */
NODISCARD enum err notice_set(struct notice_settings *s, const char *name,
    const char *value, struct errmsg *why);

/* The same the other way round; `name` is one of them. */
#define NOTICE_VALUE_SIZE (NAME_MAX_LEN + 1)
void notice_say(const struct notice_settings *s, const char *name,
    char ret[NOTICE_VALUE_SIZE]);

/* What was told of one question so far; zero, but for when it was asked. */
struct notice_question {
	int64_t asked_ms; /* Boot clock. */
	int64_t told_ms; /* The last time; 0: never. */
	int reminders;
	bool delegated;
};

/* When it is looked at. */
struct notice_moment {
	int64_t boot_ms;
	int minute; /* Of the local day; -1: nobody knows. */
	bool followed; /* A person looks on at its run right now. */
	bool held; /* It cannot be answered at this time: a halt. */
};

#define NOTICE_WHY_TABLE(X)                                                    \
	X(NOTICE_NONE, "none")                                                 \
	X(NOTICE_ASKED, "asked")                                               \
	X(NOTICE_REMINDER, "reminder")                                         \
	X(NOTICE_DELEGATED, "delegated")

enum notice_why {
#define X(name, text) name,
	NOTICE_WHY_TABLE(X)
#undef X
	    NOTICE_WHY_COUNT
};

const char *notice_why_name(enum notice_why w);

/* What is to be told of the question at this moment, and takes it as told; ask
 * until it is NOTICE_NONE.  Then `ret_look_ms` is when to look again, or
 * INT64_MAX when nothing more will be told. */
enum notice_why notice_due(const struct notice_settings *s,
    struct notice_question *q, const struct notice_moment *m,
    int64_t *ret_look_ms);

/* Of the names of those who may answer and have not, those who are told come
 * to the front; their number.  The delegate is none of them before its time,
 * unless there is nobody else. */
size_t notice_choose(const struct notice_settings *s,
    const struct notice_question *q, enum notice_why w, const char **names,
    size_t n);

#endif
