/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

/*
 * A sorted set of names, such as the labels of a run.  It only grows.  A set
 * that would hold more than NAMES_MAX holds every name from then on, since
 * to forget one would loosen what is decided by it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

struct names {
	char name[NAMES_MAX][NAME_MAX_LEN + 1];
	size_t n;
	bool all;
};

void names_add(struct names *s, const char *name);
void names_join(struct names *s, const struct names *more);
bool names_has(const struct names *s, const char *name);
bool names_equal(const struct names *a, const struct names *b);

/* "private,untrusted"; "none" for the empty set, "*" for every name. */
void names_write(const struct names *s, struct buf *out);

/* ERR_INPUT. */
NODISCARD enum err names_read(const char *text, struct names *ret);

#endif
