/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "ledger/ledger_priv.h"

/* The tables: written from JSON rows, loaded at the start. */

static const char schema_acts[] =
    "CREATE TABLE run (id TEXT PRIMARY KEY, goal TEXT NOT NULL,"
    " principal TEXT NOT NULL, state TEXT NOT NULL, reply TEXT,"
    " wall_ms INTEGER NOT NULL);"
    "CREATE TABLE step (run TEXT NOT NULL REFERENCES run, n INTEGER NOT NULL,"
    " name TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (run, n));"
    "CREATE TABLE act (id TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES run,"
    " step INTEGER NOT NULL, state TEXT NOT NULL, principal TEXT NOT NULL,"
    " agent_id TEXT NOT NULL, tool TEXT NOT NULL, effect TEXT NOT NULL,"
    " args TEXT NOT NULL, origins TEXT NOT NULL, layers TEXT NOT NULL,"
    " dry_run INTEGER NOT NULL, rule TEXT NOT NULL, ttl_s INTEGER NOT NULL,"
    " result TEXT, UNIQUE (run, step));"
    "CREATE INDEX act_open ON act (state);"
    "CREATE TABLE sheet (act TEXT PRIMARY KEY REFERENCES act,"
    " client TEXT NOT NULL, body TEXT NOT NULL, signature TEXT NOT NULL);"
    "CREATE TABLE nonce_spent (nonce TEXT PRIMARY KEY, act TEXT NOT NULL);"
    "CREATE TABLE manifest (digest TEXT PRIMARY KEY, body TEXT NOT NULL);";

const char *const ledger_migrations[] = {
    audit_schema, schema_acts, audit_prune_schema};
const int ledger_migrations_len = ARRAY_LEN(ledger_migrations);

static void
bind_text(
    struct store_query *q, int at, const struct json *row, const char *name)
{
	const char *s = json_str(row, name);

	store_bind_text(q, at, s != NULL ? s : "");
}

struct json *
row_of_act(const struct act *a)
{
	struct json *row = json_object();
	struct buf layers;
	size_t i;

	buf_init(&layers, LAYERS_MAX * (NAME_MAX_LEN + 1));
	for (i = 0; i < a->n_layers; i++)
		buf_addf(&layers, "%s%s", i > 0 ? "," : "", a->layers[i]);
	json_put_str(row, "id", a->id);
	json_put_str(row, "run", a->run);
	json_put_int(row, "step", a->step);
	json_put_str(row, "state", act_state_name(a->state));
	json_put_str(row, "principal", a->principal);
	json_put_str(row, "agent_id", a->agent_id);
	json_put_str(row, "tool", a->tool);
	json_put_str(row, "effect", effect_name(a->effect));
	json_put_str(row, "args", a->args);
	json_put_str(row, "origins", a->origins);
	json_put_str(row, "layers", layers.p != NULL ? layers.p : "");
	json_put_bool(row, "dry_run", a->dry_run);
	json_put_str(row, "rule", a->rule);
	json_put_int(row, "ttl_s", a->ttl_s);
	json_put_str(row, "result", a->result != NULL ? a->result : "");
	buf_done(&layers);
	return row;
}

static enum err
write_act(struct store_tx *tx, const struct json *row)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "INSERT INTO act (id, run, step, state, principal, agent_id, tool,"
	    " effect, args, origins, layers, dry_run, rule, ttl_s, result)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	    " ON CONFLICT (id) DO UPDATE SET state=excluded.state,"
	    " rule=excluded.rule, ttl_s=excluded.ttl_s,"
	    " result=excluded.result",
	    &q);

	if (e != OK)
		return e;
	bind_text(q, 1, row, "id");
	bind_text(q, 2, row, "run");
	store_bind_int(q, 3, json_int(row, "step", 0));
	bind_text(q, 4, row, "state");
	bind_text(q, 5, row, "principal");
	bind_text(q, 6, row, "agent_id");
	bind_text(q, 7, row, "tool");
	bind_text(q, 8, row, "effect");
	bind_text(q, 9, row, "args");
	bind_text(q, 10, row, "origins");
	bind_text(q, 11, row, "layers");
	store_bind_int(q, 12, json_flag(row, "dry_run"));
	bind_text(q, 13, row, "rule");
	store_bind_int(q, 14, json_int(row, "ttl_s", 0));
	bind_text(q, 15, row, "result");
	return store_query_finish(q);
}

