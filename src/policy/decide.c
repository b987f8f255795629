/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "policy/policy_priv.h"

/*
 * The verdict.  Every line of every layer is tried with every entity; what
 * matches is gathered, and the strictest of it stands.  Nothing here depends
 * on the order of lines.
 */

/* What one layer says of one entity. */
struct voices {
	bool said[VERDICT_DENY + 1];
	uint64_t by[VERDICT_DENY + 1][POLICY_RULES_MAX / 64];
};

struct deciding {
	const struct policy_question *q;
	const struct policy_layer *layer;
	struct trial trial;
	struct policy_answer answer;
	/* Of all asks that match, whatever the verdict will be. */
	int keys;
	bool cli_key;
	int64_t ttl_s;
};

static struct trial
trial_of(const struct policy_question *q)
{
	return (struct trial){.q = q, .other_tools = ~tool_bit(q->tool)};
}

static struct policy_line
line_of(const struct policy_layer *layer, const struct rule *r, int64_t span_s)
{
	return (struct policy_line){layer->name, r->name, span_s};
}

static bool
within_rate(const struct deciding *d, const struct rule *r)
{
	const struct policy_ports *ports = d->q->ports;
	struct policy_line line = line_of(d->layer, r, r->rate.span_s);

	if (r->rate.most == 0)
		return true;
	return ports->used(ports->arg, &line) +
	    (int64_t)question_trials(d->q) <=
	    r->rate.most;
}

static bool
is_exceeded(const struct deciding *d, const struct rule *r)
{
	const struct policy_ports *ports = d->q->ports;
	int i;

	for (i = 0; i < DIM_COUNT; i++) {
		const struct amount *a = &r->amounts[i];
		struct policy_line line = line_of(d->layer, r, a->span_s);
		int64_t cost = question_cost(d->q, (enum dimension)i);

		if (!a->set || cost <= 0)
			continue;
		if (ports->spent(ports->arg, &line, (enum dimension)i) + cost >
		    a->most)
			return true;
	}
	return false;
}

static bool
is_granted(const struct deciding *d, const struct rule *r)
{
	const struct policy_ports *ports = d->q->ports;
	struct policy_line line = line_of(d->layer, r, SPAN_RUN);

	/* What takes two people, or a key that no browser keeps, is asked each
	 * time: a grant is one signature, by whatever key. */
	return r->keys < 2 && !r->cli_key && ports->granted(ports->arg, &line);
}

static void
want_ask(struct deciding *d, int64_t ttl_s, int keys, bool cli_key)
{
	if (ttl_s < d->ttl_s)
		d->ttl_s = ttl_s;
	if (keys > d->keys)
		d->keys = keys;
	d->cli_key |= cli_key;
}

/* A line that matches: which verdict does it speak for, if any? */
static bool
verdict_of(struct deciding *d, const struct rule *r, enum verdict *ret)
{
	switch (r->kind) {
	case LINE_ALLOW:
		*ret = VERDICT_ALLOW;
		return within_rate(d, r);
	case LINE_ASK:
		*ret = is_granted(d, r) ? VERDICT_ALLOW : VERDICT_ASK;
		if (*ret == VERDICT_ASK)
			want_ask(d, r->ttl_s, r->keys, r->cli_key);
		return true;
	case LINE_DENY:
		*ret = VERDICT_DENY;
		return true;
	case LINE_BUDGET:
		*ret = r->over;
		if (!is_exceeded(d, r))
			return false;
		if (r->over == VERDICT_ASK)
			want_ask(d, SHEET_LIFE_S, 1, false);
		return true;
	default:
		return false;
	}
}

static void
hear(struct deciding *d, struct voices *v)
{
	const struct policy *p = d->layer->policy;
	enum verdict says = VERDICT_DENY;
	size_t i;

	for (i = 0; i < p->n_rules; i++) {
		if (!rule_matches(p->rules[i], &d->trial) ||
		    !verdict_of(d, p->rules[i], &says))
			continue;
		v->said[says] = true;
		v->by[says][i / 64] |= (uint64_t)1 << (i % 64);
	}
}

