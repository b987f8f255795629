/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/roster.h"

#include <string.h>

#include "check.h"

static void
check_setup(void)
{
}

static struct price
price(const char *line)
{
	struct price p = {.day = -1};
	struct errmsg why = {""};

	REQUIRE(price_read((struct str){line, strlen(line)}, &p, &why) == OK);
	return p;
}

TEST(a_price_is_read_in_millionths)
{
	struct price p = price("openai/gpt-5-nano 2026-09-22 in=0.05 out=0.4");

	CHECK(strcmp(p.model, "openai/gpt-5-nano") == 0);
	CHECK(p.input == 50000 && p.output == 400000 && p.cached == 50000);
	CHECK(p.day == 20718 && p.cache_write == 100000);
	p = price("a/b:4b 1970-01-01 out=75 cached=0.000001 in=15");
	CHECK(p.day == 0 && p.input == 15000000 && p.cached == 1);
	p = price("a/b 2026-01-01 in=5 out=25 cache_write=6.25");
	CHECK(p.cache_write == 6250000);
}

TEST(what_is_written_reads_back)
{
	static const char *const lines[] = {
	    "openai/gpt-5-nano 2026-09-22 in=0.05 out=0.4",
	    "a/x/y:z 2024-02-29 in=5 out=25 cached=0.5",
	    "a/b 2000-12-31 in=0 out=10000",
	    "a/b 2000-12-31 in=0 out=1 cache_write=1",
	    "a/x 2024-02-29 in=5 out=25 cached=0.5 cache_write=6.25",
	    "a/b 2100-03-01 in=0.123456 out=1.000001",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(lines); i++) {
		struct price p = price(lines[i]);
		struct buf b;

		buf_init(&b, 512);
		price_write(&p, &b);
		CHECK(strcmp(b.p, lines[i]) == 0);
		buf_done(&b);
	}
}

TEST(what_is_no_price_is_refused_in_words)
{
	static const char *const lines[] = {"", "a", "a/b", "a/b 2026-01-01",
	    "a/b 2026-01-01 in=1", "a/b 2026-01-01 in=1 in=1 out=1",
	    "a/b 2026-01-01 in=1 out=1 cache_write=1 cache_write=2",
	    "a/b 2026-01-01 in=1 out=1 cache_write=",
	    "a/b 2026-02-29 in=1 out=1", "a/b 2026-13-01 in=1 out=1",
	    "a/b 2026-00-01 in=1 out=1", "a/b 1969-12-31 in=1 out=1",
	    "a/b 2026-1-1 in=1 out=1", "a/b 2026-01-01 in=-1 out=1",
	    "a/b 2026-01-01 in=1. out=1", "a/b 2026-01-01 in=.5 out=1",
	    "a/b 2026-01-01 in=1.0000001 out=1",
	    "a/b 2026-01-01 in=10001 out=1",
	    "a/b 2026-01-01 in=99999999999999999999 out=1",
	    "a/b 2026-01-01 in=1 out=1 tax=1", "a/b 2026-01-01 in=1e3 out=1",
	    "A/b 2026-01-01 in=1 out=1", "/b 2026-01-01 in=1 out=1",
	    "a/ 2026-01-01 in=1 out=1", "a/b,c 2026-01-01 in=1 out=1"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(lines); i++) {
		struct errmsg why = {""};
		struct price p;

		CHECK(price_read((struct str){lines[i], strlen(lines[i])}, &p,
			  &why) != OK);
		CHECK(why.text[0] != '\0');
	}
}

TEST(costs_are_rounded_up_and_never_negative)
{
	struct price p = price("a/b 2026-01-01 in=3 out=15 cached=0.3");
	struct price_use u = {.input = 1000000, .output = 1000000};

	CHECK(price_of(&p, &u) == 18000000);
	u = (struct price_use){.input = 1};
	CHECK(price_of(&p, &u) == 3);
	u = (struct price_use){.input = 10, .cached = 9};
	CHECK(price_of(&p, &u) == 6); /* 3 + 2.7 */
	u = (struct price_use){.input = 10, .cached = 99};
	CHECK(price_of(&p, &u) == 3);
	u = (struct price_use){.input = -5, .cached = -5, .output = -5};
	CHECK(price_of(&p, &u) == 0);
	p = price("a/b 2026-01-01 in=10000 out=10000");
	u = (struct price_use){.input = INT64_MAX,
	    .cache_written = INT64_MAX,
	    .output = INT64_MAX};
	CHECK(price_of(&p, &u) == 3 * PRICE_TOKENS_MAX * 10000);
}

