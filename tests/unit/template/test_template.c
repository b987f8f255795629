/* SPDX-License-Identifier: Apache-2.0 */
#include "template/template.h"

#include "base/buf.h"
#include "check.h"

static void
check_setup(void)
{
}

static enum err
load(const char *text, struct errmsg *why)
{
	struct template_set *s = NULL;
	enum err e = template_load(text, strlen(text), &s, why);

	if (e == OK)
		template_free(s);
	return e;
}

/* A file with this one sentence, and the rest of it. */
static enum err
one(const char *sentence, const char *rest, struct errmsg *why)
{
	struct buf b;
	enum err e;

	buf_init(&b, TEMPLATE_JSON_MAX * 2);
	buf_addf(&b,
	    "{\"language\":\"en\",\"intents\":{\"Greet\":{\"data\":"
	    "[{\"sentences\":[\"%s\"]}]}}%s}",
	    sentence, rest);
	e = load(b.p, why);
	buf_done(&b);
	return e;
}

TEST(each_wrong_template_is_told_with_its_intent)
{
	static const struct {
		const char *sentence;
		const char *says;
	} wrong[] = {
	    {"(a", "Greet: a group without its ')'"},
	    {"[a", "Greet: a group without its ']'"},
	    {"a)", "Greet: a ')' that closes nothing"},
	    {"(a]", "Greet: a ']' that closes nothing"},
	    {"{a", "Greet: a name without its '}'"},
	    {"<a", "Greet: a name without its '>'"},
	    {"{}", "Greet: a name without its '}'"},
	    {"<nobody>", "Greet: there is no expansion rule <nobody>"},
	    {"(a|b;c)", "Greet: '|' and ';' in one group"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		struct errmsg why = {""};

		CASE(wrong[i].sentence);
		CHECK(one(wrong[i].sentence, "", &why) == ERR_INPUT);
		CHECK_STR(why.text, wrong[i].says);
	}
}

TEST(what_is_no_file_of_sentences_is_refused)
{
	static const char *const wrong[] = {
	    "",
	    "[]",
	    "{}",
	    "{\"language\":\"en\"}",
	    "{\"language\":\"en\",\"intents\":[]}",
	    "{\"language\":\"en\",\"intents\":{\"A\":{}}}",
	    "{\"language\":\"en\",\"intents\":{\"A\":{\"data\":[{}]}}}",
	    "{\"language\":\"en\",\"intents\":{\"A\":{\"data\":3}}}",
	    "{\"language\":\"en\",\"intents\":{\"A\":{\"data\":[3]}}}",
	    "{\"intents\":{}}",
	    "{\"language\":\"en\",\"intents\":{},\"skip_words\":[1]}",
	    "{\"language\":\"en\",\"intents\":{},\"number_words\":[1]}",
	    "{\"language\":\"en\",\"intents\":{},\"number_words\":[\"a||b\"]}",
	};
	struct errmsg why;
	size_t i;

	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		CASE(wrong[i]);
		why.text[0] = '\0';
		CHECK(load(wrong[i], &why) == ERR_INPUT);
		CHECK(why.text[0] != '\0');
	}
	CHECK(load("{\"language\":\"en\",\"intents\":{}}", &why) == OK);
}

TEST(sentences_are_text)
{
	static const char text[] =
	    "{\"language\":\"en\",\"intents\":{\"A\":{\"data\":"
	    "[{\"sentences\":[1]}]}}}";
	struct errmsg why;

	CHECK(load(text, &why) == ERR_INPUT);
	CHECK_STR(why.text, "A: a sentence is not text");
}

TEST(wrong_lists_are_refused)
{
	static const char *const wrong[] = {
	    "{}",
	    "{\"values\":[1]}",
	    "{\"values\":[{\"out\":1}]}",
	    "{\"values\":[{\"in\":\"(\"}]}",
	    "{\"range\":{}}",
	    "{\"range\":{\"from\":5,\"to\":4}}",
	    "{\"range\":{\"from\":0,\"to\":4,\"step\":0}}",
	    "{\"range\":{\"from\":0,\"to\":4000000}}",
	    "{\"wildcard\":false}",
	};
	struct errmsg why;
	size_t i;

	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		char rest[128];

		CASE(wrong[i]);
		snprintf(rest, sizeof(rest), ",\"lists\":{\"x\":%s}", wrong[i]);
		CHECK(one("{x}", rest, &why) == ERR_INPUT);
	}
	/* One that nobody names is not looked at. */
	CHECK(one("a", ",\"lists\":{\"x\":{}}", &why) == OK);
}

TEST(rules_that_name_themselves_end)
{
	struct errmsg why;

	CHECK(one("<a>", ",\"expansion_rules\":{\"a\":\"x <a>\"}", &why) ==
	    ERR_LIMIT);
	CHECK(one("<a>",
		  ",\"expansion_rules\":{\"a\":\"<b><b>\",\"b\":\"<a><a>\"}",
		  &why) == ERR_LIMIT);
	CHECK(one("{a}", ",\"lists\":{\"a\":{\"values\":[\"{a}\"]}}", &why) ==
	    ERR_LIMIT);
}

TEST(doubling_rules_are_small_as_equal_parts_are_one)
{
	struct buf b;
	struct errmsg why;
	int i;

	buf_init(&b, 4096);
	buf_adds(&b, ",\"expansion_rules\":{\"r0\":\"x\"");
	for (i = 1; i <= 20; i++)
		buf_addf(&b, ",\"r%d\":\"(<r%d>|<r%d> y)\"", i, i - 1, i - 1);
	buf_adds(&b, "}");
	CHECK(one("<r20>", b.p, &why) == OK);
	buf_done(&b);
}

TEST(groups_and_parts_have_an_end)
{
	struct buf b;
	struct errmsg why;
	int i;

	buf_init(&b, TEMPLATE_JSON_MAX);
	for (i = 0; i < TEMPLATE_DEPTH_MAX + 1; i++)
		buf_adds(&b, "(");
	CHECK(one(b.p, "", &why) == ERR_LIMIT);
	buf_clear(&b);
	for (i = 0; i < TEMPLATE_CHAIN_MAX + 1; i++)
		buf_addf(&b, "[a%d]", i);
	CHECK(one(b.p, "", &why) == ERR_LIMIT);
	CHECK(one("(a;b;c;d;e;f)", "", &why) == OK);
	CHECK(one("(a;b;c;d;e;f;g)", "", &why) == ERR_LIMIT);
	buf_done(&b);
}

TEST(a_file_has_a_largest_size)
{
	char *text = malloc(TEMPLATE_JSON_MAX + 2);
	struct errmsg why = {""};

	REQUIRE(text != NULL);
	memset(text, ' ', TEMPLATE_JSON_MAX + 1);
	text[TEMPLATE_JSON_MAX + 1] = '\0';
	CHECK(load(text, &why) == ERR_LIMIT);
	CHECK(strstr(why.text, "at most") != NULL);
	text[TEMPLATE_JSON_MAX] = '\0';
	CHECK(load(text, &why) == ERR_INPUT);
	free(text);
}

TEST(the_language_is_told)
{
	static const char text[] = "{\"language\":\"de-CH\",\"intents\":{}}";
	struct template_set *s;
	struct errmsg why;

	REQUIRE(template_load(text, sizeof(text) - 1, &s, &why) == OK);
	CHECK_STR(template_language(s), "de-CH");
	template_free(s);
}
