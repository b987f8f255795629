/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

/*
 * A growing byte buffer with a limit.  Always NUL-terminated behind `len`,
 * so that text can be read in place.  Going over the limit sets `overflow`
 * and keeps what was there: callers check once, at the end.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct buf {
	char *p;
	size_t len;
	size_t cap;
	size_t max;
	bool overflow;
};

void buf_init(struct buf *b, size_t max);
void buf_done(struct buf *b);
void buf_clear(struct buf *b);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

/* Drop the first `n` bytes. */
void buf_drop(struct buf *b, size_t n);

/* Take the text out; the caller frees it. */
char *buf_steal(struct buf *b);

#endif
