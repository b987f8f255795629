/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#define CHANGED NOTE("notifications/tools/list_changed")
#define PAGE(tools, cursor)                                                    \
	RESULT("\"tools\":[" tools "],\"nextCursor\":\"" cursor "\"")
#define LISTENS                                                                \
	RESULT(                                                                \
	    "\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{"        \
	    "\"tools\":{\"listChanged\":true}},\"instructions\":\"Be kind\"")

static struct digest
digest_of(struct mcp *m)
{
	struct digest d = {{0}};

	CHECK(mcp_definitions(m, &d) == OK);
	return d;
}

static struct mcp *
listed(const char *tools)
{
	struct mcp *m = started(MCP_LEGACY);

	answer(m, 1, HELLO);
	answer(m, 2, tools);
	REQUIRE(seen.ready == 1);
	buf_clear(mcp_out(m));
	return m;
}

static struct digest
digest_with(const char *hello, const char *tools)
{
	struct mcp *m = started(MCP_LEGACY);
	struct digest d;

	answer(m, 1, hello);
	answer(m, 2, tools);
	REQUIRE(seen.ready == 1);
	d = digest_of(m);
	mcp_free(m);
	return d;
}

TEST(the_list_is_read_to_its_last_page)
{
	struct mcp *m = started(MCP_LEGACY);
	struct digest d;

	answer(m, 1, HELLO);
	buf_clear(mcp_out(m));
	answer(m, 2, PAGE("{\"name\":\"a\"}", "p\\\"2\\u0001"));
	CHECK_INT(seen.ready, 0);
	CHECK(mcp_definitions(m, &d) == ERR_STATE);
	CHECK(!mcp_lists(m, "a"));
	CHECK_STR(mcp_out(m)->p,
	    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/list\","
	    "\"params\":{\"cursor\":\"p\\\"2\\u0001\"}}\n");
	answer(m, 3, TOOLS("{\"name\":\"b\"}"));
	CHECK_INT(seen.ready, 1);
	CHECK(mcp_lists(m, "a") && mcp_lists(m, "b"));
	CHECK(!mcp_lists(m, "c") && !mcp_lists(m, ""));
	mcp_free(m);
}

TEST(an_empty_cursor_is_one_and_not_the_end)
{
	struct mcp *m = started(MCP_MODERN);

	answer(m, 1, DISCOVER);
	buf_clear(mcp_out(m));
	answer(m, 2, PAGE("{\"name\":\"a\"}", ""));
	CHECK_INT(seen.ready, 0);
	CHECK(said(m, "\"cursor\":\"\"," META));
	answer(
	    m, 3, RESULT("\"tools\":[{\"name\":\"b\"}],\"nextCursor\":null"));
	CHECK_INT(seen.ready, 1);
	CHECK(mcp_lists(m, "a") && mcp_lists(m, "b"));
	mcp_free(m);
}

TEST(a_list_without_end_is_given_up)
{
	struct mcp *m = started(MCP_LEGACY);
	int64_t id;

	answer(m, 1, HELLO);
	for (id = 2; id < 100 && seen.broken == 0; id++)
		answer(m, id, PAGE("", "more"));
	CHECK_INT(seen.ready, 0);
	CHECK_INT(id, 2 + MCP_LIST_PAGES_MAX);
	check_broken(m, "does not end");
}

TEST(a_cursor_has_a_limit)
{
	struct mcp *m = started(MCP_LEGACY);
	struct buf b;

	answer(m, 1, HELLO);
	buf_init(&b, MCP_LINE_MAX);
	buf_addf(&b, "\"result\":{\"tools\":[],\"nextCursor\":\"%0*d\"}",
	    MCP_CURSOR_MAX, 1);
	answer(m, 2, b.p);
	CHECK_INT(seen.broken, 0);
	buf_clear(&b);
	buf_addf(&b, "\"result\":{\"tools\":[],\"nextCursor\":\"%0*d\"}",
	    MCP_CURSOR_MAX + 1, 1);
	answer(m, 3, b.p);
	buf_done(&b);
	check_broken(m, "cursor");
}

