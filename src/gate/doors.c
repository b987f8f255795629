/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "gate/gate_priv.h"
#include "sys/sock.h"

/*
 * Doors: the sockets that a shim bound inside its container.  Each name the
 * tool may use stands for an address of its own below 127.1, so that an
 * accepted connection tells which name was meant; that address exists in the
 * container alone.
 */

#define FIRST_ADDRESS 0x7f010001u /* 127.1.0.1 */
#define ANSWER_TTL_S 10
#define DATAGRAMS_AT_ONCE 16
#define CONNS_AT_ONCE 8

struct door *
door_find(struct gate *g, const char *tool)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (g->doors[i] != NULL && strcmp(g->doors[i]->tool, tool) == 0)
			return g->doors[i];
	return NULL;
}

static void
door_close(struct door *d)
{
	struct gate *g = d->gate;
	size_t i;

	for (i = 0; i < GATE_CONNS_MAX; i++)
		if (d->conns[i] != NULL)
			conn_close(d->conns[i]);
	loop_remove(g->loop, d->udp);
	close(d->udp);
	for (i = 0; i < d->n_tcp; i++) {
		loop_remove(g->loop, d->tcp[i]);
		close(d->tcp[i]);
	}
	for (i = 0; i < TOOLS_MAX; i++)
		if (g->doors[i] == d)
			g->doors[i] = NULL;
	free(d);
}

/* ---- Names ---- */

/* The place of a name, which it keeps; -1 when all are taken. */
static int
place_of(struct door *d, const char *name)
{
	size_t i;

	for (i = 0; i < d->n_names; i++)
		if (strcmp(d->names[i], name) == 0)
			return (int)i;
	if (i == GATE_NAMES_MAX)
		return -1;
	snprintf(d->names[i], sizeof(d->names[i]), "%s", name);
	d->n_names++;
	return (int)i;
}

static size_t
answer(struct door *d, const uint8_t *query, const struct dns_question *q,
    uint8_t ret[DNS_MESSAGE_MAX])
{
	struct address a = {.len = 0};
	uint32_t at;
	int place = -1;

	if (q->is_host && calls_know(d->gate, d->tool, q->name))
		place = place_of(d, q->name);
	if (place < 0) {
		calls_refuse(d->gate, d->tool, q->name);
		return dns_answer_write(query, q, &a, true, ANSWER_TTL_S, ret);
	}
	if (q->type == DNS_A) {
		at = htonl(FIRST_ADDRESS + (uint32_t)place);
		memcpy(a.b, &at, sizeof(at));
		a.len = sizeof(at);
	}
	return dns_answer_write(query, q, &a, false, ANSWER_TTL_S, ret);
}

static void
on_datagram(void *arg, int fd, int events)
{
	struct door *d = arg;
	int i;

	(void)events;
	for (i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		uint8_t query[DNS_MESSAGE_MAX];
		uint8_t reply[DNS_MESSAGE_MAX];
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		struct dns_question q;
		ssize_t n = recvfrom(fd, query, sizeof(query), MSG_DONTWAIT,
		    (struct sockaddr *)&from, &len);

		if (n < 0)
			return;
		if (dns_question_read(query, (size_t)n, &q) != OK)
			continue;
		sendto(fd, reply, answer(d, query, &q, reply), MSG_DONTWAIT,
		    (const struct sockaddr *)&from, len);
	}
}

/* ---- Connections ---- */

