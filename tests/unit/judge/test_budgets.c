/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

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