TEST(what_is_put_into_a_cache_has_its_own_price)
{
	struct price p = price("a/b 2026-01-01 in=4 out=0 cached=0.4 "
			       "cache_write=5");
	struct price_use u = {.input = 100, .cached = 30, .cache_written = 20};

	CHECK_INT(price_of(&p, &u), 50 * 4 + 30 * 4 / 10 + 20 * 5);
	/* One that nobody named is dearer than any that is known. */
	p = price("a/b 2026-01-01 in=4 out=0 cached=0.4");
	CHECK_INT(price_of(&p, &u), 50 * 4 + 30 * 4 / 10 + 20 * 8);
	/* No token is read from a cache and put into it, too. */
	u = (struct price_use){.input = 100, .cached = 60, .cache_written = 60};
	CHECK_INT(price_of(&p, &u), 60 * 4 / 10 + 40 * 8);
	u = (struct price_use){.input = 100, .cache_written = -5};
	CHECK_INT(price_of(&p, &u), 400);
}

TEST(the_price_is_that_of_the_day)
{
	struct price old = price("a/b 2026-01-01 in=5 out=5");
	struct price new = price("a/b 2026-09-22 in=1 out=1");
	struct price other = price("a/c 2026-09-22 in=9 out=9");
	struct roster *r = roster_new();
	struct errmsg why;

	CHECK(roster_put_price(r, &new, &why) == OK);
	CHECK(roster_put_price(r, &old, &why) == OK);
	CHECK(roster_put_price(r, &other, &why) == OK);
	CHECK(roster_price(r, "a/b", old.day - 1) == NULL);
	CHECK(roster_price(r, "a/b", old.day)->input == 5000000);
	CHECK(roster_price(r, "a/b", new.day - 1)->input == 5000000);
	CHECK(roster_price(r, "a/b", new.day)->input == 1000000);
	CHECK(roster_price(r, "a/d", new.day) == NULL);
	new.input = 7;
	CHECK(roster_put_price(r, &new, &why) == OK);
	CHECK(roster_price(r, "a/b", new.day)->input == 7);
	CHECK(roster_price_at(r, 3) == NULL);
	roster_free(r);
}

TEST(there_is_room_for_so_many_prices)
{
	struct price p = price("a/b 2026-01-01 in=5 out=5");
	struct roster *r = roster_new();
	struct errmsg why = {""};
	int i;

	for (i = 0; i < PRICES_MAX; i++, p.day++)
		CHECK(roster_put_price(r, &p, &why) == OK);
	CHECK(roster_put_price(r, &p, &why) == ERR_LIMIT);
	CHECK(why.text[0] != '\0');
	roster_free(r);
}

TEST(a_list_keeps_its_order)
{
	struct roster *r = roster_new();
	struct errmsg why = {""};
	char ref[MODEL_REF_SIZE];
	const char *list;

	CHECK(roster_list(r, "planner")[0] == '\0');
	CHECK(roster_use(r, "planner", "o/b:1,a/c/d", &why) == OK);
	list = roster_list(r, "planner");
	CHECK(roster_next(&list, ref) && strcmp(ref, "o/b:1") == 0);
	CHECK(roster_next(&list, ref) && strcmp(ref, "a/c/d") == 0);
	CHECK(!roster_next(&list, ref));
	CHECK(roster_list(r, "critic")[0] == '\0');
	CHECK(roster_use(r, "planner", "", &why) == OK);
	CHECK(roster_list(r, "planner")[0] == '\0');
	roster_free(r);
}

TEST(a_list_of_something_else_is_refused)
{
	static const char *const lists[] = {"a", "a/b,c", ",", "a/b,,c/d",
	    "a/b c/d", "a/1,a/2,a/3,a/4,a/5,a/6,a/7,a/8,a/9"};
	struct roster *r = roster_new();
	struct errmsg why = {""};
	size_t i;

	CHECK(roster_use(r, "planner", "o/b", &why) == OK);
	for (i = 0; i < ARRAY_LEN(lists); i++)
		CHECK(roster_use(r, "planner", lists[i], &why) != OK);
	CHECK(strcmp(roster_list(r, "planner"), "o/b") == 0);
	CHECK(roster_use(r, "boss", "a/b", &why) == ERR_INPUT);
	CHECK(strstr(why.text, "planner") != NULL);
	roster_free(r);
}
