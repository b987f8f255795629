/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "runs/runs_priv.h"

/* Runs that end before they reach anything: nothing that they began goes on. */

static void
stop(struct run *run, const char *reply, const char *why)
{
	struct runs *rs = run->runs;

	run_end(rs, run, reply, false, NULL);
	acts_stop_run(rs->acts, run->id, why);
}

void
run_is_late(struct run *run)
{
	char text[160];

	snprintf(text, sizeof(text),
	    "I stopped here: this took the %d minutes that one goal may, "
	    "waiting for a person not counted. Ask for less at once.",
	    RUN_MS / 60000);
	stop(run, text, "its run took as long as one goal may");
}

void
run_comes_too_late(struct run *run)
{
	const char *why = "it comes too late after what set its automation off";

	if (run->is_signed && run->acted != 0)
		acts_deny_allowed(run->runs->acts, run->id, why);
	else
		stop(run,
		    "This came too late: what set the automation off was long "
		    "past when the house could go on.",
		    why);
}

/* By its whole id, or the beginning that lists show. */
static struct run *
find_beginning(struct runs *rs, const char *beginning)
{
	struct run *found = NULL;
	size_t len = strlen(beginning);
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX && len >= RUN_SHORT_MIN; i++) {
		struct run *run = rs->open[i];

		if (run == NULL || run->over ||
		    strncmp(run->id, beginning, len) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = run;
	}
	return found;
}

enum err
runs_stop(struct runs *rs, const struct client *client, const char *id,
    struct errmsg *why)
{
	struct run *run = find_beginning(rs, id);
	char text[NAME_MAX_LEN + 32];

	if (run == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "no goal that is under way has this id; 'durward runs' "
		    "lists them");
	if (client->role != CLIENT_OWNER &&
	    strcmp(run->client, client->name) != 0)
		return err_say(why, ERR_DENIED,
		    "only who asked for it, or an owner, stops it");
	snprintf(text, sizeof(text), "stopped by %s", client->name);
	stop(run, "I was told to stop.", text);
	return OK;
}

void
runs_client_lost(struct runs *rs, const char *client)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++) {
		struct run *run = rs->open[i];

		if (run != NULL && !run->over &&
		    strcmp(run->client, client) == 0)
			stop(run, "Who asked for this is paired no more.",
			    "the client that asked for it is paired no more");
	}
}
