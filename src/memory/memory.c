/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "memory/memory_priv.h"

/*
 * Keeping and forgetting.  The index holds no text of its own: triggers keep
 * it with the table, but for what is new.  A trigger on that made SQLite keep
 * a journal of each message, which is not even indexed yet.
 *
 * To change what the index has of a row costs many times what it costs to add
 * one: it deletes for good, so that no word of what was forgotten stays
 * behind in it, and looks for each word in each of its segments.  So the
 * newest message waits outside of the index until another one is kept: that
 * is the turn after it, and its context is whole, unless two sessions go on
 * at the same time.  A search that could find it brings it in before.
 */

const char memory_schema[] =
    "CREATE TABLE memory (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " kind TEXT NOT NULL, role TEXT NOT NULL, run TEXT NOT NULL,"
    " act TEXT NOT NULL, session TEXT NOT NULL, who TEXT NOT NULL,"
    " source TEXT NOT NULL, text TEXT NOT NULL, context TEXT NOT NULL,"
    " labels TEXT NOT NULL, wall_ms INTEGER NOT NULL,"
    " indexed INTEGER NOT NULL);"
    "CREATE INDEX memory_session ON memory (session, who, n)"
    " WHERE kind='message';"
    "CREATE INDEX memory_run ON memory (run);"
    "CREATE INDEX memory_fact ON memory (n) WHERE kind='fact';"
    "CREATE INDEX memory_late ON memory (n) WHERE indexed=0;"
    "CREATE VIRTUAL TABLE memory_index USING fts5 (text, context,"
    " content='memory', content_rowid='n',"
    " tokenize='porter unicode61 remove_diacritics 2');"
    "INSERT INTO memory_index (memory_index, rank)"
    " VALUES ('secure-delete', 1);"
    "CREATE TRIGGER memory_kept AFTER INSERT ON memory WHEN NEW.indexed BEGIN"
    " INSERT INTO memory_index (rowid, text, context)"
    " VALUES (NEW.n, NEW.text, NEW.context); END;"
    "CREATE TRIGGER memory_changed AFTER UPDATE ON memory WHEN NEW.indexed"
    " BEGIN INSERT INTO memory_index (memory_index, rowid, text, context)"
    " SELECT 'delete', OLD.n, OLD.text, OLD.context WHERE OLD.indexed;"
    " INSERT INTO memory_index (rowid, text, context)"
    " VALUES (NEW.n, NEW.text, NEW.context); END;"
    "CREATE TRIGGER memory_forgotten AFTER DELETE ON memory WHEN OLD.indexed"
    " BEGIN INSERT INTO memory_index (memory_index, rowid, text, context)"
    " VALUES ('delete', OLD.n, OLD.text, OLD.context); END;"
    /* Up to which entry of the log messages are to be forgotten, and up to
     * which they are. */
    "CREATE TABLE memory_pruned (before INTEGER NOT NULL,"
    " done INTEGER NOT NULL);"
    "INSERT INTO memory_pruned VALUES (0, 0);";

const char memory_light_schema[] = "DROP TRIGGER memory_kept;";

#define STRING(x) #x
#define VALUE(x) STRING(x)
#define SHORT "substr(m.text, 1, " VALUE(MEMORY_CONTEXT_MAX) ")"
#define BESIDE                                                                 \
	" FROM memory m WHERE m.kind='message' AND m.text<>''"                 \
	" AND m.session=x.session AND m.who=x.who AND "

/* Two turns before, one after: what stands in them as context. */
#define CONTEXT                                                                \
	"coalesce((SELECT group_concat(t, char(10)) FROM (SELECT " SHORT       \
	" AS t" BESIDE "m.n<x.n ORDER BY m.n DESC LIMIT 2)), '') || char(10)"  \
	" || coalesce((SELECT " SHORT BESIDE "m.n>x.n ORDER BY m.n LIMIT 1)"   \
	", '')"

static const char insert[] =
    "INSERT INTO memory (id, kind, role, run, act, session, who, source,"
    " text, context, labels, wall_ms, indexed)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, '', ?10, ?11, ?2='fact')"
    " ON CONFLICT (id) DO NOTHING";
static const char index_fact[] =
    "INSERT INTO memory_index (rowid, text, context)"
    " SELECT n, text, context FROM memory WHERE id=?1 AND changes()=1";
