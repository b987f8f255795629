/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "acts/acts_priv.h"
#include "base/log.h"
#include "order/order.h"
#include "sys/clock.h"

/*
 * From allowed or approved to the end: judged again, the intent written as
 * the effect demands, the order sent, the answer taken.
 */

/* The tools role has its own deadline; this one is for its silence. */
static void
on_call_late(void *arg)
{
	struct open_act *o = arg;

	o->timer = 0;
	act_end(o, ACT_UNKNOWN,
	    act_is_model_call(o)  ? "egress did not answer"
		: act_is_apart(o) ? "the bridge did not answer"
				  : "the tools role did not answer");
}

void
act_await(struct open_act *o)
{
	loop_timer_cancel(o->acts->s.loop, o->timer);
	o->timer = loop_timer(o->acts->s.loop,
	    o->started_ms + slot_manifest(act_slot(o))->call_ms + CALL_GRACE_MS,
	    on_call_late, o);
}

/* Signed for this act, nothing else need stand for it. */
struct json *
act_order(struct open_act *o, struct buf *ret_bulk)
{
	struct act *a = o->act;
	struct order order = {.act = a->id, .tool = a->tool};
	size_t n = 0;
	size_t i;

	order.args = (struct str){a->args, strlen(a->args)};
	for (i = 0; i < o->n_sheets; i++)
		if (o->sheets[i].is_signed)
			order.sheets[n++] = (struct signed_text){
			    {o->sheets[i].text, strlen(o->sheets[i].text)},
			    o->sheets[i].signature};
	order.n_sheets = n;
	if (o->grant != NULL && n == 0)
		order.grant = (struct signed_text){
		    {o->grant, strlen(o->grant)}, o->grant_signature};
	return order_write(&order, ret_bulk);
}

void
act_send_order(struct open_act *o)
{
	const struct acts_ports *ports = &o->acts->s.ports;
	struct buf bulk;
	struct json *order = act_order(o, &bulk);
	enum err e = ports->order(ports->arg, order, bulk.p, bulk.len);

	buf_done(&bulk);
	if (e != OK)
		act_end_unsent(o, e,
		    act_is_apart(o) ? "the home's bridge" : "the tools role");
}

static struct json *
start_details(const struct open_act *o)
{
	const struct acts_ports *ports = &o->acts->s.ports;
	const struct slot *t = act_slot(o);
	struct json *v = json_object();
	struct reach reach;
	struct buf b;

	if (act_reach(o, &reach)) {
		buf_init(&b, REACH_TEXT_MAX);
		reach_write(&reach, &b);
		json_put_str(v, "network", b.p);
		buf_done(&b);
	}
	if (t != NULL && slot_manifest(t)->n_folders > 0) {
		buf_init(&b, MANIFEST_FOLDERS_MAX);
		manifest_write_folders(slot_manifest(t), &b);
		json_put_str(v, "folders", b.p);
		buf_done(&b);
	}
	json_put_str(v, "epoch", ports->epoch(ports->arg));
	json_put_str(v, "container", t != NULL ? slot_container(t) : "");
	return v;
}

/* `started` is written: now it happens. */
static void
begin(struct open_act *o)
{
	struct slot *t = act_slot(o);
	struct reach reach;

	if (act_house_function(o) != NULL) {
		act_run_own(o);
		return;
	}
	if (t == NULL || !slot_is_ready(t)) {
		act_end(o, ACT_FAILED, "its container is gone");
		return;
	}
	o->started_ms = clock_boot_ms();
	act_await(o);
	if (act_is_model_call(o))
		act_order_model(o);
	else if (act_reach(o, &reach))
		act_ask_network(o);
	else
		act_send_order(o);
}

/* The intent is on the disk. */
static void
start(void *arg, const char *id)
{
	struct acts *a = arg;
	struct open_act *o = acts_find(a, id);

	if (o == NULL || o->act->state != ACT_INTENT)
		return;
	/* Between its intent and now the house may have been stopped. */
	if (!safety_is_free(judge_safety(a->s.judge)) &&
	    !act_may_while_halted(o)) {
		act_end(o, ACT_FAILED, "the house was stopped before it began");
		return;
	}
	record_post(
	    act_go(o, ACT_STARTED, start_details(o)), false, NULL, NULL, NULL);
	begin(o);
}

