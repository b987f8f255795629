/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "check.h"
#include "crypto/crypto.h"
#include "ledger/ledger_priv.h"

/* What was forgotten stands in no row of the ledger. */

#define WORD "zwiebelturm"

static char folder[] = "/tmp/durward-forgetting-XXXXXX";
static struct store *st;

static void
check_setup(void)
{
	crypto_open();
	check_folder(folder);
}

static void
open_new(void)
{
	static char path[80];
	static int n;
	struct store_options o = {.path = path,
	    .migrations = ledger_migrations,
	    .n_migrations = ledger_migrations_len};
	struct errmsg why = {""};

	snprintf(path, sizeof(path), "%s/box%d.db", folder, n++);
	REQUIRE(store_open(&o, &st, &why) == OK);
}

struct writing {
	enum ledger_row table;
	struct json *row;
};

static enum err
run_write(struct store_tx *tx, void *arg)
{
	struct writing *w = arg;

	return row_write(tx, w->table, w->row);
}

static void
put(enum ledger_row table, const char *text)
{
	struct writing w = {.table = table};

	REQUIRE(json_parse(text, strlen(text), &w.row) == OK);
	REQUIRE(store_run_now(st, run_write, &w) == OK);
	json_free(w.row);
}

static void
put_run(const char *id, const char *state, const char *goal)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "{\"id\":\"%s\",\"state\":\"%s\",\"goal\":\"%s\",\"principal\":"
	    "\"\",\"reply\":\"%s\",\"agent_id\":\"\",\"client\":\"console\","
	    "\"labels\":\"none\",\"wall_ms\":1}",
	    id, state, goal, strcmp(state, "open") != 0 ? goal : "");
	put(ROW_RUN, text);
}

static void
put_step(const char *run, int n, const char *content)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "{\"run\":\"%s\",\"n\":%d,\"name\":\"recall\",\"content\":\"%s\"}",
	    run, n, content);
	put(ROW_STEP, text);
	snprintf(text, sizeof(text),
	    "{\"run\":\"%s\",\"n\":%d,\"part\":0,\"data\":\"00\"}", run, n);
	put(ROW_HEARD, text);
}

static void
put_memory(const char *id, const char *kind, const char *run)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "{\"id\":\"%s\",\"kind\":\"%s\",\"role\":\"user\",\"run\":\"%s\","
	    "\"session\":\"%s\",\"who\":\"console\",\"source\":\"person\","
	    "\"text\":\"the " WORD "\",\"labels\":\"none\"}",
	    id, kind, run, run);
	put(ROW_MEMORY, text);
}

static void
put_act(const char *id, const char *run, const char *tool, const char *state)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "{\"id\":\"%s\",\"run\":\"%s\",\"step\":1,\"state\":\"%s\","
	    "\"tool\":\"%s\",\"effect\":\"read\",\"args\":\"" WORD "\","
	    "\"result\":\"" WORD "\",\"labels\":\"none\",\"keys\":1,"
	    "\"attempt\":1}",
	    id, run, state, tool);
	put(ROW_ACT, text);
}

struct looking {
	const char *sql;
	int64_t n;
};

static enum err
run_look(struct store_tx *tx, void *arg)
{
	struct looking *l = arg;
	struct store_query *q;
	enum err e = store_query_open(tx, l->sql, &q);

	if (e == OK)
		e = store_query_step(q);
	if (e == OK)
		l->n = store_column_int(q, 0);
	store_query_close(q);
	return e;
}

static int64_t
count(const char *sql)
{
	struct looking l = {.sql = sql};

	REQUIRE(store_run_now(st, run_look, &l) == OK);
	return l.n;
}

#define STEPS(run) "SELECT count(*) FROM step WHERE run='" run "'"
#define HEARD(run) "SELECT count(*) FROM heard WHERE run='" run "'"
#define TOLD(table, column, where)                                             \
	"SELECT count(*) FROM " table " WHERE " column "<>'' AND " where

TEST(a_forgotten_fact_goes_with_the_steps_of_who_kept_or_saw_it)
{
	open_new();
	put_run("told", "done", "keep it");
	put_step("told", 0, WORD);
	put_act("f1", "told", "memory.remember", "done");
	put_memory("f1", "fact", "told");
	put_run("saw", "done", "ask for it");
	put_step("saw", 0, WORD);
	put(ROW_SEEN, "{\"by\":\"saw\",\"ids\":[\"f1\"]}");
	put_run("found", "done", "search for it");
	put_step("found", 0, WORD);
	put_act("a2", "found", "memory.search", "done");
	put(ROW_SEEN, "{\"by\":\"a2\",\"ids\":[\"f1\"]}");
	put_run("other", "done", "no word of it");
	put_step("other", 0, "fine weather");
	put(ROW_MEMORY_GONE, "{\"id\":\"f1\"}");
	CHECK_INT(count(STEPS("told")) + count(HEARD("told")), 0);
	CHECK_INT(count(STEPS("saw")) + count(HEARD("saw")), 0);
	CHECK_INT(count(STEPS("found")) + count(HEARD("found")), 0);
	CHECK_INT(count(STEPS("other")) + count(HEARD("other")), 2);
	CHECK_INT(count(TOLD("act", "args", "id='f1'")), 0);
	CHECK_INT(count(TOLD("act", "result", "id='a2'")), 0);
	/* What was asked is another memory than the fact. */
	CHECK_INT(count(TOLD("run", "goal", "id='told'")), 1);
	CHECK_INT(count("SELECT count(*) FROM seen"), 0);
	store_close(st);
}

