/* SPDX-License-Identifier: Apache-2.0 */
#include "jinja/jinja.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/log.h"
#include "jinja/jinja_priv.h"

#define TREE_MAX (512 * 1024)

/* What ends a list of statements. */
enum end { END_OF_ALL, END_IF, END_ELIF, END_ELSE };

static bool parse_body(struct parser *p, struct node **to, enum end *ret);

/* `{{` or `{%` or `{#` was read; a `-` behind it has done its work. */
static const char *
find_tag(const struct parser *p)
{
	const char *at = p->p;

	for (; at + 1 < p->end; at++)
		if (*at == '{' && strchr("{%#", at[1]) != NULL)
			return at;
	return p->end;
}

static void
skip_white(struct parser *p)
{
	while (p->p < p->end && isspace((unsigned char)*p->p))
		p->p++;
}

static bool
parse_end(struct parser *p, char mark)
{
	bool trim;

	parse_space(p);
	trim = p->p < p->end && *p->p == '-';
	if (trim)
		p->p++;
	if (p->end - p->p < 2 || p->p[0] != mark || p->p[1] != '}') {
		parse_fail(p, ERR_INPUT,
		    "the template is not Jinja, or more of it than this "
		    "house reads, at '%.20s'",
		    p->p);
		return false;
	}
	p->p += 2;
	if (trim)
		skip_white(p);
	return true;
}

/* The text in front of a tag, and the tag's first two bytes. */
static bool
parse_front(struct parser *p, struct node ***to, char *ret_tag)
{
	const char *from = p->p;
	const char *tag = find_tag(p);
	size_t len = (size_t)(tag - from);
	struct node *n;

	p->p = tag;
	*ret_tag = '\0';
	if (tag < p->end) {
		*ret_tag = tag[1];
		p->p += 2;
		if (p->p < p->end && *p->p == '-') {
			p->p++;
			while (len > 0 && isspace((unsigned char)from[len - 1]))
				len--;
		} else if (p->p < p->end && *p->p == '+') {
			parse_fail(p, ERR_UNSUPPORTED,
			    "the template has {%c+, which this house does not "
			    "read",
			    *ret_tag);
			return false;
		}
	}
	if (len == 0)
		return true;
	n = parse_new(p, OP_TEXT);
	if (n == NULL)
		return false;
	n->value = tv_text((struct str){from, len});
	**to = n;
	*to = &n->next;
	return true;
}

static bool
skip_comment(struct parser *p)
{
	const char *at = memmem(p->p, (size_t)(p->end - p->p), "#}", 2);

	if (at == NULL) {
		parse_fail(
		    p, ERR_INPUT, "a comment in the template has no end");
		return false;
	}
	p->p = at + 2;
	if (at > p->t->vars[0].p && at[-1] == '-')
		skip_white(p);
	return true;
}

static struct node *
parse_if(struct parser *p)
{
	struct node *n = parse_new(p, OP_IF);
	enum end end;

	if (n == NULL || ++p->depth > JINJA_DEPTH_MAX)
		return parse_fail(
		    p, ERR_LIMIT, "the template is nested too deeply");
	n->a = parse_condition(p);
	if (n->a == NULL || !parse_end(p, '%') || !parse_body(p, &n->b, &end))
		return NULL;
	if (end == END_ELIF) {
		n->c = parse_if(p);
		p->depth--;
		return n->c != NULL ? n : NULL;
	}
	if (end == END_ELSE &&
	    (!parse_end(p, '%') || !parse_body(p, &n->c, &end)))
		return NULL;
	if (end != END_IF)
		return parse_fail(
		    p, ERR_INPUT, "an 'if' of the template has no end");
	p->depth--;
	return parse_end(p, '%') ? n : NULL;
}

static struct node *
parse_set(struct parser *p)
{
	struct node *n = parse_new(p, OP_SET);
	struct str name = parse_name(p);

	if (n == NULL)
		return NULL;
	if (name.len == 0 || !parse_sign(p, "="))
		return parse_fail(p, ERR_UNSUPPORTED,
		    "a 'set' of the template is more than NAME = VALUE");
	n->a = parse_expression(p);
	if (n->a == NULL)
		return NULL;
	n->index = parse_var(p, name, true);
	if (n->index < 0)
		return NULL;
	return parse_end(p, '%') ? n : NULL;
}

/* `{%` was read.  True with *ret_n NULL for what ends a body. */
static bool
parse_statement(struct parser *p, struct node **ret_n, enum end *ret_end)
{
	static const struct {
		const char *word;
		enum end end;
	} ends[] = {{"endif", END_IF}, {"elif", END_ELIF}, {"else", END_ELSE}};
	struct str word = parse_name(p);
	size_t i;

	*ret_n = NULL;
	for (i = 0; i < ARRAY_LEN(ends); i++)
		if (str_eq(word, ends[i].word)) {
			*ret_end = ends[i].end;
			return true;
		}
	if (str_eq(word, "if"))
		*ret_n = parse_if(p);
	else if (str_eq(word, "set"))
		*ret_n = parse_set(p);
	else
		parse_fail(p, ERR_UNSUPPORTED,
		    "the template has a block '%.*s', which this house does "
		    "not have",
		    (int)word.len, word.p);
	return *ret_n != NULL;
}

