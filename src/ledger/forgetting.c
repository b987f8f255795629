/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger_priv.h"

/*
 * Forgetting.  What is remembered also stands in what is kept of runs: of the
 * one that said it, of those that saw it in their view or by a search (table
 * `seen`, which the core writes and no mind), and of their forks.  Each of
 * them is marked in `run.forgotten` (1): its steps and its models' answers go,
 * and of the run that said it (2) goal, reply and what it called.
 * A trigger does that at once to a run that is over; an open one, which a
 * restarted mind still needs, is touched again at its end.
 */

#define FORGET_RUN                                                             \
	" WHEN NEW.forgotten>0 AND NEW.state<>'open' BEGIN"                    \
	" DELETE FROM heard WHERE run=NEW.id;"                                 \
	" DELETE FROM step WHERE run=NEW.id;"                                  \
	" DELETE FROM seen WHERE run=NEW.id;"                                  \
	" UPDATE act SET result='' WHERE run=NEW.id AND tool='memory.search'"  \
	" AND state IN ('done', 'failed', 'denied', 'unknown');"               \
	" UPDATE act SET args='', result='' WHERE run=NEW.id"                  \
	" AND NEW.forgotten=2"                                                 \
	" AND state IN ('done', 'failed', 'denied', 'unknown');"               \
	" UPDATE run SET goal='', reply='' WHERE id=NEW.id"                    \
	" AND NEW.forgotten=2; END;"

const char forgetting_schema[] =
    "ALTER TABLE run ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE seen (memory TEXT NOT NULL, run TEXT NOT NULL,"
    " PRIMARY KEY (memory, run)) WITHOUT ROWID;"
    "CREATE INDEX seen_run ON seen (run);"
    /* Forks of before. */
    "WITH RECURSIVE o (fork, run) AS (SELECT id, fork_of FROM run"
    " WHERE fork_of<>'' UNION SELECT o.fork, r.fork_of FROM o"
    " JOIN run r ON r.id=o.run WHERE r.fork_of<>'')"
    " INSERT INTO seen SELECT m.id, o.fork FROM o JOIN memory m"
    " ON m.run=o.run;"
    "CREATE TRIGGER run_forgotten AFTER UPDATE OF state, forgotten ON "
    "run" FORGET_RUN
    /* An act may end behind its run. */
    "CREATE TRIGGER act_forgotten AFTER UPDATE OF state ON act"
    " WHEN NEW.state IN ('done', 'failed', 'denied', 'unknown')"
    " AND (SELECT forgotten FROM run WHERE id=NEW.run AND state<>'open')"
    " >=iif(NEW.tool='memory.search', 1, 2)"
    " BEGIN UPDATE act SET args='', result='' WHERE id=NEW.id; END;";

/* Each goal and act paid for these; forgetting_end() does what they did. */
const char forgetting_light_schema[] =
    "DROP TRIGGER act_forgotten;"
    "DROP TRIGGER run_forgotten;"
    "CREATE INDEX run_to_forget ON run (id) WHERE forgotten>0;"
    "CREATE TRIGGER run_forgotten AFTER UPDATE OF forgotten ON run" FORGET_RUN;

/* ?1: the memory. */
static const char *const forget[] = {
    "UPDATE run SET forgotten=2 WHERE id="
    "(SELECT run FROM memory WHERE id=?1 AND kind='message')",
    "UPDATE run SET forgotten=max(forgotten, 1) WHERE id IN"
    " (SELECT run FROM seen WHERE memory=?1"
    " UNION SELECT run FROM memory WHERE id=?1)",
    /* A fact's id is that of the act that kept it. */
    "UPDATE act SET args='' WHERE id=?1"};

/* ?1: the fork, ?2: the run whose first steps it takes over. */
static const char *const fork_seen[] = {
    "INSERT INTO seen SELECT memory, ?1 FROM seen WHERE run=?2",
    "INSERT OR IGNORE INTO seen SELECT id, ?1 FROM memory WHERE run=?2",
    /* Forgotten since it was read. */
    ("UPDATE run SET forgotten=(SELECT forgotten FROM run WHERE id=?2)"
     " WHERE id=?1")};

