/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "judge/judge_priv.h"
#include "usd/usd.h"

/* What a budget that is used up is told in: which one, how much it has and
 * has left, and when it will do again. */

struct saying {
	struct judging *g;
	struct buf *out;
};

static void
add_amount(struct buf *out, enum dimension d, int64_t amount)
{
	if (amount < 0)
		amount = 0; /* More than all of it is used. */
	if (d == DIM_USD || d == DIM_EUR) {
		usd_write(amount, out);
		buf_adds(out, d == DIM_USD ? " USD" : " EUR");
	} else if (d == DIM_TIME) {
		buf_addf(out, "%lld s", (long long)amount);
	} else {
		buf_addf(out, "%lld %s", (long long)amount, dimension_name(d));
	}
}

static void
add_span(struct buf *out, int64_t span_s)
{
	static const struct {
		int64_t s;
		const char *name;
	} spans[] = {
	    {SPAN_RUN, "a goal"}, {3600, "an hour"}, {24 * 3600, "a day"}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(spans); i++)
		if (spans[i].s == span_s) {
			buf_addf(out, " %s", spans[i].name);
			return;
		}
	buf_addf(out, " in %lld days", (long long)(span_s / (24 * 3600)));
}

/* In the largest two units that are not nothing. */
static void
add_wait(struct buf *out, int64_t wait_ms)
{
	int64_t min = (wait_ms + 59999) / 60000;

	if (wait_ms < 0)
		return;
	buf_adds(out, "; there will be enough in ");
	if (min >= 24 * 60)
		buf_addf(out, "%lld d ", (long long)(min / (24 * 60)));
	if (min >= 60)
		buf_addf(out, "%lld h ", (long long)(min / 60 % 24));
	if (min < 24 * 60)
		buf_addf(out, "%lld min ", (long long)(min % 60));
	buf_adds(out, "if nothing more is used");
}

static void
say_budget(void *arg, const struct policy_charge *pc)
{
	struct saying *s = arg;
	struct judge *j = s->g->judge;
	int64_t now_ms = judge_now_ms(j);
	char key[METER_KEY_SIZE];
	int64_t used;

	if (pc->is_rate || pc->over != VERDICT_DENY)
		return;
	judging_meter_key(s->g, &pc->line, dimension_name(pc->dimension), key);
	used = meter_sum(&j->meters, key, pc->line.span_s, now_ms);
	if (used + pc->amount <= pc->most)
		return;
	buf_adds(s->out, ": it may use ");
	add_amount(s->out, pc->dimension, pc->amount);
	buf_adds(s->out, ", and ");
	add_amount(s->out, pc->dimension, pc->most - used);
	buf_addf(s->out, " are left of the budget %s:%s, which is ",
	    pc->line.layer, pc->line.name);
	add_amount(s->out, pc->dimension, pc->most);
	add_span(s->out, pc->line.span_s);
	if (pc->amount > pc->most)
		buf_adds(s->out, " and never enough for that");
	else if (pc->line.span_s == SPAN_RUN)
		buf_adds(s->out, "; a new goal has all of it again");
	else
		add_wait(s->out,
		    meter_wait_ms(&j->meters, key, pc->line.span_s, now_ms,
			pc->most - pc->amount));
}

/* ---- All of them, as they stand ---- */

struct listing {
	const struct judge *j;
	struct json *list;
	int64_t n;
};

/* As much as the judge counts, also where it has no room to count. */
static int64_t
used_of(const struct judge *j, const struct policy_charge *pc, const char *key)
{
	if (meters_know(&j->meters, key))
		return meter_sum(
		    &j->meters, key, pc->line.span_s, judge_now_ms(j));
	return j->meters.n < METERS_MAX ? 0 : pc->most;
}

static void
list_budget(void *arg, const struct policy_charge *pc)
{
	struct listing *l = arg;
	struct json *row;
	char key[METER_KEY_SIZE];
	int64_t used;
	int64_t wait_ms;

	if (pc->line.span_s == SPAN_RUN || l->n++ >= BUDGETS_SHOWN_MAX)
		return;
	judge_meter_key(&pc->line, dimension_name(pc->dimension), "", key);
	used = used_of(l->j, pc, key);
	wait_ms = meter_wait_ms(
	    &l->j->meters, key, pc->line.span_s, judge_now_ms(l->j), used - 1);
	row = json_object();
	json_put_str(row, "scope", pc->line.layer);
	json_put_str(row, "name", pc->line.name);
	json_put_str(row, "dimension", dimension_name(pc->dimension));
	json_put_int(row, "span_s", pc->line.span_s);
	json_put_int(row, "most", pc->most);
	json_put_int(row, "used", used);
	json_put_str(row, "over", verdict_name(pc->over));
	if (wait_ms >= 0)
		json_put_int(row, "frees_ms", wait_ms);
	json_push(l->list, row);
}

struct json *
judge_list_budgets(const struct judge *j, int64_t *ret_more)
{
	struct listing l = {.j = j, .list = json_array()};
	size_t i;

	for (i = 0; i < j->n_policies; i++) {
		struct policy_layer layer = {
		    j->policies[i].scope, j->policies[i].rules};

		if (layer.policy != NULL)
			policy_budgets(&layer, list_budget, &l);
	}
	*ret_more = l.n > BUDGETS_SHOWN_MAX ? l.n - BUDGETS_SHOWN_MAX : 0;
	return l.list;
}

/* ---- Those that deny ---- */

/* Would it pass if it cost nothing? */
static bool
passes_for_nothing(struct judge *j, const struct judge_case *c)
{
	struct judge_case free_one = *c;

	memset(free_one.cost, 0, sizeof(free_one.cost));
	return judge_decide(j, &free_one).verdict != VERDICT_DENY;
}

void
judge_say_budgets(struct judge *j, const struct judge_case *c, struct buf *out)
{
	struct judging g;
	struct saying s = {.g = &g, .out = out};

	if (!passes_for_nothing(j, c))
		return;
	begin_judging(j, c, &g);
	policy_charges(&g.q, g.layers, g.n_layers, say_budget, &s);
	end_judging(&g);
}
