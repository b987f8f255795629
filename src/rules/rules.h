/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RULES_RULES_H
#define RULES_RULES_H

/*
 * Policies, grants, and what is said of models (which a role asks, and what
 * they cost), as clients see and change them.  A policy is a row of
 * versions that are never changed, and a pointer to the active one of its
 * scope; moving the pointer is what an owner signs.
 */

#include "acts/acts.h"
#include "approval/trust.h"
#include "judge/judge.h"
#include "request/request.h"
#include "roster/roster.h"
#include "runs/runs.h"
#include "slot/slot.h"

struct rules;

struct rules_setup {
	struct requests *requests;
	const struct trust *trust; /* The caller's, kept up by it. */
	struct judge *judge;
	struct slots *slots;
	struct roster *roster;
	struct acts *acts;
	struct runs *runs;
	void *arg;
	/* NULL behind the last. */
	const struct house_function *(*house_at)(size_t i);
	/* Nothing keeps the house from acting any more. */
	void (*go_on)(void *arg);
};

struct rules *rules_new(const struct rules_setup *s);

/* The judge has taken the first policy of all. */
void rules_write_first(struct rules *rs);

/* The vault took a grant back. */
void rules_grant_revoked(struct rules *rs, const char *id, struct record *r);

/* A setting that is one of theirs is taken up. */
void rules_load_model(struct rules *rs, const struct json *row);

/* What models cost in the last 24 hours, in millionths of a dollar. */
int64_t rules_spent(struct rules *rs);

command_fn rules_use_models;
command_fn rules_price_models;
query_fn rules_query_models;

command_fn rules_activate;
command_fn rules_rollback;
command_fn rules_explain;
command_fn rules_grant;
query_fn rules_query_policy;
query_fn rules_query_grants;
query_fn rules_query_spend;

#endif
