/* SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "http/parse.h"
#include "sys/clock.h"

#define BACKLOG 64
#define IN_MAX (HTTP_HEAD_MAX + HTTP_BODY_MAX)
#define OUT_MAX (HTTP_REPLY_MAX + HTTP_HEAD_MAX)

enum conn_state {
	CONN_HANDSHAKE,
	CONN_READING, /* The next request. */
	CONN_WAITING, /* For our answer. */
	CONN_WRITING,
};

struct conn {
	struct http_server *server;
	enum conn_state state;
	int fd;
	struct tls *tls;
	uint64_t timer;
	int64_t since_ms; /* In this state. */
	int64_t request;
	bool has_client;
	bool last; /* Close behind the answer. */
	bool given; /* The request is with the callback right now. */
	struct digest client;
	struct buf in;
	struct buf out;
	size_t consumed; /* Bytes of `in` that the request takes. */
};

struct http_server {
	struct loop *loop;
	int fd;
	bool open;
	struct tls_config *tls;
	http_request_fn *fn;
	void *arg;
	size_t conns_max;
	struct conn **conns;
};

/* Ids are unique over all servers of the process, and begin anywhere: who
 * still answers an earlier process must not meet a request of this one. */
static int64_t request_ids;

static int64_t
new_request_id(void)
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
conn_free(struct conn *c)
{
	struct http_server *s = c->server;
	size_t i;

	for (i = 0; i < s->conns_max; i++)
		if (s->conns[i] == c)
			s->conns[i] = NULL;
	loop_timer_cancel(s->loop, c->timer);
	loop_remove(s->loop, c->fd);
	tls_free(c->tls);
	close(c->fd);
	buf_done(&c->in);
	buf_done(&c->out);
	free(c);
}

static void
on_late(void *arg)
{
	struct conn *c = arg;

	c->timer = 0;
	conn_free(c);
}

static void
set_deadline(struct conn *c, int64_t wait_ms)
{
	loop_timer_cancel(c->server->loop, c->timer);
	c->timer =
	    loop_timer(c->server->loop, clock_boot_ms() + wait_ms, on_late, c);
}

static void
enter(struct conn *c, enum conn_state state)
{
	c->state = state;
	c->since_ms = clock_boot_ms();
}

static void
watch(struct conn *c, int events)
{
	if (loop_change(c->server->loop, c->fd, events) != OK)
		fatal("cannot watch a connection");
}

static const char *
reason_of(int status)
{
	return status < 300 ? "OK" : status < 500 ? "Refused" : "Failed";
}

static void
compose(struct conn *c, int status, const char *json, size_t len)
{
	buf_addf(&c->out,
	    "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\nCache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\n%s\r\n",
	    status, reason_of(status), len,
	    c->last ? "Connection: close\r\n" : "");
	buf_add(&c->out, json, len);
	enter(c, CONN_WRITING);
}

/* Things the parser refuses: answer once, then close, for nobody knows
 * where the next request would begin. */
static void
refuse(struct conn *c, enum err e)
{
	static const char bad[] = "{\"error\":\"the request is malformed\"}";
	static const char big[] = "{\"error\":\"the request is too large\"}";

	c->last = true;
	if (e == ERR_LIMIT)
		compose(c, 413, big, sizeof(big) - 1);
	else
		compose(c, 400, bad, sizeof(bad) - 1);
}

static void
give_request(struct conn *c, const struct http_head *h)
{
	struct http_request r = {.id = new_request_id(),
	    .method = h->method,
	    .path = h->target,
	    .has_client = c->has_client,
	    .client = c->client,
	    .tls = c->tls};
	const char *mark = memchr(h->target.p, '?', h->target.len);

	if (mark != NULL) {
		r.path.len = (size_t)(mark - h->target.p);
		r.query.p = mark + 1;
		r.query.len = h->target.len - r.path.len - 1;
	}
	r.body.p = c->in.p + h->head_len;
	r.body.len = h->body_len;
	enter(c, CONN_WAITING);
	c->request = r.id;
	c->consumed = h->head_len + h->body_len;
	/* The room behind has its own deadline; ours is for its silence. */
	set_deadline(c, ANSWER_WAIT_MS);
	watch(c, 0);
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
	if (e == OK)
		give_request(c, &h);
	else
		refuse(c, e);
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
		refuse(c, ERR_LIMIT);
	return true;
}

static bool
write_some(struct conn *c)
{
	size_t n;
	enum err e = tls_write(c->tls, c->out.p, c->out.len, &n);

	if (e == ERR_BUSY) {
		watch(c, tls_wants_write(c->tls) ? LOOP_WRITE : LOOP_READ);
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
	buf_done(&c->out);
	buf_drop(&c->in, c->consumed);
	c->consumed = 0;
	enter(c, CONN_READING);
	set_deadline(c, HTTP_IDLE_MS);
	watch(c, LOOP_READ);
	return true;
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
 * little where nothing is under way, of a client that has several. */
static int
worth(const struct http_server *s, const struct conn *c)
{
	if (!c->has_client)
		return 0;
	if (c->state != CONN_READING || c->in.len > 0 ||
	    count_of(s, &c->client) < 2)
		return 2;
	return 1;
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
		watch(c, tls_wants_write(c->tls) ? LOOP_WRITE : LOOP_READ);
		return false;
	}
	if (e != OK) {
		conn_free(c);
		return false;
	}
	c->has_client = tls_peer_id(c->tls, &c->client) == OK;
	if (c->has_client)
		bound_client(c);
	enter(c, CONN_READING);
	set_deadline(c, HTTP_IDLE_MS);
	watch(c, LOOP_READ);
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
			return c->state == CONN_WRITING;
		return read_some(c);
	case CONN_WAITING:
		return false;
	case CONN_WRITING:
		return write_some(c);
	}
	return false;
}

static void
drive(struct conn *c)
{
	while (advance(c))
		;
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
	drive(c);
}

static void
on_accept(void *arg, int fd, int events)
{
	struct http_server *s = arg;
	struct conn *c;
	size_t i = 0;
	int on = 1;
	int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (peer < 0)
		return;
	while (i < s->conns_max && s->conns[i] != NULL)
		i++;
	if (i == s->conns_max && !make_room(s, &i)) {
		close(peer);
		return;
	}
	setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c = xalloc(sizeof(*c));
	c->server = s;
	enter(c, CONN_HANDSHAKE);
	c->fd = peer;
	c->tls = tls_new(s->tls, peer);
	buf_init(&c->in, IN_MAX);
	buf_init(&c->out, OUT_MAX);
	s->conns[i] = c;
	if (loop_add(s->loop, peer, LOOP_READ, on_conn, c) != OK)
		fatal("cannot watch a connection");
	set_deadline(c, HTTP_REQUEST_MS);
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

void
http_reply(
    struct http_server *s, int64_t id, int status, const char *json, size_t len)
{
	size_t i;

	for (i = 0; i < s->conns_max; i++) {
		struct conn *c = s->conns[i];

		if (c == NULL || c->state != CONN_WAITING || c->request != id)
			continue;
		compose(c, status, json, len);
		if (c->out.overflow) {
			conn_free(c);
			return;
		}
		set_deadline(c, HTTP_REQUEST_MS);
		if (!c->given)
			drive(c);
		return;
	}
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
