/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "ledger/ledger_priv.h"
#include "sys/clock.h"

/*
 * A record is one transaction: log entries and the rows they are about.
 * It runs on the store's thread, so it owns copies of all it needs.
 */

#define LOGS_MAX 4
#define ROWS_MAX 48
#define RESULT_LOGGED_MAX 4096

struct row {
	enum ledger_row table;
	struct json *row;
};

struct record {
	struct ledger *ledger;
	struct json *logs[LOGS_MAX];
	size_t n_logs;
	struct row rows[ROWS_MAX];
	size_t n_rows;
	char run[TOKEN_SIZE]; /* Whose waiters are woken. */
	struct tree head;
	bool durable;
	bool prunes;
	record_then_fn *then;
	void *arg;
	char key[NAME_MAX_LEN + 1];
};

struct record *
record_new(struct ledger *l)
{
	struct record *r =
	    l->n_spare > 0 ? l->spare[--l->n_spare] : xalloc(sizeof(*r));

	r->ledger = l;
	return r;
}

bool
record_fits(const struct json *body)
{
	struct buf b;
	bool fits;

	/* Room for kind, ids and times. */
	buf_init(&b, LOG_BODY_MAX - 1024);
	json_canonical(body, &b);
	fits = !b.overflow;
	buf_done(&b);
	return fits;
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
record_row(struct record *r, enum ledger_row table, struct json *row)
{
	if (r->n_rows == ROWS_MAX)
		fatal("a record holds too many rows");
	r->rows[r->n_rows++] = (struct row){table, row};
	r->prunes |= table == ROW_PRUNE;
}

static void
record_free(struct record *r)
{
	struct ledger *l = r->ledger;
	size_t i;

	for (i = 0; i < r->n_logs; i++)
		json_free(r->logs[i]);
	for (i = 0; i < r->n_rows; i++)
		json_free(r->rows[i].row);
	if (l->n_spare == RECORDS_SPARE_MAX) {
		free(r);
		return;
	}
	memset(r, 0, sizeof(*r));
	l->spare[l->n_spare++] = r;
}

void
record_drop(struct record *r)
{
	record_free(r);
}

/* On the store's thread. */
static enum err
run_record(struct store_tx *tx, void *arg)
{
	struct record *r = arg;
	struct audit before = r->ledger->audit;
	enum err e = OK;
	uint64_t seq;
	size_t i;

	for (i = 0; i < r->n_logs && e == OK; i++)
		e = audit_append(&r->ledger->audit, tx, r->logs[i], &seq);
	for (i = 0; i < r->n_rows && e == OK; i++)
		e = row_write(tx, r->rows[i].table, r->rows[i].row);
	if (e != OK)
		r->ledger->audit = before;
	r->head = r->ledger->audit.tree;
	return e;
}

static void
record_done(void *arg, enum err result)
{
	struct record *r = arg;
	struct ledger *l = r->ledger;

	if (result != OK)
		fatal("the record cannot be written (%s): no acts without it",
		    err_text(result));
	if (r->head.size > l->head.size)
		l->head = r->head;
	if (r->durable)
		l->kept = r->head;
	if (r->prunes)
		remembering_prune(l);
	if (r->then != NULL)
		r->then(r->arg, r->key);
	record_free(r);
}

struct json *
record_result(const char *text)
{
	struct json *v = json_object();
	struct digest d;
	char hex[DIGEST_HEX_SIZE];
	size_t len = strlen(text);

	crypto_hash(text, len, &d);
	digest_hex(&d, hex);
	json_put_str(v, "result_sha256", hex);
	json_put_int(v, "result_bytes", (int64_t)len);
	if (len <= RESULT_LOGGED_MAX)
		json_put_str(v, "result", text);
	return v;
}

void
record_post(struct record *r, bool durable, record_then_fn *then, void *arg,
    const char *key)
{
	struct store_job job = {.run = run_record,
	    .done = record_done,
	    .arg = r,
	    .durable = durable,
	    .unawaited = !durable && then == NULL};

	r->durable = durable;
	r->then = then;
	r->arg = arg;
	if (key != NULL && str_copy(r->key, sizeof(r->key), key) != OK)
		fatal("a record's key is too long");
	r->ledger->posted += r->n_logs;
	ledger_post(r->ledger, &job);
	if (r->n_logs > 0)
		follow_wake(r->ledger, r->run, durable);
}
