/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "memory/memory.h"

/* The log is another room's; so much of it is looked at. */
static const char log_schema[] =
    "CREATE TABLE log (seq INTEGER PRIMARY KEY, kind TEXT, run TEXT)";
static const char *const migrations[] = {
    log_schema, memory_schema, memory_light_schema};

static struct store *st;
static char store_path[80];
static char folder[] = "/tmp/durward-memory-XXXXXX";

static void
check_setup(void)
{
	if (mkdtemp(folder) == NULL)
		abort();
}

static void
open_store(void)
{
	static int n;
	struct store_options o = {
	    .path = store_path, .migrations = migrations, .n_migrations = 2};
	struct errmsg why = {""};

	snprintf(store_path, sizeof(store_path), "%s/box%d.db", folder, n++);
	REQUIRE(store_open(&o, &st, &why) == OK);
}

static enum err
run_keep(struct store_tx *tx, void *arg)
{
	return memory_keep(tx, arg);
}

static enum err
run_forget(struct store_tx *tx, void *arg)
{
	return memory_forget(tx, arg);
}

static enum err
run_prune(struct store_tx *tx, void *arg)
{
	return memory_prune(tx, *(int64_t *)arg);
}

static enum err
run_prune_some(struct store_tx *tx, void *arg)
{
	return memory_prune_some(tx, arg);
}

/* How many jobs it takes. */
static int
prune(int64_t before)
{
	bool more = true;
	int jobs = 0;

	REQUIRE(store_run_now(st, run_prune, &before) == OK);
	for (; more; jobs++)
		REQUIRE(store_run_now(st, run_prune_some, &more) == OK);
	return jobs;
}

static enum err
run_log(struct store_tx *tx, void *arg)
{
	struct store_query *q;
	enum err e = store_query_open(
	    tx, "INSERT INTO log (kind, run) VALUES ('goal', ?)", &q);

	if (e != OK)
		return e;
	store_bind_text(q, 1, arg);
	return store_query_finish(q);
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

static struct json *
read_all(struct memory_ask ask)
{
	struct reading r = {.ask = ask};

	REQUIRE(store_run_now(st, run_read, &r) == OK);
	return r.found;
}

static void
keep(const char *id, const char *role, const char *session, const char *text,
    const char *labels)
{
	struct json *row = json_object();

	json_put_str(row, "id", id);
	json_put_str(row, "kind", role[0] != '\0' ? "message" : "fact");
	json_put_str(row, "role", role);
	json_put_str(row, "run", id);
	json_put_str(row, "session", session);
	json_put_str(row, "who", "console");
	json_put_str(row, "source", "person");
	json_put_str(row, "text", text);
	json_put_str(row, "labels", labels);
	json_put_int(row, "wall_ms", 1750000000000);
	REQUIRE(store_run_now(st, run_keep, row) == OK);
	json_free(row);
}

static struct memory_ask
ask_for(enum memory_want want, const char *words)
{
	struct memory_ask ask = {.want = want, .all = true};

	snprintf(ask.words, sizeof(ask.words), "%s", words);
	return ask;
}

/* The ids that are found, in their order. */
static const char *
found(const char *words)
{
	static char text[256];
	struct json *v = read_all(ask_for(MEMORY_SEARCH, words));
	const struct json *row = json_first(json_get(v, "rows"));

	text[0] = '\0';
	for (; row != NULL; row = json_next(row)) {
		strcat(text, json_words(row, "id"));
		strcat(text, " ");
	}
	json_free(v);
	return text;
}

TEST(a_query_is_made_of_words_that_end_no_quotes)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
	    {"milk", "milk "},
	    {"Where is the key?", "key "},
	    {"milk\" OR text:*", "milk text "},
	    {"NEAR(a b) ^c -d + e*", "NEAR b c d e "},
	    {"Key, key and KEY", "Key "},
	    {"Wo ist der Schl\303\274ssel f\303\274r das Tor",
		"Schl\303\274ssel Tor "},
	    {"the and of", ""},
	    {"\"\"''--;", ""},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct memory_word words[MEMORY_WORDS_MAX];
		size_t n = memory_words(cases[i].text, words);
		char said[256] = "";
		size_t j;

		for (j = 0; j < n; j++) {
			strcat(said, words[j].text);
			strcat(said, " ");
		}
		CHECK_STR(said, cases[i].want);
	}
}

