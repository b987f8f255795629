/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "ledger/ledger_priv.h"

/*
 * The tables, written from JSON rows and read back into them.  One row of
 * `tables` each: how it is written, how it is loaded at the start, and its
 * columns in the order of both statements.
 */

#define COLUMNS_MAX 24

struct column {
	const char *name;
	enum { TEXT, INTEGER, FLAG, BYTES } type;
};

struct table {
	const char *write;
	const char *load; /* NULL: not loaded at the start. */
	struct column columns[COLUMNS_MAX];
};

static const struct table tables[ROW_COUNT] = {
    [ROW_RUN] = {"INSERT INTO run (id, goal, principal, state, reply, wall_ms,"
		 " agent_id, client, labels, resumes, session, fork_of, forked,"
		 " models)"
		 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		 " ON CONFLICT (id) DO UPDATE SET state=excluded.state,"
		 " reply=excluded.reply, labels=excluded.labels,"
		 " resumes=excluded.resumes",
	"SELECT id, goal, principal, state, reply, wall_ms, agent_id, client,"
	" labels, resumes, session, fork_of, forked, models FROM run"
	" WHERE state='open'",
	{{"id", TEXT}, {"goal", TEXT}, {"principal", TEXT}, {"state", TEXT},
	    {"reply", TEXT}, {"wall_ms", INTEGER}, {"agent_id", TEXT},
	    {"client", TEXT}, {"labels", TEXT}, {"resumes", INTEGER},
	    {"session", TEXT}, {"fork_of", TEXT}, {"forked", INTEGER},
	    {"models", TEXT}}},
    [ROW_STEP] = {"INSERT INTO step (run, n, name, content, wish, trace)"
		  " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run, n) DO NOTHING",
	NULL,
	{{"run", TEXT}, {"n", INTEGER}, {"name", TEXT}, {"content", TEXT},
	    {"wish", TEXT}, {"trace", TEXT}}},
    [ROW_STEPS_FORKED] = {"INSERT INTO step (run, n, name, content, wish,"
			  " trace) SELECT ?1, n, name, content, wish, trace"
			  " FROM step WHERE run=?2 AND n<?3",
	NULL, {{"run", TEXT}, {"fork_of", TEXT}, {"forked", INTEGER}}},
    [ROW_HEARD] = {"INSERT INTO heard (run, n, part, data)"
		   " VALUES (?, ?, ?, ?) ON CONFLICT (run, n, part)"
		   " DO UPDATE SET data=excluded.data",
	NULL,
	{{"run", TEXT}, {"n", INTEGER}, {"part", INTEGER}, {"data", BYTES}}},
    [ROW_HEARD_OLD] = {"DELETE FROM heard WHERE run NOT IN"
		       " (SELECT id FROM run ORDER BY rowid DESC LIMIT ?)",
	NULL, {{"keep", INTEGER}}},
    [ROW_ACT] = {"INSERT INTO act (id, run, step, state, principal, agent_id,"
		 " client, tool, effect, args, origins, layers, dry_run, rule,"
		 " ttl_s, labels, keys, cli_key, attempt, until_ms, result)"
		 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
		 " ?, ?, ?, ?)",
	"SELECT id, run, step, state, principal, agent_id, client, tool,"
	" effect, args, origins, layers, dry_run, rule, ttl_s, labels, keys,"
	" cli_key, attempt, until_ms, result FROM act"
	" WHERE run IN (SELECT id FROM run WHERE state='open'"
	" UNION ALL SELECT id FROM run WHERE outlived=1)"
	" AND state NOT IN ('done', 'failed', 'denied', 'unknown')",
	{{"id", TEXT}, {"run", TEXT}, {"step", INTEGER}, {"state", TEXT},
	    {"principal", TEXT}, {"agent_id", TEXT}, {"client", TEXT},
	    {"tool", TEXT}, {"effect", TEXT}, {"args", TEXT}, {"origins", TEXT},
	    {"layers", TEXT}, {"dry_run", FLAG}, {"rule", TEXT},
	    {"ttl_s", INTEGER}, {"labels", TEXT}, {"keys", INTEGER},
	    {"cli_key", FLAG}, {"attempt", INTEGER}, {"until_ms", INTEGER},
	    {"result", TEXT}}},
    [ROW_ACT_STATE] = {"UPDATE act SET state=?, rule=?, ttl_s=?, labels=?,"
		       " keys=?, cli_key=?, attempt=?, until_ms=?, result=?"
		       " WHERE id=?",
	NULL,
	{{"state", TEXT}, {"rule", TEXT}, {"ttl_s", INTEGER}, {"labels", TEXT},
	    {"keys", INTEGER}, {"cli_key", FLAG}, {"attempt", INTEGER},
	    {"until_ms", INTEGER}, {"result", TEXT}, {"id", TEXT}}},
    /* Which steps of open runs have an act; loaded, never written. */
    [ROW_ACTED] = {NULL,
	/* CROSS: first the few runs, whatever SQLite thinks of it. */
	"SELECT act.run, act.step FROM run CROSS JOIN act ON act.run=run.id"
	" WHERE run.state='open'",
	{{"run", TEXT}, {"step", INTEGER}}},
    [ROW_YES] = {"INSERT INTO yes (act, client, nonce, body, signature)"
		 " VALUES (?, ?, ?, ?, ?)",
	NULL,
	{{"act", TEXT}, {"client", TEXT}, {"nonce", TEXT}, {"body", TEXT},
	    {"signature", TEXT}}},
    /* The act machine spends a nonce once; a second time means that this
     * table and that machine disagree, and nothing can be trusted: the
     * write fails, and with it the house. */
    [ROW_NONCE] = {"INSERT INTO nonce_spent (nonce, act) VALUES (?, ?)", NULL,
	{{"nonce", TEXT}, {"act", TEXT}}},
    [ROW_VERSION] = {"INSERT INTO version (kind, scope, n, digest, body,"
		     " client, wall_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
	NULL,
	{{"kind", TEXT}, {"scope", TEXT}, {"n", INTEGER}, {"digest", TEXT},
	    {"body", TEXT}, {"client", TEXT}, {"wall_ms", INTEGER}}},
    [ROW_VERSION_GONE] = {"DELETE FROM version WHERE kind=?1 AND scope=?2"
			  " AND (n=?3 OR ?3=0)",
	NULL, {{"kind", TEXT}, {"scope", TEXT}, {"n", INTEGER}}},
    [ROW_TOOL_VERSION] = {NULL,
	"SELECT scope, n, digest, body, client, wall_ms FROM version"
	" WHERE kind='tool' ORDER BY scope, n",
	{{"scope", TEXT}, {"n", INTEGER}, {"digest", TEXT}, {"body", TEXT},
	    {"client", TEXT}, {"wall_ms", INTEGER}}},
    [ROW_ACTIVE_VERSION] = {NULL,
	"SELECT v.kind, v.scope, v.n, v.body,"
	" (SELECT max(w.n) FROM version w"
	" WHERE w.kind=v.kind AND w.scope=v.scope), v.client"
	" FROM version v JOIN active a"
	" ON a.kind=v.kind AND a.scope=v.scope AND a.n=v.n",
	{{"kind", TEXT}, {"scope", TEXT}, {"n", INTEGER}, {"body", TEXT},
	    {"last", INTEGER}, {"client", TEXT}}},
    [ROW_ACTIVE] = {"INSERT INTO active (kind, scope, n) VALUES (?, ?, ?)"
		    " ON CONFLICT (kind, scope) DO UPDATE SET n=excluded.n",
	NULL, {{"kind", TEXT}, {"scope", TEXT}, {"n", INTEGER}}},
    [ROW_ACTIVE_GONE] = {"DELETE FROM active WHERE kind=? AND scope=?", NULL,
	{{"kind", TEXT}, {"scope", TEXT}}},
    [ROW_GRANT] = {"INSERT INTO standing (id, body, signature, uses, revoked)"
		   " VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
		   " uses=max(uses, excluded.uses),"
		   " revoked=max(revoked, excluded.revoked)",
	"SELECT id, body, signature, uses, revoked FROM standing"
	" ORDER BY rowid",
	{{"id", TEXT}, {"body", TEXT}, {"signature", TEXT}, {"uses", INTEGER},
	    {"revoked", FLAG}}},
    [ROW_USAGE] = {"INSERT INTO usage (key, at, amount) VALUES (?, ?, ?)"
		   " ON CONFLICT (key, at) DO UPDATE SET"
		   " amount=amount+excluded.amount",
	"SELECT key, at, amount FROM usage WHERE instr(key, '@')=0"
	" OR substr(key, instr(key, '@') + 1) IN"
	" (SELECT id FROM run WHERE state='open')",
	{{"key", TEXT}, {"at", INTEGER}, {"amount", INTEGER}}},
    [ROW_USAGE_RUN] = {"DELETE FROM usage WHERE key LIKE '%@' || ?", NULL,
	{{"run", TEXT}}},
    /* What no span looks back to any more. */
    [ROW_USAGE_OLD] = {"DELETE FROM usage WHERE key=? AND at<?", NULL,
	{{"key", TEXT}, {"before", INTEGER}}},
    [ROW_SETTING] = {"INSERT INTO setting (scope, name, value)"
		     " VALUES (?, ?, ?) ON CONFLICT (scope, name)"
		     " DO UPDATE SET value=excluded.value",
	"SELECT scope, name, value FROM setting",
	{{"scope", TEXT}, {"name", TEXT}, {"value", TEXT}}},
    [ROW_SETTING_GONE] = {"DELETE FROM setting WHERE scope=? AND name=?", NULL,
	{{"scope", TEXT}, {"name", TEXT}}},
};

