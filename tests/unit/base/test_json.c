/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "check.h"

static void
check_setup(void)
{
}

/* From memory of exactly this size, so that a byte too far is noticed. */
static bool
accepts(const char *text, size_t len)
{
	char *exact = malloc(len > 0 ? len : 1);
	struct json *v = NULL;
	bool good;

	memcpy(exact, text, len);
	good = json_parse(exact, len, &v) == OK;
	free(exact);
	if (good)
		json_free(v);
	return good;
}

static void
check_canonical(const char *text, const char *want)
{
	struct json *v;
	struct buf b;

	CASE(text);
	REQUIRE(json_parse(text, strlen(text), &v) == OK);
	buf_init(&b, 65536);
	json_canonical(v, &b);
	json_free(v);
	CHECK_STR(b.p, want);
	CHECK(json_is_canonical(b.p, b.len));
	CHECK(
	    json_is_canonical(text, strlen(text)) == (strcmp(text, want) == 0));
	buf_done(&b);
}

static const struct {
	const char *text;
	bool want;
} texts[] = {
    {"{}", true},
    {"[]", true},
    {" \t\r\n[ 1 , 2 ] \n", true},
    {"null", true},
    {"true", true},
    {"false", true},
    {"\"\"", true},
    {"0", true},
    {"-0", true},
    {"-1.5e+10", true},
    {"1E-2", true},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", true},
    {"\"\\ud83d\\ude00\"", true},
    {"\"\x7f\"", true},
    {"{\"a\":1,\"A\":2}", true},
    {"{\"a\":{\"b\":1},\"b\":{\"b\":1}}", true},
    {"", false},
    {" ", false},
    {"nul", false},
    {"nulll", false},
    {"True", false},
    {"NaN", false},
    {"Infinity", false},
    {"[1,]", false},
    {"[,1]", false},
    {"[1 2]", false},
    {"{\"a\":1,}", false},
    {"{\"a\"}", false},
    {"{a:1}", false},
    {"{'a':1}", false},
    {"{\"a\":1 \"b\":2}", false},
    {"{\"a\"::1}", false},
    {"[", false},
    {"{", false},
    {"]", false},
    {"[1}", false},
    {"\"", false},
    {"\"\\", false},
    {"\"\\x\"", false},
    {"\"\\u12\"", false},
    {"\"\\u12g4\"", false},
    {"\"tab\there\"", false},
    {"\"line\nhere\"", false},
    {"01", false},
    {"-", false},
    {"+1", false},
    {".5", false},
    {"1.", false},
    {"1e", false},
    {"1e+", false},
    {"0x10", false},
    {"- 1", false},
    {"1 1", false},
    {"{} {}", false},
    {"// words\n1", false},
    {"/* words */1", false},
    {"\xef\xbb\xbf{}", false},
};

TEST(only_what_rfc_8259_allows_is_read)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(texts); i++) {
		CASE(texts[i].text);
		CHECK(accepts(texts[i].text, strlen(texts[i].text)) ==
		    texts[i].want);
	}
}

TEST(a_name_that_stands_twice_in_an_object_is_refused)
{
	static const char *const bad[] = {"{\"a\":1,\"a\":1}",
	    "{\"a\":1,\"b\":2,\"a\":3}", "[{\"x\":[{\"a\":1,\"a\":2}]}]",
	    "{\"a\":1,\"\\u0061\":2}", "{\"\":1,\"\":2}"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK(!accepts(bad[i], strlen(bad[i])));
	}
}

TEST(a_nul_is_refused_in_every_form)
{
	CHECK(!accepts("\"\\u0000\"", 8));
	CHECK(!accepts("{\"a\\u0000\":1}", 13));
	CHECK(!accepts("\"a\0b\"", 5));
	CHECK(!accepts("1\0", 2));
	CHECK(!accepts("\0", 1));
}

TEST(half_a_surrogate_pair_is_refused)
{
	static const char *const bad[] = {"\"\\ud800\"", "\"\\udc00\"",
	    "\"\\ud800x\"", "\"\\ud800\\n\"", "\"\\ud800\\ud800\"",
	    "\"\\ude00\\ud83d\"", "\"\\ud800\\u0041\"", "\"\\udfff\"",
	    "\"\\ud83d\\ude0\""};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK(!accepts(bad[i], strlen(bad[i])));
	}
}

