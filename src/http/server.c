/* SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "http/server_priv.h"
#include "sys/clock.h"

#define BACKLOG 512
#define ACCEPTS_MAX 32 /* Before the others have their turn. */
#define KEPT 1024 /* Of a buffer, for the next request. */
#define IN_MAX (HTTP_HEAD_MAX + HTTP_BODY_MAX)
#define OUT_MAX (HTTP_REPLY_MAX + HTTP_HEAD_MAX)

/* Ids are unique over all servers of the process, and begin anywhere: who
 * still answers an earlier process must not meet a request of this one. */
static int64_t request_ids;

int64_t
http_new_id(void)
{
	uint32_t random;

	if (request_ids == 0) {
		crypto_random(&random, sizeof(random));
		request_ids = (int64_t)random << 16;
	}
	return ++request_ids;
}

static void on_conn(void *arg, int fd, int events);

static void
release(struct conn *c)
{
	tls_free(c->tls);
	close(c->fd);
	buf_done(&c->in);
	buf_done(&c->out);
	socket_free(c);
	free(c);
}

void
conn_free(struct conn *c)
{
	struct http_server *s = c->server;
	size_t i;

	if (c->dead)
		return;
	c->dead = true;
	for (i = 0; i < s->conns_max; i++)
		if (s->conns[i] == c)
			s->conns[i] = NULL;
	loop_timer_cancel(s->loop, c->timer);
	c->timer = 0;
	loop_remove(s->loop, c->fd);
	socket_gone(c);
	/* Who drives it still looks at it. */
	if (!c->driven)
		release(c);
}

static void
on_late(void *arg)
{
	struct conn *c = arg;

	c->timer = 0;
	if (c->state == CONN_SOCKET)
		socket_late(c);
	else
		conn_free(c);
}

void
conn_set_deadline(struct conn *c, int64_t at_ms)
{
	loop_timer_cancel(c->server->loop, c->timer);
	c->timer = loop_timer(c->server->loop, at_ms, on_late, c);
}

static void
set_deadline(struct conn *c, int64_t wait_ms)
{
	conn_set_deadline(c, clock_boot_ms() + wait_ms);
}

void
conn_enter(struct conn *c, enum conn_state state)
{
	c->state = state;
	c->since_ms = clock_boot_ms();
}

void
conn_watch(struct conn *c, int events)
{
	if (loop_change(c->server->loop, c->fd, events) != OK)
		fatal("cannot watch a connection");
}

static const char *
reason_of(int status)
{
	return status < 400 ? "OK" : status < 500 ? "Refused" : "Failed";
}

static void
compose(struct conn *c, const struct http_answer *a)
{
	char line[96];
	int n = snprintf(line, sizeof(line),
	    "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\nContent-Type: ",
	    a->status, reason_of(a->status), a->len);

	buf_add(&c->out, line, (size_t)n);
	buf_adds(&c->out, a->type);
	buf_adds(&c->out, "\r\nX-Content-Type-Options: nosniff\r\n");
	buf_adds(&c->out, a->fields);
	buf_adds(&c->out, c->last ? "Connection: close\r\n\r\n" : "\r\n");
	if (a->status != HTTP_NOT_MODIFIED)
		buf_add(&c->out, a->body, a->len);
	conn_enter(c, CONN_WRITING);
}

/* Answer once, then close, for nobody knows where the next request would
 * begin, or whose it would be. */
static void
refuse(struct conn *c, int status, const char *words)
{
	char json[256];
	int n = snprintf(json, sizeof(json), "{\"error\":\"%s\"}", words);
	struct http_answer a = {status, "application/json",
	    status == 426 ? "Sec-WebSocket-Version: 13\r\n" : "", json,
	    (size_t)n};

	c->last = true;
	compose(c, &a);
}

static void
refuse_input(struct conn *c, enum err e)
{
	if (e == ERR_LIMIT)
		refuse(c, 413, "the request is too large");
	else
		refuse(c, 400, "the request is malformed");
}

