/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "template/template_priv.h"

#define PARTS_MAX 1024 /* Of one group, and its alternatives. */

struct parser {
	struct maker *m;
	const char *p;
	int depth;
};

/* Nodes behind each other. */
struct parts {
	uint32_t node[PARTS_MAX];
	size_t n;
};

static enum err parse_group(struct parser *ps, char close, uint32_t *ret);

static enum err
put(struct parser *ps, struct parts *to, uint32_t node)
{
	if (to->n == PARTS_MAX)
		return maker_fails(ps->m, ERR_LIMIT,
		    "more than %d parts in a group", PARTS_MAX);
	to->node[to->n++] = node;
	return OK;
}

/* Those from `from` on as one node, and without them. */
static enum err
join(struct parser *ps, struct parts *parts, size_t from, uint32_t *ret)
{
	uint32_t node = 0;
	enum err e = OK;

	while (e == OK && parts->n > from)
		e = node_pair(ps->m, parts->node[--parts->n], node, &node);
	*ret = node;
	return e;
}

/* Words up to the next sign that means something. */
static enum err
parse_words(struct parser *ps, uint32_t *ret)
{
	bool spaces = ps->m->s->spaces;
	struct buf b;
	enum err e;

	buf_init(&b, TEMPLATE_JSON_MAX);
	while (*ps->p != '\0' && strchr("()[]{}<>|;", *ps->p) == NULL) {
		char folded[4];
		size_t n;
		uint32_t c;

		if (*ps->p == '\\' && ps->p[1] != '\0')
			ps->p++;
		c = words_next(&ps->p);
		n = words_fold(c, folded);
		if (c == '-' && isdigit((unsigned char)*ps->p) && b.len == 0)
			folded[0] = '-';
		if (n == 1 && folded[0] == ' ' &&
		    (!spaces || (b.len > 0 && b.p[b.len - 1] == ' ')))
			n = 0;
		buf_add(&b, folded, n);
	}
	e = node_text(ps->m, b.len > 0 ? b.p : "", b.len, ret);
	buf_done(&b);
	return e;
}

/* The name between `{` and `}`, or `<` and `>`. */
static enum err
parse_name(struct parser *ps, char close, const char **ret, size_t *ret_len)
{
	const char *end = strchr(ps->p, close);

	*ret = ps->p;
	*ret_len = end != NULL ? (size_t)(end - ps->p) : 0;
	if (*ret_len == 0)
		return maker_fails(
		    ps->m, ERR_INPUT, "a name without its '%c'", close);
	ps->p = end + 1;
	return OK;
}

static enum err
parse_list(struct parser *ps, uint32_t *ret)
{
	const char *name;
	const char *colon;
	size_t len;
	size_t list_len;
	uint32_t list;

	if (parse_name(ps, '}', &name, &len) != OK)
		return ps->m->err;
	colon = memchr(name, ':', len);
	list_len = colon != NULL ? (size_t)(colon - name) : len;
	if (lists_list(ps->m, name, list_len, ps->depth, &list) != OK)
		return ps->m->err;
	if (colon != NULL) {
		len -= list_len + 1;
		name = colon + 1;
	}
	return node_list(ps->m, list, name, len,
	    ps->m->s->spaces && isspace((unsigned char)*ps->p), ret);
}

static enum err
parse_part(struct parser *ps, uint32_t *ret)
{
	uint32_t kids[2] = {0, 0};
	const char *name;
	size_t len;
	enum err e;

	switch (*ps->p) {
	case '(':
		ps->p++;
		return parse_group(ps, ')', ret);
	case '[':
		ps->p++;
		e = parse_group(ps, ']', &kids[0]);
		return e != OK ? e : node_either(ps->m, kids, 2, ret);
	case '{':
		ps->p++;
		return parse_list(ps, ret);
	case '<':
		ps->p++;
		e = parse_name(ps, '>', &name, &len);
		return e != OK ? e
			       : lists_rule(ps->m, name, len, ps->depth, ret);
	default:
		return parse_words(ps, ret);
	}
}

/* All of them, each once, in any sequence: one of them, and then the others.
 * Equal rests are one node, so that this stays small. */
