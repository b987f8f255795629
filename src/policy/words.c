/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "policy/policy_priv.h"

/* The words of a line: each is a row of the table at the end. */

#define RANGE_DIGITS_MAX 15

struct word_def {
	const char *key; /* One that ends in '.' takes a name behind it. */
	unsigned lines; /* Where it may stand. */
	enum word_kind kind;
	enum err (*value)(struct line *l, struct word *w, struct value *v);
	/* Words that do not match anything: given once, one value. */
	enum err (*once)(struct line *l, const char *text);
};

enum err
line_wrong(struct line *l, const char *fmt, ...)
{
	char text[192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_mend(text); /* It may have been cut inside a character. */
	if (l->number == 0)
		return err_say(l->why, ERR_INPUT, "%s", text);
	return err_say(
	    l->why, ERR_INPUT, "policy line %d: %s", l->number, text);
}

bool
word_next(struct str *rest, struct str *ret)
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
	rest->p += i;
	rest->len -= i;
	return value;
}

/* ---- Values of words that match ---- */

static enum err
value_glob(struct line *l, struct word *w, struct value *v)
{
	(void)l;
	(void)w;
	(void)v;
	return OK;
}

static enum err
value_name(struct line *l, struct word *w, struct value *v)
{
	(void)w;
	if (!str_is_name(v->text))
		return line_wrong(l,
		    "'%.64s' is no name; use small letters, digits, '-'",
		    v->text);
	return OK;
}

static enum err
value_effect(struct line *l, struct word *w, struct value *v)
{
	enum effect e = effect_by_name(v->text);

	if (e == EFFECT_COUNT)
		return line_wrong(l,
		    "'%.64s' is no effect; use read, reversible, physical, "
		    "external, money or system",
		    v->text);
	w->effects |= 1u << e;
	return OK;
}

static bool
is_integer(const char *p, const char *end)
{
	if (p < end && *p == '-')
		p++;
	if (p == end)
		return false;
	for (; p < end; p++)
		if (*p < '0' || *p > '9')
			return false;
	return true;
}

static bool
read_bound(const char *p, const char *end, int64_t *ret)
{
	bool negative = *p == '-';

	if (negative)
		p++;
	if (end - p > RANGE_DIGITS_MAX)
		return false;
	*ret = 0;
	for (; p < end; p++)
		*ret = *ret * 10 + (*p - '0');
	if (negative)
		*ret = -*ret;
	return true;
}

static enum err
value_arg(struct line *l, struct word *w, struct value *v)
{
	const char *end = v->text + strlen(v->text);
	const char *dots = strstr(v->text, "..");
	size_t len;

	(void)w;
	if (dots != NULL && is_integer(v->text, dots) &&
	    is_integer(dots + 2, end)) {
		v->kind = VALUE_RANGE;
		if (!read_bound(v->text, dots, &v->first) ||
		    !read_bound(dots + 2, end, &v->last) || v->first > v->last)
			return line_wrong(l,
			    "'%.64s' is no range; write 0..100, the smaller "
			    "one first",
			    v->text);
		return OK;
	}
	if (strncmp(v->text, "under:", 6) != 0)
		return OK;
	v->kind = VALUE_UNDER;
	memmove(v->text, v->text + 6, strlen(v->text) - 5);
	len = strlen(v->text);
	/* Another one could never match. */
	if (!path_is_plain(v->text))
		return line_wrong(l,
		    "'under:%.64s' is no folder; write /srv/notes, without "
		    "'..', '.' and '//'",
		    v->text);
	if (v->text[len - 1] == '/')
		v->text[len - 1] = '\0';
	return OK;
}

static enum err
value_labels(struct line *l, struct word *w, struct value *v)
{
	const char *p = v->text;
	size_t n = 0;

	(void)w;
	v->set = xalloc(sizeof(*v->set));
	for (;;) {
		char name[NAME_MAX_LEN + 1];
		size_t len = strcspn(p, "+");

		snprintf(name, sizeof(name), "%.*s",
		    (int)(len <= NAME_MAX_LEN ? len : 0), p);
		if (!str_is_name(name))
			return line_wrong(l,
			    "'%.64s' are no labels; write one, or several "
			    "joined by '+'",
			    v->text);
		if (n++ == POLICY_VALUES_MAX)
			return line_wrong(l, "more than %d labels are joined",
			    POLICY_VALUES_MAX);
		names_add(v->set, name);
		if (p[len] == '\0')
			return OK;
		p += len + 1;
	}
}

