/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/usd.h"
#include "judge/judge_priv.h"

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
