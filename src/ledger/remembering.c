/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "ledger/ledger_priv.h"

/* Reading what is remembered, and forgetting much of it, and results,
 * between the records. */

struct reading_back {
	struct memory_ask ask;
	struct json *found;
	memory_fn *fn;
	void *arg;
	char key[NAME_MAX_LEN + 1];
};

static enum err
run_back(struct store_tx *tx, void *arg)
{
	struct reading_back *b = arg;

	return memory_read(tx, &b->ask, &b->found);
}

static void
back_done(void *arg, enum err e)
{
	struct reading_back *b = arg;

	b->fn(b->arg, b->key, e == OK ? b->found : NULL);
	free(b);
}

void
ledger_read_memory(struct ledger *l, const struct memory_ask *ask,
    memory_fn *fn, void *arg, const char *key)
{
	struct reading_back *b = xalloc(sizeof(*b));
	/* Whatever comes of a turn's view is committed behind what is in it. */
	struct store_job job = {.run = run_back,
	    .done = back_done,
	    .arg = b,
	    .settled = ask->want != MEMORY_VIEW};

	b->ask = *ask;
	b->fn = fn;
	b->arg = arg;
	if (str_copy(b->key, sizeof(b->key), key) != OK)
		fatal("a reading's key is too long");
	ledger_post(l, &job);
}

/* ---- Results ---- */

struct reading_on {
	char run[TOKEN_SIZE];
	int64_t step;
	int64_t from;
	struct json *found;
	memory_fn *fn;
	void *arg;
	char key[NAME_MAX_LEN + 1];
};

/* Whole characters, and behind them where the next are. */
static struct json *
piece_of(const char *result, int64_t step, int64_t from)
{
	size_t len = strlen(result);
	size_t at = from > 0 && (size_t)from < len ? (size_t)from : 0;
	struct json *v = json_object();
	struct buf b;
	size_t n;

	if (from > 0 && (size_t)from >= len)
		at = len;
	while (((unsigned char)result[at] & 0xc0) == 0x80)
		at++;
	n = str_cut(result + at, REST_SHOWN_MAX);
	buf_init(&b, TURN_SHOWN_MAX);
	buf_add(&b, result + at, n);
	if (at + n < len)
		buf_addf(&b,
		    "\n[bytes %zu to %zu of %zu; step %lld and from %zu read "
		    "on]",
		    at, at + n, len, (long long)step, at + n);
	else
		buf_adds(&b, "\n[its end]");
	json_put_str(v, "text", b.p);
	buf_done(&b);
	return v;
}

static enum err
run_on(struct store_tx *tx, void *arg)
{
	struct reading_on *o = arg;
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "SELECT result FROM act WHERE run=? AND step=? AND state='done'",
	    &q);

	if (e != OK)
		return e;
	store_bind_text(q, 1, o->run);
	store_bind_int(q, 2, o->step);
	e = store_query_step(q);
	if (e == OK)
		o->found = piece_of(store_column_text(q, 0), o->step, o->from);
	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}

static void
on_done(void *arg, enum err e)
{
	struct reading_on *o = arg;

	(void)e; /* What could not be read was not found. */
	o->fn(o->arg, o->key, o->found);
	free(o);
}

void
ledger_read_result(struct ledger *l, const char *run, int64_t step,
    int64_t from, memory_fn *fn, void *arg, const char *key)
{
	struct reading_on *o = xalloc(sizeof(*o));
	struct store_job job = {
	    .run = run_on, .done = on_done, .arg = o, .settled = true};

	o->step = step;
	o->from = from;
	o->fn = fn;
	o->arg = arg;
	if (str_copy(o->key, sizeof(o->key), key) != OK ||
	    str_copy(o->run, sizeof(o->run), run) != OK)
		fatal("a reading's key is too long");
	ledger_post(l, &job);
}

/* ---- What was said in runs that were pruned, a few messages at a time ---- */

static void post_pruning(struct ledger *l);

static enum err
run_pruning(struct store_tx *tx, void *arg)
{
	struct ledger *l = arg;

	return memory_prune_some(tx, &l->pruning.more);
}

static void
pruning_done(void *arg, enum err e)
{
	struct ledger *l = arg;

	/* What is left is forgotten behind the next start. */
	l->pruning.under_way = false;
	if (e == OK && (l->pruning.more || l->pruning.wanted))
		post_pruning(l);
}

static void
post_pruning(struct ledger *l)
{
	struct store_job job = {
	    .run = run_pruning, .done = pruning_done, .arg = l};

	l->pruning.under_way = true;
	l->pruning.wanted = false;
	ledger_post(l, &job);
}

void
remembering_prune(struct ledger *l)
{
	if (l->pruning.under_way)
		l->pruning.wanted = true;
	else
		post_pruning(l);
}
