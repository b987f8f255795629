/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "check.h"
#include "crypto/crypto.h"
#include "sys/clock.h"

#define MILLION 1000000

static struct trust trust;
static struct loop *loop;
static char folder[] = "/tmp/durward-judge-XXXXXX";
static char path[64];

/* In the place of the C library's: a wall clock that somebody sets. */
static int64_t leap_s;

int
clock_gettime(clockid_t id, struct timespec *ret)
{
	long rc = syscall(SYS_clock_gettime, id, ret);

	if (id == CLOCK_REALTIME)
		ret->tv_sec += leap_s;
	return (int)rc;
}

static void
check_setup(void)
{
	crypto_open();
	loop = loop_new();
	memcpy(trust.clients[0].name, "console", sizeof("console"));
	trust.n_clients = 1;
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
	return judge_load(arg, table, row);
}

struct bench {
	struct judge *judge;
	struct ledger *ledger;
	struct act *act;
	struct names labels;
	struct judge_case c;
};

/* A judge on the ledger of this file, with one act to be judged. */
static void
open_bench(struct bench *b, const char *policy, enum effect effect)
{
	struct judge_setup s = {.trust = &trust, .kernel = "", .fact = no_fact};
	struct ledger_load load = {.row = load_row};
	struct errmsg why = {""};

	memset(b, 0, sizeof(*b));
	b->judge = judge_new(&s);
	load.arg = b->judge;
	REQUIRE(ledger_open(path, loop, &load, &b->ledger, &why) == OK);
	judge_watch_clock(b->judge);
	if (policy != NULL)
		REQUIRE(
		    judge_put_policy(b->judge, "box", 1, policy, &why) == OK);
	b->act = act_new();
	memcpy(b->act->id, "000102030405060708090a0b0c0d0e0f", TOKEN_SIZE);
	memcpy(b->act->run, "101112131415161718191a1b1c1d1e1f", TOKEN_SIZE);
	memcpy(b->act->tool, "notes.save", sizeof("notes.save"));
	memcpy(b->act->principal, "console", sizeof("console"));
	memcpy(b->act->client, "console", sizeof("console"));
	b->act->effect = effect;
	b->act->args = strdup("{\"text\":\"x\"}");
	b->c.act = b->act;
	b->c.labels = &b->labels;
}

static void
close_bench(struct bench *b)
{
	act_free(b->act);
	judge_free(b->judge);
	ledger_close(b->ledger);
}

static void
note_written(void *arg, const char *key)
{
	(void)key;
	*(bool *)arg = true;
}

static void
write_record(struct record *r)
{
	bool written = false;

	record_post(r, true, note_written, &written, "");
	while (!written)
		loop_turn(loop, 1000);
}

static void
spend(struct bench *b, struct charges *charges)
{
	struct record *r = record_new(b->ledger);

	CHECK(judge_charge(b->judge, &b->c, NULL, r, charges) == OK);
	write_record(r);
}

TEST(what_was_used_is_there_after_a_restart)
{
	static const char policy[] = "allow few tool=* rate=2/day\n";
	struct charges charges;
	struct bench b;

	open_bench(&b, policy, EFFECT_REVERSIBLE);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	spend(&b, &charges);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	spend(&b, &charges);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_DENY);
	close_bench(&b);
	open_bench(&b, policy, EFFECT_REVERSIBLE);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_DENY);
	close_bench(&b);
}

TEST(a_reservation_that_was_never_settled_counts_as_used)
{
	static const char policy[] =
	    "allow all tool=*\nbudget slow time=100s/day\n";
	struct charges charges;
	struct record *r;
	struct bench b;

	open_bench(&b, policy, EFFECT_READ);
	b.c.cost[DIM_TIME] = 60;
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	spend(&b, &charges);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_DENY);
	close_bench(&b);
	open_bench(&b, policy, EFFECT_READ);
	b.c.cost[DIM_TIME] = 60;
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_DENY);
	/* It took 10 of its 60 seconds. */
	r = record_new(b.ledger);
	judge_settle(b.judge, &charges, 10, r);
	write_record(r);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	close_bench(&b);
}

