/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "fake_peers.h"
#include "redact/book.h"
#include "tools/tools_priv.h"

#define SECRET "correct-horse-battery-staple-4711"

static struct tools tools = {.peers = &fake_peers, .epoch = "e"};
static struct redact_book *book;

static void
check_setup(void)
{
}

static struct secret *
value(void *arg, const char *name, int64_t version)
{
	(void)arg;
	(void)name;
	(void)version;
	return secret_new(SECRET, strlen(SECRET));
}

/* A vault that has one secret. */
static void
open_vault(void)
{
	struct secret *s = value(NULL, "", 0);
	struct msg m = {.type = MSG_FILTER};
	struct buf b;

	fake_peers.loop = loop_new();
	tools.loop = fake_peers.loop;
	tools.scanner = scanner_new(&fake_peers);
	book = redact_book_new(4711);
	REQUIRE(redact_book_put(book, "mail", 1, s) == OK);
	secret_free(s);
	buf_init(&b, LANE_BULK_MAX);
	redact_filter_write(redact_book_filter(book), &b);
	m.bulk = b.p;
	m.bulk_len = b.len;
	scanner_on_filter(tools.scanner, &m);
	buf_done(&b);
}

/* What the vault says to the text that it is asked about. */
static void
answer_scan(void)
{
	static struct redact_found found[REDACT_FOUND_MAX];
	const struct json *asked = fake_last(MSG_SCAN);
	struct json *list = json_array();
	struct json *body = json_object();
	struct msg m = {.type = MSG_SCANNED, .body = body};
	const char *text = fake_last_bulk(MSG_SCAN);
	size_t n = 0;
	size_t i;

	REQUIRE(redact_book_find(book, (struct str){text, strlen(text)}, value,
		    NULL, found, &n) == OK);
	for (i = 0; i < n; i++) {
		struct json *v = json_object();

		json_put_int(v, "at", (int64_t)found[i].at);
		json_put_int(v, "len", (int64_t)found[i].len);
		json_put_str(v, "secret", found[i].name);
		json_push(list, v);
	}
	json_put_int(body, "id", json_int(asked, "id", 0));
	json_put_bool(body, "ok", true);
	json_put(body, "found", list);
	scanner_on_scanned(tools.scanner, &m);
	json_free(body);
}

/* All that `durward tool logs` gets to see of it. */
static const struct json *
told(void)
{
	struct json *body = json_object();
	struct msg m = {.body = body};

	fake_forget();
	json_put_str(body, "tool", "echo");
	telling_on_wanted(&tools, &m);
	json_free(body);
	if (fake_count(MSG_SCAN) > 0)
		answer_scan();
	REQUIRE(fake_count(MSG_TOOL_LOG) == 1);
	return fake_last(MSG_TOOL_LOG);
}

static void
forget(void)
{
	struct said *s = said_of(&tools, "echo");

	s->start = s->used = 0;
	s->first = s->next;
	s->left_out = 0;
}

static void
check_no_part_of_it(const struct json *page, size_t before)
{
	const struct json *m = json_first(json_get(page, "lines"));
	char what[64];

	snprintf(what, sizeof(what), "%zu bytes before it", before);
	CASE(what);
	REQUIRE(m != NULL);
	for (; m != NULL; m = json_next(m)) {
		/* Nothing beyond the cut, and no part of it before. */
		CHECK(strlen(json_words(m, "text")) <= SAID_LINE_MAX);
		CHECK(strstr(json_words(m, "text"), "correct-") == NULL);
	}
}

/* However much of it stands before the cut. */
TEST(a_secret_across_the_cut_of_a_line_is_not_told_in_part)
{
	char line[3 * SAID_LINE_MAX];
	struct hearing h = {.said = said_of(&tools, "echo")};
	size_t before;

	open_vault();
	for (before = SAID_LINE_MAX - sizeof(SECRET) - 2;
	     before < SAID_LINE_MAX + 2; before++) {
		forget();
		memset(line, 'x', sizeof(line));
		memcpy(line + before, SECRET, strlen(SECRET));
		line[sizeof(line) - 1] = '\n';
		CHECK(hearing_feed(&h, line, sizeof(line), 1));
		hearing_end(&h);
		check_no_part_of_it(told(), before);
	}
}

/* The other cut: what is said in a flood is left out. */
TEST(a_secret_across_the_begin_of_a_flood_is_not_told_in_part)
{
	static const char secret[] = SECRET;
	static char text[SAID_WINDOW_KEPT_MAX];
	size_t cut;

	for (cut = 8; cut < strlen(SECRET); cut += 5) {
		struct hearing h = {.said = said_of(&tools, "echo")};

		memset(text, '\n', sizeof(text));
		memcpy(text + sizeof(text) - cut, SECRET, cut);
		CHECK(hearing_feed(&h, text, sizeof(text), 1));
		forget();
		CHECK(hearing_feed(&h, &secret[cut], 3, 1));
		CHECK(hearing_feed(
		    &h, &secret[cut + 3], strlen(&secret[cut + 3]), 1));
		CHECK(hearing_feed(&h, "\n\n\n", 3, 1));
		hearing_end(&h);
		check_no_part_of_it(told(), cut);
		CHECK(h.said->left_out == 2);
		forget();
	}
}

TEST(what_holds_no_secret_is_told_as_it_was_said)
{
	struct hearing h = {.said = said_of(&tools, "echo")};
	const struct json *m;

	forget();
	CHECK(hearing_feed(&h, "one\n\nthree\n", 11, 5));
	m = json_first(json_get(told(), "lines"));
	CHECK_STR(json_words(m, "text"), "one");
	CHECK_INT(json_int(m, "at_ms", 0), 5);
	m = json_next(m);
	CHECK_STR(json_words(m, "text"), "");
	m = json_next(m);
	CHECK_STR(json_words(m, "text"), "three");
	CHECK(json_next(m) == NULL);
}
