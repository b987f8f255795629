/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "tooling/tooling_priv.h"

/*
 * The tools: each has versions of its manifest, and one that is active.
 * Which of them counts is for the vault's table to say: the digest that
 * stands there, or none.  Then the tool is disabled.
 */

struct tool *
tools_find(struct tooling *tg, const char *name)
{
	size_t i;

	for (i = 0; i < tg->n_tools; i++)
		if (strcmp(tg->tools[i]->name, name) == 0)
			return tg->tools[i];
	return NULL;
}

struct tool *
tools_take(struct tooling *tg, const char *name)
{
	struct tool *t = tools_find(tg, name);

	if (t != NULL || tg->n_tools == TOOLS_MAX)
		return t;
	t = tg->tools[tg->n_tools++] = xalloc(sizeof(*t));
	t->tooling = tg;
	snprintf(t->name, sizeof(t->name), "%s", name);
	return t;
}

void
tools_forget(struct tooling *tg, struct tool *t)
{
	size_t i = 0;

	while (tg->tools[i] != t)
		i++;
	tg->tools[i] = tg->tools[--tg->n_tools];
	tool_drop_versions(t);
	if (t->wipe_timer != 0)
		loop_timer_cancel(tg->s.loop, t->wipe_timer);
	free(t->wipe);
	free(t);
}

struct version *
tool_version(struct tool *t, int64_t n)
{
	size_t i;

	for (i = 0; i < t->n_versions; i++)
		if (t->versions[i].n == n)
			return &t->versions[i];
	return NULL;
}

struct version *
tool_version_of(struct tool *t, const struct digest *d)
{
	size_t i;

	for (i = 0; i < t->n_versions; i++)
		if (digest_equal(&t->versions[i].digest, d))
			return &t->versions[i];
	return NULL;
}

int64_t
tool_last(const struct tool *t)
{
	return t->n_versions > 0 ? t->versions[t->n_versions - 1].n : 0;
}

static void
take_out(struct tool *t, size_t i)
{
	free(t->versions[i].text);
	t->n_versions--;
	memmove(&t->versions[i], &t->versions[i + 1],
	    (t->n_versions - i) * sizeof(t->versions[0]));
}

void
tool_drop_versions(struct tool *t)
{
	while (t->n_versions > 0)
		take_out(t, t->n_versions - 1);
	t->active = 0;
}

void
tool_add_version(
    struct tool *t, const struct version *v, const char *text, struct record *r)
{
	struct version *mine;
	size_t oldest;

	if (t->n_versions == TOOL_VERSIONS_MAX) {
		oldest = t->versions[0].n == t->active ? 1 : 0;
		if (r != NULL)
			record_row(r, ROW_VERSION_GONE,
			    tool_row(t->name, t->versions[oldest].n));
		take_out(t, oldest);
	}
	mine = &t->versions[t->n_versions++];
	*mine = *v;
	mine->text = xstrdup(text);
}

struct json *
tool_row(const char *tool, int64_t n)
{
	struct json *row = json_object();

	json_put_str(row, "kind", KIND_TOOL);
	json_put_str(row, "scope", tool);
	json_put_int(row, "n", n);
	return row;
}

struct json *
tool_setting(const char *tool, const char *name, const char *value)
{
	struct json *row = json_object();

	json_put_str(row, "scope", tool);
	json_put_str(row, "name", name);
	json_put_str(row, "value", value);
	return row;
}

/* ---- From the ledger ---- */

static void
load_version(struct tooling *tg, const struct json *row)
{
	const char *text = json_words(row, "body");
	struct version v = {
	    .n = json_int(row, "n", 0), .wall_ms = json_int(row, "wall_ms", 0)};
	struct tool *t = tools_take(tg, json_words(row, "scope"));
	struct manifest *m;
	struct errmsg why;

	if (t == NULL) {
		log_warn("more tools are stored than this version can hold");
		return;
	}
	if (manifest_parse(text, strlen(text), &m, &why) != OK) {
		log_warn("a stored manifest is left out: %s", why.text);
		return;
	}
	v.digest = m->digest;
	memcpy(v.name, m->version, sizeof(v.name));
	memcpy(v.image, m->image, sizeof(v.image));
	snprintf(v.client, sizeof(v.client), "%s", json_words(row, "client"));
	manifest_free(m);
	tool_add_version(t, &v, text, NULL);
}