static void
settle_cost(struct bench *b, struct charges *charges, int64_t usd)
{
	int64_t used[DIM_COUNT] = {[DIM_USD] = usd};
	struct record *r = record_new(b->ledger);

	judge_settle_cost(b->judge, charges, used, r);
	write_record(r);
}

TEST(what_was_used_beyond_what_was_reserved_counts_over_a_restart)
{
	static const char policy[] =
	    "allow all tool=*\nbudget money usd=10/day\n";
	struct charges charges;
	struct bench b;

	open_bench(&b, policy, EFFECT_READ);
	b.c.cost[DIM_USD] = 3 * MILLION;
	spend(&b, &charges);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	settle_cost(&b, &charges, 8 * MILLION);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_DENY);
	close_bench(&b);
	open_bench(&b, policy, EFFECT_READ);
	b.c.cost[DIM_USD] = 3 * MILLION;
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_DENY);
	b.c.cost[DIM_USD] = 2 * MILLION;
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	close_bench(&b);
}

/* What is said of a denial. */
static const char *
budgets(struct bench *b)
{
	static char text[1024];
	struct buf out;

	buf_init(&out, sizeof(text) - 1);
	judge_say_budgets(b->judge, &b->c, &out);
	snprintf(text, sizeof(text), "%s", out.p != NULL ? out.p : "");
	buf_done(&out);
	return text;
}

TEST(a_budget_that_denies_is_named_with_what_is_left_and_when_it_frees)
{
	static const char policy[] =
	    "allow all tool=*\nbudget purse usd=10.5/day over=deny\n"
	    "budget one tokens=50/run over=deny\n"
	    "budget other usd=1/hour over=ask\n";
	struct charges charges;
	struct bench b;

	open_bench(&b, policy, EFFECT_READ);
	/* Another run of this file used some money; this one begins anew. */
	memcpy(b.act->run, "202122232425262728292a2b2c2d2e2f", TOKEN_SIZE);
	CHECK_STR(budgets(&b), "");
	b.c.cost[DIM_USD] = 8 * MILLION;
	spend(&b, &charges);
	CHECK_STR(budgets(&b),
	    ": it may use 8 USD, and 2.5 USD are left of the budget "
	    "box:purse, which is 10.5 USD a day; there will be enough in "
	    "1 d 1 h if nothing more is used");
	b.c.cost[DIM_USD] = 11 * MILLION;
	CHECK(strstr(budgets(&b), "never enough for that") != NULL);
	b.c.cost[DIM_USD] = 0;
	b.c.cost[DIM_TOKENS] = 30;
	spend(&b, &charges);
	CHECK_STR(budgets(&b),
	    ": it may use 30 tokens, and 20 tokens are left of the budget "
	    "box:one, which is 50 tokens a goal; a new goal has all of it "
	    "again");
	close_bench(&b);
	/* It is no budget that denies it. */
	open_bench(
	    &b, "deny all tool=*\nbudget purse usd=10.5/day\n", EFFECT_READ);
	b.c.cost[DIM_USD] = 8 * MILLION;
	CHECK_STR(budgets(&b), "");
	close_bench(&b);
}

/* The budget of that name and dimension, as it is listed. */
static const struct json *
find_budget(const struct json *list, const char *name, const char *dimension)
{
	const struct json *row = json_first(list);

	while (row != NULL &&
	    (strcmp(json_words(row, "name"), name) != 0 ||
		strcmp(json_words(row, "dimension"), dimension) != 0))
		row = json_next(row);
	return row;
}

