/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFFLINE_OFFLINE_H
#define OFFLINE_OFFLINE_H

/*
 * The `offline` provider: a small, documented set of goals that need no
 * model.  What it does not understand it says so, and lists what it does.
 */

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

struct offline_match {
	const char *tool; /* NULL: the goal was "help". */
	const char *arg; /* Name of its first argument, or NULL. */
	char *value;
	const char *arg2; /* And of a second, or NULL. */
	char *value2;
};

/* The values, which are the caller's. */
void offline_match_done(struct offline_match *m);

/* ERR_NOTFOUND when no form fits. */
NODISCARD enum err offline_match(const char *goal, struct offline_match *ret);

/* A goal that is a call as it stands: `home.set {"entity":"light.a"}`, with its
 * arguments in canonical form. */
struct offline_call {
	char tool[2 * NAME_MAX_LEN];
	const char *args; /* Part of the goal. */
};

/* ERR_NOTFOUND: it is none. */
NODISCARD enum err offline_call(const char *goal, struct offline_call *ret);

/* What is replied when its call ended so ("done", "denied", ...), with this
 * result. */
void offline_say_end(const char *state, const char *result, struct buf *out);

/* The forms, one a line, for people. */
void offline_help(struct buf *out);

#endif
