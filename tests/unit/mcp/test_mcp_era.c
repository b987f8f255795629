/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#define OTHERS(list)                                                           \
	"\"error\":{\"code\":-32022,\"message\":\"no\",\"data\":{"             \
	"\"supported\":[" list "],\"requested\":\"2026-07-28\"}}"
#define NO_LIST                                                                \
	"\"error\":{\"code\":-32022,\"data\":{\"supported\":"                  \
	"\"2026-07-28\"}}"
#define OFFERS(list)                                                           \
	RESULT("\"supportedVersions\":[" list "],\"capabilities\":{}")

TEST(a_server_is_asked_first_what_it_speaks)
{
	struct mcp *m = started(MCP_UNKNOWN);

	CHECK_STR(mcp_out(m)->p,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\","
	    "\"params\":{" META "}}\n");
	CHECK(mcp_is_probing(m));
	CHECK_INT(mcp_era(m), MCP_UNKNOWN);
	CHECK_STR(mcp_revision(m), "");
	mcp_free(m);
}

TEST(a_server_that_gives_an_account_of_itself_is_modern)
{
	struct mcp *m = started(MCP_UNKNOWN);

	buf_clear(mcp_out(m));
	answer(m, 1, DISCOVER);
	CHECK_STR(mcp_out(m)->p,
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\","
	    "\"params\":{" META "}}\n");
	CHECK(!mcp_is_probing(m));
	CHECK_INT(mcp_era(m), MCP_MODERN);
	CHECK_STR(mcp_revision(m), "2026-07-28");
	answer(m, 2, TWO);
	CHECK_INT(seen.ready, 1);
	mcp_free(m);
}

TEST(the_three_errors_that_only_a_modern_server_knows_say_it_is_one)
{
	static const char *const errors[] = {
	    ERROR("-32020"), ERROR("-32021"), OTHERS("\"2026-07-28\"")};
	size_t i;

	for (i = 0; i < ARRAY_LEN(errors); i++) {
		struct mcp *m = started(MCP_UNKNOWN);

		CASE(errors[i]);
		answer(m, 1, errors[i]);
		CHECK(!mcp_is_probing(m));
		CHECK_INT(mcp_era(m), MCP_MODERN);
		CHECK(!said(m, "initialize"));
		mcp_probe_late(m);
		CHECK(!said(m, "initialize"));
		mcp_free(m);
	}
}

TEST(any_other_answer_means_legacy)
{
	static const char *const answers[] = {ERROR("-32601"), ERROR("-32602"),
	    ERROR("-32600"), ERROR("-32002"), ERROR("0"), ERROR("-32023"),
	    ERROR("-32019"), ERROR("\"-32022\""), "\"error\":\"no\"",
	    "\"error\":{}", "\"result\":{}", "\"result\":[]", "\"nothing\":1",
	    RESULT("\"supportedVersions\":\"2026-07-28\""),
	    RESULT("\"resultType\":\"other\",\"supportedVersions\":["
		   "\"2026-07-28\"],\"capabilities\":{}")};
	size_t i;

	for (i = 0; i < ARRAY_LEN(answers); i++) {
		struct mcp *m = started(MCP_UNKNOWN);

		CASE(answers[i]);
		buf_clear(mcp_out(m));
		answer(m, 1, answers[i]);
		CHECK_STR(mcp_out(m)->p,
		    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"initialize\","
		    "\"params\":{\"protocolVersion\":\"2025-11-25\","
		    "\"capabilities\":{},\"clientInfo\":{\"name\":\"durward\","
		    "\"version\":\"1\"}}}\n");
		CHECK_INT(mcp_era(m), MCP_LEGACY);
		CHECK_INT(seen.broken, 0);
		mcp_free(m);
	}
}

