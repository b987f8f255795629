/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

/*
 * The store: SQLite on a thread of its own, the only door to sqlite3.h.
 *
 * Work is handed over as jobs.  A job runs on the store's thread inside the
 * transaction that is open there; afterwards its `done` runs on the loop's
 * thread, from store_reap().  Jobs run in the order they were posted.
 *
 * Group commit: the transaction is committed at most STORE_GROUP_MS after
 * its first write, or at once when a job is durable.  `done` of a durable
 * job comes after that commit (WAL, synchronous=FULL); of any other job
 * right after it ran, and then a kill may still lose it.  The caller's loop
 * therefore never waits for a disk.
 *
 * When a commit fails nothing that follows can be trusted: store_reap()
 * returns ERR_IO and the house must stop.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct store;
struct store_tx; /* The open transaction, seen from a job. */

struct store_job {
	/* On the store's thread.  Check first, write then: an error behind a
	 * write breaks the store, so that half a job is never committed. */
	enum err (*run)(struct store_tx *tx, void *arg);
	/* On the loop's thread; may be NULL. */
	void (*done)(void *arg, enum err result);
	void *arg;
	bool durable;
};

/* Open or create, check, and bring to the newest schema: statement i of
 * `migrations` leads from version i to i + 1.  ERR_CORRUPT, ERR_IO. */
NODISCARD enum err store_open(const char *path, const char *const *migrations,
    int n_migrations, struct store **ret, struct errmsg *why);

/* For readers of a copy: no thread, no writes. */
NODISCARD enum err store_open_copy(
    const char *path, struct store **ret, struct errmsg *why);

/* Readable when store_reap() has something to do. */
int store_fd(const struct store *st);

void store_start(struct store *st);
void store_close(struct store *st);

/* ERR_LIMIT when STORE_QUEUE_MAX jobs wait. */
NODISCARD enum err store_post(struct store *st, const struct store_job *job);
NODISCARD enum err store_reap(struct store *st);

/* How many jobs wait to run. */
size_t store_waiting(struct store *st);

/* Before store_start() or on a copy: run a job here and now. */
NODISCARD enum err store_run_now(
    struct store *st, enum err (*run)(struct store_tx *, void *), void *arg);

/*
 * SQL inside a job.  A statement is prepared once per text; texts are
 * constants and told apart by their address.
 */
struct store_query;

NODISCARD enum err store_query_open(
    struct store_tx *tx, const char *sql, struct store_query **ret);
void store_bind_int(struct store_query *q, int at, int64_t v);
void store_bind_text(struct store_query *q, int at, const char *s);
void store_bind_blob(struct store_query *q, int at, const void *p, size_t len);

/* OK for a row, ERR_NOTFOUND at the end. */
NODISCARD enum err store_query_step(struct store_query *q);
int64_t store_column_int(struct store_query *q, int at);
const char *store_column_text(struct store_query *q, int at); /* never NULL */
struct str store_column_blob(struct store_query *q, int at);
void store_query_close(struct store_query *q);

/* Step a statement that gives no rows, and close it. */
NODISCARD enum err store_query_finish(struct store_query *q);

#endif
