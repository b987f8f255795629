/* SPDX-License-Identifier: Apache-2.0 */
#include "bill/bill.h"

#include <stdio.h>

#include "base/str.h"
#include "check.h"
#include "crypto/crypto.h"

#define RUN "101112131415161718191a1b1c1d1e1f"
#define ACT "000102030405060708090a0b0c0d0e0f"
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define MODEL "far/m"

static struct trust trust;
static struct loop *loop;
static char folder[] = "/tmp/durward-bill-XXXXXX";
static char path[64];

#define MANIFEST(dialect)                                                      \
	"{\"name\":\"far\",\"version\":\"1\",\"transport\":\"model\","         \
	"\"dialect\":\"" dialect                                               \
	"\",\"url\":\"https://models.example.com/v1\","                        \
	"\"place\":\"cloud\",\"models\":[{\"name\":\"m\",\"context\":8192}]}"

static void
check_setup(void)
{
	crypto_open();
	loop = loop_new();
	check_folder(folder);
	snprintf(path, sizeof(path), "%s/durward.db", folder);
}

static enum fact
no_fact(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return FACT_UNKNOWN;
}

static enum err
load_row(void *arg, enum ledger_row table, const struct json *row)
{
	(void)arg;
	(void)table;
	(void)row;
	return OK;
}

struct bench {
	struct judge *judge;
	struct ledger *ledger;
	struct roster *roster;
	struct bill *bill;
	struct manifest *m;
	struct act *act;
	struct charges held;
	struct record *record; /* Never written. */
};

static void
set_price(struct bench *b, const char *line)
{
	struct errmsg why = {""};
	struct price p;

	REQUIRE(price_read((struct str){line, strlen(line)}, &p, &why) == OK);
	REQUIRE(roster_put_price(b->roster, &p, &why) == OK);
}

/* 7,000 bytes, each perhaps a token, and 1,000 tokens of output, at 5 and 25:
 * 0.06 USD at most.  No fewer tokens than an eighth of the bytes. */
#define MOST (7000 * 5 + 1000 * 25)
#define LEAST (7000 / 8 * 5)

static void
open_bench_of(struct bench *b, const char *manifest)
{
	struct judge_setup s = {.trust = &trust, .kernel = "", .fact = no_fact};
	struct ledger_load load = {.row = load_row};
	struct errmsg why = {""};

	memset(b, 0, sizeof(*b));
	b->judge = judge_new(&s);
	REQUIRE(ledger_open(path, loop, &load, &b->ledger, &why) == OK);
	judge_watch_clock(b->judge);
	b->roster = roster_new();
	b->bill = bill_new(b->judge, b->roster);
	REQUIRE(manifest_parse(manifest, strlen(manifest), &b->m, &why) == OK);
	b->act = act_new();
	memcpy(b->act->id, ACT, TOKEN_SIZE);
	memcpy(b->act->run, RUN, TOKEN_SIZE);
	b->act->step = 3;
	b->act->args = strdup("{\"bytes\":7000,\"model\":\"m\","
			      "\"output\":1000,\"sha256\":\"" HASH "\"}");
	b->record = record_new(b->ledger);
}

static void
open_bench(struct bench *b)
{
	open_bench_of(b, MANIFEST("openai"));
}

static void
close_bench(struct bench *b)
{
	record_drop(b->record);
	act_free(b->act);
	manifest_free(b->m);
	bill_free(b->bill);
	roster_free(b->roster);
	judge_free(b->judge);
	ledger_close(b->ledger);
}

static int64_t
usd(struct bench *b)
{
	return judge_tallied(b->judge, MODEL, DIM_USD);
}

/* It ran: what egress says of it. */
static void
end(struct bench *b, enum act_state state, const char *said)
{
	struct json *v = NULL;

	if (said != NULL)
		REQUIRE(json_parse(said, strlen(said), &v) == OK);
	b->act->state = state;
	bill_tally(b->bill, b->act, b->m, b->record, &b->held);
	bill_end(b->bill, b->act, b->m, v, &b->held, b->record);
	json_free(v);
}

#define CAME                                                                   \
	"{\"status\":200,\"sent\":7000,\"received\":90,\"tries\":1,"           \
	"\"sha256\":\"" HASH "\"}"

static void
settle(struct bench *b, int64_t step, const char *said)
{
	struct json *v = NULL;

	REQUIRE(json_parse(said, strlen(said), &v) == OK);
	bill_settle(b->bill, RUN, step, v, b->record);
	json_free(v);
}

