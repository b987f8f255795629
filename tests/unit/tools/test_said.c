/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tools_priv.h"

void
check_setup(void)
{
}

static struct said *
new_said(struct tools *t)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		free(t->said[i].ring);
	memset(t, 0, sizeof(*t));
	return said_of(t, "echo");
}

static struct tools tools;

/* The text of a line, by its number; "" when it is not there. */
static const char *
line(const struct said *s, uint64_t n)
{
	static char text[SAID_LINE_KEPT_MAX + 1];
	struct json *page = said_page(s, n);
	const struct json *first = json_first(json_get(page, "lines"));

	snprintf(text, sizeof(text), "%s", json_words(first, "text"));
	json_free(page);
	return text;
}

static bool
feed(struct hearing *h, const char *text, int64_t now_ms)
{
	return hearing_feed(h, text, strlen(text), now_ms);
}

TEST(lines_are_put_together_from_pieces)
{
	struct hearing h = {.said = new_said(&tools)};

	CHECK(feed(&h, "one\ntw", 1));
	CHECK(feed(&h, "o\n\nfour", 2));
	CHECK(h.said->next == 3);
	CHECK_STR(line(h.said, 0), "one");
	CHECK_STR(line(h.said, 1), "two");
	CHECK_STR(line(h.said, 2), "");
	hearing_end(&h);
	CHECK_STR(line(h.said, 3), "four");
	CHECK(h.said->next == 4);
}

TEST(the_last_lines_are_kept_in_their_order)
{
	struct hearing h = {.said = new_said(&tools)};
	char text[512];
	uint64_t n;
	int i;

	for (i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "%0*d\n", 1 + i * 7 % 300, i);
		/* One a second: none is left out. */
		CHECK(feed(&h, text, 1 + i * 1001));
	}
	CHECK(h.said->next == 5000);
	CHECK(h.said->used <= SAID_MAX && h.said->used > SAID_MAX - 512);
	for (n = h.said->first; n < 5000; n++)
		if (strtol(line(h.said, n), NULL, 10) != (long)n)
			break;
	CHECK(n == 5000);
}

/* Kept longer than it is told: telling.c cuts it. */
TEST(a_long_line_is_kept_for_the_scanner_and_what_is_not_told_counted)
{
	struct hearing h = {.said = new_said(&tools)};
	char text[3 * SAID_LINE_MAX];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	CHECK(hearing_feed(&h, text, sizeof(text), 1));
	CHECK(strlen(line(h.said, 0)) == sizeof(text) - 1);
	CHECK_STR(line(h.said, 1), "2047 bytes more stood in this line");
	memset(text, 'x', sizeof(text));
	CHECK(hearing_feed(&h, text, sizeof(text), 1));
	CHECK(hearing_feed(&h, text, sizeof(text), 1));
	hearing_end(&h);
	CHECK(strlen(line(h.said, 2)) == SAID_LINE_KEPT_MAX);
	CHECK_STR(line(h.said, 3), "5120 bytes more stood in this line");
}

TEST(a_flood_is_left_out_counted_and_then_not_read)
{
	static char chunk[64 * 1024];
	struct hearing h = {.said = new_said(&tools)};
	size_t fed = 0;
	char want[128];

	memset(chunk, '\n', sizeof(chunk));
	while (hearing_feed(&h, chunk, sizeof(chunk), 1))
		fed += sizeof(chunk);
	fed += sizeof(chunk);
	CHECK(fed > SAID_WINDOW_READ_MAX);
	CHECK(fed <= SAID_WINDOW_READ_MAX + sizeof(chunk));
	CHECK(h.said->next == SAID_WINDOW_KEPT_MAX);
	snprintf(want, sizeof(want),
	    "%zu bytes were left out: it said more than 256 KiB in one second",
	    fed - SAID_WINDOW_KEPT_MAX);
	CHECK(feed(&h, "on again\n", 1 + SAID_WINDOW_MS));
	CHECK_STR(line(h.said, h.said->next - 2), want);
	CHECK_STR(line(h.said, h.said->next - 1), "on again");
	CHECK(h.said->left_out == fed - SAID_WINDOW_KEPT_MAX);
}

TEST(what_is_no_text_is_told_as_text)
{
	struct hearing h = {.said = new_said(&tools)};

	CHECK(hearing_feed(&h, "a\0b\xff\n", 5, 1));
	CHECK_STR(line(h.said, 0), "a?b?");
}

TEST(a_tool_without_a_container_gives_its_place_to_another)
{
	char name[16];
	int i;

	said_note(new_said(&tools), "of echo");
	for (i = 1; i < TOOLS_MAX; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		CHECK(said_of(&tools, name) != NULL);
	}
	CHECK_STR(line(said_of(&tools, "echo"), 0), "of echo");
	CHECK(said_of(&tools, "another") != NULL);
	CHECK_STR(line(said_of(&tools, "another"), 0), "");
}
