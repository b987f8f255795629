/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

/*
 * A small HTTP/1.1 server (RFC 9112) over TLS on a listening socket that it
 * was handed.  One request at a time on a connection; bodies have a
 * Content-Length; everything has a limit and a deadline.  Requests for
 * another host, and of another site's pages, are refused here.
 *
 * The server owns connections, and what is read and sent on them.  Who is
 * called has their ids alone, which may be used at any time, also when the
 * connection is gone; what a call hands over is borrowed for that call.
 */

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"
#include "http/parse.h"
#include "http/tls.h"
#include "sys/loop.h"
#include "ws/ws.h"

struct http_server;

/* Everything is borrowed for the call. */
struct http_request {
	struct http_server *server; /* Which got it. */
	int64_t id; /* For http_reply(); never reused. */
	struct str method;
	struct str path; /* Without the query. */
	struct str query; /* Behind '?', undecoded. */
	struct str body;
	const struct http_head *head; /* For http_head_find(). */
	bool wants_socket; /* It may be upgraded. */
	bool has_client;
	struct digest client; /* Digest of its key: see http_claim(). */
	struct tls *tls;
};

typedef void http_request_fn(void *arg, const struct http_request *r);

/* Not listening yet.  Takes the socket and the configuration over. */
struct http_server *http_server_new(struct loop *l, int fd,
    struct tls_config *tls, size_t conns_max, http_request_fn *fn, void *arg);

NODISCARD enum err http_server_open(struct http_server *s);

/* Connections from now on have this configuration; takes it over. */
void http_server_use(struct http_server *s, struct tls_config *tls);

/* An id that no request of this process has, for what comes otherwise. */
int64_t http_new_id(void);

/* Stop listening and end every connection. */
void http_server_shut(struct http_server *s);

/* Answer with JSON.  A request whose connection is gone is ignored. */
void http_reply(struct http_server *s, int64_t id, int status, const char *json,
    size_t len);

/* With this status `len` is told and no body sent (RFC 9110, 15.4.5). */
#define HTTP_NOT_MODIFIED 304

/* Answer with anything.  `fields` are more lines of the head, each with its
 * CRLF; they say how long the answer may be kept. */
#define HTTP_NOT_MODIFIED                                                      \
	304 /* `len` is told, and no body sent (RFC 9110).                     \
	     */
struct http_answer {
	int status;
	const char *type;
	const char *fields;
	const void *body;
	size_t len;
};
void http_answer(
    struct http_server *s, int64_t id, const struct http_answer *a);

/* The connection of this request, or of this WebSocket, belongs to that client,
 * which showed in another way than by a certificate who it is: from now on it
 * keeps its place before strangers, counts with that client's, and ends with
 * them. ERR_NOTFOUND when it is gone. */
NODISCARD enum err http_claim(
    struct http_server *s, int64_t id, const struct digest *client);

/* ---- WebSockets ---- */

struct http_socket {
	/* A whole message. */
	void (*message)(void *arg, int64_t id, struct str text);
	/* It is closed, for whatever reason.  Told once, and also from within
	 * http_server_cut() and http_server_shut(), but from no other call. */
	void (*gone)(void *arg, int64_t id);
};

/* Instead of an answer: the connection of request `id` becomes a WebSocket,
 * with the same id.  `port` is kept.  ERR_NOTFOUND when it is gone; ERR_STATE
 * when this was not asked for, and the request still wants its answer. */
NODISCARD enum err http_upgrade(struct http_server *s, int64_t id,
    const struct http_socket *port, void *arg);

/* Send a message.  Nothing of ours is written, and nobody called, before the
 * loop's next turn.  ERR_NOTFOUND when it is closed or closing; ERR_LIMIT
 * when more than WS_QUEUE_MAX would wait, and it is being closed with 1013. */
NODISCARD enum err http_socket_send(
    struct http_server *s, int64_t id, const char *p, size_t len);

/* Say goodbye behind what was sent; `why` is short, and for people. */
void http_socket_close(
    struct http_server *s, int64_t id, enum ws_code code, const char *why);

/* End the connections of one client. */
void http_server_cut(struct http_server *s, const struct digest *client);

#endif
