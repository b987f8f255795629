/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

/*
 * Requests and responses of HTTP/1.1, strictly: no transfer codings, one
 * Content-Length, no folded headers.  What two parsers could read in two
 * ways is refused.
 */

#include "base/err.h"
#include "base/str.h"

struct http_head {
	struct str method; /* Of a request. */
	struct str target;
	int status; /* Of a response. */
	size_t body_len;
	size_t head_len; /* Bytes of the head, with its empty line. */
};

/* ERR_BUSY: not complete yet.  ERR_INPUT, ERR_LIMIT. */
NODISCARD enum err http_parse_request(
    const char *p, size_t len, struct http_head *ret);
NODISCARD enum err http_parse_response(
    const char *p, size_t len, struct http_head *ret);

#endif
