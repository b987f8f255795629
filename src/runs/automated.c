/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "offline/offline.h"
#include "runs/runs_priv.h"

/* Runs that an automation begins. */

/* No client's name has a colon. */
bool
run_is_automated(const struct run *run)
{
	return strncmp(run->principal, AUTOMATION_PRINCIPAL,
		   strlen(AUTOMATION_PRINCIPAL)) == 0;
}

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
