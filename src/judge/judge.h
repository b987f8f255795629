/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JUDGE_JUDGE_H
#define JUDGE_JUDGE_H

/*
 * Judging: everything that speaks when an act is judged, in one place.  The
 * active policies of the layers, what was used of their rates and budgets,
 * the grants, the house's clock; and above all of them halt and safe mode.
 *
 * What it counts it writes through the caller's record, so that a count and
 * the act that it counts are one commit.
 */

#include "act/act.h"
#include "approval/grant.h"
#include "approval/steady.h"
#include "judge/safety.h"
#include "ledger/ledger.h"
#include "policy/policy.h"

struct judge;

struct judge_setup {
	const struct trust *trust; /* The caller's, kept up by it. */
	const char *kernel; /* Names this boot of the machine, or "". */
	void *arg;
	enum fact (*fact)(void *arg, const char *name);
};

struct judge *judge_new(const struct judge_setup *s);
void judge_free(struct judge *j);

/* A row of what was there when the house ended: settings, versions, usage
 * and grants; others are not its matter.  A policy that cannot be read is
 * no error here but a reason for safe mode. */
NODISCARD enum err judge_load(
    struct judge *j, enum ledger_row table, const struct json *row);

/* ---- The clock (approval/steady.h) ---- */

/* After the loading, and then at least every minute.  True when the trust
 * in the clock changed. */
bool judge_watch_clock(struct judge *j);
bool judge_clock_is_trusted(const struct judge *j);
void judge_accept_clock(struct judge *j);
int64_t judge_now_ms(const struct judge *j); /* Never runs backwards. */
/* Of what was loaded: has the machine not been started anew since? */
bool judge_is_same_boot(const struct judge *j);
/* What the wall clock shows without the leaps nobody has looked at. */
int64_t judge_wall_ms(const struct judge *j);
/* Of the local day by that, or -1 while it is not to be trusted. */
int judge_minute(const struct judge *j);
void judge_record_clock(const struct judge *j, struct record *r);

/* ---- Policies ---- */

/* "box", "profile:default", "agent:NAME" or "client:NAME". */
bool judge_is_scope(const char *scope);

/* The active version of a scope, "box" or "client:phone".  A policy that
 * does not load leaves the old one.  ERR_INPUT, ERR_LIMIT. */
NODISCARD enum err judge_put_policy(struct judge *j, const char *scope,
    int64_t n, const char *text, struct errmsg *why);

struct judge_policy {
	char scope[2 * NAME_MAX_LEN];
	int64_t n; /* The version. */
	int64_t last; /* The newest that there is. */
	char *text;
	struct digest digest;
	struct policy *rules; /* NULL: it could not be read. */
};

/* NULL when the scope has none, or behind the last. */
const struct judge_policy *judge_policy(
    const struct judge *j, const char *scope);
const struct judge_policy *judge_policy_at(const struct judge *j, size_t i);

/* {"scope", "version", "newest", "digest", "readable"}, and "text" when the
 * whole is wanted. */
struct json *judge_policy_json(const struct judge_policy *p, bool whole);

/* ---- The verdict ---- */

struct judge_case {
	const struct act *act;
	const struct names *labels; /* What the run has seen by now. */
	const struct digest *manifest; /* NULL: a function of the house. */
	int64_t cost[DIM_COUNT]; /* What it may use at most. */
	/* It costs, and nobody said how much: no rule nor grant lets that
	 * pass, it is asked each time. */
	bool unpriced;
};

struct held_grant {
	struct grant grant; /* Borrows from `text`. */
	char *text;
	char signature[SIGNATURE_TEXT_SIZE];
	int64_t uses; /* So many were made of it. */
};

struct judgement {
	enum verdict verdict;
	int keys;
	bool cli_key;
	int64_t ttl_s;
	char rules[SPOKE_TEXT_MAX + 8];
	/* Of several, the first for which it is a deny; or "". */
	char entity[NAME_MAX_LEN + 1];
	const struct held_grant *grant; /* The one that it rests on, or NULL. */
	struct digest policies; /* Of all layers together. */
};

