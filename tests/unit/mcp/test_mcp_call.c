/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

TEST(a_call_is_answered)
{
	struct mcp *m = opened(MCP_LEGACY);
	int64_t id = called(m);

	answer(m, id, RESULT("\"content\":[" TEXT("one") "," TEXT("two") "]"));
	CHECK_INT(seen.answers, 1);
	CHECK_INT(seen.id, id);
	CHECK(!seen.failed);
	CHECK_STR(seen.text, "one\ntwo");
	answer(m, id, RESULT("\"content\":[]"));
	CHECK_INT(seen.answers, 1);
	CHECK_INT(mcp_counted(m)->strays, 1);
	mcp_free(m);
}

static const struct {
	const char *result;
	bool failed;
	const char *text;
} results[] = {
    {"\"content\":[]", false, ""},
    {"\"nothing\":1", false, ""},
    {"\"content\":[" TEXT("") "]", false, ""},
    {"\"content\":[" TEXT("a") "],\"isError\":true", true, "a"},
    {"\"content\":[],\"isError\":true", true,
	"the tool reports an error without words"},
    {"\"content\":[" TEXT("a") "],\"isError\":\"yes\"", false, "a"},
    {"\"content\":{}", true, "the tool's answer is malformed"},
    {"\"content\":\"a\"", true, "the tool's answer is malformed"},
    {"\"content\":[{\"type\":\"image\",\"data\":\"aGk=\","
     "\"mimeType\":\"image/png\"}]",
	false, "(an image image/png, which is not shown)"},
    {"\"content\":[" TEXT(
	 "a") ",{\"type\":\"audio\","
	      "\"data\":\"aGk=\",\"mimeType\":\"audio/wav\"}," TEXT("b") "]",
	false, "a\n(a sound audio/wav, which is not played)\nb"},
    {"\"content\":[{\"type\":\"image\"}]", false,
	"(an image, which is not shown)"},
    {"\"content\":[{\"type\":\"resource_link\",\"name\":\"n\","
     "\"uri\":\"file:///a.rs\"}]",
	false, "(a link to file:///a.rs, which was not followed)"},
    {"\"content\":[{\"type\":\"resource\",\"resource\":{\"uri\":"
     "\"file:///a\",\"text\":\"inside\"}}]",
	false, "(the resource file:///a)\ninside"},
    {"\"content\":[{\"type\":\"resource\",\"resource\":{\"uri\":"
     "\"file:///a\",\"blob\":\"aGk=\"}}]",
	false, "(the resource file:///a, which is not text)"},
    {"\"content\":[{\"type\":\"resource\"}]", false,
	"(the resource, which is not text)"},
    {"\"content\":[{\"type\":\"video\"}]", false,
	"(content of the kind video, which is not known)"},
    {"\"content\":[7]", false, "(content of the kind, which is not known)"},
    {"\"content\":[{\"type\":\"text\",\"text\":7}]", false,
	"(content of the kind text, which is not known)"},
    {"\"structuredContent\":{\"b\":1,\"a\":[true,null]}", false,
	"{\"a\":[true,null],\"b\":1}"},
    {"\"content\":[],\"structuredContent\":[1,\"x\"]", false, "[1,\"x\"]"},
    {"\"content\":[],\"structuredContent\":null", false, "null"},
    {"\"content\":[" TEXT("") "],\"structuredContent\":7", false, "7"},
    {"\"content\":[" TEXT("a") "],\"structuredContent\":{\"b\":1}", false, "a"},
    {"\"content\":[{\"type\":\"image\"}],\"structuredContent\":7", false,
	"(an image, which is not shown)\n7"},
    {"\"structuredContent\":{\"b\":1},\"isError\":true", true, "{\"b\":1}"},
};

