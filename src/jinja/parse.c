/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "jinja/jinja_priv.h"

/* Expressions, in the order and with the precedence of Jinja's own parser:
 * x if y else z, or, and, not, comparisons, + -, ~, * / // %, signs, and
 * what follows a value. */

static struct node *parse_sum(struct parser *p);
static struct node *parse_signed(struct parser *p, bool with_filters);

/* The arguments of a filter or a method, up to the bracket. */
static bool
parse_args(struct parser *p, struct node **to)
{
	size_t n = 0;

	while (!parse_sign(p, ")")) {
		const char *before;
		struct str name;

		if (n++ == ARGS_OF_CALL_MAX || (n > 1 && !parse_sign(p, ","))) {
			parse_fail(
			    p, ERR_INPUT, "')' is missing in the template");
			return false;
		}
		parse_space(p);
		before = p->p;
		name = parse_name(p);
		parse_space(p);
		if (name.len == 0 || p->end - p->p < 2 || p->p[0] != '=' ||
		    p->p[1] == '=') {
			p->p = before;
			name.len = 0;
		} else {
			p->p++;
		}
		*to = parse_expression(p);
		if (*to == NULL)
			return false;
		(*to)->arg = name;
		to = &(*to)->next;
	}
	return true;
}

/* Does something follow that looks at a value as it is? */
static bool
goes_on(struct parser *p)
{
	const char *before = p->p;
	bool is = parse_word(p, "is");

	p->p = before;
	parse_space(p);
	return is || (p->p < p->end && strchr(".[(|", *p->p) != NULL);
}

static struct node *
parse_attribute(struct parser *p, struct node *of)
{
	struct node *n = parse_new(p, OP_ATTR);

	if (n == NULL)
		return NULL;
	n->a = of;
	parse_space(p);
	if (p->p < p->end && isdigit((unsigned char)*p->p)) {
		struct str digits = {p->p, 0};

		n->op = OP_ITEM;
		n->b = parse_new(p, OP_CONST);
		digits.len = parse_digits(p);
		if (n->b == NULL)
			return NULL;
		n->b->value.type = TV_INT;
		return py_read_int(digits, &n->b->value.u.integer) == OK
		    ? n
		    : parse_fail(p, ERR_LIMIT, "a place is too large");
	}
	n->name = parse_name(p);
	if (n->name.len == 0)
		return parse_fail(
		    p, ERR_INPUT, "a name is missing in the template");
	if (parse_sign(p, "(")) {
		n->op = OP_METHOD;
		n->index = method_find(n->name);
		if (n->index < 0)
			return parse_fail(p, ERR_UNSUPPORTED,
			    "the template calls '.%.*s()', which this house "
			    "does not have",
			    (int)n->name.len, n->name.p);
		if (!parse_args(p, &n->b))
			return NULL;
		if (str_eq(n->name, "keys") && goes_on(p))
			return parse_fail(p, ERR_UNSUPPORTED,
			    "keys() is more than looked into");
		return n;
	}
	if (is_attribute(n->name))
		return parse_fail(p, ERR_UNSUPPORTED,
		    "'.%.*s' means something else in Jinja; [\"%.*s\"] would "
		    "be read",
		    (int)n->name.len, n->name.p, (int)n->name.len, n->name.p);
	return n;
}

static struct node *
parse_item(struct parser *p, struct node *of)
{
	struct node *n = parse_new(p, OP_ITEM);

	if (n == NULL)
		return NULL;
	n->a = of;
	n->b = parse_expression(p);
	if (n->b != NULL && !parse_sign(p, "]"))
		return parse_fail(p, ERR_UNSUPPORTED,
		    "']' is missing in the template, or it cuts a part out");
	return n->b != NULL ? n : NULL;
}

static struct node *
parse_filter(struct parser *p, struct node *of)
{
	struct node *n = parse_new(p, OP_FILTER);
	struct str name = parse_name(p);

	if (n == NULL)
		return NULL;
	n->a = of;
	n->index = filter_find(name);
	if (n->index < 0)
		return parse_fail(p, ERR_UNSUPPORTED,
		    "the template uses the filter '%.*s', which this house "
		    "does not have",
		    (int)name.len, name.p);
	if (parse_sign(p, "(") && !parse_args(p, &n->b))
		return NULL;
	return n;
}

