/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPROVAL_GRANT_H
#define APPROVAL_GRANT_H

/*
 * A grant: "always like this", a standing yes that an owner signed.
 *
 * It names the one ask rule it answers, one function of one version of a
 * tool, which arguments, at which hours, how often and until when; it never
 * answers a deny, nor a rule that asks for two keys.  The role that acts
 * checks everything but the number of uses and the money, which the core
 * counts.
 *
 * One for calls of models may say how much money they may cost in a day; then
 * it names the models, too.  Its text is of a second form, which has one line
 * more, so that what was signed before reads as it always did.
 */

#include "approval/sheet.h"

struct grant {
	struct digest box;
	struct digest client; /* The owner that signed. */
	char id[TOKEN_SIZE];
	struct str rule; /* "box:unlock" */
	struct str tool; /* "notes.delete" */
	struct str effect;
	struct digest manifest;
	/* "exact " and the bytes, "words " and arg.NAME= words as in
	 * durward-policy(5), or "any". */
	struct str args;
	struct str hours; /* "any", or "08:00-20:00" */
	int64_t uses; /* 1 to GRANT_USES_MAX. */
	/* By the wall clock of who signs; CLOCK_JUMP_MS before it is signed,
	 * since the box's may be behind. */
	int64_t issued_ms;
	int64_t until_ms; /* At most GRANT_MS_MAX later. */
	/* Millionths in any 24 hours; 0: it says nothing of money. */
	int64_t usd_day;
};

#define GRANT_ARGS_EXACT "exact "
#define GRANT_ARGS_WORDS "words "
#define GRANT_ARGS_MODELS GRANT_ARGS_WORDS "arg.model="
#define GRANT_ANY "any"

/* ERR_INPUT, ERR_LIMIT. */
NODISCARD enum err grant_write(const struct grant *g, struct buf *out);
NODISCARD enum err grant_read(
    const char *text, size_t len, struct grant *ret, struct errmsg *why);

/* Signed by an owner of this box who is live at this time of the wall clock,
 * and not taken back?  ERR_INPUT, ERR_SIGNATURE, ERR_DENIED with the reason. */
NODISCARD enum err grant_verify(const struct trust *t, struct str text,
    const struct signature *sig, int64_t wall_ms, struct grant *ret,
    struct errmsg *why);

/* The act that is to be covered, as the role that checks knows it. */
struct grant_case {
	const char *tool;
	const char *effect;
	const struct digest *manifest;
	struct str args; /* The bytes that are sent. */
	const struct json *parsed; /* The same, read. */
	int64_t now_ms; /* Wall clock. */
	int minute; /* Of the local day; -1 when it cannot be trusted. */
};

/* ERR_EXPIRED or ERR_DENIED with what differs. */
NODISCARD enum err grant_covers(
    const struct grant *g, const struct grant_case *c, struct errmsg *why);

#endif
