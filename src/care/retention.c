/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "care/care_priv.h"
#include "sys/clock.h"
#include "term/term.h"

/*
 * For how long the log is kept.  Two settings of the box: "log-kept", in days,
 * and "log-old", the entry up to which it is pruned.
 */

#define DAY_MS (24 * 3600 * (int64_t)1000)

static struct json *
setting(const char *name, int64_t value)
{
	struct json *row = json_object();
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	json_put_str(row, "scope", "box");
	json_put_str(row, "name", name);
	json_put_str(row, "value", text);
	return row;
}

void
care_load(struct care *c, const struct json *row)
{
	const char *name = json_words(row, "name");
	const char *value = json_words(row, "value");

	if (strcmp(json_words(row, "scope"), "box") != 0)
		return;
	if (strcmp(name, "log-kept") == 0)
		c->keep_days = strtoll(value, NULL, 10);
	else if (strcmp(name, "log-old") == 0)
		c->old_end = strtoull(value, NULL, 10);
}

int64_t
care_kept_days(const struct care *c)
{
	return c->keep_days;
}

bool
care_lacks_time(const struct care *c)
{
	return judge_clock_is_trusted(c->s.judge) && !clock_is_synchronised();
}

const char *
care_why_kept(const struct care *c)
{
	if (!safety_is_free(judge_safety(c->s.judge)))
		return "the house is halted or in safe mode";
	if (!judge_clock_is_trusted(c->s.judge))
		return "its clock cannot be trusted";
	if (care_lacks_time(c))
		return "no time server keeps its clock right";
	return ledger_is_checking(c->ledger) ? "the log is being checked"
					     : NULL;
}

/* What is forgotten and that it was are one commit. */
static struct record *
prune(struct care *c, uint64_t from, uint64_t before, struct json *body)
{
	struct record *r = record_new(c->ledger);
	struct json *row = json_object();

	json_put_int(body, "before", (int64_t)before);
	json_put_int(row, "from", (int64_t)from);
	json_put_int(row, "before", (int64_t)before);
	record_log(r, "pruned", NULL, NULL, body);
	record_row(r, ROW_PRUNE, row);
	if (before > c->old_end) {
		record_row(r, ROW_SETTING, setting("log-old", (int64_t)before));
		c->old_end = before;
	}
	return r;
}

/* ---- What the house does by itself ---- */

static void on_due(void *arg);

static void
look_again(struct care *c, int64_t in_ms)
{
	loop_timer_cancel(c->s.loop, c->next);
	c->next = loop_timer(c->s.loop, clock_boot_ms() + in_ms, on_due, c);
}

static bool
may_prune(const struct care *c)
{
	return c->keep_days > 0 && care_why_kept(c) == NULL &&
	    !ledger_is_busy(c->ledger);
}

static void
on_old(void *arg, int64_t id, enum err e, const char *text)
{
	struct care *c = arg;
	uint64_t from = c->old_end;
	uint64_t before = from;
	struct json *found = NULL;
	struct record *r;
	struct json *body;

	(void)id;
	if (e == OK)
		e = json_parse(text, strlen(text), &found);
	if (e == OK)
		before = (uint64_t)json_int(found, "before", 0);
	else
		log_warn("what is old in the log could not be read: %s",
		    err_text(e));
	json_free(found);
	/* An owner may have changed her mind while it was read. */
	if (c->keep_days != c->asked_days || !may_prune(c)) {
		look_again(c, RETENTION_AGAIN_MS);
		return;
	}
	if (e != OK || before <= from) {
		look_again(c, RETENTION_EVERY_MS);
		return;
	}
	body = json_object();
	json_put_int(body, "kept_days", c->keep_days);
	r = prune(c, from, before, body);
	record_post(r, false, NULL, NULL, NULL);
	look_again(c,
	    before - from < RETENTION_ENTRIES_MAX ? RETENTION_EVERY_MS
						  : RETENTION_AGAIN_MS);
}

static void
on_due(void *arg)
{
	struct care *c = arg;

	c->next = 0;
	if (!may_prune(c)) {
		look_again(c, RETENTION_WAIT_MS);
		return;
	}
	c->asked_days = c->keep_days;
	ledger_read_old(c->ledger, c->old_end,
	    judge_wall_ms(c->s.judge) - c->keep_days * DAY_MS,
	    RETENTION_ENTRIES_MAX, on_old, c);
}

void
retention_begin(struct care *c)
{
	look_again(c, RETENTION_AGAIN_MS);
}

/* ---- What an owner says ---- */

enum err
care_prune(void *room, const struct request *k, struct errmsg *why)
{
	struct care *c = room;
	int64_t size = (int64_t)ledger_head(c->ledger)->size;
	int64_t before = json_int(k->params, "before", -1);
	struct json *body;

	if (k->client->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED, "only an owner prunes the log");
	if (before < 0 || before > size)
		return err_say(why, ERR_INPUT,
		    "the log has %lld entries; name a number up to that",
		    (long long)size);
	if (ledger_is_checking(c->ledger))
		return err_say(why, ERR_BUSY,
		    "the log is being checked since the start; try again");
	body = json_object();
	json_put_str(body, "name", k->client->name);
	request_confirm(
	    c->s.requests, k->id, prune(c, 0, (uint64_t)before, body));
	return OK;
}

static enum err
read_days(const char *text, int64_t *ret, struct errmsg *why)
{
	int64_t ms = 0;
	enum err e = OK;

	if (strcmp(text, "forever") != 0) {
		e = term_read_time(text, &ms, why);
		if (e == OK &&
		    (ms < KEEP_DAYS_MIN * DAY_MS || ms % DAY_MS != 0))
			e = err_say(why, ERR_INPUT,
			    "the log is kept for whole days, %d at least; "
			    "'durward audit prune' forgets at once",
			    KEEP_DAYS_MIN);
	}
	if (e == OK)
		*ret = ms / DAY_MS;
	return e;
}

enum err
care_keep(void *room, const struct request *k, struct errmsg *why)
{
	struct care *c = room;
	int64_t days;
	struct record *r;
	struct json *body;
	enum err e = ERR_DENIED;

	if (k->client->role != CLIENT_OWNER)
		return err_say(why, e,
		    "only an owner says how long the log is "
		    "kept");
	e = read_days(json_words(k->params, "keep"), &days, why);
	if (e != OK)
		return e;
	c->keep_days = days;
	body = json_object();
	json_put_str(body, "name", k->client->name);
	json_put_int(body, "kept_days", days);
	r = record_new(c->ledger);
	record_log(r, "log-kept", NULL, NULL, body);
	record_row(r, ROW_SETTING, setting("log-kept", days));
	request_confirm(c->s.requests, k->id, r);
	if (c->next != 0)
		look_again(c, RETENTION_AGAIN_MS);
	return OK;
}
