/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "policy/policy_priv.h"

/* The answer in words, for somebody who never read the rules. */

#define NEARLY_MAX 5

static const char *const word_names[] = {[WORD_EFFECT] = "the effect",
    [WORD_TOOL] = "the tool",
    [WORD_PRINCIPAL] = "whose wish it is",
    [WORD_AGENT] = "the agent",
    [WORD_CLIENT] = "the client it came through",
    [WORD_HOURS] = "the hour",
    [WORD_LABELS] = "what the run has seen",
    [WORD_ENTITY] = "the thing",
    [WORD_ARG] = "an argument",
    [WORD_REQUIRE] = "a fact that must be true",
    [WORD_SINK] = "where it flows to"};

static void
say_time(int64_t s, struct buf *out)
{
	if (s % 3600 == 0)
		buf_addf(out, "%lld hour%s", (long long)(s / 3600),
		    s == 3600 ? "" : "s");
	else if (s % 60 == 0)
		buf_addf(out, "%lld minute%s", (long long)(s / 60),
		    s == 60 ? "" : "s");
	else
		buf_addf(out, "%lld seconds", (long long)s);
}

static void
say_verdict(const struct policy_answer *a, const char *tool, struct buf *out)
{
	switch (a->verdict) {
	case VERDICT_ALLOW:
		buf_addf(out, "%s would be done without asking.\n", tool);
		break;
	case VERDICT_DENY:
		buf_addf(out, "%s would be refused.\n", tool);
		break;
	case VERDICT_ASK:
		buf_addf(out,
		    "Before %s, %s would be asked%s; without a yes "
		    "within ",
		    tool, a->keys > 1 ? "two people" : "somebody",
		    a->cli_key ? " (not in a browser)" : "");
		say_time(a->ttl_s, out);
		buf_adds(out, " it is refused.\n");
		break;
	}
}

struct saying {
	const struct policy_layer *layers;
	size_t n_layers;
	struct buf *out;
};

static const struct rule *
find_rule(const struct saying *s, const struct policy_line *line)
{
	size_t i;
	size_t j;

	for (i = 0; i < s->n_layers; i++) {
		const struct policy *p = s->layers[i].policy;

		if (strcmp(s->layers[i].name, line->layer) != 0)
			continue;
		for (j = 0; j < p->n_rules; j++)
			if (strcmp(p->rules[j]->name, line->name) == 0)
				return p->rules[j];
	}
	return NULL;
}

static void
say_line(void *arg, const struct policy_line *line)
{
	const struct saying *s = arg;
	const struct rule *r = find_rule(s, line);

	if (r == NULL) {
		buf_addf(s->out,
		    "  No line of the %s's rules fits: the default decides.\n",
		    line->layer);
		return;
	}
	buf_addf(s->out, "  Line %d of the %s's rules%s says so:\n    %s\n",
	    r->number, line->layer,
	    r->kind == LINE_BUDGET ? " (the budget is used up)" : "", r->text);
}

/* The word that alone keeps a rule from matching, or NULL. */
static const struct word *
only_obstacle(const struct rule *r, const struct trial *t)
{
	const struct word *found = NULL;
	size_t i;

	for (i = 0; i < r->words.n; i++) {
		enum holds h = word_holds(&r->words.at[i], t);

		if (h == HOLDS || (h == HOLDS_MISSING && r->kind != LINE_ALLOW))
			continue;
		if (found != NULL)
			return NULL;
		found = &r->words.at[i];
	}
	return found;
}

/* Why did this rule not speak?  False when it is far from it. */
static bool
say_nearly(const struct saying *s, const struct policy_layer *layer,
    const struct rule *r, const struct trial *t)
{
	const struct word *w = only_obstacle(r, t);

	if (w != NULL)
		buf_addf(s->out,
		    "  '%s' of the %s's rules does not apply: %s "
		    "is another.\n",
		    r->name, layer->name, word_names[w->kind]);
	else if (rule_matches(r, t) && r->kind == LINE_ALLOW)
		buf_addf(s->out,
		    "  '%s' of the %s's rules would allow it, were there no "
		    "stricter line or its rate not used up.\n",
		    r->name, layer->name);
	else
		return false;
	return true;
}

static bool
has_spoken(const struct policy_answer *a, size_t layer, size_t rule)
{
	return (a->spoke[layer][rule / 64] >> (rule % 64) & 1) != 0;
}

static void
say_others(const struct saying *s, const struct policy_question *q,
    const struct policy_answer *a)
{
	struct names sinks;
	struct trial t = {.q = q, .entity = question_entity(q, 0)};
	size_t said = 0;
	size_t i;
	size_t j;

	policy_sinks(q, s->layers, s->n_layers, &sinks);
	t.sinks = &sinks;
	for (i = 0; i < s->n_layers; i++) {
		const struct policy_layer *layer = &s->layers[i];

		for (j = 0; j < layer->policy->n_rules; j++) {
			const struct rule *r = layer->policy->rules[j];

			if (r->kind > LINE_DENY || has_spoken(a, i, j))
				continue;
			if (said < NEARLY_MAX)
				said += say_nearly(s, layer, r, &t);
		}
	}
}

void
policy_explain(const struct policy_question *q,
    const struct policy_layer *layers, size_t n_layers, const char *instead,
    struct buf *out)
{
	struct policy_answer a = policy_decide(q, layers, n_layers);
	struct saying s = {layers, n_layers, out};

	buf_adds(out, instead);
	if (instead[0] == '\0')
		say_verdict(&a, q->tool, out);
	if (a.no_layer)
		buf_adds(out, "  There are no rules at all.\n");
	policy_spoke(&a, layers, n_layers, say_line, &s);
	say_others(&s, q, &a);
}

/* ---- Warnings ---- */

/* Is the name added by a line of this kind? */
static bool
is_added(const struct policy *p, enum line_kind kind, const char *name)
{
	size_t i;

	for (i = 0; i < p->n_rules; i++)
		if (p->rules[i]->kind == kind &&
		    names_has(p->rules[i]->adds, name))
			return true;
	return false;
}

static bool
value_is_known(const struct policy *p, const struct policy_known *known,
    const struct word *w, const struct value *v)
{
	size_t i;

	switch (w->kind) {
	case WORD_TOOL:
		return known->tool(known->arg, v->text);
	case WORD_REQUIRE:
		return known->fact(known->arg, v->text);
	case WORD_SINK:
		return is_added(p, LINE_SINK, v->text);
	case WORD_LABELS:
		for (i = 0; i < v->set->n; i++)
			if (!is_added(p, LINE_LABEL, v->set->name[i]))
				return false;
		return true;
	default:
		return true;
	}
}

static void
warn_words(const struct policy *p, const struct policy_known *known,
    const struct rule *r, const struct words *words, struct buf *out)
{
	size_t i;
	size_t j;

	for (i = 0; i < words->n; i++) {
		const struct word *w = &words->at[i];

		for (j = 0; j < w->n_values; j++)
			if (!value_is_known(p, known, w, &w->values[j]))
				buf_addf(out,
				    "line %d: '%s' matches nothing that is "
				    "known: %s\n",
				    r->number, r->name, w->values[j].text);
	}
}

void
policy_warn(
    const struct policy *p, const struct policy_known *known, struct buf *out)
{
	size_t i;

	for (i = 0; i < p->n_rules; i++) {
		warn_words(p, known, p->rules[i], &p->rules[i]->words, out);
		warn_words(p, known, p->rules[i], &p->rules[i]->unless, out);
	}
}