TEST(a_forgotten_message_goes_with_what_its_run_said_and_called)
{
	open_new();
	put_run("said", "done", WORD);
	put_memory("said-asked", "message", "said");
	put_act("a1", "said", "notes.save", "done");
	put_run("other", "done", WORD);
	put_act("a2", "other", "notes.save", "done");
	put(ROW_MEMORY_GONE, "{\"id\":\"said-asked\"}");
	CHECK_INT(count(TOLD("run", "goal || reply", "id='said'")), 0);
	CHECK_INT(count(TOLD("act", "args || result", "id='a1'")), 0);
	CHECK_INT(count(TOLD("run", "goal || reply", "id='other'")), 1);
	CHECK_INT(count(TOLD("act", "args || result", "id='a2'")), 1);
	store_close(st);
}

TEST(forks_forget_what_the_run_before_them_said_and_saw)
{
	open_new();
	put_run("first", "done", "ask for it");
	put_memory("first-asked", "message", "first");
	put_step("first", 0, WORD);
	put_memory("f1", "fact", "");
	put(ROW_SEEN, "{\"by\":\"first\",\"ids\":[\"f1\"]}");
	put_run("fork", "done", "ask for it");
	put(ROW_STEPS_FORKED,
	    "{\"run\":\"fork\",\"fork_of\":\"first\",\"forked\":1}");
	put_run("again", "done", "ask for it");
	put(ROW_STEPS_FORKED,
	    "{\"run\":\"again\",\"fork_of\":\"fork\",\"forked\":1}");
	CHECK_INT(count(STEPS("again")), 1);
	put(ROW_MEMORY_GONE, "{\"id\":\"first-asked\"}");
	CHECK_INT(count(STEPS("first")), 0);
	CHECK_INT(count(STEPS("fork")) + count(STEPS("again")), 0);
	put_step("fork", 0, WORD);
	put(ROW_STEPS_FORKED,
	    "{\"run\":\"again\",\"fork_of\":\"fork\",\"forked\":1}");
	CHECK_INT(count("SELECT forgotten FROM run WHERE id='again'"), 1);
	CHECK_INT(count(STEPS("again")), 0);
	store_close(st);
}

TEST(an_open_run_forgets_with_its_end_and_its_acts_with_theirs)
{
	open_new();
	put_run("said", "open", WORD);
	put_memory("said-asked", "message", "said");
	put_step("said", 0, WORD);
	put_act("a1", "said", "notes.save", "started");
	put(ROW_MEMORY_GONE, "{\"id\":\"said-asked\"}");
	/* A restarted mind needs them. */
	CHECK_INT(count(STEPS("said")), 1);
	put_run("said", "open", WORD);
	CHECK_INT(count(STEPS("said")), 1);
	put_run("said", "done", WORD);
	CHECK_INT(count(STEPS("said")) + count(HEARD("said")), 0);
	CHECK_INT(count(TOLD("run", "goal || reply", "id='said'")), 0);
	CHECK_INT(count(TOLD("act", "args", "id='a1'")), 1);
	put(ROW_ACT_STATE,
	    "{\"id\":\"a1\",\"state\":\"done\",\"labels\":\"none\","
	    "\"result\":\"" WORD "\"}");
	CHECK_INT(count(TOLD("act", "args || result", "id='a1'")), 0);
	store_close(st);
}

TEST(what_is_forgotten_while_it_is_read_is_forgotten_in_who_saw_it)
{
	open_new();
	put_memory("f1", "fact", "");
	put_run("saw", "open", "ask for it");
	put(ROW_MEMORY_GONE, "{\"id\":\"f1\"}");
	put(ROW_SEEN, "{\"by\":\"saw\",\"ids\":[\"f1\"]}");
	put_step("saw", 0, WORD);
	put_run("saw", "done", "it is there");
	CHECK_INT(count(STEPS("saw")), 0);
	CHECK_INT(count(TOLD("run", "goal", "id='saw'")), 1);
	store_close(st);
}

TEST(pruning_the_log_takes_what_the_rows_of_its_runs_say)
{
	open_new();
	put_run("early", "done", WORD);
	put_act("a1", "early", "notes.save", "done");
	put_run("open", "open", WORD);
	put_act("a2", "open", "notes.save", "started");
	put_run("late", "done", WORD);
	put_act("a3", "late", "notes.save", "done");
	CHECK_INT(
	    count("INSERT INTO log (seq, kind, run, act, salt, body, leaf)"
		  " VALUES (0, 'goal', 'early', '', x'00', 'a', x'00'),"
		  " (1, 'goal', 'open', '', x'00', 'b', x'00'),"
		  " (2, 'goal', 'late', '', x'00', 'c', x'00')"
		  " RETURNING seq"),
	    0);
	put(ROW_PRUNE, "{\"before\":2}");
	CHECK_INT(count(TOLD("run", "goal || reply", "id='early'")), 0);
	CHECK_INT(count(TOLD("act", "args || result", "id='a1'")), 0);
	CHECK_INT(count(TOLD("run", "goal", "id='open'")), 1);
	CHECK_INT(count(TOLD("act", "args", "id='a2'")), 1);
	CHECK_INT(count(TOLD("run", "goal || reply", "id='late'")), 1);
	CHECK_INT(count(TOLD("act", "args || result", "id='a3'")), 1);
	store_close(st);
}
