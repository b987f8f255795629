/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_TOOLS_PRIV_H
#define TOOLS_TOOLS_PRIV_H

#include "ipc/peers.h"
#include "mcp/mcp.h"
#include "order/order.h"
#include "redact/scanner.h"

struct tools;

/* A call that went out, by its id in the session. */
struct open_call {
	struct room *room;
	int64_t id; /* 0: free. */
	char act[TOKEN_SIZE];
	uint64_t timer;
};

/* What a tool said on stderr, whatever became of its containers. */
struct said {
	char tool[NAME_MAX_LEN + 1]; /* "": a free place. */
	char *ring; /* SAID_MAX bytes, or NULL: nothing yet. */
	size_t start;
	size_t used;
	uint64_t first; /* The number of the oldest line that is kept. */
	uint64_t next; /* And of the next one. */
	uint64_t left_out; /* Bytes that were never looked at. */
};

/* The stderr of one container. */
struct hearing {
	struct said *said;
	char line[SAID_LINE_KEPT_MAX]; /* That has not ended yet. */
	size_t len; /* Of it; beyond SAID_LINE_MAX it is not told. */
	size_t cut; /* Bytes of it that found no room here. */
	int64_t at_ms; /* When it began; 0: it has not. */
	int64_t window_ms; /* Its end; 0: none is open. */
	size_t heard; /* In this window. */
	size_t left_out;
};

/* A tool's container, seen from its standard streams. */
struct room {
	struct tools *tools;
	char tool[NAME_MAX_LEN + 1];
	char container[2 * NAME_MAX_LEN];
	struct mcp *mcp;
	int in; /* We write here; -1 when closed. */
	int out; /* We read here. */
	int err; /* And here what is for people; -1 when it has ended. */
	struct hearing hearing;
	uint64_t hearing_timer; /* Of its window, when that is full. */
	uint64_t timer;
	uint64_t probe_timer;
	uint64_t list_timer;
	bool ready;
	const char *ended; /* Why it must be closed, or NULL. */
	struct open_call calls[CALLS_OPEN_MAX];
};

struct tools {
	struct peers *peers;
	struct loop *loop;
	char epoch[TOKEN_SIZE];
	struct verifier *verifier;
	struct scanner *scanner;
	struct room *rooms[TOOLS_MAX];
	struct said said[TOOLS_MAX];
};

/* ---- orders.c ---- */

void tools_answer(
    struct tools *t, const char *act, bool ok, bool late, const char *text);
peer_fn orders_on_order;

/* ---- room.c: the conversation with one container ---- */

struct room *room_find(struct tools *t, const char *tool);
/* Takes the three descriptors over: stdin, stdout, stderr. */
void room_open(
    struct tools *t, const char *tool, const char *container, const int fds[3]);
NODISCARD enum err room_call(
    struct room *r, const struct order *o, int64_t call_ms);

/* ---- said.c: what tools say on stderr, kept for people ---- */

/* NULL when there is no place for it. */
struct said *said_of(struct tools *t, const char *tool);
/* NULL when it never said anything. */
struct said *said_find(struct tools *t, const char *tool);
/* A line of the house's own. */
void said_note(struct said *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* {"lines": [{"at_ms", "house", "text"}], "first", "next", "left_out"}: from
 * the line of this number on, as many as fit.  Lines are whole as they are
 * kept: who tells them looks for secrets, and cuts them then. */
struct json *said_page(const struct said *s, uint64_t from);

/* ---- telling.c: what it said, to who asks ---- */

peer_fn telling_on_wanted;

/* False when enough was read for this window: the rest waits in the pipe. */
NODISCARD bool hearing_feed(
    struct hearing *h, const char *p, size_t len, int64_t now_ms);
void hearing_window_end(struct hearing *h);
void hearing_end(struct hearing *h);

#endif
