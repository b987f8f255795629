/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "jinja/jinja_priv.h"

static bool
fail_memory(struct run *r)
{
	return run_fail(r, ERR_LIMIT, "the template makes more than %d bytes",
	    VALUES_POOL_MAX);
}

static size_t
count_nodes(const struct node *n)
{
	size_t count = 0;

	for (; n != NULL; n = n->next)
		count++;
	return count;
}

static bool
eval_literal(struct run *r, const struct node *n, struct tv *ret)
{
	const struct node *item;
	struct tv *items;
	size_t count = count_nodes(n->a);
	size_t i = 0;

	items = pool_take(&r->pool, (count + 1) * sizeof(*items));
	if (items == NULL)
		return fail_memory(r);
	for (item = n->a; item != NULL; item = item->next)
		if (!run_eval(r, item, &items[i++]))
			return false;
	ret->type = n->op == OP_DICT ? TV_DICT : TV_LIST;
	ret->u.list.items = items;
	ret->u.list.n = n->op == OP_DICT ? count / 2 : count;
	if (n->op == OP_DICT)
		for (i = 0; i < count; i += 2)
			if (items[i].type >= TV_LIST ||
			    items[i].type == TV_UNDEFINED)
				return run_fail(r, ERR_INPUT,
				    "%s is a key of a dictionary",
				    tv_type_name(&items[i]));
	return true;
}

/* A dictionary's value by a key of any kind; false as well when it fails. */
static bool
find_key(struct run *r, const struct tv *dict, const struct tv *key,
    const struct tv **ret)
{
	bool equal = false;
	size_t i;

	*ret = NULL;
	if (!run_spend(r, 1 + dict->u.list.n / 16))
		return false;
	if (key->type == TV_TEXT) {
		*ret = tv_find(dict, key->u.text);
		return true;
	}
	for (i = dict->u.list.n; i-- > 0;) {
		if (!tv_equal(r, &dict->u.list.items[2 * i], key, &equal))
			return false;
		if (equal) {
			*ret = &dict->u.list.items[2 * i + 1];
			break;
		}
	}
	return true;
}

static bool
eval_place(
    struct run *r, const struct tv *of, const struct tv *key, struct tv *ret)
{
	int64_t n = (int64_t)of->u.list.n;
	int64_t i = key->u.integer;

	if (i < 0)
		i += n;
	if (i >= 0 && i < n)
		*ret = of->u.list.items[i];
	(void)r;
	return true;
}

/* of[key]; nothing there is undefined. */
static bool
eval_key(
    struct run *r, const struct tv *of, const struct tv *key, struct tv *ret)
{
	const struct tv *found;

	*ret = (struct tv){.type = TV_UNDEFINED};
	if (of->type == TV_UNDEFINED)
		return run_fail(
		    r, ERR_INPUT, "it looks into what is not there");
	if (key->type == TV_UNDEFINED || key->type == TV_HUGE ||
	    key->type == TV_FLOAT)
		return run_fail(
		    r, ERR_INPUT, "%s is used as a key", tv_type_name(key));
	if (of->type == TV_DICT) {
		if (key->type >= TV_LIST)
			return run_fail(
			    r, ERR_INPUT, "a list is used as a key");
		if (!find_key(r, of, key, &found))
			return false;
		if (found != NULL) {
			*ret = *found;
			return true;
		}
	} else if (of->type == TV_LIST && key->type == TV_INT) {
		return eval_place(r, of, key, ret);
	} else if (of->type == TV_TEXT && key->type != TV_TEXT) {
		return run_fail(
		    r, ERR_INPUT, "it takes a letter out of a text");
	} else if (key->type != TV_TEXT) {
		return true;
	}
	/* Jinja then takes what Python has under that name. */
	if (key->type == TV_TEXT && is_attribute(key->u.text))
		return run_fail(r, ERR_INPUT, "'%.*s' is not there",
		    (int)key->u.text.len, key->u.text.p);
	return true;
}

