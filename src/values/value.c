/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "values/values.h"

#define CHUNK_MIN 1024

struct chunk {
	struct chunk *next;
	size_t used;
	size_t size;
	_Alignas(16) char p[];
};

void *
pool_take(struct pool *p, size_t n)
{
	struct chunk *c = p->chunks;
	size_t size;
	void *at;

	n = (n + 15) & ~(size_t)15;
	if (n > p->max || p->used > p->max - n)
		return NULL;
	if (c == NULL || c->size - c->used < n) {
		size = n > CHUNK_MIN ? n : CHUNK_MIN;
		c = xalloc(sizeof(*c) + size);
		c->size = size;
		c->next = p->chunks;
		p->chunks = c;
	}
	at = c->p + c->used;
	c->used += n;
	p->used += n;
	return at;
}

char *
pool_text(struct pool *p, const char *s, size_t len)
{
	char *at = pool_take(p, len + 1);

	if (at != NULL) {
		memcpy(at, s, len);
		at[len] = '\0';
	}
	return at;
}

void
pool_done(struct pool *p)
{
	while (p->chunks != NULL) {
		struct chunk *next = p->chunks->next;

		free(p->chunks);
		p->chunks = next;
	}
	p->used = 0;
}

bool
run_fail(struct run *r, enum err e, const char *fmt, ...)
{
	va_list ap;

	if (r->e == OK) {
		r->e = e;
		va_start(ap, fmt);
		vsnprintf(r->why->text, sizeof(r->why->text), fmt, ap);
		va_end(ap);
	}
	return false;
}

bool
run_spend(struct run *r, size_t steps)
{
	if (steps > VALUES_STEPS_MAX - r->steps)
		return run_fail(r, ERR_LIMIT,
		    "the template takes more than %d steps", VALUES_STEPS_MAX);
	r->steps += steps;
	return true;
}

const char *
tv_type_name(const struct tv *v)
{
	static const char *const names[] = {"what is not there", "none",
	    "true or false", "a whole number", "a number", "a huge number",
	    "a text", "a list", "a dictionary"};

	return names[v->type];
}

struct tv
tv_text(struct str s)
{
	return (struct tv){.type = TV_TEXT, .u.text = s};
}

struct tv
tv_bool(bool b)
{
	return (struct tv){.type = TV_BOOL, .u.flag = b};
}

struct tv
tv_int(int64_t n)
{
	return (struct tv){.type = TV_INT, .u.integer = n};
}

struct tv
tv_real(double d)
{
	return (struct tv){.type = TV_FLOAT, .u.real = d};
}

bool
tv_truth(const struct tv *v)
{
	switch (v->type) {
	case TV_UNDEFINED:
	case TV_NONE:
		return false;
	case TV_BOOL:
		return v->u.flag;
	case TV_INT:
		return v->u.integer != 0;
	case TV_FLOAT:
		return v->u.real != 0;
	case TV_HUGE:
		return true;
	case TV_TEXT:
		return v->u.text.len > 0;
	case TV_LIST:
	case TV_DICT:
		return v->u.list.n > 0;
	}
	return false;
}

/* Python's true and false are numbers too. */
bool
tv_is_number(const struct tv *v)
{
	return v->type == TV_BOOL || v->type == TV_INT || v->type == TV_FLOAT;
}

double
tv_double(const struct tv *v)
{
	if (v->type == TV_FLOAT)
		return v->u.real;
	return v->type == TV_BOOL ? v->u.flag : (double)v->u.integer;
}

bool
tv_show(struct run *r, const struct tv *v, struct str *ret)
{
	char number[SPARE_NUMBER];
	const char *s = number;

	switch (v->type) {
	case TV_UNDEFINED:
		*ret = (struct str){"", 0};
		return true;
	case TV_HUGE:
	case TV_TEXT:
		*ret = v->u.text;
		return true;
	case TV_NONE:
		s = "None";
		break;
	case TV_BOOL:
		s = v->u.flag ? "True" : "False";
		break;
	case TV_INT:
		snprintf(
		    number, sizeof(number), "%lld", (long long)v->u.integer);
		break;
	case TV_FLOAT:
		py_float(v->u.real, number);
		break;
	case TV_LIST:
	case TV_DICT:
		return run_fail(r, ERR_INPUT,
		    "%s is shown as text, which this house does not do",
		    tv_type_name(v));
	}
	ret->len = strlen(s);
	ret->p = pool_text(&r->pool, s, ret->len);
	if (ret->p == NULL)
		return run_fail(r, ERR_LIMIT, "the template makes too much");
	return true;
}

