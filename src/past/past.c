/* SPDX-License-Identifier: Apache-2.0 */
#include "past/past.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void
refuse(struct past *past, int64_t request, enum err e)
{
	struct errmsg why = {""};

	if (e == ERR_NOTFOUND)
		err_say(&why, e,
		    "no run has this id, or more than one; 'durward runs' "
		    "lists them");
	else if (e == ERR_DENIED)
		err_say(&why, e,
		    "only who asked for it, or an owner, replays a run");
	request_refuse(past->requests, request, e, &why);
}

static enum err
fill_ask(struct recorded_ask *ask, const struct request *q, struct errmsg *why)
{
	const char *run = json_words(q->params, "run");

	if (strlen(run) < RUN_SHORT_MIN || strlen(run) >= sizeof(ask->run))
		return err_say(why, ERR_INPUT,
		    "a run is named by its id, or at least the first %d "
		    "letters of it; 'durward runs' lists them",
		    RUN_SHORT_MIN);
	snprintf(ask->run, sizeof(ask->run), "%s", run);
	if (q->client->role != CLIENT_OWNER)
		snprintf(
		    ask->client, sizeof(ask->client), "%s", q->client->name);
	return OK;
}

/* As it was recorded: a value that became a secret since stands there as it
 * did, like in the log. */
static void
tell_recorded(void *arg, int64_t id, enum err e, const struct json *found)
{
	struct past *past = arg;
	char *text;

	if (e != OK) {
		refuse(past, id, e);
		return;
	}
	text = json_print(found);
	request_evidence(past->requests, id, OK, text);
	free(text);
}

/* {"run", "row", "at"} */
void
past_query(void *room, const struct request *q)
{
	struct past *past = room;
	struct recorded_ask ask = {.row = json_int(q->params, "row", 0),
	    .at = json_int(q->params, "at", 0)};
	struct errmsg why = {""};
	enum err e = fill_ask(&ask, q, &why);

	if (e == OK && (ask.row < 0 || ask.at < 0))
		e = ERR_INPUT;
	if (e == OK)
		ledger_read_recorded(
		    past->ledger, &ask, tell_recorded, past, q->id);
	else
		request_refuse(past->requests, q->id, e, &why);
}

struct forking {
	struct past *past;
	int64_t from;
	char client[NAME_MAX_LEN + 1];
};

static void
found_to_fork(void *arg, int64_t id, enum err e, const struct json *found)
{
	struct forking *f = arg;
	struct past *past = f->past;
	struct errmsg why = {""};

	if (e != OK) {
		refuse(past, id, e);
	} else {
		e = runs_fork(past->runs, f->client, found, f->from, id, &why);
		if (e != OK)
			request_refuse(past->requests, id, e, &why);
	}
	free(f);
}

/* body: {"run", "from"} */
enum err
past_fork(void *room, const struct request *k, struct errmsg *why)
{
	struct past *past = room;
	struct recorded_ask ask = {.row = 0};
	struct forking *f;
	enum err e;

	if (k->client->role == CLIENT_VIEWER)
		return err_say(why, ERR_DENIED, "a viewer may not ask");
	e = fill_ask(&ask, k, why);
	if (e != OK)
		return e;
	f = xalloc(sizeof(*f));
	f->past = past;
	f->from = json_int(k->params, "from", -1);
	snprintf(f->client, sizeof(f->client), "%s", k->client->name);
	ledger_read_recorded(past->ledger, &ask, found_to_fork, f, k->id);
	return OK;
}
