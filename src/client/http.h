/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_HTTP_H
#define CLIENT_HTTP_H

/*
 * The other end of http/server.h, for the command line: one connection,
 * one request at a time, blocking with deadlines.
 */

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "http/tls.h"

struct http_client;

/* Borrows the configuration until http_close(). */
NODISCARD enum err http_connect(const char *host, uint16_t port,
    struct tls_config *tls, struct http_client **ret, struct errmsg *why);
void http_close(struct http_client *c);

struct tls *http_client_tls(struct http_client *c);

/* Send and wait at most `wait_ms` for the whole answer.  `body` may be
 * NULL; `ret_body` must be initialised and is filled with the answer. */
NODISCARD enum err http_exchange(struct http_client *c, const char *method,
    const char *target, const char *body, int64_t wait_ms, int *ret_status,
    struct buf *ret_body, struct errmsg *why);

/* Readable when there is something for http_receive(). */
int http_client_fd(const struct http_client *c);

/* The same in two halves, for who waits for other things meanwhile.  Of the
 * second ERR_EXPIRED is no end: ask again. */
NODISCARD enum err http_send(struct http_client *c, const char *method,
    const char *target, const char *body, int64_t wait_ms, struct errmsg *why);
NODISCARD enum err http_receive(struct http_client *c, int64_t wait_ms,
    int *ret_status, struct buf *ret_body, struct errmsg *why);

#endif
