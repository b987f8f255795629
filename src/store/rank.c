/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/str.h"
#include "store/store_priv.h"

/*
 * weigh(INDEX, weight of each column..., rows of each phrase...): how well a
 * row fits, the larger the better, for use beside MATCH.
 *
 * It is bm25 but for one thing: in how many rows a phrase stands is said by
 * the caller.  The built-in one reads every row that has a phrase to know
 * it, which for a common word is most of the index.  A phrase of which
 * nothing is said, or 0, adds nothing.
 */

#define K1 1.2 /* As the built-in one has them. */
#define B 0.75

struct corpus {
	double rows;
	double mean; /* Words of a row. */
};

static const struct corpus *
look_at_corpus(const Fts5ExtensionApi *api, Fts5Context *ctx)
{
	struct corpus *c = api->xGetAuxdata(ctx, 0);
	sqlite3_int64 rows = 0;
	sqlite3_int64 words = 0;

	if (c != NULL)
		return c;
	if (api->xRowCount(ctx, &rows) != SQLITE_OK || rows == 0 ||
	    api->xColumnTotalSize(ctx, -1, &words) != SQLITE_OK)
		return NULL;
	c = xalloc(sizeof(*c));
	c->rows = (double)rows;
	c->mean = words > rows ? (double)words / (double)rows : 1;
	return api->xSetAuxdata(ctx, c, free) == SQLITE_OK ? c : NULL;
}

/* How often phrase `at` stands in this row, by the weights of columns. */
static int
count_phrase(const Fts5ExtensionApi *api, Fts5Context *ctx, int at,
    sqlite3_value **weights, double *ret)
{
	Fts5PhraseIter iter;
	int column;
	int off;
	int rc = api->xPhraseFirst(ctx, at, &iter, &column, &off);

	*ret = 0;
	if (rc != SQLITE_OK)
		return rc;
	for (; column >= 0; api->xPhraseNext(ctx, &iter, &column, &off))
		*ret += sqlite3_value_double(weights[column]);
	return SQLITE_OK;
}

static void
weigh(const Fts5ExtensionApi *api, Fts5Context *ctx, sqlite3_context *out,
    int n, sqlite3_value **args)
{
	int columns = api->xColumnCount(ctx);
	int phrases = api->xPhraseCount(ctx);
	const struct corpus *c = look_at_corpus(api, ctx);
	double sum = 0;
	double dull;
	int len = 0;
	int rc = c == NULL || n < columns ? SQLITE_ERROR
					  : api->xColumnSize(ctx, -1, &len);
	int i;

	if (rc != SQLITE_OK) {
		sqlite3_result_error_code(out, rc);
		return;
	}
	dull = K1 * (1 - B + B * len / c->mean);
	for (i = 0; i < phrases && i < n - columns && rc == SQLITE_OK; i++) {
		double rows = sqlite3_value_double(args[columns + i]);
		double hits;

		if (rows < 1)
			continue;
		rows = rows < c->rows ? rows : c->rows;
		rc = count_phrase(api, ctx, i, args, &hits);
		sum += log(1 + (c->rows - rows + 0.5) / (rows + 0.5)) * hits *
		    (K1 + 1) / (hits + dull);
	}
	if (rc == SQLITE_OK)
		sqlite3_result_double(out, sum);
	else
		sqlite3_result_error_code(out, rc);
}

enum err
rank_register(struct store_tx *tx)
{
	fts5_api *api = NULL;
	sqlite3_stmt *stmt;
	int rc = sqlite3_prepare_v2(tx->db, "SELECT fts5(?1)", -1, &stmt, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_bind_pointer(stmt, 1, &api, "fts5_api_ptr", NULL);
	if (rc == SQLITE_OK)
		sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	if (rc != SQLITE_OK || api == NULL)
		return ERR_IO;
	return store_err(
	    tx, api->xCreateFunction(api, "weigh", NULL, weigh, NULL));
}
