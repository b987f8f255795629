/* SPDX-License-Identifier: Apache-2.0 */
#include "term/term.h"

#include <string.h>

#include "check.h"

#define DAY_MS (24 * 3600 * (int64_t)1000)

static void
check_setup(void)
{
}

static bool
covers(const char *scope, const char *tool)
{
	struct term t = {0};

	memcpy(t.scope, scope, strlen(scope));
	return term_covers(&t, (struct str){tool, strlen(tool)});
}

TEST(a_term_is_over_at_its_end_and_when_the_end_was_seen)
{
	struct term t = {0};

	CHECK(!term_is_over(&t, INT64_MAX));
	t.until_ms = 1000;
	CHECK(!term_is_over(&t, 999));
	CHECK(term_is_over(&t, 1000));
	t.ended = true;
	CHECK(term_is_over(&t, 0));
}

TEST(a_scope_covers_what_one_of_its_globs_does)
{
	char tool[300];

	CHECK(covers("", "notes.save"));
	CHECK(covers("notes.*", "notes.save"));
	CHECK(covers("files.read,notes.save", "notes.save"));
	CHECK(covers("notes.save,files.read", "notes.save"));
	CHECK(!covers("notes.save", "notes.saved"));
	CHECK(!covers("notes.save,files.read", "notes.save,files.read"));
	CHECK(!covers("files.*", "notes.save"));
	memset(tool, 'a', sizeof(tool));
	tool[sizeof(tool) - 1] = '\0';
	CHECK(!covers("*", tool));
}

TEST(what_is_no_scope_is_told)
{
	static const char *const bad[] = {",", "a,", ",a", "a,,b", "a b",
	    "notes.*\nallow x tool=*", "A.*", "\"a\"", "a=b",
	    "a,b,c,d,e,f,g,h,i"};
	static const char *const good[] = {
	    "", "notes.*", "a,b,c,d,e,f,g,h", "model.house.?", "*"};
	char text[SCOPE_TEXT_MAX + 2];
	struct errmsg why;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK_INT(term_check_scope(bad[i], &why), ERR_INPUT);
		CHECK(strstr(why.text, "notes.*") != NULL);
	}
	for (i = 0; i < ARRAY_LEN(good); i++) {
		CASE(good[i]);
		CHECK_INT(term_check_scope(good[i], &why), OK);
	}
	memset(text, 'a', sizeof(text));
	text[SCOPE_TEXT_MAX] = '\0';
	CHECK_INT(term_check_scope(text, &why), OK);
	text[SCOPE_TEXT_MAX] = 'a';
	text[SCOPE_TEXT_MAX + 1] = '\0';
	CHECK_INT(term_check_scope(text, &why), ERR_INPUT);
}

static enum verdict
judged(const char *scope, const char *tool, enum effect effect)
{
	struct term t = {0};
	struct names none = {0};
	struct policy_ports ports = {0};
	struct policy_question q = {.tool = tool,
	    .effect = effect,
	    .principal = "script",
	    .agent = "house",
	    .labels = &none,
	    .minute = -1,
	    .ports = &ports};
	struct policy_layer layer = {"scope", NULL};
	struct policy *p;
	struct policy_answer a;

	memcpy(t.scope, scope, strlen(scope));
	p = term_layer(&t);
	if (p == NULL)
		return VERDICT_ALLOW;
	layer.policy = p;
	q.args = json_object();
	a = policy_decide(&q, &layer, 1);
	json_free((struct json *)(uintptr_t)q.args);
	policy_free(p);
	return a.verdict;
}

TEST(a_scope_is_a_layer_that_denies_the_rest)
{
	char most[SCOPE_TEXT_MAX + 1];

	CHECK_INT(judged("", "notes.save", EFFECT_SYSTEM), VERDICT_ALLOW);
	CHECK_INT(
	    judged("notes.*", "notes.save", EFFECT_SYSTEM), VERDICT_ALLOW);
	CHECK_INT(judged("notes.*,files.read", "files.read", EFFECT_SYSTEM),
	    VERDICT_ALLOW);
	CHECK_INT(judged("notes.*", "files.read", EFFECT_SYSTEM), VERDICT_DENY);
	CHECK_INT(
	    judged("notes.*", "memory.search", EFFECT_SYSTEM), VERDICT_DENY);
	CHECK_INT(judged("notes.*", "model.house.ollama", EFFECT_READ),
	    VERDICT_ALLOW);
	CHECK_INT(
	    judged("notes.*", "house.status", EFFECT_READ), VERDICT_ALLOW);
	CHECK_INT(
	    judged("notes.*", "house.open", EFFECT_PHYSICAL), VERDICT_DENY);
	/* The longest that passes the check is one to the policy, too. */
	memset(most, 'a', SCOPE_TEXT_MAX);
	most[SCOPE_TEXT_MAX] = '\0';
	CHECK_INT(
	    judged(most, "model.house.ollama", EFFECT_READ), VERDICT_ALLOW);
	CHECK_INT(judged("a,b,c,d,e,f,g,h", "h", EFFECT_SYSTEM), VERDICT_ALLOW);
}

TEST(times_are_read_with_their_unit)
{
	static const char *const bad[] = {"", "30", "d", "0d", "-1d", "1.5d",
	    "30 d", "30dd", "1w", "99999999999999999999d", "3661d", "1D"};
	struct errmsg why;
	int64_t ms = 0;
	size_t i;

	CHECK_INT(term_read_time("30d", &ms, &why), OK);
	CHECK_INT(ms, 30 * DAY_MS);
	CHECK_INT(term_read_time("12h", &ms, &why), OK);
	CHECK_INT(ms, DAY_MS / 2);
	CHECK_INT(term_read_time("90s", &ms, &why), OK);
	CHECK_INT(ms, 90000);
	CHECK_INT(term_read_time("5m", &ms, &why), OK);
	CHECK_INT(ms, 300000);
	CHECK_INT(term_read_time("3660d", &ms, &why), OK);
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK(term_read_time(bad[i], &ms, &why) != OK);
		CHECK(strlen(why.text) > 0);
	}
	CHECK_INT(ms, TERM_MS_MAX);
}

static const char *
said(int64_t left_ms)
{
	static char text[64];
	struct term t = {.until_ms = 1000 + left_ms};
	struct buf b;

	buf_init(&b, sizeof(text) - 1);
	term_say(&t, 1000, &b);
	snprintf(text, sizeof(text), "%s", b.len > 0 ? b.p : "");
	buf_done(&b);
	return text;
}

TEST(what_is_left_is_said_in_words)
{
	CHECK_STR(said(3 * DAY_MS + 5), "expires in 3 days");
	CHECK_STR(said(DAY_MS), "expires in 1 day");
	CHECK_STR(said(DAY_MS - 1), "expires in 23 hours");
	CHECK_STR(said(61 * 1000), "expires in 1 minute");
	CHECK_STR(said(5), "expires in less than a minute");
	CHECK_STR(said(0), "expired");
	CHECK_STR(said(-1000), "");
}