TEST(text_that_is_not_utf8_is_refused)
{
	static const char *const bad[] = {"\"\x80\"", "\"\xc0\xaf\"",
	    "\"\xc1\xbf\"", "\"\xe0\x80\x80\"", "\"\xed\xa0\x80\"",
	    "\"\xf0\x80\x80\x80\"", "\"\xf4\x90\x80\x80\"",
	    "\"\xf5\x80\x80\x80\"", "\"\xff\"", "\"\xc3\"", "\"\xe2\x82\"",
	    "\"\xf0\x9f\x98\"", "{\"\xc3\":1}"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!accepts(bad[i], strlen(bad[i])));
	CHECK(accepts("\"\xc2\x80\"", 4));
	CHECK(accepts("\"\xed\x9f\xbf\"", 5));
	CHECK(accepts("\"\xf4\x8f\xbf\xbf\"", 6));
}

TEST(nesting_ends_at_the_limit)
{
	char text[128];
	int depth;

	for (depth = 1; depth < 60; depth++) {
		memset(text, '[', (size_t)depth);
		text[depth] = '1';
		memset(text + depth + 1, ']', (size_t)depth);
		CHECK(accepts(text, (size_t)depth * 2 + 1) ==
		    (depth <= JSON_DEPTH_MAX));
	}
}

TEST(an_empty_array_below_the_deepest_level_is_refused)
{
	char text[64];

	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	CHECK(!accepts(text, 2 * (JSON_DEPTH_MAX + 1)));
}

TEST(an_object_with_too_many_members_is_refused)
{
	struct buf b;
	int n;
	int i;

	for (n = JSON_MEMBERS_MAX; n <= JSON_MEMBERS_MAX + 1; n++) {
		buf_init(&b, 65536);
		for (i = 0; i < n; i++)
			buf_addf(&b, "%c\"m%d\":%d", i == 0 ? '{' : ',', i, i);
		buf_adds(&b, "}");
		CHECK(accepts(b.p, b.len) == (n == JSON_MEMBERS_MAX));
		buf_done(&b);
	}
}

TEST(a_number_that_no_double_holds_is_refused)
{
	CHECK(!accepts("1e400", 5));
	CHECK(!accepts("[-1e999]", 8));
}

TEST(canonical_form_has_one_text_for_one_value)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
	    {" { \"b\" : 1 , \"a\" : [ true , null ] } ",
		"{\"a\":[true,null],\"b\":1}"},
	    {"{\"aa\":1,\"a\":2,\"B\":3,\"\xc3\xa9\":4,\"~\":5}",
		"{\"B\":3,\"a\":2,\"aa\":1,\"~\":5,\"\xc3\xa9\":4}"},
	    {"1.0", "1"},
	    {"-0", "0"},
	    {"-0.0", "0"},
	    {"10e2", "1000"},
	    {"9007199254740992", "9007199254740992"},
	    {"-9007199254740991", "-9007199254740991"},
	    {"0.10", "0.1"},
	    {"1.5e-7", "1.5e-07"},
	    {"\"\\u0041\\/\"", "\"A/\""},
	    {"\"\\u000a\\u0001\"", "\"\\n\\u0001\""},
	    {"\"\\u00e9\"", "\"\xc3\xa9\""},
	    {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
	    {"{\"z\":{\"y\":1,\"x\":2}}", "{\"z\":{\"x\":2,\"y\":1}}"},
	    {"\"\\\"\\\\\"", "\"\\\"\\\\\""},
	    {"{}", "{}"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		check_canonical(rows[i].text, rows[i].want);
}

TEST(numbers_read_back_equal)
{
	static const char *const rows[] = {"0.1", "0.30000000000000004",
	    "5e-324", "1.7976931348623157e+308", "123456789.123", "1e+17",
	    "-2.5e-10"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct json *v;
		char *again;

		CASE(rows[i]);
		REQUIRE(json_parse(rows[i], strlen(rows[i]), &v) == OK);
		again = json_print(v);
		CHECK(strtod(again, NULL) == strtod(rows[i], NULL));
		free(again);
		json_free(v);
	}
}

TEST(what_is_invisible_is_shown)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
	    {"plain text, \xc3\xa9\xe6\xbc\xa2",
		"plain text, \xc3\xa9\xe6\xbc\xa2"},
	    {"\x1b[2J", "\\u001b[2J"},
	    /* Cyrillic a in a Latin word; a word all of look-alikes; a
	     * Russian word that is none; full width; Greek. */
	    {"p\xd0\xb0y", "p\\u0430y"},
	    {"\xd1\x81\xd0\xbe\xd1\x80\xd1\x83",
		"\\u0441\\u043e\\u0440\\u0443"},
	    {"\xd0\xb4\xd0\xbe\xd0\xbc", "\xd0\xb4\xd0\xbe\xd0\xbc"},
	    {"\xef\xbd\x81", "\\uff41"},
	    {"\xce\xbf", "\\u03bf"},
	    {"a\nb\tc\rd", "a\\u000ab\\u0009c\\u000dd"},
	    {"\x7f", "\\u007f"},
	    {"\xc2\x85", "\\u0085"},
	    {"\xc2\xa0", "\\u00a0"},
	    {"\xc2\xad", "\\u00ad"},
	    {"\xe2\x80\xae"
	     "abc",
		"\\u202eabc"},
	    {"\xe2\x81\xa6", "\\u2066"},
	    {"\xe2\x80\x8b", "\\u200b"},
	    {"\xe2\x80\x8d", "\\u200d"},
	    {"\xe2\x80\x8f", "\\u200f"},
	    {"\xe2\x80\xa8", "\\u2028"},
	    {"\xe2\x81\xa0", "\\u2060"},
	    {"\xef\xbb\xbf", "\\ufeff"},
	    {"\xef\xb8\x8f", "\\ufe0f"},
	    {"\xe3\x85\xa4", "\\u3164"},
	    {"\xf3\xa0\x81\x81", "\\udb40\\udc41"},
	    {"e\xcc\x81", "e\\u0301"},
	    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
	};
	struct buf b;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].want);
		buf_init(&b, 1024);
		json_escape_visible(&b, rows[i].text, strlen(rows[i].text));
		CHECK_STR(b.p, rows[i].want);
		buf_done(&b);
	}
}

