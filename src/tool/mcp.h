/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOL_MCP_H
#define TOOL_MCP_H

/*
 * A client's session of the Model Context Protocol over stdio, revision
 * 2025-11-25: basic/lifecycle, basic/transports (stdio: one JSON-RPC 2.0
 * message per line) and server/tools (list with its pages, call).
 *
 * Pure: bytes from the server go in, bytes for the server and events come
 * out.  The caller owns descriptors and deadlines.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

enum mcp_event {
	MCP_READY, /* The handshake and the list are complete. */
	MCP_ANSWER, /* A call was answered. */
	MCP_BROKEN, /* The server broke the protocol; end it. */
};

struct mcp_answer {
	int64_t id; /* Of the call. */
	bool failed; /* A protocol error, or the tool's own. */
	const char *text; /* The text content, or the error in words. */
};

typedef void mcp_fn(
    void *arg, enum mcp_event event, const struct mcp_answer *answer);

struct mcp;

struct mcp *mcp_new(mcp_fn *fn, void *arg);
void mcp_free(struct mcp *m);

/* Begin the handshake. */
void mcp_start(struct mcp *m);

/* What is to be written to the server; the caller drops what it wrote. */
struct buf *mcp_out(struct mcp *m);

/* What the server wrote.  The session must not be freed by the callback. */
void mcp_feed(struct mcp *m, const char *p, size_t len);

/* Does the server list this function? */
bool mcp_lists(const struct mcp *m, const char *function);

/* `args` are sent as these very bytes.  ERR_STATE before MCP_READY. */
NODISCARD enum err mcp_call(struct mcp *m, const char *function,
    const char *args, size_t args_len, int64_t *ret_id);

/* Give up waiting: the answer, should it come, is ignored. */
void mcp_cancel(struct mcp *m, int64_t id);

#endif