static enum verdict
strictest(const struct voices *v, enum verdict otherwise)
{
	if (v->said[VERDICT_DENY])
		return VERDICT_DENY;
	if (v->said[VERDICT_ASK])
		return VERDICT_ASK;
	return v->said[VERDICT_ALLOW] ? VERDICT_ALLOW : otherwise;
}

/* Keep what spoke for the strictest verdict so far. */
static void
tighten(
    struct deciding *d, size_t layer, enum verdict says, const struct voices *v)
{
	struct policy_answer *a = &d->answer;
	size_t i;

	if (says < a->verdict)
		return;
	if (says > a->verdict) {
		memset(a->spoke, 0, sizeof(a->spoke));
		memset(a->default_spoke, 0, sizeof(a->default_spoke));
		a->verdict = says;
	}
	if (!v->said[says])
		a->default_spoke[layer] = true;
	for (i = 0; i < POLICY_RULES_MAX / 64; i++)
		a->spoke[layer][i] |= v->by[says][i];
}

static void
decide_layer(struct deciding *d, size_t layer)
{
	enum verdict otherwise = d->layer->policy->otherwise;
	size_t i;

	for (i = 0; i < question_trials(d->q); i++) {
		struct voices v = {.said = {false}};
		enum verdict says;

		d->trial.entity = question_entity(d->q, i);
		hear(d, &v);
		says = strictest(&v, otherwise);
		if (says == VERDICT_ASK && !v.said[VERDICT_ASK])
			want_ask(d, SHEET_LIFE_S, 1, false);
		tighten(d, layer, says, &v);
	}
}

struct policy_answer
policy_decide(const struct policy_question *q,
    const struct policy_layer *layers, size_t n_layers)
{
	struct deciding d = {
	    .q = q, .trial = trial_of(q), .keys = 1, .ttl_s = POLICY_TTL_MAX_S};
	struct names sinks;
	size_t i;

	assert(n_layers <= LAYERS_MAX);
	policy_sinks(q, layers, n_layers, &sinks);
	d.trial.sinks = &sinks;
	for (i = 0; i < n_layers; i++) {
		d.layer = &layers[i];
		decide_layer(&d, i);
	}
	/* No layer is no permission. */
	if (n_layers == 0) {
		d.answer.verdict = VERDICT_DENY;
		d.answer.no_layer = true;
	}
	d.answer.keys = 1;
	if (d.answer.verdict == VERDICT_ASK) {
		d.answer.keys = d.keys;
		d.answer.cli_key = d.cli_key;
		d.answer.ttl_s = d.ttl_s;
	}
	return d.answer;
}

/* ---- Labels, sinks, charges ---- */

/* Does the rule match one of the entities? */
static bool
matches_any(const struct rule *r, struct trial *t)
{
	size_t i;

	for (i = 0; i < question_trials(t->q); i++) {
		t->entity = question_entity(t->q, i);
		if (rule_matches(r, t))
			return true;
	}
	return false;
}

static void
gather(const struct policy_question *q, const struct policy_layer *layers,
    size_t n_layers, enum line_kind kind, struct names *ret)
{
	struct trial t = trial_of(q);
	size_t i;
	size_t j;

	ret->n = 0;
	ret->all = false;
	for (i = 0; i < n_layers; i++) {
		const struct policy *p = layers[i].policy;

		for (j = 0; j < p->n_rules; j++)
			if (p->rules[j]->kind == kind &&
			    matches_any(p->rules[j], &t))
				names_join(ret, p->rules[j]->adds);
	}
}

void
policy_labels(const struct policy_question *q,
    const struct policy_layer *layers, size_t n_layers, struct names *ret)
{
	gather(q, layers, n_layers, LINE_LABEL, ret);
}

void
policy_sinks(const struct policy_question *q, const struct policy_layer *layers,
    size_t n_layers, struct names *ret)
{
	gather(q, layers, n_layers, LINE_SINK, ret);
}

