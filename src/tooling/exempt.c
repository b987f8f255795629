/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tooling/tooling_priv.h"

/*
 * Where the machine cannot limit the memory and the processes of a tool, it
 * is not started, unless an owner said by a signed command that it may be.
 * The author of a tool has no say in this, so no manifest can name it.
 */

static char *
find(struct tooling *tg, const char *tool)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (strcmp(tg->exempt[i], tool) == 0)
			return tg->exempt[i];
	return NULL;
}

const char *
tooling_exempt_at(const struct tooling *tg, size_t i)
{
	return i < TOOLS_MAX ? tg->exempt[i] : NULL;
}

bool
tooling_is_exempt(const struct tooling *tg, const char *tool)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (tool[0] != '\0' && strcmp(tg->exempt[i], tool) == 0)
			return true;
	return false;
}

enum err
tooling_set_exempt(struct tooling *tg, const char *tool, bool exempt)
{
	char *row = find(tg, tool);

	if (row == NULL && !exempt)
		return OK;
	if (row == NULL)
		row = find(tg, "");
	if (row == NULL)
		return ERR_LIMIT;
	return str_copy(row, NAME_MAX_LEN + 1, exempt ? tool : "");
}

enum err
exempt_check(
    const struct tooling *tg, const struct manifest *m, struct errmsg *why)
{
	if (tg->runner.has_limits || tooling_is_exempt(tg, m->name))
		return OK;
	return err_say(why, ERR_DENIED,
	    "its memory and processes cannot be limited here: %.100s; an owner "
	    "may accept that: 'durward tool exempt %.64s'",
	    tg->runner.limits_why, m->name);
}

/* body: {"tool", "exempt"} */
enum err
tooling_exempt(void *room, const struct request *k, struct errmsg *why)
{
	struct tooling *tg = room;
	const char *tool = json_words(k->params, "tool");
	bool exempt = json_flag(k->params, "exempt");
	struct slot *t = slots_find(tg->slots, tool);
	struct json *row;
	struct json *details;
	struct record *r;

	if (k->client->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED,
		    "only an owner says what runs without limits");
	if (t == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "there is no tool '%.64s'; 'durward tool' lists them",
		    tool);
	if (tooling_set_exempt(tg, tool, exempt) != OK)
		return err_say(
		    why, ERR_LIMIT, "%d tools are exempt already", TOOLS_MAX);
	if (!exempt && !tg->runner.has_limits)
		slot_on_failed(t, "an owner took its exception back");
	r = record_new(tg->s.requests->ledger);
	details = json_object();
	json_put_str(details, "tool", tool);
	json_put_str(details, "name", k->client->name);
	record_log(r, exempt ? "tool-exempted" : "tool-not-exempted", NULL,
	    NULL, details);
	row = json_object();
	json_put_str(row, "scope", tool);
	json_put_str(row, "name", "exempt");
	json_put_str(row, "value", exempt ? "yes" : "no");
	record_row(r, ROW_SETTING, row);
	request_confirm(tg->s.requests, k->id, r);
	return OK;
}