TEST(what_it_may_cost_is_its_bytes_and_its_ceiling)
{
	struct judge_case c = {.act = NULL};
	char text[BILL_TEXT_SIZE];
	struct bench b;

	open_bench(&b);
	bill_estimate(b.bill, b.act, b.m, &c);
	CHECK(c.unpriced);
	CHECK(strstr(bill_say(b.bill, b.act, b.m, text), "unknown") != NULL);
	CHECK_STR(bill_say(b.bill, b.act, NULL, text), "nothing");
	CHECK_INT(c.cost[DIM_USD], 0);
	set_price(&b, MODEL " 2026-01-01 in=5 out=25");
	memset(&c, 0, sizeof(c));
	bill_estimate(b.bill, b.act, b.m, &c);
	CHECK(!c.unpriced);
	CHECK_STR(bill_say(b.bill, b.act, b.m, text), "at most 0.060000 USD");
	CHECK_INT(c.cost[DIM_USD], MOST);
	CHECK_INT(c.cost[DIM_TOKENS], 8000);
	close_bench(&b);
}

TEST(a_provider_that_keeps_prompts_may_ask_for_that)
{
	struct judge_case c = {.act = NULL};
	struct bench b;

	open_bench_of(&b, MANIFEST("anthropic"));
	set_price(&b, MODEL " 2026-01-01 in=5 out=25 cache_write=6.25");
	bill_estimate(b.bill, b.act, b.m, &c);
	CHECK_INT(c.cost[DIM_USD], 7000 * 625 / 100 + 1000 * 25);
	set_price(&b, MODEL " 2026-01-01 in=5 out=25");
	bill_estimate(b.bill, b.act, b.m, &c);
	CHECK_INT(c.cost[DIM_USD], 7000 * 10 + 1000 * 25);
	/* Nor need it be kept, where that is cheaper. */
	set_price(&b, MODEL " 2026-01-01 in=5 out=25 cache_write=0");
	bill_estimate(b.bill, b.act, b.m, &c);
	CHECK_INT(c.cost[DIM_USD], MOST);
	CHECK_INT(c.cost[DIM_TOKENS], 8000);
	close_bench(&b);
}

#define USED_OF(received, input, cached, written, output)                      \
	"{\"input\":" #input ",\"cached\":" #cached                            \
	",\"cache_written\":" #written ",\"output\":" #output                  \
	",\"bytes\":" #received ",\"sha256\":\"" HASH "\"}"
#define USED(input, cached, written, output)                                   \
	USED_OF(90, input, cached, written, output)

TEST(what_the_mind_says_counts_where_egress_saw_the_same_bytes)
{
	static const struct {
		const char *said;
		int64_t left;
	} rows[] = {
	    {USED(1000, 0, 0, 10), 1000 * 5 + 10 * 25},
	    /* Other bytes, or none. */
	    {"{\"input\":1000,\"output\":10,\"bytes\":91,"
	     "\"sha256\":\"" HASH "\"}",
		MOST},
	    {"{\"input\":1000,\"output\":10,\"bytes\":90,"
	     "\"sha256\":\"1" HASH "\"}",
		MOST},
	    {"{\"input\":1000,\"cached\":0,\"output\":10}", MOST},
	    {USED(-1, -1, -1, -1), MOST},
	    /* From a cache, and into one: twice as much. */
	    {USED(1000, 400, 0, 10), 1000 * 5 + 10 * 25},
	    {USED(1000, 0, 400, 10), 1400 * 5 + 10 * 25},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct bench b;

		CASE(rows[i].said);
		open_bench(&b);
		set_price(&b, MODEL " 2026-01-01 in=5 out=25");
		end(&b, ACT_DONE, CAME);
		settle(&b, 3, rows[i].said);
		CHECK_INT(usd(&b), rows[i].left);
		close_bench(&b);
	}
}

#define SAID USED(1, 0, 0, 1)

static int64_t
tokens(struct bench *b)
{
	return judge_tallied(b->judge, MODEL, DIM_TOKENS);
}

TEST(what_was_used_beyond_what_was_reserved_counts)
{
	struct bench b;

	open_bench(&b);
	set_price(&b, MODEL " 2026-01-01 in=5 out=25");
	end(&b, ACT_DONE, CAME);
	CHECK_INT(tokens(&b), 8000);
	settle(&b, 3, USED(50000, 0, 0, 9000));
	CHECK_INT(usd(&b), 50000 * 5 + 9000 * 25);
	CHECK_INT(tokens(&b), 59000);
	close_bench(&b);
}

TEST(no_mind_says_fewer_tokens_than_bytes_are_at_least)
{
	static const struct {
		const char *said;
		int64_t left;
	} rows[] = {
	    {USED_OF(51200, 0, 0, 0, 0), LEAST + 100 * 25},
	    {USED_OF(51200, 874, 0, 0, 99), LEAST + 100 * 25},
	    {USED_OF(51200, 876, 0, 0, 101), 876 * 5 + 101 * 25},
	    {USED_OF(51200, 0, 875, 0, 0), LEAST / 5 + 100 * 25},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct bench b;

		CASE(rows[i].said);
		open_bench(&b);
		set_price(&b, MODEL " 2026-01-01 in=5 out=25 cached=1");
		end(&b, ACT_DONE,
		    "{\"status\":200,\"sent\":7000,\"received\":51200,"
		    "\"tries\":1,\"sha256\":\"" HASH "\"}");
		settle(&b, 3, rows[i].said);
		CHECK_INT(usd(&b), rows[i].left);
		close_bench(&b);
	}
}

