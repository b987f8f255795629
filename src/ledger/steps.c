/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "ledger/ledger_priv.h"

/* What a restarted mind needs of a run. */

struct wanted {
	char run[TOKEN_SIZE];
	steps_fn *fn;
	void *arg;
	struct json *steps;
	struct json *acts;
};

static enum err
read_steps(struct store_tx *tx, struct wanted *w)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "SELECT name, content, trace FROM step WHERE run=? ORDER BY n", &q);

	if (e != OK)
		return e;
	store_bind_text(q, 1, w->run);
	while ((e = store_query_step(q)) == OK) {
		struct json *step = json_object();

		json_put_str(step, "name", store_column_text(q, 0));
		json_put_str(step, "content", store_column_text(q, 1));
		json_put_str(step, "trace", store_column_text(q, 2));
		json_push(w->steps, step);
	}
	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}

/* What became of the acts that it wished since it last thought, should the
 * mind have missed it. */
static enum err
read_acts(struct store_tx *tx, struct wanted *w)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "SELECT step, tool, state, result FROM act WHERE run=?1 AND state"
	    " IN ('started', 'done', 'failed', 'denied', 'unknown') AND step >"
	    " (SELECT coalesce(max(n), -1) FROM step WHERE run=?1"
	    " AND name='think') ORDER BY step",
	    &q);

	if (e != OK)
		return e;
	store_bind_text(q, 1, w->run);
	while ((e = store_query_step(q)) == OK) {
		struct json *act = json_object();

		json_put_int(act, "step", store_column_int(q, 0));
		json_put_str(act, "tool", store_column_text(q, 1));
		json_put_str(act, "state", store_column_text(q, 2));
		json_put_str(act, "text", store_column_text(q, 3));
		json_push(w->acts, act);
	}
	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}

static enum err
run_steps(struct store_tx *tx, void *arg)
{
	enum err e = read_steps(tx, arg);

	return e == OK ? read_acts(tx, arg) : e;
}

static void
steps_done(void *arg, enum err e)
{
	struct wanted *w = arg;

	if (e != OK)
		fatal("the steps of a run cannot be read: %s", err_text(e));
	w->fn(w->arg, w->run, w->steps, w->acts);
	free(w);
}

void
ledger_read_steps(struct ledger *l, const char *run, steps_fn *fn, void *arg)
{
	struct wanted *w = xalloc(sizeof(*w));
	struct store_job job = {.run = run_steps, .done = steps_done, .arg = w};

	snprintf(w->run, sizeof(w->run), "%s", run);
	w->fn = fn;
	w->arg = arg;
	w->steps = json_array();
	w->acts = json_array();
	ledger_post(l, &job);
}
