/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_AUTHORITIES_H
#define HTTP_AUTHORITIES_H

/*
 * Whose certificates the open web believes: the machine's bundle, and a file
 * of an owner's own.  Read once and shared by all connections, since the
 * bundle is some hundred certificates.
 */

#include <stddef.h>

#include "base/err.h"

struct authorities;

/* From PEM files; one that is not there, or holds none, counts for nothing.
 * ERR_NOTFOUND when there is not a single certificate in all of them. */
NODISCARD enum err authorities_load(
    const char *const *paths, size_t n, struct authorities **ret);

/* The first of them, for who wants one before it is told of all. */
void authorities_first(
    const struct authorities *a, const void **ret_der, size_t *ret_len);

/* `ssl_config` is mbedTLS's: from here on these are believed and no others.
 * They must live as long as it. */
void authorities_use(struct authorities *a, void *ssl_config);

#endif
