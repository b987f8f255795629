/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/names.h"
#include "base/str.h"
#include "memory/memory_priv.h"

/* Reading again: what is found by words, a session, or all facts. */

static const char facts[] = "SELECT " MEMORY_COLUMNS " FROM memory m"
			    " WHERE m.kind='fact' AND (?1 OR m.who=?2)"
			    " AND (?3=0 OR m.n<?3) ORDER BY m.n DESC LIMIT ?4";
static const char one[] = "SELECT " MEMORY_COLUMNS " FROM memory m"
			  " WHERE m.id=?1 AND (?2 OR m.who=?3) LIMIT ?4";
static const char history[] =
    "SELECT " MEMORY_COLUMNS
    " FROM memory m WHERE m.kind='message' AND m.session=?1"
    " AND m.who=?2 AND m.run<>?3 ORDER BY m.n DESC LIMIT ?4";
static const char one_session[] =
    "SELECT " MEMORY_COLUMNS
    " FROM memory m WHERE m.kind='message' AND m.session=?1"
    " AND (?2 OR m.who=?3) AND m.n>?4 ORDER BY m.n LIMIT ?5";
/* Without a session each goal has its run's id for one. */
static const char sessions[] =
    "SELECT session, who, count(*), max(wall_ms) FROM memory"
    " WHERE kind='message' AND session<>run AND (?1 OR who=?2)"
    " GROUP BY session, who ORDER BY max(n) DESC LIMIT ?3";

static struct json *
row_of(struct store_query *q)
{
	static const char *const names[] = {"id", "kind", "role", "run", "act",
	    "session", "who", "source", "text", "labels"};
	struct json *row = json_object();
	int i;

	for (i = 0; i < (int)ARRAY_LEN(names); i++)
		if (store_column_text(q, i)[0] != '\0')
			json_put_str(row, names[i], store_column_text(q, i));
	json_put_int(row, "wall_ms", store_column_int(q, i));
	json_put_int(row, "n", store_column_int(q, i + 1));
	return row;
}

#define DAY_SIZE 32

static void
write_day(const struct json *row, char ret[DAY_SIZE])
{
	time_t t = (time_t)(json_int(row, "wall_ms", 0) / 1000);
	struct tm tm;

	ret[0] = '\0';
	if (localtime_r(&t, &tm) != NULL)
		strftime(ret, DAY_SIZE, "%Y-%m-%d", &tm);
}

void
memory_say(const struct json *row, struct buf *out)
{
	const char *text = json_words(row, "text");
	char when[DAY_SIZE];

	write_day(row, when);
	json_escape(out, text, str_cut(text, MEMORY_SHOWN_MAX));
	buf_addf(out, " (%s, %s, id %s)\n", when, json_words(row, "source"),
	    json_words(row, "id"));
}

/* What cannot be read counts as every label. */
static void
join_labels(struct names *labels, const struct json *row)
{
	struct names more;

	if (names_read(json_words(row, "labels"), &more) == OK)
		names_join(labels, &more);
	else
		labels->all = true;
}

static void
put_labels(struct json *v, const struct names *labels)
{
	struct buf b;

	buf_init(&b, NAMES_MAX * (NAME_MAX_LEN + 1));
	names_write(labels, &b);
	json_put_str(v, "labels", b.p);
	buf_done(&b);
}

/* As many rows of the query as one answer takes, one at least; and closes
 * it. */
static enum err
take_rows(struct store_query *q, struct json *list)
{
	size_t room = MEMORY_PAGE_MAX;
	enum err e;

	while ((e = store_query_step(q)) == OK) {
		size_t len = strlen(store_column_text(q, 8));

		if (json_count(list) > 0 && len > room)
			break;
		json_push(list, row_of(q));
		room -= len < room ? len : room;
	}
	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}

static enum err
find(struct store_tx *tx, const struct memory_ask *ask, int64_t most,
    struct json *list)
{
	struct store_query *q;
	enum err e = memory_find(tx, ask, most, &q);

	if (e == ERR_NOTFOUND)
		return OK;
	return e == OK ? take_rows(q, list) : e;
}

/* ---- What a turn begins with ---- */

static void
push_id(struct json *ids, const struct json *row)
{
	struct json *v = json_object();

	json_put_str(v, "id", json_words(row, "id"));
	json_push(ids, v);
}

/* The best that fit. */
static enum err
view_memories(struct store_tx *tx, const struct memory_ask *ask,
    struct json *view, struct json *ids, struct names *labels)
{
	size_t room = MEMORY_RECALL_TOKENS * MEMORY_BYTES_PER_TOKEN;
	struct json *found = json_array();
	struct json *shown = json_array();
	enum err e = find(tx, ask, MEMORY_RECALLED_MAX, found);
	const struct json *row;

	for (row = json_first(found); row != NULL; row = json_next(row)) {
		const char *text = json_words(row, "text");
		size_t len = str_cut(text, MEMORY_SHOWN_MAX);
		char when[DAY_SIZE];
		struct json *v;

		if (len > room)
			continue;
		room -= len;
		v = json_object();
		json_put_strn(v, "text", text, len);
		write_day(row, when);
		json_put_str(v, "when", when);
		json_put_str(v, "source", json_words(row, "source"));
		json_put_str(v, "labels", json_words(row, "labels"));
		json_push(shown, v);
		push_id(ids, row);
		join_labels(labels, row);
	}
	json_put(view, "memories", shown);
	json_free(found);
	return e;
}

