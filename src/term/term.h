/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TERM_TERM_H
#define TERM_TERM_H

/*
 * A client's term: until when it counts, and for which tools.
 *
 * An owner signs both when it opens the window in which the client is paired;
 * they stand in the client's row of the trust table (approval/trust.h), and
 * whoever believes the client looks at them first.
 *
 * The end is by the wall clock, as each role keeps it for itself
 * (approval/steady.h).  When it has come the vault writes so into the row, so
 * that a clock which is set back brings nobody back; after that, or before,
 * an owner may put it off.
 *
 * The scope is a list of globs such as `notes.*,files.read`.  It is a layer of
 * the policy of its own for all that the client's goals want to do, beside
 * the layers of box, profile, agent and client, so the strictest counts; and
 * only questions about these tools may be answered by its key.
 *
 * Pure: the time is a parameter.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "policy/policy.h"

/* How long a client counts at most, how long before its end that is said, and
 * how often the vault looks whose has come. */
#define TERM_MS_MAX (3660 * 24 * 3600 * (int64_t)1000)
#define TERM_WARN_MS (7 * 24 * 3600 * (int64_t)1000)
#define TERM_WATCH_MS (30 * 1000)
#define SCOPE_TEXT_MAX 255
#define SCOPE_GLOBS_MAX 8

struct term {
	int64_t until_ms; /* Wall clock; 0: it has no end. */
	bool ended; /* The vault saw the end come. */
	char scope[SCOPE_TEXT_MAX + 1]; /* "": all tools. */
};

/* Zeros are a client from before there were terms: always, and everything. */
bool term_is_over(const struct term *t, int64_t wall_ms);
bool term_covers(const struct term *t, struct str tool);

/* Members "until_ms", "ended" and "scope" of a row; none of them must be
 * there.  ERR_INPUT when one is there and no such thing, since a client whose
 * end cannot be read must not be one without. */
NODISCARD enum err term_read(const struct json *row, struct term *ret);
void term_write(const struct term *t, struct json *row);

/* ERR_INPUT and what a scope is; "" is none, and well. */
NODISCARD enum err term_check_scope(const char *scope, struct errmsg *why);

/* The scope as a layer of the policy, the caller's to free; NULL: none is
 * needed. */
struct policy *term_layer(const struct term *t);

/* "90s", "12h", "30d" as milliseconds.  ERR_INPUT, ERR_LIMIT: more than
 * TERM_MS_MAX. */
NODISCARD enum err term_read_time(
    const char *text, int64_t *ret_ms, struct errmsg *why);

/* "expires in 3 days", "expired"; nothing when it has no end. */
void term_say(const struct term *t, int64_t wall_ms, struct buf *out);

#endif
