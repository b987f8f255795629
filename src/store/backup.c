/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/store_priv.h"
#include "sys/file.h"

/*
 * The backup of a running store.  Its thread copies some pages whenever no
 * transaction is open; what a job changes meanwhile SQLite carries into the
 * copy, since both use one connection.  To look the whole copy over and to
 * sync it takes as long as the copy is large, so that is done by a thread
 * that no job waits for.
 */

#define SUFFIX ".tmp"

enum err
store_backup(struct store *st, const char *path,
    void (*done)(void *arg, enum err result), void *arg)
{
	struct backup *b = &st->backup;
	enum err e = ERR_BUSY;

	pthread_mutex_lock(&st->lock);
	if (b->state == BACKUP_NONE) {
		b->path = xstrdup(path);
		b->tmp = path_beside(path, SUFFIX);
		b->done = done;
		b->arg = arg;
		b->state = BACKUP_COPYING;
		pthread_cond_signal(&st->wake);
		e = OK;
	}
	pthread_mutex_unlock(&st->lock);
	return e;
}

static void
set_over(struct store *st, enum err result)
{
	pthread_mutex_lock(&st->lock);
	st->backup.result = result;
	st->backup.state = BACKUP_OVER;
	pthread_mutex_unlock(&st->lock);
	store_wake_loop(st);
}

/* No copy of a run that ended before is there, in any part. */
static enum err
remove_tmp(const struct backup *b)
{
	char *journal = path_beside(b->tmp, "-journal");
	char *wal = path_beside(b->tmp, "-wal");
	enum err e = file_remove(b->tmp);

	if (file_remove(journal) != OK || file_remove(wal) != OK)
		e = ERR_IO;
	free(journal);
	free(wal);
	return e;
}

static enum err
begin(struct backup *b, sqlite3 *from)
{
	if (remove_tmp(b) != OK ||
	    sqlite3_open_v2(b->tmp, &b->copy,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		NULL) != SQLITE_OK ||
	    /* Half a copy is thrown away, a whole one is synced below. */
	    sqlite3_exec(b->copy,
		"PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF;"
		"PRAGMA cache_size=-512; PRAGMA locking_mode=EXCLUSIVE;",
		NULL, NULL, NULL) != SQLITE_OK)
		return ERR_IO;
	b->run = sqlite3_backup_init(b->copy, "main", from, "main");
	return b->run != NULL ? OK : ERR_IO;
}

/* Both ends closed; what SQLite says of the whole. */
static int
end(struct backup *b)
{
	int rc = sqlite3_backup_finish(b->run);
	int closed = sqlite3_close(b->copy);

	b->run = NULL;
	b->copy = NULL;
	return rc != SQLITE_OK ? rc : closed;
}

/* The disk must not become full by a copy. */
static bool
has_room(const struct store *st)
{
	int64_t free_bytes = 0;

	return st->reserve_bytes == 0 ||
	    (file_free_bytes(st->backup.tmp, &free_bytes) == OK &&
		free_bytes >= st->reserve_bytes);
}

void
backup_step(struct store *st)
{
	struct backup *b = &st->backup;
	enum err e = b->run == NULL ? begin(b, st->tx.db) : OK;
	int rc = SQLITE_IOERR;

	if (e == OK && has_room(st))
		rc = sqlite3_backup_step(b->run, STORE_BACKUP_PAGES);
	if (rc == SQLITE_OK)
		return;
	if (end(b) == SQLITE_OK && rc == SQLITE_DONE) {
		pthread_mutex_lock(&st->lock);
		b->state = BACKUP_CHECKING;
		pthread_cond_signal(&st->wake_checker);
		pthread_mutex_unlock(&st->lock);
		return;
	}
	if (remove_tmp(b) != OK)
		log_warn("%s cannot be removed", b->tmp);
	set_over(st, ERR_IO);
}

/* Make the connection known to who may want to end it; NULL takes it back.
 * False when the store is being closed. */
