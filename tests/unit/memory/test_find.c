/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "memory/memory.h"

/* How much is found, beside ranking all that has any word of a question. */

static const char log_schema[] =
    "CREATE TABLE log (seq INTEGER PRIMARY KEY, kind TEXT, run TEXT)";
static const char *const migrations[] = {
    log_schema, memory_schema, memory_light_schema};

static struct store *st;
static char folder[] = "/tmp/durward-find-XXXXXX";

static void
check_setup(void)
{
	if (mkdtemp(folder) == NULL)
		abort();
}

static void
open_store(void)
{
	static char path[80];
	struct store_options o = {
	    .path = path, .migrations = migrations, .n_migrations = 2};
	struct errmsg why = {""};

	snprintf(path, sizeof(path), "%s/box.db", folder);
	REQUIRE(store_open(&o, &st, &why) == OK);
}

struct reading {
	struct memory_ask ask;
	struct json *found;
};

static enum err
run_read(struct store_tx *tx, void *arg)
{
	struct reading *r = arg;

	return memory_read(tx, &r->ask, &r->found);
}

#define CORPUS_ROWS 6000
#define CORPUS_WORDS 8000
#define QUESTIONS 120

static uint64_t seed;

static double
next_share(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(seed >> 11) / (double)((uint64_t)1 << 53);
}

/* The n-th most common word about once in n, and none with another's stem. */
static void
add_word(char *text)
{
	static const char first[] = "bdfgklmnprstvz";
	size_t n = (size_t)pow(CORPUS_WORDS, next_share()) + 56;
	char *p = text + strlen(text);

	*p = ' ';
	p += text[0] != '\0';
	for (; n > 0; n /= 56) {
		*p++ = first[n % 14];
		*p++ = "aiou"[n / 14 % 4];
	}
	strcpy(p, "k");
}

static void
make_row(char *text)
{
	size_t words = 4 + (size_t)(next_share() * 20);

	for (text[0] = '\0'; words > 0; words--)
		add_word(text);
}

static enum err
run_corpus(struct store_tx *tx, void *texts)
{
	char(*text)[400] = texts;
	enum err e = OK;
	char name[16];
	int i;

	for (i = 0; i < CORPUS_ROWS && e == OK; i++) {
		struct json *row = json_object();

		make_row(text[i]);
		snprintf(name, sizeof(name), "m%d", i);
		json_put_str(row, "id", name);
		snprintf(name, sizeof(name), "s%d", i / 10);
		json_put_str(row, "session", name);
		json_put_str(row, "kind", "message");
		json_put_str(row, "text", text[i]);
		json_put_str(row, "labels", "none");
		e = memory_keep(tx, row);
		json_free(row);
	}
	return e;
}

/* Every second word from the row, the others any. */
static void
make_question(char *out, const char *row)
{
	size_t n = 5 + (size_t)(next_share() * 11);
	size_t i;

	for (out[0] = '\0'; n > 0; n--) {
		if (n % 2 == 0) {
			add_word(out);
			continue;
		}
		i = (size_t)(next_share() * (double)strlen(row));
		while (i > 0 && row[i - 1] != ' ')
			i--;
		strcat(out, out[0] != '\0' ? " " : "");
		strncat(out, row + i, strcspn(row + i, " "));
	}
}

struct plain {
	const char *question;
	const char *wanted;
	bool hit;
};

/* What a search is measured by: every row with any of the words is ranked. */
static enum err
run_plain(struct store_tx *tx, void *arg)
{
	static const char sql[] =
	    "SELECT m.id FROM memory_index JOIN memory m"
	    " ON m.n=memory_index.rowid WHERE memory_index MATCH ?"
	    " AND memory_index.rank MATCH 'bm25(1.0, 0.5)'"
	    " ORDER BY memory_index.rank LIMIT 5";
	struct memory_word words[MEMORY_WORDS_MAX];
	struct plain *p = arg;
	size_t n = memory_words(p->question, words);
	char query[2048] = "";
	struct store_query *q;
	size_t i;

	for (i = 0; i < n; i++)
		snprintf(query + strlen(query), sizeof(query) - strlen(query),
		    "%s\"%s\"", i > 0 ? " OR " : "", words[i].text);
	REQUIRE(store_query_open(tx, sql, &q) == OK);
	store_bind_text(q, 1, query);
	while (store_query_step(q) == OK)
		p->hit |= strcmp(store_column_text(q, 0), p->wanted) == 0;
	store_query_close(q);
	return OK;
}

static bool
hits(const char *question, const char *wanted)
{
	struct reading r = {.ask = {.want = MEMORY_SEARCH, .all = true}};
	const struct json *row;
	bool hit = false;
	int i;

	snprintf(r.ask.words, sizeof(r.ask.words), "%s", question);
	REQUIRE(store_run_now(st, run_read, &r) == OK);
	row = json_first(json_get(r.found, "rows"));
	for (i = 0; i < MEMORY_RECALLED_MAX && row != NULL; i++) {
		hit |= strcmp(json_words(row, "id"), wanted) == 0;
		row = json_next(row);
	}
	json_free(r.found);
	return hit;
}

TEST(as_much_is_found_as_by_ranking_everything)
{
	char(*texts)[400] = calloc(CORPUS_ROWS, sizeof(*texts));
	char question[800];
	char wanted[16];
	int ours = 0;
	int plain = 0;
	int i;

	seed = 1;
	open_store();
	REQUIRE(store_run_now(st, run_corpus, texts) == OK);
	for (i = 0; i < QUESTIONS; i++) {
		int at = (int)(next_share() * CORPUS_ROWS);
		struct plain p = {.question = question, .wanted = wanted};

		make_question(question, texts[at]);
		snprintf(wanted, sizeof(wanted), "m%d", at);
		ours += hits(question, wanted);
		REQUIRE(store_run_now(st, run_plain, &p) == OK);
		plain += p.hit;
	}
	printf("# of %d questions %d are answered, and %d by ranking all\n",
	    QUESTIONS, ours, plain);
	CHECK(ours >= plain);
	CHECK(plain > QUESTIONS / 2);
	free(texts);
	store_close(st);
}