/* Statements until one that ends them. */
static bool
parse_body(struct parser *p, struct node **to, enum end *ret)
{
	struct node *n;
	char tag;

	for (;;) {
		if (!parse_front(p, &to, &tag))
			return false;
		if (tag == '\0') {
			*ret = END_OF_ALL;
			return true;
		}
		if (tag == '#') {
			if (!skip_comment(p))
				return false;
			continue;
		}
		if (tag == '%') {
			if (!parse_statement(p, &n, ret))
				return false;
			if (n == NULL)
				return true;
		} else {
			n = parse_new(p, OP_SHOW);
			if (n == NULL)
				return false;
			n->a = parse_expression(p);
			if (n->a == NULL || !parse_end(p, '}'))
				return false;
		}
		*to = n;
		to = &n->next;
	}
}

static enum err
compile(struct parser *p, const char *const *names)
{
	struct jinja *t = p->t;
	enum end end;

	for (; *names != NULL; names++) {
		struct str name = {*names, strlen(*names)};

		name.p = pool_text(&t->pool, name.p, name.len);
		if (name.p == NULL || parse_var(p, name, true) < 0)
			return ERR_LIMIT;
		t->given[t->n_vars - 1] = true;
	}
	if (!parse_body(p, &t->body, &end))
		return p->e != OK ? p->e : ERR_LIMIT;
	if (end != END_OF_ALL)
		return err_say(p->why, ERR_INPUT,
		    "the template ends an 'if' that it did not begin");
	return OK;
}

enum err
jinja_compile(const char *text, const char *const *names, struct jinja **ret,
    struct errmsg *why)
{
	size_t len = strlen(text);
	struct jinja *t;
	struct parser p;
	enum err e;

	if (len > JINJA_MAX)
		return err_say(why, ERR_LIMIT,
		    "the template has %zu bytes, and %d are read", len,
		    JINJA_MAX);
	if (!str_is_utf8(text, len))
		return err_say(why, ERR_INPUT, "the template is not UTF-8");
	t = xalloc(sizeof(*t));
	t->pool.max = TREE_MAX;
	p = (struct parser){.t = t, .why = why};
	p.p = pool_text(&t->pool, text, len);
	p.end = p.p + len;
	e = compile(&p, names);
	if (e != OK) {
		jinja_free(t);
		return e;
	}
	*ret = t;
	return OK;
}

void
jinja_free(struct jinja *t)
{
	if (t == NULL)
		return;
	pool_done(&t->pool);
	free(t);
}

bool
jinja_reads(const struct jinja *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n_vars; i++)
		if (str_eq(t->vars[i], name))
			return t->read[i];
	return false;
}

struct jinja_vars *
jinja_vars_new(void)
{
	struct jinja_vars *v = xalloc(sizeof(*v));

	v->pool.max = JINJA_INPUT_MAX;
	return v;
}

void
jinja_vars_free(struct jinja_vars *v)
{
	if (v == NULL)
		return;
	pool_done(&v->pool);
	free(v);
}

static void
put(struct jinja_vars *v, const char *name, struct tv value)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (str_eq(v->names[i], name))
			break;
	if (i == JINJA_VARS_MAX)
		fatal("more than %d variables", JINJA_VARS_MAX);
	if (i == v->n) {
		v->names[i].len = strlen(name);
		v->names[i].p = pool_text(&v->pool, name, v->names[i].len);
		if (v->names[i].p == NULL)
			return;
		v->n++;
	}
	v->values[i] = value;
}

void
jinja_put_text(
    struct jinja_vars *v, const char *name, const char *s, size_t len)
{
	char *copy = pool_text(&v->pool, s, len);

	if (copy != NULL)
		put(v, name, tv_text((struct str){copy, len}));
}

void
jinja_put_int(struct jinja_vars *v, const char *name, int64_t n)
{
	put(v, name, tv_int(n));
}

void
jinja_put_float(struct jinja_vars *v, const char *name, double d)
{
	put(v, name, tv_real(d));
}

void
jinja_put_bool(struct jinja_vars *v, const char *name, bool b)
{
	put(v, name, tv_bool(b));
}

bool
jinja_put_json(
    struct jinja_vars *v, const char *name, const char *text, size_t len)
{
	struct tv value;

	if (!json_scan(text, len) || !json_read_tv(&v->pool, text, len, &value))
		return false;
	put(v, name, value);
	return true;
}