TEST(what_comes_back_is_told_as_text_or_named)
{
	char text[512];
	size_t i;

	for (i = 0; i < 2 * ARRAY_LEN(results); i++) {
		struct mcp *m = opened(i % 2 == 0 ? MCP_LEGACY : MCP_MODERN);

		CASE(results[i / 2].result);
		snprintf(text, sizeof(text), "\"result\":{%s}",
		    results[i / 2].result);
		answer(m, called(m), text);
		CHECK_INT(seen.answers, 1);
		CHECK_INT(seen.failed, results[i / 2].failed);
		CHECK_STR(seen.text, results[i / 2].text);
		CHECK_INT(seen.broken, 0);
		mcp_free(m);
	}
}

TEST(an_error_is_a_failure_with_its_words)
{
	struct mcp *m = opened(MCP_LEGACY);

	answer(
	    m, called(m), "\"error\":{\"code\":-1,\"message\":\"bad name\"}");
	CHECK(seen.failed);
	CHECK_STR(seen.text, "the tool reports an error: bad name");
	answer(m, called(m), "\"error\":{\"code\":-1}");
	CHECK(seen.failed);
	CHECK_STR(seen.text, "the tool reports an error: without words");
	CHECK_INT(seen.answers, 2);
	CHECK_INT(seen.broken, 0);
	mcp_free(m);
}

TEST(an_answer_that_is_none_is_a_failure)
{
	static const char *const bad[] = {"\"nothing\":1", "\"result\":[]",
	    "\"result\":\"x\"", "\"result\":null", "\"error\":\"x\"",
	    "\"error\":null", "\"result\":{},\"error\":{\"code\":1}",
	    "\"result\":{},\"error\":null"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		struct mcp *m = opened(MCP_MODERN);

		CASE(bad[i]);
		answer(m, called(m), bad[i]);
		CHECK_INT(seen.answers, 1);
		CHECK(seen.failed);
		CHECK_STR(seen.text, "the tool's answer is malformed");
		mcp_free(m);
	}
}

TEST(a_modern_result_says_of_what_kind_it_is)
{
	static const struct {
		const char *type;
		bool failed;
		const char *text;
	} cases[] = {{"\"complete\"", false, "a"},
	    {"\"input_required\"", true,
		"the tool asks something before it goes on, and nobody can "
		"be asked yet"},
	    {"\"task\"", true, "the tool's answer is malformed"},
	    {"\"Complete\"", true, "the tool's answer is malformed"},
	    {"\"\"", true, "the tool's answer is malformed"},
	    {"null", true, "the tool's answer is malformed"},
	    {"7", true, "the tool's answer is malformed"}};
	char text[512];
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct mcp *m = opened(MCP_MODERN);

		CASE(cases[i].type);
		snprintf(text, sizeof(text),
		    "\"result\":{\"resultType\":%s,\"inputRequests\":{},"
		    "\"content\":[" TEXT("a") "]}",
		    cases[i].type);
		answer(m, called(m), text);
		CHECK_INT(seen.failed, cases[i].failed);
		CHECK_STR(seen.text, cases[i].text);
		CHECK_INT(mcp_out(m)->len > 0, true);
		mcp_free(m);
		/* To the legacy era the word means nothing. */
		m = opened(MCP_LEGACY);
		answer(m, called(m), text);
		CHECK_STR(seen.text, "a");
		mcp_free(m);
	}
}

/* Who looks for secrets in them must see all of them. */
TEST(words_of_a_server_are_handed_on_whole)
{
	static const char *const around[][2] = {
	    {"\"error\":{\"message\":\"", "\"}"},
	    {"\"result\":{\"content\":[{\"type\":\"", "\"}]}"},
	    {"\"result\":{\"content\":[{\"type\":\"image\",\"mimeType\":\"",
		"\"}]}"},
	    {"\"result\":{\"content\":[{\"type\":\"audio\",\"mimeType\":\"",
		"\"}]}"},
	    {"\"result\":{\"content\":[{\"type\":\"resource_link\",\"uri\":\"",
		"\"}]}"},
	    {"\"result\":{\"content\":[{\"type\":\"resource\","
	     "\"resource\":{\"uri\":\"",
		"\"}}]}"}};
	char words[3000];
	char text[4096];
	size_t i;
	size_t n;

	for (n = 0; n + 9 < sizeof(words); n += 8)
		snprintf(words + n, 9, "%07zu ", n);
	for (i = 0; i < ARRAY_LEN(around); i++) {
		struct mcp *m = opened(MCP_LEGACY);

		snprintf(text, sizeof(text), "%s%s%s", around[i][0], words,
		    around[i][1]);
		answer(m, called(m), text);
		CHECK_INT(seen.answers, 1);
		CHECK(strstr(seen.text, words) != NULL);
		mcp_free(m);
	}
}