static void
load_setting(struct tooling *tg, const struct json *row)
{
	const char *name = json_words(row, "name");
	const char *tool = json_words(row, "scope");
	const char *value = json_words(row, "value");
	struct tool *t;

	if (strcmp(name, "definitions") == 0) {
		slots_pinned(tg->slots, tool, value);
	} else if (strcmp(name, "installing") == 0) {
		t = tools_take(tg, tool);
		if (t != NULL)
			t->installing = strtoll(value, NULL, 10);
	} else if (strcmp(name, "wipe") == 0) {
		t = tools_take(tg, tool);
		if (t != NULL)
			t->wipe = xstrdup(value);
	}
}

void
tooling_load(struct tooling *tg, enum ledger_row table, const struct json *row)
{
	struct tool *t;

	if (table == ROW_SETTING) {
		load_setting(tg, row);
	} else if (table == ROW_TOOL_VERSION) {
		load_version(tg, row);
	} else if (table == ROW_ACTIVE_VERSION &&
	    strcmp(json_words(row, "kind"), KIND_TOOL) == 0) {
		t = tools_take(tg, json_words(row, "scope"));
		if (t != NULL)
			t->active = json_int(row, "n", 0);
	}
}

/* ---- Once it is known what is trusted ---- */

/* A manifest that the house had stored and nobody had agreed to: it was
 * never there. */
static void
drop_candidate(struct tooling *tg, struct tool *t)
{
	struct version *v = tool_version(t, t->installing);
	struct record *r = record_new(tg->s.requests->ledger);

	if (v != NULL && v->n != t->active) {
		record_row(r, ROW_VERSION_GONE, tool_row(t->name, v->n));
		take_out(t, (size_t)(v - t->versions));
	}
	record_row(
	    r, ROW_SETTING_GONE, tool_setting(t->name, "installing", ""));
	record_post(r, false, NULL, NULL, NULL);
	t->installing = 0;
}

static void
settle_tool(struct tooling *tg, struct tool *t)
{
	const struct trusted_tool *row = trust_tool(tg->s.trust, t->name);
	struct version *v =
	    row != NULL ? tool_version_of(t, &row->manifest) : NULL;
	struct errmsg why;
	struct record *r;

	/* The vault had agreed, and the house ended before it wrote so. */
	if (v != NULL && v->n != t->active) {
		t->active = v->n;
		r = record_new(tg->s.requests->ledger);
		record_row(r, ROW_ACTIVE, tool_row(t->name, v->n));
		record_post(r, false, NULL, NULL, NULL);
	}
	if (t->installing != 0)
		drop_candidate(tg, t);
	v = tool_version(t, t->active);
	if (v != NULL && tooling_put(tg, v->text, &why) != OK)
		log_warn("a stored manifest is left out: %s", why.text);
}

static void
settle_all(struct tooling *tg)
{
	size_t i;

	tg->settled = true;
	for (i = tg->n_tools; i-- > 0;) {
		struct tool *t = tg->tools[i];

		settle_tool(tg, t);
		if (t->n_versions == 0 && t->wipe == NULL)
			tools_forget(tg, t);
	}
	leaving_name_images(tg);
	leaving_wipe_all(tg);
}

void
tooling_settle(struct tooling *tg)
{
	static const char why[] = "the tool was disabled";
	struct slot *t;
	size_t i;

	if (!tg->settled)
		settle_all(tg);
	for (i = 0; (t = slots_at(tg->slots, i)) != NULL; i++) {
		const char *name = slot_manifest(t)->name;
		bool disabled = trust_tool(tg->s.trust, name) == NULL;

		if (disabled == slot_is_disabled(t))
			continue;
		if (disabled)
			acts_tool_disabled(tg->acts, name, why);
		slot_disable(t, disabled, why);
	}
}

/* ---- Looking ---- */

