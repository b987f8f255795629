/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPROVAL_COMMAND_H
#define APPROVAL_COMMAND_H

/*
 * A command: what a client signs to make the house do something, beyond
 * being connected.  The challenge comes from the vault and is good once,
 * so a recorded command is worth nothing.
 */

#include "approval/sheet.h"

struct command {
	struct digest box;
	struct digest client;
	char boot[TOKEN_SIZE];
	char challenge[TOKEN_SIZE];
	struct str name; /* "ask", "approve", "pair.open" ... */
	struct digest body;
};

NODISCARD enum err command_write(const struct command *c, struct buf *out);
NODISCARD enum err command_read(
    const char *text, size_t len, struct command *ret);

/* A client that is live at this time of the wall clock signed this text, for
 * this box and boot, and `body` is
 * the one it names.  The challenge is the caller's to spend. */
NODISCARD enum err command_verify(const struct trust *t, const char *boot,
    int64_t wall_ms, struct str text, const struct signature *sig,
    struct str body, struct command *ret, const struct client **ret_client,
    struct errmsg *why);

/* Why it is none, in words that say what to do: of trust_live_client(). */
NODISCARD enum err command_say_dead(enum err e, struct errmsg *why);

#endif
