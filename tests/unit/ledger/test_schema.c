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
	char models[64];
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
		snprintf(s->models, sizeof(s->models), "%s",
		    json_words(row, "models"));
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
	CHECK_STR(seen.models, "");
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

static enum err
fill_before(struct store_tx *tx, void *arg)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "INSERT INTO run (id, goal, principal, state, reply, wall_ms)"
	    " VALUES ('101112131415161718191a1b1c1d1e1f', 'wait', 'console',"
	    " 'open', '', 1)",
	    &q);

	(void)arg;
	return e == OK ? store_query_finish(q) : e;
}

static enum err
keep_fact(struct store_tx *tx, void *arg)
{
	struct memory_ask ask = {
	    .want = MEMORY_SEARCH, .all = true, .words = "pumps"};
	struct json *row = json_object();
	struct json *found = NULL;
	enum err e;

	json_put_str(row, "id", "f1");
	json_put_str(row, "kind", "fact");
	json_put_str(row, "text", "the pump");
	json_put_str(row, "labels", "none");
	e = memory_keep(tx, row);
	json_free(row);
	if (e == OK)
		e = memory_read(tx, &ask, &found);
	if (e == OK)
		*(size_t *)arg = json_count(json_get(found, "rows"));
	json_free(found);
	return e;
}

TEST(a_database_without_memory_gets_one_and_keeps_its_open_runs)
{
	struct store_options before = {.path = path,
	    .migrations = ledger_migrations,
	    .n_migrations = ledger_migrations_len - 8};
	struct store_options now = {.path = path,
	    .migrations = ledger_migrations,
	    .n_migrations = ledger_migrations_len};
	struct seen seen = {.runs = 0};
	struct ledger_load load = {.arg = &seen, .row = on_row};
	struct loop *loop = loop_new();
	struct errmsg why = {""};
	size_t found = 0;
	struct ledger *l;
	struct store *st;

	snprintf(path, sizeof(path), "%s/before.db", folder);
	REQUIRE(store_open(&before, &st, &why) == OK);
	REQUIRE(store_run_now(st, fill_before, NULL) == OK);
	store_close(st);
	REQUIRE(ledger_open(path, loop, &load, &l, &why) == OK);
	CHECK_INT(seen.runs, 1);
	ledger_close(l);
	REQUIRE(store_open(&now, &st, &why) == OK);
	REQUIRE(store_run_now(st, keep_fact, &found) == OK);
	CHECK_INT(found, 1);
	store_close(st);
	loop_free(loop);
}

static void
count_written(void *arg, const char *key)
{
	(void)key;
	++*(int *)arg;
}

static void
write_run(struct ledger *l, int64_t resumes, int *written)
{
	struct json *row = json_object();
	struct record *r = record_new(l);

	json_put_str(row, "id", "101112131415161718191a1b1c1d1e1f");
	json_put_str(row, "state", "open");
	json_put_str(row, "models", "here/big,here/tiny");
	json_put_int(row, "resumes", resumes);
	record_row(r, ROW_RUN, row);
	record_post(r, true, count_written, written, "");
}

TEST(an_open_run_is_read_back_with_the_models_that_it_may_ask)
{
	struct seen seen = {.runs = 0};
	struct ledger_load load = {.arg = &seen, .row = on_row};
	struct loop *loop = loop_new();
	struct errmsg why = {""};
	struct ledger *l;
	int written = 0;
	int i;

	snprintf(path, sizeof(path), "%s/models.db", folder);
	REQUIRE(ledger_open(path, loop, &load, &l, &why) == OK);
	write_run(l, 0, &written);
	write_run(l, 1, &written);
	for (i = 0; i < 100 && written < 2; i++)
		loop_turn(loop, 50);
	CHECK_INT(written, 2);
	ledger_close(l);
	REQUIRE(ledger_open(path, loop, &load, &l, &why) == OK);
	CHECK_INT(seen.runs, 1);
	CHECK_STR(seen.models, "here/big,here/tiny");
	ledger_close(l);
	loop_free(loop);
}

static enum err
end_run(struct store_tx *tx)
{
	struct json *row = json_object();
	enum err e;

	json_put_str(row, "id", "101112131415161718191a1b1c1d1e1f");
	json_put_str(row, "state", "done");
	e = row_write(tx, ROW_RUN, row);
	json_free(row);
	return e;
}