TEST(escaping_what_is_invisible_keeps_the_meaning_of_json)
{
	static const char text[] = "{\"a\":\"x\xe2\x80\xaey\xf3\xa0\x81\x81\"}";
	struct json *v;
	struct buf b;

	buf_init(&b, 1024);
	json_escape_visible(&b, text, sizeof(text) - 1);
	REQUIRE(json_parse(b.p, b.len, &v) == OK);
	CHECK_STR(json_str(v, "a"), "x\xe2\x80\xaey\xf3\xa0\x81\x81");
	json_free(v);
	buf_done(&b);
}

TEST(reading_gives_nothing_for_another_type)
{
	static const char text[] =
	    "{\"s\":\"t\",\"i\":7,\"f\":1.5,\"b\":true,\"n\":null,\"a\":[1,2]}";
	struct json *v;

	REQUIRE(json_parse(text, strlen(text), &v) == OK);
	CHECK_STR(json_str(v, "s"), "t");
	CHECK(json_str(v, "i") == NULL);
	CHECK(json_str(v, "S") == NULL);
	CHECK_STR(json_words(v, "i"), "");
	CHECK_INT(json_int(v, "i", -1), 7);
	CHECK_INT(json_int(v, "f", -1), -1);
	CHECK_INT(json_int(v, "s", -1), -1);
	CHECK(json_flag(v, "b"));
	CHECK(!json_flag(v, "i"));
	CHECK(json_has(v, "n"));
	CHECK(!json_has(v, "x"));
	CHECK_INT(json_count(json_get(v, "a")), 2);
	CHECK(json_get(json_get(v, "a"), "x") == NULL);
	CHECK(json_get(NULL, "x") == NULL);
	CHECK(json_first(NULL) == NULL);
	CHECK_INT(json_count(NULL), 0);
	json_free(v);
}

TEST(what_is_built_reads_back)
{
	struct json *v = json_object();
	struct json *a = json_array();
	struct json *copy;
	char *text;

	json_put_strn(v, "n", "abcdef", 3);
	json_put_int(v, "i", -5);
	json_put_bool(v, "b", false);
	json_push(a, json_string("\"\n"));
	json_put(v, "a", a);
	copy = json_copy(v);
	json_free(v);
	text = json_print(copy);
	CHECK_STR(
	    text, "{\"n\":\"abc\",\"i\":-5,\"b\":false,\"a\":[\"\\\"\\n\"]}");
	free(text);
	json_free(copy);
}

static bool
write_wide(void)
{
	struct json *v = json_object();
	struct buf b;
	char name[16];
	int i;

	for (i = 0; i < 2 * JSON_MEMBERS_MAX; i++) {
		snprintf(name, sizeof(name), "m%04d", i);
		json_put_int(v, name, i);
	}
	buf_init(&b, 65536);
	json_canonical(v, &b);
	json_free(v);
	buf_done(&b);
	return true;
}

/* What was built here has passed no scanner that would count. */
TEST(a_wide_object_that_was_built_can_be_written)
{
	CHECK(check_survives(write_wide));
}