TEST(a_list_that_is_none_ends_the_session)
{
	static const char *const bad[] = {RESULT("\"tools\":{}"),
	    "\"result\":{}", "\"result\":[]", ERROR("-32601"), "\"x\":1",
	    RESULT("\"resultType\":\"task\",\"tools\":[]"),
	    RESULT("\"resultType\":\"input_required\",\"tools\":[]")};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		struct mcp *m = started(MCP_MODERN);

		CASE(bad[i]);
		answer(m, 1, DISCOVER);
		answer(m, 2, bad[i]);
		CHECK_INT(seen.ready, 0);
		check_broken(m, "does not list");
	}
}

TEST(functions_without_a_name_are_left_out_and_count)
{
	struct mcp *m = started(MCP_LEGACY);
	struct buf b;
	int i;

	answer(m, 1, HELLO);
	buf_init(&b, 65536);
	buf_adds(&b, "\"result\":{\"tools\":[1,{},{\"name\":7}");
	for (i = 0; i < MCP_FUNCTIONS_MAX - 3; i++)
		buf_addf(&b, ",{\"name\":\"f%d\"}", i);
	buf_adds(&b, "],\"nextCursor\":\"x\"}");
	answer(m, 2, b.p);
	buf_done(&b);
	CHECK_INT(seen.broken, 0);
	answer(m, 3, TOOLS(""));
	CHECK_INT(seen.ready, 1);
	CHECK(mcp_lists(m, "f0") && mcp_lists(m, "f252"));
	CHECK(!mcp_lists(m, "f253"));
	mcp_free(m);
}

TEST(a_list_that_does_not_fit_is_refused_in_words)
{
	int over;

	for (over = 0; over < 2; over++) {
		struct mcp *m = started(MCP_LEGACY);
		struct buf b;
		int i;

		answer(m, 1, HELLO);
		buf_init(&b, 65536);
		buf_adds(&b, "\"result\":{\"tools\":[{\"name\":\"f\"}");
		for (i = 1; i < MCP_FUNCTIONS_MAX + over; i++)
			buf_addf(&b, ",{\"name\":\"f%d\"}", i);
		buf_adds(&b, "]}");
		answer(m, 2, b.p);
		buf_done(&b);
		CHECK_INT(seen.ready, !over);
		CHECK_INT(seen.broken, over);
		mcp_free(m);
	}
}

TEST(definitions_have_a_limit)
{
	struct mcp *m = started(MCP_LEGACY);
	struct buf b;
	int i;

	answer(m, 1, HELLO);
	buf_init(&b, MCP_LINE_MAX);
	for (i = 0; i < 2 && seen.broken == 0; i++) {
		buf_clear(&b);
		buf_addf(&b,
		    "\"result\":{\"tools\":[{\"name\":\"f%d\",\"description\":"
		    "\"%0*d\"}],\"nextCursor\":\"x\"}",
		    i, MCP_DEFINITIONS_MAX / 2, 1);
		answer(m, 2 + i, b.p);
	}
	buf_done(&b);
	CHECK_INT(i, 2);
	check_broken(m, "too many words");
}

TEST(two_functions_of_one_name_are_refused)
{
	struct mcp *m = started(MCP_LEGACY);

	answer(m, 1, HELLO);
	answer(
	    m, 2, TOOLS("{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"a\"}"));
	check_broken(m, "two tools of one name");
	m = started(MCP_LEGACY);
	answer(m, 1, HELLO);
	answer(m, 2, PAGE("{\"name\":\"a\"}", "x"));
	answer(m, 3, TOOLS("{\"name\":\"a\"}"));
	check_broken(m, "two tools of one name");
}

/* What is pinned. */

