/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REDACT_FILTER_H
#define REDACT_FILTER_H

/*
 * What tells, without a secret, where a secret may stand.
 *
 * A secret appears as itself or in one of its forms (forms.h).  Of each form
 * a window of eight bytes is taken, and of the window a print of 24 bits,
 * under a key that is new at each start of the vault.  Who lets text pass
 * holds the prints and compares every window of the text with them; only
 * where one fits is the vault asked (book.h), which alone knows the values.
 *
 * Of 24 bits, one window in some ten thousand fits by chance while the vault
 * is full, and one in a hundred thousand with a few secrets in it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define REDACT_WINDOW 8

struct redact_filter;

struct redact_filter *redact_filter_new(uint64_t key);
void redact_filter_free(struct redact_filter *f);

/* The print of the window that begins at `p`. */
uint32_t redact_print(const struct redact_filter *f, const char *p);

/* ERR_LIMIT when there are REDACT_PRINTS_MAX already. */
NODISCARD enum err redact_filter_add(struct redact_filter *f, uint32_t print);

/* As the vault sends it: the key and the prints, hexadecimal.
 * ERR_INPUT. */
void redact_filter_write(const struct redact_filter *f, struct buf *out);
NODISCARD enum err redact_filter_read(
    struct str text, struct redact_filter **ret);

/* Where the first window at or behind `from` begins whose print is known;
 * false when there is none. */
bool redact_filter_find(const struct redact_filter *f, struct str text,
    size_t from, size_t *ret_at);

#endif
