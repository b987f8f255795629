/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MCP_MCP_PRIV_H
#define MCP_MCP_PRIV_H

/*
 * mcp.c reads lines and tells messages apart, mcp_era.c finds out how to
 * speak, mcp_list.c keeps what the server offers, mcp_call.c calls it, and
 * mcp_wire.c writes and judges the envelope of messages.
 */

#include "base/limits.h"
#include "mcp/mcp.h"

#define OUT_MAX (4 * MCP_LINE_MAX)
/* Kept free by calls and by answers to a legacy server, for what must be
 * said whatever waits: pages and cancellations. */
#define OUT_KEPT (64 * 1024)

enum phase {
	PHASE_NEW,
	PHASE_PROBE, /* server/discover is out. */
	PHASE_HELLO, /* initialize is out. */
	PHASE_LIST, /* The first list is being read. */
	PHASE_READY,
	PHASE_BROKEN,
};

/* How much of something has come since the window began. */
struct window {
	int64_t since_ms;
	int64_t n;
	int64_t bytes;
};

/* Definitions in canonical form, each behind its name, in one text. */
struct listing {
	struct buf text;
	struct definition {
		size_t name; /* Where it begins. */
		size_t text;
	} at[MCP_FUNCTIONS_MAX]; /* Sorted by name. */
	size_t n;
	size_t seen; /* Those without a name too. */
};

struct mcp {
	mcp_fn *fn;
	void *arg;
	enum phase phase;
	enum mcp_era hint;
	enum mcp_era era;
	char revision[16];
	int64_t now_ms;
	struct buf in;
	struct buf out;
	size_t line_len; /* Of the line that is being read. */
	struct mcp_counts counts;
	struct window noise;

	/* Requests that are out; 0 is none. */
	int64_t last_id;
	int64_t waiting_id; /* Of the probe or the handshake. */
	int64_t late_id; /* Of a probe that was given up. */
	int64_t list_id;
	int64_t listen_id;
	int probes;
	bool turned; /* From initialize to modern, at most once. */

	/* Calls. */
	int64_t calls[CALLS_OPEN_MAX];
	size_t n_calls;
	int64_t cancelled[MCP_CANCELLED_MAX];
	size_t next_cancelled;

	/* What the server offers, and the list that is being read. */
	struct listing listing;
	struct listing next;
	struct window lists;
	int pages;
	bool stale; /* It changed while it was read. */
	struct buf instructions; /* Canonical JSON, or nothing. */
	struct digest digest;
};

/* ---- mcp.c ---- */

/* The end; says so once. */
void mcp_give_up(struct mcp *m, const char *why);

/* Count one more; false beyond the bounds. */
bool mcp_window_add(struct window *w, int64_t now_ms, int64_t span_ms,
    int64_t n_max, size_t bytes, int64_t bytes_max);

/* ---- mcp_wire.c ---- */

/* A request begins, its members follow, and it ends. */
int64_t mcp_request(struct mcp *m, const char *method);
void mcp_request_end(struct mcp *m, bool has_members);

/* `params` is the text of an object, or NULL. */
void mcp_notify(struct mcp *m, const char *method, const char *params);

/* Answer a request of a legacy server. */
void mcp_serve(struct mcp *m, const struct json *id, const char *method);

enum reply { REPLY_RESULT, REPLY_ERROR, REPLY_INPUT, REPLY_INVALID };
enum reply mcp_reply(const struct mcp *m, const struct json *message);

/* The code of an error; 0 without one. */
int64_t mcp_error_code(const struct json *message);

/* ---- mcp_era.c ---- */

void mcp_era_begin(struct mcp *m);
void mcp_era_probed(struct mcp *m, const struct json *message);
void mcp_era_greeted(struct mcp *m, const struct json *message);

/* ---- mcp_list.c ---- */

void mcp_list_begin(struct mcp *m);
void mcp_list_page(struct mcp *m, const struct json *message);
void mcp_list_changed(struct mcp *m);
void mcp_list_done(struct listing *l);

/* A modern server tells of changes only whom it was asked to tell.  Asked
 * before the list is read, so that nothing falls between. */
void mcp_list_listen(struct mcp *m);

/* ---- mcp_call.c ---- */

bool mcp_call_take(struct mcp *m, int64_t id);
bool mcp_call_was_cancelled(struct mcp *m, int64_t id);
void mcp_call_answered(struct mcp *m, int64_t id, const struct json *message);

#endif
