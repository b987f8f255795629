/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "fake_clock.h"
#include "fixture.h"
#include "roster/roster.h"
#include "sys/clock.h"

static char folder[] = "/tmp/durward-acts-XXXXXX";
static struct loop *loop;
static struct acts *acts;
static char *text; /* That the run was told. */
/* How many orders there were for egress, and what became of each. */
static int n_asked;
static enum err of_order;

/* ---- Ports ---- */

static enum err
port_order(void *arg, struct json *body, const void *bulk, size_t bulk_len)
{
	(void)arg;
	(void)bulk;
	(void)bulk_len;
	json_free(body);
	return OK;
}

static enum err
port_model_order(
    void *arg, struct json *body, const void *bulk, size_t bulk_len)
{
	n_asked++;
	return port_order(arg, body, bulk, bulk_len) == OK ? of_order : OK;
}

static void
port_net_end(void *arg, const char *act)
{
	(void)arg;
	(void)act;
}

static const char *
port_epoch(void *arg)
{
	(void)arg;
	return RUN;
}

static bool
port_runner_may_come(void *arg)
{
	(void)arg;
	return false;
}

static void
port_tell_run(void *arg, const struct act *a)
{
	(void)arg;
	told = a->state;
	free(text);
	text = strdup(a->result);
}

static void
port_run_saw(void *arg, const char *run, const struct names *more)
{
	(void)arg;
	(void)run;
	(void)more;
}

/* ---- The slots: a tool that is never ready, and a provider ---- */

static bool
slot_start(void *arg, const struct manifest *m, struct errmsg *why)
{
	(void)arg;
	(void)m;
	(void)why;
	return true;
}

static void
slot_told(void *arg, const char *tool)
{
	(void)arg;
	(void)tool;
}

static void
slot_said(void *arg, const char *tool, const char *why)
{
	(void)arg;
	(void)tool;
	(void)why;
}

static struct slots *
open_slots(void)
{
	static const char manifest[] =
	    "{\"name\":\"notes\",\"version\":\"1\",\"transport\":"
	    "\"container\",\"kind\":\"call\",\"image\":\"sha256:"
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "\",\"command\":[\"/program\"],\"volume\":false,"
	    "\"functions\":{\"save\":{\"effect\":\"physical\",\"args\":{}}}}";
	static const char provider[] =
	    "{\"name\":\"ollama\",\"version\":\"1\",\"transport\":\"model\","
	    "\"dialect\":\"ollama\",\"place\":\"house\",\"url\":"
	    "\"http://127.0.0.1:11434\",\"models\":[{\"name\":\"tiny\","
	    "\"context\":8192}]}";
	struct slot_ports ports = {.start = slot_start,
	    .stop = slot_told,
	    .ready = slot_told,
	    .failed = slot_said,
	    .pin = slot_said,
	    .wait_ms = 1000};
	struct slots *slots = slots_new(loop, &ports);
	struct errmsg why = {""};
	struct slot *t;

	if (slots_put(slots, manifest, strlen(manifest), &t, &why) != OK ||
	    slots_put(slots, provider, strlen(provider), &t, &why) != OK)
		fatal("%s", why.text);
	return slots;
}

static int n_questions;

static void
port_asked(void *arg, const struct act *a)
{
	(void)arg;
	(void)a;
	n_questions++;
}

static void
check_setup(void)
{
	struct acts_setup s = {.trust = &trust,
	    .boot = RUN,
	    .ports = {.order = port_order,
		.net_order = port_order,
		.net_end = port_net_end,
		.model_order = port_model_order,
		.model_stop = port_net_end,
		.epoch = port_epoch,
		.runner_may_come = port_runner_may_come,
		.run_is_late = port_run_is_late,
		.tell_run = port_tell_run,
		.run_labels = port_run_labels,
		.run_saw = port_run_saw,
		.house = port_house,
		.asked = port_asked}};

	crypto_open();
	s.loop = loop = loop_new();
	fixture_open(folder, loop);
	s.judge = judge;
	s.slots = open_slots();
	s.bill = bill_new(judge, roster_new());
	acts = acts_new(&s);
	acts_use_ledger(acts, ledger);
}