TEST(of_a_long_question_so_many_words_count)
{
	struct memory_word words[MEMORY_WORDS_MAX];
	char text[1024] = "";
	int i;

	for (i = 0; i < 3 * MEMORY_WORDS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "w%d ", i);
	CHECK_INT(memory_words(text, words), MEMORY_WORDS_MAX);
}

TEST(a_fact_is_found_by_any_form_of_its_words)
{
	open_store();
	keep("f1", "", "", "The heating pump was serviced in May", "none");
	keep("f2", "", "", "Kim likes walking", "none");
	CHECK_STR(found("when do we service the pumps?"), "f1 ");
	CHECK_STR(found("who walks"), "f2 ");
	CHECK_STR(found("nothing of this"), "");
	CHECK_STR(found("heating\" OR \"Kim"), "f2 f1 ");
	store_close(st);
}

TEST(a_message_is_found_by_what_it_was_about)
{
	open_store();
	keep("m1", "user", "s1", "how is the weather in Oslo", "none");
	keep("m2", "assistant", "s1", "rain all day", "none");
	keep("m3", "user", "s1", "and tomorrow?", "none");
	keep("m4", "user", "s2", "and tomorrow?", "none");
	/* What says it comes before what was said beside it, and else the
	 * newest first. */
	CHECK_STR(found("weather oslo"), "m1 m3 m2 ");
	keep("m5", "assistant", "s1", "sunshine", "none");
	CHECK_STR(found("sunshine"), "m5 m3 ");
	CHECK_STR(found("oslo"), "m1 m2 m3 ");
	store_close(st);
}

TEST(what_is_forgotten_is_in_no_context_either)
{
	open_store();
	keep("m1", "user", "s1", "the code is swordfish", "none");
	keep("m2", "assistant", "s1", "noted", "none");
	keep("m3", "user", "s1", "thanks", "none");
	CHECK_STR(found("swordfish"), "m1 m3 m2 ");
	REQUIRE(store_run_now(st, run_forget, (void *)(uintptr_t) "m1") == OK);
	CHECK_STR(found("swordfish"), "");
	CHECK_STR(found("noted"), "m2 m3 ");
	REQUIRE(store_run_now(st, run_forget, (void *)(uintptr_t) "m1") == OK);
	store_close(st);
}

TEST(a_message_is_found_while_it_waits_for_its_context)
{
	struct memory_ask ask = ask_for(MEMORY_SEARCH, "swordfish");
	struct json *v;

	open_store();
	keep("m1", "user", "s1", "swordfish", "none");
	/* Its own session does not look for it. */
	snprintf(ask.session, sizeof(ask.session), "s1");
	v = read_all(ask);
	CHECK_INT(json_count(json_get(v, "rows")), 0);
	json_free(v);
	CHECK_STR(found("swordfish"), "m1 ");
	/* And gets it although it was brought in early. */
	keep("m2", "assistant", "s1", "with lemon", "none");
	keep("m3", "user", "s2", "salmon", "none");
	keep("m4", "assistant", "s1", "or dill", "none");
	CHECK_STR(found("lemon"), "m2 m1 m4 ");
	CHECK_STR(found("dill"), "m4 m2 ");
	CHECK_STR(found("salmon"), "m3 ");
	store_close(st);
}

TEST(a_message_that_is_kept_again_stays_as_it_is)
{
	open_store();
	keep("m1", "user", "s1", "swordfish", "none");
	keep("m1", "user", "s1", "salmon", "none");
	keep("m2", "assistant", "s1", "noted", "none");
	keep("m1", "user", "s1", "salmon", "none");
	CHECK_STR(found("swordfish"), "m1 m2 ");
	CHECK_STR(found("salmon"), "");
	CHECK_STR(found("noted"), "m2 m1 ");
	store_close(st);
}

