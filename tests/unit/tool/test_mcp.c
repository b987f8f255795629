/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/mcp.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/str.h"
#include "check.h"

#define HELLO                                                                  \
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":"       \
	"\"2025-11-25\",\"capabilities\":{\"tools\":{}},\"serverInfo\":"       \
	"{\"name\":\"t\",\"version\":\"1\"}}}\n"
#define LIST                                                                   \
	"{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"tools\":["                \
	"{\"name\":\"save\"},{\"name\":\"list\"}]}}\n"

static int ready;
static int broken;
static int answers;
static bool failed;
static int64_t answer_id;
static char text[RESULT_MAX + 1];

static void
check_setup(void)
{
}

static void
on_event(void *arg, enum mcp_event event, const struct mcp_answer *a)
{
	(void)arg;
	ready += event == MCP_READY;
	broken += event == MCP_BROKEN;
	answers += event == MCP_ANSWER;
	if (event != MCP_ANSWER)
		return;
	failed = a->failed;
	answer_id = a->id;
	snprintf(text, sizeof(text), "%s", a->text);
}

static struct mcp *
started(void)
{
	struct mcp *m = mcp_new(on_event, NULL);

	ready = broken = answers = 0;
	mcp_start(m);
	return m;
}

static void
feed(struct mcp *m, const char *s)
{
	char *exact = malloc(strlen(s));

	memcpy(exact, s, strlen(s));
	mcp_feed(m, exact, strlen(s));
	free(exact);
}

static struct mcp *
opened(void)
{
	struct mcp *m = started();

	feed(m, HELLO);
	feed(m, LIST);
	REQUIRE(ready == 1 && broken == 0);
	buf_clear(mcp_out(m));
	return m;
}

static int64_t
called(struct mcp *m)
{
	int64_t id = 0;

	REQUIRE(mcp_call(m, "save", "{\"a\": 1}", 8, &id) == OK);
	return id;
}

static void
answer(struct mcp *m, int64_t id, const char *rest)
{
	struct buf b;

	buf_init(&b, 2 * MCP_LINE_MAX);
	buf_addf(
	    &b, "{\"jsonrpc\":\"2.0\",\"id\":%lld,%s}\n", (long long)id, rest);
	feed(m, b.p);
	buf_done(&b);
}

TEST(the_handshake_says_what_the_protocol_wants)
{
	struct mcp *m = started();
	struct buf *out = mcp_out(m);

	CHECK(strstr(out->p, "\"id\":1,\"method\":\"initialize\"") != NULL);
	CHECK(strstr(out->p, "\"protocolVersion\":\"2025-11-25\"") != NULL);
	CHECK(strstr(out->p, "\"clientInfo\"") != NULL);
	CHECK_INT(out->p[out->len - 1], '\n');
	buf_clear(out);
	feed(m, HELLO);
	CHECK(strstr(out->p, "notifications/initialized") != NULL);
	CHECK(strstr(out->p, "\"id\":2,\"method\":\"tools/list\"") != NULL);
	CHECK_INT(ready, 0);
	feed(m, LIST);
	CHECK_INT(ready, 1);
	CHECK(mcp_lists(m, "save"));
	CHECK(mcp_lists(m, "list"));
	CHECK(!mcp_lists(m, "sav"));
	mcp_free(m);
}

TEST(the_list_is_read_to_its_last_page)
{
	struct mcp *m = started();

	feed(m, HELLO);
	buf_clear(mcp_out(m));
	answer(m, 2,
	    "\"result\":{\"tools\":[{\"name\":\"a\"}],\"nextCursor\":"
	    "\"p\\\"2\"}");
	CHECK_INT(ready, 0);
	CHECK(strstr(mcp_out(m)->p, "\"cursor\":\"p\\\"2\"") != NULL);
	answer(m, 3, "\"result\":{\"tools\":[{\"name\":\"b\"}]}");
	CHECK_INT(ready, 1);
	CHECK(mcp_lists(m, "a") && mcp_lists(m, "b"));
	mcp_free(m);
}

TEST(a_list_without_end_is_given_up)
{
	struct mcp *m = started();
	int64_t id;

	feed(m, HELLO);
	for (id = 2; id < 100 && broken == 0; id++)
		answer(
		    m, id, "\"result\":{\"tools\":[],\"nextCursor\":\"more\"}");
	CHECK_INT(broken, 1);
	CHECK_INT(ready, 0);
	CHECK_INT(id, 2 + MCP_LIST_PAGES_MAX);
	mcp_free(m);
}