TEST(definitions_are_canonical_and_sorted_and_hold_what_is_pinned)
{
	struct mcp *m = started(MCP_LEGACY);
	struct buf b;
	struct digest d;

	answer(m, 1,
	    RESULT("\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},"
		   "\"instructions\":\"Be\\nkind\",\"serverInfo\":{\"x\":1}"));
	answer(m, 2,
	    TOOLS("{\"title\":\"T\",\"name\":\"b\",\"icons\":[1],\"_meta\":{},"
		  "\"outputSchema\":{\"z\":1,\"a\":2},\"inputSchema\":{},"
		  "\"description\":\"\\u0041\\u202e\",\"annotations\":{"
		  "\"readOnlyHint\":true}},{\"name\":\"Z\"},{\"name\":\"a\"}"));
	buf_init(&b, 65536);
	mcp_definitions_write(m, &b);
	CHECK_STR(b.p,
	    "{\"instructions\":\"Be\\nkind\",\"tools\":[{\"name\":\"Z\"},"
	    "{\"name\":\"a\"},{\"annotations\":{\"readOnlyHint\":true},"
	    "\"description\":\"A\xe2\x80\xae\",\"inputSchema\":{},"
	    "\"name\":\"b\",\"outputSchema\":{\"a\":2,\"z\":1},"
	    "\"title\":\"T\"}]}");
	CHECK(json_is_canonical(b.p, b.len));
	crypto_hash(b.p, b.len, &d);
	CHECK(mcp_lists(m, "Z") && mcp_lists(m, "a") && mcp_lists(m, "b"));
	{
		struct digest mine = digest_of(m);

		CHECK(digest_equal(&d, &mine));
	}
	buf_done(&b);
	mcp_free(m);
}

TEST(each_word_that_is_pinned_changes_the_digest_and_nothing_else_does)
{
#define FULL                                                                   \
	"\"title\":\"T\",\"description\":\"D\",\"inputSchema\":{\"x\":1},"     \
	"\"outputSchema\":{\"x\":1},\"annotations\":{\"x\":1}"
	static const struct {
		const char *tools;
		bool same;
	} cases[] = {
	    {TOOLS("{\"name\":\"b\"},{\"name\":\"a\"," FULL "}"), true},
	    {TOOLS("{" FULL ",\"name\":\"a\",\"icons\":[1],\"x\":2},"
		   "{\"name\":\"b\",\"_meta\":{}}"),
		true},
	    {TOOLS("{\"name\":\"a\"," FULL "}"), false},
	    {TOOLS("{\"name\":\"a\"," FULL "},{\"name\":\"c\"}"), false},
	    {TOOLS("{\"name\":\"a\"," FULL "},{\"name\":\"b\"},"
		   "{\"name\":\"c\"}"),
		false},
	    {TOOLS("{\"name\":\"b\"," FULL "},{\"name\":\"a\"}"), false},
	    {TOOLS("{\"name\":\"a\"," FULL "},{\"name\":\"b\","
		   "\"title\":\"\"}"),
		false},
	    {TOOLS("{\"name\":\"a\"," FULL "},{\"name\":\"b\","
		   "\"description\":\"\"}"),
		false},
	    {TOOLS("{\"name\":\"a\"," FULL "},{\"name\":\"b\","
		   "\"inputSchema\":{}}"),
		false},
	    {TOOLS("{\"name\":\"a\"," FULL "},{\"name\":\"b\","
		   "\"outputSchema\":{}}"),
		false},
	    {TOOLS("{\"name\":\"a\"," FULL "},{\"name\":\"b\","
		   "\"annotations\":{}}"),
		false},
	    {TOOLS("{\"name\":\"a\"," FULL "},{\"name\":\"b\","
		   "\"annotations\":null}"),
		false}};
	struct digest was = digest_with(
	    HELLO, TOOLS("{\"name\":\"a\"," FULL "},{\"name\":\"b\"}"));
	struct digest told =
	    digest_with(RESULT("\"protocolVersion\":\"2025-11-25\","
			       "\"capabilities\":{},\"instructions\":\"\""),
		TOOLS("{\"name\":\"a\"," FULL "},{\"name\":\"b\"}"));
	size_t i;

	CHECK(!digest_equal(&was, &told));
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct digest is = digest_with(HELLO, cases[i].tools);

		CASE(cases[i].tools);
		CHECK_INT(digest_equal(&was, &is), cases[i].same);
	}
}

TEST(the_era_does_not_change_the_digest)
{
	struct mcp *legacy = opened(MCP_LEGACY);
	struct mcp *modern = opened(MCP_MODERN);
	struct digest a = digest_of(legacy);
	struct digest b = digest_of(modern);

	CHECK(digest_equal(&a, &b));
	mcp_free(legacy);
	mcp_free(modern);
}

