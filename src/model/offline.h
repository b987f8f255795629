/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_OFFLINE_H
#define MODEL_OFFLINE_H

/*
 * The `offline` provider: a small, documented set of goals that need no
 * model.  What it does not understand it says so, and lists what it does.
 */

#include "base/buf.h"
#include "base/err.h"

struct offline_match {
	const char *tool; /* NULL: the goal was "help". */
	const char *arg; /* Name of its one argument, or NULL. */
	char *value; /* Owned by the caller. */
};

/* ERR_NOTFOUND when no form fits. */
NODISCARD enum err offline_match(const char *goal, struct offline_match *ret);

/* The forms, one a line, for people. */
void offline_help(struct buf *out);

#endif
