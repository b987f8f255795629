/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "policy/policy_priv.h"

static const struct {
	const char *word;
	enum line_kind kind;
} kinds[] = {
    {"allow", LINE_ALLOW},
    {"ask", LINE_ASK},
    {"deny", LINE_DENY},
    {"label", LINE_LABEL},
    {"sink", LINE_SINK},
    {"budget", LINE_BUDGET},
    {"default", LINE_DEFAULT},
};

struct parse {
	struct policy *policy;
	bool have_default;
	int lines; /* That are rules. */
	struct names labels;
	struct names sinks;
};

static void
free_rule(struct rule *r)
{
	words_free(&r->words);
	words_free(&r->unless);
	free(r->adds);
	free(r->text);
	free(r);
}

static enum err
parse_default(struct parse *p, struct line *l, struct str rest)
{
	struct str word;
	enum verdict v;

	if (!word_next(&rest, &word))
		word.len = 0;
	v = str_eq(word, "ask") ? VERDICT_ASK : VERDICT_DENY;
	if ((v == VERDICT_DENY && !str_eq(word, "deny")) ||
	    word_next(&rest, &word))
		return line_wrong(l, "write 'default deny' or 'default ask'");
	if (p->have_default)
		return line_wrong(l, "there is a default already");
	p->have_default = true;
	p->policy->otherwise = v;
	return OK;
}

static enum err
parse_name(struct parse *p, struct line *l, struct str *rest)
{
	struct rule *r = l->rule;
	struct str word;
	size_t i;

	if (!word_next(rest, &word) || word.len > NAME_MAX_LEN)
		return line_wrong(
		    l, "the line needs a name of at most 64 characters");
	memcpy(r->name, word.p, word.len);
	if (!str_is_name(r->name))
		return line_wrong(l,
		    "'%s' is no name; use small letters, digits, '-'", r->name);
	if (strcmp(r->name, "default") == 0)
		return line_wrong(l, "'default' is the name of no line");
	for (i = 0; i < p->policy->n_rules; i++)
		if (strcmp(p->policy->rules[i]->name, r->name) == 0)
			return line_wrong(l, "the name '%s' is taken", r->name);
	return OK;
}

static enum err
begin_exception(struct line *l)
{
	if ((RULES & IS(l->rule->kind)) == 0)
		return line_wrong(l, "'unless' does not belong here");
	if (l->into == &l->rule->unless)
		return line_wrong(l, "'unless' stands twice");
	if (l->rule->words.n == 0)
		return line_wrong(
		    l, "'unless' stands behind at least one matching word");
	l->into = &l->rule->unless;
	return OK;
}

/* Does it say all that its kind needs? */
static enum err
check_whole(struct line *l)
{
	const struct rule *r = l->rule;
	bool amounts = false;
	size_t i;

	for (i = 0; i < DIM_COUNT; i++)
		amounts |= r->amounts[i].set;
	if (r->kind == LINE_BUDGET)
		return amounts ? OK
			       : line_wrong(l,
				     "the budget '%s' needs an amount, such as "
				     "usd=2.00/day",
				     r->name);
	if (r->words.n == 0)
		return line_wrong(l,
		    "'%s' says nothing about what it matches; write tool=* to "
		    "match all",
		    r->name);
	if (l->into == &r->unless && r->unless.n == 0)
		return line_wrong(l, "'unless' says no exception");
	if ((r->kind == LINE_LABEL || r->kind == LINE_SINK) && r->adds == NULL)
		return line_wrong(l, "'%s' needs adds=NAME", r->name);
	return OK;
}

static int
by_kind(const void *a, const void *b)
{
	return (int)((const struct word *)a)->kind -
	    (int)((const struct word *)b)->kind;
}

static uint64_t
tools_of(const struct word *w)
{
	uint64_t tools = 0;
	size_t i;

	for (i = 0; i < w->n_values; i++)
		tools |= tool_glob_bit(w->values[i].text);
	return tools;
}

/* The cheap words first, and before all the effects and tools as masks. */
static void
arrange(struct rule *r)
{
	size_t i;

	r->effects = ~0u;
	r->tools = UINT64_MAX;
	for (i = 0; i < r->words.n; i++) {
		const struct word *w = &r->words.at[i];

		if (w->kind == WORD_EFFECT)
			r->effects &= w->effects;
		if (w->kind == WORD_TOOL)
			r->tools &= tools_of(w);
	}
	if (r->words.n > 1)
		qsort(r->words.at, r->words.n, sizeof(r->words.at[0]), by_kind);
}

/* Labels or sinks of the whole policy: to lose one would loosen it. */
static enum err
check_names(struct parse *p, struct line *l)
{
	const struct rule *r = l->rule;
	struct names *all = r->kind == LINE_LABEL ? &p->labels : &p->sinks;

	if (r->adds == NULL)
		return OK;
	names_join(all, r->adds);
	return all->all
	    ? line_wrong(
		  l, "more than %d labels, or sinks, in one policy", NAMES_MAX)
	    : OK;
}