TEST(an_error_without_an_id_answers_the_question)
{
	static const char *const errors[] = {
	    "{\"jsonrpc\":\"2.0\",\"id\":null," ERROR("-32700") "}\n",
	    "{\"jsonrpc\":\"2.0\"," ERROR("-32601") "}\n"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(errors); i++) {
		struct mcp *m = started(MCP_UNKNOWN);

		feed(m, errors[i]);
		CHECK(said(m, "initialize"));
		CHECK_INT(mcp_counted(m)->strays, 0);
		mcp_free(m);
	}
}

TEST(no_answer_in_time_means_legacy_and_nothing_is_cancelled)
{
	struct mcp *m = started(MCP_UNKNOWN);

	CHECK(MCP_PROBE_MS >= 10000);
	mcp_probe_late(m);
	CHECK(said(m, "\"id\":2,\"method\":\"initialize\""));
	CHECK(!said(m, "notifications/cancelled"));
	CHECK_INT(mcp_era(m), MCP_LEGACY);
	buf_clear(mcp_out(m));
	mcp_probe_late(m);
	CHECK_INT(mcp_out(m)->len, 0);
	mcp_free(m);
}

TEST(an_answer_to_the_question_that_comes_too_late_changes_nothing)
{
	int when;

	for (when = 0; when < 3; when++) {
		struct mcp *m = started(MCP_UNKNOWN);

		mcp_probe_late(m);
		if (when == 0)
			answer(m, 1, DISCOVER);
		answer(m, 2, HELLO);
		if (when == 1)
			answer(m, 1, DISCOVER);
		answer(m, 3, TWO);
		if (when == 2)
			answer(m, 1, DISCOVER);
		CHECK_INT(mcp_era(m), MCP_LEGACY);
		CHECK_INT(seen.ready, 1);
		CHECK_INT(mcp_counted(m)->late, 1);
		CHECK_INT(mcp_counted(m)->strays, 0);
		answer(m, 1, DISCOVER);
		CHECK_INT(mcp_counted(m)->late, 1);
		CHECK_INT(mcp_counted(m)->strays, 1);
		CHECK_INT(seen.broken, 0);
		mcp_free(m);
	}
}

TEST(a_revision_is_picked_from_those_the_server_names_and_tried)
{
	struct mcp *m = started(MCP_UNKNOWN);

	buf_clear(mcp_out(m));
	answer(m, 1, OTHERS("\"2099-01-01\",7,\"2026-07-28\""));
	CHECK_STR(mcp_out(m)->p,
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"server/discover\","
	    "\"params\":{" META "}}\n");
	answer(m, 2, DISCOVER);
	answer(m, 3, TWO);
	CHECK_INT(seen.ready, 1);
	CHECK_INT(mcp_era(m), MCP_MODERN);
	mcp_free(m);
}

TEST(a_server_that_refuses_what_it_names_is_given_up)
{
	struct mcp *m = started(MCP_UNKNOWN);

	answer(m, 1, OTHERS("\"2026-07-28\""));
	answer(m, 2, OTHERS("\"2026-07-28\""));
	CHECK(!said(m, "initialize"));
	check_broken(m, "refuses the revision it names");
}

TEST(a_server_whose_revisions_we_do_not_know_is_given_up)
{
	static const char *const answers[] = {ERROR("-32022"), OTHERS(""),
	    OTHERS("\"2099-01-01\""), OTHERS("7,{},null"), OFFERS(""),
	    OFFERS("\"2099-01-01\",\"2024-10-07\""), NO_LIST};
	size_t i;

	for (i = 0; i < ARRAY_LEN(answers); i++) {
		struct mcp *m = started(MCP_UNKNOWN);

		CASE(answers[i]);
		answer(m, 1, answers[i]);
		CHECK(!said(m, "initialize"));
		check_broken(m, "no revision that we know");
	}
}

