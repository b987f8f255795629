/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "policy/policy_priv.h"

struct parse {
	struct policy *policy;
	int line;
	bool have_default;
	struct errmsg *why;
};

#define SAY(p, ...) err_say((p)->why, ERR_INPUT, "policy line " __VA_ARGS__)

/* The next word; blanks inside double quotes do not end it. */
static bool
next_word(struct str *rest, struct str *ret)
{
	size_t i = 0;
	size_t start;
	bool quoted = false;

	while (i < rest->len && strchr(" \t\r", rest->p[i]) != NULL)
		i++;
	start = i;
	while (
	    i < rest->len && (quoted || strchr(" \t\r", rest->p[i]) == NULL)) {
		if (rest->p[i] == '"')
			quoted = !quoted;
		i++;
	}
	ret->p = rest->p + start;
	ret->len = i - start;
	rest->p += i;
	rest->len -= i;
	return ret->len > 0;
}

/* Cut "a,b" at commas outside quotes, dropping the quotes. */
static char *
next_value(struct str *rest)
{
	char *value = xalloc(rest->len + 1);
	size_t n = 0;
	size_t i;
	bool quoted = false;

	for (i = 0; i < rest->len && (quoted || rest->p[i] != ','); i++) {
		if (rest->p[i] == '"')
			quoted = !quoted;
		else
			value[n++] = rest->p[i];
	}
	value[n] = '\0';
	if (i < rest->len)
		i++;
	rest->p += i;
	rest->len -= i;
	return value;
}

static enum err
parse_effects(struct parse *p, struct word *w)
{
	size_t i;

	for (i = 0; i < w->n_globs; i++) {
		enum effect e = effect_by_name(w->globs[i]);

		if (e == EFFECT_COUNT)
			return SAY(p,
			    "%d: '%s' is no effect; use read, reversible, "
			    "physical, external, money or system",
			    p->line, w->globs[i]);
		w->effects |= 1u << e;
	}
	return OK;
}

/* 30s, 10m, 2h */
static enum err
parse_ttl(struct parse *p, struct str value, struct rule *r)
{
	int64_t n = 0;
	size_t i;

	for (i = 0; i + 1 < value.len && i < 6; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			break;
		n = n * 10 + (value.p[i] - '0');
	}
	if (i == 0 || i + 1 != value.len || n == 0)
		goto bad;
	switch (value.p[i]) {
	case 's':
		r->ttl_s = n;
		return OK;
	case 'm':
		r->ttl_s = n * 60;
		return OK;
	case 'h':
		r->ttl_s = n * 3600;
		return OK;
	default:
		break;
	}
bad:
	return SAY(p, "%d: ttl=%.*s; write 30s, 10m or 2h", p->line,
	    (int)value.len, value.p);
}

static enum err
parse_values(struct parse *p, struct str rest, struct word *w)
{
	while (rest.len > 0) {
		if (w->n_globs == POLICY_GLOBS_MAX)
			return SAY(p, "%d: more than %d values in one word",
			    p->line, POLICY_GLOBS_MAX);
		w->globs[w->n_globs] = next_value(&rest);
		if (w->globs[w->n_globs++][0] == '\0')
			return SAY(p, "%d: a value is empty", p->line);
	}
	if (w->n_globs == 0)
		return SAY(p, "%d: a word has no value behind '='", p->line);
	if (rest.p[-1] == ',')
		return SAY(p, "%d: a value is empty", p->line);
	return OK;
}

static enum err
parse_key(struct parse *p, struct str key, struct word *w)
{
	if (str_eq(key, "tool"))
		w->kind = WORD_TOOL;
	else if (str_eq(key, "effect"))
		w->kind = WORD_EFFECT;
	else if (str_eq(key, "entity"))
		w->kind = WORD_ENTITY;
	else if (key.len > 4 && memcmp(key.p, "arg.", 4) == 0) {
		w->kind = WORD_ARG;
		w->arg = xstrndup(key.p + 4, key.len - 4);
	} else
		return SAY(p,
		    "%d: unknown word '%.*s'; use tool, effect, arg.NAME, "
		    "entity or ttl",
		    p->line, (int)key.len, key.p);
	return OK;
}

static bool
quotes_close(struct str text)
{
	bool open = false;
	size_t i;

	for (i = 0; i < text.len; i++)
		open ^= text.p[i] == '"';
	return !open;
}

