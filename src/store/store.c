/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "store/store_priv.h"

#define BUSY_WAIT_MS 2000

enum err
store_exec(struct store_tx *tx, const char *sql)
{
	int rc = sqlite3_exec(tx->db, sql, NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		return OK;
	return rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB ? ERR_CORRUPT
							   : ERR_IO;
}

static enum err
read_version(struct store_tx *tx, int *ret)
{
	struct store_query *q;
	enum err e = store_query_open(tx, "PRAGMA user_version", &q);

	if (e != OK)
		return e;
	e = store_query_step(q);
	if (e == OK)
		*ret = (int)store_column_int(q, 0);
	store_query_close(q);
	return e;
}

static enum err
migrate(struct store_tx *tx, const char *const *migrations, int n)
{
	char pragma[48];
	int version;
	enum err e = read_version(tx, &version);

	if (e != OK)
		return e;
	if (version < 0)
		return ERR_CORRUPT;
	if (version > n)
		return ERR_UNSUPPORTED;
	for (; version < n && e == OK; version++) {
		snprintf(pragma, sizeof(pragma), "PRAGMA user_version=%d",
		    version + 1);
		e = store_exec(tx, "BEGIN IMMEDIATE");
		if (e == OK)
			e = store_exec(tx, migrations[version]);
		if (e == OK)
			e = store_exec(tx, pragma);
		if (e == OK)
			e = store_exec(tx, "COMMIT");
	}
	return e;
}

static enum err
explain(struct errmsg *why, enum err e, const char *path, struct store *st)
{
	if (e == ERR_UNSUPPORTED)
		return err_say(why, e,
		    "%s was written by a newer version; install that one",
		    path);
	return err_say(why, e,
	    "%s cannot be opened (%s); check the disk, or restore a backup",
	    path, sqlite3_errmsg(st->tx.db));
}

static enum err
open_db(const char *path, int flags, struct store **ret, struct errmsg *why)
{
	struct store *st = xalloc(sizeof(*st));

	st->eventfd = -1;
	if (sqlite3_initialize() != SQLITE_OK)
		fatal("SQLite does not start");
	if (sqlite3_open_v2(path, &st->tx.db, flags, NULL) != SQLITE_OK) {
		enum err e = explain(why, ERR_IO, path, st);

		store_close(st);
		return e;
	}
	sqlite3_busy_timeout(st->tx.db, BUSY_WAIT_MS);
	*ret = st;
	return OK;
}

enum err
store_open(const char *path, const char *const *migrations, int n_migrations,
    struct store **ret, struct errmsg *why)
{
	struct store *st;
	enum err e =
	    open_db(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &st, why);

	if (e != OK)
		return e;
	e = store_exec(&st->tx,
	    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	    "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
	    "PRAGMA cache_size=-512;");
	if (e == OK)
		e = migrate(&st->tx, migrations, n_migrations);
	if (e != OK) {
		explain(why, e, path, st);
		store_close(st);
		return e;
	}
	*ret = st;
	return OK;
}

enum err
store_open_copy(const char *path, struct store **ret, struct errmsg *why)
{
	return open_db(path, SQLITE_OPEN_READONLY, ret, why);
}

int
store_fd(const struct store *st)
{
	return st->eventfd;
}

void
store_start(struct store *st)
{
	pthread_attr_t attr;
	pthread_condattr_t clock;

	st->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&st->lock, NULL);
	/* A wall clock that is set back must not stretch a group. */
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&st->wake, &clock);
	pthread_condattr_destroy(&clock);
	pthread_attr_init(&attr);
	/* musl's default is too small for SQLite's deepest paths. */
	pthread_attr_setstacksize(&attr, 512 * 1024);
	if (st->eventfd < 0 ||
	    pthread_create(&st->thread, &attr, store_thread, st) != 0)
		fatal("the store's thread does not start");
	pthread_attr_destroy(&attr);
	st->running = true;
}

void
store_close(struct store *st)
{
	size_t i;

	if (st == NULL)
		return;
	if (st->running) {
		pthread_mutex_lock(&st->lock);
		st->stop = true;
		pthread_cond_signal(&st->wake);
		pthread_mutex_unlock(&st->lock);
		pthread_join(st->thread, NULL);
		pthread_cond_destroy(&st->wake);
		pthread_mutex_destroy(&st->lock);
	}
	for (i = 0; i < st->tx.n_statements; i++)
		sqlite3_finalize(st->tx.statements[i].stmt);
	sqlite3_close(st->tx.db);
	if (st->eventfd >= 0)
		close(st->eventfd);
	free(st);
}

enum err
store_post(struct store *st, const struct store_job *job)
{
	enum err e = ERR_LIMIT;
	struct ring *in = &st->in;

	pthread_mutex_lock(&st->lock);
	if (in->count < STORE_QUEUE_MAX) {
		in->slots[(in->first + in->count++) % STORE_QUEUE_MAX] =
		    (struct entry){.job = *job};
		pthread_cond_signal(&st->wake);
		e = OK;
	}
	pthread_mutex_unlock(&st->lock);
	return e;
}

size_t
store_waiting(struct store *st)
{
	size_t n;

	pthread_mutex_lock(&st->lock);
	n = st->in.count;
	pthread_mutex_unlock(&st->lock);
	return n;
}

static bool
take_done(struct store *st, struct entry *ret, bool *ret_broken)
{
	struct ring *out = &st->out;
	bool have;

	pthread_mutex_lock(&st->lock);
	have = out->count > 0;
	if (have) {
		*ret = out->slots[out->first];
		out->first = (out->first + 1) % STORE_QUEUE_MAX;
		out->count--;
		/* The thread waits when its results are not fetched. */
		pthread_cond_signal(&st->wake);
	}
	*ret_broken = st->broken;
	pthread_mutex_unlock(&st->lock);
	return have;
}

enum err
store_reap(struct store *st)
{
	struct entry done;
	uint64_t count;
	bool broken;

	if (read(st->eventfd, &count, sizeof(count)) < 0)
		count = 0;
	while (take_done(st, &done, &broken))
		if (done.job.done != NULL)
			done.job.done(done.job.arg, done.result);
	return broken ? ERR_IO : OK;
}

enum err
store_run_now(
    struct store *st, enum err (*run)(struct store_tx *, void *), void *arg)
{
	enum err e;

	e = store_exec(&st->tx, "BEGIN");
	if (e != OK)
		return e;
	e = run(&st->tx, arg);
	if (e != OK) {
		enum err undo = store_exec(&st->tx, "ROLLBACK");

		return undo != OK ? undo : e;
	}
	return store_exec(&st->tx, "COMMIT");
}