TEST(an_error_that_is_too_large_is_told_as_such)
{
	struct mcp *m = opened(MCP_LEGACY);
	struct buf b;

	buf_init(&b, MCP_LINE_MAX);
	buf_addf(&b, "\"error\":{\"message\":\"%0*d\"}", RESULT_MAX + 1, 1);
	answer(m, called(m), b.p);
	CHECK(seen.failed);
	CHECK(strstr(seen.text, "larger") != NULL);
	buf_done(&b);
	mcp_free(m);
}

TEST(a_result_that_is_too_large_is_a_failure)
{
	struct mcp *m = opened(MCP_LEGACY);
	struct buf b;

	buf_init(&b, MCP_LINE_MAX);
	buf_addf(&b,
	    "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"%0*d\"}]}",
	    RESULT_MAX + 1, 1);
	answer(m, called(m), b.p);
	CHECK(seen.failed);
	CHECK(strstr(seen.text, "larger") != NULL);
	buf_clear(&b);
	buf_addf(&b,
	    "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"%0*d\"}]}",
	    RESULT_MAX, 1);
	answer(m, called(m), b.p);
	CHECK(!seen.failed);
	CHECK_INT(strlen(seen.text), RESULT_MAX);
	buf_clear(&b);
	buf_addf(&b, "\"result\":{\"structuredContent\":\"%0*d\"}",
	    RESULT_MAX - 1, 1);
	answer(m, called(m), b.p);
	CHECK(seen.failed);
	CHECK(strstr(seen.text, "larger") != NULL);
	buf_done(&b);
	mcp_free(m);
}

TEST(calls_are_told_apart_by_their_ids)
{
	struct mcp *m = opened(MCP_LEGACY);
	int64_t a = called(m);
	int64_t b = called(m);

	CHECK(a != b);
	answer(m, 999, RESULT("\"content\":[]"));
	CHECK_INT(seen.answers, 0);
	answer(m, b, RESULT("\"content\":[]"));
	CHECK_INT(seen.id, b);
	answer(m, b, RESULT("\"content\":[]"));
	CHECK_INT(seen.answers, 1);
	answer(m, a, RESULT("\"content\":[]"));
	CHECK_INT(seen.id, a);
	CHECK_INT(seen.answers, 2);
	mcp_free(m);
}

TEST(ids_are_used_once)
{
	struct mcp *m = opened(MCP_MODERN);
	int64_t last = 0;
	int i;

	for (i = 0; i < 1000; i++) {
		int64_t id = called(m);

		CHECK(id > last);
		last = id;
		if (i % 2 == 0)
			mcp_cancel(m, id);
		else
			answer(m, id, RESULT("\"content\":[]"));
		buf_clear(mcp_out(m));
	}
	CHECK_INT(seen.answers, 500);
	mcp_free(m);
}

TEST(a_call_is_cancelled_in_both_eras)
{
	enum mcp_era era;

	for (era = MCP_LEGACY; era <= MCP_MODERN; era++) {
		struct mcp *m = opened(era);
		int64_t id = called(m);

		buf_clear(mcp_out(m));
		mcp_cancel(m, id);
		CHECK_STR(mcp_out(m)->p,
		    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
		    "cancelled\",\"params\":{\"requestId\":3,\"reason\":"
		    "\"nobody waits any more\"}}\n");
		buf_clear(mcp_out(m));
		mcp_cancel(m, id);
		mcp_cancel(m, 1);
		mcp_cancel(m, 2);
		mcp_cancel(m, 0);
		CHECK_INT(mcp_out(m)->len, 0);
		mcp_free(m);
	}
}

