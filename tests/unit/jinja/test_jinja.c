/* SPDX-License-Identifier: Apache-2.0 */
#include "jinja/jinja.h"

#include "check.h"

static void
check_setup(void)
{
}

static const char *const names[] = {"value", "value_json", "position", NULL};

/* What comes out with this payload; NULL: it fails, with `why`. */
static char *
render(const char *text, const char *payload, struct errmsg *why)
{
	struct jinja_vars *v = jinja_vars_new();
	struct jinja *t;
	struct buf b;
	enum err e;

	buf_init(&b, 1000);
	jinja_put_text(v, "value", payload, strlen(payload));
	(void)jinja_put_json(v, "value_json", payload, strlen(payload));
	e = jinja_compile(text, names, &t, why);
	if (e == OK) {
		e = jinja_render(t, v, &b, why);
		jinja_free(t);
	}
	jinja_vars_free(v);
	if (e == OK)
		buf_add(&b, "", 0);
	else
		buf_done(&b);
	return e == OK ? buf_steal(&b) : NULL;
}

struct row {
	const char *text;
	const char *payload;
	const char *want; /* NULL: refused or failed. */
};

static void
check_rows(const struct row *rows, size_t n)
{
	struct errmsg why;
	size_t i;

	for (i = 0; i < n; i++) {
		char *got = render(rows[i].text, rows[i].payload, &why);

		CASE(rows[i].text);
		CHECK((got == NULL) == (rows[i].want == NULL));
		if (got != NULL && rows[i].want != NULL)
			CHECK_STR(got, rows[i].want);
		free(got);
	}
}

/* Each expected text is what Jinja2 gives with Home Assistant's filters;
 * check-home compares many more with Jinja2 itself. */
TEST(shapes_that_devices_use_come_out_as_jinja_has_them)
{
	static const struct row rows[] = {
	    {"{{ value_json.state }}", "{\"state\":\"ON\"}", "ON"},
	    {"{{ value_json[\"state\"] }}", "{\"state\":true}", "True"},
	    {"{{ value_json['a']['b'] }}", "{\"a\":{\"b\":21.0}}", "21.0"},
	    {"{{ value_json.a[1] }}", "{\"a\":[1,-2]}", "-2"},
	    {"{{ value_json.missing }}", "{}", ""},
	    {"{{ value_json.missing.more }}", "{}", NULL},
	    {"{{ value_json.missing | default('x') }}", "{}", "x"},
	    {"{{ value | float(0) * 2 }}", "1.5", "3.0"},
	    {"{{ value | int }}", "12.9", "12"},
	    {"{{ value | int }}", "high", NULL},
	    {"{{ value | int(7) }}", "high", "7"},
	    {"{{ (value | float / 3) | round(2) }}", "10", "3.33"},
	    {"{{ value | float | round }}", "2.5", "2"},
	    {"{{ {'1':'low','2':'high'}[value] }}", "2", "high"},
	    {"{{ {'1':'low'}.get(value, 'none') }}", "2", "none"},
	    {"{% if value_json.a > 3 %}big{% else %}small{% endif %}",
		"{\"a\":4}", "big"},
	    {"{%- set x = value_json.a -%} {{ x ~ '-' ~ x }}", "{\"a\":4}",
		"4-4"},
	    {"{{ 'yes' if 'b' in value_json.a else 'no' }}",
		"{\"a\":[\"a\",\"b\"]}", "yes"},
	    {"{{ value | lower }}", "OPEN", "open"},
	    {"{{ value | truncate(5, True, '', 0) }}", "abcdefgh", "abcde"},
	    {"{{ value_json.a is defined }}", "{\"a\":null}", "True"},
	    {"{{ value_json.a + 1 | int * 2 }}", "{\"a\":4}", "6"},
	    {"{{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }}", "", "-4 2 3.5"},
	    {"{{ 1 < value_json.a <= 4 }}", "{\"a\":4}", "True"},
	    {"  {{ value }}  ", " x ", "x"},
	    {"{{ 1e16 }} {{ 0.00001 }} {{ 100000.0 }}", "",
		"1e+16 1e-05 100000.0"},
	    {"{{ value.split(',')[1] }}", "a,b", "b"},
	    {"{{ not value_json.a and value_json.b or 'c' }}",
		"{\"a\":1,\"b\":2}", "c"},
	};

	check_rows(rows, ARRAY_LEN(rows));
}

