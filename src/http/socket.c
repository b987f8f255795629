/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "base/log.h"
#include "http/parse.h"
#include "http/server_priv.h"
#include "sys/clock.h"

/*
 * A connection as a WebSocket.  Whoever closes first, the other's goodbye is
 * waited for, but not for long; what nobody can read on is closed with the
 * reason and then listened to no more.
 */

/* A close, and what answers a ping, find room beyond the queue. */
#define FRAME_SPARE (3 * (WS_CONTROL_MAX + 2))

struct socket {
	const struct http_socket *port;
	void *arg;
	struct ws in;
	bool closing; /* Our goodbye is on its way. */
	bool broken; /* Theirs cannot be known. */
	bool heard; /* A pong since our last ping. */
	int64_t ping_ms; /* The next. */
	int64_t midway_ms; /* Since when a message is; 0: it is not. */
	int64_t close_ms;
	int64_t window_ms;
	int events; /* In the window. */
};

int
socket_offer(const struct http_head *h, char *ret_accept)
{
	struct str version = http_head_find(h, "sec-websocket-version");

	*ret_accept = '\0';
	if (!http_list_has(http_head_find(h, "upgrade"), "websocket"))
		return 0;
	if (!http_list_has(http_head_find(h, "connection"), "upgrade") ||
	    !str_eq(h->method, "GET") || h->body_len > 0 || version.len == 0)
		return 400;
	if (!str_eq(version, "13"))
		return 426;
	return ws_accept(http_head_find(h, "sec-websocket-key"), ret_accept) ==
		OK
	    ? 0
	    : 400;
}

/* What is due next, and what is waited for. */
static void
settle(struct conn *c)
{
	struct socket *k = c->socket;
	int64_t due_ms = k->closing ? k->close_ms : k->ping_ms;
	int events = LOOP_READ;

	if (!ws_is_midway(&k->in))
		k->midway_ms = 0;
	else if (k->midway_ms == 0)
		k->midway_ms = clock_boot_ms();
	if (!k->closing && k->midway_ms != 0 &&
	    k->midway_ms + WS_MESSAGE_MS < due_ms)
		due_ms = k->midway_ms + WS_MESSAGE_MS;
	conn_set_deadline(c, due_ms);
	/* What was read already the loop learns by a turn for writing. */
	if (c->out.len > 0 || tls_has_more(c->tls))
		events |= LOOP_WRITE;
	conn_watch(c, events);
}

static void
say_goodbye(struct conn *c, enum ws_code code, const char *why)
{
	struct socket *k = c->socket;

	if (k->closing)
		return;
	k->closing = true;
	k->close_ms = clock_boot_ms() + WS_CLOSE_MS;
	ws_put_close(&c->out, code, why);
}

enum err
http_upgrade(struct http_server *s, int64_t id, const struct http_socket *port,
    void *arg)
{
	struct conn *c = conn_find(s, id, CONN_WAITING);
	struct socket *k;

	if (c == NULL)
		return ERR_NOTFOUND;
	if (c->accept[0] == '\0')
		return ERR_STATE;
	k = xalloc(sizeof(*k));
	k->port = port;
	k->arg = arg;
	k->heard = true;
	k->ping_ms = clock_boot_ms() + WS_PING_MS;
	ws_init(&k->in);
	c->socket = k;
	buf_done(&c->in);
	buf_done(&c->out);
	buf_init(&c->out, WS_QUEUE_MAX + FRAME_SPARE);
	buf_addf(&c->out,
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
	    c->accept);
	conn_enter(c, CONN_SOCKET);
	settle(c);
	return OK;
}

enum err
http_socket_send(struct http_server *s, int64_t id, const char *p, size_t len)
{
	struct conn *c = conn_find(s, id, CONN_SOCKET);
	enum err e = OK;

	if (c == NULL || c->socket->closing)
		return ERR_NOTFOUND;
	if (len > WS_QUEUE_MAX || c->out.len > WS_QUEUE_MAX - len) {
		say_goodbye(c, WS_LATER,
		    "you read more slowly than there is to tell; come again");
		e = ERR_LIMIT;
	} else {
		ws_put_text(&c->out, p, len);
	}
	settle(c);
	return e;
}