static enum err
parse_word(struct parse *p, struct str text, struct rule *r)
{
	const char *eq = memchr(text.p, '=', text.len);
	struct str key = {text.p, eq != NULL ? (size_t)(eq - text.p) : 0};
	struct str value = {eq != NULL ? eq + 1 : text.p, 0};
	struct word *w;
	enum err e;

	if (eq == NULL)
		return SAY(p, "%d: '%.*s' is not WORD=VALUE", p->line,
		    (int)text.len, text.p);
	if (!quotes_close(text))
		return SAY(p, "%d: a quote is not closed: %.*s", p->line,
		    (int)text.len, text.p);
	value.len = text.len - key.len - 1;
	if (str_eq(key, "ttl")) {
		if (r->verdict != VERDICT_ASK)
			return SAY(p, "%d: ttl belongs to ask", p->line);
		return parse_ttl(p, value, r);
	}
	if (r->n_words == WORDS_MAX)
		return SAY(p, "%d: more than %d words", p->line, WORDS_MAX);
	w = &r->words[r->n_words++];
	e = parse_key(p, key, w);
	if (e == OK)
		e = parse_values(p, value, w);
	if (e == OK && w->kind == WORD_EFFECT)
		e = parse_effects(p, w);
	return e;
}

static enum err
parse_rule(struct parse *p, enum verdict verdict, struct str rest)
{
	struct policy *policy = p->policy;
	struct rule *r;
	struct str word;
	enum err e = OK;
	size_t i;

	if (policy->n_rules == POLICY_RULES_MAX)
		return SAY(
		    p, "%d: more than %d rules", p->line, POLICY_RULES_MAX);
	r = &policy->rules[policy->n_rules++];
	r->verdict = verdict;
	r->ttl_s = SHEET_LIFE_S;
	if (!next_word(&rest, &word) || word.len > NAME_MAX_LEN)
		return SAY(p, "%d: the rule needs a name", p->line);
	memcpy(r->name, word.p, word.len);
	if (!str_is_name(r->name))
		return SAY(p,
		    "%d: '%s' is no name; use small letters, digits, '-'",
		    p->line, r->name);
	for (i = 0; i + 1 < policy->n_rules; i++)
		if (strcmp(policy->rules[i].name, r->name) == 0)
			return SAY(
			    p, "%d: the name '%s' is taken", p->line, r->name);
	while (e == OK && next_word(&rest, &word))
		e = parse_word(p, word, r);
	if (e == OK && r->n_words == 0)
		e = SAY(p,
		    "%d: the rule '%s' says nothing about what it "
		    "matches; write tool=* to match all",
		    p->line, r->name);
	return e;
}

static bool
verdict_of(struct str word, enum verdict *ret)
{
	int v;

	for (v = VERDICT_ALLOW; v <= VERDICT_DENY; v++) {
		if (!str_eq(word, verdict_name((enum verdict)v)))
			continue;
		*ret = (enum verdict)v;
		return true;
	}
	return false;
}

static enum err
parse_line(struct parse *p, struct str rest)
{
	struct str word;
	enum verdict v;

	if (!next_word(&rest, &word) || word.p[0] == '#')
		return OK;
	if (verdict_of(word, &v))
		return parse_rule(p, v, rest);
	if (!str_eq(word, "default"))
		return SAY(p,
		    "%d: unknown word '%.*s'; a line begins with default, "
		    "allow, ask or deny",
		    p->line, (int)word.len, word.p);
	if (!next_word(&rest, &word) || !verdict_of(word, &v) ||
	    v == VERDICT_ALLOW || next_word(&rest, &word))
		return SAY(
		    p, "%d: write 'default deny' or 'default ask'", p->line);
	if (p->have_default)
		return SAY(p, "%d: there is a default already", p->line);
	p->have_default = true;
	p->policy->otherwise = v;
	return OK;
}

enum err
policy_parse(
    const char *text, size_t len, struct policy **ret, struct errmsg *why)
{
	struct parse p = {.why = why};
	struct str rest = {text, len};
	struct str line;
	enum err e = OK;

	if (len > POLICY_BYTES_MAX)
		return err_say(why, ERR_LIMIT,
		    "the policy is larger than %d bytes", POLICY_BYTES_MAX);
	if (!str_is_utf8(text, len) || memchr(text, '\0', len) != NULL)
		return err_say(why, ERR_INPUT, "the policy is not UTF-8 text");
	p.policy = xalloc(sizeof(*p.policy));
	p.policy->otherwise = VERDICT_DENY;
	while (e == OK && str_line(&rest, &line)) {
		p.line++;
		e = parse_line(&p, line);
	}
	if (e != OK) {
		policy_free(p.policy);
		return e;
	}
	*ret = p.policy;
	return OK;
}

static void
free_rule(struct rule *r)
{
	size_t i;
	size_t j;

	for (i = 0; i < r->n_words; i++) {
		free(r->words[i].arg);
		for (j = 0; j < r->words[i].n_globs; j++)
			free(r->words[i].globs[j]);
	}
}

void
policy_free(struct policy *p)
{
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->n_rules; i++)
		free_rule(&p->rules[i]);
	free(p);
}