/* With what was said goes what a replay would tell of it, and what the rows of
 * its run and acts say. */
#define PRUNED                                                                 \
	"(SELECT l.run FROM log l JOIN run r ON r.id=l.run"                    \
	" WHERE l.kind='goal' AND l.seq>=? AND l.seq<? AND r.state<>'open')"
static const char *const prune_recorded[] = {
    "DELETE FROM heard WHERE run IN " PRUNED,
    "DELETE FROM step WHERE run IN " PRUNED,
    "DELETE FROM seen WHERE run IN " PRUNED,
    "UPDATE act SET args='', result='' WHERE args || result<>'' AND state IN"
    " ('done', 'failed', 'denied', 'unknown') AND run IN " PRUNED,
    "UPDATE run SET goal='', reply='' WHERE goal || reply<>'' AND id "
    "IN " PRUNED,
};

/* What was said is forgotten with the entries that tell it. */
static enum err
prune(struct store_tx *tx, int64_t from, int64_t before)
{
	enum err e = audit_prune(tx, (uint64_t)from, (uint64_t)before);
	size_t i;

	for (i = 0; i < ARRAY_LEN(prune_recorded) && e == OK; i++) {
		struct store_query *q;

		e = store_query_open(tx, prune_recorded[i], &q);
		if (e != OK)
			return e;
		store_bind_int(q, 1, from);
		store_bind_int(q, 2, before);
		e = store_query_finish(q);
	}
	store_scrub(tx);
	return e == OK ? memory_prune(tx, before) : e;
}

