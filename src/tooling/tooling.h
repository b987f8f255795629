/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLING_TOOLING_H
#define TOOLING_TOOLING_H

/*
 * Tools, as clients see and change them, and what the other roles must know
 * of them: the slots' ports are messages to runner and tools, and what those
 * two say is given to the slots.
 */

#include "acts/acts.h"
#include "approval/trust.h"
#include "request/request.h"
#include "slot/slot.h"

struct tooling;

struct tooling_setup {
	struct requests *requests;
	struct loop *loop;
	const struct trust *trust; /* The caller's, kept up by it. */
};

struct tooling *tooling_new(const struct tooling_setup *s);

/* From the ledger: whatever row it is, what concerns tools is taken. */
void tooling_load(
    struct tooling *tg, enum ledger_row table, const struct json *row);

/* What its tools act for: these need the slots first.  `whole`: the ledger
 * is the house's own, and none that stands in for a damaged one. */
void tooling_use(struct tooling *tg, struct acts *acts, bool whole);

struct slots *tooling_slots(struct tooling *tg);

/* What the runner said of itself. */
struct tooling_runner {
	bool ready;
	bool has_limits; /* Of memory and processes, for tools. */
	char limits_why[128]; /* Why there are none. */
	char state[256]; /* Why it is not ready; "" when it is away. */
	int64_t lost_ms; /* Since when it is away. */
};

const struct tooling_runner *tooling_runner(const struct tooling *tg);
/* It comes a moment after the house, or after its own restart. */
bool tooling_runner_may_come(const struct tooling *tg);
/* Why no tool can run, when the runner is not ready. */
const char *tooling_why_not(const struct tooling *tg);

/* An owner said that it may run without limits.  ERR_LIMIT. */
NODISCARD enum err tooling_set_exempt(
    struct tooling *tg, const char *tool, bool exempt);
/* NULL behind the last place; "" in one that is free. */
const char *tooling_exempt_at(const struct tooling *tg, size_t i);
bool tooling_is_exempt(const struct tooling *tg, const char *tool);

bool tooling_trusts(const struct tooling *tg, const struct slot *t);

/* Tell who acts what all tools are. */
void tooling_tell(struct tooling *tg, enum role to);

/* The trust table is there: which of the stored documents stand? */
void tooling_settle(struct tooling *tg);

/* The vault made the change that `request` asks for: true when it is one of
 * a tool, and then `r`, which says so, is added to and posted.  Or it did not
 * make it. */
bool tooling_on_trust_answer(
    struct tooling *tg, int64_t request, struct record *r);
bool tooling_on_trust_refused(
    struct tooling *tg, int64_t request, const char *why);

/* Containers that were given its old value end behind their calls. */
void tooling_secret_changed(struct tooling *tg, const char *secret);

void tooling_gate_lost(struct tooling *tg);
void tooling_runner_lost(struct tooling *tg);

/* What the tools role and the runner say. */
void tooling_on_ready(struct tooling *tg, const struct msg *m);
void tooling_on_gone(struct tooling *tg, const struct msg *m);
void tooling_on_container(struct tooling *tg, const struct msg *m);
void tooling_on_runner(struct tooling *tg, const struct msg *m);
void tooling_on_containers(struct tooling *tg, const struct msg *m);
void tooling_on_image(struct tooling *tg, const struct msg *m);
void tooling_on_wiped(struct tooling *tg, const struct msg *m);

command_fn tooling_add;
command_fn tooling_update;
command_fn tooling_enable;
command_fn tooling_rollback;
command_fn tooling_disable;
command_fn tooling_remove;
command_fn tooling_exempt;
query_fn tooling_query;
query_fn tooling_query_logs;
query_fn tooling_query_one;
query_fn tooling_query_ids;
query_fn tooling_query_top;

#endif