/* HH:MM as minutes of the day. */
static bool
read_clock(const char *p, int64_t *ret)
{
	static const char shape[] = "dd:dd";
	size_t i;

	for (i = 0; i < 5; i++)
		if (shape[i] == 'd' ? p[i] < '0' || p[i] > '9' : p[i] != ':')
			return false;
	*ret = ((p[0] - '0') * 10 + p[1] - '0') * 60 + (p[3] - '0') * 10 +
	    p[4] - '0';
	return p[0] * 10 + p[1] < '2' * 10 + '4' && p[3] < '6';
}

enum err
policy_hours_read(struct str text, int *ret_begin, int *ret_end)
{
	int64_t begin;
	int64_t end;

	if (text.len != 11 || text.p[5] != '-' || !read_clock(text.p, &begin) ||
	    !read_clock(text.p + 6, &end) || begin == end)
		return ERR_INPUT;
	*ret_begin = (int)begin;
	*ret_end = (int)end;
	return OK;
}

static enum err
value_hours(struct line *l, struct word *w, struct value *v)
{
	struct str text = {v->text, strlen(v->text)};
	int begin;
	int end;

	(void)w;
	if (policy_hours_read(text, &begin, &end) != OK)
		return line_wrong(l,
		    "'%.64s' is no span of hours; write 23:00-06:00", v->text);
	v->first = begin;
	v->last = end;
	return OK;
}

/* ---- The table ---- */

static const struct word_def defs[] = {
    {"effect", MATCHING, WORD_EFFECT, value_effect, NULL},
    {"tool", MATCHING, WORD_TOOL, value_glob, NULL},
    {"principal", MATCHING, WORD_PRINCIPAL, value_glob, NULL},
    {"agent", MATCHING, WORD_AGENT, value_glob, NULL},
    {"client", MATCHING, WORD_CLIENT, value_glob, NULL},
    {"entity", MATCHING, WORD_ENTITY, value_glob, NULL},
    {"arg.", MATCHING, WORD_ARG, value_arg, NULL},
    {"hours", RULES, WORD_HOURS, value_hours, NULL},
    {"labels", RULES, WORD_LABELS, value_labels, NULL},
    {"require", RULES, WORD_REQUIRE, value_name, NULL},
    {"sink", RULES, WORD_SINK, value_name, NULL},
    {"rate", IS(LINE_ALLOW), 0, NULL, once_rate},
    {"ttl", IS(LINE_ASK), 0, NULL, once_ttl},
    {"keys", IS(LINE_ASK), 0, NULL, once_keys},
    {"key", IS(LINE_ASK), 0, NULL, once_key},
    {"over", IS(LINE_BUDGET), 0, NULL, once_over},
    {"adds", IS(LINE_LABEL) | IS(LINE_SINK), 0, NULL, NULL},
};

static const struct word_def *
find_def(struct str key)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(defs); i++) {
		size_t len = strlen(defs[i].key);

		if (defs[i].key[len - 1] == '.'
			? key.len > len && memcmp(key.p, defs[i].key, len) == 0
			: str_eq(key, defs[i].key))
			return &defs[i];
	}
	return NULL;
}

/* Each value in turn; one that is empty, or one too many, is an error. */
static enum err
each_value(struct line *l, struct str rest,
    enum err (*fn)(struct line *l, void *arg, char *value), void *arg)
{
	size_t n = 0;
	enum err e;

	for (;;) {
		char *value = next_value(&rest);

		if (value[0] == '\0') {
			free(value);
			return line_wrong(l, "a value is empty");
		}
		if (n++ == POLICY_VALUES_MAX) {
			free(value);
			return line_wrong(l, "more than %d values in one word",
			    POLICY_VALUES_MAX);
		}
		e = fn(l, arg, value);
		if (e != OK || rest.len == 0)
			return e;
		rest.p++;
		rest.len--;
	}
}

struct adding {
	const struct word_def *def;
	struct word *word;
};

static enum err
add_value(struct line *l, void *arg, char *text)
{
	struct adding *a = arg;
	struct word *w = a->word;
	struct value *v;

	w->values =
	    xrealloc(w->values, (w->n_values + 1) * sizeof(w->values[0]));
	v = &w->values[w->n_values++];
	memset(v, 0, sizeof(*v));
	v->text = text;
	return a->def->value(l, w, v);
}

static enum err
add_name(struct line *l, void *arg, char *text)
{
	enum err e = OK;

	(void)arg;
	if (l->rule->adds == NULL)
		l->rule->adds = xalloc(sizeof(*l->rule->adds));
	if (str_is_name(text))
		names_add(l->rule->adds, text);
	else
		e = line_wrong(l,
		    "'%.64s' is no name; use small letters, digits, '-'", text);
	free(text);
	return e;
}

