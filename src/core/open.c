/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "core/core_priv.h"
#include "sys/clock.h"
#include "sys/file.h"

/* What the core reads before it confines itself, and what it is made of. */

#define DATABASE "/state/durward.db"
#define STAND_IN "/state/stand-in.db"
#define FIRST_POLICY "/state/policy"

static enum err
load_act(struct core *c, const struct json *row)
{
	struct act *a;
	enum err e = ledger_act_of_row(row, &a);

	if (e == OK)
		acts_restore(c->acts, a);
	return e;
}

struct json *
box_setting(const char *name, const char *value)
{
	struct json *row = json_object();

	json_put_str(row, "scope", "box");
	json_put_str(row, "name", name);
	json_put_str(row, "value", value);
	return row;
}

/* The box's own, by name. */
static void
load_of_box(struct core *c, const char *name, const struct json *row)
{
	const char *value = json_words(row, "value");

	if (strcmp(name, "trust") == 0)
		snprintf(c->trust_digest, sizeof(c->trust_digest), "%s", value);
	else if (strcmp(name, "web") == 0)
		web_load(c, row);
	else if (strcmp(name, "forgiven") == 0)
		c->audit_forgiven = strtoull(value, NULL, 10);
}

/* Others choose the names of theirs, automations among them. */
static void
load_setting(struct core *c, const struct json *row)
{
	const char *name = json_words(row, "name");
	const char *scope = json_words(row, "scope");
	bool is_yes = strcmp(json_words(row, "value"), "yes") == 0;

	if (strcmp(name, "exempt") != 0 && strcmp(scope, "box") == 0)
		load_of_box(c, name, row);
	else if (strcmp(name, "exempt") != 0)
		rules_load_model(c->rules, row);
	else if (tooling_set_exempt(c->tooling, scope, is_yes) != OK)
		log_warn("more tools are exempt than this version can hold");
}

static enum err
load_row(void *arg, enum ledger_row table, const struct json *row)
{
	struct core *c = arg;

	switch (table) {
	case ROW_RUN:
		return runs_restore(c->runs, row);
	case ROW_ACT:
		return load_act(c, row);
	case ROW_ACTED:
		runs_acted(
		    c->runs, json_words(row, "run"), json_int(row, "step", 0));
		return OK;
	case ROW_SETTING:
		load_setting(c, row);
		care_load(c->care, row);
		notices_load(c->notices, row);
		notify_load(c->notify, row);
		heralds_load(c->heralds, row);
		devices_load(c->devices, row);
		break;
	default:
		break;
	}
	automations_load(c->automations, table, row);
	tooling_load(c->tooling, table, row);
	return judge_load(c->judge, table, row);
}

/* The first start: the file that `durward init` left is version 1. */
static void
take_first_policy(struct core *c)
{
	struct errmsg why = {""};
	struct buf text;

	if (judge_policy(c->judge, "box") != NULL)
		return;
	buf_init(&text, POLICY_BYTES_MAX);
	if (file_read(FIRST_POLICY, &text) != OK)
		err_say(&why, ERR_NOTFOUND,
		    "there is no policy; 'durward init' writes one");
	else if (judge_put_policy(c->judge, "box", 1, text.p, &why) == OK)
		rules_write_first(c->rules);
	buf_done(&text);
	if (judge_policy(c->judge, "box") == NULL)
		safety_set(judge_safety(c->judge), SAFE_POLICY, true, why.text);
}

static enum fact
fact(void *arg, const char *name)
{
	const struct core *c = arg;

	if (strcmp(name, "limits") == 0)
		return tooling_runner(c->tooling)->has_limits ? FACT_TRUE
							      : FACT_FALSE;
	if (strcmp(name, "runner") == 0)
		return tooling_runner(c->tooling)->ready ? FACT_TRUE
							 : FACT_FALSE;
	return FACT_UNKNOWN;
}

/* ---- The ports of the acts ---- */

static enum err
port_order(void *arg, struct json *body, const void *bulk, size_t bulk_len)
{
	struct core *c = arg;

	/* Of the home? */
	if (strncmp(json_words(body, "tool"), HOME_TOOL ".",
		sizeof(HOME_TOOL)) == 0) {
		const struct act *a =
		    acts_open(c->acts, json_words(body, "act"));

		if (a != NULL)
			automations_ordered(c->automations, a);
		return peers_send_bulk(c->peers, ROLE_BRIDGE, MSG_HOME_ORDER,
		    body, bulk, bulk_len);
	}
	return peers_send_bulk(
	    c->peers, ROLE_TOOLS, MSG_ACT_ORDER, body, bulk, bulk_len);
}

static enum err
port_net_order(void *arg, struct json *body, const void *bulk, size_t bulk_len)
{
	struct core *c = arg;

	return peers_send_bulk(
	    c->peers, ROLE_GATE, MSG_NET_ORDER, body, bulk, bulk_len);
}

