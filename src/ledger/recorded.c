/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "ledger/ledger_priv.h"

/* What was recorded of a run: for its replay, and for a fork of it. */

struct recorded {
	struct recorded_ask ask;
	struct json *found;
	bool denied;
	recorded_fn *fn;
	void *arg;
	int64_t id;
};

/* The one run whose id begins so.  ERR_NOTFOUND. */
static enum err
find_run(struct store_tx *tx, struct recorded *w)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "SELECT id, goal, client, state, labels, session, fork_of, models,"
	    " forked FROM run WHERE substr(id, 1, length(?1))=?1 LIMIT 2",
	    &q);

	if (e != OK)
		return e;
	store_bind_text(q, 1, w->ask.run);
	e = store_query_step(q);
	if (e == OK) {
		static const char *const names[] = {"run", "goal", "client",
		    "state", "labels", "session", "fork_of", "models"};
		int i;

		w->found = json_object();
		for (i = 0; i < (int)ARRAY_LEN(names); i++)
			json_put_str(
			    w->found, names[i], store_column_text(q, i));
		json_put_int(w->found, "forked", store_column_int(q, 8));
		e = store_query_step(q) == OK ? ERR_NOTFOUND : OK;
	}
	store_query_close(q);
	return e;
}

static enum err
read_names(struct store_tx *tx, struct recorded *w)
{
	struct json *list = json_array();
	struct store_query *q;
	enum err e = store_query_open(
	    tx, "SELECT name, trace FROM step WHERE run=? ORDER BY n", &q);

	json_put(w->found, "steps", list);
	if (e != OK)
		return e;
	store_bind_text(q, 1, json_words(w->found, "run"));
	while ((e = store_query_step(q)) == OK) {
		struct json *step = json_object();

		json_put_str(step, "name", store_column_text(q, 0));
		json_put_str(step, "trace", store_column_text(q, 1));
		json_push(list, step);
	}
	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}

/* Where each row is, in the order of a replay: the steps, then what came in
 * from outside.  What they say is read for those of the page alone. */
static const char keys[] =
    "SELECT 0 AS sort, n AS n, 0 AS part FROM step WHERE run=?1"
    " UNION ALL SELECT 1, n, part FROM heard WHERE run=?1"
    " UNION ALL SELECT 2, step, 0 FROM act"
    " WHERE run=?1 AND tool NOT LIKE 'model.%'"
    " ORDER BY sort, n, part LIMIT ?3 OFFSET ?2";

static const char *const rows[] = {
    "SELECT 'step', n, name, wish, trace, length(content),"
    " substr(content, ?4 + 1, ?5) FROM step WHERE run=?1 AND n=?2 AND ?3=0",
    "SELECT 'heard', n, part, '', '', 2 * length(data),"
    " substr(lower(hex(data)), ?4 + 1, ?5) FROM heard"
    " WHERE run=?1 AND n=?2 AND part=?3",
    "SELECT 'act', step, state, '', '', length(coalesce(result, '')),"
    " substr(coalesce(result, ''), ?4 + 1, ?5) FROM act"
    " WHERE run=?1 AND step=?2 AND ?3=0"};

static struct json *
row_of(struct store_query *q)
{
	static const struct {
		const char *name;
		int at;
	} texts[] = {
	    {"kind", 0}, {"name", 2}, {"wish", 3}, {"trace", 4}, {"text", 6}};
	struct json *row = json_object();
	size_t i;

	for (i = 0; i < ARRAY_LEN(texts); i++)
		json_put_str(
		    row, texts[i].name, store_column_text(q, texts[i].at));
	json_put_int(row, "n", store_column_int(q, 1));
	json_put_int(row, "size", store_column_int(q, 5));
	return row;
}

/* The one that `key` stands at; adds its size to the page's.  ERR_NOTFOUND. */
static enum err
read_row(struct store_tx *tx, const struct recorded *w, struct store_query *key,
    size_t *page, struct json *list)
{
	struct store_query *q;
	struct json *row;
	enum err e = store_query_open(tx, rows[store_column_int(key, 0)], &q);

	if (e != OK)
		return e;
	store_bind_text(q, 1, json_words(w->found, "run"));
	store_bind_int(q, 2, store_column_int(key, 1));
	store_bind_int(q, 3, store_column_int(key, 2));
	store_bind_int(q, 4, w->ask.at);
	store_bind_int(q, 5, RECORDED_SLICE_MAX);
	e = store_query_step(q);
	if (e == OK) {
		row = row_of(q);
		*page += strlen(json_words(row, "text")) + 256;
		json_push(list, row);
		/* Its rest is asked for. */
		if (json_int(row, "size", 0) > w->ask.at + RECORDED_SLICE_MAX)
			*page = RECORDED_PAGE_MAX;
	}
	store_query_close(q);
	return e;
}

/* A row that began on the page before stands alone on this one. */
static enum err
read_rows(struct store_tx *tx, struct recorded *w)
{
	struct json *list = json_array();
	struct store_query *q;
	size_t page = 0;
	enum err e = store_query_open(tx, keys, &q);

	json_put(w->found, "rows", list);
	if (e != OK)
		return e;
	store_bind_text(q, 1, json_words(w->found, "run"));
	store_bind_int(q, 2, w->ask.row);
	store_bind_int(q, 3, w->ask.at > 0 ? 1 : -1);
	while (e == OK && page < RECORDED_PAGE_MAX &&
	    (e = store_query_step(q)) == OK)
		e = read_row(tx, w, q, &page, list);
	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}

static enum err
run_recorded(struct store_tx *tx, void *arg)
{
	struct recorded *w = arg;
	enum err e = find_run(tx, w);

	if (e != OK)
		return e;
	if (w->ask.client[0] != '\0' &&
	    strcmp(w->ask.client, json_words(w->found, "client")) != 0) {
		w->denied = true;
		return OK;
	}
	e = read_names(tx, w);
	return e == OK ? read_rows(tx, w) : e;
}

static void
recorded_done(void *arg, enum err e)
{
	struct recorded *w = arg;

	if (e == OK && w->denied)
		e = ERR_DENIED;
	w->fn(w->arg, w->id, e, e == OK ? w->found : NULL);
	json_free(w->found);
	free(w);
}

void
ledger_read_recorded(struct ledger *l, const struct recorded_ask *ask,
    recorded_fn *fn, void *arg, int64_t id)
{
	struct recorded *w = xalloc(sizeof(*w));
	struct store_job job = {.run = run_recorded,
	    .done = recorded_done,
	    .arg = w,
	    .settled = true};

	w->ask = *ask;
	w->fn = fn;
	w->arg = arg;
	w->id = id;
	ledger_post(l, &job);
}