TEST(budgets_are_listed_with_what_is_used_of_them_and_when_it_frees)
{
	static const char policy[] =
	    "allow all tool=*\nbudget listed usd=2.00/day tokens=500/hour\n"
	    "budget lone time=20s/run\nbudget idle eur=1/month over=ask\n";
	const struct json *row;
	struct charges charges;
	struct json *list;
	struct bench b;
	int64_t more;

	open_bench(&b, policy, EFFECT_READ);
	b.c.cost[DIM_USD] = MILLION / 2;
	spend(&b, &charges);
	list = judge_list_budgets(b.judge, &more);
	CHECK_INT(more, 0);
	CHECK_INT(json_count(list), 3);
	row = find_budget(list, "listed", "usd");
	CHECK_STR(json_words(row, "scope"), "box");
	CHECK_STR(json_words(row, "over"), "deny");
	CHECK_INT(json_int(row, "used", -1), MILLION / 2);
	CHECK_INT(json_int(row, "most", -1), 2 * MILLION);
	CHECK_INT(json_int(row, "span_s", -1), 24 * 3600);
	CHECK(json_int(row, "frees_ms", -1) > 23 * 3600 * 1000);
	CHECK(json_int(row, "frees_ms", -1) <= 26 * 3600 * 1000);
	row = find_budget(list, "listed", "tokens");
	CHECK_INT(json_int(row, "used", -1), 0);
	CHECK_INT(json_int(row, "most", -1), 500);
	CHECK(!json_has(row, "frees_ms"));
	CHECK_STR(json_words(find_budget(list, "idle", "eur"), "over"), "ask");
	CHECK(find_budget(list, "lone", "time") == NULL);
	json_free(list);
	close_bench(&b);
}

TEST(more_budgets_than_are_shown_are_counted)
{
	struct json *list;
	struct bench b;
	struct buf rules;
	int64_t more;
	int i;

	buf_init(&rules, 64 * 1024);
	for (i = 0; i < 100; i++)
		buf_addf(
		    &rules, "budget b%d usd=1/day eur=1/day files=1/day\n", i);
	open_bench(&b, rules.p, EFFECT_READ);
	list = judge_list_budgets(b.judge, &more);
	CHECK_INT(json_count(list), BUDGETS_SHOWN_MAX);
	CHECK_INT(more, 300 - BUDGETS_SHOWN_MAX);
	json_free(list);
	close_bench(&b);
	buf_done(&rules);
}

#define GRANT_ID "505152535455565758595a5b5c5d5e5f"

/* Money for one model. */
static const struct held_grant *
give_money(struct bench *b, int64_t usd_day)
{
	struct grant g = {.box = trust.box,
	    .client = trust.clients[0].id,
	    .id = GRANT_ID,
	    .rule = {"house:signature", 15},
	    .tool = {"model.cloud.far", 15},
	    .effect = {"external", 8},
	    .manifest = *b->c.manifest,
	    .args = {"words arg.model=\"m\"", 19},
	    .hours = {"any", 3},
	    .uses = 100,
	    .issued_ms = judge_wall_ms(b->judge) - 1000,
	    .until_ms = judge_wall_ms(b->judge) + 1000000,
	    .usd_day = usd_day};
	struct errmsg why = {""};
	struct record *r = record_new(b->ledger);
	struct buf text;

	buf_init(&text, GRANT_MAX);
	REQUIRE(grant_write(&g, &text) == OK);
	REQUIRE(
	    judge_add_grant(b->judge, "console", text.p, "", r, &why) == OK);
	write_record(r);
	buf_done(&text);
	return judge_grant(b->judge, GRANT_ID);
}

static void
open_cloud(struct bench *b, struct digest *manifest)
{
	open_bench(b, "allow all tool=*\n", EFFECT_EXTERNAL);
	free(b->act->args);
	b->act->args = strdup("{\"model\":\"m\"}");
	memcpy(b->act->tool, "model.cloud.far", sizeof("model.cloud.far"));
	crypto_hash("manifest", 8, manifest);
	b->c.manifest = manifest;
	trust.clients[0].role = CLIENT_OWNER;
}

