/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "template/template_priv.h"

/* Ranges beyond these have no words that anybody says. */
#define RANGE_MOST 1000000

/* A rule of this scope, compiled. */
struct ready {
	const struct json *of;
	uint32_t node;
};

enum err
maker_fails(struct maker *m, enum err e, const char *fmt, ...)
{
	struct errmsg text;
	va_list ap;

	if (m->err != OK)
		return m->err;
	va_start(ap, fmt);
	vsnprintf(text.text, sizeof(text.text), fmt, ap);
	va_end(ap);
	m->err = e;
	return err_say(m->why, e, "%.80s: %.150s", m->where, text.text);
}

/* The member of the block, or else the one of all. */
static const struct json *
look_up(const struct json *own, const struct json *all, const char *name,
    size_t len)
{
	const struct json *v = NULL;
	char *copy = xstrndup(name, len);

	if (own != NULL)
		v = json_get(own, copy);
	if (v == NULL && all != NULL)
		v = json_get(all, copy);
	free(copy);
	return v;
}

enum err
lists_rule(
    struct maker *m, const char *name, size_t len, int depth, uint32_t *ret)
{
	const struct json *body = look_up(m->own_rules, m->rules, name, len);
	const char *text = json_text(body);
	struct ready *r;
	size_t i;
	enum err e;

	if (text == NULL)
		return maker_fails(m, ERR_INPUT,
		    "there is no expansion rule <%.*s>", (int)len, name);
	for (i = 0; i < m->ready.n; i++) {
		r = table_at(&m->ready, struct ready, i);
		if (r->of == body) {
			*ret = r->node;
			return OK;
		}
	}
	e = parse_template(m, text, depth, ret);
	if (e != OK)
		return e;
	r = table_add(&m->ready, 1);
	if (r != NULL)
		*r = (struct ready){body, *ret};
	return OK;
}

enum err
lists_scalar(struct maker *m, const struct json *v,
    enum template_kind *ret_kind, uint32_t *ret)
{
	const char *text = json_text(v);
	char *printed;
	enum err e;

	if (text != NULL) {
		*ret_kind = TEMPLATE_TEXT;
		return maker_string(m, text, strlen(text), ret);
	}
	*ret_kind = json_is_number(v) ? TEMPLATE_NUMBER : TEMPLATE_JSON;
	printed = json_print(v);
	e = maker_string(m, printed, strlen(printed), ret);
	free(printed);
	return e;
}

/* What a value adds to the context. */
static enum err
read_facts(struct maker *m, const struct json *context, struct value *v)
{
	const struct json *f;

	v->facts = (uint32_t)m->s->pairings.n;
	for (f = json_first(context); f != NULL; f = json_next(f)) {
		struct pairing *p;
		enum template_kind kind;
		const struct json *value =
		    json_is_object(f) ? json_get(f, "value") : f;
		struct pairing read = {0};

		if (value == NULL)
			continue;
		if (maker_string(m, json_name(f), strlen(json_name(f)),
			&read.key) != OK ||
		    lists_scalar(m, value, &kind, &read.value) != OK)
			return m->err;
		p = table_add(&m->s->pairings, 1);
		if (p == NULL || v->n_facts == TEMPLATE_FACTS_MAX)
			return maker_fails(
			    m, ERR_LIMIT, "too much \"context\"");
		*p = read;
		v->n_facts++;
	}
	return OK;
}

static enum err
read_value(
    struct maker *m, const struct json *from, int depth, struct value *ret)
{
	const char *in = json_text(from);
	const struct json *out = in != NULL ? from : json_get(from, "out");
	bool template;

	*ret = (struct value){0};
	if (in == NULL)
		in = json_str(from, "in");
	if (in == NULL)
		return maker_fails(
		    m, ERR_INPUT, "a value is neither text nor has an \"in\"");
	/* What is a template stands for what was said. */
	template = strpbrk(in, "(){}<>[]|") != NULL;
	if (out == from && template)
		out = NULL;
	ret->told = out != NULL;
	if (ret->told && lists_scalar(m, out, &ret->kind, &ret->text) != OK)
		return m->err;
	if (read_facts(m, json_get(from, "context"), ret) != OK)
		return m->err;
	return parse_template(m, in, depth + 1, &ret->node);
}

