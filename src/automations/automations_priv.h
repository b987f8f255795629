/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTOMATIONS_AUTOMATIONS_PRIV_H
#define AUTOMATIONS_AUTOMATIONS_PRIV_H

#include "automations/automations.h"

#define AUTOMATION_WHY_SIZE 96

struct held {
	char name[AUTOMATION_NAME_MAX + 1];
	struct automation *a; /* NULL while only settings of it were loaded. */
	char *text; /* Its document, canonical. */
	char client[NAME_MAX_LEN + 1]; /* Who signed it. */
	int64_t version;
	int64_t last; /* The newest that there is. */
	char off[AUTOMATION_WHY_SIZE]; /* Why it is switched off, or "". */
	enum automation_holds holds; /* When it was looked at last. */
	struct automation_meter fired; /* By its own rate, */
	struct automation_meter low; /* and by that of every other. */
	int64_t done_ms; /* Wall clock: automation_look(). */
	int64_t next_ms;
};

/* A run that an automation began, and what it commanded. */
struct begun {
	char run[TOKEN_SIZE];
	char name[NAME_MAX_LEN + 1]; /* Of the automation. */
	int hops;
};
struct mark {
	char entity[AUTOMATION_ENTITY_SIZE];
	int hops;
	int64_t until_ms; /* Boot clock. */
};

struct automations {
	struct automations_setup s;
	struct held *list[AUTOMATIONS_MAX];
	size_t n;
	struct automation_place place;
	char place_text[64]; /* "52.52 13.405", or "". */
	struct begun begun[AUTOMATION_RUNS_MAX];
	struct mark marks[AUTOMATION_MARKS_MAX];
	size_t next_mark;
	bool started;
	uint64_t timer;
};

/* ---- automations.c ---- */

struct held *automations_find(struct automations *as, const char *name);
/* The one of this name, or a new one; NULL: there are too many. */
struct held *automations_make(struct automations *as, const char *name);
void automations_forget(struct automations *as, struct held *h);
/* Takes the document over as this version.  ERR_INPUT. */
NODISCARD enum err held_take(struct held *h, const struct json *document,
    int64_t version, struct errmsg *why);
void held_setting(
    struct record *r, const char *scope, const char *name, const char *value);
/* What it waits for is looked at for the first time. */
void held_begin(struct automations *as, struct held *h);
/* Does somebody stand for it? */
bool held_is_signed(const struct automations *as, const struct held *h);
/* Does a call of it only read, or do what can be undone, as things are now?
 * ERR_INPUT, ERR_NOTFOUND, ERR_DENIED. */
NODISCARD enum err automation_is_harmless(const struct automations *as,
    const struct automation *a, bool *ret, struct errmsg *why);
/* For the rows of "off" and "done". */
#define SCOPE_OFF "automation-off"
#define SCOPE_DONE "automation-done"
#define SCOPE_HOME "home"

/* ---- firing.c ---- */

/* It is to fire: `cause` is for the log. */
void held_fire(
    struct automations *as, struct held *h, const char *cause, int hops);
/* Look at all times, now and whenever one comes. */
void automations_look(void *automations);

#endif
