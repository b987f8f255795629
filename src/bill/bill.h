/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BILL_BILL_H
#define BILL_BILL_H

/*
 * The bill: what calls of models cost.
 *
 * The most that a call may cost is reserved with its intent, at the price of
 * the day: as many tokens as the request has bytes, since no token is less
 * than one of them, and the ceiling of its output.  How much it was only the
 * mind can tell, which reads the answer.  It is believed where it read the
 * bytes that egress saw: upwards without a limit, also beyond what was
 * reserved, and downwards as far as bytes go into tokens at all.  A mind that
 * was taken over can so hide a part of what it used, and no more.
 *
 * A call that nothing came of gives all back; one that the mind tells nothing
 * of, or another thing, costs what was reserved, and one that was tried more
 * than once no less.  One that was stopped costs it until egress says that
 * nothing had been sent.
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
 * {"status", "sent", "received", "sha256", "tries"}; NULL: it was stopped
 * before egress told anything, and bill_hear() may come. */
void bill_end(struct bill *b, const struct act *a, const struct manifest *m,
    const struct json *said, struct charges *held, struct record *r);

/* The same, of an act that was stopped and is over.  False when there is
 * nothing to be written. */
bool bill_hear(
    struct bill *b, const char *act, const struct json *said, struct record *r);

/* What the mind counted of the call at this step of a run: {"input",
 * "cached", "cache_written", "output", "bytes", "sha256"}. */
void bill_settle(struct bill *b, const char *run, int64_t step,
    const struct json *said, struct record *r);

#endif