/* An act whose order is out, with its network open. */
static struct open_act *
started(void)
{
	struct open_act *o = fixture_act(acts, ACT_STARTED, "notes.save");

	o->net = NET_OPEN;
	return o;
}

static void
await_end(void)
{
	int i;

	for (i = 0; i < 100 && told == ACT_STATE_COUNT; i++)
		loop_turn(loop, 100);
}

TEST(what_a_tool_answered_is_not_doubted_when_it_ends_before_the_gates_report)
{
	started();
	acts_on_done(acts, ID, true, false, "its answer");
	CHECK_INT(told, ACT_STATE_COUNT); /* It waits for the gate. */
	acts_tool_failed(acts, "notes", "the tool ended");
	await_end();
	CHECK_STR(act_state_name(told), "done");
	CHECK_STR(text, "its answer");
}

TEST(what_a_tool_answered_is_not_doubted_when_the_tools_role_is_lost)
{
	started();
	acts_on_done(acts, ID, true, false, "its answer");
	acts_tools_lost(acts);
	await_end();
	CHECK_STR(act_state_name(told), "done");
	CHECK_STR(text, "its answer");
}

TEST(what_a_tool_did_not_answer_is_doubted_when_it_ends)
{
	started();
	acts_tool_failed(acts, "notes", "the tool ended");
	await_end();
	CHECK_STR(act_state_name(told), "unknown");
	CHECK_STR(text, "the tool ended");
}

/* A name may be longer than the secret whose place it takes. */
TEST(a_result_that_became_longer_is_cut_and_not_lost)
{
	char *longer = malloc(RESULT_MAX + 1001);

	REQUIRE(longer != NULL);
	memset(longer, 'x', RESULT_MAX + 1000);
	longer[RESULT_MAX + 1000] = '\0';
	started()->net = NET_NONE;
	acts_on_done(acts, ID, true, false, longer);
	await_end();
	CHECK_STR(act_state_name(told), "done");
	CHECK_INT(strlen(text), RESULT_MAX);
	started()->net = NET_NONE;
	acts_find(acts, ID)->act->attempt = 2;
	acts_on_done(acts, ID, false, false, longer);
	await_end();
	CHECK_STR(act_state_name(told), "unknown");
	CHECK(strstr(text, "before the crash") != NULL);
	free(longer);
}

/* ---- What the gate reports ---- */

static char *entries;

static void
note_entries(void *arg, int64_t id, enum err e, const char *page)
{
	(void)arg;
	(void)id;
	if (e == OK)
		entries = strdup(page);
}

/* The last entry of this kind, as the log has it; freed by the caller. */
static struct json *
last_entry(const char *kind)
{
	struct json *page = NULL;
	struct json *found = NULL;
	const struct json *m;
	int i;

	free(entries);
	entries = NULL;
	ledger_read_entries(ledger, NULL, 0, note_entries, NULL, 1);
	for (i = 0; i < 100 && entries == NULL; i++)
		loop_turn(loop, 100);
	if (entries == NULL ||
	    json_parse(entries, strlen(entries), &page) != OK)
		return NULL;
	for (m = json_first(json_get(page, "entries")); m != NULL;
	     m = json_next(m)) {
		const char *body = json_words(m, "body");
		struct json *entry = NULL;

		if (json_parse(body, strlen(body), &entry) == OK &&
		    strcmp(json_words(entry, "kind"), kind) == 0) {
			json_free(found);
			found = entry;
		} else {
			json_free(entry);
		}
	}
	json_free(page);
	return found;
}

static struct json *
report(void)
{
	struct json *v = json_object();

	json_put_str(v, "act", "ffff");
	json_put_str(v, "tool", "web");
	return v;
}

TEST(a_report_that_was_withheld_is_logged_as_such)
{
	struct json *used = report();
	struct json *entry;

	json_put_bool(used, "withheld", true);
	acts_on_net_used(acts, "ffff", used);
	entry = last_entry("network");
	REQUIRE(entry != NULL);
	CHECK_STR(json_words(entry, "of"), "ffff");
	CHECK(json_flag(entry, "withheld"));
	json_free(entry);
	json_free(used);
}