void
http_socket_close(
    struct http_server *s, int64_t id, enum ws_code code, const char *why)
{
	struct conn *c = conn_find(s, id, CONN_SOCKET);

	if (c == NULL)
		return;
	say_goodbye(c, code, why);
	settle(c);
}

void
socket_gone(struct conn *c)
{
	if (c->socket != NULL)
		c->socket->port->gone(c->socket->arg, c->request);
}

void
socket_free(struct conn *c)
{
	if (c->socket == NULL)
		return;
	ws_done(&c->socket->in);
	free(c->socket);
}

/* ---- What comes ---- */

/* Nobody may have the house work more than this. */
static bool
is_too_much(struct socket *k)
{
	int64_t now_ms = clock_boot_ms();

	if (now_ms - k->window_ms >= WS_WINDOW_MS) {
		k->window_ms = now_ms;
		k->events = 0;
	}
	return ++k->events > WS_WINDOW_MAX;
}

static void
hear(struct conn *c, enum ws_event event)
{
	struct socket *k = c->socket;

	if (event == WS_CLOSED || event == WS_BROKEN) {
		k->broken = event == WS_BROKEN;
		say_goodbye(c, k->in.code, "");
		return;
	}
	if (k->closing)
		return;
	if (is_too_much(k)) {
		say_goodbye(c, WS_POLICY, "you say more than may be said");
		return;
	}
	if (event == WS_PONG)
		k->heard = true;
	else if (event == WS_PING && c->out.len <= WS_QUEUE_MAX)
		ws_put_pong(&c->out, k->in.control, k->in.control_len);
	else if (event == WS_TEXT)
		k->port->message(k->arg, c->request,
		    (struct str){k->in.message.p, k->in.message.len});
}

static bool
read_some(struct conn *c)
{
	char chunk[4096];
	enum ws_event event;
	size_t at = 0;
	size_t used;
	size_t n;
	enum err e = tls_read(c->tls, chunk, sizeof(chunk), &n);

	if (e == ERR_BUSY)
		return false;
	if (e != OK) {
		conn_free(c);
		return false;
	}
	do {
		event = ws_take(&c->socket->in, chunk + at, n - at, &used);
		at += used;
		if (event != WS_MORE)
			hear(c, event);
	} while (event != WS_MORE && !c->dead);
	return !c->dead;
}

static bool
write_some(struct conn *c)
{
	size_t n;
	enum err e = tls_write(c->tls, c->out.p, c->out.len, &n);

	if (e == ERR_BUSY)
		return false;
	if (e != OK) {
		conn_free(c);
		return false;
	}
	buf_drop(&c->out, n);
	return c->out.len > 0;
}

void
socket_drive(struct conn *c)
{
	int reads = 0;

	while (reads < WS_READS_MAX && read_some(c))
		reads++;
	while (!c->dead && c->out.len > 0 && write_some(c))
		;
	if (c->dead)
		return;
	if (c->out.len == 0) {
		buf_done(&c->out);
		if (c->socket->in.over && !c->socket->broken) {
			conn_free(c);
			return;
		}
		/* Unread bytes would take our goodbye with them, so what
		 * still comes is read, until they or the time end it. */
		if (c->socket->broken)
			shutdown(c->fd, SHUT_WR);
	}
	settle(c);
}

void
socket_late(struct conn *c)
{
	struct socket *k = c->socket;
	int64_t now_ms = clock_boot_ms();

	if (k->closing || (now_ms >= k->ping_ms && !k->heard)) {
		conn_free(c);
		return;
	}
	if (k->midway_ms != 0 && now_ms >= k->midway_ms + WS_MESSAGE_MS)
		say_goodbye(c, WS_POLICY, "a message takes too long");
	if (now_ms >= k->ping_ms) {
		k->heard = false;
		k->ping_ms = now_ms + WS_PING_MS;
		ws_put_ping(&c->out);
	}
	settle(c);
}
