/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

/*
 * Requests and responses of HTTP/1.1, strictly: no transfer codings, one
 * Content-Length, no folded headers, lines that end in CRLF, one Host.  What
 * two parsers could read in two ways is refused.
 */

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

struct http_field {
	struct str name;
	struct str value;
};

struct http_head {
	struct str method; /* Of a request. */
	struct str target;
	int status; /* Of a response. */
	size_t body_len;
	size_t head_len; /* Bytes of the head, with its empty line. */
	size_t n_fields;
	struct http_field fields[HTTP_HEADERS_MAX];
};

/* ERR_BUSY: not complete yet.  ERR_INPUT, ERR_LIMIT. */
NODISCARD enum err http_parse_request(
    const char *p, size_t len, struct http_head *ret);
NODISCARD enum err http_parse_response(
    const char *p, size_t len, struct http_head *ret);

/* The first field of this name, empty when there is none.  Those that the
 * house goes by stand in no head twice. */
struct str http_head_find(const struct http_head *h, const char *name);

/* Is it among the words of a list, in any case? */
bool http_list_has(struct str list, const char *word);

#endif
