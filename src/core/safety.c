/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/core_priv.h"
#include "sys/clock.h"

/*
 * Halt, resume and safe mode.  A halt is on the disk
 * before it is confirmed, but works at once.
 */

/* Everything that runs in a container ends now, and what a model says. */
static void
stop_all(struct core *c)
{
	static const char why[] = "the house was halted";

	acts_stop_models(c->acts, NULL, why);
	slots_fail_all(tooling_slots(c->tooling), why);
}

void
safety_trip(struct core *c, enum safe_reason r, const char *detail)
{
	struct json *body;
	struct record *rec;

	if (!safety_set(judge_safety(c->judge), r, true, detail))
		return;
	log_err("safe mode: %s %s", safe_what(r), detail);
	body = json_object();
	json_put_str(body, "reason", safe_name(r));
	json_put_str(body, "detail", detail);
	rec = record_new(c->ledger);
	record_log(rec, "safe-mode", NULL, NULL, body);
	record_post(rec, true, NULL, NULL, NULL);
}

static void
tell_left(struct core *c, const char *reason, const char *who)
{
	struct json *body = json_object();
	struct record *r = record_new(c->ledger);

	json_put_str(body, "reason", reason);
	json_put_str(body, "by", who);
	record_log(r, "safe-mode-left", NULL, NULL, body);
	record_post(r, true, NULL, NULL, NULL);
}

void
safety_go_on(struct core *c)
{
	if (!safety_is_free(judge_safety(c->judge)))
		return;
	acts_thaw(c->acts);
	runs_thaw(c->runs);
}

/* Any paired client; nothing that is written comes before it works. */
enum err
safety_halt(void *room, const struct request *k, struct errmsg *why)
{
	struct core *c = room;
	struct record *r = record_new(c->ledger);
	struct json *body = json_object();

	(void)why;
	judge_safety(c->judge)->halted = true;
	stop_all(c);
	json_put_str(body, "name", k->client->name);
	record_log(r, "halted", NULL, NULL, body);
	record_row(r, ROW_SETTING, box_setting("halted", "yes"));
	request_confirm(&c->requests, k->id, r);
	return OK;
}

/* The log stays as it is, and its next check begins behind it. */
static void
forgive_log(struct core *c)
{
	struct record *r = record_new(c->ledger);
	char value[24];

	c->audit_forgiven = ledger_head(c->ledger)->size;
	snprintf(value, sizeof(value), "%llu",
	    (unsigned long long)c->audit_forgiven);
	record_row(r, ROW_SETTING, box_setting("forgiven", value));
	record_post(r, true, NULL, NULL, NULL);
}

/* What an owner accepts by going on. */
static void
leave_all(struct core *c, const char *who)
{
	struct safety *s = judge_safety(c->judge);
	int reason;

	if (s->on[SAFE_CLOCK]) {
		judge_accept_clock(c->judge);
		safety_save_clock(c);
	}
	if (s->on[SAFE_AUDIT])
		forgive_log(c);
	for (reason = 0; reason < SAFE_COUNT; reason++) {
		enum safe_reason r = (enum safe_reason)reason;

		if (s->on[r] && !safe_ends_itself(r)) {
			safety_set(s, r, false, "");
			tell_left(c, safe_name(r), who);
		}
	}
}

enum err
safety_resume(void *room, const struct request *k, struct errmsg *why)
{
	struct core *c = room;
	struct safety *s = judge_safety(c->judge);
	struct record *r;
	struct json *body;

	if (k->client->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED, "only an owner resumes");
	if (safety_is_free(s))
		return err_say(why, ERR_STATE,
		    "the house is neither halted nor in safe mode");
	if (s->on[SAFE_DATABASE])
		return err_say(why, ERR_STATE,
		    "the database is damaged; stop the house and restore a "
		    "backup: durward restore");
	leave_all(c, k->client->name);
	s->halted = false;
	body = json_object();
	json_put_str(body, "name", k->client->name);
	r = record_new(c->ledger);
	record_log(r, "resumed", NULL, NULL, body);
	record_row(r, ROW_SETTING, box_setting("halted", "no"));
	request_confirm(&c->requests, k->id, r);
	safety_go_on(c);
	return OK;
}