static void
spend_grant(struct bench *b, const struct held_grant *g, struct charges *ret)
{
	struct record *r = record_new(b->ledger);

	REQUIRE(judge_charge(b->judge, &b->c, g, r, ret) == OK);
	write_record(r);
}

/* One of many, which lasts for a day until then. */
static void
write_grant(int n, int64_t until_ms, struct buf *ret)
{
	struct grant g = {.rule = {"box:ask", 7},
	    .tool = {"notes.save", 10},
	    .effect = {"read", 4},
	    .args = {"any", 3},
	    .hours = {"any", 3},
	    .uses = 1,
	    .issued_ms = until_ms - 1000,
	    .until_ms = until_ms};

	snprintf(g.id, sizeof(g.id), "%032x", (unsigned)n);
	buf_init(ret, GRANT_MAX);
	REQUIRE(grant_write(&g, ret) == OK);
}

/* As many as are remembered, all taken back. */
static void
load_ended(struct bench *b, int64_t until_ms)
{
	int n;

	for (n = 0; n < GRANTS_ENDED_MAX; n++) {
		struct json *row = json_object();
		struct buf text;

		write_grant(n, until_ms + n, &text);
		json_put_str(row, "body", text.p);
		json_put_str(row, "signature", "");
		json_put_bool(row, "revoked", true);
		REQUIRE(judge_load(b->judge, ROW_GRANT, row) == OK);
		json_free(row);
		buf_done(&text);
	}
}

static enum err
add_grant(struct bench *b, int n, int64_t until_ms)
{
	struct record *r = record_new(b->ledger);
	struct errmsg why;
	struct buf text;
	enum err e;

	write_grant(n, until_ms, &text);
	e = judge_add_grant(b->judge, "console", text.p, "", r, &why);
	record_drop(r);
	buf_done(&text);
	return e;
}

TEST(grants_that_ended_long_ago_make_room_and_others_do_not)
{
	int64_t day_ms = 24 * 3600 * (int64_t)1000;
	int64_t now_ms;
	struct bench b;

	open_bench(&b, NULL, EFFECT_READ);
	now_ms = judge_wall_ms(b.judge);
	load_ended(&b, now_ms - 30 * day_ms);
	CHECK_INT(add_grant(&b, GRANTS_ENDED_MAX, now_ms + day_ms), OK);
	close_bench(&b);

	open_bench(&b, NULL, EFFECT_READ);
	load_ended(&b, now_ms + day_ms);
	CHECK_INT(add_grant(&b, 5, now_ms + day_ms + 5), ERR_EXISTS);
	CHECK_INT(add_grant(&b, GRANTS_ENDED_MAX, now_ms + day_ms), ERR_LIMIT);
	close_bench(&b);
}

TEST(a_grant_of_money_asks_beyond_it_over_a_restart_too)
{
	const struct held_grant *g;
	struct charges charges;
	struct digest manifest;
	struct buf out;
	struct bench b;

	open_cloud(&b, &manifest);
	b.c.cost[DIM_USD] = 6 * MILLION;
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ASK);
	g = give_money(&b, 10 * MILLION);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	spend_grant(&b, g, &charges);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ASK);
	buf_init(&out, 4096);
	judge_explain(b.judge, &b.c, &out);
	CHECK(strstr(out.p, "of its 10 USD a day 6 are used") != NULL);
	buf_done(&out);
	close_bench(&b);

	open_cloud(&b, &manifest);
	b.c.cost[DIM_USD] = 5 * MILLION;
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ASK);
	b.c.cost[DIM_USD] = 4 * MILLION;
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	/* What it did not cost is there again, and what it cost beyond it is
	 * not. */
	settle_cost(&b, &charges, 2 * MILLION);
	b.c.cost[DIM_USD] = 8 * MILLION;
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	spend_grant(&b, judge_grant(b.judge, GRANT_ID), &charges);
	settle_cost(&b, &charges, 9 * MILLION);
	b.c.cost[DIM_USD] = 1;
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ASK);
	close_bench(&b);
}

