/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNIT_TOOL_SESSION_H
#define UNIT_TOOL_SESSION_H

/* A session and the server that these tests play. */

#include <stdlib.h>

#include "base/limits.h"
#include "base/str.h"
#include "check.h"
#include "crypto/crypto.h"
#include "mcp/mcp.h"

#define RESULT(text) "\"result\":{" text "}"
#define ERROR(code) "\"error\":{\"code\":" code ",\"message\":\"no\"}"
#define TEXT(text) "{\"type\":\"text\",\"text\":\"" text "\"}"
#define NOTE(method) "{\"jsonrpc\":\"2.0\",\"method\":\"" method "\"}\n"
#define HELLO_IN(revision)                                                     \
	RESULT("\"protocolVersion\":\"" revision                               \
	       "\",\"capabilities\":{\"tools\":{}}")
#define HELLO HELLO_IN("2025-11-25")
#define DISCOVER                                                               \
	RESULT("\"resultType\":\"complete\",\"supportedVersions\":["           \
	       "\"2026-07-28\"],\"capabilities\":{\"tools\":{}}")
#define TOOLS(text) RESULT("\"tools\":[" text "]")
#define TWO TOOLS("{\"name\":\"save\"},{\"name\":\"list\"}")
#define META                                                                   \
	"\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":"              \
	"\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":{},"    \
	"\"io.modelcontextprotocol/clientInfo\":{\"name\":\"durward\","        \
	"\"version\":\"1\"}}"

static struct seen {
	int ready;
	int changed;
	int broken;
	int answers;
	bool failed;
	int64_t id;
	char why[256];
	char text[RESULT_MAX + 1];
} seen;
static int64_t now_ms;

static void
check_setup(void)
{
	crypto_open();
}

static inline void
on_event(void *arg, enum mcp_event event, const struct mcp_answer *a)
{
	(void)arg;
	seen.ready += event == MCP_READY;
	seen.changed += event == MCP_CHANGED;
	seen.broken += event == MCP_BROKEN;
	seen.answers += event == MCP_ANSWER;
	if (event == MCP_BROKEN)
		snprintf(seen.why, sizeof(seen.why), "%s", a->text);
	if (event != MCP_ANSWER)
		return;
	seen.failed = a->failed;
	seen.id = a->id;
	snprintf(seen.text, sizeof(seen.text), "%s", a->text);
}

static inline struct mcp *
started(enum mcp_era hint)
{
	struct mcp *m = mcp_new(on_event, NULL);

	memset(&seen, 0, sizeof(seen));
	now_ms = 1000;
	mcp_start(m, hint);
	return m;
}

/* In memory of its own, so that reading beyond it is noticed. */
static inline void
feed(struct mcp *m, const char *s)
{
	char *exact = malloc(strlen(s));

	memcpy(exact, s, strlen(s));
	mcp_feed(m, exact, strlen(s), now_ms);
	free(exact);
}

static inline void
answer(struct mcp *m, int64_t id, const char *rest)
{
	struct buf b;

	buf_init(&b, 2 * MCP_LINE_MAX);
	buf_addf(
	    &b, "{\"jsonrpc\":\"2.0\",\"id\":%lld,%s}\n", (long long)id, rest);
	feed(m, b.p);
	buf_done(&b);
}

static inline bool
said(struct mcp *m, const char *words)
{
	return mcp_out(m)->len > 0 && strstr(mcp_out(m)->p, words) != NULL;
}

/* The id of the last request that went out. */
static inline int64_t
last_id(struct mcp *m)
{
	const char *at = mcp_out(m)->len > 0 ? mcp_out(m)->p : "";
	int64_t id = 0;

	while ((at = strstr(at, "\"id\":")) != NULL)
		id = strtoll(at += 5, NULL, 10);
	return id;
}

/* Ready, with the functions save and list, and nothing left to write. */
static inline struct mcp *
opened(enum mcp_era era)
{
	struct mcp *m = started(era);

	answer(m, last_id(m), era == MCP_MODERN ? DISCOVER : HELLO);
	answer(m, last_id(m), TWO);
	REQUIRE(seen.ready == 1 && seen.broken == 0 && mcp_era(m) == era);
	buf_clear(mcp_out(m));
	return m;
}

static inline int64_t
called(struct mcp *m)
{
	int64_t id = 0;

	REQUIRE(mcp_call(m, "save", "{\"a\": 1}", 8, &id) == OK);
	return id;
}

/* The session is over, once, and for this reason. */
static inline void
check_broken(struct mcp *m, const char *why)
{
	CHECK_INT(seen.broken, 1);
	CHECK(strstr(seen.why, why) != NULL);
	feed(m, NOTE("notifications/message"));
	CHECK_INT(seen.broken, 1);
	mcp_free(m);
}

#endif
