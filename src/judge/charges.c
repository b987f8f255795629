/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "judge/judge_priv.h"

#define TALLY_SPAN_S (24 * 3600)

/* What acts use of rates, budgets and grants: reserved with the intent,
 * settled at the end.  What is never settled counts as used. */

struct charging {
	struct judging *g;
	struct record *record;
	struct charges *charges;
	bool full;
};

void
judge_meter_key(const struct policy_line *line, const char *what,
    const char *run, char ret[METER_KEY_SIZE])
{
	snprintf(ret, METER_KEY_SIZE, "%s:%s/%s/%lld%s%s", line->layer,
	    line->name, what, (long long)line->span_s,
	    line->span_s == SPAN_RUN ? "@" : "",
	    line->span_s == SPAN_RUN ? run : "");
}

void
judging_meter_key(const struct judging *g, const struct policy_line *line,
    const char *what, char ret[METER_KEY_SIZE])
{
	judge_meter_key(line, what, g->c->act->run, ret);
}

static void
write_usage(struct record *r, const char *key, int64_t at, int64_t amount)
{
	struct json *row = json_object();

	json_put_str(row, "key", key);
	json_put_int(row, "at", at);
	json_put_int(row, "amount", amount);
	record_row(r, ROW_USAGE, row);
}

/* What no span looks back to any more. */
static void
drop_old(struct record *r, const char *key, int64_t before)
{
	struct json *row = json_object();

	json_put_str(row, "key", key);
	json_put_int(row, "before", before);
	record_row(r, ROW_USAGE_OLD, row);
}

/* The next of `held`, whose key stands there.  False when there is no room
 * to count it. */
static bool
count(struct judge *j, struct charges *held, int64_t span_s, int64_t amount,
    enum dimension d, struct record *r)
{
	struct charge *c = &held->at[held->n];

	c->at = meter_bucket(span_s, judge_now_ms(j));
	c->amount = amount;
	c->dimension = d;
	c->is_rate = false;
	if (!meter_add(&j->meters, c->key, c->at, amount))
		return false;
	write_usage(r, c->key, c->at, amount);
	if (span_s != SPAN_RUN)
		drop_old(r, c->key, meter_oldest(span_s, judge_now_ms(j)));
	held->n++;
	return true;
}

static void
add_charge(void *arg, const struct policy_charge *pc)
{
	struct charging *x = arg;
	struct charge *c = &x->charges->at[x->charges->n];

	if (x->charges->n == CHARGES_MAX) {
		x->full = true;
		return;
	}
	judging_meter_key(x->g, &pc->line,
	    pc->is_rate ? "rate" : dimension_name(pc->dimension), c->key);
	if (!count(x->g->judge, x->charges, pc->line.span_s, pc->amount,
		pc->dimension, x->record))
		x->full = true;
	else
		c->is_rate = pc->is_rate;
}

/* What a grant of money is used for. */
static void
charge_grant(struct charging *x, const struct held_grant *grant)
{
	int64_t amount = x->g->c->cost[DIM_USD];

	if (grant->grant.usd_day == 0 || amount <= 0)
		return;
	if (x->charges->n == CHARGES_MAX) {
		x->full = true;
		return;
	}
	grants_meter_key(grant, x->charges->at[x->charges->n].key);
	if (!count(x->g->judge, x->charges, GRANT_SPAN_S, amount, DIM_USD,
		x->record))
		x->full = true;
}

static void
count_use(struct judge *j, const struct held_grant *grant, struct record *r)
{
	size_t i;

	for (i = 0; i < j->n_grants; i++) {
		if (j->grants[i] != grant)
			continue;
		j->grants[i]->uses++;
		record_row(r, ROW_GRANT, grants_row(grant, false));
	}
}

enum err
judge_charge(struct judge *j, const struct judge_case *c,
    const struct held_grant *grant, struct record *r, struct charges *ret)
{
	struct judging g;
	struct charging x = {.g = &g, .record = r, .charges = ret};

	ret->n = 0;
	begin_judging(j, c, &g);
	policy_charges(&g.q, g.layers, g.n_layers, add_charge, &x);
	if (grant != NULL) {
		charge_grant(&x, grant);
		count_use(j, grant, r);
	}
	end_judging(&g);
	return x.full ? ERR_LIMIT : OK;
}

void
judge_settle(
    struct judge *j, struct charges *held, int64_t spent_s, struct record *r)
{
	size_t i;

	for (i = 0; i < held->n; i++) {
		struct charge *c = &held->at[i];
		int64_t back = 0;

		if (spent_s < 0)
			back = c->amount;
		else if (!c->is_rate && c->dimension == DIM_TIME &&
		    spent_s < c->amount)
			back = c->amount - spent_s;
		if (back == 0)
			continue;
		meter_add(&j->meters, c->key, c->at, -back);
		write_usage(r, c->key, c->at, -back);
	}
	held->n = 0;
}

/* What is in millionths and what is whole are both counted as they are. */
void
judge_settle_cost(struct judge *j, struct charges *held,
    const int64_t used[DIM_COUNT], struct record *r)
{
	size_t i;

	for (i = 0; i < held->n; i++) {
		struct charge *c = &held->at[i];
		int64_t back = c->amount - used[c->dimension];

		if (c->is_rate || back == 0 ||
		    (c->dimension != DIM_TOKENS && c->dimension != DIM_USD) ||
		    !meters_know(&j->meters, c->key))
			continue;
		meter_add(&j->meters, c->key, c->at, -back);
		write_usage(r, c->key, c->at, -back);
		c->amount -= back;
	}
}

static void
tally_key(const char *what, enum dimension d, char ret[METER_KEY_SIZE])
{
	snprintf(ret, METER_KEY_SIZE, "model:%s/%s/%d", what, dimension_name(d),
	    TALLY_SPAN_S);
}

/* Without room nothing is tallied: rules need their counters more. */
static void
tally(struct judge *j, const char *what, enum dimension d, int64_t amount,
    struct record *r, struct charges *held)
{
	if (amount <= 0 || held->n == CHARGES_MAX ||
	    j->meters.n >= METERS_MAX / 2)
		return;
	tally_key(what, d, held->at[held->n].key);
	(void)count(j, held, TALLY_SPAN_S, amount, d, r);
}

void
judge_tally(struct judge *j, const char *what, const int64_t cost[DIM_COUNT],
    struct record *r, struct charges *held)
{
	tally(j, what, DIM_TOKENS, cost[DIM_TOKENS], r, held);
	tally(j, what, DIM_USD, cost[DIM_USD], r, held);
}

int64_t
judge_tallied(struct judge *j, const char *what, enum dimension d)
{
	char key[METER_KEY_SIZE];

	tally_key(what, d, key);
	return meter_sum(&j->meters, key, TALLY_SPAN_S, judge_now_ms(j));
}

void
judge_forget_run(struct judge *j, const char *run, struct record *r)
{
	struct json *row;

	if (!meters_forget_run(&j->meters, run))
		return;
	row = json_object();
	json_put_str(row, "run", run);
	record_row(r, ROW_USAGE_RUN, row);
}
