/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "offline/offline.h"
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
	int64_t may_ms =
	    offline_call(run->goal, &c) == OK ? AUTOMATION_ACT_MS : RUN_MS;

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

/* ---- What it may do ---- */

/* A mind that was taken over would have each of them for what it likes. */
enum err
run_check_signed(const struct run *run, const char *tool, const char *args,
    struct errmsg *why)
{
	struct offline_call c;

	if (!run_is_automated(run) || offline_call(run->goal, &c) != OK ||
	    (run->acted == 0 && strcmp(c.tool, tool) == 0 &&
		strcmp(c.args, args) == 0))
		return OK;
	return err_say(why, ERR_DENIED,
	    "this automation makes the call that was signed, once, and no "
	    "other");
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
	record_post(r, true, run_started, rs, run->id);
	memcpy(ret_run, run->id, TOKEN_SIZE);
	return OK;
}