static enum err
write_run(struct store_tx *tx, const struct json *row)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "INSERT INTO run (id, goal, principal, state, reply, wall_ms)"
	    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
	    " state=excluded.state, reply=excluded.reply",
	    &q);

	if (e != OK)
		return e;
	bind_text(q, 1, row, "id");
	bind_text(q, 2, row, "goal");
	bind_text(q, 3, row, "principal");
	bind_text(q, 4, row, "state");
	bind_text(q, 5, row, "reply");
	store_bind_int(q, 6, json_int(row, "wall_ms", 0));
	return store_query_finish(q);
}

static enum err
write_step(struct store_tx *tx, const struct json *row)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "INSERT INTO step (run, n, name, content) VALUES (?, ?, ?, ?)"
	    " ON CONFLICT (run, n) DO NOTHING",
	    &q);

	if (e != OK)
		return e;
	bind_text(q, 1, row, "run");
	store_bind_int(q, 2, json_int(row, "n", 0));
	bind_text(q, 3, row, "name");
	bind_text(q, 4, row, "content");
	return store_query_finish(q);
}

/* The act machine spends a nonce once; a second time means that this table
 * and that machine disagree, and nothing can be trusted: the write fails,
 * and with it the house. */
static enum err
write_nonce(struct store_tx *tx, const struct json *row)
{
	struct store_query *q;
	enum err e = store_query_open(
	    tx, "INSERT INTO nonce_spent (nonce, act) VALUES (?, ?)", &q);

	if (e != OK)
		return e;
	bind_text(q, 1, row, "nonce");
	bind_text(q, 2, row, "act");
	return store_query_finish(q);
}

static enum err
write_sheet(struct store_tx *tx, const struct json *row)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "INSERT INTO sheet (act, client, body, signature)"
	    " VALUES (?, ?, ?, ?) ON CONFLICT (act) DO UPDATE SET"
	    " client=excluded.client, body=excluded.body,"
	    " signature=excluded.signature",
	    &q);

	if (e != OK)
		return e;
	bind_text(q, 1, row, "act");
	bind_text(q, 2, row, "client");
	bind_text(q, 3, row, "body");
	bind_text(q, 4, row, "signature");
	return store_query_finish(q);
}

static enum err
write_manifest(struct store_tx *tx, const struct json *row)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "INSERT OR REPLACE INTO manifest (digest, body) VALUES (?, ?)", &q);

	if (e != OK)
		return e;
	bind_text(q, 1, row, "digest");
	bind_text(q, 2, row, "body");
	return store_query_finish(q);
}

static enum err
write_prune(struct store_tx *tx, const struct json *row)
{
	return audit_prune(tx, (uint64_t)json_int(row, "before", 0));
}

enum err
row_write(struct store_tx *tx, enum ledger_row table, const struct json *row)
{
	static enum err (*const writers[ROW_COUNT])(
	    struct store_tx *, const struct json *) = {[ROW_RUN] = write_run,
	    [ROW_STEP] = write_step,
	    [ROW_ACT] = write_act,
	    [ROW_SHEET] = write_sheet,
	    [ROW_NONCE] = write_nonce,
	    [ROW_MANIFEST] = write_manifest,
	    [ROW_PRUNE] = write_prune};

	return writers[table](tx, row);
}

static void
load_layers(struct act *a, const char *text)
{
	while (*text != '\0' && a->n_layers < LAYERS_MAX) {
		size_t n = strcspn(text, ",");

		if (n > NAME_MAX_LEN)
			return;
		memcpy(a->layers[a->n_layers++], text, n);
		text += n + (text[n] == ',' ? 1 : 0);
	}
}

