/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_TOOLS_PRIV_H
#define TOOLS_TOOLS_PRIV_H

#include "ipc/peers.h"
#include "order/order.h"
#include "redact/scanner.h"
#include "tool/mcp.h"

struct tools;

/* A call that went out, by its id in the session. */
struct open_call {
	struct room *room;
	int64_t id; /* 0: free. */
	char act[TOKEN_SIZE];
	uint64_t timer;
};

/* A tool's container, seen from its standard streams. */
struct room {
	struct tools *tools;
	char tool[NAME_MAX_LEN + 1];
	char container[2 * NAME_MAX_LEN];
	struct mcp *mcp;
	int in; /* We write here; -1 when closed. */
	int out; /* We read here. */
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
};

/* ---- orders.c ---- */

void tools_answer(
    struct tools *t, const char *act, bool ok, bool late, const char *text);
peer_fn orders_on_order;

/* ---- room.c: the conversation with one container ---- */

struct room *room_find(struct tools *t, const char *tool);
void room_open(
    struct tools *t, const char *tool, const char *container, int in, int out);
NODISCARD enum err room_call(
    struct room *r, const struct order *o, int64_t call_ms);

#endif
