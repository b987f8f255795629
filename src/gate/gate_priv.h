/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_GATE_PRIV_H
#define GATE_GATE_PRIV_H

#include "ipc/peers.h"
#include "lookup/lookup.h"
#include "net/dns.h"
#include "net/hello.h"
#include "order/order.h"
#include "redact/scanner.h"

struct gate;
struct door;
struct conn;

/* ---- calls.c: what is open, and what became of it ---- */

/* One host that was used, or one that was refused and why. */
struct seen {
	char what[HOST_MAX + 64];
	char address[ADDRESS_TEXT_SIZE];
	int64_t connections;
	int64_t up; /* Bytes from the tool. */
	int64_t down;
};

struct call {
	struct gate *gate;
	char act[TOKEN_SIZE]; /* "": a free place. */
	char tool[NAME_MAX_LEN + 1];
	struct reach reach;
	int64_t bytes_left;
	bool told; /* That it is open: the sockets were there. */
	uint64_t timer; /* For the sockets, then for the end. */
	int64_t call_ms;
	struct seen used[GATE_SEEN_MAX];
	size_t n_used;
	struct seen refused[GATE_SEEN_MAX];
	size_t n_refused;
	int64_t more_refused; /* Than are told one by one. */
};

peer_fn calls_on_order;
peer_fn calls_on_end;
/* The sockets of this tool have come. */
void calls_door_opened(struct gate *g, const char *tool);

/* The open call of this tool that may reach it; NULL. */
struct call *calls_find(
    struct gate *g, const char *tool, const char *name, uint16_t port);
bool calls_know(struct gate *g, const char *tool, const char *name);
/* Note it with an open call of the tool, or in the log. */
void calls_refuse(struct gate *g, const char *tool, const char *what);
/* One more connection; NULL when so many hosts are told of already. */
struct seen *call_use(struct call *c, const char *what, const char *address);

/* ---- doors.c: the sockets of one container ---- */

struct door {
	struct gate *gate;
	char tool[NAME_MAX_LEN + 1];
	int udp;
	int tcp[TOOL_PORTS_MAX];
	size_t n_tcp;
	bool wanted; /* Something between two calls, which was logged. */
	/* Name i is 127.1.0.(i + 1) to the tool. */
	char names[GATE_NAMES_MAX][HOST_MAX + 1];
	size_t n_names;
	struct conn *conns[GATE_CONNS_MAX];
};

peer_fn doors_on_sockets;
peer_fn doors_on_closed;
struct door *door_find(struct gate *g, const char *tool);

/* ---- conn.c: one connection of a tool ---- */

/* Takes the accepted descriptor over. */
void conn_open(
    struct door *d, int fd, struct call *c, const char *name, uint16_t port);
void conn_close(struct conn *k);
bool conn_is_of(const struct conn *k, const struct call *c);

/* ---- gate.c ---- */

struct gate {
	struct peers *peers;
	struct loop *loop;
	struct verifier *verifier;
	struct lookups *lookups;
	struct scanner *scanner;
	struct door *doors[TOOLS_MAX];
	struct call calls[CALLS_OPEN_MAX];
	size_t n_conns;
};

#endif
