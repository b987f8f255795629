/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "../acts/fixture.h"
#include "crypto/crypto.h"
#include "fake_clock.h"
#include "fake_peers.h"
#include "runs/runs_priv.h"
#include "sys/clock.h"

#define RUN_MINUTES (RUN_MS / 60000)

static char folder[] = "/tmp/durward-runs-XXXXXX";
static struct acts *acts;
static struct runs *runs;

static bool
hears(void *arg, const char *run)
{
	(void)arg;
	(void)run;
	return true;
}

static void
tell_run(void *arg, const struct act *a)
{
	(void)arg;
	told = a->state;
}

static void
port_asked(void *arg, const struct act *a)
{
	(void)arg;
	(void)a;
}

static void
check_setup(void)
{
	struct slot_ports none = {.wait_ms = 1000};
	struct acts_setup as = {.trust = &trust,
	    .boot = RUN,
	    .ports = {.run_hears = hears,
		.run_is_late = port_run_is_late,
		.tell_run = tell_run,
		.run_labels = port_run_labels,
		.house = port_house,
		.asked = port_asked}};
	struct runs_setup rs = {.peers = &fake_peers, .house = port_house};

	crypto_open();
	fake_peers.loop = as.loop = rs.loop = loop_new();
	fixture_open(folder, as.loop);
	as.judge = rs.judge = judge;
	as.slots = rs.slots = slots_new(as.loop, &none);
	acts = acts_new(&as);
	acts_use_ledger(acts, ledger);
	runs = runs_new(&rs);
	runs_use(runs, ledger, acts);
}

static void
open_run_of(const char *principal, const char *goal, int64_t ago_ms)
{
	struct json *row = json_object();

	json_put_str(row, "id", RUN);
	json_put_str(row, "principal", principal);
	json_put_str(row, "goal", goal);
	json_put_int(row, "wall_ms", clock_wall_ms() - ago_ms);
	json_put_str(row, "labels", "");
	REQUIRE(runs_restore(runs, row) == OK);
	json_free(row);
}

static void
open_run(void)
{
	open_run_of("phone", "go on and on", 0);
}

static void
minutes(int n)
{
	for (; n > 0; n--) {
		ahead_s += 60;
		loop_turn(fake_peers.loop, 0);
	}
}

/* Until its end is on the disk. */
static void
await_end(void)
{
	int i;

	for (i = 0; i < 200 && runs_is_open(runs, RUN); i++)
		loop_turn(fake_peers.loop, 50);
	for (i = 0; i < 200 && acts_count(acts, RUN, ACT_STATE_COUNT) > 0 &&
	     told == ACT_STATE_COUNT;
	     i++)
		loop_turn(fake_peers.loop, 50);
}

static char reply[32 * 1024];

static void
note_reply(void *arg, int64_t id, enum err e, const char *page)
{
	(void)arg;
	(void)id;
	if (e == OK)
		snprintf(reply, sizeof(reply), "%s", page);
}

/* What the house says of its runs. */
static const char *
said(void)
{
	int i;

	reply[0] = '\0';
	ledger_read_entries(ledger, RUN, 0, note_reply, NULL, 1);
	for (i = 0; i < 100 && reply[0] == '\0'; i++)
		loop_turn(fake_peers.loop, 50);
	return reply;
}

static bool
is_given_up(void)
{
	return runs_find(runs, RUN) == NULL;
}

TEST(one_act_after_the_other_puts_no_end_off)
{
	struct open_act *o;
	int i;

	open_run();
	for (i = 0; i < RUN_MINUTES - 1; i++) {
		o = fixture_act(acts, ACT_STARTED, "notes.save");
		minutes(1);
		CHECK(!is_given_up());
		act_forget(o);
	}
	o = fixture_act(acts, ACT_STARTED, "notes.save");
	minutes(1);
	CHECK(is_given_up());
	act_forget(o);
	await_end();
	CHECK(strstr(said(), "10 minutes that one goal may") != NULL);
	CHECK_INT(fake_count(MSG_TURN_END), 1);
	fake_forget();
}

