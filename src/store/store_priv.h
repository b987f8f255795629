/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

#include <pthread.h>
#include <sqlite3.h>

#include "base/limits.h"
#include "store/store.h"

#define STATEMENTS_MAX 64

struct store_query {
	const char *sql;
	sqlite3_stmt *stmt;
};

struct store_tx {
	sqlite3 *db;
	struct store_query statements[STATEMENTS_MAX];
	size_t n_statements;
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

struct store {
	struct store_tx tx;
	int eventfd;
	pthread_t thread;
	bool running;

	/* Everything below is shared between the two threads. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct ring in;
	struct ring out;
	bool stop;
	bool broken;
};

NODISCARD enum err store_exec(struct store_tx *tx, const char *sql);
void *store_thread(void *arg);

#endif
