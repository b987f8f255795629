/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "acts/acts_priv.h"
#include "base/log.h"
#include "sys/clock.h"

/*
 * A call of a model: its order goes to egress, which has the request from the
 * mind.  What came back is the mind's affair; here it ends with how much it
 * was.  A call that was lost has failed, whatever its effect: whoever wished
 * it has the question, and is told once egress is back to be asked.
 */

void
act_end_unsent(struct open_act *o, enum err e, const char *role)
{
	char text[128];

	snprintf(text, sizeof(text), "%s %s", role,
	    e == ERR_LIMIT
		? "takes no order as large as this one; use shorter arguments"
		: e == ERR_BUSY ? "does not keep up with its orders; try again"
				: "is away; try again");
	o->started_ms = 0;
	act_end(o, ACT_FAILED, text);
}

static enum err
send_order(struct open_act *o)
{
	const struct acts_ports *ports = &o->acts->s.ports;
	struct buf bulk;
	struct json *order = act_order(o, &bulk);
	enum err e;

	json_put_str(order, "run", o->act->run);
	json_put_int(order, "step", o->act->step);
	e = ports->model_order(ports->arg, order, bulk.p, bulk.len);
	buf_done(&bulk);
	return e;
}

static void
on_order_again(void *arg)
{
	struct open_act *o = arg;

	o->timer = 0;
	act_order_model(o);
}

/* A full lane is tried again; an absent egress ends it (acts_egress_ready). */
void
act_order_model(struct open_act *o)
{
	int64_t now_ms = clock_boot_ms();
	enum err e = send_order(o);

	o->unsent = e != OK;
	if (e == OK) {
		act_await(o);
	} else if (e == ERR_LIMIT ||
	    now_ms >= o->started_ms + MODEL_ORDER_WAIT_MS) {
		act_end_unsent(o, e, "egress");
	} else {
		loop_timer_cancel(o->acts->s.loop, o->timer);
		o->timer = loop_timer(o->acts->s.loop,
		    now_ms + MODEL_ORDER_AGAIN_MS, on_order_again, o);
	}
}

void
act_lose_model(struct open_act *o, const char *why)
{
	if (o->unsent)
		o->started_ms = 0; /* It never began. */
	o->act->lost = true;
	act_end(o, ACT_FAILED, why);
}

void
act_stop_model(struct open_act *o)
{
	const struct acts_ports *ports = &o->acts->s.ports;

	if (act_is_model_call(o) && o->act->state == ACT_STARTED &&
	    o->used == NULL)
		ports->model_stop(ports->arg, o->act->id);
}

/* Numbers, and the digest of the answer: its words are not told here. */
static struct json *
details_of(const struct json *said)
{
	static const char *const numbers[] = {
	    "status", "sent", "received", "tries", "first_ms", "ms"};
	const char *sha256 = json_words(said, "sha256");
	struct json *v = json_object();
	struct digest d;
	size_t i;

	for (i = 0; i < ARRAY_LEN(numbers); i++)
		json_put_int(v, numbers[i], json_int(said, numbers[i], 0));
	if (digest_read(sha256, strlen(sha256), &d) == OK)
		json_put_str(v, "sha256", sha256);
	return v;
}

/* Of one that was stopped: did egress come to send it? */
static void
hear_late(struct acts *a, const struct json *said)
{
	struct record *r = record_new(a->ledger);

	if (bill_hear(a->s.bill, json_words(said, "act"), said, r))
		record_post(r, false, NULL, NULL, NULL);
	else
		record_drop(r);
}

void
acts_on_model_done(struct acts *a, const struct json *said)
{
	struct open_act *o = acts_find(a, json_words(said, "act"));
	const char *why = json_words(said, "why");

	if (o == NULL || o->act->state != ACT_STARTED ||
	    !act_is_model_call(o)) {
		hear_late(a, said);
		return;
	}
	o->used = details_of(said);
	act_end(o, json_flag(said, "ok") ? ACT_DONE : ACT_FAILED, why);
}

static void
lose(struct open_act *o, const char *why)
{
	if (act_is_model_call(o))
		act_lose_model(o, why);
}

void
acts_egress_ready(struct acts *a)
{
	acts_each(a, NULL, ACT_STARTED, lose,
	    "egress was restarted in the middle of the call");
}

static void
end_call(struct open_act *o, const char *why)
{
	if (!act_is_model_call(o))
		return;
	if (o->unsent)
		o->started_ms = 0; /* It never began. */
	act_end(o, ACT_FAILED, why);
}

void
acts_stop_models(struct acts *a, const char *provider, const char *why)
{
	acts_each(a, provider, ACT_STARTED, end_call, why);
}

static void
stop(struct open_act *o, const char *why)
{
	enum act_state s = o->act->state;

	if (s == ACT_ASKED || s == ACT_APPROVED || s == ACT_ALLOWED)
		act_end(o, ACT_DENIED, why);
	else if (s == ACT_INTENT) /* Being written; nothing was sent. */
		act_end(o, ACT_FAILED, why);
	else if (s == ACT_STARTED)
		end_call(o, why);
}

void
acts_stop_run(struct acts *a, const char *run, const char *why)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++)
		if (a->open[i] != NULL &&
		    strcmp(a->open[i]->act->run, run) == 0)
			stop(a->open[i], why);
}

void
acts_deny_allowed(struct acts *a, const char *run, const char *why)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++)
		if (a->open[i] != NULL &&
		    a->open[i]->act->state == ACT_ALLOWED &&
		    strcmp(a->open[i]->act->run, run) == 0)
			act_end(a->open[i], ACT_DENIED, why);
}