TEST(what_is_outside_of_the_part_is_refused_with_the_reason)
{
	static const struct {
		const char *text;
		const char *word;
	} rows[] = {
	    {"{{ states('light.x') }}", "states"},
	    {"{% for x in value_json %}{% endfor %}", "for"},
	    {"{{ value | regex_replace('a','b') }}", "regex_replace"},
	    {"{{ this.state }}", "this"},
	    {"{{ value_json.items() }}", "items"},
	    {"{{ value_json.update }}", "update"},
	    {"{{ value.__class__ }}", "__class__"},
	    {"{{ value ** 2 }}", "**"},
	    {"{{ value[1:2] }}", "]"},
	    {"{% include 'x' %}", "include"},
	    {"{% set a, b = value %}", "set"},
	    {"{{ value", "not Jinja"},
	    {"{% if value %}", "no end"},
	};
	struct jinja *t;
	struct errmsg why;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].text);
		CHECK(jinja_compile(rows[i].text, names, &t, &why) != OK);
		CHECK(strstr(why.text, rows[i].word) != NULL);
	}
}

TEST(what_cannot_be_told_exactly_is_an_error)
{
	static const struct row rows[] = {
	    {"{{ value_json }}", "{\"a\":1}", NULL},
	    {"{{ value | upper }}",
		"stra\xc3\x9f"
		"e",
		NULL},
	    {"{{ value_json.a + 1 }}", "{\"a\":9223372036854775807}", NULL},
	    {"{{ value_json.a }}", "{\"a\":99999999999999999999}",
		"99999999999999999999"},
	    {"{{ value_json.a + 1 }}", "{\"a\":99999999999999999999}", NULL},
	    {"{{ value | float(5) }}", "nan", NULL},
	    {"{{ value | float(5) }}", "1_0", NULL},
	    {"{{ 1 / value_json.a }}", "{\"a\":0}", NULL},
	    {"{{ value_json.a < 'x' }}", "{\"a\":0}", NULL},
	};

	check_rows(rows, ARRAY_LEN(rows));
}

TEST(work_and_depth_are_bounded)
{
	char deep[JINJA_MAX];
	char many[JINJA_MAX + 2];
	struct jinja *t;
	struct errmsg why;
	size_t i;
	char *got;

	for (i = 0; i < 2000; i++)
		deep[i] = '(';
	deep[0] = deep[1] = '{';
	deep[i] = '\0';
	CHECK(jinja_compile(deep, names, &t, &why) == ERR_LIMIT);
	memset(many, 'x', sizeof(many));
	many[JINJA_MAX + 1] = '\0';
	CHECK(jinja_compile(many, names, &t, &why) == ERR_LIMIT);
	/* A text that doubles each time. */
	got = render("{% set a = value %}{% set a = a~a~a~a~a~a~a~a %}"
		     "{% set a = a~a~a~a~a~a~a~a %}{% set a = "
		     "a~a~a~a~a~a~a~a %}{% set a = a~a~a~a~a~a~a~a %}"
		     "{% set a = a~a~a~a~a~a~a~a %}{% set a = "
		     "a~a~a~a~a~a~a~a %}{{ a }}",
	    "0123456789", &why);
	CHECK(got == NULL);
	free(got);
	/* More than the caller has room for. */
	got = render("{% set a = value~value~value~value %}{% set a = "
		     "a~a~a~a~a~a~a~a %}{% set a = a~a~a~a~a~a~a~a %}{{ a }}",
	    "0123456789", &why);
	CHECK(got == NULL);
	free(got);
}

TEST(json_that_is_none_leaves_the_variable_undefined)
{
	static const struct row rows[] = {
	    {"{{ value_json is defined }}", "ON", "False"},
	    {"{{ value_json is defined }}", "5", "True"},
	    {"{{ value_json.a }}", "{\"a\":1", NULL},
	    {"{{ value_json.a }}", "{\"a\":\"\\u00e9\\ud83d\\ude00\\n|\"}",
		"\xc3\xa9\xf0\x9f\x98\x80\n|"},
	    {"{{ value_json.a }}", "{\"a\":1,\"a\":2}", "2"},
	};

	check_rows(rows, ARRAY_LEN(rows));
}

TEST(a_template_says_what_it_reads)
{
	struct jinja *t;
	struct errmsg why;

	REQUIRE(
	    jinja_compile("{{ {'a': position}['a'] }}", names, &t, &why) == OK);
	CHECK(jinja_reads(t, "position"));
	CHECK(!jinja_reads(t, "value"));
	CHECK(!jinja_reads(t, "code"));
	jinja_free(t);
}
