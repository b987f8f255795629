/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTOMATIONS_AUTOMATIONS_PRIV_H
#define AUTOMATIONS_AUTOMATIONS_PRIV_H

#include "automations/automations.h"

#define AUTOMATION_WHY_SIZE 96

/* Events that it was not begun for, and that the log does not have yet. */
enum unbegun_kind { UNBEGUN_MISSED, UNBEGUN_STOPPED, UNBEGUN_COUNT };
struct unbegun {
	int times;
	char why[AUTOMATION_WHY_SIZE]; /* This and the cause: of the last. */
	char cause[AUTOMATION_ENTITY_SIZE];
	int64_t quiet_until_ms; /* Boot clock: one entry was just written. */
};

struct held {
	char name[AUTOMATION_NAME_MAX + 1];
	struct automation *a; /* NULL while only settings of it were loaded. */
	char *text; /* Its document, canonical. */
	char client[NAME_MAX_LEN + 1]; /* Who signed it. */
	int64_t version;
	int64_t last; /* The newest that there is. */
	char off[AUTOMATION_WHY_SIZE]; /* Why it is switched off, or "". */
	struct json *said; /* On its topic, last; NULL: nobody knows. */
	bool unread; /* That something said there is no value was told. */
	enum automation_holds holds; /* When it was looked at last. */
	struct automation_meter fired; /* By its own rate, */
	struct automation_meter low; /* and by that of every other. */
	int64_t done_ms; /* Wall clock: automation_look(). */
	int64_t next_ms;
	struct unbegun unbegun[UNBEGUN_COUNT];
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

/* What the vault was asked to trust, or not any more.  One at a time. */
struct changing {
	int64_t request; /* 0: nothing. */
	char name[AUTOMATION_NAME_MAX + 1];
	char client[NAME_MAX_LEN + 1];
	struct json *document; /* NULL: it is to be removed. */
};

struct automations {
	struct automations_setup s;
	struct changing changing;
	struct held *list[AUTOMATIONS_MAX];
	size_t n;
	struct automation_place place;
	char place_text[64]; /* "52.52 13.405", or "". */
	struct begun begun[AUTOMATION_RUNS_MAX];
	struct mark marks[AUTOMATION_MARKS_MAX];
	size_t next_mark;
	bool started;
	uint64_t timer;
	uint64_t told_timer; /* Of what is not told yet. */
};

/* ---- automations.c ---- */

struct held *automations_find(const struct automations *as, const char *name);
/* The one of this name, or a new one; NULL: there are too many. */
struct held *automations_make(struct automations *as, const char *name);
void automations_forget(struct automations *as, struct held *h);
/* At most AUTOMATION_TEXT_MAX bytes?  ERR_INPUT. */
NODISCARD enum err document_fits(
    const struct json *document, struct errmsg *why);
/* Takes the document over as this version.  ERR_INPUT. */
NODISCARD enum err held_take(struct held *h, const struct json *document,
    int64_t version, struct errmsg *why);
void held_setting(
    struct record *r, const char *scope, const char *name, const char *value);
/* What it waits for is looked at for the first time. */
void held_begin(struct automations *as, struct held *h);
/* What it waits for as it is now, or NULL. */
const struct json *held_value(
    const struct automations *as, const struct held *h);
/* Does somebody stand for it? */
bool held_is_signed(const struct automations *as, const struct held *h);
/* Is its topic listened to as it stands there? */
bool held_is_trusted(const struct automations *as, const struct held *h);
/* Does a call of it only read, or do what can be undone, as things are now?
 * ERR_INPUT, ERR_NOTFOUND, ERR_DENIED. */
NODISCARD enum err automation_is_harmless(const struct automations *as,
    const struct automation *a, bool *ret, struct errmsg *why);
/* For the rows of "off" and "done". */
#define SCOPE_OFF "automation-off"
#define SCOPE_DONE "automation-done"
#define SCOPE_HOME "home"

/* ---- asked.c ---- */

/* It is there, or it is not any more: `r` says so, too, and the asker is told
 * once that is on the disk. */
void automations_keep(struct automations *as, const char *client,
    int64_t request, const struct json *document, struct record *r);
void automations_drop(struct automations *as, const char *client,
    int64_t request, const char *name, struct record *r);

/* ---- trusted.c ---- */

/* Is it for the vault to say?  `a` may be NULL. */
bool trusted_is_needed(
    const struct automations *as, const char *name, const struct automation *a);
/* Ask it.  Without a document it is to be forgotten.  ERR_BUSY. */
NODISCARD enum err trusted_ask(struct automations *as, const struct request *k,
    const char *name, const struct json *document, struct errmsg *why);
/* Its document, to the bridge, or that it waits for no topic any more. */
void trusted_tell(const struct automations *as, const char *name);

/* ---- firing.c ---- */

/* What it waits for may be another by now. */
void held_look(
    struct automations *as, struct held *h, const char *cause, int hops);

/* It is to fire: `cause` is for the log. */
void held_fire(
    struct automations *as, struct held *h, const char *cause, int hops);
/* Look at all times, now and whenever one comes. */
void automations_look(void *automations);

#endif