/* A request that is for others, or a handshake that is none. */
static bool
is_refused(struct conn *c, const struct http_head *h)
{
	const char *words = "";
	int status = host_refuses(c->server->tls, h, &words);

	if (status == 0) {
		words = "the handshake of a WebSocket is malformed";
		status = socket_offer(h, c->accept);
	}
	/* Nothing may follow a handshake before its answer. */
	if (status == 0 && c->accept[0] != '\0' && c->in.len > h->head_len)
		status = 400;
	if (status == 0)
		return false;
	refuse(c, status, words);
	return true;
}

static void
give_request(struct conn *c, const struct http_head *h)
{
	struct http_request r = {.server = c->server,
	    .id = http_new_id(),
	    .method = h->method,
	    .path = h->target,
	    .has_client = c->has_client,
	    .client = c->client,
	    .head = h,
	    .wants_socket = c->accept[0] != '\0',
	    .tls = c->tls};
	const char *mark = memchr(h->target.p, '?', h->target.len);

	if (mark != NULL) {
		r.path.len = (size_t)(mark - h->target.p);
		r.query.p = mark + 1;
		r.query.len = h->target.len - r.path.len - 1;
	}
	r.body.p = c->in.p + h->head_len;
	r.body.len = h->body_len;
	conn_enter(c, CONN_WAITING);
	c->request = r.id;
	c->consumed = h->head_len + h->body_len;
	/* The room behind has its own deadline; ours is for its silence. */
	set_deadline(c, ANSWER_WAIT_MS);
	c->given = true;
	c->server->fn(c->server->arg, &r);
	c->given = false;
}

/* True when a whole request was handed on. */
static bool
try_request(struct conn *c)
{
	struct http_head h;
	enum err e;

	if (c->in.len == 0)
		return false;
	e = http_parse_request(c->in.p, c->in.len, &h);
	if (e == OK && c->in.len < h.head_len + h.body_len)
		e = ERR_BUSY;
	if (e == ERR_BUSY)
		return false;
	if (e != OK)
		refuse_input(c, e);
	else if (!is_refused(c, &h))
		give_request(c, &h);
	return true;
}

static bool
read_some(struct conn *c)
{
	char chunk[4096];
	size_t n;
	enum err e = tls_read(c->tls, chunk, sizeof(chunk), &n);

	if (e == ERR_BUSY)
		return false;
	if (e != OK) {
		conn_free(c);
		return false;
	}
	if (c->in.len == 0)
		set_deadline(c, HTTP_REQUEST_MS);
	buf_add(&c->in, chunk, n);
	if (c->in.overflow)
		refuse_input(c, ERR_LIMIT);
	return true;
}

static bool
write_some(struct conn *c)
{
	size_t n;
	enum err e = tls_write(c->tls, c->out.p, c->out.len, &n);

	if (e == ERR_BUSY) {
		conn_watch(c, tls_wants_write(c->tls) ? LOOP_WRITE : LOOP_READ);
		return false;
	}
	if (e != OK) {
		conn_free(c);
		return false;
	}
	buf_drop(&c->out, n);
	if (c->out.len > 0)
		return true;
	if (c->last) {
		conn_free(c);
		return false;
	}
	buf_drop(&c->in, c->consumed);
	if (c->in.len == 0 && c->in.cap > KEPT)
		buf_done(&c->in);
	if (c->out.cap > KEPT)
		buf_done(&c->out);
	c->consumed = 0;
	conn_enter(c, CONN_READING);
	set_deadline(c, HTTP_IDLE_MS);
	conn_watch(c, LOOP_READ);
	/* What the socket has, the loop will tell. */
	return c->in.len > 0 || tls_has_more(c->tls);
}

/* ---- Places ---- */

static size_t
count_of(const struct http_server *s, const struct digest *client)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < s->conns_max; i++)
		if (s->conns[i] != NULL && s->conns[i]->has_client &&
		    digest_equal(&s->conns[i]->client, client))
			n++;
	return n;
}

