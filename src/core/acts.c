/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/core_priv.h"
#include "sys/clock.h"

/*
 * Drives the act machine: each arrow is one record, and what follows from
 * an arrow happens when its record is written.  Acts are found again by id,
 * never by address, since they may end while a record is under way.
 */

#define CALL_GRACE_MS 5000

struct open_act *
acts_find(struct core *c, const char *id)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++)
		if (c->acts[i] != NULL && strcmp(c->acts[i]->act->id, id) == 0)
			return c->acts[i];
	return NULL;
}

void
acts_forget(struct core *c, struct open_act *o)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++)
		if (c->acts[i] == o)
			c->acts[i] = NULL;
	for (i = 0; i < o->n_sheets; i++)
		free(o->sheets[i].text);
	loop_timer_cancel(c->loop, o->timer);
	free(o->signed_sheet);
	act_free(o->act);
	free(o);
}

struct policy_answer
acts_decide(struct core *c, const struct act *a)
{
	struct json *args = NULL;
	struct policy_question q = {.tool = a->tool,
	    .effect = a->effect,
	    .principal = a->principal,
	    .agent_id = a->agent_id};
	const struct policy *layers[1] = {c->policy};
	struct policy_answer answer;

	/* Our own row: it was parsed before it became an act. */
	if (json_parse(a->args, strlen(a->args), &args) != OK)
		fatal("the arguments of act %s are damaged", a->id);
	q.args = args;
	answer = policy_decide(&q, layers, ARRAY_LEN(layers));
	json_free(args);
	return answer;
}

struct record *
acts_step(
    struct core *c, struct open_act *o, enum act_state to, struct json *details)
{
	struct record *r = record_new(c->ledger);
	struct act *a = o->act;

	if (act_step(a, to) != OK)
		fatal("act %s cannot go from %s to %s", a->id,
		    act_state_name(a->state), act_state_name(to));
	record_log(r, act_state_name(to), a->run, a->id,
	    details != NULL ? details : json_object());
	record_act(r, a);
	return r;
}

static void
ended(void *arg, const char *id)
{
	struct core *c = arg;
	struct open_act *o = acts_find(c, id);

	if (o == NULL)
		return;
	if (o->answer_to != 0)
		clients_reply(c, o->answer_to, json_object());
	runs_tell_result(c, o->act->run, o->act->step,
	    act_state_name(o->act->state), o->act->result);
	acts_forget(c, o);
}

/* An act between its spending and its end keeps the container. */
static void
hold_container(struct open_act *o, struct slot *t)
{
	slot_call_began(t);
	o->holds = true;
}

static void
release_container(struct open_act *o)
{
	struct slot *t = tooling_find(o->core, o->act->tool);

	if (o->holds && t != NULL)
		slot_call_ended(t);
	o->holds = false;
}

void
acts_end(
    struct core *c, struct open_act *o, enum act_state state, const char *text)
{
	struct record *r;

	loop_timer_cancel(c->loop, o->timer);
	o->timer = 0;
	release_container(o);
	free(o->act->result);
	o->act->result = xstrdup(text);
	r = acts_step(c, o, state, record_result(text));
	/* Doing it again would be visible, or a client waits to be told. */
	record_post(r,
	    act_intent_of(o->act->effect) == INTENT_DURABLE ||
		o->answer_to != 0,
	    ended, c, o->act->id);
}

/* Judged again at this very moment: the world may have changed. */
static bool
still_allowed(struct core *c, struct open_act *o)
{
	struct policy_answer now = acts_decide(c, o->act);
	char text[128];

	if (now.verdict == VERDICT_DENY) {
		snprintf(text, sizeof(text), "the rule '%s' denies it now",
		    now.rule);
		acts_end(c, o, ACT_DENIED, text);
		return false;
	}
	if (now.verdict == VERDICT_ASK && o->act->state == ACT_ALLOWED) {
		memcpy(o->act->rule, now.rule, sizeof(now.rule));
		o->act->ttl_s = now.ttl_s;
		asking_begin(c, o);
		return false;
	}
	return true;
}

