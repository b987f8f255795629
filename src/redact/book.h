/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REDACT_BOOK_H
#define REDACT_BOOK_H

/*
 * The vault's side: which secret, form and place each print comes from, and
 * whether a text really has a secret where a print fits.  The book keeps no
 * value; it asks for one when it has to compare.
 *
 * A secret is found when it stands there whole, or at least
 * REDACT_PART_MIN bytes of it around a window.  One of fewer than
 * REDACT_WINDOW bytes is never found.
 */

#include "base/secret.h"
#include "redact/filter.h"
#include "redact/forms.h"

struct redact_found {
	size_t at;
	size_t len;
	char name[NAME_MAX_LEN + 1];
};

#define REDACT_VALUES_MAX (SECRETS_MAX + REDACT_OLD_MAX)

/* A new copy of a secret's value in this version, which is freed behind it;
 * NULL when it cannot be had. */
typedef struct secret *redact_value_fn(
    void *arg, const char *name, int64_t version);

struct redact_book;

struct redact_book *redact_book_new(uint64_t key);
void redact_book_free(struct redact_book *b);

/* Take up a value that a secret has, or had: each version of it is one.
 * ERR_LIMIT beyond REDACT_VALUES_MAX. */
NODISCARD enum err redact_book_put(struct redact_book *b, const char *name,
    int64_t version, const struct secret *value);

const struct redact_filter *redact_book_filter(const struct redact_book *b);

/* What stands in the text, in its order; their number in `ret_n`.  ERR_LIMIT
 * when there is more than fits or can be looked at: then none of the text
 * may pass. */
NODISCARD enum err redact_book_find(const struct redact_book *b,
    struct str text, redact_value_fn *value, void *arg,
    struct redact_found ret[REDACT_FOUND_MAX], size_t *ret_n);

#endif