TEST(what_never_began_is_given_back_whole)
{
	static const char policy[] = "allow once tool=* rate=1/hour\n";
	struct charges charges;
	struct record *r;
	struct bench b;

	open_bench(&b, policy, EFFECT_REVERSIBLE);
	spend(&b, &charges);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_DENY);
	r = record_new(b.ledger);
	judge_settle(b.judge, &charges, -1, r);
	write_record(r);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	close_bench(&b);
}

TEST(an_effect_that_needs_a_yes_is_never_allowed_by_a_rule_alone)
{
	static const struct {
		enum effect effect;
		const char *policy;
		enum verdict want;
		int keys;
		const char *rules;
	} rows[] = {
	    {EFFECT_READ, "allow a tool=*", VERDICT_ALLOW, 1, "box:a"},
	    {EFFECT_REVERSIBLE, "allow a tool=*", VERDICT_ALLOW, 1, "box:a"},
	    {EFFECT_PHYSICAL, "allow a tool=*", VERDICT_ASK, 1,
		"house:signature"},
	    {EFFECT_EXTERNAL, "allow a tool=*", VERDICT_ASK, 1,
		"house:signature"},
	    {EFFECT_SYSTEM, "ask a tool=*", VERDICT_ASK, 1, "box:a"},
	    {EFFECT_MONEY, "allow a tool=*", VERDICT_ASK, 2, "house:signature"},
	    {EFFECT_MONEY, "ask a tool=*", VERDICT_ASK, 2, "box:a"},
	    {EFFECT_MONEY, "deny a tool=*", VERDICT_DENY, 1, "box:a"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct judgement v;
		struct bench b;

		CASE(effect_name(rows[i].effect));
		open_bench(&b, rows[i].policy, rows[i].effect);
		v = judge_decide(b.judge, &b.c);
		CHECK_INT(v.verdict, rows[i].want);
		CHECK_INT(v.keys, rows[i].keys);
		CHECK_STR(v.rules, rows[i].rules);
		close_bench(&b);
	}
}

TEST(what_a_revoked_client_wished_is_not_done)
{
	struct bench b;

	open_bench(&b, "allow all tool=*\n", EFFECT_READ);
	trust.clients[0].revoked = true;
	CHECK_STR(judge_decide(b.judge, &b.c).rules, "house:client-gone");
	trust.clients[0].revoked = false;
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	close_bench(&b);
}

TEST(what_a_client_wished_whose_time_is_over_is_not_done)
{
	struct term *term = &trust.clients[0].term;
	struct bench b;

	open_bench(&b, "allow all tool=*\n", EFFECT_READ);
	term->until_ms = clock_wall_ms() + 3600 * 1000;
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	/* Somebody sets the clock: it is no reason. */
	leap_s = 2 * 3600;
	judge_watch_clock(b.judge);
	CHECK(strcmp(judge_decide(b.judge, &b.c).rules, "house:client-gone") !=
	    0);
	leap_s = 0;
	judge_watch_clock(b.judge);
	term->until_ms = clock_wall_ms() - 1;
	CHECK_STR(judge_decide(b.judge, &b.c).rules, "house:client-gone");
	/* Nor does one that is set back bring anybody back. */
	leap_s = -2 * 3600;
	judge_watch_clock(b.judge);
	CHECK_STR(judge_decide(b.judge, &b.c).rules, "house:client-gone");
	leap_s = 0;
	*term = (struct term){0};
	close_bench(&b);
}

TEST(a_scope_is_a_layer_beside_the_others)
{
	char *scope = trust.clients[0].term.scope;
	struct judgement v;
	struct bench b;
	struct buf text;

	open_bench(&b, "allow all tool=*\n", EFFECT_REVERSIBLE);
	memcpy(scope, "notes.*", sizeof("notes.*"));
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	memcpy(b.act->tool, "files.write", sizeof("files.write"));
	v = judge_decide(b.judge, &b.c);
	CHECK_INT(v.verdict, VERDICT_DENY);
	CHECK_STR(v.rules, "scope:default");
	buf_init(&text, 4096);
	judge_explain(b.judge, &b.c, &text);
	CHECK(strstr(text.p, "scope") != NULL);
	buf_done(&text);
	scope[0] = '\0';
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	close_bench(&b);
	/* What the box denies no scope allows. */
	open_bench(&b, "deny all tool=*\n", EFFECT_REVERSIBLE);
	memcpy(scope, "notes.*", sizeof("notes.*"));
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_DENY);
	scope[0] = '\0';
	close_bench(&b);
}

