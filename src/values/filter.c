/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/values.h"

/* A filter: the value, its arguments by place, and which of them are there. */
typedef bool filter_fn(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret);

static bool
filter_default(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	bool none = v->type == TV_UNDEFINED ||
	    (has[1] && tv_truth(&args[1]) && !tv_truth(v));

	(void)r;
	*ret = none ? has[0] ? args[0] : tv_text((struct str){"", 0}) : *v;
	return true;
}

static bool
change_case(struct run *r, const struct tv *v, bool upper, struct tv *ret)
{
	struct str s;
	char *p;
	size_t i;

	if (!tv_show(r, v, &s))
		return false;
	if (!is_ascii(s))
		return run_fail(r, ERR_INPUT,
		    "letters beyond ASCII in another case are not known here");
	p = pool_text(&r->pool, s.p, s.len);
	if (p == NULL)
		return run_fail(r, ERR_LIMIT, "the template makes too much");
	for (i = 0; i < s.len; i++)
		p[i] = (char)(upper ? toupper((unsigned char)p[i])
				    : tolower((unsigned char)p[i]));
	*ret = tv_text((struct str){p, s.len});
	return run_spend(r, s.len / 64);
}

static bool
filter_lower(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	(void)args;
	(void)has;
	return change_case(r, v, false, ret);
}

static bool
filter_upper(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	(void)args;
	(void)has;
	return change_case(r, v, true, ret);
}

static bool
filter_string(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	struct str s;

	(void)args;
	(void)has;
	if (!tv_show(r, v, &s))
		return false;
	*ret = tv_text(s);
	return true;
}

static bool
filter_trim(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	if (!filter_string(r, v, args, has, ret))
		return false;
	ret->u.text = py_strip(ret->u.text);
	return true;
}

/* truncate(length, killwords, end, leeway) */
static bool
filter_truncate(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	int64_t most = has[0] ? args[0].u.integer : 255;
	int64_t leeway = has[3] ? args[3].u.integer : 5;
	struct str end = has[2] ? args[2].u.text : (struct str){"...", 3};
	struct str s;
	char *p;

	*ret = *v;
	if (v->type == TV_UNDEFINED)
		return true;
	if (v->type != TV_TEXT || (has[0] && args[0].type != TV_INT) ||
	    (has[2] && args[2].type != TV_TEXT) ||
	    (has[3] && args[3].type != TV_INT) || leeway < 0 ||
	    most < (int64_t)py_length(end) || most > VALUES_POOL_MAX ||
	    leeway > VALUES_POOL_MAX)
		return run_fail(
		    r, ERR_INPUT, "it cannot shorten %s so", tv_type_name(v));
	s = v->u.text;
	if (!run_spend(r, s.len / 64))
		return false;
	if ((int64_t)py_length(s) <= most + leeway)
		return true;
	s.len = py_prefix(s, (size_t)most - py_length(end));
	if (!(has[1] && tv_truth(&args[1]))) {
		const char *space = memrchr(s.p, ' ', s.len);

		if (space != NULL)
			s.len = (size_t)(space - s.p);
	}
	p = pool_take(&r->pool, s.len + end.len + 1);
	if (p == NULL)
		return run_fail(r, ERR_LIMIT, "the template makes too much");
	memcpy(p, s.p, s.len);
	memcpy(p + s.len, end.p, end.len);
	*ret = tv_text((struct str){p, s.len + end.len});
	return true;
}

/* What Python raises for such a value: then the default counts. */
static bool
no_number(struct run *r, const struct tv *v, const struct tv *otherwise,
    bool has, struct tv *ret)
{
	if (!has)
		return run_fail(
		    r, ERR_INPUT, "%s is no number", tv_type_name(v));
	*ret = *otherwise;
	return true;
}

/* ERR_LIMIT: Python would know, this house does not. */
static enum err
to_float(const struct tv *v, double *ret)
{
	if (tv_is_number(v)) {
		*ret = tv_double(v);
		return OK;
	}
	if (v->type == TV_TEXT)
		return py_read_float(v->u.text, ret);
	return v->type == TV_UNDEFINED || v->type == TV_HUGE ? ERR_LIMIT
							     : ERR_INPUT;
}