TEST(instructions_have_a_limit)
{
	enum mcp_era era;
	struct buf b;

	buf_init(&b, MCP_LINE_MAX);
	buf_addf(&b,
	    "\"result\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":"
	    "{},\"supportedVersions\":[\"2026-07-28\"],\"instructions\":"
	    "\"%0*d\"}",
	    MCP_INSTRUCTIONS_MAX - 1, 1);
	for (era = MCP_LEGACY; era <= MCP_MODERN; era++) {
		struct mcp *m = started(era);

		answer(m, 1, b.p);
		check_broken(m, "instructions are too long");
	}
	buf_done(&b);
}

/* What changes. */

TEST(a_change_is_looked_at_and_told_when_it_is_one)
{
	struct mcp *m = listed(TWO);
	struct digest before = digest_of(m);
	struct digest after;

	feed(m, CHANGED);
	CHECK_STR(mcp_out(m)->p,
	    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/list\","
	    "\"params\":{}}\n");
	answer(m, 3, TOOLS("{\"name\":\"list\"},{\"name\":\"save\"}"));
	CHECK_INT(seen.changed, 0);
	feed(m, CHANGED);
	CHECK(mcp_lists(m, "save"));
	answer(m, 4, TOOLS("{\"name\":\"list\"},{\"name\":\"other\"}"));
	CHECK_INT(seen.changed, 1);
	CHECK_INT(seen.ready, 1);
	CHECK(!mcp_lists(m, "save") && mcp_lists(m, "other"));
	after = digest_of(m);
	CHECK(!digest_equal(&before, &after));
	feed(m, CHANGED);
	answer(m, 5, TWO);
	CHECK_INT(seen.changed, 2);
	after = digest_of(m);
	CHECK(digest_equal(&before, &after));
	mcp_free(m);
}

TEST(one_changed_letter_of_a_description_is_a_change)
{
	struct mcp *m =
	    listed(TOOLS("{\"name\":\"a\",\"description\":\"Adds.\"}"));

	feed(m, CHANGED);
	answer(m, 3, TOOLS("{\"name\":\"a\",\"description\":\"Adds,\"}"));
	CHECK_INT(seen.changed, 1);
	mcp_free(m);
}

TEST(calls_go_on_while_the_list_is_read_again)
{
	struct mcp *m = listed(TWO);
	int64_t id;

	feed(m, CHANGED);
	id = called(m);
	CHECK_INT(id, 4);
	answer(m, id, RESULT("\"content\":[" TEXT("a") "]"));
	CHECK_INT(seen.answers, 1);
	answer(m, 3, TWO);
	CHECK_INT(seen.changed, 0);
	CHECK_INT(seen.broken, 0);
	mcp_free(m);
}

TEST(changes_that_come_together_are_looked_at_together)
{
	struct mcp *m = started(MCP_LEGACY);

	answer(m, 1, HELLO);
	buf_clear(mcp_out(m));
	feed(m, CHANGED CHANGED CHANGED);
	CHECK_INT(mcp_out(m)->len, 0);
	answer(m, 2, TOOLS("{\"name\":\"a\"}"));
	CHECK_INT(seen.ready, 0);
	CHECK(said(m, "\"id\":3,\"method\":\"tools/list\""));
	answer(m, 3, TWO);
	CHECK_INT(seen.ready, 1);
	CHECK_INT(seen.changed, 0);
	CHECK(!mcp_lists(m, "a"));
	CHECK_INT(mcp_counted(m)->lists, 2);
	mcp_free(m);
}

TEST(a_change_between_two_pages_has_the_list_read_from_its_begin)
{
	struct mcp *m = started(MCP_LEGACY);

	answer(m, 1, HELLO);
	answer(m, 2, PAGE("{\"name\":\"a\"}", "x"));
	feed(m, CHANGED);
	answer(m, 3, TOOLS("{\"name\":\"b\"}"));
	CHECK_INT(seen.ready, 0);
	answer(m, 4, TOOLS("{\"name\":\"a\"}"));
	CHECK_INT(seen.ready, 1);
	CHECK(mcp_lists(m, "a") && !mcp_lists(m, "b"));
	mcp_free(m);
}

