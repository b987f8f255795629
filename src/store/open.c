/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "store/store_priv.h"
#include "sys/file.h"

/*
 * Opening: the folder is locked, the file looked over if it must be, copied
 * if it will be migrated, and brought to the newest schema.
 */

/* ---- A connection ---- */

char *
path_beside(const char *path, const char *suffix)
{
	size_t len = strlen(path);
	size_t more = strlen(suffix);
	char *s = xalloc(len + more + 1);

	memcpy(s, path, len);
	memcpy(s + len, suffix, more);
	return s;
}

enum err
store_err(struct store_tx *tx, int rc)
{
	switch (rc) {
	case SQLITE_OK:
		return OK;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERR_CORRUPT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_BUSY;
	case SQLITE_FULL:
		tx->full = true;
		return ERR_IO;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		/* Of a sync, or of the memory that connections share. */
		if (sqlite3_system_errno(tx->db) == ENOSPC)
			tx->full = true;
		return ERR_IO;
	default:
		return ERR_IO;
	}
}

enum err
store_exec(struct store_tx *tx, const char *sql)
{
	return store_err(tx, sqlite3_exec(tx->db, sql, NULL, NULL, NULL));
}

enum err
tx_open(struct store_tx *tx, const char *path, int flags)
{
	enum err e;

	if (sqlite3_initialize() != SQLITE_OK)
		fatal("SQLite does not start");
	e = store_err(tx, sqlite3_open_v2(path, &tx->db, flags, NULL));
	if (e != OK)
		return e;
	sqlite3_busy_timeout(tx->db, STORE_BUSY_MS);
	/* A plan is made for a statement and not for what is bound to it: else
	 * each reading of another run would be prepared anew. */
	return store_err(tx,
	    sqlite3_db_config(tx->db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL));
}

void
tx_close(struct store_tx *tx)
{
	size_t i;

	for (i = 0; i < tx->n_statements; i++)
		sqlite3_finalize(tx->statements[i].stmt);
	sqlite3_close(tx->db);
	memset(tx, 0, sizeof(*tx));
}

enum err
tx_version(struct store_tx *tx, int *ret)
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

enum err
tx_check(struct store_tx *tx)
{
	struct store_query *q;
	enum err e = store_query_open(tx, "PRAGMA quick_check(1)", &q);

	if (e != OK)
		return e;
	e = store_query_step(q);
	if (e == OK && strcmp(store_column_text(q, 0), "ok") != 0)
		e = ERR_CORRUPT;
	store_query_close(q);
	return e;
}

enum err
tx_check_alone(struct store_tx *tx)
{
	/* A copy says of itself that it has a WAL, as the original did. */
	enum err e = store_exec(tx,
	    "PRAGMA trusted_schema=OFF; PRAGMA locking_mode=EXCLUSIVE;"
	    "PRAGMA journal_mode=DELETE;");

	return e == OK ? tx_check(tx) : e;
}

void
tx_scrub(struct store_tx *tx)
{
	struct store_query *q;

	if (!tx->scrub ||
	    store_query_open(tx, "PRAGMA wal_checkpoint(TRUNCATE)", &q) != OK)
		return;
	tx->scrub = store_query_step(q) != OK || store_column_int(q, 0) != 0;
	store_query_close(q);
}

/* ---- Migrations ---- */

/* What there is now, in a file of its own, on the disk for certain. */
static enum err
keep_copy(struct store *st, int version)
{
	char suffix[32];
	char *path;
	char *tmp;
	char *sql;
	enum err e;

	snprintf(suffix, sizeof(suffix), ".before-v%d", version);
	path = path_beside(st->path, suffix);
	tmp = path_beside(path, ".tmp");
	e = file_remove(tmp);
	sql = sqlite3_mprintf("VACUUM INTO %Q", tmp);
	if (e == OK)
		e = store_exec(&st->tx, sql);
	if (e == OK)
		e = file_sync(tmp);
	if (e == OK)
		e = file_move(tmp, path);
	if (e != OK && file_remove(tmp) != OK)
		e = ERR_IO;
	sqlite3_free(sql);
	free(tmp);
	free(path);
	return e;
}

/* All of them or none. */
static enum err
run_migrations(struct store_tx *tx, const struct store_options *o, int version)
{
	char pragma[48];
	enum err e = store_exec(tx, "BEGIN IMMEDIATE");

	if (e != OK)
		return e;
	for (; version < o->n_migrations && e == OK; version++)
		e = store_exec(tx, o->migrations[version]);
	snprintf(
	    pragma, sizeof(pragma), "PRAGMA user_version=%d", o->n_migrations);
	if (e == OK)
		e = store_exec(tx, pragma);
	if (e == OK)
		e = store_exec(tx, "COMMIT");
	return e;
}

static enum err
say_failed(struct store *st, enum err e, struct errmsg *why)
{
	const char *said = sqlite3_errcode(st->tx.db) == SQLITE_OK
	    ? err_text(e)
	    : sqlite3_errmsg(st->tx.db);

	if (e == ERR_CORRUPT)
		return err_say(why, e,
		    "%.100s cannot be opened: it is damaged (%.60s); restore "
		    "a backup with 'durward restore'",
		    st->path, said);
	if (e == ERR_BUSY)
		return err_say(why, e,
		    "%.100s cannot be opened: another process has it open",
		    st->path);
	return err_say(why, e,
	    "%.100s cannot be opened (%.60s); %s, or restore a backup with "
	    "'durward restore'",
	    st->path, said,
	    st->tx.full ? "make room on the disk" : "check the disk");
}