static bool
filter_float(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	double d;
	enum err e = to_float(v, &d);

	if (e == ERR_LIMIT)
		return run_fail(
		    r, ERR_INPUT, "%s is no number", tv_type_name(v));
	if (e != OK)
		return no_number(r, v, &args[0], has[0], ret);
	*ret = tv_real(d);
	return true;
}

static bool
filter_int(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	int64_t n = 0;
	double d;
	enum err e = ERR_INPUT;

	if (has[1] && !(args[1].type == TV_INT && args[1].u.integer == 10))
		return run_fail(r, ERR_INPUT, "it reads with another base");
	if (v->type == TV_TEXT)
		e = py_read_int(v->u.text, &n);
	else if (v->type == TV_INT || v->type == TV_BOOL)
		e = OK;
	if (v->type == TV_INT)
		n = v->u.integer;
	else if (v->type == TV_BOOL)
		n = v->u.flag;
	if (e == ERR_INPUT) {
		e = to_float(v, &d);
		if (e == OK && fabs(d) >= 9.2e18)
			e = ERR_LIMIT;
		if (e == OK)
			n = (int64_t)d;
	}
	if (e == ERR_LIMIT)
		return run_fail(r, ERR_INPUT, "%s is no number of 63 bits",
		    tv_type_name(v));
	if (e != OK)
		return no_number(r, v, &args[0], has[0], ret);
	*ret = tv_int(n);
	return true;
}

/* As Python's round(): to the nearest of the exact value, ties to even. */
static double
round_to(double d, int digits)
{
	char text[400];
	double scale;

	if (digits >= 0) {
		snprintf(text, sizeof(text), "%.*f", digits, d);
		return strtod(text, NULL);
	}
	scale = pow(10, -digits);
	return nearbyint(d / scale) * scale;
}

/* round(precision, method, default) */
static bool
filter_round(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	int64_t precision = has[0] ? args[0].u.integer : 0;
	struct str method = has[1] ? args[1].u.text : (struct str){"common", 6};
	double d;
	double scale;
	enum err e = to_float(v, &d);

	if (e == ERR_LIMIT || (has[0] && args[0].type != TV_INT) ||
	    (has[1] && args[1].type != TV_TEXT) || precision < 0 ||
	    precision > 15)
		return run_fail(
		    r, ERR_INPUT, "it cannot round %s so", tv_type_name(v));
	if (e != OK)
		return no_number(r, v, &args[2], has[2], ret);
	scale = pow(10, (double)precision);
	if (str_eq(method, "ceil"))
		d = ceil(d * scale) / scale;
	else if (str_eq(method, "floor"))
		d = floor(d * scale) / scale;
	else if (str_eq(method, "half"))
		d = nearbyint(d * 2) / 2;
	else
		d = round_to(d, (int)precision);
	if (!isfinite(d) || (precision == 0 && fabs(d) >= 9.2e18))
		return run_fail(r, ERR_INPUT, "a number grows too large");
	*ret = precision == 0 ? tv_int((int64_t)d) : tv_real(d);
	return true;
}

static bool
filter_abs(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	(void)args;
	(void)has;
	if (!tv_is_number(v) ||
	    (v->type == TV_INT && v->u.integer == INT64_MIN))
		return run_fail(
		    r, ERR_INPUT, "%s has no amount", tv_type_name(v));
	if (v->type == TV_FLOAT)
		*ret = tv_real(fabs(v->u.real));
	else
		*ret = tv_int(v->type == TV_BOOL ? v->u.flag
			: v->u.integer < 0       ? -v->u.integer
						 : v->u.integer);
	return true;
}

