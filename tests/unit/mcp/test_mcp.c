/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#define DEEP                                                                   \
	"{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":"                    \
	"[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}\n"
#define PING "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n"

TEST(bytes_may_come_one_at_a_time)
{
	static const char all[] = "{\"jsonrpc\":\"2.0\",\"id\":1," ERROR(
	    "-32601") "}\n"
		      "{\"jsonrpc\":\"2.0\",\"id\":2," HELLO "}\n\r\n\n"
		      "{\"jsonrpc\":\"2.0\",\"id\":3," TWO "}\r\n";
	struct mcp *m = started(MCP_UNKNOWN);
	size_t i;

	for (i = 0; i < sizeof(all) - 1; i++)
		mcp_feed(m, all + i, 1, now_ms);
	CHECK_INT(seen.ready, 1);
	CHECK_INT(seen.broken, 0);
	mcp_free(m);
	m = started(MCP_UNKNOWN);
	feed(m, all);
	CHECK_INT(seen.ready, 1);
	mcp_free(m);
}

TEST(a_line_that_is_too_long_ends_the_session)
{
	struct mcp *m = opened(MCP_LEGACY);
	char *a = malloc(MCP_LINE_MAX);

	memset(a, 'a', MCP_LINE_MAX);
	mcp_feed(m, a, MCP_LINE_MAX, now_ms);
	CHECK_INT(seen.broken, 0);
	mcp_feed(m, a, 1, now_ms);
	free(a);
	check_broken(m, "too long");
}

TEST(what_is_not_the_protocol_ends_the_session_once)
{
	static const char *const bad[] = {"words\n", "{}\n", "[]\n", "1\n",
	    "null\n", "\"x\"\n",
	    "{\"jsonrpc\":\"1.0\",\"id\":1," DISCOVER "}\n",
	    "{\"jsonrpc\":2.0,\"id\":1," DISCOVER "}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":1," DISCOVER "}\n",
	    "{\"jsonrpc\":\"2.0\",\"method\":7}\n",
	    "[{\"jsonrpc\":\"2.0\",\"id\":1," DISCOVER "}]\n",
	    "{\"jsonrpc\":\"2.0\",\"method\":\"\xc3\"}\n",
	    "{\"jsonrpc\":\"2.0\",\"method\":\"\\ud800\"}\n",
	    "{\"jsonrpc\":\"2.0\",\"method\":\"\\u0000\"}\n", DEEP, "\xff\n",
	    "\xef\xbb\xbf{}\n"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		struct mcp *m = started(MCP_UNKNOWN);

		CASE(bad[i]);
		feed(m, bad[i]);
		feed(m, bad[i]);
		CHECK_INT(seen.ready, 0);
		check_broken(m, "no message");
	}
}

TEST(nothing_is_read_before_the_session_begins)
{
	struct mcp *m = mcp_new(on_event, NULL);

	memset(&seen, 0, sizeof(seen));
	feed(m, "{\"jsonrpc\":\"2.0\"," TWO "}\n");
	CHECK_INT(seen.ready, 0);
	check_broken(m, "no message");
}

TEST(only_one_revision_has_several_messages_in_a_line)
{
	struct mcp *m = started(MCP_LEGACY);

	answer(m, 1, HELLO_IN("2025-03-26"));
	answer(m, 2, TWO);
	called(m);
	feed(m,
	    "[{\"jsonrpc\":\"2.0\",\"method\":\"x\"},"
	    "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"content\":[" TEXT(
		"a") "]}}]\n");
	CHECK_INT(seen.answers, 1);
	CHECK_STR(seen.text, "a");
	feed(m, "[[{\"jsonrpc\":\"2.0\",\"method\":\"x\"}]]\n");
	check_broken(m, "no message");
	m = opened(MCP_LEGACY);
	feed(m, "[{\"jsonrpc\":\"2.0\",\"method\":\"x\"}]\n");
	check_broken(m, "no message");
}

/* Answers to nothing. */