static enum err
migrate(struct store *st, const struct store_options *o, struct errmsg *why)
{
	int version = 0;
	enum err e = tx_version(&st->tx, &version);

	if (e == OK && version < 0)
		e = ERR_CORRUPT;
	if (e != OK)
		return say_failed(st, e, why);
	if (version > o->n_migrations)
		return err_say(why, ERR_UNSUPPORTED,
		    "%.100s was written by a newer version; install that one",
		    o->path);
	if (version == o->n_migrations)
		return OK;
	if (version > 0 && keep_copy(st, o->n_migrations) != OK)
		return err_say(why, ERR_IO,
		    "%.100s must be copied before it is brought to version %d, "
		    "and that does not work (%.40s); make room on the disk",
		    o->path, o->n_migrations, sqlite3_errmsg(st->tx.db));
	e = run_migrations(&st->tx, o, version);
	if (e == OK)
		return OK;
	say_failed(st, e, why);
	/* Closing undoes it, too. */
	return store_exec(&st->tx, "ROLLBACK") == OK ? e : ERR_IO;
}

/* ---- The store ---- */

static struct store *
new_store(const char *path)
{
	struct store *st = xalloc(sizeof(*st));
	pthread_condattr_t clock;

	st->path = xstrdup(path);
	st->eventfd = -1;
	st->lock_fd = -1;
	pthread_mutex_init(&st->lock, NULL);
	/* A wall clock that is set back must not stretch a group. */
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&st->wake, &clock);
	pthread_cond_init(&st->wake_checker, &clock);
	pthread_condattr_destroy(&clock);
	return st;
}

/* Did the last one leave without closing?  SQLite looks: an empty file is
 * none to it. */
static bool
was_unclean(const char *path)
{
	char *wal = path_beside(path, "-wal");
	sqlite3_vfs *vfs;
	int found = 0;

	if (sqlite3_initialize() != SQLITE_OK)
		fatal("SQLite does not start");
	vfs = sqlite3_vfs_find(NULL);
	/* What cannot be seen is looked over as well. */
	if (vfs->xAccess(vfs, wal, SQLITE_ACCESS_EXISTS, &found) != SQLITE_OK)
		found = 1;
	free(wal);
	return found != 0;
}

static enum err
take_folder(struct store *st, struct errmsg *why)
{
	enum err e = file_lock_folder(st->path, &st->lock_fd);

	if (e == ERR_BUSY)
		return say_failed(st, e, why);
	if (e == OK)
		e = restore_finish(st->path);
	return e == OK
	    ? OK
	    : err_say(why, e,
		  "the folder of %.100s cannot be used (%s); check the disk, "
		  "or restore a backup",
		  st->path, err_text(e));
}

static enum err
prepare(struct store *st, bool unclean, struct errmsg *why)
{
	enum err e = tx_open(
	    &st->tx, st->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);

	if (e == OK && sqlite3_db_readonly(st->tx.db, "main") == 1)
		return err_say(why, ERR_DENIED,
		    "%.100s may only be read; give it to the user who runs "
		    "the house",
		    st->path);
	if (e == OK)
		e = store_exec(&st->tx,
		    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		    "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
		    "PRAGMA cache_size=-512; PRAGMA secure_delete=ON;");
	if (e == OK)
		e = rank_register(&st->tx);
	/* What was to be forgotten may stand in a WAL that a kill left. */
	st->tx.scrub = unclean;
	if (e == OK && unclean)
		e = tx_check(&st->tx);
	return e == OK ? OK : say_failed(st, e, why);
}

/* In the place of what would write the WAL back before a commit is over. */
static int
on_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *st = arg;

	(void)db;
	(void)name;
	st->wal_pages = pages;
	return SQLITE_OK;
}

enum err
store_open(
    const struct store_options *o, struct store **ret, struct errmsg *why)
{
	struct store *st = new_store(o->path);
	enum err e = take_folder(st, why);

	st->reserve_bytes = o->reserve_bytes;
	st->group_ms = o->spare ? SLOW_GROUP_MS : STORE_GROUP_MS;
	if (e == OK)
		e = prepare(st, was_unclean(o->path), why);
	if (e == OK)
		e = migrate(st, o, why);
	if (e != OK) {
		store_close(st);
		return e;
	}
	st->wal_pages_max = o->spare ? SLOW_WAL_PAGES : WAL_PAGES;
	sqlite3_wal_hook(st->tx.db, on_wal, st);
	reserve_make(st);
	*ret = st;
	return OK;
}

enum err
store_open_copy(const char *path, struct store **ret, struct errmsg *why)
{
	struct store *st;
	enum err e;

	if (access(path, R_OK) != 0)
		return err_say(why, ERR_IO, "%.200s cannot be read: %s", path,
		    strerror(errno));
	st = new_store(path);
	e = tx_open(&st->tx, path, SQLITE_OPEN_READONLY);
	if (e != OK) {
		say_failed(st, e, why);
		store_close(st);
		return e;
	}
	*ret = st;
	return OK;
}