static bool
publish(struct store *st, sqlite3 *db)
{
	bool go;

	pthread_mutex_lock(&st->lock);
	go = !st->stop;
	st->backup.checked = go ? db : NULL;
	pthread_mutex_unlock(&st->lock);
	return go;
}

static enum err
check_copy(struct store *st)
{
	struct store_tx tx;
	enum err e;

	memset(&tx, 0, sizeof(tx));
	e = tx_open(&tx, st->backup.tmp, SQLITE_OPEN_READWRITE);
	if (e == OK && !publish(st, tx.db))
		e = ERR_CLOSED;
	if (e == OK)
		e = tx_check_alone(&tx);
	if (!publish(st, NULL))
		e = ERR_CLOSED;
	tx_close(&tx);
	return e;
}

static void
put_in_place(struct store *st)
{
	struct backup *b = &st->backup;
	enum err e = check_copy(st);

	if (e == OK)
		e = file_sync(b->tmp);
	if (e == OK)
		e = file_move(b->tmp, b->path);
	if (e != OK && remove_tmp(b) != OK)
		log_warn("%s cannot be removed", b->tmp);
	set_over(st, e);
}

void *
backup_checker(void *store)
{
	struct store *st = store;
	bool stop;

	do {
		pthread_mutex_lock(&st->lock);
		while (st->backup.state != BACKUP_CHECKING && !st->stop)
			pthread_cond_wait(&st->wake_checker, &st->lock);
		stop = st->stop;
		pthread_mutex_unlock(&st->lock);
		if (!stop)
			put_in_place(st);
	} while (!stop);
	return NULL;
}

static void
forget(struct backup *b)
{
	free(b->path);
	free(b->tmp);
	memset(b, 0, sizeof(*b));
}

void
backup_tell(struct store *st)
{
	struct backup told;

	pthread_mutex_lock(&st->lock);
	memset(&told, 0, sizeof(told));
	if (st->backup.state == BACKUP_OVER) {
		told = st->backup;
		memset(&st->backup, 0, sizeof(st->backup));
	}
	pthread_mutex_unlock(&st->lock);
	if (told.done != NULL)
		told.done(told.arg, told.result);
	forget(&told);
}

void
backup_abandon(struct store *st)
{
	struct backup *b = &st->backup;

	if (b->state == BACKUP_COPYING || b->state == BACKUP_CHECKING) {
		end(b);
		if (remove_tmp(b) != OK)
			log_warn("%s cannot be removed", b->tmp);
	}
	forget(b);
}

/* ---- From another process ---- */

static enum err
check_alone(const char *path)
{
	struct store_tx tx;
	enum err e;

	memset(&tx, 0, sizeof(tx));
	e = tx_open(&tx, path, SQLITE_OPEN_READWRITE);
	if (e == OK)
		e = tx_check_alone(&tx);
	tx_close(&tx);
	return e;
}

enum err
store_copy(const char *path, const char *to)
{
	struct backup b = {.tmp = path_beside(to, "")};
	struct store_tx tx;
	enum err e;
	int rc = SQLITE_IOERR;
	int ended = SQLITE_OK;

	memset(&tx, 0, sizeof(tx));
	e = tx_open(&tx, path, SQLITE_OPEN_READWRITE);
	/* What an unclean stop left says so to the next start. */
	if (e == OK)
		e = store_err(&tx,
		    sqlite3_db_config(
			tx.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL));
	if (e == OK)
		e = begin(&b, tx.db);
	/* At one go: whoever writes to a WAL does not wait for us, and what it
	 * writes is behind what we read. */
	if (b.run != NULL)
		rc = sqlite3_backup_step(b.run, -1);
	if (b.copy != NULL)
		ended = end(&b);
	if (rc == SQLITE_DONE && ended != SQLITE_OK)
		rc = ended;
	if (e == OK && rc != SQLITE_DONE)
		e = store_err(&tx, rc);
	tx_close(&tx);
	if (e == OK)
		e = check_alone(to);
	if (e != OK && remove_tmp(&b) != OK)
		log_warn("%s cannot be removed", to);
	forget(&b);
	return e;
}
