/* SPDX-License-Identifier: Apache-2.0 */

/*
 * memory FOLDER ROWS SEARCHES: rows of a generated corpus that is always the
 * same: messages in sessions of ten turns that are about something, whose
 * words are as common as those of a language are (the n-th of 20,000 once in
 * n, and no stop word among them).  Then messages that are kept one by one, as
 * runs keep them, and questions of five to fifteen words, half of them from
 * one row, the others any, with the ledger, as a turn begins.  Lines:
 *
 *	keep US BARE_US		CPU of a message, and of a setting, durable
 *	search CPU_NS NS HIT	and whether that row was found
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "ledger/ledger.h"
#include "sys/loop.h"

#define WORDS 20000
#define TURN_WORDS 16
#define ROWS_AT_ONCE 40
#define TOPIC_WORDS 10
#define SESSION_ROWS 10
#define KEPT_BLOCKS 20
#define KEPT_AT_ONCE 25

static struct loop *loop;
static struct ledger *ledger;
static double share[WORDS]; /* Of all words up to this one. */
static uint64_t seed = 1;
static bool waits;
static size_t topic[TOPIC_WORDS];

/* The row that a question is about. */
static char wanted[32];
static bool hit;

static long long
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static double
next_share(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(seed >> 11) / (double)((uint64_t)1 << 53);
}

static void
weigh_words(void)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < WORDS; i++)
		share[i] = sum += 1.0 / (double)(i + 1);
	for (i = 0; i < WORDS; i++)
		share[i] /= sum;
}

