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

static bool
is_something(const struct json *used)
{
	return json_flag(used, "withheld") ||
	    json_count(json_get(used, "used")) > 0 ||
	    json_count(json_get(used, "refused")) > 0;
}

static void
copy_list(struct json *to, const struct json *from, const char *name)
{
	const struct json *list = json_get(from, name);

	if (json_is_array(list) && json_count(list) <= GATE_SEEN_MAX)
		json_put(to, name, json_copy(list));
}

/* What a report says and nothing else: its words are the gate's, and those of
 * an entry the core's. */
static struct json *
name_members(const struct json *used)
{
	struct json *v = json_object();

	json_put_str(v, "of", json_words(used, "act"));
	json_put_str(v, "tool", json_words(used, "tool"));
	if (json_flag(used, "withheld"))
		json_put_bool(v, "withheld", true);
	copy_list(v, used, "used");
	copy_list(v, used, "refused");
	json_put_int(v, "more", json_int(used, "more", 0));
	return v;
}

/* More than an entry holds would be the end of the house. */
static struct json *
details_of(const struct json *used)
{
	struct json *v = name_members(used);
	struct buf b;

	buf_init(&b, GATE_REPORT_MAX);
	json_canonical(v, &b);
	if (b.overflow) {
		json_free(v);
		v = json_object();
		json_put_bool(v, "withheld", true);
	}
	buf_done(&b);
	return v;
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
	struct record *r;

	if (!is_something(used) || is_one_too_many(a))
		return;
	r = record_new(a->ledger);
	record_log(r, "network", NULL, NULL, details_of(used));
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
	if (is_something(used))
		o->used = details_of(used);
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