TEST(halted_or_in_safe_mode_only_the_house_reads)
{
	struct bench b;
	int r;

	open_bench(&b, "allow all tool=*\n", EFFECT_READ);
	judge_safety(b.judge)->halted = true;
	CHECK_STR(judge_decide(b.judge, &b.c).rules, "house:halted");
	memcpy(b.act->tool, "house.status", sizeof("house.status"));
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	b.act->effect = EFFECT_REVERSIBLE;
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_DENY);
	judge_safety(b.judge)->halted = false;
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	for (r = 0; r < SAFE_COUNT; r++) {
		CASE(safe_name((enum safe_reason)r));
		safety_set(
		    judge_safety(b.judge), (enum safe_reason)r, true, "");
		CHECK_STR(judge_decide(b.judge, &b.c).rules, "house:safe-mode");
		safety_set(
		    judge_safety(b.judge), (enum safe_reason)r, false, "");
	}
	close_bench(&b);
}

TEST(a_leap_of_the_wall_clock_opens_no_hours_before_it_is_looked_at)
{
	int now = clock_local_minute(clock_wall_ms());
	int from = (now + 660) % 1440, to = (now + 780) % 1440;
	char policy[80];
	int64_t before_ms;
	struct bench b;

	snprintf(policy, sizeof(policy),
	    "allow later tool=* hours=%02d:%02d-%02d:%02d\n", from / 60,
	    from % 60, to / 60, to % 60);
	open_bench(&b, policy, EFFECT_READ);
	before_ms = judge_wall_ms(b.judge);
	leap_s = 12 * 60 * 60;
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_DENY);
	CHECK(judge_wall_ms(b.judge) - before_ms < 60 * 1000);
	CHECK(judge_watch_clock(b.judge));
	CHECK(!judge_clock_is_trusted(b.judge));
	/* Were the hours other ones, the rule would allow. */
	judge_accept_clock(b.judge);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	leap_s = 0;
	close_bench(&b);
}

TEST(a_layer_that_cannot_be_read_stops_everything)
{
	struct json *row = json_object();
	struct errmsg why;
	struct bench b;

	open_bench(&b, "allow all tool=*\n", EFFECT_READ);
	json_put_str(row, "kind", "policy");
	json_put_str(row, "scope", "client:console");
	json_put_str(row, "body", "nonsense");
	json_put_int(row, "n", 3);
	json_put_int(row, "last", 5);
	CHECK(judge_load(b.judge, ROW_ACTIVE_VERSION, row) == OK);
	json_free(row);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_DENY);
	/* Mending another one does not loosen this one. */
	CHECK(judge_put_policy(b.judge, "box", 2, "allow all tool=*\n", &why) ==
	    OK);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_DENY);
	CHECK(judge_put_policy(b.judge, "client:console", 6,
		  "allow all tool=*\n", &why) == OK);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_ALLOW);
	CHECK_INT(judge_policy(b.judge, "client:console")->last, 6);
	close_bench(&b);
}

TEST(without_the_box_s_own_rules_nothing_is_allowed)
{
	struct errmsg why;
	struct bench b;

	open_bench(&b, NULL, EFFECT_READ);
	CHECK(judge_put_policy(b.judge, "client:console", 1,
		  "allow all tool=*\n", &why) == OK);
	CHECK_INT(judge_decide(b.judge, &b.c).verdict, VERDICT_DENY);
	close_bench(&b);
}
