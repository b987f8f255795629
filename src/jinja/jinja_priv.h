/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JINJA_JINJA_PRIV_H
#define JINJA_JINJA_PRIV_H

#include "base/str.h"
#include "jinja/jinja.h"
#include "values/values.h"

enum op {
	OP_CONST,
	OP_VAR, /* `index` */
	OP_LIST, /* a: its items */
	OP_DICT, /* a: names and values in turn */
	OP_ATTR, /* a.name */
	OP_ITEM, /* a[b] */
	OP_METHOD, /* a.name(b...) */
	OP_FILTER, /* a | name(b...) */
	OP_TEST, /* a is name */
	OP_NOT,
	OP_MINUS,
	OP_PLUS,
	OP_AND,
	OP_OR,
	OP_WHEN, /* a if b else c */
	OP_COMPARE, /* a, then `next` of b: each with `symbol` */
	OP_ADD,
	OP_SUBTRACT,
	OP_JOIN,
	OP_MULTIPLY,
	OP_DIVIDE,
	OP_FLOOR,
	OP_MODULO,
	/* Statements. */
	OP_TEXT,
	OP_SHOW,
	OP_IF, /* a: condition, b: then, c: else */
	OP_SET, /* `index` = a */
};

struct node {
	enum op op;
	enum symbol symbol;
	int index; /* Of a variable, a filter, a test, a method. */
	struct tv value;
	struct str name; /* Of an attribute. */
	struct str arg; /* Of a named argument. */
	struct node *a;
	struct node *b;
	struct node *c;
	struct node *next; /* Among siblings. */
};

struct jinja {
	struct pool pool;
	struct str vars[JINJA_VARS_MAX];
	size_t n_vars;
	bool given[JINJA_VARS_MAX]; /* From outside; else by `set`. */
	bool read[JINJA_VARS_MAX];
	struct node *body;
};

struct jinja_vars {
	struct pool pool;
	struct str names[JINJA_VARS_MAX];
	struct tv values[JINJA_VARS_MAX];
	size_t n;
};

/* Expressions and templates: parse.c, eval.c. */
struct parser {
	struct jinja *t;
	const char *p;
	const char *end;
	size_t nodes;
	int depth;
	enum err e;
	struct errmsg *why;
};

struct node *parse_fail(struct parser *p, enum err e, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
struct node *parse_new(struct parser *p, enum op op);
struct node *parse_expression(struct parser *p);
/* The same without `x if y else z`, as behind `if`. */
struct node *parse_condition(struct parser *p);
void parse_space(struct parser *p);
bool parse_sign(struct parser *p, const char *sign);
bool parse_word(struct parser *p, const char *word);
struct node *parse_primary(struct parser *p);
size_t parse_digits(struct parser *p);
struct str parse_name(struct parser *p);
/* -1: more than JINJA_VARS_MAX, said. */
int parse_var(struct parser *p, struct str name, bool make);

bool run_eval(struct run *r, const struct node *n, struct tv *ret);

#endif
