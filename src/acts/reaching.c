/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "acts/acts_priv.h"
#include "base/log.h"
#include "sys/clock.h"
#include "tool/reach.h"

/*
 * What an act reaches over the network.  Its order goes to the gate first;
 * once that has opened what the call may reach, the tools role gets it.  The
 * answer waits until the gate has closed all of it and said what was used.
 */

bool
act_reach(const struct open_act *o, struct reach *ret)
{
	const struct slot *t = act_slot(o);
	struct str args = {o->act->args, strlen(o->act->args)};
	char tool[NAME_MAX_LEN + 1];
	char name[NAME_MAX_LEN + 1];
	const struct manifest_function *f;
	struct errmsg why;

	memset(ret, 0, sizeof(*ret));
	if (t == NULL || tool_name_split(o->act->tool, tool, name) != OK)
		return false;
	f = manifest_function(slot_manifest(t), name);
	return f != NULL &&
	    reach_of_text(slot_manifest(t), f, args, ret, &why) == OK &&
	    ret->n > 0;
}

void
act_ask_network(struct open_act *o)
{
	const struct acts_ports *ports = &o->acts->s.ports;
	struct buf bulk;
	struct json *order = act_order(o, &bulk);
	enum err e = ports->net_order(ports->arg, order, bulk.p, bulk.len);

	buf_done(&bulk);
	if (e == OK)
		o->net = NET_ASKED;
	else
		act_end_unsent(o, e, "the gate");
}

void
act_close_network(struct open_act *o)
{
	const struct acts_ports *ports = &o->acts->s.ports;

	if (o->net == NET_ASKED || o->net == NET_OPEN)
		ports->net_end(ports->arg, o->act->id);
	o->net = NET_NONE;
}

void
acts_on_net_open(struct acts *a, const char *id, bool ok, const char *why)
{
	struct open_act *o = acts_find(a, id);

	if (o == NULL || o->act->state != ACT_STARTED || o->net != NET_ASKED)
		return;
	if (ok) {
		o->net = NET_OPEN;
		act_send_order(o);
		return;
	}
	o->net = NET_NONE;
	o->started_ms = 0;
	act_end(o, ACT_FAILED, why);
}

/* ---- The answer, when nothing is open any more ---- */

static void
conclude(struct open_act *o)
{
	struct done done = o->done;

	o->done.text = NULL;
	o->net = NET_NONE;
	act_done(o, &done);
	free(done.text);
}

static void
on_report_late(void *arg)
{
	struct open_act *o = arg;

	o->timer = 0;
	conclude(o);
}

void
act_end_network(struct open_act *o, const struct done *done)
{
	struct acts *a = o->acts;

	o->done = *done;
	o->done.text = xstrdup(done->text);
	act_close_network(o);
	o->net = NET_ENDING;
	loop_timer_cancel(a->s.loop, o->timer);
	o->timer = loop_timer(
	    a->s.loop, clock_boot_ms() + GATE_REPORT_MS, on_report_late, o);
}

bool
act_conclude(struct open_act *o)
{
	if (o->net != NET_ENDING)
		return false;
	conclude(o);
	return true;
}

/* The gate would fill the log with reports of what nobody called. */
static bool
is_one_too_many(struct acts *a)
{
	int64_t now_ms = clock_boot_ms();

	if (now_ms >= a->late_until_ms) {
		if (a->late > GATE_LATE_MAX)
			log_warn("%d reports of the gate were left out",
			    a->late - GATE_LATE_MAX);
		a->late_until_ms = now_ms + GATE_LATE_MS;
		a->late = 0;
	}
	return ++a->late > GATE_LATE_MAX;
}

/* Of an act that did not wait for it. */
static void
log_alone(struct acts *a, const struct json *used)
{
	struct json *report = reach_report(used);
	struct record *r;

	if (report == NULL || is_one_too_many(a)) {
		json_free(report);
		return;
	}
	r = record_new(a->ledger);
	record_log(r, "network", NULL, NULL, report);
	record_post(r, false, NULL, NULL, NULL);
}

void
acts_on_net_used(struct acts *a, const char *id, const struct json *used)
{
	struct open_act *o = acts_find(a, id);

	if (o == NULL || o->net != NET_ENDING) {
		log_alone(a, used);
		return;
	}
	o->used = reach_report(used);
	conclude(o);
}

void
acts_gate_lost(struct acts *a)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++) {
		struct open_act *o = a->open[i];

		if (o == NULL)
			continue;
		if (o->net == NET_ENDING)
			conclude(o);
		else if (o->net == NET_ASKED)
			acts_on_net_open(
			    a, o->act->id, false, "the gate was restarted");
	}
}