TEST(a_call_is_answered)
{
	struct mcp *m = opened();
	int64_t id = called(m);

	CHECK(strstr(mcp_out(m)->p, "\"method\":\"tools/call\"") != NULL);
	CHECK(strstr(mcp_out(m)->p,
		  "\"name\":\"save\",\"arguments\":{\"a\": 1}}") != NULL);
	answer(m, id,
	    "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"one\"},"
	    "{\"type\":\"image\",\"data\":\"\"},"
	    "{\"type\":\"text\",\"text\":\"two\"}]}");
	CHECK_INT(answers, 1);
	CHECK_INT(answer_id, id);
	CHECK(!failed);
	CHECK_STR(text, "one\n(content that is not text)\ntwo");
	answer(m, id, "\"result\":{\"content\":[]}");
	CHECK_INT(answers, 1);
	mcp_free(m);
}

TEST(a_tools_own_error_and_a_protocol_error_are_failures)
{
	struct mcp *m = opened();

	answer(m, called(m),
	    "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"no "
	    "disk\"}],"
	    "\"isError\":true}");
	CHECK(failed);
	CHECK_STR(text, "no disk");
	answer(
	    m, called(m), "\"error\":{\"code\":-1,\"message\":\"bad name\"}");
	CHECK(failed);
	CHECK(strstr(text, "bad name") != NULL);
	answer(m, called(m), "\"error\":{\"code\":-1}");
	CHECK(failed);
	answer(m, called(m), "\"nothing\":1");
	CHECK(failed);
	CHECK_INT(answers, 4);
	CHECK_INT(broken, 0);
	mcp_free(m);
}

TEST(words_of_an_error_stay_utf8)
{
	struct mcp *m = opened();
	char words[512] = "\"error\":{\"message\":\"x";
	size_t i;

	for (i = 0; i < 150; i++)
		memcpy(words + strlen(words), "\xc3\xa9", 3);
	memcpy(words + strlen(words), "\"}", 3);
	answer(m, called(m), words);
	CHECK(failed);
	CHECK(str_is_utf8(text, strlen(text)));
	mcp_free(m);
}

TEST(a_result_that_is_too_large_is_a_failure)
{
	struct mcp *m = opened();
	struct buf b;

	buf_init(&b, MCP_LINE_MAX);
	buf_addf(&b,
	    "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"%0*d\"}]}",
	    RESULT_MAX + 1, 1);
	answer(m, called(m), b.p);
	CHECK(failed);
	CHECK(strstr(text, "larger") != NULL);
	buf_clear(&b);
	buf_addf(&b,
	    "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"%0*d\"}]}",
	    RESULT_MAX, 1);
	answer(m, called(m), b.p);
	CHECK(!failed);
	CHECK_INT(strlen(text), RESULT_MAX);
	buf_done(&b);
	mcp_free(m);
}

TEST(calls_are_told_apart_by_their_ids)
{
	struct mcp *m = opened();
	int64_t a = called(m);
	int64_t b = called(m);

	CHECK(a != b);
	answer(m, b, "\"result\":{\"content\":[]}");
	CHECK_INT(answer_id, b);
	answer(m, a, "\"result\":{\"content\":[]}");
	CHECK_INT(answer_id, a);
	answer(m, 999, "\"result\":{\"content\":[]}");
	answer(m, 0, "\"result\":{\"content\":[]}");
	CHECK_INT(answers, 2);
	mcp_free(m);
}

TEST(the_late_answer_of_a_cancelled_call_is_ignored)
{
	struct mcp *m = opened();
	int64_t id = called(m);

	buf_clear(mcp_out(m));
	mcp_cancel(m, id);
	CHECK(strstr(mcp_out(m)->p, "notifications/cancelled") != NULL);
	buf_clear(mcp_out(m));
	mcp_cancel(m, id);
	CHECK_INT(mcp_out(m)->len, 0);
	answer(m, id, "\"result\":{\"content\":[]}");
	CHECK_INT(answers, 0);
	CHECK_INT(broken, 0);
	mcp_free(m);
}

TEST(calls_have_a_limit_and_need_the_handshake)
{
	struct mcp *m = started();
	int64_t id = 77;
	int i;

	CHECK(mcp_call(m, "save", "{}", 2, &id) == ERR_STATE);
	CHECK_INT(id, 77);
	feed(m, HELLO);
	feed(m, LIST);
	for (i = 0; i < CALLS_OPEN_MAX; i++)
		CHECK(mcp_call(m, "save", "{}", 2, &id) == OK);
	CHECK(mcp_call(m, "save", "{}", 2, &id) == ERR_LIMIT);
	mcp_cancel(m, id);
	CHECK(mcp_call(m, "save", "{}", 2, &id) == OK);
	mcp_free(m);
}

TEST(a_ping_of_the_server_is_answered_and_other_wishes_refused)
{
	struct mcp *m = opened();

	feed(m, "{\"jsonrpc\":\"2.0\",\"id\":\"p-1\",\"method\":\"ping\"}\n");
	CHECK_STR(mcp_out(m)->p,
	    "{\"jsonrpc\":\"2.0\",\"id\":\"p-1\",\"result\":{}}\n");
	buf_clear(mcp_out(m));
	feed(m, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"roots/list\"}\n");
	CHECK(strstr(mcp_out(m)->p, "\"id\":9,\"error\":{\"code\":-32601") !=
	    NULL);
	buf_clear(mcp_out(m));
	feed(m, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}\n");
	CHECK_INT(mcp_out(m)->len, 0);
	CHECK_INT(broken, 0);
	mcp_free(m);
}