/* The one before it in its session, when that had to be indexed early. */
static const char early_before[] =
    "SELECT n FROM (SELECT b.n, b.indexed FROM memory b"
    " WHERE b.kind='message' AND b.session=?1 AND b.who=?2 AND b.id<>?3"
    " ORDER BY b.n DESC LIMIT 1) WHERE indexed=1";
static const char join[] =
    "UPDATE memory AS x SET context=" CONTEXT " WHERE x.n=?1";
static const char index_late[] =
    "UPDATE memory AS x SET context=" CONTEXT ", indexed=1"
    " WHERE x.indexed=0 AND x.id<>?1";
static const char how_many[] = "SELECT count(*) FROM memory WHERE indexed=0";
static const char waits[] = "SELECT 1 FROM memory WHERE indexed=0"
			    " AND run<>?1 AND session<>?2 LIMIT 1";

static const char place[] = "SELECT n, session, who FROM memory WHERE id=?";
static const char drop[] = "DELETE FROM memory WHERE n=?";
/* Who had what stood at ?3 for context. */
static const char join_around[] =
    "UPDATE memory AS x SET context=" CONTEXT
    " WHERE x.indexed=1 AND x.n IN (SELECT n FROM (SELECT b.n FROM memory b"
    " WHERE b.kind='message' AND b.session=?1 AND b.who=?2 AND b.n<?3"
    " ORDER BY b.n DESC LIMIT 1) UNION ALL SELECT n FROM (SELECT a.n"
    " FROM memory a WHERE a.kind='message' AND a.session=?1 AND a.who=?2"
    " AND a.n>?3 ORDER BY a.n LIMIT 2))";

static const char prune[] = "UPDATE memory_pruned SET before=max(before, ?)";
static const char doomed[] =
    "SELECT m.n, m.session, m.who, l.seq FROM memory_pruned p"
    " JOIN log l ON l.seq>=p.done AND l.seq<min(p.before, p.done+" VALUE(
	MEMORY_PRUNE_ENTRIES) ") AND l.kind='goal'"
			      " JOIN memory m ON m.run=l.run AND "
			      "m.kind='message'"
			      " ORDER BY l.seq LIMIT " VALUE(MEMORY_PRUNE_ROWS);
static const char pruned[] =
    "UPDATE memory_pruned SET done=min(before, coalesce(?1, done+" VALUE(
	MEMORY_PRUNE_ENTRIES) ")) WHERE done<before"
			      " RETURNING done<before";

struct spot {
	int64_t n;
	char session[SESSION_MAX + 1];
	char who[NAME_MAX_LEN + 1];
};

/* ---- Keeping ---- */

static enum err
insert_row(struct store_tx *tx, const struct json *row)
{
	static const char *const names[] = {"id", "kind", "role", "run", "act",
	    "session", "who", "source", "text", "labels"};
	struct store_query *q;
	enum err e = store_query_open(tx, insert, &q);
	int i;

	if (e != OK)
		return e;
	for (i = 0; i < (int)ARRAY_LEN(names); i++)
		store_bind_text(q, i + 1, json_words(row, names[i]));
	store_bind_int(q, i + 1, json_int(row, "wall_ms", 0));
	return store_query_finish(q);
}

/* All that waits but `id`. */
static enum err
index_others(struct store_tx *tx, const char *id)
{
	struct store_query *q;
	enum err e = store_query_open(tx, index_late, &q);

	if (e != OK)
		return e;
	store_bind_text(q, 1, id);
	return store_query_finish(q);
}

/* Several at once cost little more than one. */
static enum err
index_some(struct store_tx *tx, const char *id)
{
	struct store_query *q;
	int64_t n = 0;
	enum err e = store_query_open(tx, how_many, &q);

	if (e != OK)
		return e;
	e = store_query_step(q);
	if (e == OK)
		n = store_column_int(q, 0);
	store_query_close(q);
	return e == OK && n > MEMORY_WAITING_MAX ? index_others(tx, id) : e;
}

/* Unless it was there before. */
static enum err
index_new_fact(struct store_tx *tx, const char *id)
{
	struct store_query *q;
	enum err e = store_query_open(tx, index_fact, &q);

	if (e != OK)
		return e;
	store_bind_text(q, 1, id);
	return store_query_finish(q);
}

