/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

/*
 * Policy: rules and layers in, a verdict out.  Pure: no clock, no disk.
 *
 * One rule per line.  All rules are tried; the strictest match wins (deny,
 * then ask, then allow), so order and specificity never matter, and no
 * match is deny.  Over several layers (box, profile, parent agent, agent,
 * client) the strictest layer wins.
 *
 *	default deny
 *	allow  NAME  WORD...
 *	ask    NAME  WORD... [ttl=10m]
 *	deny   NAME  WORD...
 *
 * WORDs: effect=E[,E] tool=GLOB[,GLOB] arg.NAME=GLOB[,GLOB]
 * entity=GLOB[,GLOB].  All words of a rule must hold; one of the globs of a
 * word must match.  A GLOB with blanks stands in double quotes.  An argument
 * that is missing makes an allow not match and an ask or deny match.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"

#define EFFECT_TABLE(X)                                                        \
	X(EFFECT_READ, "read")                                                 \
	X(EFFECT_REVERSIBLE, "reversible")                                     \
	X(EFFECT_PHYSICAL, "physical")                                         \
	X(EFFECT_EXTERNAL, "external")                                         \
	X(EFFECT_MONEY, "money")                                               \
	X(EFFECT_SYSTEM, "system")

enum effect {
#define X(name, text) name,
	EFFECT_TABLE(X)
#undef X
	    EFFECT_COUNT
};

const char *effect_name(enum effect e);
enum effect effect_by_name(const char *name); /* EFFECT_COUNT: unknown */

/* Does an act of this effect need an owner's signature or grant? */
bool effect_needs_yes(enum effect e);

enum verdict { VERDICT_ALLOW, VERDICT_ASK, VERDICT_DENY };

const char *verdict_name(enum verdict v);

/* What is judged. */
struct policy_question {
	const char *tool; /* "notes.delete" */
	enum effect effect;
	const struct json *args;
	const char *const *entities; /* Resolved; judged one by one. */
	size_t n_entities;
	const char *principal; /* Whose wish it is. */
	const char *agent_id; /* Empty: the house's own agent. */
};

struct policy_answer {
	enum verdict verdict;
	char rule[NAME_MAX_LEN + 1]; /* The line that spoke, or "default". */
	int64_t ttl_s; /* How long an ask may wait. */
};

struct policy;

/* ERR_INPUT names the line and the word. */
NODISCARD enum err policy_parse(
    const char *text, size_t len, struct policy **ret, struct errmsg *why);
void policy_free(struct policy *p);

struct policy_answer policy_decide(const struct policy_question *q,
    const struct policy *const *layers, size_t n_layers);

#endif