static const char *
state_of(struct tooling *tg, const struct slot *slot)
{
	if (slot == NULL)
		return "removed";
	if (slot_is_disabled(slot))
		return "disabled";
	if (!tooling_trusts(tg, slot))
		return "not-signed";
	return slot_is_drifted(slot) ? "blocked" : "signed";
}

static struct json *
tool_json(struct tooling *tg, const struct tool *t)
{
	struct slot *slot = slots_find(tg->slots, t->name);
	struct json *row = json_object();
	char hex[DIGEST_HEX_SIZE];

	json_put_str(row, "tool", t->name);
	json_put_str(row, "state", state_of(tg, slot));
	if (slot == NULL)
		return row;
	digest_hex(&slot_manifest(slot)->digest, hex);
	json_put_str(row, "version", slot_manifest(slot)->version);
	json_put_str(row, "image", slot_manifest(slot)->image);
	json_put_str(row, "manifest", hex);
	/* scripts/run looks for these two together. */
	json_put_bool(row, "trusted", tooling_trusts(tg, slot));
	json_put(row, "folders", manifest_folders(slot_manifest(slot)));
	json_put_bool(row, "warm", slot_is_ready(slot));
	json_put_bool(row, "exempt", tooling_is_exempt(tg, t->name));
	return row;
}

/* Those that the vault knows and we do not: our database is an older one. */
static void
push_missing(struct tooling *tg, struct json *list)
{
	const struct trust *trust = tg->s.trust;
	struct json *row;
	size_t i;

	for (i = 0; i < trust->n_tools; i++) {
		if (tools_find(tg, trust->tools[i].name) != NULL)
			continue;
		row = json_object();
		json_put_str(row, "tool", trust->tools[i].name);
		json_put_str(row, "state", "missing");
		json_push(list, row);
	}
}

void
tooling_query(void *room, const struct request *q)
{
	struct tooling *tg = room;
	struct json *v = json_object();
	struct json *list = json_array();
	size_t i;

	for (i = 0; i < tg->n_tools; i++)
		json_push(list, tool_json(tg, tg->tools[i]));
	push_missing(tg, list);
	json_put(v, "tools", list);
	json_put_bool(v, "runner", tg->runner.ready);
	json_put_str(v, "runner_state", tg->runner.state);
	json_put_bool(v, "limits", tg->runner.has_limits);
	json_put_str(v, "limits_why", tg->runner.limits_why);
	request_answer(tg->s.requests, q->id, v);
}

static struct json *
version_json(const struct version *v)
{
	struct json *row = json_object();
	char hex[DIGEST_HEX_SIZE];

	digest_hex(&v->digest, hex);
	json_put_int(row, "n", v->n);
	json_put_str(row, "version", v->name);
	json_put_str(row, "manifest", hex);
	json_put_str(row, "image", v->image);
	json_put_str(row, "client", v->client);
	json_put_int(row, "wall_ms", v->wall_ms);
	return row;
}

/* {"tool"}, and "n" for another version than the active: the document. */
void
tooling_query_one(void *room, const struct request *q)
{
	struct tooling *tg = room;
	const char *name = json_words(q->params, "tool");
	struct tool *t = tools_find(tg, name);
	struct errmsg why;
	struct version *v;
	struct json *list;
	struct json *row;
	size_t i;

	v = t != NULL ? tool_version(t, json_int(q->params, "n", t->active))
		      : NULL;
	if (v == NULL) {
		err_say(&why, ERR_NOTFOUND,
		    "there is no tool '%.64s' or no such version of it; "
		    "'durward tool' lists what is there",
		    name);
		request_refuse(tg->s.requests, q->id, ERR_NOTFOUND, &why);
		return;
	}
	row = tool_json(tg, t);
	list = json_array();
	for (i = 0; i < t->n_versions; i++)
		json_push(list, version_json(&t->versions[i]));
	json_put_int(row, "n", v->n);
	json_put_int(row, "active", t->active);
	json_put(row, "versions", list);
	json_put_str(row, "document", v->text);
	request_answer(tg->s.requests, q->id, row);
}