/* ?1: the memory, ?2: a run, or an act of one.  What is forgotten since it was
 * read is none, but stands in the run. */
#define SEEN_BY                                                                \
	"(SELECT id FROM run WHERE id=?2 UNION SELECT run FROM act"            \
	" WHERE id=?2)"
static const char *const see[] = {
    "INSERT OR IGNORE INTO seen SELECT m.id, r.id FROM memory m JOIN run r"
    " WHERE m.id=?1 AND r.id IN " SEEN_BY,
    "UPDATE run SET forgotten=max(forgotten, 1) WHERE id IN " SEEN_BY
    " AND NOT EXISTS (SELECT 1 FROM memory WHERE id=?1)"};

static enum err
run_all(struct store_tx *tx, const char *const *sql, size_t n, const char *one,
    const char *two)
{
	enum err e = OK;
	size_t i;

	for (i = 0; i < n && e == OK; i++) {
		struct store_query *q;

		e = store_query_open(tx, sql[i], &q);
		if (e != OK)
			return e;
		store_bind_text(q, 1, one);
		if (two != NULL)
			store_bind_text(q, 2, two);
		e = store_query_finish(q);
	}
	return e;
}

enum err
forgetting_forget(struct store_tx *tx, const char *id)
{
	enum err e = run_all(tx, forget, ARRAY_LEN(forget), id, NULL);

	return e == OK ? memory_forget(tx, id) : e;
}

enum err
forgetting_fork(struct store_tx *tx, const struct json *row)
{
	return run_all(tx, fork_seen, ARRAY_LEN(fork_seen),
	    json_words(row, "run"), json_words(row, "fork_of"));
}

struct json *
ledger_seen(const char *run_or_act, const struct json *rows)
{
	const struct json *m = json_first(rows);
	struct json *row = json_object();
	struct json *ids = json_array();

	for (; m != NULL; m = json_next(m))
		json_push(ids, json_string(json_words(m, "id")));
	json_put_str(row, "by", run_or_act);
	json_put(row, "ids", ids);
	return row;
}

/* {"by", "ids"} */
enum err
forgetting_see(struct store_tx *tx, const struct json *row)
{
	const struct json *id = json_first(json_get(row, "ids"));
	enum err e = OK;

	for (; id != NULL && e == OK; id = json_next(id))
		e = run_all(tx, see, ARRAY_LEN(see), json_text(id),
		    json_words(row, "by"));
	return e;
}

/* ?1: the run or act that ended; an act may end behind its run. */
static const char *const end[] = {
    "UPDATE run SET forgotten=forgotten WHERE id=?1 AND forgotten>0",
    "UPDATE act SET args='', result='' WHERE id=?1"
    " AND (SELECT forgotten FROM run WHERE id=act.run AND state<>'open')"
    " >=iif(tool='memory.search', 1, 2)"};

/* OK: a row. */
static enum err
ask(struct store_tx *tx, const char *sql, const char *one)
{
	struct store_query *q;
	enum err e = store_query_open(tx, sql, &q);

	if (e != OK)
		return e;
	if (one != NULL)
		store_bind_text(q, 1, one);
	e = store_query_step(q);
	store_query_close(q);
	return e;
}

enum err
forgetting_end(struct store_tx *tx, const char *ended)
{
	enum err e =
	    ask(tx, "SELECT 1 FROM run WHERE forgotten>0 LIMIT 1", NULL);

	if (e == OK)
		e = run_all(tx, end, ARRAY_LEN(end), ended, NULL);
	if (e == OK)
		e = ask(tx,
		    "SELECT 1 FROM run WHERE forgotten>0 AND id IN (SELECT ?1"
		    " UNION SELECT run FROM act WHERE id=?1)",
		    ended);
	if (e == OK)
		store_scrub(tx);
	return e == ERR_NOTFOUND ? OK : e;
}
