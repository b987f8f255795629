/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "jinja/jinja_priv.h"

/* What expressions begin with: names, literals, brackets. */

struct node *
parse_fail(struct parser *p, enum err e, const char *fmt, ...)
{
	va_list ap;

	if (p->e == OK) {
		p->e = e;
		va_start(ap, fmt);
		vsnprintf(p->why->text, sizeof(p->why->text), fmt, ap);
		va_end(ap);
	}
	return NULL;
}

struct node *
parse_new(struct parser *p, enum op op)
{
	struct node *n;

	if (p->nodes++ >= JINJA_NODES_MAX)
		return parse_fail(p, ERR_LIMIT,
		    "the template has more than %d parts", JINJA_NODES_MAX);
	n = pool_take(&p->t->pool, sizeof(*n));
	if (n == NULL)
		return parse_fail(
		    p, ERR_LIMIT, "the template takes too much memory");
	memset(n, 0, sizeof(*n));
	n->op = op;
	return n;
}

void
parse_space(struct parser *p)
{
	while (p->p < p->end && isspace((unsigned char)*p->p))
		p->p++;
}

/* A sign, unless it is the beginning of a longer one. */
bool
parse_sign(struct parser *p, const char *sign)
{
	size_t n = strlen(sign);

	parse_space(p);
	if ((size_t)(p->end - p->p) < n || memcmp(p->p, sign, n) != 0)
		return false;
	if (n == 1 && strchr("*/", *sign) != NULL && p->p + 1 < p->end &&
	    p->p[1] == *sign)
		return false;
	/* The end of a block is no operator. */
	if (n == 1 && strchr("-%", *sign) != NULL && p->end - p->p > 1 &&
	    (p->p[1] == '}' ||
		(p->p[1] == '%' && p->end - p->p > 2 && p->p[2] == '}')))
		return false;
	p->p += n;
	return true;
}

static bool
is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

struct str
parse_name(struct parser *p)
{
	struct str s;

	parse_space(p);
	s = (struct str){p->p, 0};
	if (p->p < p->end && isdigit((unsigned char)*p->p))
		return s;
	while (p->p < p->end && is_name_char(*p->p))
		p->p++;
	s.len = (size_t)(p->p - s.p);
	return s;
}

bool
parse_word(struct parser *p, const char *word)
{
	const char *before = p->p;

	if (str_eq(parse_name(p), word))
		return true;
	p->p = before;
	return false;
}

int
parse_var(struct parser *p, struct str name, bool make)
{
	struct jinja *t = p->t;
	size_t i;

	for (i = 0; i < t->n_vars; i++)
		if (t->vars[i].len == name.len &&
		    memcmp(t->vars[i].p, name.p, name.len) == 0)
			return (int)i;
	if (!make) {
		parse_fail(p, ERR_UNSUPPORTED,
		    "the template uses '%.*s', which this house does not "
		    "have",
		    (int)name.len, name.p);
		return -1;
	}
	if (t->n_vars == JINJA_VARS_MAX) {
		parse_fail(p, ERR_LIMIT,
		    "the template has more than %d variables", JINJA_VARS_MAX);
		return -1;
	}
	t->vars[t->n_vars] = name;
	return (int)t->n_vars++;
}

/* `mark` is the quote in front.  The escapes that both readings share. */
static struct node *
parse_text(struct parser *p, char mark)
{
	struct node *n = parse_new(p, OP_CONST);
	char *to = pool_take(&p->t->pool, (size_t)(p->end - p->p) + 1);
	size_t len = 0;

	if (n == NULL || to == NULL)
		return parse_fail(p, ERR_LIMIT, "the template is too large");
	for (; p->p < p->end && *p->p != mark; p->p++) {
		static const char letters[] = "nrt\\'\"";
		static const char meant[] = "\n\r\t\\'\"";
		const char *at;

		if (*p->p != '\\') {
			to[len++] = *p->p;
			continue;
		}
		at = ++p->p < p->end ? strchr(letters, *p->p) : NULL;
		if (at == NULL || *at == '\0')
			return parse_fail(p, ERR_UNSUPPORTED,
			    "the template has an escape that this house does "
			    "not read");
		to[len++] = meant[at - letters];
	}
	if (p->p == p->end)
		return parse_fail(
		    p, ERR_INPUT, "a text in the template has no end");
	p->p++;
	n->value = tv_text((struct str){to, len});
	return n;
}

size_t
parse_digits(struct parser *p)
{
	const char *from = p->p;

	while (p->p < p->end && isdigit((unsigned char)*p->p))
		p->p++;
	return (size_t)(p->p - from);
}