/* How many of the newest, which come first, fit; and the first of those in
 * their order must be a person's. */
static size_t
count_fitting(const struct json *newest)
{
	size_t room = MEMORY_HISTORY_TOKENS * MEMORY_BYTES_PER_TOKEN;
	const struct json *row;
	size_t seen = 0;
	size_t n = 0;

	for (row = json_first(newest); row != NULL; row = json_next(row)) {
		size_t len = strlen(json_words(row, "text"));

		if (len > room)
			break;
		room -= len;
		seen++;
		if (strcmp(json_words(row, "role"), "user") == 0)
			n = seen;
	}
	return n;
}

static void
put_history(const struct json *newest, struct json *view, struct json *ids,
    struct names *labels)
{
	const struct json *rows[MEMORY_HISTORY_MAX];
	struct json *shown = json_array();
	size_t n = count_fitting(newest);
	const struct json *row;
	size_t i = 0;

	for (row = json_first(newest); row != NULL && i < n;
	     row = json_next(row))
		rows[i++] = row;
	while (i-- > 0) {
		struct json *v = json_object();

		json_put_str(v, "role", json_words(rows[i], "role"));
		json_put_str(v, "text", json_words(rows[i], "text"));
		json_push(shown, v);
		push_id(ids, rows[i]);
		join_labels(labels, rows[i]);
	}
	json_put(view, "history", shown);
}

static enum err
view_history(struct store_tx *tx, const struct memory_ask *ask,
    struct json *view, struct json *ids, struct names *labels)
{
	struct json *newest = json_array();
	struct store_query *q;
	enum err e = store_query_open(tx, history, &q);

	if (e == OK) {
		store_bind_text(q, 1, ask->session);
		store_bind_text(q, 2, ask->who);
		store_bind_text(q, 3, ask->run);
		store_bind_int(q, 4, MEMORY_HISTORY_MAX);
		e = take_rows(q, newest);
	}
	put_history(newest, view, ids, labels);
	json_free(newest);
	return e;
}

/* ---- What a client or a model asks for ---- */

static enum err
list_sessions(struct store_tx *tx, const struct memory_ask *ask, struct json *v)
{
	struct json *list = json_array();
	struct store_query *q;
	enum err e = store_query_open(tx, sessions, &q);

	json_put(v, "sessions", list);
	if (e != OK)
		return e;
	store_bind_int(q, 1, ask->all);
	store_bind_text(q, 2, ask->who);
	store_bind_int(q, 3, MEMORY_LISTED_MAX);
	while ((e = store_query_step(q)) == OK) {
		struct json *row = json_object();

		json_put_str(row, "session", store_column_text(q, 0));
		json_put_str(row, "who", store_column_text(q, 1));
		json_put_int(row, "messages", store_column_int(q, 2));
		json_put_int(row, "wall_ms", store_column_int(q, 3));
		json_push(list, row);
	}
	store_query_close(q);
	return e == ERR_NOTFOUND ? OK : e;
}

static enum err
list_rows(struct store_tx *tx, const struct memory_ask *ask, struct json *list)
{
	static const char *const sql[] = {[MEMORY_FACTS] = facts,
	    [MEMORY_ONE] = one,
	    [MEMORY_SESSION] = one_session};
	struct store_query *q;
	int at = 1;
	enum err e;

	if (ask->want == MEMORY_SEARCH)
		return find(tx, ask, MEMORY_FOUND_MAX, list);
	e = store_query_open(tx, sql[ask->want], &q);
	if (e != OK)
		return e;
	if (ask->want == MEMORY_SESSION)
		store_bind_text(q, at++, ask->session);
	else if (ask->want == MEMORY_ONE)
		store_bind_text(q, at++, ask->words);
	store_bind_int(q, at++, ask->all);
	store_bind_text(q, at++, ask->who);
	if (ask->want != MEMORY_ONE)
		store_bind_int(q, at++, ask->from);
	store_bind_int(q, at, MEMORY_LISTED_MAX);
	return take_rows(q, list);
}

enum err
memory_read(
    struct store_tx *tx, const struct memory_ask *ask, struct json **ret)
{
	struct names labels = {.n = 0};
	struct json *v = json_object();
	const struct json *row;
	struct json *list;
	enum err e;

	if (ask->want == MEMORY_SESSIONS) {
		e = list_sessions(tx, ask, v);
	} else if (ask->want == MEMORY_VIEW) {
		list = json_array();
		e = view_memories(tx, ask, v, list, &labels);
		if (e == OK)
			e = view_history(tx, ask, v, list, &labels);
		json_put(v, "seen", list);
	} else {
		list = json_array();
		e = list_rows(tx, ask, list);
		for (row = json_first(list); row != NULL; row = json_next(row))
			join_labels(&labels, row);
		json_put(v, "rows", list);
	}
	if (e != OK) {
		json_free(v);
		return e;
	}
	put_labels(v, &labels);
	*ret = v;
	return OK;
}