static void
bind_bytes(struct store_query *q, int at, const char *hex)
{
	size_t len = strlen(hex) / 2;
	uint8_t *bytes = xalloc(len + 1);

	if (hex_read(hex, 2 * len, bytes, len) != OK)
		fatal("a row's bytes are no hexadecimal");
	store_bind_blob(q, at, bytes, len);
	free(bytes);
}

/* The terms of forgetting.c. */
static bool
is_over(enum ledger_row table, const char *state)
{
	if (table == ROW_RUN)
		return strcmp(state, "open") != 0;
	return table == ROW_ACT_STATE &&
	    (strcmp(state, "done") == 0 || strcmp(state, "failed") == 0 ||
		strcmp(state, "denied") == 0 || strcmp(state, "unknown") == 0);
}

/* A start looks for open acts in it, too. */
static enum err
note_outlived(struct store_tx *tx, const char *run)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "UPDATE run SET outlived=1 WHERE id=?1 AND EXISTS"
	    " (SELECT 1 FROM act WHERE run=?1"
	    " AND state NOT IN ('done', 'failed', 'denied', 'unknown'))",
	    &q);

	if (e != OK)
		return e;
	store_bind_text(q, 1, run);
	return store_query_finish(q);
}

/* What goes with the write of a row. */
static enum err
follow_row(struct store_tx *tx, enum ledger_row table, const struct json *row)
{
	const char *id = json_words(row, "id");
	enum err e = OK;

	if (table == ROW_STEPS_FORKED)
		return forgetting_fork(tx, row);
	if (!is_over(table, json_words(row, "state")))
		return OK;
	if (table == ROW_RUN)
		e = note_outlived(tx, id);
	return e == OK ? forgetting_end(tx, id) : e;
}