/* The tools role has its own deadline; this one is for its silence. */
static void
on_call_late(void *arg)
{
	struct open_act *o = arg;

	o->timer = 0;
	acts_end(o->core, o, ACT_UNKNOWN, "the tools role did not answer");
}

static void
send_order(struct core *c, struct open_act *o)
{
	struct act *a = o->act;
	struct json *body = json_object();
	struct buf bulk;

	buf_init(&bulk, LANE_BULK_MAX);
	buf_adds(&bulk, a->args);
	if (o->signed_sheet != NULL)
		buf_adds(&bulk, o->signed_sheet);
	json_put_str(body, "act", a->id);
	json_put_str(body, "tool", a->tool);
	json_put_int(body, "args_bytes", (int64_t)strlen(a->args));
	json_put_str(body, "signature", o->signature);
	if (peers_send_bulk(c->peers, ROLE_TOOLS, MSG_ACT_ORDER, body, bulk.p,
		bulk.len) != OK)
		acts_end(c, o, ACT_FAILED, "the tools role is away");
	buf_done(&bulk);
}

static void
run_house_function(struct core *c, struct open_act *o)
{
	struct buf out;

	buf_init(&out, RESULT_MAX);
	house_function(o->act->tool)->run(c, &out);
	acts_end(c, o, ACT_DONE, out.p != NULL ? out.p : "");
	buf_done(&out);
}

/* The intent is written as its effect demands: now it may happen. */
static void
start(void *arg, const char *id)
{
	struct core *c = arg;
	struct open_act *o = acts_find(c, id);
	struct slot *t;
	struct json *details = json_object();

	if (o == NULL || o->act->state != ACT_INTENT) {
		json_free(details);
		return;
	}
	t = tooling_find(c, o->act->tool);
	json_put_str(details, "epoch", c->tools_epoch);
	json_put_str(details, "container", t != NULL ? slot_container(t) : "");
	record_post(
	    acts_step(c, o, ACT_STARTED, details), false, NULL, NULL, NULL);
	if (house_function(o->act->tool) != NULL) {
		run_house_function(c, o);
		return;
	}
	if (t == NULL || !slot_is_ready(t)) {
		acts_end(c, o, ACT_FAILED, "its container is gone");
		return;
	}
	o->timer = loop_timer(c->loop,
	    clock_boot_ms() + slot_manifest(t)->call_ms + CALL_GRACE_MS,
	    on_call_late, o);
	send_order(c, o);
}

/* Spending: the approval's nonce and the intent are one transaction. */
static void
spend(struct core *c, struct open_act *o)
{
	enum act_intent intent = act_intent_of(o->act->effect);
	struct slot *t = tooling_find(c, o->act->tool);
	struct errmsg why = {""};
	struct json *details;
	struct json *row;
	struct record *r;

	if (!still_allowed(c, o))
		return;
	if (o->signed_sheet != NULL && asking_binds(c, o, &why) != OK) {
		acts_end(c, o, ACT_DENIED, why.text);
		return;
	}
	if (t != NULL)
		hold_container(o, t);
	details = json_object();
	if (o->signed_sheet != NULL)
		json_put_str(details, "nonce", o->act->nonce);
	r = acts_step(c, o, ACT_INTENT, details);
	if (o->signed_sheet != NULL) {
		row = json_object();
		json_put_str(row, "nonce", o->act->nonce);
		json_put_str(row, "act", o->act->id);
		record_row(r, ROW_NONCE, row);
	}
	if (intent == INTENT_DURABLE) {
		record_post(r, true, start, c, o->act->id);
		return;
	}
	record_post(r, false, NULL, NULL, NULL);
	start(c, o->act->id);
}

void
acts_go_on(struct core *c, struct open_act *o)
{
	struct slot *t;

	if (house_function(o->act->tool) != NULL) {
		spend(c, o);
		return;
	}
	t = tooling_find(c, o->act->tool);
	if (t == NULL || !tooling_trusts(c, t))
		acts_end(c, o, ACT_FAILED,
		    "the tool's manifest is not signed by an owner; add it "
		    "with 'durward tool add'");
	else if (slot_is_ready(t))
		spend(c, o);
	else
		slot_want(t);
}