/* The amounts of a budget that the act uses. */
static void
charge_budget(const struct policy_question *q, const struct policy_layer *layer,
    const struct rule *r,
    void (*fn)(void *arg, const struct policy_charge *charge), void *arg)
{
	int i;

	for (i = 0; i < DIM_COUNT; i++) {
		struct policy_charge c = {
		    .line = line_of(layer, r, r->amounts[i].span_s),
		    .dimension = (enum dimension)i,
		    .amount = question_cost(q, (enum dimension)i),
		    .most = r->amounts[i].most,
		    .over = r->over};

		if (r->amounts[i].set && c.amount > 0)
			fn(arg, &c);
	}
}

void
policy_charges(const struct policy_question *q,
    const struct policy_layer *layers, size_t n_layers,
    void (*fn)(void *arg, const struct policy_charge *charge), void *arg)
{
	struct trial t = trial_of(q);
	struct names sinks;
	size_t i;
	size_t j;

	policy_sinks(q, layers, n_layers, &sinks);
	t.sinks = &sinks;
	for (i = 0; i < n_layers; i++) {
		for (j = 0; j < layers[i].policy->n_rules; j++) {
			const struct rule *r = layers[i].policy->rules[j];
			struct policy_charge c = {
			    .line = line_of(&layers[i], r, r->rate.span_s),
			    .is_rate = true,
			    .amount = (int64_t)question_trials(q)};

			if ((r->kind != LINE_BUDGET && r->rate.most == 0) ||
			    !matches_any(r, &t))
				continue;
			if (r->kind == LINE_BUDGET)
				charge_budget(q, &layers[i], r, fn, arg);
			else
				fn(arg, &c);
		}
	}
}

void
policy_budgets(const struct policy_layer *layer,
    void (*fn)(void *arg, const struct policy_charge *charge), void *arg)
{
	size_t i;
	int d;

	for (i = 0; i < layer->policy->n_rules; i++)
		for (d = 0; d < DIM_COUNT; d++) {
			const struct rule *r = layer->policy->rules[i];
			const struct amount *a = &r->amounts[d];
			struct policy_charge c = {
			    .line = line_of(layer, r, a->span_s),
			    .dimension = (enum dimension)d,
			    .most = a->most,
			    .over = r->over};

			if (r->kind == LINE_BUDGET && a->set)
				fn(arg, &c);
		}
}

/* ---- What spoke ---- */

void
policy_spoke(const struct policy_answer *a, const struct policy_layer *layers,
    size_t n_layers, void (*fn)(void *arg, const struct policy_line *line),
    void *arg)
{
	size_t i;
	size_t j;

	for (i = 0; i < n_layers; i++) {
		const struct policy *p = layers[i].policy;
		struct policy_line otherwise = {layers[i].name, "default", 0};
		bool wants = a->default_spoke[i];

		for (j = 0; j < p->n_rules; j++) {
			struct policy_line line =
			    line_of(&layers[i], p->rules[j], 0);

			if (wants && strcmp(line.name, "default") > 0) {
				fn(arg, &otherwise);
				wants = false;
			}
			if ((a->spoke[i][j / 64] >> (j % 64) & 1) != 0)
				fn(arg, &line);
		}
		if (wants)
			fn(arg, &otherwise);
	}
}

static void
add_line(void *arg, const struct policy_line *line)
{
	struct buf *out = arg;

	buf_addf(
	    out, "%s%s:%s", out->len > 0 ? "," : "", line->layer, line->name);
}

void
policy_spoke_text(const struct policy_answer *a,
    const struct policy_layer *layers, size_t n_layers, struct buf *out)
{
	struct buf all;

	buf_init(&all, SPOKE_TEXT_MAX);
	policy_spoke(a, layers, n_layers, add_line, &all);
	buf_adds(out, all.len > 0 ? all.p : "default");
	if (all.overflow)
		buf_adds(out, ",...");
	buf_done(&all);
}