/* What follows a test is an argument to Jinja, even `if`. */
static bool
has_argument(struct parser *p)
{
	const char *before = p->p;
	struct str word = parse_name(p);

	p->p = before;
	parse_space(p);
	if (word.len > 0)
		return !str_eq(word, "else") && !str_eq(word, "or") &&
		    !str_eq(word, "and");
	return p->p < p->end && strchr("'\"0123456789([{", *p->p) != NULL;
}

static struct node *
parse_test(struct parser *p, struct node *of)
{
	struct node *n = parse_new(p, OP_TEST);
	struct node *not = NULL;
	struct str name;

	if (n == NULL)
		return NULL;
	n->a = of;
	if (parse_word(p, "not")) {
		not = parse_new(p, OP_NOT);
		if (not == NULL)
			return NULL;
		not ->a = n;
	}
	name = parse_name(p);
	n->index = test_find(name);
	if (n->index < 0)
		return parse_fail(p, ERR_UNSUPPORTED,
		    "the template tests 'is %.*s', which this house does not "
		    "have",
		    (int)name.len, name.p);
	if (has_argument(p))
		return parse_fail(p, ERR_UNSUPPORTED,
		    "'is %.*s' has an argument; put brackets around the test",
		    (int)name.len, name.p);
	return not != NULL ? not : n;
}

/* What follows a value: paths first, then filters and tests, among which
 * there is no path any more. */
static struct node *
parse_behind(struct parser *p, struct node *n, bool with_filters)
{
	while (n != NULL) {
		if (parse_sign(p, "."))
			n = parse_attribute(p, n);
		else if (parse_sign(p, "["))
			n = parse_item(p, n);
		else
			break;
	}
	while (n != NULL && with_filters) {
		if (parse_sign(p, "|"))
			n = parse_filter(p, n);
		else if (parse_word(p, "is"))
			n = parse_test(p, n);
		else
			break;
	}
	return n;
}

static struct node *
parse_signed(struct parser *p, bool with_filters)
{
	bool minus = parse_sign(p, "-");
	bool plus = !minus && parse_sign(p, "+");
	struct node *n;

	if (!minus && !plus)
		return parse_behind(p, parse_primary(p), with_filters);
	n = parse_new(p, minus ? OP_MINUS : OP_PLUS);
	if (n == NULL || ++p->depth > JINJA_DEPTH_MAX)
		return parse_fail(
		    p, ERR_LIMIT, "the template is nested too deeply");
	n->a = parse_signed(p, false);
	p->depth--;
	return n->a != NULL ? parse_behind(p, n, with_filters) : NULL;
}

struct level {
	const char *sign;
	enum op op;
};

static struct node *
parse_level(struct parser *p, const struct level *levels, size_t n_levels,
    struct node *(*below)(struct parser *p))
{
	struct node *left = below(p);
	struct node *n;
	size_t i;

	while (left != NULL) {
		for (i = 0; i < n_levels; i++)
			if (parse_sign(p, levels[i].sign))
				break;
		if (i == n_levels)
			break;
		n = parse_new(p, levels[i].op);
		if (n == NULL)
			return NULL;
		n->a = left;
		n->b = below(p);
		left = n->b != NULL ? n : NULL;
	}
	return left;
}

static struct node *
parse_value(struct parser *p)
{
	struct node *n = parse_signed(p, true);

	if (n != NULL && parse_sign(p, "**"))
		return parse_fail(p, ERR_UNSUPPORTED,
		    "the template uses **, which this house does not have");
	return n;
}

static struct node *
parse_product(struct parser *p)
{
	static const struct level levels[] = {{"//", OP_FLOOR},
	    {"*", OP_MULTIPLY}, {"/", OP_DIVIDE}, {"%", OP_MODULO}};

	return parse_level(p, levels, ARRAY_LEN(levels), parse_value);
}

