/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/check.h"
#include "base/log.h"
#include "crash.h"
#include "store/store.h"

#define LONGEST_S 60
#define PAGE 500

struct verify {
	struct world *w;
	struct audit_check check;
	uint32_t record; /* Whose entry is the next one. */
	int part;
	uint32_t loaded; /* Acts that the ledger gave back. */
	uint8_t states[ACTS_MAX];
};

/* ---- What the ordinary code says ---- */

static enum err
load_row(void *arg, enum ledger_row table, const struct json *row)
{
	struct verify *v = arg;
	struct act *a;
	enum err e;

	if (table != ROW_ACT)
		return OK;
	e = ledger_act_of_row(row, &a);
	if (e != OK)
		return e;
	v->loaded++;
	act_free(a);
	return OK;
}

static void
open_and_close(struct verify *v, const char *path)
{
	const struct ledger_load load = {.arg = v, .row = load_row};
	struct loop *loop = loop_new();
	struct ledger *l;
	struct errmsg why;

	if (ledger_open(path, loop, &load, &l, &why) != OK) {
		world_wrong(v->w, "it does not open: %s", why.text);
		_exit(0);
	}
	ledger_close(l);
	loop_free(loop);
}

/* ---- The log ---- */

static enum err
on_entry(void *arg, const struct audit_entry *e)
{
	struct verify *v = arg;
	struct world *w = v->w;
	struct json *body = NULL;
	char act[TOKEN_SIZE];

	audit_check_entry(&v->check, e->seq, e->salt, e->body, &e->leaf);
	if (v->record >= w->n_records) {
		world_wrong(w, "entry %llu was never posted",
		    (unsigned long long)e->seq);
		return OK;
	}
	plan_id(w, "act", w->records[v->record].act, act);
	if (json_parse(e->body.p, e->body.len, &body) != OK ||
	    json_int(body, "n", -1) != v->record ||
	    json_int(body, "part", -1) != v->part ||
	    strcmp(e->kind, plan_kind(w, v->record, v->part)) != 0 ||
	    strcmp(e->act, act) != 0)
		world_wrong(w,
		    "entry %llu is '%s' of record %lld, want part %d of %u",
		    (unsigned long long)e->seq, e->kind,
		    (long long)json_int(body, "n", -1), v->part,
		    (unsigned)v->record);
	json_free(body);
	if (++v->part == plan_parts(w, v->record)) {
		v->part = 0;
		v->record++;
	}
	return OK;
}

static enum err
check_tree(struct store_tx *tx, struct verify *v)
{
	struct audit stored;
	struct digest path[TREE_LEVELS];
	struct digest want;
	struct digest root;
	size_t len;
	enum err e = audit_load(tx, &stored);

	if (e != OK)
		return e;
	tree_root(&v->check.tree, &want);
	tree_root(&stored.tree, &root);
	if (v->check.failed || !digest_equal(&want, &root))
		world_wrong(v->w, "the tree does not fit the log");
	if (stored.tree.size == 0)
		return OK;
	return audit_prove(
	    tx, stored.tree.size / 2, stored.tree.size, path, &len);
}

static enum err
check_log(struct store_tx *tx, struct verify *v)
{
	uint64_t before;
	enum err e;

	do {
		before = v->check.tree.size;
		e = audit_list(tx, NULL, before, PAGE, on_entry, v);
	} while (
	    e == OK && !v->check.failed && v->check.tree.size == before + PAGE);
	if (v->part != 0)
		world_wrong(
		    v->w, "record %u is there by half", (unsigned)v->record);
	v->w->found = v->record;
	return e == OK ? check_tree(tx, v) : e;
}

/* ---- The rows ---- */

static enum err
count(struct store_tx *tx, const char *sql, int64_t *ret)
{
	struct store_query *q;
	enum err e = store_query_open(tx, sql, &q);

	if (e != OK)
		return e;
	e = store_query_step(q);
	if (e == OK)
		*ret = store_column_int(q, 0);
	store_query_close(q);
	return e;
}

static enum err
check_count(struct store_tx *tx, struct verify *v, const char *sql,
    const char *what, int64_t want)
{
	int64_t n = -1;
	enum err e = count(tx, sql, &n);

	if (e == OK && n != want)
		world_wrong(v->w, "%lld %s, and the log has %lld", (long long)n,
		    what, (long long)want);
	return e;
}

