/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "policy/policy_priv.h"

/* Does a word hold, does it not, or is what it asks for missing? */

static enum holds
truth(bool b)
{
	return b ? HOLDS : HOLDS_NOT;
}

static enum holds
text_holds(const struct value *v, const char *text)
{
	return text != NULL ? truth(str_glob(v->text, text)) : HOLDS_MISSING;
}

/* ---- Tools ---- */

static uint64_t
bit_of(const char *name, size_t len)
{
	uint32_t hash = 2166136261; /* FNV-1a */
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)name[i]) * 16777619;
	return (uint64_t)1 << (hash >> 26);
}

uint64_t
tool_bit(const char *name)
{
	return bit_of(name, strcspn(name, "."));
}

uint64_t
tool_glob_bit(const char *glob)
{
	size_t len = strcspn(glob, ".*?");

	if (glob[len] == '*' || glob[len] == '?')
		return UINT64_MAX;
	return bit_of(glob, len);
}

/* ---- Arguments ---- */

/* One step of a JSON pointer (RFC 6901), which loaded: "~1" is '/', "~0" is
 * '~'.  `ret` holds as much as the pointer. */
static void
pointer_step(const char **p, char *ret)
{
	for (; **p != '\0' && **p != '/'; (*p)++) {
		if (**p != '~')
			*ret++ = **p;
		else
			*ret++ = *++*p == '0' ? '~' : '/';
	}
	*ret = '\0';
}

/* Decimal without leading noughts; anything else is no index. */
static const struct json *
array_at(const struct json *v, const char *index)
{
	const struct json *m = json_first(v);
	size_t n;

	if (index[0] == '\0' || (index[0] == '0' && index[1] != '\0') ||
	    strlen(index) > 6 || index[strspn(index, "0123456789")] != '\0')
		return NULL;
	n = strtoul(index, NULL, 10);
	while (m != NULL && n-- > 0)
		m = json_next(m);
	return m;
}

static const struct json *
find_arg(const struct json *v, const char *path)
{
	char *step;

	if (path[0] != '/')
		return json_get(v, path);
	step = xalloc(strlen(path));
	while (v != NULL && *path == '/') {
		path++;
		pointer_step(&path, step);
		v = json_is_array(v) ? array_at(v, step) : json_get(v, step);
	}
	free(step);
	return v;
}

bool
path_is_plain(const char *p)
{
	if (*p != '/')
		return false;
	while (*p == '/') {
		size_t len = strcspn(p + 1, "/");

		if ((len == 0 && p[1] != '\0') || (len == 1 && p[1] == '.') ||
		    (len == 2 && p[1] == '.' && p[2] == '.'))
			return false;
		p += 1 + len;
	}
	return true;
}

static enum holds
under_holds(const char *folder, const char *path)
{
	size_t len = strlen(folder);

	if (path == NULL || !path_is_plain(path))
		return path == NULL ? HOLDS_NOT : HOLDS_MISSING;
	/* The folder "/" was left as "". */
	return truth(strncmp(path, folder, len) == 0 &&
	    (path[len] == '/' || path[len] == '\0'));
}

static enum holds
glob_holds(const char *glob, const struct json *arg)
{
	struct buf b;
	bool matches;

	if (json_text(arg) != NULL)
		return truth(str_glob(glob, json_text(arg)));
	buf_init(&b, ARGS_MAX);
	json_canonical(arg, &b);
	matches = str_glob(glob, b.p);
	buf_done(&b);
	return truth(matches);
}

static enum holds
arg_holds(const struct value *v, const struct json *arg)
{
	double n;

	if (arg == NULL)
		return HOLDS_MISSING;
	switch (v->kind) {
	case VALUE_RANGE:
		n = json_double(arg);
		return truth(json_is_integer(arg) && n >= (double)v->first &&
		    n <= (double)v->last);
	case VALUE_UNDER:
		return under_holds(v->text, json_text(arg));
	case VALUE_GLOB:
		break;
	}
	return glob_holds(v->text, arg);
}

/* ---- The others ---- */

static enum holds
labels_hold(const struct value *v, const struct names *labels)
{
	size_t i;

	for (i = 0; i < v->set->n; i++)
		if (!names_has(labels, v->set->name[i]))
			return HOLDS_NOT;
	return HOLDS;
}

static enum holds
hours_hold(const struct value *v, int minute)
{
	if (minute < 0)
		return HOLDS_MISSING;
	if (v->first < v->last)
		return truth(minute >= v->first && minute < v->last);
	return truth(minute >= v->first || minute < v->last);
}