/* One row of the query in load_acts().  ERR_CORRUPT when it makes no act. */
static enum err
load_act(struct store_query *q, struct act *a)
{
	if (str_copy(a->id, sizeof(a->id), store_column_text(q, 0)) != OK ||
	    str_copy(a->run, sizeof(a->run), store_column_text(q, 1)) != OK ||
	    str_copy(a->principal, sizeof(a->principal),
		store_column_text(q, 4)) != OK ||
	    str_copy(a->agent_id, sizeof(a->agent_id),
		store_column_text(q, 5)) != OK ||
	    str_copy(a->tool, sizeof(a->tool), store_column_text(q, 6)) != OK ||
	    str_copy(a->rule, sizeof(a->rule), store_column_text(q, 12)) != OK)
		return ERR_CORRUPT;
	a->step = store_column_int(q, 2);
	a->state = act_state_by_name(store_column_text(q, 3));
	a->effect = effect_by_name(store_column_text(q, 7));
	a->args = xstrdup(store_column_text(q, 8));
	a->origins = xstrdup(store_column_text(q, 9));
	load_layers(a, store_column_text(q, 10));
	a->dry_run = store_column_int(q, 11) != 0;
	a->ttl_s = store_column_int(q, 13);
	if (a->state == ACT_STATE_COUNT || a->effect == EFFECT_COUNT)
		return ERR_CORRUPT;
	return OK;
}

static enum err
load_acts(struct store_tx *tx, const struct ledger_load *load)
{
	struct store_query *q;
	struct act *a;
	enum err e = store_query_open(tx,
	    "SELECT id, run, step, state, principal, agent_id, tool, effect,"
	    " args, origins, layers, dry_run, rule, ttl_s FROM act"
	    " WHERE state NOT IN ('done', 'failed', 'denied', 'unknown')"
	    " LIMIT ?",
	    &q);

	if (e != OK)
		return e;
	store_bind_int(q, 1, ACTS_OPEN_MAX);
	while ((e = store_query_step(q)) == OK) {
		a = act_new();
		e = load_act(q, a);
		if (e != OK) {
			act_free(a);
			break;
		}
		load->act(load->arg, a);
	}
	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}

static enum err
load_runs(struct store_tx *tx, const struct ledger_load *load)
{
	struct store_query *q;
	enum err e = store_query_open(
	    tx, "SELECT id, goal, principal FROM run WHERE state='open'", &q);

	if (e != OK)
		return e;
	while ((e = store_query_step(q)) == OK)
		load->run(load->arg, store_column_text(q, 0),
		    store_column_text(q, 1), store_column_text(q, 2));
	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}

static enum err
load_acted(struct store_tx *tx, const struct ledger_load *load)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "SELECT act.run, act.step FROM act JOIN run ON run.id=act.run"
	    " WHERE run.state='open'",
	    &q);

	if (e != OK)
		return e;
	while ((e = store_query_step(q)) == OK)
		load->acted(
		    load->arg, store_column_text(q, 0), store_column_int(q, 1));
	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}

/* In the order they were added (a replaced row moves to the end): the last
 * one of a tool stands, and the trust table says whether it counts. */
static enum err
load_manifests(struct store_tx *tx, const struct ledger_load *load)
{
	struct store_query *q;
	enum err e = store_query_open(
	    tx, "SELECT body FROM manifest ORDER BY rowid", &q);

	if (e != OK)
		return e;
	while ((e = store_query_step(q)) == OK) {
		const char *body = store_column_text(q, 0);

		load->manifest(load->arg, body, strlen(body));
	}
	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}

enum err
rows_load(struct store_tx *tx, void *loading)
{
	struct loading *l = loading;
	enum err e = audit_load(tx, &l->ledger->audit);

	l->ledger->head = l->ledger->kept = l->ledger->audit.tree;
	if (e == OK)
		e = load_runs(tx, l->load);
	if (e == OK)
		e = load_acts(tx, l->load);
	if (e == OK)
		e = load_acted(tx, l->load);
	if (e == OK)
		e = load_manifests(tx, l->load);
	return e;
}