/* Below, equal or above: -1, 0, 1.  A long double holds both exactly. */
static int
number_order(const struct tv *a, const struct tv *b)
{
	long double x = a->type == TV_INT ? (long double)a->u.integer
					  : (long double)tv_double(a);
	long double y = b->type == TV_INT ? (long double)b->u.integer
					  : (long double)tv_double(b);

	return x < y ? -1 : x > y;
}

static int
text_order(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = memcmp(a.p, b.p, n);

	if (c != 0)
		return c < 0 ? -1 : 1;
	return a.len < b.len ? -1 : a.len > b.len;
}

bool
tv_equal(struct run *r, const struct tv *a, const struct tv *b, bool *ret)
{
	if (!run_spend(r, 1))
		return false;
	if (a->type == TV_HUGE || b->type == TV_HUGE || a->type >= TV_LIST ||
	    b->type >= TV_LIST) {
		/* Never equal to something of another kind. */
		if ((a->type == TV_HUGE && (b->type >= TV_TEXT)) ||
		    (b->type == TV_HUGE && (a->type >= TV_TEXT)) ||
		    (a->type >= TV_LIST && b->type < TV_LIST) ||
		    (b->type >= TV_LIST && a->type < TV_LIST)) {
			*ret = false;
			return true;
		}
		return run_fail(r, ERR_INPUT,
		    "%s is compared with %s, which this house does not do",
		    tv_type_name(a), tv_type_name(b));
	}
	if (tv_is_number(a) && tv_is_number(b))
		*ret = number_order(a, b) == 0;
	else if (a->type == TV_TEXT && b->type == TV_TEXT)
		*ret = text_order(a->u.text, b->u.text) == 0;
	else
		*ret = a->type == b->type;
	return true;
}

bool
tv_compare(struct run *r, const struct tv *a, const struct tv *b,
    enum symbol symbol, bool *ret)
{
	int order;

	if (tv_is_number(a) && tv_is_number(b))
		order = number_order(a, b);
	else if (a->type == TV_TEXT && b->type == TV_TEXT)
		order = text_order(a->u.text, b->u.text);
	else
		return run_fail(r, ERR_INPUT, "%s has no order with %s",
		    tv_type_name(a), tv_type_name(b));
	*ret = symbol == SYM_LT ? order < 0
	    : symbol == SYM_LE  ? order <= 0
	    : symbol == SYM_GT  ? order > 0
				: order >= 0;
	return true;
}

const struct tv *
tv_find(const struct tv *dict, struct str name)
{
	size_t i;

	/* Of a name that stands twice the last one counts. */
	for (i = dict->u.list.n; i-- > 0;) {
		const struct tv *key = &dict->u.list.items[2 * i];

		if (key->type == TV_TEXT && key->u.text.len == name.len &&
		    memcmp(key->u.text.p, name.p, name.len) == 0)
			return key + 1;
	}
	return NULL;
}

static bool
list_contains(
    struct run *r, const struct tv *in, const struct tv *what, bool *ret)
{
	size_t i;

	*ret = false;
	for (i = 0; i < in->u.list.n && !*ret; i++)
		if (!tv_equal(r, &in->u.list.items[i], what, ret))
			return false;
	return true;
}

static bool
keys_contain(
    struct run *r, const struct tv *in, const struct tv *what, bool *ret)
{
	size_t i;

	*ret = false;
	for (i = 0; i < in->u.list.n && !*ret; i++)
		if (!tv_equal(r, &in->u.list.items[2 * i], what, ret))
			return false;
	return true;
}

bool
tv_contains(
    struct run *r, const struct tv *in, const struct tv *what, bool *ret)
{
	if (in->type == TV_UNDEFINED) {
		*ret = false;
		return true;
	}
	if (in->type == TV_LIST)
		return list_contains(r, in, what, ret);
	if (in->type == TV_DICT && what->type == TV_TEXT) {
		*ret = tv_find(in, what->u.text) != NULL;
		return run_spend(r, in->u.list.n / 16);
	}
	if (in->type == TV_DICT && what->type < TV_LIST)
		return keys_contain(r, in, what, ret);
	if (in->type == TV_TEXT && what->type == TV_TEXT) {
		*ret = what->u.text.len == 0 ||
		    memmem(in->u.text.p, in->u.text.len, what->u.text.p,
			what->u.text.len) != NULL;
		return run_spend(r, in->u.text.len / 64);
	}
	return run_fail(r, ERR_INPUT, "%s is looked for in %s",
	    tv_type_name(what), tv_type_name(in));
}
