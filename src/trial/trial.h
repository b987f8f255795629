/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TRIAL_TRIAL_H
#define TRIAL_TRIAL_H

/*
 * A trial: a question to policies, written as JSON, with everything that the
 * house would know: what was used, which facts are true, which asks a grant
 * answers.  For `durward policy test`, and for comparing this evaluator with
 * another one.
 *
 *	{"layers": [{"name", "text"}],
 *	 "question": {"tool", "effect", "args", "entities", "principal",
 *	   "agent", "client", "labels", "facts", "minute", "used", "spent",
 *	   "cost", "granted"}}
 *
 * `used` and `spent` are by "layer:line"; money is in millionths, time in
 * seconds.  What is left out is empty, the minute unknown.
 */

#include "policy/policy.h"

struct trial_set; /* The policies of the last trial, kept for the next. */

struct trial_set *trial_set_new(void);
void trial_set_free(struct trial_set *s);

/* {"verdict", "keys", "key", "ttl_s", "spoke", "labels", "sinks",
 * "charges": [["layer:line", what, {"n"}]]}, or
 * {"error": {"line"}} with `why` filled.  The caller frees it. */
struct json *trial_answer(
    struct trial_set *s, const struct json *trial, struct errmsg *why);

#endif
