/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_GET_H
#define WEB_GET_H

/*
 * GET: one page over HTTP/1.1, verified TLS, within the limits, and from
 * nowhere but the place that was asked for.  A redirect elsewhere is an error
 * that names the new address, since whoever allowed this call allowed that
 * host.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/serve.h"
#include "web/limits.h"

struct got {
	char url[URL_MAX + 1]; /* Where it came from in the end. */
	bool moved; /* That is not what was asked for. */
	char type[TYPE_MAX + 1]; /* Content-Type, or "". */
	int64_t bytes;
	bool is_whole; /* Else `bytes` is what the server announced. */
};

/* Who takes the body.  Only that of a success comes here. */
struct sink {
	/* False when knowing its size is enough. */
	bool (*wants)(void *arg, const char *type);
	/* False when it cannot be kept; says why itself. */
	bool (*take)(void *arg, const void *p, size_t n);
	void *arg;
};

/* False when it did not work; then the reply says why. */
bool get(const char *url, const struct sink *sink, struct got *ret,
    struct reply *reply);

#endif
