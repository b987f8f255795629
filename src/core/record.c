/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/log.h"
#include "base/str.h"
#include "core/core_priv.h"
#include "sys/clock.h"

/*
 * A record is one transaction: log entries and the rows they are about.
 * It runs on the store's thread, so it owns copies of all it needs.
 */

#define LOGS_MAX 4
#define ROWS_MAX 6

struct row {
	record_write_fn *write;
	struct json *row;
};

struct record {
	struct core *core;
	struct json *logs[LOGS_MAX];
	size_t n_logs;
	struct row rows[ROWS_MAX];
	size_t n_rows;
	char run[TOKEN_SIZE]; /* Whose waiters are woken. */
	struct tree head;
	record_then_fn *then;
	char key[NAME_MAX_LEN + 1];
};

struct record *
record_new(struct core *c)
{
	struct record *r = xalloc(sizeof(*r));

	r->core = c;
	return r;
}

void
record_log(struct record *r, const char *kind, const char *run, const char *act,
    struct json *body)
{
	if (r->n_logs == LOGS_MAX)
		fatal("a record holds too many entries");
	json_put_str(body, "kind", kind);
	json_put_int(body, "boot_ms", clock_boot_ms());
	json_put_int(body, "wall_ms", clock_wall_ms());
	if (run != NULL)
		json_put_str(body, "run", run);
	if (act != NULL)
		json_put_str(body, "act", act);
	if (run != NULL && str_copy(r->run, sizeof(r->run), run) != OK)
		fatal("a run's id is too long");
	r->logs[r->n_logs++] = body;
}

void
record_row(struct record *r, record_write_fn *write, struct json *row)
{
	if (r->n_rows == ROWS_MAX)
		fatal("a record holds too many rows");
	r->rows[r->n_rows++] = (struct row){write, row};
}

static void
record_free(struct record *r)
{
	size_t i;

	for (i = 0; i < r->n_logs; i++)
		json_free(r->logs[i]);
	for (i = 0; i < r->n_rows; i++)
		json_free(r->rows[i].row);
	free(r);
}

/* On the store's thread. */
static enum err
run_record(struct store_tx *tx, void *arg)
{
	struct record *r = arg;
	struct audit before = r->core->audit;
	enum err e = OK;
	uint64_t seq;
	size_t i;

	for (i = 0; i < r->n_logs && e == OK; i++)
		e = audit_append(&r->core->audit, tx, r->logs[i], &seq);
	for (i = 0; i < r->n_rows && e == OK; i++)
		e = r->rows[i].write(tx, r->rows[i].row);
	if (e != OK)
		r->core->audit = before;
	r->head = r->core->audit.tree;
	return e;
}

static void
record_done(void *arg, enum err result)
{
	struct record *r = arg;
	struct core *c = r->core;

	if (result != OK)
		fatal("the record cannot be written (%s): no acts without it",
		    err_text(result));
	if (r->head.size > c->head.size)
		c->head = r->head;
	if (r->run[0] != '\0')
		queries_wake(c, r->run);
	if (r->then != NULL)
		r->then(c, r->key);
	record_free(r);
}

void
record_post(
    struct record *r, bool durable, record_then_fn *then, const char *key)
{
	struct store_job job = {.run = run_record,
	    .done = record_done,
	    .arg = r,
	    .durable = durable};

	r->then = then;
	if (key != NULL && str_copy(r->key, sizeof(r->key), key) != OK)
		fatal("a record's key is too long");
	if (store_post(r->core->store, &job) != OK)
		fatal("the store does not keep up: %d jobs wait",
		    STORE_QUEUE_MAX);
}