TEST(the_handshake_cannot_be_cancelled)
{
	struct mcp *m = started(MCP_UNKNOWN);

	buf_clear(mcp_out(m));
	mcp_cancel(m, 1);
	CHECK_INT(mcp_out(m)->len, 0);
	answer(m, 1, ERROR("-32601"));
	buf_clear(mcp_out(m));
	mcp_cancel(m, 2);
	CHECK_INT(mcp_out(m)->len, 0);
	mcp_free(m);
}

TEST(the_late_answer_of_a_cancelled_call_is_ignored_once)
{
	struct mcp *m = opened(MCP_LEGACY);
	int64_t id = called(m);

	mcp_cancel(m, id);
	answer(m, id, RESULT("\"content\":[]"));
	CHECK_INT(mcp_counted(m)->late, 1);
	CHECK_INT(mcp_counted(m)->strays, 0);
	answer(m, id, RESULT("\"content\":[]"));
	CHECK_INT(mcp_counted(m)->late, 1);
	CHECK_INT(mcp_counted(m)->strays, 1);
	CHECK_INT(seen.answers, 0);
	CHECK_INT(seen.broken, 0);
	mcp_free(m);
}

TEST(a_long_life_of_cancelled_calls_is_no_fault)
{
	struct mcp *m = opened(MCP_LEGACY);
	int i;

	for (i = 0; i < 10 * MCP_STRAYS_MAX; i++) {
		int64_t id = called(m);

		mcp_cancel(m, id);
		answer(m, id, RESULT("\"content\":[]"));
		buf_clear(mcp_out(m));
		now_ms += 100;
	}
	CHECK_INT(seen.broken, 0);
	CHECK_INT(mcp_counted(m)->late, 10 * MCP_STRAYS_MAX);
	CHECK_INT(mcp_counted(m)->strays, 0);
	mcp_free(m);
}

TEST(calls_have_a_limit_and_need_the_handshake)
{
	struct mcp *m = started(MCP_LEGACY);
	int64_t id = 77;
	int i;

	CHECK(mcp_call(m, "save", "{}", 2, &id) == ERR_STATE);
	CHECK_INT(id, 77);
	answer(m, 1, HELLO);
	CHECK(mcp_call(m, "save", "{}", 2, &id) == ERR_STATE);
	answer(m, 2, TWO);
	for (i = 0; i < CALLS_OPEN_MAX; i++)
		CHECK(mcp_call(m, "save", "{}", 2, &id) == OK);
	CHECK(mcp_call(m, "save", "{}", 2, &id) == ERR_LIMIT);
	mcp_cancel(m, id);
	CHECK(mcp_call(m, "save", "{}", 2, &id) == OK);
	feed(m, "x\n");
	CHECK(mcp_call(m, "save", "{}", 2, &id) == ERR_STATE);
	mcp_free(m);
}

TEST(a_server_that_does_not_read_gets_no_more_calls)
{
	struct mcp *m = opened(MCP_LEGACY);
	char *args = malloc(ARGS_MAX);
	int64_t id = 0;
	int i;

	memset(args, '1', ARGS_MAX);
	for (i = 0; i < 1000; i++) {
		if (mcp_call(m, "save", args, ARGS_MAX, &id) != OK)
			break;
		mcp_cancel(m, id);
	}
	CHECK(i > 8 && i < 1000);
	CHECK(!mcp_out(m)->overflow);
	free(args);
	mcp_free(m);
}

TEST(a_name_is_written_as_a_string)
{
	struct mcp *m = opened(MCP_LEGACY);
	int64_t id;

	CHECK(mcp_call(m, "a\"b\n", "{}", 2, &id) == OK);
	CHECK(said(m, "\"name\":\"a\\\"b\\n\",\"arguments\":{}}"));
	mcp_free(m);
}