static void
port_net_end(void *arg, const char *act)
{
	struct core *c = arg;
	struct json *body = json_object();

	json_put_str(body, "act", act);
	peers_send(c->peers, ROLE_GATE, MSG_NET_END, body);
}

static enum err
port_model_order(
    void *arg, struct json *body, const void *bulk, size_t bulk_len)
{
	struct core *c = arg;

	return peers_send_bulk(
	    c->peers, ROLE_EGRESS, MSG_MODEL_ORDER, body, bulk, bulk_len);
}

static void
port_model_stop(void *arg, const char *act)
{
	struct core *c = arg;
	struct json *body = json_object();

	json_put_str(body, "act", act);
	peers_send(c->peers, ROLE_EGRESS, MSG_MODEL_STOP, body);
}

static const char *
port_epoch(void *arg)
{
	const struct core *c = arg;

	return c->tools_epoch;
}

static bool
port_runner_may_come(void *arg)
{
	const struct core *c = arg;

	return tooling_runner_may_come(c->tooling);
}

static bool
port_run_hears(void *arg, const char *run)
{
	struct core *c = arg;

	return runs_hears(c->runs, run);
}

static bool
port_run_is_late(void *arg, const struct act *a)
{
	struct core *c = arg;

	return runs_is_late(c->runs, a);
}

static void
port_tell_run(void *arg, const struct act *a)
{
	struct core *c = arg;

	if (a->state == ACT_DONE && strncmp(a->tool, "model.", 6) == 0)
		runs_answered(c->runs, a->run, a->step);
	runs_tell_result(c->runs, a->run, a->step,
	    a->lost ? "lost" : act_state_name(a->state), a->result);
}

static void
port_run_labels(void *arg, const char *run, struct names *ret)
{
	struct core *c = arg;

	runs_labels(c->runs, run, ret);
}

static void
port_run_saw(void *arg, const char *run, const struct names *more)
{
	struct core *c = arg;

	runs_saw(c->runs, run, more);
}

static void
port_answer(void *arg, int64_t request)
{
	struct core *c = arg;

	request_answer(&c->requests, request, json_object());
}

static void
port_asked(void *arg, const struct act *a)
{
	struct core *c = arg;

	notices_asked(c->notices, a);
}

static void
open_acts(struct core *c)
{
	struct acts_setup s = {.loop = c->loop,
	    .slots = tooling_slots(c->tooling),
	    .judge = c->judge,
	    .trust = &c->trust,
	    .bill = c->bill,
	    .boot = peers_boot(c->peers),
	    .ports = {.arg = c,
		.order = port_order,
		.net_order = port_net_order,
		.net_end = port_net_end,
		.model_order = port_model_order,
		.model_stop = port_model_stop,
		.epoch = port_epoch,
		.runner_may_come = port_runner_may_come,
		.run_hears = port_run_hears,
		.run_is_late = port_run_is_late,
		.tell_run = port_tell_run,
		.run_labels = port_run_labels,
		.run_saw = port_run_saw,
		.answer = port_answer,
		.house = house_function,
		.asked = port_asked}};

	c->acts = acts_new(&s);
}

/* The goal is on the disk. */
static void
port_started(void *arg, int64_t request, const char *run)
{
	struct core *c = arg;
	struct json *v = json_object();

	json_put_str(v, "run", run);
	request_answer(&c->requests, request, v);
}

static const char *
port_asker(void *arg, const char *client)
{
	const struct core *c = arg;

	return memories_asker(c->memories, client);
}

static void
open_memories(struct core *c)
{
	struct memories_setup s = {.trust = &c->trust,
	    .acts = c->acts,
	    .runs = c->runs,
	    .requests = &c->requests};

	c->memories = memories_new(&s);
}

/* The home's manifest while an owner trusts it. */
static const struct manifest *
port_accepted(void *arg)
{
	struct core *c = arg;
	const struct slot *t = slots_find(tooling_slots(c->tooling), HOME_TOOL);

	return t != NULL && tooling_trusts(c->tooling, t) ? slot_manifest(t)
							  : NULL;
}

static void
open_devices(struct core *c)
{
	struct devices_setup s = {.acts = c->acts,
	    .requests = &c->requests,
	    .accepted = port_accepted,
	    .arg = c};

	c->devices = devices_new(&s);
}

static void
open_runs(struct core *c)
{
	struct runs_setup s = {.peers = c->peers,
	    .loop = c->loop,
	    .judge = c->judge,
	    .slots = tooling_slots(c->tooling),
	    .roster = c->roster,
	    .bill = c->bill,
	    .house = house_function,
	    .house_at = house_function_at,
	    .arg = c,
	    .asker = port_asker,
	    .home = c->devices,
	    .put_home = devices_put_view,
	    .choose = devices_choose,
	    .started = port_started};

	c->runs = runs_new(&s);
}

static void
open_tooling(struct core *c)
{
	struct tooling_setup s = {
	    .requests = &c->requests, .loop = c->loop, .trust = &c->trust};

	c->tooling = tooling_new(&s);
}