enum err
row_write(struct store_tx *tx, enum ledger_row table, const struct json *row)
{
	const struct table *t = &tables[table];
	struct store_query *q;
	enum err e;
	int i;

	if (table == ROW_PRUNE)
		return prune(
		    tx, json_int(row, "from", 0), json_int(row, "before", 0));
	if (table == ROW_MEMORY)
		return memory_keep(tx, row);
	if (table == ROW_MEMORY_GONE)
		return forgetting_forget(tx, json_words(row, "id"));
	if (table == ROW_SEEN)
		return forgetting_see(tx, row);
	e = store_query_open(tx, t->write, &q);
	if (e != OK)
		return e;
	for (i = 0; i < COLUMNS_MAX && t->columns[i].name != NULL; i++) {
		const struct column *c = &t->columns[i];

		if (c->type == TEXT)
			store_bind_text(q, i + 1, json_words(row, c->name));
		else if (c->type == BYTES)
			bind_bytes(q, i + 1, json_words(row, c->name));
		else if (c->type == FLAG)
			store_bind_int(q, i + 1, json_flag(row, c->name));
		else
			store_bind_int(q, i + 1, json_int(row, c->name, 0));
	}
	e = store_query_finish(q);
	return e == OK ? follow_row(tx, table, row) : e;
}

static struct json *
read_row(const struct table *t, struct store_query *q)
{
	struct json *row = json_object();
	int i;

	for (i = 0; i < COLUMNS_MAX && t->columns[i].name != NULL; i++) {
		const struct column *c = &t->columns[i];

		if (c->type == TEXT)
			json_put_str(row, c->name, store_column_text(q, i));
		else if (c->type == FLAG)
			json_put_bool(
			    row, c->name, store_column_int(q, i) != 0);
		else
			json_put_int(row, c->name, store_column_int(q, i));
	}
	return row;
}

static enum err
load_table(
    struct store_tx *tx, enum ledger_row table, const struct ledger_load *load)
{
	const struct table *t = &tables[table];
	struct store_query *q;
	enum err e = store_query_open(tx, t->load, &q);

	if (e != OK)
		return e;
	while ((e = store_query_step(q)) == OK) {
		struct json *row = read_row(t, q);

		e = load->row(load->arg, table, row);
		json_free(row);
		if (e != OK)
			break;
	}
	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}

const char *
rows_loading(enum ledger_row table)
{
	return tables[table].load;
}

/* Runs whose acts are over by now, so that a start looks at few. */
static enum err
forget_outlived(struct store_tx *tx)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "UPDATE run SET outlived=0 WHERE outlived=1 AND NOT EXISTS"
	    " (SELECT 1 FROM act WHERE run=run.id"
	    " AND state NOT IN ('done', 'failed', 'denied', 'unknown'))",
	    &q);

	return e == OK ? store_query_finish(q) : e;
}

enum err
rows_load(struct store_tx *tx, void *loading)
{
	/* Settings first, then what others stand on. */
	static const enum ledger_row order[] = {ROW_SETTING, ROW_ACTIVE_VERSION,
	    ROW_USAGE, ROW_TOOL_VERSION, ROW_GRANT, ROW_RUN, ROW_ACT,
	    ROW_ACTED};
	struct loading *l = loading;
	enum err e = audit_load(tx, &l->ledger->audit);
	size_t i;

	if (e == OK)
		e = forget_outlived(tx);
	l->ledger->head = l->ledger->kept = l->ledger->audit.tree;
	l->ledger->posted = l->ledger->head.size;
	for (i = 0; i < ARRAY_LEN(order) && e == OK; i++)
		e = load_table(tx, order[i], l->load);
	return e;
}