TEST(an_entry_has_no_member_of_the_gates_choice)
{
	struct json *used = report();
	struct json *hosts = json_array();
	struct json *entry;

	json_push(hosts, json_string("news.test:443"));
	json_put(used, "used", hosts);
	json_put_str(used, "run", RUN);
	json_put_str(used, "rule", "box:1:everything");
	json_put_str(used, "verdict", "allow");
	acts_on_net_used(acts, "ffff", used);
	entry = last_entry("network");
	REQUIRE(entry != NULL);
	CHECK_INT(json_count(json_get(entry, "used")), 1);
	CHECK(json_get(entry, "run") == NULL);
	CHECK(json_get(entry, "rule") == NULL);
	CHECK(json_get(entry, "verdict") == NULL);
	json_free(entry);
	json_free(used);
}

/* As a gate would that was taken over. */
TEST(a_report_that_is_too_large_is_withheld)
{
	char *host = malloc(LANE_BODY_MAX);
	struct json *used = report();
	struct json *hosts = json_array();
	struct json *entry;

	REQUIRE(host != NULL);
	memset(host, 'h', LANE_BODY_MAX - 1024);
	host[LANE_BODY_MAX - 1024] = '\0';
	json_push(hosts, json_string(host));
	json_put(used, "used", hosts);
	acts_on_net_used(acts, "ffff", used);
	entry = last_entry("network");
	REQUIRE(entry != NULL);
	CHECK(json_flag(entry, "withheld"));
	json_free(entry);
	started();
	acts_on_done(acts, ID, true, false, "its answer");
	acts_on_net_used(acts, ID, used);
	await_end();
	CHECK_STR(act_state_name(told), "done");
	entry = last_entry("done");
	REQUIRE(entry != NULL);
	CHECK(json_flag(json_get(entry, "network"), "withheld"));
	json_free(entry);
	json_free(used);
	free(host);
}

TEST(a_flood_of_reports_leaves_only_so_many_entries)
{
	uint64_t before = ledger_head(ledger)->size;
	struct json *used = report();
	int i;

	json_put_bool(used, "withheld", true);
	for (i = 0; i < 2 * STORE_QUEUE_MAX; i++)
		acts_on_net_used(acts, "ffff", used);
	for (i = 0; i < 20; i++)
		loop_turn(loop, 20);
	CHECK(ledger_head(ledger)->size > before);
	CHECK(ledger_head(ledger)->size <= before + GATE_LATE_MAX);
	json_free(used);
}

/* ---- Orders to egress ---- */

static struct open_act *
asking_a_model(enum err of)
{
	struct open_act *o =
	    fixture_act(acts, ACT_STARTED, "model.house.ollama");

	o->started_ms = clock_boot_ms();
	of_order = of;
	n_asked = 0;
	act_order_model(o);
	return o;
}

static void
later(int64_t ms)
{
	ahead_s += ms / 1000 + 1;
	loop_turn(loop, 0);
}

TEST(an_order_that_is_too_large_ends_its_act_at_once_and_says_what_to_do)
{
	asking_a_model(ERR_LIMIT);
	await_end();
	CHECK_STR(act_state_name(told), "failed");
	CHECK(strstr(text, "egress takes no order as large") != NULL);
	CHECK(strstr(text, "shorter arguments") != NULL);
	CHECK_INT(n_asked, 1);
}

TEST(an_order_waits_for_a_lane_that_is_full)
{
	asking_a_model(ERR_BUSY);
	later(MODEL_ORDER_AGAIN_MS);
	CHECK_INT(n_asked, 2);
	CHECK_INT(told, ACT_STATE_COUNT);
	of_order = OK;
	later(MODEL_ORDER_AGAIN_MS);
	CHECK_INT(n_asked, 3);
	/* From here on an answer is waited for, and nothing is sent again. */
	later(2 * MODEL_ORDER_WAIT_MS);
	CHECK_INT(n_asked, 3);
	CHECK_INT(told, ACT_STATE_COUNT);
	later(MODEL_CALL_MS + CALL_GRACE_MS);
	await_end();
	CHECK_STR(act_state_name(told), "unknown");
	CHECK_STR(text, "egress did not answer");
}