TEST(answers_that_belong_to_nothing_are_counted_and_then_too_many)
{
	static const char *const strays[] = {
	    "{\"jsonrpc\":\"2.0\",\"id\":999,\"result\":{\"content\":[]}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"content\":[]}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":-3,\"result\":{\"content\":[]}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":\"3\",\"result\":{\"content\":[]}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":3.5,\"result\":{\"content\":[]}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{\"content\":[]}}\n",
	    "{\"jsonrpc\":\"2.0\",\"result\":{\"content\":[]}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":[3],\"result\":{\"content\":[]}}\n",
	    "{\"jsonrpc\":\"2.0\"}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"tools\":[]}}\n"};
	enum mcp_era era;
	size_t i;
	int n;

	for (i = 0; i < 2 * ARRAY_LEN(strays); i++) {
		struct mcp *m;

		era = i % 2 == 0 ? MCP_LEGACY : MCP_MODERN;
		CASE(strays[i / 2]);
		m = opened(era);
		REQUIRE(called(m) == 3);
		for (n = 0; n < MCP_STRAYS_MAX; n++)
			feed(m, strays[i / 2]);
		CHECK_INT(seen.answers, 0);
		CHECK_INT(seen.broken, 0);
		CHECK_INT(seen.changed, 0);
		CHECK_INT(mcp_counted(m)->strays, MCP_STRAYS_MAX);
		CHECK(mcp_lists(m, "save"));
		now_ms += 100000;
		feed(m, strays[i / 2]);
		check_broken(m, "answers what nobody asked");
	}
}

TEST(in_the_handshake_other_ids_are_no_answers_either)
{
	struct mcp *m = started(MCP_UNKNOWN);

	answer(m, 7, DISCOVER);
	CHECK(mcp_is_probing(m));
	answer(m, 1, ERROR("-32601"));
	answer(m, 1, HELLO);
	answer(m, 3, HELLO);
	CHECK(!said(m, "initialized"));
	answer(m, 2, HELLO);
	answer(m, 4, TWO);
	CHECK_INT(seen.ready, 0);
	answer(m, 3, TWO);
	CHECK_INT(seen.ready, 1);
	CHECK_INT(mcp_counted(m)->strays, 4);
	mcp_free(m);
}

/* Storms. */

static int
flood(struct mcp *m, const char *line, int64_t step_ms, int most)
{
	int n;

	for (n = 0; n < most && seen.broken == 0; n++) {
		feed(m, line);
		buf_clear(mcp_out(m));
		now_ms += step_ms;
	}
	return n;
}

TEST(a_storm_of_what_nobody_asked_is_given_up)
{
	static const char *const lines[] = {NOTE("notifications/message"),
	    NOTE("notifications/progress"), PING, "\n", "\r\n"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(lines); i++) {
		struct mcp *m = opened(MCP_LEGACY);

		CASE(lines[i]);
		CHECK_INT(flood(m, lines[i], 0, 10000), MCP_NOISE_MAX + 1);
		check_broken(m, "says too much");
	}
}

TEST(the_same_in_good_time_is_borne)
{
	struct mcp *m = opened(MCP_LEGACY);

	CHECK_INT(flood(m, NOTE("notifications/message"),
		      MCP_NOISE_MS / MCP_NOISE_MAX + 1, 20000),
	    20000);
	CHECK_INT(seen.broken, 0);
	CHECK_INT(mcp_counted(m)->notifications, 20000);
	mcp_free(m);
}

TEST(a_storm_of_few_large_messages_is_one_too)
{
	struct mcp *m = opened(MCP_LEGACY);
	struct buf b;
	int n;

	buf_init(&b, MCP_LINE_MAX);
	buf_addf(&b, "{\"jsonrpc\":\"2.0\",\"method\":\"%0*d\"}\n",
	    MCP_LINE_MAX - 100, 1);
	n = flood(m, b.p, 0, 1000);
	CHECK(n > 8 && n < 32);
	buf_done(&b);
	check_broken(m, "says too much");
}

TEST(a_clock_that_was_set_back_stops_no_session)
{
	struct mcp *m = opened(MCP_LEGACY);

	CHECK_INT(flood(m, NOTE("x"), 0, MCP_NOISE_MAX / 2), MCP_NOISE_MAX / 2);
	now_ms -= 500;
	CHECK_INT(flood(m, NOTE("x"), 0, MCP_NOISE_MAX), MCP_NOISE_MAX);
	CHECK_INT(seen.broken, 0);
	mcp_free(m);
}

TEST(a_server_that_asks_and_does_not_read_is_given_up)
{
	struct mcp *m = opened(MCP_LEGACY);
	int n;

	for (n = 0; n < 100000 && seen.broken == 0; n++) {
		feed(m, PING);
		now_ms += 10;
	}
	CHECK(mcp_out(m)->len < 4 * MCP_LINE_MAX);
	CHECK(!mcp_out(m)->overflow);
	check_broken(m, "does not read");
}