TEST(what_waits_for_a_person_is_not_counted)
{
	struct open_act *o;

	open_run();
	minutes(RUN_MINUTES / 2);
	o = fixture_act(acts, ACT_ASKED, "notes.save");
	minutes(24 * 60);
	CHECK(!is_given_up());
	CHECK_INT(o->act->state, ACT_ASKED);
	act_forget(o);
	minutes(RUN_MINUTES / 2 - 1);
	CHECK(!is_given_up());
	minutes(2);
	CHECK(is_given_up());
	await_end();
	fake_forget();
}

TEST(a_halt_is_not_counted)
{
	open_run();
	safety_set(judge_safety(judge), SAFE_CLOCK, true, "");
	minutes(2 * RUN_MINUTES);
	CHECK(!is_given_up());
	safety_set(judge_safety(judge), SAFE_CLOCK, false, "");
	minutes(RUN_MINUTES + 1);
	CHECK(is_given_up());
	await_end();
	fake_forget();
}

TEST(what_has_not_begun_never_does_when_the_run_is_given_up)
{
	open_run();
	fixture_act(acts, ACT_ALLOWED, "notes.save");
	minutes(RUN_MINUTES + 1);
	CHECK(is_given_up());
	await_end();
	CHECK_STR(act_state_name(told), "denied");
	CHECK(strstr(said(), "its run took as long as one goal may") != NULL);
	fake_forget();
}

/* ---- Automations that a kill interrupted ---- */

#define CALL "home.set {\"entity\":\"light.a\"}"

static bool
goes_on(const char *principal, const char *goal, int64_t ago_ms)
{
	bool on;

	open_run_of(principal, goal, ago_ms);
	runs_resume_all(runs);
	on = !is_given_up();
	if (on)
		minutes(RUN_MINUTES + 1);
	await_end();
	fake_forget();
	return on;
}

/* What the judge remembers of the clock. */
static void
machine_started_anew(bool anew)
{
	struct json *row = json_object();

	json_put_str(row, "scope", "box");
	json_put_str(row, "name", "clock");
	json_put_str(row, "value", anew ? "1 1 1 other" : "1 1 1 this");
	REQUIRE(judge_load(judge, ROW_SETTING, row) == OK);
	json_free(row);
}

TEST(an_automation_goes_on_for_so_long_after_its_event)
{
	machine_started_anew(false);
	CHECK(goes_on("automation:a", CALL, 0));
	CHECK(goes_on("automation:a", CALL, AUTOMATION_ACT_MS / 2));
	CHECK(!goes_on("automation:a", CALL, AUTOMATION_ACT_MS + 1));
	CHECK(goes_on("automation:a", "in words", RUN_MS / 2));
	CHECK(!goes_on("automation:a", "in words", RUN_MS + 1));
	CHECK(goes_on("phone", CALL, 24 * 3600 * 1000));
	CHECK(strstr(said(), "This came too late") != NULL);
}

TEST(a_clock_that_nobody_knows_makes_no_automation_go_on)
{
	machine_started_anew(false);
	CHECK(!goes_on("automation:a", CALL, -3600 * 1000));
	machine_started_anew(true);
	CHECK(!goes_on("automation:a", CALL, 0));
	CHECK(goes_on("phone", CALL, 0));
}

TEST(an_automation_grows_old_in_a_halt_and_not_behind_a_question)
{
	struct open_act *o;

	machine_started_anew(false);
	open_run_of("automation:a", CALL, 0);
	o = fixture_act(acts, ACT_ASKED, "notes.save");
	minutes(60);
	runs_resume_all(runs);
	CHECK(!is_given_up());
	act_forget(o);
	safety_set(judge_safety(judge), SAFE_CLOCK, true, "");
	minutes(3);
	runs_resume_all(runs);
	CHECK(is_given_up());
	safety_set(judge_safety(judge), SAFE_CLOCK, false, "");
	await_end();
	fake_forget();
}

TEST(a_signed_call_that_a_kill_kept_from_its_act_is_made_and_no_mind_is_told)
{
	machine_started_anew(false);
	open_run_of("automation:a", "notes.save {}", 0);
	runs_resume_all(runs);
	await_end();
	CHECK(strstr(said(), "there is no tool 'notes'") != NULL);
	CHECK_INT(fake_count(MSG_TURN_START), 0);
	CHECK_INT(fake_count(MSG_ACT_RESULT), 0);
	CHECK_INT(fake_count(MSG_TURN_END), 0);
	fake_forget();
}
