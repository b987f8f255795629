/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

/*
 * The store: SQLite on a thread of its own, the only door to sqlite3.h.
 *
 * Opening takes the folder for this process alone, ends a restore that was
 * cut short, looks the file over when the last stop was unclean, keeps a
 * copy before it migrates, and sets room aside on the disk for the day it
 * is full.  A clean stop leaves one file and the reserve, nothing else.
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
 * returns ERR_IO and the house must stop.  When it was for want of room the
 * reserve is given up at once, so that the next start can write again.
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
	/* For readings that leave the house: `done` comes with the group's
	 * commit, when all that was read is on the disk, so that nothing is
	 * told and then lost. */
	bool settled;
	/* Nobody waits: `done` may come with that of a later job, and comes
	 * with the group's commit at the latest. */
	bool unawaited;
};

struct store_options {
	const char *path;
	/* Statement i leads from version i to i + 1. */
	const char *const *migrations;
	int n_migrations;
	/* Room kept in a file beside the database; 0 for none. */
	int64_t reserve_bytes;
	/* The disk is slow, or wears out: commit less often, and write what
	 * is in the WAL back less often. */
	bool spare;
};

/* Open or create, check, and bring to the newest schema.  What there was
 * before a migration stays beside it as PATH.before-vN.  ERR_BUSY when
 * another process has it, ERR_CORRUPT, ERR_UNSUPPORTED, ERR_IO. */
NODISCARD enum err store_open(
    const struct store_options *o, struct store **ret, struct errmsg *why);

/* For readers of a copy: no thread, no writes. */
NODISCARD enum err store_open_copy(
    const char *path, struct store **ret, struct errmsg *why);

/* Readable when store_reap() has something to do. */
int store_fd(const struct store *st);

void store_start(struct store *st);
void store_close(struct store *st);

/* ERR_LIMIT when STORE_QUEUE_MAX jobs wait.  A job may begin only when it
 * is handed over: what one turn of the loop posts wakes the thread once. */
NODISCARD enum err store_post(struct store *st, const struct store_job *job);
void store_hand_over(struct store *st);
NODISCARD enum err store_reap(struct store *st);

/* How many jobs wait to run. */
size_t store_waiting(struct store *st);

/* For how long its thread has been at one thing, in ms: a job, a commit, a
 * piece of a backup, or not even begun with what waits; 0 without work. */
int64_t store_busy_ms(struct store *st);

/* What a commit takes until it is on the disk, in ms, as the last ones did. */
int64_t store_sync_ms(struct store *st);

/* Is there so little room that new work should be turned away?  Cheap. */
bool store_is_low(struct store *st);

/* Copy the whole database to `path` while it is in use: a few pages at a
 * time, so that no job waits longer than for those; then check the copy,
 * sync it and put it in the place of `path`.  `done` on the loop's thread,
 * from store_reap(), unless the store is closed before.  ERR_BUSY while
 * another one runs. */
NODISCARD enum err store_backup(struct store *st, const char *path,
    void (*done)(void *arg, enum err result), void *arg);

/* The same from a process of its own, at one go, also while another one has
 * the database open; to a file that is synced by who wants to keep it. */
NODISCARD enum err store_copy(const char *path, const char *to);

/* Is `copy` one that store_restore() would take?  `name` is for people. */
NODISCARD enum err store_check_backup(const char *copy,
    const struct store_options *o, const char *name, struct errmsg *why);

/* With the database closed: check `backup` and put it in the place of
 * `o->path`.  What was there stays as PATH.replaced.  A kill at any point
 * leaves the old one or the new one. */
NODISCARD enum err store_restore(
    const struct store_options *o, const char *backup, struct errmsg *why);

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

/* What this job deletes shall be nowhere in the file nor in its WAL once its
 * group is committed.  The file itself never keeps what was deleted. */
void store_scrub(struct store_tx *tx);

/* OK for a row, ERR_NOTFOUND at the end. */
NODISCARD enum err store_query_step(struct store_query *q);
int64_t store_column_int(struct store_query *q, int at);
const char *store_column_text(struct store_query *q, int at); /* never NULL */
struct str store_column_blob(struct store_query *q, int at);
void store_query_close(struct store_query *q);

/* Step a statement that gives no rows, and close it. */
NODISCARD enum err store_query_finish(struct store_query *q);

#endif