/* How much may be lost with it: nothing where nobody has shown who they are;
 * little where nothing comes or goes right now, of a client that has several.
 * A WebSocket is there for longer than its messages: it is opened again. */
static int
worth(const struct http_server *s, const struct conn *c)
{
	if (!c->has_client)
		return 0;
	if (c->in.len > 0 || c->out.len > 0 || count_of(s, &c->client) < 2)
		return 2;
	return c->state == CONN_READING || c->state == CONN_SOCKET ? 1 : 2;
}

/* Of those worth least the one that is so the longest makes room for who
 * comes now: idle strangers, and one client with every place taken, must not
 * keep an owner's halt out.  False when everything is under way. */
static bool
make_room(struct http_server *s, size_t *ret)
{
	int least = 2;
	size_t at = 0;
	size_t i;

	for (i = 0; i < s->conns_max; i++) {
		const struct conn *c = s->conns[i];
		int w = worth(s, c);

		if (w < least ||
		    (w == least && w < 2 &&
			c->since_ms < s->conns[at]->since_ms)) {
			least = w;
			at = i;
		}
	}
	if (least == 2)
		return false;
	conn_free(s->conns[at]);
	*ret = at;
	return true;
}

/* One client has so many at once, and begins anew with its oldest. */
static void
bound_client(const struct conn *c)
{
	struct http_server *s = c->server;
	struct conn *oldest = NULL;
	size_t i;

	if (count_of(s, &c->client) <= CONNS_EACH_MAX)
		return;
	for (i = 0; i < s->conns_max; i++) {
		struct conn *o = s->conns[i];

		if (o != NULL && o != c && o->has_client &&
		    digest_equal(&o->client, &c->client) &&
		    (oldest == NULL || o->since_ms < oldest->since_ms))
			oldest = o;
	}
	if (oldest != NULL)
		conn_free(oldest);
}

/* ---- Steps ---- */

static bool
shake_hands(struct conn *c)
{
	enum err e = tls_handshake(c->tls);

	if (e == ERR_BUSY) {
		conn_watch(c, tls_wants_write(c->tls) ? LOOP_WRITE : LOOP_READ);
		return false;
	}
	if (e != OK) {
		conn_free(c);
		return false;
	}
	c->has_client = tls_peer_id(c->tls, &c->client) == OK;
	if (c->has_client)
		bound_client(c);
	conn_enter(c, CONN_READING);
	set_deadline(c, HTTP_IDLE_MS);
	conn_watch(c, LOOP_READ);
	return true;
}

/* One step; false when it has to wait or the connection is gone. */
static bool
advance(struct conn *c)
{
	switch (c->state) {
	case CONN_HANDSHAKE:
		return shake_hands(c);
	case CONN_READING:
		if (try_request(c))
			return !c->dead && c->state == CONN_WRITING;
		return read_some(c);
	case CONN_WAITING:
		return false;
	case CONN_WRITING:
		return write_some(c);
	case CONN_SOCKET:
		socket_drive(c);
		return false;
	}
	return false;
}

static void
drive(struct conn *c)
{
	c->driven = true;
	while (advance(c))
		;
	c->driven = false;
	if (c->dead)
		release(c);
}

static void
on_conn(void *arg, int fd, int events)
{
	struct conn *c = arg;

	(void)fd;
	if (c->state == CONN_WAITING && (events & LOOP_HANGUP)) {
		conn_free(c);
		return;
	}
	/* Rarely there is more before our answer; it waits. */
	if (c->state == CONN_WAITING)
		conn_watch(c, 0);
	drive(c);
}