TEST(a_server_that_names_only_legacy_revisions_is_spoken_to_in_one)
{
	static const char *const answers[] = {
	    OTHERS("\"2025-11-25\",\"2025-06-18\""),
	    OFFERS("\"2099-01-01\",\"2025-06-18\"")};
	size_t i;

	for (i = 0; i < ARRAY_LEN(answers); i++) {
		struct mcp *m = started(MCP_UNKNOWN);

		CASE(answers[i]);
		answer(m, 1, answers[i]);
		CHECK(said(m, "initialize"));
		answer(m, 2, OTHERS("\"2026-07-28\""));
		check_broken(m, "refused the handshake");
	}
}

TEST(an_account_without_capabilities_is_none)
{
	struct mcp *m = started(MCP_UNKNOWN);

	answer(m, 1, RESULT("\"supportedVersions\":[\"2026-07-28\"]"));
	check_broken(m, "account of itself");
}

TEST(a_modern_server_that_started_too_slowly_is_believed_after_all)
{
	struct mcp *m = started(MCP_UNKNOWN);

	mcp_probe_late(m);
	answer(m, 1, DISCOVER);
	answer(m, 2, OTHERS("\"2026-07-28\""));
	CHECK_INT(mcp_era(m), MCP_MODERN);
	CHECK(said(m, "\"id\":3,\"method\":\"server/discover\""));
	answer(m, 3, DISCOVER);
	answer(m, 4, TWO);
	CHECK_INT(seen.ready, 1);
	mcp_free(m);
}

TEST(a_server_that_refuses_both_ways_is_given_up)
{
	struct mcp *m = started(MCP_UNKNOWN);

	mcp_probe_late(m);
	answer(m, 2, OTHERS("\"2026-07-28\""));
	answer(m, 3, ERROR("-32601"));
	check_broken(m, "does not say what it speaks");
}

TEST(a_hint_spares_the_question)
{
	struct mcp *m = started(MCP_LEGACY);

	CHECK(said(m, "\"id\":1,\"method\":\"initialize\""));
	CHECK(!said(m, "discover"));
	CHECK(!mcp_is_probing(m));
	answer(m, 1, HELLO);
	answer(m, 2, TWO);
	CHECK_INT(seen.ready, 1);
	mcp_free(m);
}

TEST(a_hint_that_is_out_of_date_is_noticed)
{
	struct mcp *m = started(MCP_LEGACY);

	answer(m, 1, OTHERS("\"2026-07-28\""));
	answer(m, 2, DISCOVER);
	CHECK_INT(mcp_era(m), MCP_MODERN);
	mcp_free(m);
}

TEST(with_the_hint_of_modern_nothing_else_will_do)
{
	static const char *const answers[] = {
	    ERROR("-32601"), "\"result\":{}", OTHERS("\"2025-11-25\"")};
	struct mcp *m;
	size_t i;

	for (i = 0; i < ARRAY_LEN(answers); i++) {
		m = started(MCP_MODERN);
		answer(m, 1, answers[i]);
		CHECK(!said(m, "initialize"));
		check_broken(m, "the server");
	}
	m = started(MCP_MODERN);
	mcp_probe_late(m);
	CHECK(!said(m, "initialize"));
	check_broken(m, "does not say what it speaks");
}

TEST(every_revision_of_the_legacy_era_will_do)
{
	static const struct {
		const char *hello;
		bool good;
	} cases[] = {{HELLO_IN("2024-11-05"), true},
	    {HELLO_IN("2025-03-26"), true}, {HELLO_IN("2025-06-18"), true},
	    {HELLO_IN("2025-11-25"), true}, {HELLO_IN("2024-10-07"), false},
	    {HELLO_IN("2025-11-26"), false}, {HELLO_IN("2026-07-28"), false},
	    {HELLO_IN("2025-06-1"), false}, {HELLO_IN("2025-06-188"), false},
	    {HELLO_IN("2025-xx-18"), false}, {HELLO_IN("2025"), false},
	    {HELLO_IN(""), false}, {RESULT("\"capabilities\":{}"), false},
	    {RESULT("\"protocolVersion\":\"2025-11-25\""), false},
	    {RESULT("\"protocolVersion\":20251125,\"capabilities\":{}"), false},
	    {ERROR("-32602"), false}, {"\"result\":7", false}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct mcp *m = started(MCP_LEGACY);

		CASE(cases[i].hello);
		answer(m, 1, cases[i].hello);
		CHECK_INT(seen.broken, !cases[i].good);
		CHECK_INT(said(m, "\"method\":\"notifications/initialized\"}"),
		    cases[i].good);
		mcp_free(m);
	}
}