struct judgement judge_decide(struct judge *j, const struct judge_case *c);

/* The same in words. */
void judge_explain(
    struct judge *j, const struct judge_case *c, struct buf *out);

/* The budgets of all layers, but for those that each run has anew: an array of
 * {"scope", "name", "dimension", "span_s", "most", "used", "over", "frees_ms"},
 * BUDGETS_SHOWN_MAX at most and then `ret_more`.  Money is in millionths, time
 * in seconds.  `frees_ms`: how long until less is used, if nothing comes to
 * it; it is not there when nothing is used. */
struct json *judge_list_budgets(const struct judge *j, int64_t *ret_more);

/* Is it denied for what it may cost, and for nothing else?  Then adds which
 * budgets that are, what is left of them, and when there will be enough. */
void judge_say_budgets(
    struct judge *j, const struct judge_case *c, struct buf *out);

/* What comes out of the act carries these labels. */
void judge_labels(
    struct judge *j, const struct judge_case *c, struct names *ret);

/* Where it flows to. */
void judge_sinks(
    struct judge *j, const struct judge_case *c, struct names *ret);

/* ---- What is used ---- */

#define CHARGES_MAX 16

/* What an act holds of rates and budgets; zero it before the first use. */
struct charges {
	struct charge {
		char key[320];
		int64_t at;
		int64_t amount;
		enum dimension dimension;
		bool is_rate;
	} at[CHARGES_MAX];
	size_t n;
};

/* Count the act, and one use of its grant, in the transaction of its
 * intent.  ERR_LIMIT when it matches more than CHARGES_MAX. */
NODISCARD enum err judge_charge(struct judge *j, const struct judge_case *c,
    const struct held_grant *grant, struct record *r, struct charges *ret);

/* Give back what was not used; `spent_s` is the time it took, -1 when it
 * never began and all is given back. */
void judge_settle(
    struct judge *j, struct charges *held, int64_t spent_s, struct record *r);

/* The same for what it cost, once that is known: what is beyond what was
 * reserved is counted, too.  Time and rates are none of it, nor is what was
 * counted for a run that is over. */
void judge_settle_cost(struct judge *j, struct charges *held,
    const int64_t used[DIM_COUNT], struct record *r);

/* Count what was used of a thing, for people; no rule looks at it.  Held and
 * settled like the rest. */
void judge_tally(struct judge *j, const char *what,
    const int64_t cost[DIM_COUNT], struct record *r, struct charges *held);
/* In the last 24 hours. */
int64_t judge_tallied(struct judge *j, const char *what, enum dimension d);

/* The run is over: what was counted for it alone. */
void judge_forget_run(struct judge *j, const char *run, struct record *r);

/* ---- Grants ---- */

/* Could it be taken up?  ERR_EXISTS, ERR_LIMIT. */
NODISCARD enum err judge_has_room_for_grant(
    struct judge *j, const char *id, struct errmsg *why);

/* Take up a grant whose signature the caller checked, and which the client of
 * this name brought; writes its row and its entry.  ERR_EXISTS, ERR_LIMIT. */
NODISCARD enum err judge_add_grant(struct judge *j, const char *client,
    const char *text, const char *signature, struct record *r,
    struct errmsg *why);

/* Forget it; the row stays as a tombstone.  ERR_NOTFOUND. */
NODISCARD enum err judge_revoke_grant(
    struct judge *j, const char *id, struct record *r);

/* As rows, long values cut so that all fit into one answer. */
struct json *judge_list_grants(const struct judge *j);
const struct held_grant *judge_grant(const struct judge *j, const char *id);

/* ---- Halt and safe mode ---- */

struct safety *judge_safety(struct judge *j);

#endif
