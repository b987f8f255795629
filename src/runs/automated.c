/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "offline/offline.h"
#include "origin/origin.h"
#include "runs/runs_priv.h"
#include "sys/clock.h"

/* Runs that an automation begins. */

/* No client's name has a colon. */
static bool
is_automation(const char *principal)
{
	return strncmp(principal, AUTOMATION_PRINCIPAL,
		   strlen(AUTOMATION_PRINCIPAL)) == 0;
}

bool
run_is_automated(const struct run *run)
{
	return is_automation(run->principal);
}

/* ---- When it is too late ---- */

void
run_set_off(struct run *run, int64_t ago_ms)
{
	struct offline_call c;
	int64_t may_ms;

	run->is_signed =
	    run_is_automated(run) && offline_call(run->goal, &c) == OK;
	may_ms = run->is_signed ? AUTOMATION_ACT_MS : RUN_MS;
	/* From the future: the clock was set back by nobody knows how much. */
	run->late_ms = ago_ms >= 0 ? clock_boot_ms() + may_ms - ago_ms : 0;
}

bool
run_is_outdated(const struct run *run)
{
	return run_is_automated(run) && clock_boot_ms() >= run->late_ms;
}

bool
runs_is_late(struct runs *rs, const struct act *a)
{
	const struct run *run = runs_find(rs, a->run);

	if (!is_automation(a->principal))
		return false;
	return run == NULL || run_is_outdated(run);
}

/* ---- One call that was signed ---- */

void
run_act_signed(struct run *run)
{
	struct json *proposal = json_object();
	struct offline_call c;
	struct buf origins;

	if (offline_call(run->goal, &c) != OK)
		fatal("run %s is no call", run->id);
	json_put_int(proposal, "step", 0);
	json_put_str(proposal, "tool", c.tool);
	json_put_str(proposal, "args", c.args);
	buf_init(&origins, GOAL_MAX);
	origins_of_person(c.args, &origins);
	json_put_str(proposal, "origins", origins.p);
	buf_done(&origins);
	run_propose(run->runs, run, proposal);
	json_free(proposal);
}

void
run_end_signed(struct run *run, const char *state, const char *text)
{
	struct buf b;

	if (run->over)
		return;
	buf_init(&b, RESULT_MAX + 256);
	offline_say_end(state, text != NULL ? text : "", &b);
	run_end(run->runs, run, b.p, strcmp(state, "done") == 0, NULL);
	buf_done(&b);
}

void
run_resume_signed(struct run *run, const struct json *acts)
{
	const struct json *act = json_first(acts);

	if (run->acted == 0)
		run_act_signed(run);
	else if (acts_count(run->runs->acts, run->id, ACT_STATE_COUNT) == 0)
		run_end_signed(run,
		    act != NULL ? json_words(act, "state") : "unknown",
		    act != NULL ? json_words(act, "text") : "");
}

enum err
runs_automate(struct runs *rs, const struct automated *a,
    char ret_run[TOKEN_SIZE], struct errmsg *why)
{
	char principal[NAME_MAX_LEN + 1];
	struct run_wish w = {.client = a->client,
	    .goal = a->goal,
	    .models = "",
	    .session = "",
	    .principal = principal};
	struct json *details;
	struct record *r;
	struct run *run;
	enum err e;

	snprintf(principal, sizeof(principal), AUTOMATION_PRINCIPAL "%.32s",
	    a->name);
	e = run_open(rs, &w, &run, why);
	if (e != OK)
		return e;
	run_set_off(run, 0);
	details = run_details(run);
	json_put_str(details, "client", a->client);
	json_put_str(details, "cause", a->cause);
	json_put_int(details, "version", a->version);
	json_put_int(details, "hops", a->hops);
	r = record_new(rs->ledger);
	run_begin(run, details, r);
	memcpy(ret_run, run->id, TOKEN_SIZE);
	record_post(r, !run->is_signed, run->is_signed ? NULL : run_started, rs,
	    run->id);
	/* Its act waits for the disk where its effect demands that. */
	if (run->is_signed)
		run_act_signed(run);
	return OK;
}