static enum err
parse_rule(struct parse *p, struct line *l, struct str rest)
{
	struct rule *r = l->rule;
	struct str word;
	enum err e = parse_name(p, l, &rest);

	r->ttl_s = SHEET_LIFE_S;
	r->keys = 1;
	r->over = VERDICT_DENY;
	l->into = &r->words;
	while (e == OK && word_next(&rest, &word))
		e = str_eq(word, "unless") ? begin_exception(l)
					   : word_parse(l, word);
	if (e == OK)
		e = check_whole(l);
	if (e == OK)
		e = check_names(p, l);
	if (e == OK)
		arrange(r);
	return e;
}

static enum err
parse_kind(struct parse *p, struct line *l, struct str whole, struct str word,
    struct str rest)
{
	struct policy *policy = p->policy;
	size_t i = 0;
	enum err e;

	if (p->lines++ == POLICY_RULES_MAX)
		return line_wrong(l, "more than %d lines", POLICY_RULES_MAX);
	while (i < ARRAY_LEN(kinds) && !str_eq(word, kinds[i].word))
		i++;
	if (i == ARRAY_LEN(kinds))
		return line_wrong(l,
		    "unknown word '%.*s'; a line begins with default, allow, "
		    "ask, deny, label, sink or budget",
		    (int)(word.len < 64 ? word.len : 64), word.p);
	if (kinds[i].kind == LINE_DEFAULT)
		return parse_default(p, l, rest);
	l->rule = xalloc(sizeof(*l->rule));
	l->rule->kind = kinds[i].kind;
	l->rule->number = l->number;
	l->rule->text = xstrndup(whole.p, whole.len);
	e = parse_rule(p, l, rest);
	if (e == OK)
		policy->rules[policy->n_rules++] = l->rule;
	else
		free_rule(l->rule);
	return e;
}

static int
by_name(const void *a, const void *b)
{
	const struct rule *const *x = a;
	const struct rule *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

enum err
policy_parse(
    const char *text, size_t len, struct policy **ret, struct errmsg *why)
{
	struct parse p = {.lines = 0};
	struct str rest = {text, len};
	struct str whole;
	int number = 0;
	enum err e = OK;

	if (len > POLICY_BYTES_MAX)
		return err_say(why, ERR_LIMIT,
		    "the policy is larger than %d bytes", POLICY_BYTES_MAX);
	if (!str_is_utf8(text, len) || memchr(text, '\0', len) != NULL)
		return err_say(why, ERR_INPUT, "the policy is not UTF-8 text");
	p.policy = xalloc(sizeof(*p.policy));
	p.policy->otherwise = VERDICT_DENY;
	while (e == OK && str_line(&rest, &whole)) {
		struct line l = {.number = ++number, .why = why};
		struct str words = whole;
		struct str word;

		if (word_next(&words, &word) && word.p[0] != '#')
			e = parse_kind(&p, &l, whole, word, words);
	}
	if (e != OK) {
		policy_free(p.policy);
		return e;
	}
	if (p.policy->n_rules > 1)
		qsort(p.policy->rules, p.policy->n_rules,
		    sizeof(p.policy->rules[0]), by_name);
	*ret = p.policy;
	return OK;
}

void
policy_free(struct policy *p)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->n_rules; i++)
		free_rule(p->rules[i]);
	free(p);
}

/* ---- The arguments of a grant ---- */

enum err
policy_args_parse(
    const char *text, size_t len, struct policy_args **ret, struct errmsg *why)
{
	struct rule rule = {.kind = LINE_ALLOW};
	struct line l = {.rule = &rule, .into = &rule.words, .why = why};
	struct str rest = {text, len};
	struct str word;
	enum err e = OK;
	size_t i;

	if (!str_is_utf8(text, len) || memchr(text, '\0', len) != NULL)
		return err_say(why, ERR_INPUT, "the arguments are not UTF-8");
	while (e == OK && word_next(&rest, &word))
		e = word_parse(&l, word);
	for (i = 0; i < rule.words.n && e == OK; i++)
		if (rule.words.at[i].kind != WORD_ARG)
			e = line_wrong(&l, "only arg.NAME= stands here");
	if (e == OK && (rule.words.n == 0 || l.seen != 0))
		e = line_wrong(&l, "no argument is named; write arg.NAME=");
	if (e != OK) {
		words_free(&rule.words);
		return e;
	}
	*ret = xalloc(sizeof(**ret));
	(*ret)->words = rule.words;
	return OK;
}

void
policy_args_free(struct policy_args *a)
{
	if (a == NULL)
		return;
	words_free(&a->words);
	free(a);
}