TEST(a_long_answer_is_no_more_than_its_ceiling)
{
	struct bench b;

	open_bench(&b);
	set_price(&b, MODEL " 2026-01-01 in=5 out=25");
	end(&b, ACT_DONE,
	    "{\"status\":200,\"sent\":7000,\"received\":4000000,"
	    "\"tries\":1,\"sha256\":\"" HASH "\"}");
	settle(&b, 3, USED_OF(4000000, 1, 0, 0, 1));
	CHECK_INT(usd(&b), LEAST + 1000 * 25);
	close_bench(&b);
}

static bool
hear(struct bench *b, const char *act, const char *said)
{
	struct json *v = NULL;
	bool written;

	REQUIRE(json_parse(said, strlen(said), &v) == OK);
	written = bill_hear(b->bill, act, v, b->record);
	json_free(v);
	return written;
}

TEST(what_was_stopped_costs_what_was_reserved_unless_egress_sent_nothing)
{
	static const struct {
		const char *said;
		int64_t left;
	} rows[] = {
	    {"{\"status\":0,\"sent\":0,\"tries\":0}", 0},
	    {"{\"status\":0,\"sent\":0,\"tries\":1}", 0},
	    {"{\"status\":0,\"sent\":1,\"tries\":1}", MOST},
	    {"{\"status\":200,\"sent\":7000,\"tries\":1}", MOST},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct bench b;

		CASE(rows[i].said);
		open_bench(&b);
		set_price(&b, MODEL " 2026-01-01 in=5 out=25");
		end(&b, ACT_FAILED, NULL);
		CHECK_INT(usd(&b), MOST);
		/* The mind has no word in it. */
		settle(&b, 3,
		    "{\"input\":0,\"output\":0,\"bytes\":0,"
		    "\"sha256\":\"\"}");
		CHECK_INT(usd(&b), MOST);
		CHECK(!hear(&b, RUN, rows[i].said));
		CHECK_INT(hear(&b, ACT, rows[i].said), rows[i].left == 0);
		CHECK_INT(usd(&b), rows[i].left);
		CHECK(!hear(&b, ACT, rows[i].said));
		CHECK_INT(usd(&b), rows[i].left);
		close_bench(&b);
	}
}

TEST(it_is_settled_once_and_for_its_own_step)
{
	struct bench b;

	open_bench(&b);
	set_price(&b, MODEL " 2026-01-01 in=5 out=25");
	end(&b, ACT_DONE, CAME);
	settle(&b, 4, SAID);
	CHECK_INT(usd(&b), MOST);
	settle(&b, 3, SAID);
	CHECK_INT(usd(&b), LEAST + 25);
	settle(&b, 3, SAID);
	CHECK_INT(usd(&b), LEAST + 25);
	close_bench(&b);
}

TEST(what_was_tried_twice_costs_what_was_reserved)
{
	struct bench b;

	open_bench(&b);
	set_price(&b, MODEL " 2026-01-01 in=5 out=25");
	end(&b, ACT_DONE,
	    "{\"status\":200,\"sent\":7000,\"received\":90,\"tries\":2,"
	    "\"sha256\":\"" HASH "\"}");
	settle(&b, 3, SAID);
	CHECK_INT(usd(&b), MOST);
	b.held.n = 0;
	end(&b, ACT_DONE,
	    "{\"status\":200,\"sent\":7000,\"received\":90,\"tries\":2,"
	    "\"sha256\":\"" HASH "\"}");
	settle(&b, 3, USED(50000, 0, 0, 9000));
	CHECK_INT(usd(&b), MOST + 50000 * 5 + 9000 * 25);
	close_bench(&b);
}

TEST(what_was_refused_or_never_sent_costs_nothing)
{
	static const struct {
		const char *said;
		int64_t left;
	} rows[] = {
	    {"{\"status\":401,\"sent\":7000,\"tries\":1}", 0},
	    {"{\"status\":0,\"sent\":0,\"tries\":1}", 0},
	    /* Cut in the middle: perhaps it was paid for. */
	    {"{\"status\":200,\"sent\":7000,\"tries\":1}", MOST},
	    {"{\"status\":0,\"sent\":7000,\"tries\":1}", MOST},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct bench b;

		CASE(rows[i].said);
		open_bench(&b);
		set_price(&b, MODEL " 2026-01-01 in=5 out=25");
		end(&b, ACT_FAILED, rows[i].said);
		CHECK_INT(usd(&b), rows[i].left);
		close_bench(&b);
	}
}