TEST(a_server_that_changes_without_end_is_given_up)
{
	struct mcp *m = listed(TWO);
	int n;

	for (n = 1; n < 100 && seen.broken == 0; n++) {
		feed(m, CHANGED);
		if (seen.broken == 0)
			answer(m, last_id(m), TWO);
	}
	CHECK_INT(n, MCP_LISTS_MAX + 1);
	check_broken(m, "without end");
	m = listed(TWO);
	for (n = 0; n < 100; n++) {
		now_ms += MCP_LISTS_MS / MCP_LISTS_MAX + 1;
		feed(m, CHANGED);
		answer(m, last_id(m), TWO);
	}
	CHECK_INT(seen.broken, 0);
	mcp_free(m);
}

TEST(a_change_before_the_handshake_is_nothing_new)
{
	struct mcp *m = started(MCP_UNKNOWN);

	feed(m, CHANGED);
	answer(m, 1, ERROR("-32601"));
	feed(m, CHANGED);
	CHECK_INT(mcp_counted(m)->lists, 0);
	answer(m, 2, HELLO);
	answer(m, 3, TWO);
	CHECK_INT(seen.ready, 1);
	mcp_free(m);
}

/* The modern era tells of changes whom it was asked to tell. */

static struct mcp *
listening(void)
{
	struct mcp *m = started(MCP_MODERN);

	buf_clear(mcp_out(m));
	answer(m, 1, LISTENS);
	CHECK_STR(mcp_out(m)->p,
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"subscriptions/listen\","
	    "\"params\":{\"notifications\":{\"toolsListChanged\":true}," META
	    "}}\n"
	    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/list\","
	    "\"params\":{" META "}}\n");
	answer(m, 3, TWO);
	REQUIRE(seen.ready == 1);
	buf_clear(mcp_out(m));
	return m;
}

#define ENDED                                                                  \
	"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","         \
	"\"params\":{\"requestId\":2}}\n"
#define SAYS(method, id)                                                       \
	"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/" method              \
	"\",\"params\":{\"_meta\":{\"io.modelcontextprotocol/"                 \
	"subscriptionId\":" id "}}}\n"

TEST(a_modern_server_is_asked_to_tell_of_changes_and_does)
{
	struct mcp *m = listening();

	feed(m, SAYS("subscriptions/acknowledged", "2"));
	CHECK(!mcp_is_listing(m));
	feed(m, SAYS("tools/list_changed", "2"));
	CHECK(said(m, "\"id\":4,\"method\":\"tools/list\""));
	/* Until it is whole, however often it changes. */
	CHECK(mcp_is_listing(m));
	feed(m, SAYS("tools/list_changed", "2"));
	answer(m, 4, TOOLS(""));
	CHECK(mcp_is_listing(m));
	answer(m, 5, TOOLS(""));
	CHECK(!mcp_is_listing(m));
	CHECK_INT(seen.changed, 1);
	mcp_free(m);
}

TEST(a_change_that_was_not_asked_for_is_not_looked_at)
{
	struct mcp *m = listening();

	feed(m, CHANGED);
	feed(m, SAYS("tools/list_changed", "1"));
	feed(m, SAYS("tools/list_changed", "\"2\""));
	CHECK_INT(mcp_out(m)->len, 0);
	CHECK_INT(mcp_counted(m)->notifications, 3);
	mcp_free(m);
	m = opened(MCP_MODERN);
	feed(m, CHANGED);
	feed(m, SAYS("tools/list_changed", "0"));
	CHECK_INT(mcp_out(m)->len, 0);
	mcp_free(m);
}

TEST(a_server_may_stop_telling)
{
	static const char *const ends[] = {
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":2," ERROR("-32601") "}\n", ENDED};
	size_t i;

	for (i = 0; i < ARRAY_LEN(ends); i++) {
		struct mcp *m = listening();

		CASE(ends[i]);
		feed(m, ends[i]);
		feed(m, SAYS("tools/list_changed", "2"));
		CHECK_INT(mcp_out(m)->len, 0);
		CHECK_INT(seen.broken, 0);
		CHECK_INT(mcp_counted(m)->strays, 0);
		mcp_free(m);
	}
}

TEST(instructions_are_pinned_alike_in_both_eras)
{
	struct mcp *m = listening();
	struct digest modern = digest_of(m);
	struct digest legacy =
	    digest_with(RESULT("\"protocolVersion\":\"2025-11-25\","
			       "\"capabilities\":{},"
			       "\"instructions\":\"Be kind\""),
		TWO);

	CHECK(digest_equal(&modern, &legacy));
	mcp_free(m);
}