TEST(requests_to_a_modern_server_all_say_who_asks)
{
	struct mcp *m = opened(MCP_MODERN);

	called(m);
	CHECK_STR(mcp_out(m)->p,
	    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\","
	    "\"params\":{\"name\":\"save\",\"arguments\":{\"a\": 1}," META
	    "}}\n");
	mcp_free(m);
	m = opened(MCP_LEGACY);
	called(m);
	CHECK_STR(mcp_out(m)->p,
	    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\","
	    "\"params\":{\"name\":\"save\",\"arguments\":{\"a\": 1}}}\n");
	mcp_free(m);
}

TEST(a_modern_server_may_not_ask)
{
	static const char *const methods[] = {"ping", "roots/list",
	    "sampling/createMessage", "elicitation/create", "x"};
	char line[128];
	size_t i;

	for (i = 0; i < ARRAY_LEN(methods); i++) {
		struct mcp *m = opened(MCP_MODERN);

		CASE(methods[i]);
		snprintf(line, sizeof(line),
		    "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"%s\"}\n",
		    methods[i]);
		feed(m, line);
		CHECK_INT(mcp_out(m)->len, 0);
		check_broken(m, "which its revision forbids");
	}
}

TEST(while_it_is_in_question_nothing_is_answered)
{
	struct mcp *m = started(MCP_UNKNOWN);

	buf_clear(mcp_out(m));
	feed(m, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"ping\"}\n");
	CHECK_INT(mcp_out(m)->len, 0);
	CHECK_INT(seen.broken, 0);
	CHECK_INT(mcp_counted(m)->requests, 1);
	mcp_free(m);
}

TEST(a_legacy_server_gets_a_ping_back_and_is_refused_the_rest)
{
	struct mcp *m = opened(MCP_LEGACY);

	feed(m, "{\"jsonrpc\":\"2.0\",\"id\":\"p-1\",\"method\":\"ping\"}\n");
	CHECK_STR(mcp_out(m)->p,
	    "{\"jsonrpc\":\"2.0\",\"id\":\"p-1\",\"result\":{}}\n");
	buf_clear(mcp_out(m));
	feed(m, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"roots/list\"}\n");
	CHECK_STR(mcp_out(m)->p,
	    "{\"jsonrpc\":\"2.0\",\"id\":9,\"error\":{\"code\":-32601,"
	    "\"message\":\"Method not found\"}}\n");
	buf_clear(mcp_out(m));
	feed(m, NOTE("notifications/message"));
	feed(m, "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}\n");
	CHECK_INT(mcp_out(m)->len, 0);
	CHECK_INT(seen.broken, 0);
	CHECK_INT(mcp_counted(m)->requests, 2);
	CHECK_INT(mcp_counted(m)->notifications, 2);
	mcp_free(m);
}

TEST(a_request_under_an_endless_id_is_not_answered)
{
	struct mcp *m = opened(MCP_LEGACY);
	char line[512];

	snprintf(line, sizeof(line),
	    "{\"jsonrpc\":\"2.0\",\"id\":\"%0*d\",\"method\":\"ping\"}\n",
	    MCP_ID_MAX - 2, 1);
	feed(m, line);
	CHECK(said(m, "result"));
	CHECK_INT(seen.broken, 0);
	snprintf(line, sizeof(line),
	    "{\"jsonrpc\":\"2.0\",\"id\":\"%0*d\",\"method\":\"ping\"}\n",
	    MCP_ID_MAX - 1, 1);
	feed(m, line);
	check_broken(m, "id that is too long");
}