TEST(an_order_does_not_wait_for_ever_and_says_for_whom_it_did)
{
	asking_a_model(ERR_BUSY);
	later(MODEL_ORDER_WAIT_MS);
	await_end();
	CHECK_STR(act_state_name(told), "failed");
	CHECK(strstr(text, "egress does not keep up") != NULL);
	asking_a_model(ERR_CLOSED);
	later(MODEL_ORDER_WAIT_MS);
	await_end();
	CHECK_STR(act_state_name(told), "failed");
	CHECK(strstr(text, "egress is away") != NULL);
}

/* ---- A run is stopped ---- */

TEST(a_stop_ends_what_has_not_begun_and_asks_no_model_further)
{
	static const struct {
		enum act_state from;
		const char *tool;
		const char *to;
	} cases[] = {{ACT_ASKED, "notes.save", "denied"},
	    {ACT_APPROVED, "notes.save", "denied"},
	    {ACT_ALLOWED, "notes.save", "denied"},
	    {ACT_INTENT, "notes.save", "failed"},
	    {ACT_STARTED, "model.house.ollama", "failed"}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		CASE(act_state_name(cases[i].from));
		fixture_act(acts, cases[i].from, cases[i].tool);
		acts_stop_run(acts, RUN, "stopped by console");
		await_end();
		CHECK_STR(act_state_name(told), cases[i].to);
		CHECK_STR(text, "stopped by console");
	}
}

TEST(what_a_tool_has_begun_it_ends_when_its_run_is_stopped)
{
	started();
	acts_stop_run(acts, RUN, "stopped by console");
	loop_turn(loop, 0);
	CHECK_INT(told, ACT_STATE_COUNT);
	acts_on_done(acts, ID, true, false, "its answer");
	await_end();
	CHECK_STR(act_state_name(told), "done");
}

TEST(what_rules_alone_allowed_is_denied_and_what_a_person_agreed_to_is_not)
{
	static const enum act_state others[] = {
	    ACT_ASKED, ACT_APPROVED, ACT_INTENT, ACT_STARTED};
	size_t i;

	fixture_act(acts, ACT_ALLOWED, "notes.save");
	acts_deny_allowed(acts, RUN, "it comes too late");
	await_end();
	CHECK_STR(act_state_name(told), "denied");
	CHECK_STR(text, "it comes too late");
	for (i = 0; i < ARRAY_LEN(others); i++) {
		struct open_act *o = fixture_act(acts, others[i], "notes.save");

		CASE(act_state_name(others[i]));
		acts_deny_allowed(acts, RUN, "it comes too late");
		loop_turn(loop, 0);
		CHECK_INT(told, ACT_STATE_COUNT);
		CHECK_INT(o->act->state, others[i]);
		act_forget(o);
	}
}

/* ---- A house that goes on ---- */

TEST(what_a_crash_left_is_asked_once_when_the_house_goes_on)
{
	static const char rules[] = "ask all effect=physical\n";
	struct errmsg why = {""};
	struct open_act *o;

	REQUIRE(judge_put_policy(judge, "box", 1, rules, &why) == OK);
	acts_recover(acts);
	o = fixture_act(acts, ACT_PROPOSED, "notes.save");
	n_questions = 0;
	acts_thaw(acts);
	CHECK_STR(act_state_name(o->act->state), "asked");
	CHECK_INT(n_questions, 1);
	/* What waited before has its time anew. */
	acts_thaw(acts);
	CHECK_INT(n_questions, 2);
	acts_stop_run(acts, RUN, "stopped by console");
	await_end();
}

/* Judged before the crash, and not spent. */
static struct open_act *
left_allowed(int attempt)
{
	struct open_act *o = fixture_act(acts, ACT_ALLOWED, "lamp.on");

	o->act->attempt = attempt;
	return o;
}

TEST(what_comes_too_late_is_not_allowed_any_more)
{
	late = true;
	CHECK(!act_may_still(left_allowed(1)));
	await_end();
	CHECK_STR(act_state_name(told), "denied");
	CHECK(!act_may_still(left_allowed(2)));
	await_end();
	CHECK_STR(act_state_name(told), "unknown");
	late = false;
}
