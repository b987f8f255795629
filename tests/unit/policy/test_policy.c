/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static void
check_setup(void)
{
}

TEST(a_policy_decides)
{
	static const struct {
		const char *text;
		enum verdict want;
		const char *rule;
	} rows[] = {
	    {"", VERDICT_DENY, "default"},
	    {"# nothing\n\n", VERDICT_DENY, "default"},
	    {"default ask", VERDICT_ASK, "default"},
	    {"default deny", VERDICT_DENY, "default"},
	    {"allow a tool=notes.save", VERDICT_ALLOW, "a"},
	    {"allow a tool=notes.*", VERDICT_ALLOW, "a"},
	    {"allow a tool=*", VERDICT_ALLOW, "a"},
	    {"allow a tool=notes", VERDICT_DENY, "default"},
	    {"allow a tool=mail.*,notes.*", VERDICT_ALLOW, "a"},
	    {"allow a effect=reversible", VERDICT_ALLOW, "a"},
	    {"allow a effect=read,reversible", VERDICT_ALLOW, "a"},
	    {"allow a effect=read", VERDICT_DENY, "default"},
	    {"allow a effect=read tool=*", VERDICT_DENY, "default"},
	    {"allow a arg.text=buy*", VERDICT_ALLOW, "a"},
	    {"allow a arg.text=\"buy milk\"", VERDICT_ALLOW, "a"},
	    {"allow a arg.text=\"buy bread\",\"buy milk\"", VERDICT_ALLOW, "a"},
	    {"allow a arg.text=buy", VERDICT_DENY, "default"},
	    {"allow a arg.n=3", VERDICT_ALLOW, "a"},
	    {"allow a arg.n=?", VERDICT_ALLOW, "a"},
	    {"allow a arg.n=4", VERDICT_DENY, "default"},
	    {"default ask\nallow a tool=notes.*", VERDICT_ALLOW, "a"},
	    {"allow a tool=*\nask b tool=notes.*", VERDICT_ASK, "b"},
	    {"allow a tool=*\ndeny b tool=notes.*", VERDICT_DENY, "b"},
	    {"ask a tool=*\ndeny b tool=notes.*", VERDICT_DENY, "b"},
	    {"deny a tool=*\nallow b tool=notes.save", VERDICT_DENY, "a"},
	    {"allow a tool=*\ndeny b tool=mail.*", VERDICT_ALLOW, "a"},
	    {"allow\ta\t tool=*\r\n", VERDICT_ALLOW, "a"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct verdict_said a = decide_one(rows[i].text, &save);

		CHECK_STR(verdict_name(a.verdict), verdict_name(rows[i].want));
		CHECK_STR(a.rule, rows[i].rule);
	}
}

TEST(a_missing_argument_loosens_nothing_and_can_tighten)
{
	static const struct {
		const char *text;
		enum verdict want;
	} rows[] = {
	    {"default ask\nallow a arg.to=*", VERDICT_ASK},
	    {"allow a tool=*\nask b arg.to=x", VERDICT_ASK},
	    {"allow a tool=*\ndeny b arg.to=x", VERDICT_DENY},
	    {"allow a tool=*\ndeny b arg.to=x tool=mail.*", VERDICT_ALLOW},
	    {"default ask\nallow a entity=*", VERDICT_ASK},
	    {"allow a tool=*\ndeny b entity=lock.*", VERDICT_DENY},
	};
	struct asked none = save;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_STR(verdict_name(decide_one(rows[i].text, &save).verdict),
		    verdict_name(rows[i].want));
	none.args = NULL;
	CHECK_INT(decide_one("allow a tool=*\ndeny b arg.x=y", &none).verdict,
	    VERDICT_DENY);
}

TEST(values_that_are_no_text_are_judged_as_json)
{
	struct asked a = save;

	a.args = "{\"b\":true,\"l\":[\"x\",2],\"z\":null,\"o\":{\"k\":1}}";
	CHECK_INT(decide_one("allow a arg.b=true", &a).verdict, VERDICT_ALLOW);
	CHECK_INT(decide_one("allow a arg.b=false", &a).verdict, VERDICT_DENY);
	CHECK_INT(decide_one("allow a arg.z=null", &a).verdict, VERDICT_ALLOW);
	CHECK_INT(decide_one("allow a arg.l=*2]", &a).verdict, VERDICT_ALLOW);
	CHECK_INT(
	    decide_one("allow a arg.o={?k*1}", &a).verdict, VERDICT_ALLOW);
}

TEST(entities_are_judged_one_by_one_and_the_strictest_speaks)
{
	static const char text[] = "allow lights entity=light.*\n"
				   "ask locks entity=lock.*\n"
				   "deny garage entity=cover.garage*\n";
	struct asked a = {"home.set", EFFECT_REVERSIBLE, "{}",
	    {"light.kitchen", "light.hall"}};

	CHECK_STR(decide_one(text, &a).rule, "lights");
	a.entities[2] = "lock.front";
	CHECK_STR(decide_one(text, &a).rule, "locks");
	a.entities[3] = "cover.garage_left";
	CHECK_STR(decide_one(text, &a).rule, "garage");
	a.entities[3] = "switch.unknown";
	CHECK_INT(decide_one(text, &a).verdict, VERDICT_DENY);
}

TEST(the_strictest_layer_wins)
{
	static const char *const layers[] = {
	    "allow a tool=*", "ask b tool=*", "allow c tool=*"};
	static const char *const with_deny[] = {
	    "allow a tool=*", "ask b tool=*", "deny c tool=*"};
	static const char *const with_silence[] = {"allow a tool=*", ""};

	CHECK_STR(decide(layers, 1, &save).rule, "a");
	CHECK_STR(decide(layers, 3, &save).rule, "profile:b");
	CHECK_STR(decide(with_deny, 3, &save).rule, "parent:c");
	CHECK_INT(decide(with_silence, 2, &save).verdict, VERDICT_DENY);
	CHECK_INT(decide(layers + 2, 1, &save).verdict, VERDICT_ALLOW);
}

TEST(no_layer_is_deny)
{
	struct verdict_said a = decide(NULL, 0, &save);

	CHECK_INT(a.verdict, VERDICT_DENY);
	CHECK_STR(a.rule, "default");
}

TEST(an_ask_says_how_long_it_may_wait)
{
	static const char *const two[] = {
	    "ask a tool=* ttl=30s", "ask b tool=* ttl=2h"};

	CHECK_INT(decide_one("ask a tool=* ttl=30s", &save).ttl_s, 30);
	CHECK_INT(decide_one("ask a tool=* ttl=10m", &save).ttl_s, 600);
	CHECK_INT(decide_one("ask a tool=* ttl=2h", &save).ttl_s, 7200);
	CHECK_INT(decide_one("ask a tool=*", &save).ttl_s, SHEET_LIFE_S);
	CHECK_INT(decide_one("default ask", &save).ttl_s, SHEET_LIFE_S);
	CHECK_INT(
	    decide_one("ask a tool=* ttl=2m\nask b tool=* ttl=1m\n", &save)
		.ttl_s,
	    60);
	CHECK_INT(decide(two, 2, &save).ttl_s, 30);
}

/* All orders of five lines that speak about the same act. */
TEST(the_order_of_lines_changes_nothing)
{
	static const char *const lines[] = {"default ask\n",
	    "allow a tool=notes.*\n", "ask b effect=reversible ttl=5m\n",
	    "ask c arg.text=buy* ttl=3m\n", "deny d arg.text=\"sell *\"\n"};
	int order[5];
	int count = 0;
	long code;

	for (code = 0; code < 3125; code++) {
		char text[512] = "";
		struct verdict_said a;
		unsigned seen = 0;
		long rest = code;
		size_t i;

		for (i = 0; i < 5; i++, rest /= 5) {
			order[i] = (int)(rest % 5);
			seen |= 1u << order[i];
		}
		if (seen != 31)
			continue;
		for (i = 0; i < 5; i++)
			memcpy(text + strlen(text), lines[order[i]],
			    strlen(lines[order[i]]) + 1);
		a = decide_one(text, &save);
		CHECK_INT(a.verdict, VERDICT_ASK);
		CHECK_INT(a.ttl_s, 180);
		count++;
	}
	CHECK_INT(count, 120);
}

TEST(two_defaults_would_depend_on_their_order)
{
	struct policy *p = NULL;
	struct errmsg why = {""};
	static const char text[] = "default deny\ndefault ask\n";

	CHECK(policy_parse(text, sizeof(text) - 1, &p, &why) == ERR_INPUT);
	CHECK(strstr(why.text, "line 2") != NULL);
	policy_free(p);
}

static void
check_malformed(const char *text, const char *line, const char *word)
{
	struct policy *p = NULL;
	struct errmsg why = {""};
	enum err e;

	CASE(text);
	e = policy_parse(text, strlen(text), &p, &why);
	CHECK(e == ERR_INPUT);
	if (e == OK)
		policy_free(p);
	CHECK(strstr(why.text, line) != NULL);
	CHECK(strstr(why.text, word) != NULL);
}

TEST(a_malformed_line_is_named_with_its_word)
{
	static const struct {
		const char *text;
		const char *line;
		const char *word;
	} rows[] = {
	    {"permit a tool=*", "line 1", "'permit'"},
	    {"# fine\n\nallow a tool=*\nAllow b tool=*", "line 4", "'Allow'"},
	    {"default", "line 1", "default"},
	    {"default allow", "line 1", "default"},
	    {"default deny now", "line 1", "default"},
	    {"allow", "line 1", "name"},
	    {"allow tool=*", "line 1", "'tool=*'"},
	    {"allow Bad tool=*", "line 1", "'Bad'"},
	    {"allow 9a tool=*", "line 1", "'9a'"},
	    {"allow a", "line 1", "'a'"},
	    {"ask a ttl=5m", "line 1", "'a'"},
	    {"allow a tool=*\nask a tool=*", "line 2", "'a'"},
	    {"allow a tool", "line 1", "'tool'"},
	    {"allow a tools=*", "line 1", "'tools'"},
	    {"allow a arg.=x", "line 1", "'arg.'"},
	    {"allow a =x", "line 1", "''"},
	    {"allow a tool=", "line 1", "value"},
	    {"allow a tool=a,,b", "line 1", "empty"},
	    {"allow a tool=,a", "line 1", "empty"},
	    {"allow a tool=\"\"", "line 1", "empty"},
	    {"allow a effect=all", "line 1", "'all'"},
	    {"allow a effect=read,Write", "line 1", "'Write'"},
	    {"allow a tool=* ttl=5m", "line 1", "ttl"},
	    {"deny a tool=* ttl=5m", "line 1", "ttl"},
	    {"ask a tool=* ttl=", "line 1", "empty"},
	    {"ask a tool=* ttl=5", "line 1", "ttl=5"},
	    {"ask a tool=* ttl=0m", "line 1", "ttl=0m"},
	    {"ask a tool=* ttl=m", "line 1", "ttl=m"},
	    {"ask a tool=* ttl=5d", "line 1", "ttl=5d"},
	    {"ask a tool=* ttl=-5m", "line 1", "ttl=-5m"},
	    {"ask a tool=* ttl=5m5", "line 1", "ttl=5m5"},
	    {"ask a tool=* ttl=9999999s", "line 1", "ttl=9999999s"},
	    {"allow a tool=1,2,3,4,5,6,7,8,9", "line 1", "8 values"},
	    {"allow a tool=1 tool=1 tool=1 tool=1 tool=1 tool=1 tool=1 tool=1 "
	     "tool=1 tool=1 tool=1 tool=1 tool=1 tool=1 tool=1 tool=1 tool=1 "
	     "tool=1 tool=1 tool=1 tool=1 tool=1 tool=1 tool=1 tool=1",
		"line 1", "24 words"},
	    {"budget b", "line 1", "amount"},
	    {"budget b usd=2/week", "line 1", "usd=2/week"},
	    {"budget b usd=2.0000001/day", "line 1", "usd="},
	    {"budget b usd=1/day usd=2/day", "line 1", "twice"},
	    {"label l tool=*", "line 1", "adds"},
	    {"sink l tool=* adds=A", "line 1", "'A'"},
	    {"allow default tool=*", "line 1", "'default'"},
	    {"allow a tool=* unless", "line 1", "exception"},
	    {"allow a unless tool=*", "line 1", "unless"},
	    {"allow a tool=* unless tool=x rate=1/min", "line 1", "unless"},
	    {"allow a tool=* rate=0/min", "line 1", "rate=0/min"},
	    {"allow a tool=* hours=24:00-01:00", "line 1", "24:00"},
	    {"allow a tool=* hours=01:00-01:00", "line 1", "01:00"},
	    {"allow a arg.n=5..1", "line 1", "5..1"},
	    {"allow a arg.p=under:x", "line 1", "under:x"},
	    {"ask a tool=* keys=3", "line 1", "keys=3"},
	    {"ask a tool=* key=any", "line 1", "key=any"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		check_malformed(rows[i].text, rows[i].line, rows[i].word);
}

/* The rest of the line would silently become part of the value. */
TEST(a_quote_that_is_not_closed_is_refused)
{
	check_malformed("allow a tool=* arg.x=\"abc", "line 1", "quote");
	check_malformed("deny a tool=\"x arg.y=z", "line 1", "quote");
}

TEST(a_comma_with_nothing_behind_it_is_refused)
{
	check_malformed("allow a tool=x,", "line 1", "empty");
}

TEST(a_policy_is_utf8_text_within_its_limits)
{
	struct policy *p = NULL;
	struct errmsg why = {""};
	struct buf b;
	int i;

	CHECK(policy_parse("# \xff\n", 4, &p, &why) == ERR_INPUT);
	CHECK(policy_parse("# \0\n", 4, &p, &why) == ERR_INPUT);
	buf_init(&b, 1 << 20);
	for (i = 0; i < POLICY_RULES_MAX; i++)
		buf_addf(&b, "allow r%d tool=x\n", i);
	CHECK(policy_parse(b.p, b.len, &p, &why) == OK);
	policy_free(p);
	buf_adds(&b, "allow one-more tool=x\n");
	CHECK(policy_parse(b.p, b.len, &p, &why) == ERR_INPUT);
	CHECK(strstr(why.text, "line 257") != NULL);
	buf_clear(&b);
	for (i = 0; i <= POLICY_BYTES_MAX; i++)
		buf_adds(&b, "#");
	CHECK(policy_parse(b.p, b.len, &p, &why) == ERR_LIMIT);
	buf_done(&b);
}

TEST(effects_have_names_and_some_need_a_yes)
{
	int e;

	for (e = 0; e < EFFECT_COUNT; e++) {
		CHECK_INT(effect_by_name(effect_name((enum effect)e)), e);
		CHECK(
		    effect_needs_yes((enum effect)e) == (e >= EFFECT_PHYSICAL));
	}
	CHECK_INT(effect_by_name(""), EFFECT_COUNT);
	CHECK_INT(effect_by_name("READ"), EFFECT_COUNT);
	CHECK_STR(effect_name(EFFECT_COUNT), "unknown");
}

TEST(the_policy_that_is_shipped_says_what_the_design_says)
{
	static const enum verdict want[EFFECT_COUNT] = {VERDICT_ALLOW,
	    VERDICT_ALLOW, VERDICT_ASK, VERDICT_ASK, VERDICT_ASK, VERDICT_ASK};
	FILE *f = fopen("config/policies/assist.policy", "r");
	char text[4096] = "";
	int e;

	REQUIRE(f != NULL);
	CHECK(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	for (e = 0; e < EFFECT_COUNT; e++) {
		struct asked a = {"any.thing", (enum effect)e, "{}", {NULL}};

		CHECK_INT(decide_one(text, &a).verdict, want[e]);
	}
}

static const char rules[] = "allow light tool=home.set entity=light.* "
			    "rate=30/min\n"
			    "ask unlock effect=physical ttl=10m\n"
			    "budget day usd=2.00/day risk=5/run over=ask\n";

TEST(an_explanation_is_in_words_and_names_the_line)
{
	struct asked a = {"home.set", EFFECT_PHYSICAL, "{}", {"lock.front"}};
	struct policy *p = parsed(rules);
	struct policy_layer layer = {"box", p};
	struct json *args = json_object();
	struct policy_question q = question_of(&a, args);
	struct buf b;

	buf_init(&b, 4096);
	policy_explain(&q, &layer, 1, "", &b);
	CHECK(strstr(b.p, "Before home.set, somebody would be asked") != NULL);
	CHECK(strstr(b.p, "10 minutes") != NULL);
	CHECK(strstr(b.p, "Line 2 of the box's rules") != NULL);
	CHECK(strstr(b.p,
		  "'light' of the box's rules does not apply: the "
		  "thing is another") != NULL);
	buf_done(&b);
	json_free(args);
	policy_free(p);
}

static void
note_charge(void *arg, const struct policy_charge *c)
{
	buf_addf(arg, "%s %s %lld\n", c->line.name,
	    c->is_rate ? "rate" : dimension_name(c->dimension),
	    (long long)c->amount);
}

TEST(what_is_charged_are_rates_and_budgets_that_match)
{
	struct asked a = {"home.set", EFFECT_REVERSIBLE, "{}",
	    {"light.a", "light.b", "lock.x"}};
	struct policy *p = parsed(rules);
	struct policy_layer layer = {"box", p};
	struct json *args = json_object();
	struct policy_question q = question_of(&a, args);
	struct buf b;

	q.cost[DIM_USD] = 250000;
	buf_init(&b, 4096);
	policy_charges(&q, &layer, 1, note_charge, &b);
	CHECK_STR(b.p, "day risk 3\nday usd 250000\nlight rate 3\n");
	buf_done(&b);
	json_free(args);
	policy_free(p);
}

static bool
matches(const char *words, const char *args)
{
	struct policy_args *a = NULL;
	struct json *v = NULL;
	struct errmsg why;
	bool yes = false;

	if (policy_args_parse(words, strlen(words), &a, &why) == OK &&
	    json_parse(args, strlen(args), &v) == OK)
		yes = policy_args_match(a, v);
	json_free(v);
	policy_args_free(a);
	return yes;
}

TEST(the_arguments_of_a_grant_match_only_what_is_there)
{
	CHECK(matches("arg.name=list", "{\"name\":\"list\"}"));
	CHECK(!matches("arg.name=list", "{\"name\":\"lists\"}"));
	CHECK(!matches("arg.name=*", "{}"));
	CHECK(matches(
	    "arg.n=1..5 arg.p=under:/srv", "{\"n\":5,\"p\":\"/srv/a\"}"));
	CHECK(!matches("arg.p=under:/srv", "{\"p\":\"/srv/../etc\"}"));
	CHECK(!matches("tool=*", "{}"));
	CHECK(!matches("", "{}"));
	CHECK(!matches("arg.a=* rate=1/min", "{\"a\":1}"));
}

TEST(a_star_of_a_grant_covers_no_second_name_of_a_list)
{
	CHECK(matches("arg.entities=light.*", "{\"entities\":\"light.a\"}"));
	CHECK(matches(
	    "arg.entities=light.*", "{\"entities\":\"light.a,light.b\"}"));
	CHECK(!matches(
	    "arg.entities=light.*", "{\"entities\":\"light.a,lock.front\"}"));
	CHECK(!matches(
	    "arg.entities=*.light", "{\"entities\":\"lock.front,a.light\"}"));
	CHECK(!matches("arg./entities=light.*",
	    "{\"entities\":\"light.a,lock.front,light.b\"}"));
	CHECK(!matches("arg.entities=\"light.*,lock.*\"",
	    "{\"entities\":\"light.a,lock.front\"}"));
	CHECK(matches("arg.entities=light.*,lock.front",
	    "{\"entities\":\"light.a,lock.front\"}"));
	CHECK(!matches("arg.entities=light.*", "{\"entities\":\"light.a,\"}"));
}

static bool
knows_notes(void *arg, const char *glob)
{
	(void)arg;
	return strncmp(glob, "notes.", 6) == 0;
}

static bool
knows_limits(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "limits") == 0;
}

TEST(a_line_that_can_match_nothing_is_warned_about)
{
	static const char text[] =
	    "allow a tool=notes.*\nallow b tool=note.*\n"
	    "ask c sink=external tool=notes.*\nask d labels=private\n"
	    "allow e require=limits,magic\n";
	struct policy_known known = {.tool = knows_notes, .fact = knows_limits};
	struct policy *p = parsed(text);
	struct buf b;

	buf_init(&b, 4096);
	policy_warn(p, &known, &b);
	CHECK(strstr(b.p, "'a'") == NULL);
	CHECK(strstr(b.p, "line 2: 'b'") != NULL);
	CHECK(strstr(b.p, "line 3: 'c'") != NULL);
	CHECK(strstr(b.p, "line 4: 'd'") != NULL);
	CHECK(strstr(b.p, "line 5: 'e' matches nothing that is known: magic") !=
	    NULL);
	buf_done(&b);
	policy_free(p);
}