static enum err
read_values(
    struct maker *m, const struct json *values, int depth, struct list *l)
{
	size_t n = json_count(values);
	const struct json *v;
	struct value *read = xalloc((n + 1) * sizeof(*read));
	struct value *room;
	size_t i = 0;
	enum err e = OK;

	for (v = json_first(values); e == OK && v != NULL; v = json_next(v))
		e = read_value(m, v, depth, &read[i++]);
	l->kind = LIST_VALUES;
	l->values = (uint32_t)m->s->values.n;
	l->n = (uint32_t)n;
	room = e == OK && n > 0 ? table_add(&m->s->values, n) : NULL;
	if (room != NULL)
		memcpy(room, read, n * sizeof(*read));
	else if (e == OK && n > 0)
		e = maker_fails(m, ERR_LIMIT, "more than %d values of lists",
		    TEMPLATE_VALUES_MAX);
	free(read);
	return e;
}

static bool
flag(const struct json *v, const char *name)
{
	return !json_has(v, name) || json_flag(v, name);
}

static enum err
read_range(struct maker *m, const struct json *range, struct list *l)
{
	const char *fractions = json_words(range, "fractions");
	int64_t from = json_int(range, "from", INT64_MIN);
	int64_t to = json_int(range, "to", INT64_MIN);
	int64_t step = json_int(range, "step", 1);

	if (from < -RANGE_MOST || to > RANGE_MOST || to < from || step < 1 ||
	    step > RANGE_MOST)
		return maker_fails(m, ERR_INPUT,
		    "a \"range\" needs \"from\" and \"to\" within %d, and a "
		    "\"step\" of 1 or more",
		    RANGE_MOST);
	l->kind = LIST_RANGE;
	l->from = (int)from;
	l->to = (int)to;
	l->step = (int)step;
	l->parts = strcmp(fractions, "halves") == 0 ? 2
	    : strcmp(fractions, "tenths") == 0      ? 10
						    : 1;
	l->digits = flag(range, "digits");
	l->in_words = flag(range, "words");
	l->multiplier = json_has(range, "multiplier")
	    ? json_double(json_get(range, "multiplier"))
	    : 1;
	return OK;
}

static enum err
read_list(struct maker *m, const struct json *from, int depth, struct list *ret)
{
	if (from == NULL) {
		ret->kind = LIST_HOME;
		return OK;
	}
	if (json_is_array(json_get(from, "values")))
		return read_values(m, json_get(from, "values"), depth, ret);
	if (json_is_object(json_get(from, "range")))
		return read_range(m, json_get(from, "range"), ret);
	if (!json_flag(from, "wildcard"))
		return maker_fails(m, ERR_INPUT,
		    "a list has no \"values\", no \"range\", and is no "
		    "\"wildcard\"");
	ret->kind = LIST_WILDCARD;
	return OK;
}

enum err
lists_list(
    struct maker *m, const char *name, size_t len, int depth, uint32_t *ret)
{
	const struct json *from = look_up(m->own_lists, m->lists, name, len);
	struct list l = {.of = from};
	struct list *room;
	uint32_t i;

	if (depth > TEMPLATE_DEPTH_MAX)
		return maker_fails(m, ERR_LIMIT, "lists within each other");
	if (maker_string(m, name, len, &l.name) != OK)
		return m->err;
	for (i = 0; i < m->s->lists.n; i++) {
		room = table_at(&m->s->lists, struct list, i);
		if (room->of == from && room->name == l.name) {
			*ret = i;
			return OK;
		}
	}
	if (read_list(m, from, depth, &l) != OK)
		return m->err;
	room = table_add(&m->s->lists, 1);
	if (room == NULL)
		return maker_fails(
		    m, ERR_LIMIT, "more than %d lists", TEMPLATE_LISTS_MAX);
	*room = l;
	*ret = (uint32_t)(m->s->lists.n - 1);
	return OK;
}