/* An empty one: the run ends. */
static enum err
run_statements(struct store_tx *tx, void *arg)
{
	const char *const *statements = arg;
	enum err e = OK;

	for (; *statements != NULL && e == OK; statements++) {
		struct store_query *q;

		if (**statements == '\0') {
			e = end_run(tx);
			continue;
		}
		e = store_query_open(tx, *statements, &q);
		if (e == OK)
			e = store_query_finish(q);
	}
	return e;
}

static struct act *
open_and_look(const char *const *statements, struct loop *loop)
{
	struct store_options now = {.path = path,
	    .migrations = ledger_migrations,
	    .n_migrations = ledger_migrations_len};
	struct seen seen = {.runs = 0};
	struct ledger_load load = {.arg = &seen, .row = on_row};
	struct errmsg why = {""};
	struct ledger *l;
	struct store *st;

	REQUIRE(store_open(&now, &st, &why) == OK);
	REQUIRE(store_run_now(
		    st, run_statements, (void *)(uintptr_t)statements) == OK);
	store_close(st);
	REQUIRE(ledger_open(path, loop, &load, &l, &why) == OK);
	ledger_close(l);
	return seen.act;
}

TEST(an_act_that_outlived_its_run_is_read_until_it_is_over)
{
	static const char *const outlived[] = {
	    "INSERT INTO run (id, goal, principal, state, reply, wall_ms)"
	    " VALUES ('101112131415161718191a1b1c1d1e1f', 'wait', 'console',"
	    " 'open', '', 1)",
	    "INSERT INTO act (id, run, step, state, principal, agent_id, tool,"
	    " effect, args, origins, layers, dry_run, rule, ttl_s, result)"
	    " VALUES ('000102030405060708090a0b0c0d0e0f',"
	    " '101112131415161718191a1b1c1d1e1f', 1, 'started', 'console',"
	    " '', 'notes.delete', 'system', '{}', 'none', '', 0, 'lasting',"
	    " 600, '')",
	    "", NULL};
	static const char *const over[] = {"UPDATE act SET state='done'", NULL};
	static const char *const back[] = {
	    "UPDATE act SET state='started'", NULL};
	struct loop *loop = loop_new();
	struct act *act;

	snprintf(path, sizeof(path), "%s/outlived.db", folder);
	act = open_and_look(outlived, loop);
	REQUIRE(act != NULL);
	CHECK_INT(act->state, ACT_STARTED);
	act_free(act);
	CHECK(open_and_look(over, loop) == NULL);
	/* Its run is no longer one of those that a start looks at. */
	CHECK(open_and_look(back, loop) == NULL);
	loop_free(loop);
}

/* Does a step of this plan go through all of a table that grows with what the
 * house did? */
static bool
is_a_walk(const char *step)
{
	static const char *const growing[] = {"run", "act", "step", "yes",
	    "nonce_spent", "log", "log_node", "memory", "seen"};
	char scan[64];
	size_t i;

	for (i = 0; i < ARRAY_LEN(growing); i++) {
		snprintf(scan, sizeof(scan), "SCAN %s", growing[i]);
		if (strcmp(step, scan) == 0)
			return true;
	}
	return false;
}

static enum err
look_at_plans(struct store_tx *tx, void *arg)
{
	int *n = arg;
	int table;

	for (table = 0; table < ROW_COUNT; table++) {
		const char *load = rows_loading(table);
		char sql[2048];
		struct store_query *q;

		if (load == NULL)
			continue;
		++*n;
		CASE(load);
		snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", load);
		if (store_query_open(tx, sql, &q) != OK)
			return ERR_IO;
		while (store_query_step(q) == OK)
			CHECK(!is_a_walk(store_column_text(q, 3)));
		store_query_close(q);
	}
	return OK;
}

TEST(a_start_reads_what_is_open_and_walks_through_no_history)
{
	struct store_options now = {.path = path,
	    .migrations = ledger_migrations,
	    .n_migrations = ledger_migrations_len};
	struct errmsg why = {""};
	struct store *st;
	int n = 0;

	snprintf(path, sizeof(path), "%s/plans.db", folder);
	REQUIRE(store_open(&now, &st, &why) == OK);
	REQUIRE(store_run_now(st, look_at_plans, &n) == OK);
	CHECK(n >= 8);
	store_close(st);
}
