/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "store/store_priv.h"

enum err
store_query_open(struct store_tx *tx, const char *sql, struct store_query **ret)
{
	struct store_query *q;
	size_t i;
	enum err e;

	for (i = 0; i < tx->n_statements; i++) {
		if (tx->statements[i].sql == sql) {
			*ret = &tx->statements[i];
			return OK;
		}
	}
	assert(tx->n_statements < STATEMENTS_MAX);
	q = &tx->statements[tx->n_statements];
	e = store_err(tx,
	    sqlite3_prepare_v3(
		tx->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &q->stmt, NULL));
	if (e != OK)
		return e;
	q->sql = sql;
	q->tx = tx;
	tx->n_statements++;
	*ret = q;
	return OK;
}

void
store_scrub(struct store_tx *tx)
{
	tx->scrub = true;
}

/* A bind fails only for a wrong index or no memory: both are ours. */
void
store_bind_int(struct store_query *q, int at, int64_t v)
{
	int rc = sqlite3_bind_int64(q->stmt, at, v);

	assert(rc == SQLITE_OK);
}

void
store_bind_text(struct store_query *q, int at, const char *s)
{
	int rc = sqlite3_bind_text(q->stmt, at, s, -1, SQLITE_TRANSIENT);

	assert(rc == SQLITE_OK);
}

void
store_bind_blob(struct store_query *q, int at, const void *p, size_t len)
{
	int rc = sqlite3_bind_blob64(q->stmt, at, p, len, SQLITE_TRANSIENT);

	assert(rc == SQLITE_OK);
}

enum err
store_query_step(struct store_query *q)
{
	int rc = sqlite3_step(q->stmt);

	switch (rc) {
	case SQLITE_ROW:
		return OK;
	case SQLITE_DONE:
		return ERR_NOTFOUND;
	case SQLITE_CONSTRAINT:
		return ERR_EXISTS;
	default:
		return store_err(q->tx, rc);
	}
}

int64_t
store_column_int(struct store_query *q, int at)
{
	return sqlite3_column_int64(q->stmt, at);
}

const char *
store_column_text(struct store_query *q, int at)
{
	const unsigned char *s = sqlite3_column_text(q->stmt, at);

	return s != NULL ? (const char *)s : "";
}

struct str
store_column_blob(struct store_query *q, int at)
{
	struct str s;

	s.p = sqlite3_column_blob(q->stmt, at);
	s.len = (size_t)sqlite3_column_bytes(q->stmt, at);
	return s;
}

void
store_query_close(struct store_query *q)
{
	sqlite3_reset(q->stmt);
	sqlite3_clear_bindings(q->stmt);
}

enum err
store_query_finish(struct store_query *q)
{
	enum err e = store_query_step(q);

	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}
