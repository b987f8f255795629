/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPROVAL_LINES_H
#define APPROVAL_LINES_H

/*
 * The text that is signed: a first line that names the kind, then one
 * `key value` per line in a fixed order, UTF-8, each line ended by LF.
 * Nobody re-serialises: what is shown, signed, stored and checked are the
 * same bytes, and a text that is read must write back to itself.
 */

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum line_kind {
	LINE_DIGEST, /* struct digest, 64 hex digits */
	LINE_TOKEN, /* char[33], 32 hex digits */
	LINE_INT, /* int64_t, decimal, not negative */
	LINE_TEXT, /* struct str, borrowed, no control characters */
};

struct line_field {
	const char *key;
	enum line_kind kind;
	size_t offset; /* In the struct that is written or read. */
};

/* ERR_INPUT when a text field holds a control character. */
NODISCARD enum err lines_write(const char *magic,
    const struct line_field *fields, size_t n, const void *from,
    struct buf *out);

/* ERR_INPUT.  Text fields borrow from `text`. */
NODISCARD enum err lines_read(const char *magic,
    const struct line_field *fields, size_t n, const char *text, size_t len,
    void *ret);

#endif
