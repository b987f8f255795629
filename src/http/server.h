/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

/*
 * A small HTTP/1.1 server (RFC 9112) over TLS on a listening socket that it
 * was handed.  One request at a time on a connection; bodies have a
 * Content-Length; everything has a limit and a deadline.
 */

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"
#include "http/tls.h"
#include "sys/loop.h"

struct http_server;

/* Everything is borrowed for the call. */
struct http_request {
	int64_t id; /* For http_reply(); never reused. */
	struct str method;
	struct str path; /* Without the query. */
	struct str query; /* Behind '?', undecoded. */
	struct str body;
	bool has_client;
	struct digest
	    client; /* Digest of its key, when it has a certificate. */
	struct tls *tls;
};

typedef void http_request_fn(void *arg, const struct http_request *r);

/* Not listening yet.  Takes the socket and the configuration over. */
struct http_server *http_server_new(struct loop *l, int fd,
    struct tls_config *tls, size_t conns_max, http_request_fn *fn, void *arg);

NODISCARD enum err http_server_open(struct http_server *s);

/* Stop listening and end every connection. */
void http_server_shut(struct http_server *s);

/* Answer with JSON.  A request whose connection is gone is ignored. */
void http_reply(struct http_server *s, int64_t id, int status, const char *json,
    size_t len);

/* End the connections of one client. */
void http_server_cut(struct http_server *s, const struct digest *client);

#endif