/* Call `fn` for every act in `state` or `other` that belongs to a tool;
 * NULL means every tool. */
static void
for_each_of(struct core *c, const char *tool, enum act_state state,
    enum act_state other,
    void (*fn)(struct core *c, struct open_act *o, const char *why),
    const char *why)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++) {
		struct open_act *o = c->acts[i];
		struct slot *t;

		if (o == NULL ||
		    (o->act->state != state && o->act->state != other) ||
		    house_function(o->act->tool) != NULL)
			continue;
		t = tooling_find(c, o->act->tool);
		if (tool == NULL ||
		    (t != NULL && strcmp(slot_manifest(t)->name, tool) == 0))
			fn(c, o, why);
	}
}

static void
go_on(struct core *c, struct open_act *o, const char *why)
{
	(void)why;
	acts_go_on(c, o);
}

static void
fail(struct core *c, struct open_act *o, const char *why)
{
	acts_end(c, o, ACT_FAILED, why);
}

/* An order was out when its tool or role died. */
static void
lose(struct core *c, struct open_act *o, const char *why)
{
	bool again = act_recovery_of(o->act->effect) == RECOVER_AGAIN;

	acts_end(c, o, again ? ACT_FAILED : ACT_UNKNOWN, why);
}

void
acts_tool_ready(void *core, const char *tool)
{
	for_each_of(core, tool, ACT_ALLOWED, ACT_APPROVED, go_on, NULL);
}

void
acts_tool_failed(void *core, const char *tool, const char *why)
{
	for_each_of(core, tool, ACT_ALLOWED, ACT_APPROVED, fail, why);
	for_each_of(core, tool, ACT_STARTED, ACT_STARTED, lose, why);
}

void
acts_tools_lost(struct core *c)
{
	for_each_of(c, NULL, ACT_STARTED, ACT_STARTED, lose,
	    "the tools role was restarted");
}

/* {"act", "ok", "late"} and the text: `late` when it is not known whether the
 * tool acted. */
void
acts_on_done(void *role, struct msg *m)
{
	struct core *c = role;
	const char *id = json_str(m->body, "act");
	struct open_act *o = acts_find(c, id != NULL ? id : "");
	enum act_state state = ACT_FAILED;
	char *text;

	if (o == NULL || o->act->state != ACT_STARTED)
		return;
	if (json_flag(m->body, "ok"))
		state = ACT_DONE;
	else if (json_flag(m->body, "late"))
		state = ACT_UNKNOWN;
	text = msg_text(m);
	acts_end(c, o, state, text);
	free(text);
}

/* ---- After a restart ---- */

static void
recover_one(struct core *c, struct open_act *o)
{
	struct act *a = o->act;
	bool again = act_recovery_of(a->effect) == RECOVER_AGAIN;

	switch (a->state) {
	case ACT_PROPOSED:
		acts_judge(c, o);
		break;
	case ACT_ASKED:
		asking_begin(c, o);
		break;
	case ACT_ALLOWED:
		acts_go_on(c, o);
		break;
	case ACT_INTENT:
		record_post(acts_step(c, o, ACT_STARTED, NULL), false, NULL,
		    NULL, NULL);
		lose(c, o, "the house was restarted while it was done");
		break;
	case ACT_STARTED:
		lose(c, o,
		    again ? "the house was restarted before it was done"
			  : "the house was restarted while it was done");
		break;
	case ACT_JUDGED:
	case ACT_APPROVED:
		/* An approval dies with the boot that it names. */
		acts_end(
		    c, o, ACT_DENIED, "the house was restarted; ask again");
		break;
	default:
		break;
	}
}

void
acts_recover(struct core *c)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++) {
		if (c->acts[i] != NULL)
			recover_one(c, c->acts[i]);
	}
}