static size_t
next_word(void)
{
	double at = next_share();
	size_t low = 0;
	size_t high = WORDS - 1;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (share[mid] < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* "bakadi": other letters for each number, and no stem of another. */
static void
add_word(struct buf *b, size_t n)
{
	static const char first[] = "bdfgklmnprstvz";
	static const char second[] = "aiou";

	buf_adds(b, b->len > 0 ? " " : "");
	for (n += 56; n > 0; n /= 56)
		buf_addf(b, "%c%c", first[n % 14], second[n / 14 % 4]);
	buf_adds(b, "k");
}

static size_t
next_below(size_t n)
{
	return (size_t)(next_share() * (double)n);
}

/* A third of what is said is about the session's topic. */
static void
make_text(struct buf *b, long row)
{
	size_t words = 4 + next_below(2 * TURN_WORDS - 7);
	size_t i;

	if (row % SESSION_ROWS == 0)
		for (i = 0; i < TOPIC_WORDS; i++)
			topic[i] = next_word();
	buf_clear(b);
	while (words-- > 0)
		add_word(b,
		    next_below(3) == 0 ? topic[next_below(TOPIC_WORDS)]
				       : next_word());
}

static void
on_written(void *arg, const char *key)
{
	(void)arg;
	(void)key;
	waits = false;
}

static void
wait_for_it(void)
{
	while (waits)
		loop_turn(loop, 1000);
}

static void
post(struct record *r, bool durable)
{
	waits = true;
	record_post(r, durable, on_written, NULL, NULL);
	wait_for_it();
}

static void
put_row(struct record *r, long n, const char *text)
{
	struct json *row = json_object();
	char name[32];

	snprintf(name, sizeof(name), "m%ld", n);
	json_put_str(row, "id", name);
	json_put_str(row, "run", name);
	snprintf(name, sizeof(name), "s%ld", n / SESSION_ROWS);
	json_put_str(row, "session", name);
	json_put_str(row, "kind", "message");
	json_put_str(row, "role", n % 2 == 0 ? "user" : "assistant");
	json_put_str(row, "who", "console");
	json_put_str(row, "source", "person");
	json_put_str(row, "labels", "none");
	json_put_str(row, "text", text);
	json_put_int(row, "wall_ms", 1750000000000 + n);
	record_row(r, ROW_MEMORY, row);
}

static void
fill(struct buf *text, long rows)
{
	long i;
	long n = 0;

	while (n < rows) {
		struct record *r = record_new(ledger);

		for (i = 0; i < ROWS_AT_ONCE && n < rows; i++, n++) {
			make_text(text, n);
			put_row(r, n, text->p);
		}
		post(r, false);
	}
}

static long long
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long
keep_settings(void)
{
	long long begin = cpu_ns();
	int i;

	for (i = 0; i < KEPT_AT_ONCE; i++) {
		struct record *r = record_new(ledger);
		struct json *row = json_object();

		json_put_str(row, "scope", "box");
		json_put_str(row, "name", "bench");
		json_put_str(row, "value", "any");
		record_row(r, ROW_SETTING, row);
		post(r, true);
	}
	return (cpu_ns() - begin) / KEPT_AT_ONCE;
}

static void
keep_messages(struct buf *text, long n)
{
	long long begin;
	long long took = 0;
	int i;

	for (i = 0; i < KEPT_AT_ONCE; i++, n++) {
		struct record *r = record_new(ledger);

		make_text(text, n);
		begin = cpu_ns();
		put_row(r, n, text->p);
		post(r, true);
		took += cpu_ns() - begin;
	}
	printf("keep %.1f %.1f\n", (double)took / KEPT_AT_ONCE / 1e3,
	    (double)keep_settings() / 1e3);
}

static void
on_row(void *arg, const char *key, struct json *v)
{
	struct buf *text = arg;

	(void)key;
	buf_adds(text, json_words(json_first(json_get(v, "rows")), "text"));
	json_free(v);
	waits = false;
}

static void
on_found(void *arg, const char *key, struct json *v)
{
	const struct json *row = json_first(json_get(v, "rows"));
	int i;

	(void)arg;
	(void)key;
	if (v == NULL)
		fatal("memory cannot be read");
	hit = false;
	for (i = 0; i < MEMORY_RECALLED_MAX && row != NULL;
	     i++, row = json_next(row))
		hit |= strcmp(json_words(row, "id"), wanted) == 0;
	json_free(v);
	waits = false;
}

/* Half of its words are of the row, in any order; some come twice. */
static void
make_question(struct buf *b, const char *row)
{
	size_t n = 5 + next_below(11);
	const char *words[2 * TURN_WORDS];
	size_t have = 0;
	size_t i;

	for (i = 0; row[i] != '\0'; i++)
		if (i == 0 || row[i - 1] == ' ')
			words[have++] = row + i;
	buf_clear(b);
	for (i = 0; i < n; i++) {
		const char *w = words[next_below(have)];

		if (i % 2 == 1)
			add_word(b, next_word());
		else
			buf_addf(b, "%s%.*s", i > 0 ? " " : "",
			    (int)strcspn(w, " "), w);
	}
}

static void
search_once(struct buf *text, long rows)
{
	struct memory_ask ask = {.want = MEMORY_ONE, .all = true};
	struct buf row;
	long long begin;
	long long cpu;

	snprintf(wanted, sizeof(wanted), "m%zu", next_below((size_t)rows));
	snprintf(ask.words, sizeof(ask.words), "%s", wanted);
	buf_init(&row, 4096);
	waits = true;
	ledger_read_memory(ledger, &ask, on_row, &row, "");
	wait_for_it();
	make_question(text, row.p);
	buf_done(&row);
	ask.want = MEMORY_SEARCH;
	snprintf(ask.words, sizeof(ask.words), "%s", text->p);
	waits = true;
	cpu = cpu_ns();
	begin = now_ns();
	ledger_read_memory(ledger, &ask, on_found, NULL, "");
	wait_for_it();
	printf("search %lld %lld %d\n", cpu_ns() - cpu, now_ns() - begin, hit);
}

static enum err
load_row(void *arg, enum ledger_row table, const struct json *row)
{
	(void)arg;
	(void)table;
	(void)row;
	return OK;
}

int
main(int argc, char **argv)
{
	const struct ledger_load load = {.row = load_row};
	struct errmsg why;
	struct buf text;
	char path[1024];
	long searches;
	long rows;
	int i;

	if (argc != 4)
		return 2;
	log_open("bench", LOG_WARN);
	loop = loop_new();
	snprintf(path, sizeof(path), "%s/memory.db", argv[1]);
	if (ledger_open(path, loop, &load, &ledger, &why) != OK)
		fatal("%s", why.text);
	weigh_words();
	buf_init(&text, 4096);
	rows = strtol(argv[2], NULL, 10);
	fill(&text, rows);
	for (i = 0; i < KEPT_BLOCKS; i++)
		keep_messages(&text, rows + i * KEPT_AT_ONCE);
	for (searches = strtol(argv[3], NULL, 10); searches > 0; searches--)
		search_once(&text, rows);
	buf_done(&text);
	ledger_close(ledger);
	return 0;
}