static struct node *
parse_number(struct parser *p)
{
	struct node *n = parse_new(p, OP_CONST);
	struct str s = {p->p, 0};
	size_t digits = parse_digits(p);
	bool whole = true;
	enum err e;

	if (n == NULL)
		return NULL;
	if (p->end - p->p > 1 && *p->p == '.' &&
	    isdigit((unsigned char)p->p[1])) {
		p->p++;
		parse_digits(p);
		whole = false;
	}
	if (p->end - p->p > 1 && (*p->p == 'e' || *p->p == 'E')) {
		p->p += p->p[1] == '-' || p->p[1] == '+' ? 2 : 1;
		if (parse_digits(p) == 0)
			return parse_fail(p, ERR_INPUT,
			    "a number in the template has no end");
		whole = false;
	}
	s.len = (size_t)(p->p - s.p);
	if ((digits > 1 && s.p[0] == '0') ||
	    (p->p < p->end && is_name_char(*p->p)))
		return parse_fail(p, ERR_UNSUPPORTED,
		    "the template has a number that this house does not read");
	n->value.type = whole ? TV_INT : TV_FLOAT;
	e = whole ? py_read_int(s, &n->value.u.integer)
		  : py_read_float(s, &n->value.u.real);
	return e == OK ? n
		       : parse_fail(p, ERR_LIMIT,
			     "the template has a number that is too large");
}

/* Expressions with commas between them, up to `end`; `pairs`: with colons. */
static bool
parse_many(struct parser *p, const char *end, bool pairs, struct node **to)
{
	bool first = true;

	while (!parse_sign(p, end)) {
		if (!first && !parse_sign(p, ","))
			goto missing;
		if (!first && parse_sign(p, end))
			return true;
		first = false;
		*to = parse_expression(p);
		if (*to == NULL)
			return false;
		to = &(*to)->next;
		if (!pairs)
			continue;
		if (!parse_sign(p, ":"))
			goto missing;
		*to = parse_expression(p);
		if (*to == NULL)
			return false;
		to = &(*to)->next;
	}
	return true;
missing:
	parse_fail(p, ERR_INPUT, "'%s' is missing in the template", end);
	return false;
}

static struct node *
parse_literal(struct parser *p, enum op op)
{
	struct node *n = parse_new(p, op);

	if (n == NULL)
		return NULL;
	return parse_many(p, op == OP_LIST ? "]" : "}", op == OP_DICT, &n->a)
	    ? n
	    : NULL;
}

static struct node *
parse_named(struct parser *p)
{
	static const struct {
		const char *word;
		struct tv value;
	} words[] = {
	    {"true", {.type = TV_BOOL, .u.flag = true}},
	    {"True", {.type = TV_BOOL, .u.flag = true}},
	    {"false", {.type = TV_BOOL}},
	    {"False", {.type = TV_BOOL}},
	    {"none", {.type = TV_NONE}},
	    {"None", {.type = TV_NONE}},
	};
	struct str name = parse_name(p);
	struct node *n;
	size_t i;

	if (name.len == 0)
		return parse_fail(p, ERR_INPUT,
		    "the template is not Jinja, or more of it than this house "
		    "reads, at '%.20s'",
		    p->p);
	n = parse_new(p, OP_CONST);
	if (n == NULL)
		return NULL;
	for (i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq(name, words[i].word)) {
			n->value = words[i].value;
			return n;
		}
	if (parse_sign(p, "("))
		return parse_fail(p, ERR_UNSUPPORTED,
		    "the template calls '%.*s', which this house does not "
		    "have",
		    (int)name.len, name.p);
	n->op = OP_VAR;
	n->index = parse_var(p, name, false);
	if (n->index < 0)
		return NULL;
	p->t->read[n->index] = true;
	return n;
}

struct node *
parse_primary(struct parser *p)
{
	struct node *n;

	parse_space(p);
	if (p->p == p->end)
		return parse_fail(p, ERR_INPUT, "the template breaks off");
	if (*p->p == '\'' || *p->p == '"') {
		n = parse_text(p, *p->p++);
		parse_space(p);
		if (n != NULL && p->p < p->end &&
		    (*p->p == '\'' || *p->p == '"'))
			return parse_fail(p, ERR_UNSUPPORTED,
			    "the template has two texts in a row");
		return n;
	}
	if (isdigit((unsigned char)*p->p))
		return parse_number(p);
	if (parse_sign(p, "["))
		return parse_literal(p, OP_LIST);
	if (parse_sign(p, "{"))
		return parse_literal(p, OP_DICT);
	if (!parse_sign(p, "("))
		return parse_named(p);
	n = parse_expression(p);
	if (n != NULL && !parse_sign(p, ")"))
		return parse_fail(p, ERR_UNSUPPORTED,
		    "')' is missing in the template, or it has a tuple");
	return n;
}