static bool
eval_path(struct run *r, const struct node *n, struct tv *ret)
{
	struct tv of;
	struct tv key;

	if (!run_eval(r, n->a, &of))
		return false;
	if (n->op == OP_ATTR)
		key = tv_text(n->name);
	else if (!run_eval(r, n->b, &key))
		return false;
	return eval_key(r, &of, &key, ret);
}

static bool
eval_method(struct run *r, const struct node *n, struct tv *ret)
{
	const struct node *arg;
	struct tv args[ARGS_OF_CALL_MAX];
	struct tv of;
	size_t count = 0;

	if (!run_eval(r, n->a, &of))
		return false;
	for (arg = n->b; arg != NULL; arg = arg->next) {
		if (arg->arg.len > 0)
			return run_fail(
			    r, ERR_INPUT, "a method has a named argument");
		if (!run_eval(r, arg, &args[count++]))
			return false;
	}
	return method_apply(r, n->index, &of, args, count, ret);
}

static bool
eval_filter(struct run *r, const struct node *n, struct tv *ret)
{
	const struct node *arg;
	struct tv args[ARGS_OF_CALL_MAX] = {{.type = TV_UNDEFINED}};
	bool has[ARGS_OF_CALL_MAX] = {false};
	struct tv v;
	size_t place = 0;

	if (!run_eval(r, n->a, &v))
		return false;
	for (arg = n->b; arg != NULL; arg = arg->next, place++) {
		int slot = filter_slot(n->index, arg->arg, place);

		if (slot < 0 || has[slot])
			return run_fail(
			    r, ERR_INPUT, "a filter has an argument too many");
		if (!run_eval(r, arg, &args[slot]))
			return false;
		has[slot] = true;
	}
	return filter_apply(r, n->index, &v, args, has, ret);
}

static bool
eval_comparison(struct run *r, const struct node *n, struct tv *ret)
{
	const struct node *c;
	struct tv left;
	struct tv right;
	bool is = true;

	if (!run_eval(r, n->a, &left))
		return false;
	for (c = n->b; c != NULL && is; c = c->next) {
		if (!run_eval(r, c->a, &right))
			return false;
		switch (c->symbol) {
		case SYM_EQ:
		case SYM_NE:
			if (!tv_equal(r, &left, &right, &is))
				return false;
			is = c->symbol == SYM_EQ ? is : !is;
			break;
		case SYM_IN:
		case SYM_OUT:
			if (!tv_contains(r, &right, &left, &is))
				return false;
			is = c->symbol == SYM_IN ? is : !is;
			break;
		default:
			if (!tv_compare(r, &left, &right, c->symbol, &is))
				return false;
		}
		left = right;
	}
	*ret = tv_bool(is);
	return true;
}

static bool
join(struct run *r, struct str a, struct str b, struct tv *ret)
{
	char *p = pool_take(&r->pool, a.len + b.len + 1);

	if (p == NULL)
		return fail_memory(r);
	memcpy(p, a.p, a.len);
	memcpy(p + a.len, b.p, b.len);
	*ret = tv_text((struct str){p, a.len + b.len});
	return run_spend(r, (a.len + b.len) / 64);
}

static int64_t
whole(const struct tv *v)
{
	return v->type == TV_BOOL ? v->u.flag : v->u.integer;
}

static bool
whole_sum(struct run *r, enum op op, int64_t a, int64_t b, struct tv *ret)
{
	int64_t n = 0;
	bool over = false;

	switch (op) {
	case OP_ADD:
		over = __builtin_add_overflow(a, b, &n);
		break;
	case OP_SUBTRACT:
		over = __builtin_sub_overflow(a, b, &n);
		break;
	case OP_MULTIPLY:
		over = __builtin_mul_overflow(a, b, &n);
		break;
	default:
		/* Python rounds down, and its rest has the sign of b. */
		if (b == -1)
			over = op == OP_FLOOR &&
			    __builtin_sub_overflow((int64_t)0, a, &n);
		else
			n = op == OP_MODULO ? a % b : a / b;
		if (b != -1 && a % b != 0 && (a % b < 0) != (b < 0))
			n = op == OP_MODULO ? n + b : n - 1;
	}
	if (over)
		return run_fail(r, ERR_INPUT, "a number grows too large");
	*ret = tv_int(n);
	return true;
}