static enum err
check_act(struct store_tx *tx, struct verify *v, uint32_t act)
{
	static const char sql[] =
	    "SELECT act.state, (SELECT count(*) FROM nonce_spent WHERE"
	    " nonce=?2 AND act=act.id), run.state FROM act JOIN run ON"
	    " run.id=act.run WHERE act.id=?1";
	enum step last = (enum step)(v->states[act] - 1);
	struct store_query *q;
	char id[TOKEN_SIZE];
	char nonce[TOKEN_SIZE];
	enum err e = store_query_open(tx, sql, &q);

	if (e != OK)
		return e;
	plan_id(v->w, "act", act, id);
	plan_id(v->w, "nonce", act, nonce);
	store_bind_text(q, 1, id);
	store_bind_text(q, 2, nonce);
	e = store_query_step(q);
	if (e == ERR_NOTFOUND)
		world_wrong(
		    v->w, "act %u has entries and no row", (unsigned)act);
	else if (e == OK &&
	    (strcmp(store_column_text(q, 0),
		 act_state_name(step_plans[last].state)) != 0 ||
		store_column_int(q, 1) != (last >= STEP_INTENT) ||
		strcmp(store_column_text(q, 2),
		    last == STEP_DONE ? "done" : "open") != 0))
		world_wrong(v->w,
		    "act %u is '%s' in its row, and the log "
		    "has it at step %d",
		    (unsigned)act, store_column_text(q, 0), (int)last);
	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}

static enum err
check_rows(struct store_tx *tx, struct verify *v)
{
	int64_t acts = 0;
	int64_t spent = 0;
	int64_t signed_ones = 0;
	int64_t over = 0;
	uint32_t i;
	enum err e = OK;

	plan_states(v->w, v->w->found, v->states);
	for (i = 0; i < ACTS_MAX && e == OK; i++) {
		if (v->states[i] == 0)
			continue;
		acts++;
		signed_ones += v->states[i] > STEP_APPROVED;
		spent += v->states[i] > STEP_INTENT;
		over += v->states[i] > STEP_DONE;
		e = check_act(tx, v, i);
	}
	if (e == OK)
		e = check_count(
		    tx, v, "SELECT count(*) FROM act", "acts", acts);
	if (e == OK)
		e = check_count(
		    tx, v, "SELECT count(*) FROM run", "runs", acts);
	if (e == OK)
		e = check_count(
		    tx, v, "SELECT count(*) FROM nonce_spent", "nonces", spent);
	if (e == OK)
		e = check_count(
		    tx, v, "SELECT count(*) FROM yes", "sheets", signed_ones);
	if (e == OK)
		e = check_count(
		    tx, v, "SELECT count(*) FROM step", "steps", over);
	if (v->loaded != (uint32_t)(acts - over))
		world_wrong(v->w, "%u open acts were loaded, want %lld",
		    (unsigned)v->loaded, (long long)(acts - over));
	return e;
}

static enum err
check_file(struct store_tx *tx, struct verify *v)
{
	struct store_query *q;
	enum err e = store_query_open(tx, "PRAGMA integrity_check", &q);

	if (e != OK)
		return e;
	e = store_query_step(q);
	if (e == OK && strcmp(store_column_text(q, 0), "ok") != 0)
		world_wrong(
		    v->w, "the file is damaged: %s", store_column_text(q, 0));
	store_query_close(q);
	return e;
}

static void
check_bounds(struct world *w)
{
	if (w->found < w->kept)
		world_wrong(w, "%u records, and number %u was told as durable",
		    (unsigned)w->found, (unsigned)w->kept - 1);
	if (w->found < w->committed)
		world_wrong(w,
		    "%u records, and number %u was in a group that "
		    "was committed",
		    (unsigned)w->found, (unsigned)w->committed - 1);
}

static enum err
check_all(struct store_tx *tx, void *arg)
{
	struct verify *v = arg;
	enum err e = check_file(tx, v);

	if (e == OK)
		e = check_log(tx, v);
	if (e == OK)
		e = check_rows(tx, v);
	check_bounds(v->w);
	return e;
}

/* ---- A copy, so that the next life finds what this one left ---- */

static void
copy(const struct world *w, const char *end)
{
	char from[300];
	char to[300];
	char chunk[16 * 1024];
	FILE *in;
	FILE *out;
	size_t n;

	snprintf(from, sizeof(from), "%s/durward.db%s", w->folder, end);
	snprintf(to, sizeof(to), "%s/check.db%s", w->folder, end);
	unlink(to);
	in = fopen(from, "rb");
	if (in == NULL)
		return;
	out = fopen(to, "wb");
	if (out == NULL)
		fatal("%s cannot be made", to);
	while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0)
		if (fwrite(chunk, 1, n, out) != n)
			fatal("%s cannot be written", to);
	fclose(in);
	fclose(out);
}

void
verify_run(struct world *w)
{
	static struct verify v;
	struct store *st;
	struct errmsg why;
	char path[300];

	alarm(LONGEST_S);
	v.w = w;
	copy(w, "");
	copy(w, "-wal");
	copy(w, "-shm");
	copy(w, "-journal");
	snprintf(path, sizeof(path), "%s/check.db", w->folder);
	open_and_close(&v, path);
	if (store_open_copy(path, &st, &why) != OK) {
		world_wrong(w, "the copy does not open: %s", why.text);
		_exit(0);
	}
	if (store_run_now(st, check_all, &v) != OK)
		world_wrong(w, "it cannot be read");
	store_close(st);
	_exit(0);
}