static bool
filter_length(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	(void)args;
	(void)has;
	if (v->type == TV_TEXT)
		*ret = tv_int((int64_t)py_length(v->u.text));
	else if (v->type == TV_LIST)
		*ret = tv_int((int64_t)v->u.list.n);
	else if (v->type == TV_UNDEFINED)
		*ret = tv_int(0);
	else
		return run_fail(r, ERR_INPUT,
		    "%s has no length that is known here", tv_type_name(v));
	return run_spend(r, v->type == TV_TEXT ? v->u.text.len / 64 : 1);
}

static bool
pick(struct run *r, const struct tv *v, bool last, struct tv *ret)
{
	*ret = (struct tv){.type = TV_UNDEFINED};
	if (v->type == TV_LIST && v->u.list.n > 0)
		*ret = v->u.list.items[last ? v->u.list.n - 1 : 0];
	else if (v->type != TV_LIST && v->type != TV_UNDEFINED)
		return run_fail(
		    r, ERR_INPUT, "it takes one out of %s", tv_type_name(v));
	return true;
}

static bool
filter_first(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	(void)args;
	(void)has;
	return pick(r, v, false, ret);
}

static bool
filter_last(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	(void)args;
	(void)has;
	return pick(r, v, true, ret);
}

static bool
filter_replace(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	struct tv all[2];
	struct tv text;
	int i;

	if (!has[0] || !has[1] || has[2])
		return run_fail(r, ERR_INPUT, "replace() takes two texts");
	if (!filter_string(r, v, args, has, &text))
		return false;
	for (i = 0; i < 2; i++)
		if (!filter_string(r, &args[i], args, has, &all[i]))
			return false;
	return method_apply(
	    r, method_find((struct str){"replace", 7}), &text, all, 2, ret);
}

static bool
filter_is_number(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	double d;
	enum err e = to_float(v, &d);

	(void)args;
	(void)has;
	if (e == ERR_LIMIT)
		return run_fail(
		    r, ERR_INPUT, "%s may be a number", tv_type_name(v));
	*ret = tv_bool(e == OK);
	return true;
}

/* iif(if_true, if_false, if_none) */
static bool
filter_iif(struct run *r, const struct tv *v, const struct tv *args,
    const bool *has, struct tv *ret)
{
	(void)r;
	if (v->type == TV_NONE && has[2])
		*ret = args[2];
	else if (tv_truth(v))
		*ret = has[0] ? args[0] : tv_bool(true);
	else
		*ret = has[1] ? args[1] : tv_bool(false);
	return true;
}

static const struct {
	const char *name;
	filter_fn *fn;
	const char *args[ARGS_OF_CALL_MAX];
} filters[] = {
    {"abs", filter_abs, {NULL}},
    {"count", filter_length, {NULL}},
    {"d", filter_default, {"default_value", "boolean"}},
    {"default", filter_default, {"default_value", "boolean"}},
    {"first", filter_first, {NULL}},
    {"float", filter_float, {"default"}},
    {"iif", filter_iif, {"if_true", "if_false", "if_none"}},
    {"int", filter_int, {"default", "base"}},
    {"is_number", filter_is_number, {NULL}},
    {"last", filter_last, {NULL}},
    {"length", filter_length, {NULL}},
    {"lower", filter_lower, {NULL}},
    {"replace", filter_replace, {"old", "new", "count"}},
    {"round", filter_round, {"precision", "method", "default"}},
    {"string", filter_string, {NULL}},
    {"trim", filter_trim, {NULL}},
    {"truncate", filter_truncate, {"length", "killwords", "end", "leeway"}},
    {"upper", filter_upper, {NULL}},
};

int
filter_find(struct str name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(filters); i++)
		if (str_eq(name, filters[i].name))
			return (int)i;
	return -1;
}

int
filter_slot(int filter, struct str name, size_t place)
{
	const char *const *args = filters[filter].args;
	size_t i;

	for (i = 0; i < ARGS_OF_CALL_MAX && args[i] != NULL; i++)
		if (name.len > 0 ? str_eq(name, args[i]) : i == place)
			return (int)i;
	return -1;
}

bool
filter_apply(struct run *r, int filter, const struct tv *v,
    const struct tv *args, const bool *has, struct tv *ret)
{
	return filters[filter].fn(r, v, args, has, ret);
}