static bool
real_sum(struct run *r, enum op op, double a, double b, struct tv *ret)
{
	double d = 0;
	double rest;

	switch (op) {
	case OP_ADD:
		d = a + b;
		break;
	case OP_SUBTRACT:
		d = a - b;
		break;
	case OP_MULTIPLY:
		d = a * b;
		break;
	case OP_DIVIDE:
		d = a / b;
		break;
	default:
		rest = fmod(a, b);
		d = (a - rest) / b;
		if (rest != 0 && (b < 0) != (rest < 0)) {
			rest += b;
			d -= 1;
		} else if (rest == 0) {
			rest = copysign(0, b);
		}
		if (d != 0)
			d = d - floor(d) > 0.5 ? floor(d) + 1 : floor(d);
		else
			d = copysign(0, a / b);
		d = op == OP_MODULO ? rest : d;
	}
	if (!isfinite(d))
		return run_fail(r, ERR_INPUT, "a number grows too large");
	*ret = tv_real(d);
	return true;
}

static bool
eval_sum(struct run *r, const struct node *n, struct tv *ret)
{
	struct tv a;
	struct tv b;

	if (!run_eval(r, n->a, &a) || !run_eval(r, n->b, &b))
		return false;
	if (n->op == OP_ADD && a.type == TV_TEXT && b.type == TV_TEXT)
		return join(r, a.u.text, b.u.text, ret);
	if (!tv_is_number(&a) || !tv_is_number(&b))
		return run_fail(r, ERR_INPUT, "it calculates with %s and %s",
		    tv_type_name(&a), tv_type_name(&b));
	if (n->op >= OP_DIVIDE && tv_double(&b) == 0)
		return run_fail(r, ERR_INPUT, "it divides by nought");
	if (n->op == OP_DIVIDE && a.type != TV_FLOAT && b.type != TV_FLOAT &&
	    (whole(&a) > (int64_t)1 << 53 || whole(&a) < -((int64_t)1 << 53) ||
		whole(&b) > (int64_t)1 << 53 ||
		whole(&b) < -((int64_t)1 << 53)))
		return run_fail(r, ERR_INPUT, "a number grows too large");
	if (n->op != OP_DIVIDE && a.type != TV_FLOAT && b.type != TV_FLOAT)
		return whole_sum(r, n->op, whole(&a), whole(&b), ret);
	return real_sum(r, n->op, tv_double(&a), tv_double(&b), ret);
}

static bool
eval_signed(struct run *r, const struct node *n, struct tv *ret)
{
	struct tv v;

	if (!run_eval(r, n->a, &v))
		return false;
	if (!tv_is_number(&v))
		return run_fail(
		    r, ERR_INPUT, "%s has a sign", tv_type_name(&v));
	if (v.type == TV_FLOAT)
		*ret = tv_real(n->op == OP_MINUS ? -v.u.real : v.u.real);
	else
		return whole_sum(r, n->op == OP_MINUS ? OP_SUBTRACT : OP_ADD, 0,
		    whole(&v), ret);
	return true;
}

static bool
eval_choice(struct run *r, const struct node *n, struct tv *ret)
{
	struct tv v;

	if (!run_eval(r, n->op == OP_WHEN ? n->b : n->a, &v))
		return false;
	switch (n->op) {
	case OP_NOT:
		*ret = tv_bool(!tv_truth(&v));
		return true;
	case OP_WHEN:
		if (tv_truth(&v))
			return run_eval(r, n->a, ret);
		*ret = (struct tv){.type = TV_UNDEFINED};
		return n->c == NULL || run_eval(r, n->c, ret);
	default:
		*ret = v;
		return tv_truth(&v) == (n->op == OP_OR) ||
		    run_eval(r, n->b, ret);
	}
}