static enum holds
fact_holds(const struct value *v, const struct policy_ports *ports)
{
	static const enum holds by_fact[] = {[FACT_FALSE] = HOLDS_NOT,
	    [FACT_TRUE] = HOLDS,
	    [FACT_UNKNOWN] = HOLDS_MISSING};

	/* A grant's words, which have no ports, are arguments alone. */
	assert(ports != NULL);
	return by_fact[ports->fact(ports->arg, v->text)];
}

static enum holds
value_holds(const struct word *w, const struct value *v, const struct trial *t)
{
	const struct policy_question *q = t->q;

	switch (w->kind) {
	case WORD_EFFECT:
		return truth((w->effects >> q->effect & 1) != 0);
	case WORD_TOOL:
		return text_holds(v, q->tool);
	case WORD_PRINCIPAL:
		return text_holds(v, q->principal);
	case WORD_AGENT:
		return text_holds(v, q->agent);
	case WORD_CLIENT:
		return text_holds(v, q->client);
	case WORD_ENTITY:
		return text_holds(v, t->entity);
	case WORD_ARG:
		return arg_holds(v, find_arg(q->args, w->arg));
	case WORD_HOURS:
		return hours_hold(v, q->minute);
	case WORD_LABELS:
		return labels_hold(v, q->labels);
	case WORD_SINK:
		return truth(names_has(t->sinks, v->text));
	case WORD_REQUIRE:
		return fact_holds(v, q->ports);
	}
	return HOLDS_MISSING;
}

static enum holds
any_holds(const struct word *w, const struct trial *t)
{
	enum holds best = HOLDS_NOT;
	size_t i;

	for (i = 0; i < w->n_values && best != HOLDS; i++) {
		enum holds h = value_holds(w, &w->values[i], t);

		best = h != HOLDS_NOT ? h : best;
	}
	return best;
}

/* "light.a,light.b": no star reaches over the comma.  Of all of them, of none,
 * or it cannot be said. */
static enum holds
list_holds(const struct word *w, const char *list, const char *at)
{
	struct policy_question q = {.args = NULL};
	struct trial t = {.q = &q};
	enum holds all = HOLDS_NOT;

	do {
		struct json *args = json_object();
		size_t len = strcspn(at, ",");
		enum holds h;

		json_put_strn(args, "entities", at, len);
		q.args = args;
		h = any_holds(w, &t);
		all = at == list || h == all ? h : HOLDS_MISSING;
		json_free(args);
		at += len;
	} while (*at++ == ',');
	return all;
}

enum holds
word_holds(const struct word *w, const struct trial *t)
{
	const char *name = w->kind == WORD_ARG ? w->arg : "";
	const char *list = strcmp(name + (*name == '/'), "entities") == 0
	    ? json_text(find_arg(t->q->args, name))
	    : NULL;

	return list != NULL ? list_holds(w, list, list) : any_holds(w, t);
}

/* Do all of them hold, when what is missing counts as `if_missing`? */
static bool
all_hold(const struct words *w, const struct trial *t, bool if_missing)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		enum holds h = word_holds(&w->at[i], t);

		if (h == HOLDS_NOT || (h == HOLDS_MISSING && !if_missing))
			return false;
	}
	return true;
}

bool
rule_matches(const struct rule *r, const struct trial *t)
{
	bool loosens = r->kind == LINE_ALLOW;

	if ((r->effects >> t->q->effect & 1) == 0 ||
	    (r->tools & ~t->other_tools) == 0)
		return false;
	if (!all_hold(&r->words, t, !loosens))
		return false;
	return r->unless.n == 0 || !all_hold(&r->unless, t, loosens);
}

bool
policy_args_match(const struct policy_args *a, const struct json *args)
{
	struct policy_question q = {.args = args};
	struct trial t = {.q = &q};

	return all_hold(&a->words, &t, false);
}

size_t
question_trials(const struct policy_question *q)
{
	return q->n_entities > 0 ? q->n_entities : 1;
}

const char *
question_entity(const struct policy_question *q, size_t i)
{
	return q->n_entities > 0 ? q->entities[i] : NULL;
}

int64_t
question_cost(const struct policy_question *q, enum dimension d)
{
	if (d == DIM_RISK)
		return effect_risk(q->effect) * (int64_t)question_trials(q);
	return q->cost[d];
}