/* False when nobody is waiting. */
static bool
accept_one(struct http_server *s)
{
	struct conn *c;
	size_t i = 0;
	int on = 1;
	int peer = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (peer < 0)
		return false;
	while (i < s->conns_max && s->conns[i] != NULL)
		i++;
	if (i == s->conns_max && !make_room(s, &i)) {
		close(peer);
		return true;
	}
	setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c = xalloc(sizeof(*c));
	c->server = s;
	conn_enter(c, CONN_HANDSHAKE);
	c->fd = peer;
	c->tls = tls_new(s->tls, peer);
	buf_init(&c->in, IN_MAX);
	buf_init(&c->out, OUT_MAX);
	s->conns[i] = c;
	if (loop_add(s->loop, peer, LOOP_READ, on_conn, c) != OK)
		fatal("cannot watch a connection");
	set_deadline(c, HTTP_REQUEST_MS);
	return true;
}

/* Several at once: who does not find a place in the kernel's queue tries
 * again only after a second. */
static void
on_accept(void *arg, int fd, int events)
{
	struct http_server *s = arg;
	int i = 0;

	(void)fd;
	(void)events;
	while (i < ACCEPTS_MAX && accept_one(s))
		i++;
}

struct http_server *
http_server_new(struct loop *l, int fd, struct tls_config *tls,
    size_t conns_max, http_request_fn *fn, void *arg)
{
	struct http_server *s = xalloc(sizeof(*s));

	s->loop = l;
	s->fd = fd;
	s->tls = tls;
	s->conns_max = conns_max;
	s->fn = fn;
	s->arg = arg;
	s->conns = xalloc(conns_max * sizeof(s->conns[0]));
	return s;
}

void
http_server_use(struct http_server *s, struct tls_config *tls)
{
	tls_config_free(s->tls);
	s->tls = tls;
}

enum err
http_server_open(struct http_server *s)
{
	if (s->open)
		return OK;
	if (listen(s->fd, BACKLOG) < 0 ||
	    loop_add(s->loop, s->fd, LOOP_READ, on_accept, s) != OK)
		return ERR_IO;
	s->open = true;
	return OK;
}

void
http_server_shut(struct http_server *s)
{
	size_t i;

	if (s == NULL || !s->open)
		return;
	for (i = 0; i < s->conns_max; i++)
		if (s->conns[i] != NULL)
			conn_free(s->conns[i]);
	loop_remove(s->loop, s->fd);
	/* Leaves the port bound, but closed. */
	shutdown(s->fd, SHUT_RDWR);
	s->open = false;
}

struct conn *
conn_find(struct http_server *s, int64_t id, enum conn_state state)
{
	size_t i;

	for (i = 0; i < s->conns_max; i++)
		if (s->conns[i] != NULL && s->conns[i]->state == state &&
		    s->conns[i]->request == id)
			return s->conns[i];
	return NULL;
}

void
http_answer(struct http_server *s, int64_t id, const struct http_answer *a)
{
	struct conn *c = conn_find(s, id, CONN_WAITING);

	if (c == NULL)
		return;
	compose(c, a);
	if (c->out.overflow) {
		conn_free(c);
		return;
	}
	set_deadline(c, HTTP_REQUEST_MS);
	if (!c->given)
		drive(c);
}

void
http_reply(
    struct http_server *s, int64_t id, int status, const char *json, size_t len)
{
	struct http_answer a = {status, "application/json",
	    "Cache-Control: no-store\r\n", json, len};

	http_answer(s, id, &a);
}

enum err
http_claim(struct http_server *s, int64_t id, const struct digest *client)
{
	struct conn *c = conn_find(s, id, CONN_SOCKET);

	if (c == NULL)
		c = conn_find(s, id, CONN_WAITING);
	if (c == NULL)
		return ERR_NOTFOUND;
	c->has_client = true;
	c->client = *client;
	bound_client(c);
	return OK;
}

void
http_server_cut(struct http_server *s, const struct digest *client)
{
	size_t i;

	for (i = 0; i < s->conns_max; i++)
		if (s->conns[i] != NULL && s->conns[i]->has_client &&
		    digest_equal(&s->conns[i]->client, client))
			conn_free(s->conns[i]);
}