static struct node *
parse_joined(struct parser *p)
{
	static const struct level levels[] = {{"~", OP_JOIN}};

	return parse_level(p, levels, ARRAY_LEN(levels), parse_product);
}

static struct node *
parse_sum(struct parser *p)
{
	static const struct level levels[] = {
	    {"+", OP_ADD}, {"-", OP_SUBTRACT}};

	return parse_level(p, levels, ARRAY_LEN(levels), parse_joined);
}

static bool
parse_symbol(struct parser *p, enum symbol *ret)
{
	static const struct {
		const char *sign;
		enum symbol symbol;
	} signs[] = {{"==", SYM_EQ}, {"!=", SYM_NE}, {"<=", SYM_LE},
	    {">=", SYM_GE}, {"<", SYM_LT}, {">", SYM_GT}};
	const char *before = p->p;
	size_t i;

	for (i = 0; i < ARRAY_LEN(signs); i++)
		if (parse_sign(p, signs[i].sign)) {
			*ret = signs[i].symbol;
			return true;
		}
	*ret = parse_word(p, "not") ? SYM_OUT : SYM_IN;
	if (parse_word(p, "in"))
		return true;
	p->p = before;
	return false;
}

static struct node *
parse_comparison(struct parser *p)
{
	struct node *first = parse_sum(p);
	struct node *n = NULL;
	struct node **to = NULL;
	enum symbol symbol;

	while (first != NULL && parse_symbol(p, &symbol)) {
		if (n == NULL) {
			n = parse_new(p, OP_COMPARE);
			if (n == NULL)
				return NULL;
			n->a = first;
			to = &n->b;
		}
		*to = parse_new(p, OP_COMPARE);
		if (*to == NULL)
			return NULL;
		(*to)->symbol = symbol;
		(*to)->a = parse_sum(p);
		if ((*to)->a == NULL)
			return NULL;
		to = &(*to)->next;
	}
	return n != NULL ? n : first;
}

static struct node *
parse_not(struct parser *p)
{
	struct node *n;

	if (!parse_word(p, "not"))
		return parse_comparison(p);
	n = parse_new(p, OP_NOT);
	if (n == NULL || ++p->depth > JINJA_DEPTH_MAX)
		return parse_fail(
		    p, ERR_LIMIT, "the template is nested too deeply");
	n->a = parse_not(p);
	p->depth--;
	return n->a != NULL ? n : NULL;
}

static struct node *
parse_words(struct parser *p, const char *word, enum op op,
    struct node *(*below)(struct parser *p))
{
	struct node *left = below(p);
	struct node *n;

	while (left != NULL && parse_word(p, word)) {
		n = parse_new(p, op);
		if (n == NULL)
			return NULL;
		n->a = left;
		n->b = below(p);
		left = n->b != NULL ? n : NULL;
	}
	return left;
}

static struct node *
parse_and(struct parser *p)
{
	return parse_words(p, "and", OP_AND, parse_not);
}

static struct node *
parse_or(struct parser *p)
{
	return parse_words(p, "or", OP_OR, parse_and);
}

struct node *
parse_condition(struct parser *p)
{
	struct node *n;

	if (++p->depth > JINJA_DEPTH_MAX)
		return parse_fail(
		    p, ERR_LIMIT, "the template is nested too deeply");
	n = parse_or(p);
	p->depth--;
	return n;
}

struct node *
parse_expression(struct parser *p)
{
	struct node *n;
	struct node *when;

	if (++p->depth > JINJA_DEPTH_MAX)
		return parse_fail(
		    p, ERR_LIMIT, "the template is nested too deeply");
	n = parse_or(p);
	while (n != NULL && parse_word(p, "if")) {
		when = parse_new(p, OP_WHEN);
		if (when == NULL)
			return NULL;
		when->a = n;
		when->b = parse_or(p);
		if (when->b == NULL)
			return NULL;
		if (parse_word(p, "else")) {
			when->c = parse_expression(p);
			if (when->c == NULL)
				return NULL;
		}
		n = when;
	}
	p->depth--;
	return n;
}
