/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include <stdlib.h>

#include "base/buf.h"
#include "check.h"

static void
check_setup(void)
{
}

static struct policy *
parsed(const char *text)
{
	struct policy *p = NULL;
	struct errmsg why = {""};

	CASE(text);
	if (policy_parse(text, strlen(text), &p, &why) != OK)
		printf("# %s\n", why.text);
	REQUIRE(p != NULL);
	return p;
}

struct asked {
	const char *tool;
	enum effect effect;
	const char *args;
	const char *entities[4];
};

static struct policy_answer
decide(const char *const *texts, size_t n, const struct asked *a)
{
	struct policy *layers[LAYERS_MAX];
	struct policy_question q = {
	    .tool = a->tool, .effect = a->effect, .principal = "console"};
	struct policy_answer answer;
	struct json *args = NULL;
	size_t i;

	for (i = 0; i < n; i++)
		layers[i] = parsed(texts[i]);
	if (a->args != NULL)
		REQUIRE(json_parse(a->args, strlen(a->args), &args) == OK);
	q.args = args;
	q.entities = a->entities;
	while (q.n_entities < 4 && a->entities[q.n_entities] != NULL)
		q.n_entities++;
	answer = policy_decide(&q, (const struct policy *const *)layers, n);
	for (i = 0; i < n; i++)
		policy_free(layers[i]);
	if (args != NULL)
		json_free(args);
	return answer;
}

static struct policy_answer
decide_one(const char *text, const struct asked *a)
{
	return decide(&text, 1, a);
}

static const struct asked save = {
    "notes.save", EFFECT_REVERSIBLE, "{\"text\":\"buy milk\",\"n\":3}", {NULL}};

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
		struct policy_answer a = decide_one(rows[i].text, &save);

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
	CHECK_STR(decide(layers, 3, &save).rule, "b");
	CHECK_STR(decide(with_deny, 3, &save).rule, "c");
	CHECK_INT(decide(with_silence, 2, &save).verdict, VERDICT_DENY);
	CHECK_INT(decide(layers + 2, 1, &save).verdict, VERDICT_ALLOW);
}

TEST(no_layer_is_deny)
{
	struct policy_answer a = decide(NULL, 0, &save);

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
		struct policy_answer a;
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
	    {"ask a tool=* ttl=", "line 1", "ttl="},
	    {"ask a tool=* ttl=5", "line 1", "ttl=5"},
	    {"ask a tool=* ttl=0m", "line 1", "ttl=0m"},
	    {"ask a tool=* ttl=m", "line 1", "ttl=m"},
	    {"ask a tool=* ttl=5d", "line 1", "ttl=5d"},
	    {"ask a tool=* ttl=-5m", "line 1", "ttl=-5m"},
	    {"ask a tool=* ttl=5m5", "line 1", "ttl=5m5"},
	    {"ask a tool=* ttl=9999999s", "line 1", "ttl=9999999s"},
	    {"allow a tool=1,2,3,4,5,6,7,8,9", "line 1", "8 values"},
	    {"allow a tool=1 tool=2 tool=3 tool=4 tool=5 tool=6 tool=7 tool=8 "
	     "tool=9",
		"line 1", "8 words"},
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
