/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

/*
 * Bytes that must not be shown.  The type is opaque, so no format string,
 * log line or JSON writer takes it; who needs the bytes asks for them by
 * name, which can be searched for.  Wiped when freed.
 */

#include <stddef.h>

struct secret;

/* Copies; the caller wipes its own. */
struct secret *secret_new(const void *p, size_t len);
void secret_free(struct secret *s);

/* NUL-terminated behind `secret_len()`. */
const char *secret_reveal(const struct secret *s);
size_t secret_len(const struct secret *s);

#endif
