/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "values/values.h"

/* The tests of `is`, and what values are asked to do. */

static const char *const tests[] = {"defined", "undefined", "none", "number",
    "string", "boolean", "integer", "float", "mapping", "true", "false"};

int
test_find(struct str name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(tests); i++)
		if (str_eq(name, tests[i]))
			return (int)i;
	return -1;
}

bool
test_apply(int test, const struct tv *v)
{
	enum tv_type t = v->type;

	switch (test) {
	case 0:
		return t != TV_UNDEFINED;
	case 1:
		return t == TV_UNDEFINED;
	case 2:
		return t == TV_NONE;
	case 3:
		return tv_is_number(v) || t == TV_HUGE;
	case 4:
		return t == TV_TEXT;
	case 5:
		return t == TV_BOOL;
	case 6:
		return t == TV_INT || t == TV_HUGE;
	case 7:
		return t == TV_FLOAT;
	case 8:
		return t == TV_DICT;
	case 9:
		return t == TV_BOOL && v->u.flag;
	default:
		return t == TV_BOOL && !v->u.flag;
	}
}

/* What dictionaries, lists, texts and numbers of Python have: a path that
 * ends in one of them would find it in place of nothing. */
bool
is_attribute(struct str name)
{
	static const char *const names[] = {"append", "as_integer_ratio",
	    "bit_count", "bit_length", "capitalize", "casefold", "center",
	    "clear", "conjugate", "copy", "count", "denominator", "encode",
	    "endswith", "expandtabs", "extend", "find", "format", "format_map",
	    "from_bytes", "fromhex", "fromkeys", "get", "hex", "imag", "index",
	    "insert", "is_integer", "isalnum", "isalpha", "isascii",
	    "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric",
	    "isprintable", "isspace", "istitle", "isupper", "items", "join",
	    "keys", "ljust", "lower", "lstrip", "maketrans", "numerator",
	    "partition", "pop", "popitem", "real", "remove", "removeprefix",
	    "removesuffix", "replace", "reverse", "rfind", "rindex", "rjust",
	    "rpartition", "rsplit", "rstrip", "setdefault", "sort", "split",
	    "splitlines", "startswith", "strip", "swapcase", "title",
	    "to_bytes", "translate", "update", "upper", "values", "zfill"};
	size_t i;

	if (name.len > 1 && name.p[0] == '_' && name.p[1] == '_')
		return true;
	for (i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

enum method {
	METHOD_GET,
	METHOD_KEYS,
	METHOD_LOWER,
	METHOD_UPPER,
	METHOD_STRIP,
	METHOD_SPLIT,
	METHOD_REPLACE,
	METHOD_STARTSWITH,
	METHOD_ENDSWITH
};

static const struct {
	const char *name;
	size_t least;
	size_t most;
} methods[] = {{"get", 1, 2}, {"keys", 0, 0}, {"lower", 0, 0}, {"upper", 0, 0},
    {"strip", 0, 0}, {"split", 1, 1}, {"replace", 2, 2}, {"startswith", 1, 1},
    {"endswith", 1, 1}};

int
method_find(struct str name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(methods); i++)
		if (str_eq(name, methods[i].name))
			return (int)i;
	return -1;
}

static bool
method_get(struct run *r, const struct tv *v, const struct tv *args, size_t n,
    struct tv *ret)
{
	const struct tv *found;

	if (v->type != TV_DICT || args[0].type != TV_TEXT)
		return run_fail(r, ERR_INPUT, "%s has no .get() of %s",
		    tv_type_name(v), tv_type_name(&args[0]));
	found = tv_find(v, args[0].u.text);
	*ret = found != NULL ? *found
	    : n == 2         ? args[1]
			     : (struct tv){.type = TV_NONE};
	return run_spend(r, v->u.list.n / 16);
}

static size_t
count_of(struct str s, struct str part)
{
	const char *end = s.p + s.len;
	const char *at = s.p;
	size_t n = 0;

	while (
	    (at = memmem(at, (size_t)(end - at), part.p, part.len)) != NULL) {
		at += part.len;
		n++;
	}
	return n;
}

static bool
replace(
    struct run *r, struct str s, struct str old, struct str new, struct tv *ret)
{
	const char *end = s.p + s.len;
	const char *at;
	size_t len = s.len + count_of(s, old) * new.len;
	char *p = pool_take(&r->pool, len + 1);
	char *to = p;

	if (p == NULL)
		return run_fail(r, ERR_LIMIT, "the template makes too much");
	while (
	    (at = memmem(s.p, (size_t)(end - s.p), old.p, old.len)) != NULL) {
		memcpy(to, s.p, (size_t)(at - s.p));
		to += at - s.p;
		memcpy(to, new.p, new.len);
		to += new.len;
		s.p = at + old.len;
	}
	memcpy(to, s.p, (size_t)(end - s.p));
	to += end - s.p;
	*ret = tv_text((struct str){p, (size_t)(to - p)});
	return run_spend(r, len / 16);
}

static bool
split(struct run *r, struct str s, struct str by, struct tv *ret)
{
	const char *end = s.p + s.len;
	const char *at;
	size_t n = count_of(s, by) + 1;
	struct tv *items = pool_take(&r->pool, n * sizeof(*items));
	size_t i;

	if (items == NULL)
		return run_fail(r, ERR_LIMIT, "the template makes too much");
	for (i = 0; i < n; i++) {
		at = memmem(s.p, (size_t)(end - s.p), by.p, by.len);
		if (at == NULL)
			at = end;
		items[i] = tv_text((struct str){s.p, (size_t)(at - s.p)});
		s.p = at < end ? at + by.len : end;
	}
	ret->type = TV_LIST;
	ret->u.list.items = items;
	ret->u.list.n = n;
	return run_spend(r, n);
}

static bool
apply_to_text(struct run *r, enum method m, const struct tv *v,
    const struct tv *args, struct tv *ret)
{
	static const bool none[ARGS_OF_CALL_MAX];
	struct str s = v->u.text;
	struct str part = args[0].u.text;

	switch (m) {
	case METHOD_LOWER:
		return filter_apply(r, filter_find((struct str){"lower", 5}), v,
		    args, none, ret);
	case METHOD_UPPER:
		return filter_apply(r, filter_find((struct str){"upper", 5}), v,
		    args, none, ret);
	case METHOD_STRIP:
		*ret = tv_text(py_strip(s));
		return true;
	case METHOD_STARTSWITH:
		*ret = tv_bool(
		    s.len >= part.len && memcmp(s.p, part.p, part.len) == 0);
		return true;
	case METHOD_ENDSWITH:
		*ret = tv_bool(s.len >= part.len &&
		    memcmp(s.p + s.len - part.len, part.p, part.len) == 0);
		return true;
	default:
		break;
	}
	if (part.len == 0)
		return run_fail(r, ERR_INPUT, "it looks for an empty text");
	return m == METHOD_SPLIT ? split(r, s, part, ret)
				 : replace(r, s, part, args[1].u.text, ret);
}

bool
method_apply(struct run *r, int method, const struct tv *v,
    const struct tv *args, size_t n, struct tv *ret)
{
	size_t i;

	if (n < methods[method].least || n > methods[method].most)
		return run_fail(r, ERR_INPUT, ".%s() has %zu arguments",
		    methods[method].name, n);
	if (method == METHOD_GET)
		return method_get(r, v, args, n, ret);
	/* Only looked into, for which the dictionary is as good. */
	if (method == METHOD_KEYS && v->type == TV_DICT) {
		*ret = *v;
		return true;
	}
	if (v->type != TV_TEXT)
		return run_fail(r, ERR_INPUT, "%s has no .%s()",
		    tv_type_name(v), methods[method].name);
	for (i = 0; i < n; i++)
		if (args[i].type != TV_TEXT)
			return run_fail(r, ERR_INPUT, ".%s() is given %s",
			    methods[method].name, tv_type_name(&args[i]));
	return apply_to_text(r, (enum method)method, v, args, ret);
}