static enum err
join_before(struct store_tx *tx, const struct json *row)
{
	struct store_query *q;
	int64_t n;
	enum err e = store_query_open(tx, early_before, &q);

	if (e != OK)
		return e;
	store_bind_text(q, 1, json_words(row, "session"));
	store_bind_text(q, 2, json_words(row, "who"));
	store_bind_text(q, 3, json_words(row, "id"));
	e = store_query_step(q);
	n = e == OK ? store_column_int(q, 0) : 0;
	store_query_close(q);
	if (e == OK)
		e = store_query_open(tx, join, &q);
	if (e != OK)
		return e == ERR_NOTFOUND ? OK : e;
	store_bind_int(q, 1, n);
	return store_query_finish(q);
}

enum err
memory_keep(struct store_tx *tx, const struct json *row)
{
	bool is_message = strcmp(json_words(row, "kind"), "message") == 0;
	enum err e = insert_row(tx, row);

	if (e != OK)
		return e;
	if (!is_message)
		return index_new_fact(tx, json_words(row, "id"));
	e = join_before(tx, row);
	return e == OK ? index_some(tx, json_words(row, "id")) : e;
}

enum err
index_waiting(struct store_tx *tx, const struct memory_ask *ask)
{
	struct store_query *q;
	enum err e = store_query_open(tx, waits, &q);

	if (e != OK)
		return e;
	store_bind_text(q, 1, ask->run[0] != '\0' ? ask->run : "-");
	store_bind_text(q, 2, ask->session[0] != '\0' ? ask->session : "-");
	e = store_query_step(q);
	store_query_close(q);
	if (e == OK)
		return index_others(tx, "");
	return e == ERR_NOTFOUND ? OK : e;
}

/* ---- Forgetting ---- */

static void
read_spot(struct store_query *q, struct spot *ret)
{
	ret->n = store_column_int(q, 0);
	snprintf(
	    ret->session, sizeof(ret->session), "%s", store_column_text(q, 1));
	snprintf(ret->who, sizeof(ret->who), "%s", store_column_text(q, 2));
}

/* First all of them go, then the contexts that had their words. */
static enum err
drop_spots(struct store_tx *tx, const struct spot *spots, size_t n)
{
	struct store_query *q;
	enum err e = OK;
	size_t i;

	for (i = 0; i < n && e == OK; i++) {
		e = store_query_open(tx, drop, &q);
		if (e != OK)
			return e;
		store_bind_int(q, 1, spots[i].n);
		e = store_query_finish(q);
	}
	for (i = 0; i < n && e == OK; i++) {
		e = store_query_open(tx, join_around, &q);
		if (e != OK)
			return e;
		store_bind_text(q, 1, spots[i].session);
		store_bind_text(q, 2, spots[i].who);
		store_bind_int(q, 3, spots[i].n);
		e = store_query_finish(q);
	}
	return e;
}

enum err
memory_forget(struct store_tx *tx, const char *id)
{
	struct store_query *q;
	struct spot spot;
	enum err e = store_query_open(tx, place, &q);

	if (e != OK)
		return e;
	store_bind_text(q, 1, id);
	e = store_query_step(q);
	if (e == OK)
		read_spot(q, &spot);
	store_query_close(q);
	if (e != OK)
		return e == ERR_NOTFOUND ? OK : e;
	store_scrub(tx);
	return drop_spots(tx, &spot, 1);
}

enum err
memory_prune(struct store_tx *tx, int64_t before)
{
	struct store_query *q;
	enum err e = store_query_open(tx, prune, &q);

	if (e != OK)
		return e;
	store_bind_int(q, 1, before);
	return store_query_finish(q);
}

enum err
memory_prune_some(struct store_tx *tx, bool *ret_more)
{
	struct spot spots[MEMORY_PRUNE_ROWS];
	struct store_query *q;
	int64_t seq = 0;
	size_t n = 0;
	enum err e = store_query_open(tx, doomed, &q);

	if (e != OK)
		return e;
	while ((e = store_query_step(q)) == OK) {
		read_spot(q, &spots[n++]);
		seq = store_column_int(q, 3);
	}
	store_query_close(q);
	if (e == ERR_NOTFOUND)
		e = drop_spots(tx, spots, n);
	if (e == OK)
		e = store_query_open(tx, pruned, &q);
	if (e != OK)
		return e;
	/* There may be more of the last run. */
	if (n == MEMORY_PRUNE_ROWS)
		store_bind_int(q, 1, seq);
	e = store_query_step(q);
	*ret_more = e == OK && store_column_int(q, 0) != 0;
	store_query_close(q);
	/* Many at once: the file is looked after when the last are gone. */
	if (e == OK && !*ret_more)
		store_scrub(tx);
	return e == ERR_NOTFOUND ? OK : e;
}
