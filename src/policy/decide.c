/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/str.h"
#include "policy/policy_priv.h"

static const char *const effect_names[] = {
#define X(name, text) text,
    EFFECT_TABLE(X)
#undef X
};

static const char *const verdict_names[] = {"allow", "ask", "deny"};

const char *
effect_name(enum effect e)
{
	return (unsigned)e < EFFECT_COUNT ? effect_names[e] : "unknown";
}

enum effect
effect_by_name(const char *name)
{
	int e;

	for (e = 0; e < EFFECT_COUNT; e++)
		if (strcmp(effect_names[e], name) == 0)
			return (enum effect)e;
	return EFFECT_COUNT;
}

bool
effect_needs_yes(enum effect e)
{
	return e != EFFECT_READ && e != EFFECT_REVERSIBLE;
}

const char *
verdict_name(enum verdict v)
{
	return verdict_names[v];
}

static bool
any_glob(const struct word *w, const char *text)
{
	size_t i;

	for (i = 0; i < w->n_globs; i++)
		if (str_glob(w->globs[i], text))
			return true;
	return false;
}

/* Text for a glob: a string as it is, anything else as canonical JSON. */
static bool
arg_matches(const struct word *w, const struct json *value)
{
	struct buf b;
	bool matches;

	if (json_text(value) != NULL)
		return any_glob(w, json_text(value));
	buf_init(&b, ARGS_MAX);
	json_canonical(value, &b);
	matches = any_glob(w, b.p);
	buf_done(&b);
	return matches;
}

static bool
word_holds(const struct word *w, const struct rule *r,
    const struct policy_question *q, const char *entity)
{
	/* What is not there can loosen nothing, and can tighten. */
	bool if_missing = r->verdict != VERDICT_ALLOW;
	const struct json *arg;

	switch (w->kind) {
	case WORD_TOOL:
		return any_glob(w, q->tool);
	case WORD_EFFECT:
		return (w->effects >> q->effect & 1) != 0;
	case WORD_ENTITY:
		return entity != NULL ? any_glob(w, entity) : if_missing;
	case WORD_ARG:
		arg = json_get(q->args, w->arg);
		return arg != NULL ? arg_matches(w, arg) : if_missing;
	}
	return if_missing;
}

static bool
rule_matches(
    const struct rule *r, const struct policy_question *q, const char *entity)
{
	size_t i;

	for (i = 0; i < r->n_words; i++)
		if (!word_holds(&r->words[i], r, q, entity))
			return false;
	return true;
}

static struct policy_answer
decide_layer(
    const struct policy *p, const struct policy_question *q, const char *entity)
{
	struct policy_answer a = {
	    .verdict = p->otherwise, .rule = "default", .ttl_s = SHEET_LIFE_S};
	bool matched = false;
	size_t i;

	for (i = 0; i < p->n_rules; i++) {
		const struct rule *r = &p->rules[i];

		if (!rule_matches(r, q, entity))
			continue;
		if (matched && r->verdict <= a.verdict) {
			/* Of equal asks the shorter wait binds. */
			if (r->verdict == a.verdict && r->ttl_s < a.ttl_s)
				a.ttl_s = r->ttl_s;
			continue;
		}
		matched = true;
		a.verdict = r->verdict;
		a.ttl_s = r->ttl_s;
		memcpy(a.rule, r->name, sizeof(a.rule));
	}
	return a;
}

static void
tighten(struct policy_answer *a, const struct policy_answer *b)
{
	int64_t ttl_s = a->ttl_s < b->ttl_s ? a->ttl_s : b->ttl_s;

	if (b->verdict > a->verdict)
		*a = *b;
	else if (b->verdict == a->verdict)
		a->ttl_s = ttl_s;
}

struct policy_answer
policy_decide(const struct policy_question *q,
    const struct policy *const *layers, size_t n_layers)
{
	struct policy_answer a = {
	    .verdict = VERDICT_ALLOW, .rule = "", .ttl_s = SHEET_LIFE_S};
	size_t n = q->n_entities > 0 ? q->n_entities : 1;
	size_t i;
	size_t j;

	/* No layer is no permission. */
	if (n_layers == 0)
		a = (struct policy_answer){
		    .verdict = VERDICT_DENY, .rule = "default"};
	for (i = 0; i < n_layers; i++) {
		for (j = 0; j < n; j++) {
			struct policy_answer b = decide_layer(layers[i], q,
			    q->n_entities > 0 ? q->entities[j] : NULL);

			if (i == 0 && j == 0)
				a = b;
			else
				tighten(&a, &b);
		}
	}
	return a;
}
