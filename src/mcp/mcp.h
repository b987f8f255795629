/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MCP_MCP_H
#define MCP_MCP_H

/*
 * A client's session of the Model Context Protocol over stdio (one JSON-RPC
 * 2.0 message per line), in both of its eras:
 *
 *	modern	2026-07-28: no handshake, each request says who asks and in
 *		which revision, and the server never asks anything
 *	legacy	2024-11-05 to 2025-11-25: `initialize` first
 *
 * Which one a server speaks is found out by `server/discover`.  What it says
 * as a modern server holds; any other error, or no answer in MCP_PROBE_MS,
 * means legacy.  Everything from there on is the same for the caller.
 *
 * Whatever a server says is bounded: lines, pages, definitions, and how much
 * it may say unasked.  Beyond a bound, or off the protocol, the session is
 * MCP_BROKEN and stays so.
 *
 * Pure: bytes and the time go in, bytes and events come out.  The caller
 * owns descriptors and deadlines.  Texts of a server are not fit to be shown:
 * json_escape_visible() makes them so.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"

enum mcp_era { MCP_UNKNOWN, MCP_LEGACY, MCP_MODERN };

enum mcp_event {
	MCP_READY, /* What the server offers is known, and it can be called. */
	MCP_CHANGED, /* It offers something else now. */
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

/* What came that nobody asked for. */
struct mcp_counts {
	int64_t requests;
	int64_t notifications;
	int64_t late; /* Answers to what was given up. */
	int64_t strays; /* Answers twice, or to nothing. */
	int64_t lists; /* How often the list was begun. */
};

struct mcp;

struct mcp *mcp_new(mcp_fn *fn, void *arg);
void mcp_free(struct mcp *m);

/* Begin.  `hint` is what is known of the server: MCP_LEGACY spares the
 * question, MCP_MODERN takes no other answer. */
void mcp_start(struct mcp *m, enum mcp_era hint);

/* Is the server's era still in question?  When it is after MCP_PROBE_MS, the
 * caller says so; otherwise saying so does nothing. */
bool mcp_is_probing(const struct mcp *m);
void mcp_probe_late(struct mcp *m);

/* Is a list being read, the first one or one after a change?  How long that
 * may take is the caller's to say. */
bool mcp_is_listing(const struct mcp *m);

/* What is to be written to the server; the caller drops what it wrote. */
struct buf *mcp_out(struct mcp *m);

/* What the server wrote, on a clock that does not run backwards.  The
 * session must not be freed by the callback. */
void mcp_feed(struct mcp *m, const char *p, size_t len, int64_t now_ms);

/* MCP_UNKNOWN and "" as long as that is so. */
enum mcp_era mcp_era(const struct mcp *m);
const char *mcp_revision(const struct mcp *m);

/* Does the server list this function? */
bool mcp_lists(const struct mcp *m, const char *function);

/* All that the server says of its functions and of itself to whoever reads
 * them, and its digest: name, title, description, both schemas and
 * annotations of each function, sorted by name, and the instructions.  The
 * text is canonical JSON.  ERR_STATE before MCP_READY. */
NODISCARD enum err mcp_definitions(const struct mcp *m, struct digest *ret);
void mcp_definitions_write(const struct mcp *m, struct buf *out);

/* `args` are sent as these very bytes.  ERR_STATE before MCP_READY. */
NODISCARD enum err mcp_call(struct mcp *m, const char *function,
    const char *args, size_t args_len, int64_t *ret_id);

/* Give up waiting: the answer, should it come, is ignored. */
void mcp_cancel(struct mcp *m, int64_t id);

const struct mcp_counts *mcp_counted(const struct mcp *m);

#endif