/* An act between its spending and its end keeps the container. */
static void
hold_container(struct open_act *o)
{
	struct slot *t = act_slot(o);

	if (t == NULL || o->holds || act_is_apart(o))
		return;
	slot_call_began(t);
	o->holds = true;
}

/* In the same transaction as the intent. */
static void
burn_nonce(struct open_act *o, struct record *r)
{
	struct json *row = json_object();

	json_put_str(row, "nonce", o->act->nonce);
	json_put_str(row, "act", o->act->id);
	record_row(r, ROW_NONCE, row);
}

/* ERR_LIMIT when more lines count it than can be remembered. */
static enum err
charge(struct open_act *o, struct record *r)
{
	struct judge *j = o->acts->s.judge;
	const struct held_grant *grant = NULL;
	struct names labels;
	struct judge_case c;
	struct grant g;
	struct errmsg why;
	enum err e;

	if (o->grant != NULL &&
	    grant_read(o->grant, strlen(o->grant), &g, &why) == OK)
		grant = judge_grant(j, g.id);
	act_case(o, &labels, &c);
	e = judge_charge(j, &c, grant, r, &o->charges);
	if (e == OK && act_is_model_call(o))
		bill_tally(
		    o->acts->s.bill, o->act, act_provider(o), r, &o->charges);
	return e;
}

/* A burned nonce must not come back, nor a use of a grant. */
static bool
needs_durable(const struct open_act *o, bool approved)
{
	return act_intent_of(o->act->effect) == INTENT_DURABLE || approved ||
	    o->grant != NULL;
}

/* Spending: the approval's nonce, what is used and the intent are one
 * transaction. */
static void
spend(struct open_act *o)
{
	bool approved = o->act->state == ACT_APPROVED;
	struct json *details;
	struct record *r;

	if (!act_may_still(o))
		return;
	r = record_new(o->acts->ledger);
	if (charge(o, r) != OK) {
		/* What was counted of it is given back at its end. */
		record_post(r, false, NULL, NULL, NULL);
		act_end(o, ACT_DENIED,
		    "more budgets and rates count it than can be remembered");
		return;
	}
	hold_container(o);
	details = json_object();
	if (approved)
		json_put_str(details, "nonce", o->act->nonce);
	if (o->grant != NULL)
		json_put_str(details, "rule", o->act->rule);
	act_arrow(r, o, ACT_INTENT, details);
	if (approved)
		burn_nonce(o, r);
	if (needs_durable(o, approved)) {
		record_act(r, o->act);
		record_post(r, true, start, o->acts, o->act->id);
		return;
	}
	act_arrow(r, o, ACT_STARTED, start_details(o));
	record_act(r, o->act);
	record_post(r, false, NULL, NULL, NULL);
	begin(o);
}

/* The tools' half of the house begins after ours: it is waited for. */
static void
on_runner_late(void *arg)
{
	struct open_act *o = arg;
	struct slot *t = act_slot(o);

	o->timer = 0;
	if (t != NULL)
		slot_want(t);
}

static bool
tools_are_there(const struct acts *a)
{
	return a->s.ports.epoch(a->s.ports.arg)[0] != '\0';
}

void
act_go_on(struct open_act *o)
{
	struct acts *a = o->acts;
	struct slot *t = act_slot(o);

	/* Halted or in safe mode it stays as it is, until it thaws. */
	if (!safety_is_free(judge_safety(a->s.judge)) &&
	    !act_may_while_halted(o))
		return;
	/* Nor has it a container without the tools role: that comes back. */
	if (!tools_are_there(a) && !act_is_apart(o))
		return;
	if (act_house_function(o) != NULL || (t != NULL && slot_is_ready(t))) {
		if (t == NULL ||
		    trust_has_manifest(a->s.trust, slot_manifest(t)->name,
			&slot_manifest(t)->digest)) {
			spend(o);
			return;
		}
		t = NULL;
	}
	if (act_forbidden(o) != NULL)
		act_end(o, ACT_DENIED, act_forbidden(o));
	else if (t == NULL ||
	    !trust_has_manifest(
		a->s.trust, slot_manifest(t)->name, &slot_manifest(t)->digest))
		act_end(o, ACT_FAILED,
		    "the tool's manifest is not signed by an owner; add it "
		    "with 'durward tool add'");
	else if (!a->s.ports.runner_may_come(a->s.ports.arg))
		slot_want(t);
	else if (o->timer == 0)
		o->timer = loop_timer(a->s.loop,
		    clock_boot_ms() + RUNNER_WAIT_MS, on_runner_late, o);
}

