/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

#include <pthread.h>
#include <sqlite3.h>
#include <time.h>

#include "base/limits.h"
#include "store/store.h"

#define STATEMENTS_MAX 128

struct store_query {
	const char *sql;
	sqlite3_stmt *stmt;
	struct store_tx *tx;
};

struct store_tx {
	sqlite3 *db;
	struct store_query statements[STATEMENTS_MAX];
	size_t n_statements;
	bool full; /* Something found no room on the disk. */
	bool scrub; /* The WAL, behind the next commit. */
};

struct entry {
	struct store_job job;
	enum err result;
};

struct ring {
	struct entry slots[STORE_QUEUE_MAX];
	size_t first;
	size_t count;
};

enum backup_state {
	BACKUP_NONE,
	BACKUP_COPYING, /* The store's thread is at it. */
	BACKUP_CHECKING, /* The checker's thread is. */
	BACKUP_OVER, /* The loop is to be told. */
};

struct backup {
	enum backup_state state; /* Shared, and so is all of `checked`. */
	sqlite3 *checked; /* To be interrupted when the store is closed. */
	enum err result;
	char *path;
	char *tmp;
	void (*done)(void *arg, enum err result);
	void *arg;

	/* The store's thread alone. */
	sqlite3 *copy;
	sqlite3_backup *run;
};

struct store {
	struct store_tx tx;
	char *path;
	int64_t reserve_bytes;
	int group_ms;
	int wal_pages_max;
	bool reserve_refused; /* When it was to be made. */
	int lock_fd; /* Of the folder; -1 for a copy. */
	int eventfd;
	pthread_t thread;
	pthread_t checker;
	bool running;
	bool posted; /* And not handed over yet. */
	int wal_pages; /* Behind the last commit; the thread's. */

	/* Everything below is shared between the two threads. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_cond_t wake_checker;
	struct backup backup;
	struct timespec busy_since; /* tv_sec 0: there is no work. */
	int64_t sync_us; /* What a commit takes, the last ones the most. */
	bool has_reserve;
	struct ring in;
	struct ring out;
	bool stop;
	bool broken;
};

NODISCARD enum err store_exec(struct store_tx *tx, const char *sql);
void *store_thread(void *arg);
void store_wake_loop(struct store *st);

/* What SQLite answered, as ours; remembers when it was for want of room. */
enum err store_err(struct store_tx *tx, int rc);

/* ---- A connection (open.c) ---- */

NODISCARD enum err tx_open(struct store_tx *tx, const char *path, int flags);
/* Accepts what was never opened. */
void tx_close(struct store_tx *tx);
NODISCARD enum err tx_version(struct store_tx *tx, int *ret);
/* OK when SQLite finds nothing wrong. */
NODISCARD enum err tx_check(struct store_tx *tx);
/* For a copy: one file that needs no neighbours, looked over. */
NODISCARD enum err tx_check_alone(struct store_tx *tx);

/* Behind a commit: empty the WAL, if something was to be gone from it; what
 * cannot be done now, behind the next one. */
void tx_scrub(struct store_tx *tx);
/* The function `weigh` of full text queries (rank.c). */
NODISCARD enum err rank_register(struct store_tx *tx);

/* `path` and `suffix` in one string that the caller frees. */
char *path_beside(const char *path, const char *suffix);

/* End a restore that was cut short behind its point of no return. */
NODISCARD enum err restore_finish(const char *path);

/* ---- The reserve (reserve.c) ---- */

void reserve_make(struct store *st);
void reserve_release(struct store *st);

/* ---- The backup (backup.c) ---- */

/* Copy some pages; on the store's thread, with no transaction open. */
void backup_step(struct store *st);
void *backup_checker(void *store);
void backup_tell(struct store *st);
/* With both threads ended. */
void backup_abandon(struct store *st);

#endif