static void
port_told(void *arg, const char *client)
{
	struct core *c = arg;

	notify_tell(c->notify, client);
}

static void
open_notices(struct core *c)
{
	struct notices_setup s = {.arg = c,
	    .told = port_told,
	    .loop = c->loop,
	    .judge = c->judge,
	    .trust = &c->trust,
	    .acts = c->acts,
	    .requests = &c->requests};

	c->notices = notices_new(&s);
}

static void
port_go_on(void *arg)
{
	safety_go_on(arg);
}

static void
open_rules(struct core *c)
{
	struct rules_setup s = {.requests = &c->requests,
	    .trust = &c->trust,
	    .judge = c->judge,
	    .slots = tooling_slots(c->tooling),
	    .roster = c->roster,
	    .acts = c->acts,
	    .runs = c->runs,
	    .arg = c,
	    .house_at = house_function_at,
	    .go_on = port_go_on};

	c->rules = rules_new(&s);
}

static void
open_automations(struct core *c)
{
	struct automations_setup s = {.loop = c->loop,
	    .judge = c->judge,
	    .trust = &c->trust,
	    .requests = &c->requests,
	    .runs = c->runs,
	    .devices = c->devices};

	c->automations = automations_new(&s);
}

static void
open_heralds(struct core *c)
{
	struct heralds_setup s = {.peers = c->peers,
	    .loop = c->loop,
	    .requests = &c->requests,
	    .judge = c->judge,
	    .acts = c->acts,
	    .runs = c->runs,
	    .rules = c->rules,
	    .tooling = c->tooling};

	c->heralds = heralds_new(&s);
}

static void
open_notify(struct core *c)
{
	struct notify_setup s = {
	    .requests = &c->requests, .trust = &c->trust, .judge = c->judge};

	c->notify = notify_new(&s);
}

static void
remove_stand_in(void)
{
	static const char *const ends[] = {"", "-wal", "-shm", ".reserve"};
	char path[64];
	size_t i;

	for (i = 0; i < ARRAY_LEN(ends); i++) {
		snprintf(path, sizeof(path), STAND_IN "%s", ends[i]);
		if (file_remove(path) != OK)
			log_warn("%s cannot be removed", path);
	}
}

/* A database that is damaged is left as it is, for who restores or examines
 * it; an empty one stands in, so that the house can say what is wrong.  It
 * does nothing else. */
static void
open_without(
    struct core *c, const struct ledger_load *load, const struct errmsg *damage)
{
	struct errmsg why = {""};

	log_err("%s", damage->text);
	safety_set(judge_safety(c->judge), SAFE_DATABASE, true, damage->text);
	if (ledger_open(STAND_IN, c->loop, load, &c->ledger, &why) != OK)
		fatal("%s", why.text);
}

/* The core of the house before may not have come to its end. */
static enum err
open_ledger(struct core *c, const struct ledger_load *load, struct errmsg *why)
{
	int64_t until_ms = clock_boot_ms() + HOUSE_BEFORE_MS;
	struct timespec pause = {.tv_nsec = HOUSE_BEFORE_TRY_MS * 1000000L};
	enum err e;

	while ((e = ledger_open(DATABASE, c->loop, load, &c->ledger, why)) ==
		ERR_BUSY &&
	    clock_boot_ms() < until_ms)
		nanosleep(&pause, NULL);
	return e;
}

void
core_open_ledger(struct core *c)
{
	const char *kernel = peers_setting(c->peers, "kernel");
	struct judge_setup setup = {.trust = &c->trust,
	    .kernel = kernel != NULL ? kernel : "",
	    .arg = c,
	    .fact = fact};
	struct care_setup care = {.loop = c->loop, .requests = &c->requests};
	const char *card = peers_setting(c->peers, "card");
	struct ledger_load load = {.arg = c, .row = load_row};
	struct errmsg why = {""};
	enum err e;

	c->judge = judge_new(&setup);
	c->roster = roster_new();
	c->bill = bill_new(c->judge, c->roster);
	c->requests.peers = c->peers;
	open_tooling(c);
	open_acts(c);
	open_devices(c);
	open_runs(c);
	open_memories(c);
	open_notices(c);
	open_rules(c);
	open_notify(c);
	open_heralds(c);
	open_automations(c);
	care.judge = c->judge;
	care.spare_card = load.spare_card = card != NULL;
	c->care = care_new(&care);
	remove_stand_in();
	e = open_ledger(c, &load, &why);
	if (e == ERR_CORRUPT)
		open_without(c, &load, &why);
	else if (e != OK)
		fatal("%s", why.text);
	c->requests.ledger = c->ledger;
	tooling_use(c->tooling, c->acts, e == OK);
	acts_use_ledger(c->acts, c->ledger);
	memories_use_ledger(c->memories, c->ledger);
	runs_use(c->runs, c->ledger, c->acts);
	c->past = (struct past){c->ledger, c->runs, &c->requests};
	judge_watch_clock(c->judge);
	take_first_policy(c);
	care_use(c->care, c->ledger);
}
