/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "memory/memory_priv.h"

/*
 * Finding by words, at a cost that does not grow with what is remembered.
 *
 * A common word stands in most rows and says nothing about any: rows are
 * found by the rarest words of the question, so many of them as have few rows
 * together, and the newest of these rows are ranked, by the commoner words
 * too.  In how many rows a word stands is counted in the newest that have it
 * and guessed from how close together those are.  When even the rarest word
 * is common, rows must have two of the question's words.
 */

#define STRING(x) #x
#define VALUE(x) STRING(x)

static const char count[] =
    "SELECT count(*), min(n), (SELECT max(n) FROM memory) FROM"
    " (SELECT rowid AS n FROM memory_index WHERE memory_index MATCH ?"
    " ORDER BY rowid DESC LIMIT " VALUE(MEMORY_COUNTED_MAX) ")";

/* Who fits best is known before anything of a row is read but whose it is.
 * ?8 on: in how many rows each phrase of the query stands. */
static const char search[] =
    "SELECT " MEMORY_COLUMNS " FROM (SELECT f.n, f.fit FROM"
    " (SELECT rowid AS n, weigh(memory_index, 1.0, 0.5, ?8, ?9, ?10, ?11, ?12,"
    " ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26,"
    " ?27) AS fit FROM memory_index"
    " WHERE memory_index MATCH ?1 ORDER BY rowid DESC LIMIT ?7) AS f"
    " WHERE EXISTS (SELECT 1 FROM memory s WHERE s.n=f.n AND (?2 OR s.who=?3)"
    " AND s.run<>?4 AND (s.kind='fact' OR s.session<>?5))"
    " ORDER BY f.fit DESC, f.n DESC LIMIT ?6) AS best"
    " JOIN memory m ON m.n=best.n ORDER BY best.fit DESC, best.n DESC";
#define SEARCH_ROWS_AT 8
#define SEARCH_ROWS_MAX (MEMORY_NEEDLES_MAX + MEMORY_WEIGHED_MAX)

static_assert(SEARCH_ROWS_MAX == 20, "the search binds as many");

struct query {
	struct buf text;
	int64_t rows[SEARCH_ROWS_MAX]; /* Of each phrase; 0 adds nothing. */
	size_t n;
};

static enum err
count_rows(struct store_tx *tx, struct memory_word *w)
{
	char phrase[MEMORY_WORD_MAX + 3];
	struct store_query *q;
	enum err e = store_query_open(tx, count, &q);

	if (e != OK)
		return e;
	snprintf(phrase, sizeof(phrase), "\"%.*s\"", MEMORY_WORD_MAX, w->text);
	store_bind_text(q, 1, phrase);
	e = store_query_step(q);
	if (e == OK) {
		int64_t last = store_column_int(q, 2);
		int64_t span = last - store_column_int(q, 1) + 1;

		w->rows = store_column_int(q, 0);
		if (w->rows == MEMORY_COUNTED_MAX)
			w->rows = w->rows * last / span;
	}
	store_query_close(q);
	return e;
}

static int
by_rows(const void *a, const void *b)
{
	const struct memory_word *x = a;
	const struct memory_word *y = b;

	return (x->rows > y->rows) - (x->rows < y->rows);
}

/* Those that stand somewhere, the rarest first. */
static enum err
read_words(struct store_tx *tx, const char *text,
    struct memory_word words[MEMORY_WORDS_MAX], size_t *ret)
{
	size_t n = memory_words(text, words);
	size_t kept = 0;
	enum err e = OK;
	size_t i;

	for (i = 0; i < n && e == OK; i++) {
		e = count_rows(tx, &words[i]);
		if (e == OK && words[i].rows > 0)
			words[kept++] = words[i];
	}
	qsort(words, kept, sizeof(words[0]), by_rows);
	*ret = kept;
	return e;
}

static void
add_phrase(struct query *q, const char *before, const struct memory_word *w,
    bool counts)
{
	buf_addf(&q->text, "%s\"%s\"", before, w->text);
	q->rows[q->n++] = counts ? w->rows : 0;
}

static void
add_any(struct query *q, const struct memory_word *words, size_t n, bool counts)
{
	size_t i;

	for (i = 0; i < n; i++)
		add_phrase(q, i > 0 ? " OR " : "(", &words[i], counts);
	buf_adds(&q->text, ")");
}

/* How many words find rows: their rows are few together. */
static size_t
count_needles(const struct memory_word *words, size_t n)
{
	int64_t rows = 0;
	size_t i;

	for (i = 0; i < n && i < MEMORY_NEEDLES_MAX; i++) {
		rows += words[i].rows;
		if (rows > MEMORY_CANDIDATES_MAX)
			break;
	}
	return i;
}

static void
write_query(struct query *q, const struct memory_word *words, size_t n)
{
	size_t needles = count_needles(words, n);

	if (n > MEMORY_WEIGHED_MAX)
		n = MEMORY_WEIGHED_MAX;
	if (needles == 0 && n > 1) {
		/* The rarest, and one of the others beside it. */
		add_phrase(q, "", &words[0], true);
		buf_adds(&q->text, " AND ");
		add_any(q, words + 1, n - 1, true);
		return;
	}
	if (needles == 0)
		needles = 1;
	add_any(q, words, needles, true);
	if (n == needles)
		return;
	/* The first part says which rows, the second what else they have. */
	buf_adds(&q->text, " AND (");
	add_any(q, words, needles, false);
	buf_adds(&q->text, " OR ");
	add_any(q, words + needles, n - needles, true);
	buf_adds(&q->text, ")");
}

enum err
memory_find(struct store_tx *tx, const struct memory_ask *ask, int64_t most,
    struct store_query **ret)
{
	struct memory_word words[MEMORY_WORDS_MAX];
	struct query made = {.n = 0};
	struct store_query *q;
	size_t n;
	size_t i;
	enum err e = index_waiting(tx, ask);

	if (e == OK)
		e = read_words(tx, ask->words, words, &n);
	if (e != OK || n == 0)
		return e != OK ? e : ERR_NOTFOUND;
	e = store_query_open(tx, search, &q);
	if (e != OK)
		return e;
	buf_init(&made.text, SEARCH_ROWS_MAX * (MEMORY_WORD_MAX + 12));
	write_query(&made, words, n);
	store_bind_text(q, 1, made.text.p);
	store_bind_int(q, 2, ask->all);
	store_bind_text(q, 3, ask->who);
	store_bind_text(q, 4, ask->run[0] != '\0' ? ask->run : "-");
	store_bind_text(q, 5, ask->session[0] != '\0' ? ask->session : "-");
	store_bind_int(q, 6, most);
	store_bind_int(q, 7, MEMORY_CANDIDATES_MAX);
	for (i = 0; i < SEARCH_ROWS_MAX; i++)
		store_bind_int(q, SEARCH_ROWS_AT + (int)i, made.rows[i]);
	buf_done(&made.text);
	*ret = q;
	return OK;
}