void
acts_each(struct acts *a, const char *tool, enum act_state state,
    void (*fn)(struct open_act *o, const char *why), const char *why)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++) {
		struct open_act *o = a->open[i];
		struct slot *t;

		if (o == NULL || o->act->state != state ||
		    act_house_function(o) != NULL)
			continue;
		t = act_slot(o);
		if (tool == NULL ||
		    (t != NULL && strcmp(slot_manifest(t)->name, tool) == 0))
			fn(o, why);
	}
}

static void
go_on(struct open_act *o, const char *why)
{
	(void)why;
	loop_timer_cancel(o->acts->s.loop, o->timer);
	o->timer = 0;
	act_go_on(o);
}

static void
fail(struct open_act *o, const char *why)
{
	act_end(o, ACT_FAILED, why);
}

/* An order was out when its tool died: did it happen? */
static void
end_in_doubt(struct open_act *o, const char *why)
{
	struct buf text;

	if (act_recovery_of(o->act->effect) != RECOVER_AGAIN) {
		act_end(o, ACT_UNKNOWN, why);
		return;
	}
	buf_init(&text, RESULT_MAX);
	buf_addf(&text, "%s%s", why,
	    o->act->effect != EFFECT_READ ? "; it may have been done" : "");
	act_end(o, ACT_FAILED, text.p);
	buf_done(&text);
}

/* Everything that was ready to go; what a crash left is recovered first. */
static void
go_on_all(struct acts *a, const char *tool)
{
	if (!a->recovered)
		return;
	acts_each(a, tool, ACT_ALLOWED, go_on, NULL);
	acts_each(a, tool, ACT_APPROVED, go_on, NULL);
}

void
acts_tool_ready(struct acts *a, const char *tool)
{
	go_on_all(a, tool);
}

void
acts_runner_ready(struct acts *a)
{
	go_on_all(a, NULL);
}

void
acts_tools_ready(struct acts *a)
{
	if (!a->recovered)
		return;
	acts_ask_anew(a);
	go_on_all(a, NULL);
}

static bool
is_unjudged(const struct open_act *o)
{
	return o->act->state == ACT_PROPOSED || o->act->state == ACT_JUDGED;
}

void
acts_thaw(struct acts *a)
{
	bool asked[ACTS_OPEN_MAX];
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++)
		asked[i] =
		    a->open[i] != NULL && a->open[i]->act->state == ACT_ASKED;
	go_on_all(a, NULL);
	/* Found after a crash, while nothing would have been allowed. */
	for (i = 0; i < ACTS_OPEN_MAX && a->recovered; i++)
		if (a->open[i] != NULL && is_unjudged(a->open[i]))
			act_judge(a->open[i]);
	/* Nobody could answer: the time to do so begins anew. */
	for (i = 0; i < ACTS_OPEN_MAX; i++) {
		if (!asked[i] || a->open[i] == NULL ||
		    a->open[i]->act->state != ACT_ASKED)
			continue;
		a->open[i]->act->until_ms = 0;
		act_ask(a->open[i]);
	}
}

static void
deny(struct open_act *o, const char *why)
{
	act_end(o, ACT_DENIED, why);
}

void
acts_tool_disabled(struct acts *a, const char *tool, const char *why)
{
	acts_each(a, tool, ACT_ASKED, deny, why);
	acts_each(a, tool, ACT_APPROVED, deny, why);
	acts_each(a, tool, ACT_ALLOWED, deny, why);
	acts_each(a, tool, ACT_INTENT, fail, why);
	acts_stop_models(a, tool, why);
}

