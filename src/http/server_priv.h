/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_SERVER_PRIV_H
#define HTTP_SERVER_PRIV_H

/* A connection of the server, which server.c serves with HTTP and socket.c,
 * once it was upgraded, as a WebSocket. */

#include "base/buf.h"
#include "http/server.h"
#include "ws/ws.h"

enum conn_state {
	CONN_HANDSHAKE,
	CONN_READING, /* The next request. */
	CONN_WAITING, /* For our answer. */
	CONN_WRITING,
	CONN_SOCKET,
};

struct socket;

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
	bool driven; /* By drive(), which frees it at its end. */
	bool dead;
	struct digest client;
	struct buf in;
	struct buf out;
	size_t consumed; /* Bytes of `in` that the request takes. */
	char accept[WS_ACCEPT_LEN + 1]; /* Empty: cannot be upgraded. */
	struct socket *socket;
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

void conn_free(struct conn *c);
/* NULL when none of this id is in that state. */
struct conn *conn_find(
    struct http_server *s, int64_t id, enum conn_state state);
void conn_watch(struct conn *c, int events);
void conn_enter(struct conn *c, enum conn_state state);

/* At this time of the boot clock; instead of the one before. */
void conn_set_deadline(struct conn *c, int64_t at_ms);

/* ---- host.c ---- */

/* Why a request is not for this box: the status that says so, and words; 0
 * when it is. */
int host_refuses(const struct tls_config *tls, const struct http_head *h,
    const char **ret_words);

/* ---- socket.c ---- */

/* What a handshake is answered with (RFC 6455, section 4.2.2): 0 when it is
 * none, or a good one, for which `ret_accept` is filled. */
int socket_offer(const struct http_head *h, char *ret_accept);

/* Read and write what there is. */
void socket_drive(struct conn *c);

/* The deadline has come. */
void socket_late(struct conn *c);

/* Tell who has it that it is gone; and, once nobody looks at it, free it. */
void socket_gone(struct conn *c);
void socket_free(struct conn *c);

#endif