static enum err
permute(struct parser *ps, const uint32_t *part, size_t n, uint32_t *ret)
{
	uint32_t first[TEMPLATE_PERMUTED_MAX];
	size_t i;

	if (n > TEMPLATE_PERMUTED_MAX)
		return maker_fails(ps->m, ERR_LIMIT,
		    "more than %d parts in any sequence",
		    TEMPLATE_PERMUTED_MAX);
	if (n == 1) {
		*ret = part[0];
		return OK;
	}
	for (i = 0; i < n; i++) {
		uint32_t rest[TEMPLATE_PERMUTED_MAX];
		uint32_t others;
		size_t k;
		size_t to = 0;
		enum err e;

		for (k = 0; k < n; k++)
			if (k != i)
				rest[to++] = part[k];
		e = permute(ps, rest, n - 1, &others);
		if (e == OK)
			e = node_pair(ps->m, part[i], others, &first[i]);
		if (e != OK)
			return e;
	}
	return node_either(ps->m, first, n, ret);
}

/* Parts of a permutation have spaces around them. */
static enum err
spaced(struct parser *ps, struct parts *parts)
{
	uint32_t space;
	size_t i;
	enum err e = node_text(ps->m, " ", ps->m->s->spaces ? 1 : 0, &space);

	for (i = 0; e == OK && i < parts->n; i++) {
		e = node_pair(ps->m, parts->node[i], space, &parts->node[i]);
		if (e == OK)
			e = node_pair(
			    ps->m, space, parts->node[i], &parts->node[i]);
	}
	return e;
}

/* What a group has: sequences of parts, between signs of one kind. */
struct group {
	struct parts done; /* Sequences. */
	struct parts now; /* Parts of this one. */
	char sign;
};

static enum err
next_sequence(struct parser *ps, struct group *g)
{
	uint32_t node;
	enum err e = join(ps, &g->now, 0, &node);

	return e != OK ? e : put(ps, &g->done, node);
}

static enum err
parse_parts(struct parser *ps, char close, struct group *g)
{
	while (*ps->p != close) {
		uint32_t node = 0;
		enum err e;

		if (*ps->p == '\0')
			return maker_fails(ps->m, ERR_INPUT,
			    "a group without its '%c'", close);
		if (strchr(")]}>", *ps->p) != NULL)
			return maker_fails(ps->m, ERR_INPUT,
			    "a '%c' that closes nothing", *ps->p);
		if (*ps->p == '|' || *ps->p == ';') {
			if (g->sign != 0 && g->sign != *ps->p)
				return maker_fails(ps->m, ERR_INPUT,
				    "'|' and ';' in one group");
			g->sign = *ps->p++;
			e = next_sequence(ps, g);
		} else {
			e = parse_part(ps, &node);
			if (e == OK)
				e = put(ps, &g->now, node);
		}
		if (e != OK)
			return e;
	}
	return next_sequence(ps, g);
}

/* Up to and with `close`, or the end where that is NUL. */
static enum err
parse_group(struct parser *ps, char close, uint32_t *ret)
{
	struct group *g;
	enum err e;

	if (++ps->depth > TEMPLATE_DEPTH_MAX)
		return maker_fails(ps->m, ERR_LIMIT,
		    "more than %d groups and rules within each other",
		    TEMPLATE_DEPTH_MAX);
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return maker_fails(ps->m, ERR_LIMIT, "no memory");
	e = parse_parts(ps, close, g);
	if (e == OK && close != '\0')
		ps->p++;
	if (e == OK && g->sign == ';') {
		e = spaced(ps, &g->done);
		if (e == OK)
			e = permute(ps, g->done.node, g->done.n, ret);
	} else if (e == OK) {
		e = node_either(ps->m, g->done.node, g->done.n, ret);
	}
	free(g);
	ps->depth--;
	return e;
}

enum err
parse_template(struct maker *m, const char *text, int depth, uint32_t *ret)
{
	struct parser ps = {m, text, depth};
	char *copy;
	size_t len;
	enum err e;

	while (isspace((unsigned char)*ps.p))
		ps.p++;
	len = strlen(ps.p);
	while (len > 0 && isspace((unsigned char)ps.p[len - 1]))
		len--;
	copy = strndup(ps.p, len);
	if (copy == NULL)
		return maker_fails(m, ERR_LIMIT, "no memory");
	ps.p = copy;
	e = parse_group(&ps, '\0', ret);
	free(copy);
	return e;
}