/* One whose answer waits for the gate's report is as it was answered. */
static void
end_unless_answered(struct open_act *o, const char *why)
{
	if (!act_conclude(o))
		end_in_doubt(o, why);
}

void
acts_tool_failed(struct acts *a, const char *tool, const char *why)
{
	/* Frozen acts did not want it, and without the tools role all wait. */
	if (safety_is_free(judge_safety(a->s.judge)) && tools_are_there(a)) {
		acts_each(a, tool, ACT_ALLOWED, fail, why);
		acts_each(a, tool, ACT_APPROVED, fail, why);
	}
	acts_each(a, tool, ACT_STARTED, end_unless_answered, why);
}

void
act_done(struct open_act *o, const struct done *done)
{
	if (!done->ok && done->late)
		end_in_doubt(o, done->text);
	else
		act_end(o, done->ok ? ACT_DONE : ACT_FAILED, done->text);
}

/* `late`: it is not known whether the tool acted. */
void
acts_on_done(struct acts *a, const char *id, bool ok, bool late, char *text)
{
	const struct done done = {.ok = ok, .late = late, .text = text};
	struct open_act *o = acts_find(a, id);

	if (o == NULL || o->act->state != ACT_STARTED || o->net == NET_ENDING)
		return;
	if (o->net == NET_OPEN)
		act_end_network(o, &done);
	else
		act_done(o, &done);
}

/* ---- After a crash ---- */

/* It was on its way, and nobody knows how far it came: the effect decides
 * whether it may be done again or somebody must be asked. */
static void
recover_lost(struct open_act *o, const char *why)
{
	struct act *a = o->act;

	if (act_conclude(o))
		return; /* It was answered before. */
	loop_timer_cancel(o->acts->s.loop, o->timer);
	o->timer = 0;
	o->started_ms = 0;
	act_close_network(o);
	o->holds = false; /* Its container goes with what was lost. */
	o->charges.n = 0; /* Not given back: it may have been used. */
	if (a->attempt >= ACT_ATTEMPTS_MAX) {
		if (a->state == ACT_INTENT)
			act_end(o, ACT_UNKNOWN, why);
		else
			end_in_doubt(o, why);
		return;
	}
	a->attempt++;
	if (act_recovery_of(a->effect) == RECOVER_ASK) {
		act_ask(o);
		return;
	}
	record_post(act_go(o, ACT_ALLOWED, NULL), false, NULL, NULL, NULL);
	act_go_on(o);
}

static void
recover_of_tools(struct open_act *o, const char *why)
{
	if (!act_is_apart(o))
		recover_lost(o, why);
}

void
acts_tools_lost(struct acts *a)
{
	static const char why[] = "the tools role was restarted each time";

	acts_each(a, NULL, ACT_STARTED, recover_of_tools, why);
}

static void
recover_one(struct open_act *o)
{
	switch (o->act->state) {
	case ACT_PROPOSED:
	case ACT_JUDGED:
		/* Denied now, it could have been done in what was lost. */
		if (safety_is_free(judge_safety(o->acts->s.judge)))
			act_judge(o);
		break;
	case ACT_ASKED:
	case ACT_APPROVED:
		/* A yes dies with the boot that it names. */
		act_ask(o);
		break;
	case ACT_ALLOWED:
		act_go_on(o);
		break;
	case ACT_INTENT:
	case ACT_STARTED:
		/* Its request is gone; who wished it makes another one. */
		if (act_is_model_call(o))
			act_lose_model(o, "the house was restarted");
		else
			recover_lost(o, "the house was restarted each time");
		break;
	default:
		break;
	}
}

void
acts_restore(struct acts *a, struct act *act)
{
	if (acts_take_place(a, act) == NULL)
		log_warn("more acts are open than this version can hold");
}

void
acts_recover(struct acts *a)
{
	size_t i;

	a->recovered = true;
	for (i = 0; i < ACTS_OPEN_MAX; i++)
		if (a->open[i] != NULL)
			recover_one(a->open[i]);
}