TEST(common_words_alone_find_something_too)
{
	char text[64];
	char id[16];
	int i;

	open_store();
	for (i = 0; i < MEMORY_COUNTED_MAX + 50; i++) {
		snprintf(id, sizeof(id), "f%d", i);
		snprintf(text, sizeof(text), "lamp %s number%d",
		    i == 7 ? "garden" : "kitchen", i);
		keep(id, "", "", text, "none");
	}
	CHECK_STR(found("garden lamp"), found("lamp of the garden"));
	CHECK(strncmp(found("kitchen garden lamp"), "f7 ", 3) == 0);
	CHECK(strncmp(found("number9 lamp"), "f9 ", 3) == 0);
	CHECK(found("lamp")[0] == 'f');
	store_close(st);
}

TEST(pruning_the_log_forgets_the_messages_it_told_and_no_fact)
{
	open_store();
	keep("m1", "user", "s1", "swordfish one", "none");
	keep("m2", "user", "s1", "salmon two", "none");
	keep("f1", "", "", "a fact of swordfish", "none");
	REQUIRE(store_run_now(st, run_log, (void *)(uintptr_t) "m1") == OK);
	REQUIRE(store_run_now(st, run_log, (void *)(uintptr_t) "m2") == OK);
	CHECK_INT(prune(2), 1);
	CHECK_STR(found("swordfish"), "f1 ");
	CHECK_STR(found("salmon"), "m2 ");
	CHECK_INT(prune(1), 1);
	CHECK_STR(found("salmon"), "m2 ");
	store_close(st);
}

TEST(much_is_pruned_a_few_messages_at_a_time)
{
	int n = 5 * MEMORY_PRUNE_ROWS + 3;
	char id[16];
	int i;

	open_store();
	for (i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "m%d", i);
		keep(id, "user", i % 7 == 0 ? "s1" : "s2", "swordfish", "none");
		REQUIRE(store_run_now(st, run_log, id) == OK);
	}
	keep("last", "user", "s2", "salmon", "none");
	CHECK_INT(prune(n + 1), 6);
	CHECK_STR(found("swordfish"), "");
	CHECK_STR(found("salmon"), "last ");
	store_close(st);
}

TEST(a_view_has_its_budget_and_the_labels_of_all_that_is_in_it)
{
	struct memory_ask ask = ask_for(MEMORY_VIEW, "pump");
	struct json *v;
	char text[2000];
	char id[8];
	int i;

	open_store();
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "pump ", 5);
	text[sizeof(text) - 1] = '\0';
	for (i = 0; i < 9; i++) {
		snprintf(id, sizeof(id), "f%d", i);
		keep(id, "", "", text, i % 2 == 0 ? "private" : "untrusted");
	}
	keep("m1", "assistant", "s1", "a reply that lost its question", "none");
	keep("m2", "user", "s1", "is it warm", "other");
	keep("m3", "assistant", "s1", "it is", "none");
	keep("m4", "user", "s2", "elsewhere", "elsewhere");
	snprintf(ask.session, sizeof(ask.session), "s1");
	snprintf(ask.who, sizeof(ask.who), "console");
	v = read_all(ask);
	CHECK_INT(json_count(json_get(v, "memories")),
	    MEMORY_RECALL_TOKENS * MEMORY_BYTES_PER_TOKEN / MEMORY_SHOWN_MAX);
	CHECK_STR(json_words(v, "labels"), "other,private,untrusted");
	CHECK_INT(json_count(json_get(v, "history")), 2);
	CHECK_STR(json_words(json_first(json_get(v, "history")), "text"),
	    "is it warm");
	json_free(v);
	store_close(st);
}

