/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BILL_BILL_H
#define BILL_BILL_H

/*
 * The bill: what calls of models cost.
 *
 * The most that a call may cost is reserved with its intent: the request's
 * bytes as tokens, and the ceiling of its output, at the price of the day.
 * How much it was only the mind can tell, which reads the answer; it is
 * believed where it read the bytes that egress saw, and never above what was
 * reserved.  A call that nothing came of gives all back; one that the mind
 * tells nothing of, or another thing, costs what was reserved, and so does
 * one that was tried more than once.
 */

#include "act/act.h"
#include "judge/judge.h"
#include "roster/roster.h"
#include "tool/manifest.h"

struct bill;

/* Both are the caller's. */
struct bill *bill_new(struct judge *judge, const struct roster *roster);
void bill_free(struct bill *b);

/* What it may cost; `m` is its provider's. */
void bill_estimate(const struct bill *b, const struct act *a,
    const struct manifest *m, struct judge_case *ret);

/* The same in words, for a sheet: "nothing" where it is no provider's (NULL),
 * or costs nothing. */
#define BILL_TEXT_SIZE 64
const char *bill_say(const struct bill *b, const struct act *a,
    const struct manifest *m, char ret[BILL_TEXT_SIZE]);

/* In the record of its intent: so much of this model, for people. */
void bill_tally(struct bill *b, const struct act *a, const struct manifest *m,
    struct record *r, struct charges *held);

/* It is over, and `held` is not settled yet.  `said` is what egress told:
 * {"status", "sent", "received", "sha256", "tries"}. */
void bill_end(struct bill *b, const struct act *a, const struct manifest *m,
    const struct json *said, struct charges *held, struct record *r);

/* What the mind counted of the call at this step of a run: {"input",
 * "cached", "output", "bytes", "sha256"}. */
void bill_settle(struct bill *b, const char *run, int64_t step,
    const struct json *said, struct record *r);

#endif