static bool
eval_joined(struct run *r, const struct node *n, struct tv *ret)
{
	struct tv a;
	struct tv b;
	struct str x;
	struct str y;

	return run_eval(r, n->a, &a) && run_eval(r, n->b, &b) &&
	    tv_show(r, &a, &x) && tv_show(r, &b, &y) && join(r, x, y, ret);
}

static bool
eval_test(struct run *r, const struct node *n, struct tv *ret)
{
	struct tv v;

	if (!run_eval(r, n->a, &v))
		return false;
	*ret = tv_bool(test_apply(n->index, &v));
	return true;
}

bool
run_eval(struct run *r, const struct node *n, struct tv *ret)
{
	if (!run_spend(r, 1))
		return false;
	switch (n->op) {
	case OP_CONST:
		*ret = n->value;
		return true;
	case OP_VAR:
		*ret = r->vars[n->index];
		return true;
	case OP_LIST:
	case OP_DICT:
		return eval_literal(r, n, ret);
	case OP_ATTR:
	case OP_ITEM:
		return eval_path(r, n, ret);
	case OP_METHOD:
		return eval_method(r, n, ret);
	case OP_FILTER:
		return eval_filter(r, n, ret);
	case OP_TEST:
		return eval_test(r, n, ret);
	case OP_NOT:
	case OP_AND:
	case OP_OR:
	case OP_WHEN:
		return eval_choice(r, n, ret);
	case OP_MINUS:
	case OP_PLUS:
		return eval_signed(r, n, ret);
	case OP_COMPARE:
		return eval_comparison(r, n, ret);
	case OP_JOIN:
		return eval_joined(r, n, ret);
	default:
		return eval_sum(r, n, ret);
	}
}

static bool
run_body(struct run *r, const struct node *n, struct buf *out)
{
	struct tv v;
	struct str s;

	for (; n != NULL; n = n->next) {
		if (!run_spend(r, 1))
			return false;
		if (n->op == OP_TEXT) {
			buf_add(out, n->value.u.text.p, n->value.u.text.len);
			continue;
		}
		if (!run_eval(r, n->a, &v))
			return false;
		switch (n->op) {
		case OP_SET:
			r->vars[n->index] = v;
			break;
		case OP_IF:
			if (!run_body(r, tv_truth(&v) ? n->b : n->c, out))
				return false;
			break;
		default:
			if (!tv_show(r, &v, &s))
				return false;
			buf_add(out, s.p, s.len);
		}
	}
	return true;
}

enum err
jinja_render(const struct jinja *t, struct jinja_vars *v, struct buf *out,
    struct errmsg *why)
{
	struct tv vars[JINJA_VARS_MAX] = {{.type = TV_UNDEFINED}};
	struct run r = {
	    .vars = vars, .pool = {.max = VALUES_POOL_MAX}, .why = why};
	struct buf whole_text;
	struct str s;
	size_t i;
	size_t k;

	for (i = 0; i < t->n_vars; i++)
		for (k = 0; k < v->n && t->given[i]; k++)
			if (v->names[k].len == t->vars[i].len &&
			    memcmp(v->names[k].p, t->vars[i].p,
				t->vars[i].len) == 0)
				vars[i] = v->values[k];
	buf_init(&whole_text, VALUES_POOL_MAX);
	if (run_body(&r, t->body, &whole_text) && whole_text.overflow)
		fail_memory(&r);
	if (r.e == OK) {
		s = py_strip((struct str){whole_text.p, whole_text.len});
		if (s.len > out->max - out->len)
			run_fail(&r, ERR_LIMIT,
			    "the template makes more than %zu bytes",
			    out->max - out->len);
		else
			buf_add(out, s.p, s.len);
	}
	buf_done(&whole_text);
	pool_done(&r.pool);
	return r.e;
}
