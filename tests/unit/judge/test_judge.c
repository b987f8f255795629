/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

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

TEST(of_several_things_of_the_home_each_is_judged)
{
	static const char policy[] =
	    "allow lights tool=home.set entity=light.* rate=3/hour\n"
	    "deny cellar tool=home.set entity=light.cellar\n"
	    "ask garage tool=home.set entity=cover.*\n";
	static const struct {
		const char *entities;
		enum verdict want;
		const char *denied;
	} rows[] = {
	    {"light.a,light.b", VERDICT_ALLOW, ""},
	    {"light.a,cover.b,light.b", VERDICT_ASK, ""},
	    {"light.a,cover.b,light.cellar", VERDICT_DENY, "light.cellar"},
	    {"light.a,switch.b", VERDICT_DENY, "switch.b"},
	    {"light.a,light.b,light.c,light.d", VERDICT_DENY, ""},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct judgement v;
		struct bench b;
		char args[128];

		CASE(rows[i].entities);
		open_bench(&b, policy, EFFECT_REVERSIBLE);
		memcpy(b.act->tool, "home.set", sizeof("home.set"));
		free(b.act->args);
		snprintf(args, sizeof(args), "{\"entities\":\"%s\"}",
		    rows[i].entities);
		b.act->args = strdup(args);
		v = judge_decide(b.judge, &b.c);
		CHECK_INT(v.verdict, rows[i].want);
		CHECK_STR(v.entity, rows[i].denied);
		close_bench(&b);
	}
}

TEST(a_list_of_things_names_each_once)
{
	static const struct {
		const char *args;
		size_t n;
	} rows[] = {
	    {"{\"entity\":\"light.a\"}", 1},
	    {"{\"entities\":\"light.a,light.b\"}", 2},
	    {"{\"entities\":\"light.a,light.a\"}", 0},
	    {"{\"entities\":\"light.a,\"}", 0},
	    {"{\"entities\":\",light.a\"}", 0},
	    {"{\"entities\":\"\"}", 0},
	    {"{\"entities\":1}", 0},
	    {"{\"entities\":1,\"entity\":\"light.a\"}", 0},
	    {"{}", 0},
	};
	struct entities named;
	struct json *args;
	struct buf many;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].args);
		REQUIRE(json_parse(rows[i].args, strlen(rows[i].args), &args) ==
		    OK);
		CHECK_INT(
		    entities_of(args, &named), rows[i].n > 0 ? OK : ERR_INPUT);
		CHECK_INT(named.n, rows[i].n);
		json_free(args);
	}
	buf_init(&many, 4096);
	for (i = 0; i <= HOME_MANY_MAX; i++)
		buf_addf(&many, "%slight.n%zu", i > 0 ? "," : "", i);
	args = json_object();
	json_put_str(args, "entities", many.p);
	CHECK_INT(entities_of(args, &named), ERR_LIMIT);
	CHECK_INT(named.n, 0);
	json_free(args);
	buf_done(&many);
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