TEST(all_facts_are_listed_a_page_after_the_other)
{
	struct memory_ask ask = ask_for(MEMORY_FACTS, "");
	int64_t last = INT64_MAX;
	int pages = 0;
	int rows = 0;
	int i;

	open_store();
	for (i = 0; i < 2 * MEMORY_LISTED_MAX + 1; i++) {
		char id[16];

		snprintf(id, sizeof(id), "f%d", i);
		keep(id, "", "", "tea is green", "none");
	}
	for (;;) {
		struct json *v = read_all(ask);
		const struct json *row = json_first(json_get(v, "rows"));

		if (row == NULL) {
			json_free(v);
			break;
		}
		REQUIRE(++pages < 9);
		for (; row != NULL; row = json_next(row), rows++) {
			CHECK(json_int(row, "n", 0) < last);
			last = ask.from = json_int(row, "n", 0);
		}
		json_free(v);
	}
	CHECK_INT(rows, 2 * MEMORY_LISTED_MAX + 1);
	CHECK_INT(pages, 3);
	store_close(st);
}

TEST(who_may_not_see_all_finds_their_own)
{
	struct memory_ask ask = ask_for(MEMORY_SEARCH, "pump");
	struct json *v;

	open_store();
	keep("f1", "", "", "the pump", "none");
	ask.all = false;
	snprintf(ask.who, sizeof(ask.who), "probe");
	v = read_all(ask);
	CHECK_INT(json_count(json_get(v, "rows")), 0);
	json_free(v);
	snprintf(ask.who, sizeof(ask.who), "console");
	v = read_all(ask);
	CHECK_INT(json_count(json_get(v, "rows")), 1);
	json_free(v);
	store_close(st);
}

/* ---- What is forgotten is in no file ---- */

/* Does any file of the folder that begins with `name` hold these bytes? */
static bool
holds(const char *name, const char *bytes)
{
	static const char *const ends[] = {"", "-wal"};
	bool held = false;
	size_t i;

	for (i = 0; i < ARRAY_LEN(ends); i++) {
		char path[96];
		char *p = NULL;
		size_t len = 0;
		FILE *from;
		FILE *to;
		int c;

		snprintf(path, sizeof(path), "%s%s", name, ends[i]);
		from = fopen(path, "r");
		if (from == NULL)
			continue;
		to = open_memstream(&p, &len);
		while ((c = getc(from)) != EOF)
			putc(c, to);
		fclose(from);
		fclose(to);
		held |= memmem(p, len, bytes, strlen(bytes)) != NULL;
		free(p);
	}
	return held;
}

/* A stem that no other word has, in ten letters. */
static void
make_rare(char out[16], unsigned n)
{
	static const char letters[] = "bdfgklmnpr";
	int i;

	for (i = 0; i < 10; i++, n = n * 1103515245u + 12345u)
		out[i] = letters[n >> 16 & 7];
	out[10] = '\0';
}

TEST(what_is_forgotten_is_in_no_file)
{
	char path[80];
	char text[256];
	char word[16];
	char next[16];
	char id[16];
	int i;

	open_store();
	snprintf(path, sizeof(path), "%s", store_path);
	for (i = 0; i < 240; i++) {
		snprintf(id, sizeof(id), "m%d", i);
		make_rare(word, (unsigned)i * 7919u + 1);
		make_rare(next, (unsigned)i * 104729u + 5);
		snprintf(text, sizeof(text), "%s says %s about", word, next);
		keep(id, "user", i % 3 == 0 ? "s1" : "s2", text, "none");
		REQUIRE(store_run_now(st, run_log, id) == OK);
	}
	for (i = 100; i < 110; i++) {
		snprintf(id, sizeof(id), "m%d", i);
		make_rare(word, (unsigned)i * 7919u + 1);
		CHECK(holds(path, word));
		REQUIRE(store_run_now(st, run_forget, id) == OK);
		CHECK(!holds(path, word));
	}
	make_rare(word, 50u * 7919u + 1);
	CHECK(holds(path, word));
	prune(90);
	for (i = 0; i < 89; i++) {
		make_rare(word, (unsigned)i * 7919u + 1);
		CHECK(!holds(path, word));
	}
	make_rare(word, 95u * 7919u + 1);
	CHECK(holds(path, word));
	store_close(st);
}
