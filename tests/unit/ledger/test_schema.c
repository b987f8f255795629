/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "crypto/crypto.h"
#include "ledger/ledger_priv.h"
#include "sys/file.h"

/* The first version that people had: two statements long. */
#define FIRST 2

static char folder[] = "/tmp/durward-ledger-XXXXXX";
static char path[64];

static void
check_setup(void)
{
	crypto_open();
	check_folder(folder);
	snprintf(path, sizeof(path), "%s/durward.db", folder);
}

static enum err
fill(struct store_tx *tx, void *arg)
{
	static const char *const rows[] = {
	    "INSERT INTO run (id, goal, principal, state, reply, wall_ms)"
	    " VALUES ('101112131415161718191a1b1c1d1e1f', 'delete it',"
	    " 'console', 'open', '', 1)",
	    "INSERT INTO act (id, run, step, state, principal, agent_id, tool,"
	    " effect, args, origins, layers, dry_run, rule, ttl_s, result)"
	    " VALUES ('000102030405060708090a0b0c0d0e0f',"
	    " '101112131415161718191a1b1c1d1e1f', 1, 'approved', 'console',"
	    " '', 'notes.delete', 'system', '{}', 'none', 'box', 0, 'lasting',"
	    " 600, '')",
	    "INSERT INTO manifest VALUES"
	    " ('d1', '{\"name\":\"echo\",\"version\":\"1\"}'),"
	    " ('d2', '{\"name\":\"notes\"}'),"
	    " ('d3', '{\"name\":\"echo\",\"version\":\"2\"}')",
	    "INSERT INTO sheet (act, client, body, signature)"
	    " VALUES ('000102030405060708090a0b0c0d0e0f', 'phone', 'text',"
	    " 'signed')",
	    /* Five entries; each hash says its level, then its number. */
	    "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < 4) INSERT INTO log SELECT i, 'done', '', '',"
	    " zeroblob(16), '{}', unhex('000' || i || hex(zeroblob(30)))"
	    " FROM n",
	    "WITH v(l, i) AS (VALUES (0, 0), (0, 1), (1, 0), (0, 2), (0, 3),"
	    " (1, 1), (2, 0), (0, 4)) INSERT INTO log_node SELECT l, i,"
	    " unhex('0' || l || '0' || i || hex(zeroblob(30))) FROM v"};
	size_t i;

	(void)arg;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct store_query *q;

		if (store_query_open(tx, rows[i], &q) != OK ||
		    store_query_finish(q) != OK)
			return ERR_IO;
	}
	return OK;
}

struct seen {
	struct act *act;
	int runs;
	char labels[64];
	char versions[128]; /* Of tools, in their order. */
	char active[64];
};

static void
say_version(char *to, size_t size, const struct json *row)
{
	size_t n = strlen(to);

	snprintf(to + n, size - n, "%s %lld;", json_words(row, "scope"),
	    (long long)json_int(row, "n", 0));
}

static enum err
on_row(void *arg, enum ledger_row table, const struct json *row)
{
	struct seen *s = arg;

	if (table == ROW_ACT)
		return ledger_act_of_row(row, &s->act);
	if (table == ROW_RUN) {
		s->runs++;
		snprintf(s->labels, sizeof(s->labels), "%s",
		    json_words(row, "labels"));
	}
	if (table == ROW_TOOL_VERSION)
		say_version(s->versions, sizeof(s->versions), row);
	if (table == ROW_ACTIVE_VERSION)
		say_version(s->active, sizeof(s->active), row);
	return OK;
}

static enum err
count_yeses(struct store_tx *tx, void *arg)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "SELECT count(*) FROM yes WHERE client='phone' AND body='text'",
	    &q);

	if (e == OK)
		e = store_query_step(q);
	if (e == OK)
		*(int64_t *)arg = store_column_int(q, 0);
	store_query_close(q);
	return e;
}

static enum err
read_proof(struct store_tx *tx, void *arg)
{
	size_t len;

	return audit_prove(tx, 0, 5, arg, &len);
}

static void
check_nodes(const struct ledger *l)
{
	const struct tree *head = ledger_head(l);
	struct digest proof[TREE_LEVELS];
	struct store *st;
	struct errmsg why;

	CHECK_INT(head->size, 5);
	CHECK_INT(head->roots[2].b[0], 2);
	CHECK_INT(head->roots[0].b[1], 4);
	REQUIRE(store_open_copy(path, &st, &why) == OK);
	REQUIRE(store_run_now(st, read_proof, proof) == OK);
	CHECK_INT(proof[0].b[0], 0);
	CHECK_INT(proof[0].b[1], 1);
	CHECK_INT(proof[1].b[0], 1);
	CHECK_INT(proof[1].b[1], 1);
	CHECK_INT(proof[2].b[0], 0);
	CHECK_INT(proof[2].b[1], 4);
	store_close(st);
}

TEST(a_database_of_the_first_version_is_brought_forward_with_all_that_is_in_it)
{
	struct store_options first = {.path = path,
	    .migrations = ledger_migrations,
	    .n_migrations = FIRST};
	struct seen seen = {.runs = 0};
	struct ledger_load load = {.arg = &seen, .row = on_row};
	struct loop *loop = loop_new();
	struct errmsg why = {""};
	struct ledger *l;
	struct store *st;
	int64_t yeses = 0;
	char copy[96];

	REQUIRE(store_open(&first, &st, &why) == OK);
	REQUIRE(store_run_now(st, fill, NULL) == OK);
	store_close(st);
	REQUIRE(ledger_open(path, loop, &load, &l, &why) == OK);
	CHECK_INT(seen.runs, 1);
	CHECK_STR(seen.labels, "none");
	CHECK_STR(seen.versions, "echo 1;echo 2;notes 1;");
	CHECK_STR(seen.active, "echo 2;notes 1;");
	REQUIRE(seen.act != NULL);
	CHECK_INT(seen.act->state, ACT_APPROVED);
	CHECK_INT(seen.act->keys, 1);
	CHECK_INT(seen.act->attempt, 1);
	CHECK_STR(seen.act->rule, "lasting");
	act_free(seen.act);
	check_nodes(l);
	ledger_close(l);
	REQUIRE(store_open_copy(path, &st, &why) == OK);
	CHECK(store_run_now(st, count_yeses, &yeses) == OK);
	CHECK_INT(yeses, 1);
	store_close(st);
	/* As it was, it lies beside it. */
	snprintf(
	    copy, sizeof(copy), "%s.before-v%d", path, ledger_migrations_len);
	CHECK(file_is_there(copy));
	loop_free(loop);
}
