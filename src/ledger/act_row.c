/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "ledger/ledger_priv.h"

/* An act as a row, and back. */

static void
put_state(struct json *row, const struct act *a)
{
	struct buf labels;

	buf_init(&labels, NAMES_MAX * (NAME_MAX_LEN + 1));
	names_write(&a->labels, &labels);
	json_put_str(row, "id", a->id);
	json_put_str(row, "state", act_state_name(a->state));
	json_put_str(row, "rule", a->rule);
	json_put_int(row, "ttl_s", a->ttl_s);
	json_put_str(row, "labels", labels.p);
	json_put_int(row, "keys", a->keys);
	json_put_bool(row, "cli_key", a->cli_key);
	json_put_int(row, "attempt", a->attempt);
	json_put_int(row, "until_ms", a->until_ms);
	json_put_str(row, "result", a->result != NULL ? a->result : "");
	buf_done(&labels);
}

void
record_act(struct record *r, const struct act *a)
{
	struct json *row = json_object();

	put_state(row, a);
	record_row(r, ROW_ACT_STATE, row);
}

void
record_new_act(struct record *r, const struct act *a)
{
	struct json *row = json_object();

	put_state(row, a);
	json_put_str(row, "run", a->run);
	json_put_int(row, "step", a->step);
	json_put_str(row, "principal", a->principal);
	json_put_str(row, "agent_id", a->agent_id);
	json_put_str(row, "client", a->client);
	json_put_str(row, "tool", a->tool);
	json_put_str(row, "effect", effect_name(a->effect));
	json_put_str(row, "args", a->args);
	json_put_str(row, "origins", a->origins);
	json_put_bool(row, "dry_run", a->dry_run);
	record_row(r, ROW_ACT, row);
}

static enum err
copy(const struct json *row, const char *name, char *to, size_t size)
{
	return str_copy(to, size, json_words(row, name));
}

enum err
ledger_act_of_row(const struct json *row, struct act **ret)
{
	struct act *a = act_new();

	if (copy(row, "id", a->id, sizeof(a->id)) != OK ||
	    copy(row, "run", a->run, sizeof(a->run)) != OK ||
	    copy(row, "principal", a->principal, sizeof(a->principal)) != OK ||
	    copy(row, "agent_id", a->agent_id, sizeof(a->agent_id)) != OK ||
	    copy(row, "client", a->client, sizeof(a->client)) != OK ||
	    copy(row, "tool", a->tool, sizeof(a->tool)) != OK ||
	    copy(row, "rule", a->rule, sizeof(a->rule)) != OK ||
	    names_read(json_words(row, "labels"), &a->labels) != OK)
		goto corrupt;
	a->step = json_int(row, "step", 0);
	a->state = act_state_by_name(json_words(row, "state"));
	a->effect = effect_by_name(json_words(row, "effect"));
	a->args = xstrdup(json_words(row, "args"));
	a->origins = xstrdup(json_words(row, "origins"));
	a->dry_run = json_flag(row, "dry_run");
	a->ttl_s = json_int(row, "ttl_s", 0);
	a->keys = (int)json_int(row, "keys", 1);
	a->cli_key = json_flag(row, "cli_key");
	a->attempt = (int)json_int(row, "attempt", 1);
	a->until_ms = json_int(row, "until_ms", 0);
	if (a->state == ACT_STATE_COUNT || a->effect == EFFECT_COUNT)
		goto corrupt;
	*ret = a;
	return OK;
corrupt:
	act_free(a);
	return ERR_CORRUPT;
}