TEST(a_flood_of_pings_is_given_up)
{
	struct mcp *m = opened();
	int i;

	for (i = 0; i < 100000 && broken == 0; i++)
		feed(m, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n");
	CHECK_INT(broken, 1);
	mcp_free(m);
}

TEST(bytes_may_come_one_at_a_time)
{
	static const char all[] = HELLO "\r\n\n" LIST;
	struct mcp *m = started();
	size_t i;

	for (i = 0; i < sizeof(all) - 1; i++)
		mcp_feed(m, all + i, 1);
	CHECK_INT(ready, 1);
	CHECK_INT(broken, 0);
	mcp_free(m);
}

TEST(bytes_may_come_all_at_once)
{
	struct mcp *m = started();

	feed(m, HELLO LIST);
	CHECK_INT(ready, 1);
	mcp_free(m);
}

TEST(a_line_that_is_too_long_ends_the_session)
{
	struct mcp *m = opened();
	char *a = malloc(MCP_LINE_MAX);

	memset(a, 'a', MCP_LINE_MAX);
	mcp_feed(m, a, MCP_LINE_MAX);
	CHECK_INT(broken, 0);
	mcp_feed(m, a, 1);
	CHECK_INT(broken, 1);
	mcp_feed(m, "\n", 1);
	feed(m, LIST);
	CHECK_INT(broken, 1);
	free(a);
	mcp_free(m);
}

TEST(what_is_not_the_protocol_ends_the_session_once)
{
	static const char *const bad[] = {"words\n", "{}\n", "[]\n", "1\n",
	    "{\"jsonrpc\":\"1.0\",\"id\":1,\"result\":{}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":1,\"result\":{}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"message\":\"no\"}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":"
	    "\"2024-10-07\",\"capabilities\":{}}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":"
	    "\"2026-06-01\",\"capabilities\":{}}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"protocolVersion\":"
	    "\"2025-11-25\"}}\n",
	    "\xff\n"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		struct mcp *m = started();

		CASE(bad[i]);
		feed(m, bad[i]);
		feed(m, bad[i]);
		CHECK_INT(broken, 1);
		CHECK_INT(ready, 0);
		mcp_free(m);
	}
}

TEST(a_malformed_list_ends_the_session)
{
	struct mcp *m = started();

	feed(m, HELLO);
	answer(m, 2, "\"result\":{\"tools\":{}}");
	CHECK_INT(broken, 1);
	mcp_free(m);
}

TEST(functions_without_a_name_of_ours_are_left_out)
{
	struct mcp *m = started();
	struct buf b;
	int i;

	feed(m, HELLO);
	buf_init(&b, 65536);
	buf_addf(&b,
	    "\"result\":{\"tools\":[1,{},{\"name\":7},{\"name\":\"%0100d\"}",
	    1);
	for (i = 0; i < MCP_FUNCTIONS_MAX; i++)
		buf_addf(&b, ",{\"name\":\"f%d\"}", i);
	buf_adds(&b, "]}");
	answer(m, 2, b.p);
	buf_done(&b);
	CHECK_INT(ready, 1);
	CHECK(mcp_lists(m, "f0"));
	CHECK(mcp_lists(m, "f255"));
	mcp_free(m);
}

TEST(a_list_that_does_not_fit_is_refused_in_words)
{
	struct mcp *m = started();
	struct buf b;
	int i;

	feed(m, HELLO);
	buf_init(&b, 65536);
	buf_adds(&b, "\"result\":{\"tools\":[{\"name\":\"f\"}");
	for (i = 0; i < MCP_FUNCTIONS_MAX; i++)
		buf_addf(&b, ",{\"name\":\"f%d\"}", i);
	buf_adds(&b, "]}");
	answer(m, 2, b.p);
	buf_done(&b);
	CHECK_INT(ready, 0);
	mcp_free(m);
}

TEST(an_older_revision_of_the_same_era_will_do)
{
	struct mcp *m = started();

	answer(m, 1,
	    "\"result\":{\"protocolVersion\":\"2024-11-05\",\"capabilities\":{}"
	    "}");
	CHECK_INT(broken, 0);
	feed(m, LIST);
	CHECK_INT(ready, 1);
	mcp_free(m);
}

TEST(a_list_before_the_greeting_opens_nothing)
{
	struct mcp *m = mcp_new(on_event, NULL);

	ready = broken = 0;
	feed(m, "{\"jsonrpc\":\"2.0\",\"result\":{\"tools\":[]}}\n");
	CHECK_INT(ready, 0);
	mcp_free(m);
}