/* The other end sees a reset, not a clean end. */
static void
reset(int fd)
{
	struct linger at_once = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

/* Which name the tool connected to, by the address it used. */
static bool
meant(const struct door *d, int fd, const char **ret_name, uint16_t *ret_port,
    char ret_raw[INET_ADDRSTRLEN])
{
	struct sockaddr_in to;
	socklen_t len = sizeof(to);
	uint32_t place;

	memset(&to, 0, sizeof(to));
	if (getsockname(fd, (struct sockaddr *)&to, &len) < 0)
		return false;
	inet_ntop(AF_INET, &to.sin_addr, ret_raw, INET_ADDRSTRLEN);
	*ret_port = ntohs(to.sin_port);
	place = ntohl(to.sin_addr.s_addr) - FIRST_ADDRESS;
	*ret_name = place < d->n_names ? d->names[place] : NULL;
	return *ret_name != NULL;
}

static bool
has_room(const struct door *d)
{
	size_t i;

	for (i = 0; i < GATE_CONNS_MAX; i++)
		if (d->conns[i] == NULL)
			return d->gate->n_conns < GATE_CONNS_ALL_MAX;
	return false;
}

static void
let_in(struct door *d, int fd)
{
	char raw[INET_ADDRSTRLEN] = "?";
	char what[HOST_MAX + 64];
	const char *name = NULL;
	uint16_t port = 0;
	struct call *c = NULL;

	if (meant(d, fd, &name, &port, raw))
		c = calls_find(d->gate, d->tool, name, port);
	if (c != NULL && has_room(d)) {
		conn_open(d, fd, c, name, port);
		return;
	}
	snprintf(what, sizeof(what), "%s:%d%s", name != NULL ? name : raw,
	    (int)port, c != NULL ? " (too many connections)" : "");
	calls_refuse(d->gate, d->tool, what);
	reset(fd);
}

static void
on_knock(void *arg, int fd, int events)
{
	struct door *d = arg;
	int i;

	(void)events;
	for (i = 0; i < CONNS_AT_ONCE; i++) {
		int got = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (got < 0)
			return;
		let_in(d, got);
	}
}

/* ---- Opening ---- */

/* A socket of the internet, of this type, that listens if it can. */
static bool
is_socket(int fd, int type)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len) == 0 &&
	    value == type &&
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &len) == 0 &&
	    value == AF_INET &&
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) == 0 &&
	    value == (type == SOCK_STREAM);
}

static bool
are_sockets(const struct msg *m)
{
	size_t i;

	if (m->n_fds < 2 || !is_socket(m->fds[0], SOCK_DGRAM))
		return false;
	for (i = 1; i < m->n_fds; i++)
		if (!is_socket(m->fds[i], SOCK_STREAM))
			return false;
	return true;
}

static enum err
watch(struct door *d)
{
	enum err e = sock_nonblocking(d->udp);
	size_t i;

	if (e == OK)
		e = loop_add(d->gate->loop, d->udp, LOOP_READ, on_datagram, d);
	for (i = 0; i < d->n_tcp && e == OK; i++) {
		e = sock_nonblocking(d->tcp[i]);
		if (e == OK)
			e = loop_add(
			    d->gate->loop, d->tcp[i], LOOP_READ, on_knock, d);
	}
	return e;
}

/* {"tool"}; the socket for names, then those for connections. */
void
doors_on_sockets(void *role, struct msg *m)
{
	struct gate *g = role;
	const char *tool = json_words(m->body, "tool");
	struct door *d = door_find(g, tool);
	size_t i = 0;

	if (!str_is_name(tool) || !are_sockets(m)) {
		log_warn("what came as the sockets of a tool is none");
		return;
	}
	if (d != NULL)
		door_close(d);
	while (i < TOOLS_MAX && g->doors[i] != NULL)
		i++;
	if (i == TOOLS_MAX)
		return;
	g->doors[i] = d = xalloc(sizeof(*d));
	d->gate = g;
	snprintf(d->tool, sizeof(d->tool), "%s", tool);
	d->udp = m->fds[0];
	d->n_tcp = m->n_fds - 1;
	memcpy(d->tcp, m->fds + 1, d->n_tcp * sizeof(d->tcp[0]));
	m->n_fds = 0; /* They are ours. */
	if (watch(d) != OK)
		door_close(d);
	else
		calls_door_opened(g, tool);
}

/* {"tool"}: its container is gone, or will be. */
void
doors_on_closed(void *role, struct msg *m)
{
	struct door *d = door_find(role, json_words(m->body, "tool"));

	if (d != NULL)
		door_close(d);
}