/* In a JSON pointer (RFC 6901), 0 or 1 stands behind each '~'. */
static bool
escapes_fit(const char *arg)
{
	const char *p = arg;

	if (arg[0] != '/')
		return true;
	for (; (p = strchr(p, '~')) != NULL; p++)
		if (p[1] != '0' && p[1] != '1')
			return false;
	return true;
}

static enum err
parse_matching(struct line *l, const struct word_def *def, struct str key,
    struct str value)
{
	struct words *into = l->into;
	struct adding a = {.def = def};

	if (l->rule->words.n + l->rule->unless.n == POLICY_WORDS_MAX)
		return line_wrong(l, "more than %d words", POLICY_WORDS_MAX);
	into->at = xrealloc(into->at, (into->n + 1) * sizeof(into->at[0]));
	a.word = &into->at[into->n++];
	memset(a.word, 0, sizeof(*a.word));
	a.word->kind = def->kind;
	if (def->kind == WORD_ARG) {
		size_t skip = strlen(def->key);

		a.word->arg = xstrndup(key.p + skip, key.len - skip);
		if (!escapes_fit(a.word->arg))
			return line_wrong(l,
			    "'%.64s' is no JSON pointer; write ~0 for '~' and "
			    "~1 for '/'",
			    a.word->arg);
	}
	return each_value(l, value, add_value, &a);
}

static enum err
parse_once(struct line *l, const struct word_def *def, enum dimension d,
    struct str value)
{
	unsigned bit = def != NULL ? 1u << (def - defs) : 0;
	char *text;
	enum err e;

	if (l->into == &l->rule->unless)
		return line_wrong(l, "this word stands before 'unless'");
	if ((l->seen & bit) != 0)
		return line_wrong(l, "%s= stands twice", def->key);
	l->seen |= bit;
	if (def != NULL && def->once == NULL)
		return each_value(l, value, add_name, NULL);
	text = next_value(&value);
	if (text[0] == '\0')
		e = line_wrong(l, "a value is empty");
	else if (value.len > 0)
		e = line_wrong(l, "this word takes one value");
	else
		e = def != NULL ? def->once(l, text)
				: once_dimension(l, d, text);
	free(text);
	return e;
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

static enum dimension
find_dimension(struct str key)
{
	char name[NAME_MAX_LEN + 1];

	snprintf(name, sizeof(name), "%.*s",
	    (int)(key.len <= NAME_MAX_LEN ? key.len : 0), key.p);
	return dimension_by_name(name);
}

enum err
word_parse(struct line *l, struct str text)
{
	const char *eq = memchr(text.p, '=', text.len);
	struct str key = {text.p, eq != NULL ? (size_t)(eq - text.p) : 0};
	struct str value = {eq != NULL ? eq + 1 : text.p, 0};
	const struct word_def *def = find_def(key);
	enum dimension d = DIM_COUNT;

	if (eq == NULL)
		return line_wrong(l, "'%.*s' is not WORD=VALUE",
		    (int)(text.len < 64 ? text.len : 64), text.p);
	if (!quotes_close(text))
		return line_wrong(l, "a quote is not closed: %.*s",
		    (int)(text.len < 64 ? text.len : 64), text.p);
	value.len = text.len - key.len - 1;
	if (l->rule->kind == LINE_BUDGET)
		d = find_dimension(key);
	if (d != DIM_COUNT)
		return parse_once(l, NULL, d, value);
	if (def == NULL || memchr(key.p, '"', key.len) != NULL)
		return line_wrong(l,
		    "unknown word '%.*s'; see durward-policy(5)",
		    (int)(key.len < 64 ? key.len : 64), key.p);
	if ((def->lines & IS(l->rule->kind)) == 0)
		return line_wrong(l, "%.*s= does not belong here",
		    (int)(key.len < 64 ? key.len : 64), key.p);
	return def->value != NULL ? parse_matching(l, def, key, value)
				  : parse_once(l, def, d, value);
}

static void
value_free(struct value *v)
{
	free(v->text);
	free(v->set);
}

void
words_free(struct words *w)
{
	size_t i;
	size_t j;

	for (i = 0; i < w->n; i++) {
		free(w->at[i].arg);
		for (j = 0; j < w->at[i].n_values; j++)
			value_free(&w->at[i].values[j]);
		free(w->at[i].values);
	}
	free(w->at);
}