/* ---- What is looked at again and again ---- */

void
safety_save_clock(struct core *c)
{
	struct record *r = record_new(c->ledger);

	judge_record_clock(c->judge, r);
	record_post(r, false, NULL, NULL, NULL);
	c->clock_saved_ms = clock_boot_ms();
}

static void
watch_disk(struct core *c)
{
	struct safety *s = judge_safety(c->judge);

	if (ledger_is_low(c->ledger))
		safety_trip(c, SAFE_DISK, "");
	else if (safety_set(s, SAFE_DISK, false, ""))
		tell_left(c, safe_name(SAFE_DISK), "house");
}

static void
watch_clock(struct core *c)
{
	bool changed = judge_watch_clock(c->judge);

	if (!changed)
		return;
	if (judge_clock_is_trusted(c->judge)) {
		tell_left(c, safe_name(SAFE_CLOCK), "house");
	} else {
		/* So that it is told: it is on already. */
		safety_set(judge_safety(c->judge), SAFE_CLOCK, false, "");
		safety_trip(c, SAFE_CLOCK, "");
	}
}

static void
on_watch(void *arg)
{
	struct core *c = arg;
	bool was_free = safety_is_free(judge_safety(c->judge));

	watch_clock(c);
	watch_disk(c);
	if (!was_free)
		safety_go_on(c);
	if (clock_boot_ms() - c->clock_saved_ms >= CLOCK_SAVE_MS)
		safety_save_clock(c);
	c->clock_timer =
	    loop_timer(c->loop, clock_boot_ms() + SAFETY_WATCH_MS, on_watch, c);
}

/* The parent counts how often core and vault died. */
static void
look_at_crashes(struct core *c)
{
	const char *crashes = peers_setting(c->peers, "crashes");

	if (crashes != NULL && atoll(crashes) >= CRASHES_MAX)
		safety_trip(c, SAFE_CRASHES, "");
}

static void
on_checked(void *arg, bool good, const char *what)
{
	if (!good)
		safety_trip(arg, SAFE_AUDIT, what);
}

void
safety_open(struct core *c)
{
	struct safety *s = judge_safety(c->judge);
	int r;

	/* What the loading found is told now that there is a log. */
	for (r = 0; r < SAFE_COUNT; r++) {
		char detail[sizeof(s->detail[0])];

		if (!s->on[r])
			continue;
		memcpy(detail, s->detail[r], sizeof(detail));
		safety_set(s, (enum safe_reason)r, false, "");
		safety_trip(c, (enum safe_reason)r, detail);
	}
	look_at_crashes(c);
	ledger_check(c->ledger, c->audit_forgiven, on_checked, c);
	on_watch(c);
}

/* ---- What is said of it ---- */

void
safety_query_doctor(void *room, const struct request *q)
{
	struct core *c = room;
	const struct findings f = {.requests = &c->requests,
	    .trust = &c->trust,
	    .judge = c->judge,
	    .tooling = c->tooling,
	    .devices = c->devices,
	    .care = c->care,
	    .web_off = c->web_off};

	findings_query(&f, q);
}

void
safety_say(const struct core *c, struct buf *out)
{
	const struct safety *s = judge_safety(c->judge);
	int r;

	if (s->halted)
		buf_adds(out,
		    "\nThe house is halted; an owner says 'durward "
		    "resume'.");
	for (r = 0; r < SAFE_COUNT; r++)
		if (s->on[r])
			buf_addf(out, "\nSafe mode: %s. To leave it: %s.",
			    safe_what((enum safe_reason)r),
			    safe_leave((enum safe_reason)r));
}
