/* SPDX-License-Identifier: Apache-2.0 */
#include "home/command.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "home/home_priv.h"

#define WORDS_SHOWN_MAX 160 /* Of what is possible, in a sentence. */
#define STEP_SLACK 1e-6 /* Of one step. */

void
home_domain_words(const struct home_domain *d, struct buf *out)
{
	size_t i;

	if (d->kind == HOME_ENUM) {
		buf_adds(out, d->n_options > 1 ? "one of " : "");
		for (i = 0; i < d->n_options; i++)
			buf_addf(
			    out, "%s%s", i > 0 ? ", " : "", d->options[i].name);
		return;
	}
	buf_adds(out, d->kind == HOME_NUMBER ? "a number" : "a text");
	if (!d->bounded)
		return;
	buf_adds(out, d->kind == HOME_NUMBER ? " from " : " of ");
	home_number_text(d->min, out);
	buf_adds(out, " to ");
	home_number_text(d->max, out);
	if (d->kind == HOME_TEXT)
		buf_adds(out, " characters");
	if (d->unit != NULL)
		buf_addf(out, " %s", d->unit);
	if (d->step > 0) {
		buf_adds(out, " in steps of ");
		home_number_text(d->step, out);
	}
}

/* "brightness goes from 1 to 100 %" and the like. */
static enum err
say_possible(const struct home_param *p, struct errmsg *why)
{
	struct buf b;
	size_t keep;

	buf_init(&b, 64 * 1024);
	home_domain_words(&p->domain, &b);
	keep = str_cut(b.p != NULL ? b.p : "", WORDS_SHOWN_MAX);
	err_write(why, "%s is %.*s%s", p->name, (int)keep,
	    b.p != NULL ? b.p : "", keep < b.len ? " and more" : "");
	buf_done(&b);
	return ERR_INPUT;
}

static bool
is_on_step(const struct home_domain *d, double n)
{
	double steps;

	if (d->step <= 0)
		return true;
	steps = (n - (d->bounded ? d->min : 0)) / d->step;
	return fabs(steps - round(steps)) <= STEP_SLACK;
}

static size_t
count_letters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static enum err
read_arg(const struct home_param *p, const struct json *v, struct home_arg *ret,
    struct errmsg *why)
{
	const struct home_domain *d = &p->domain;
	const char *text = json_text(v);
	double n = json_double(v);
	size_t i;

	ret->there = true;
	switch (d->kind) {
	case HOME_ENUM:
		for (i = 0; text != NULL && i < d->n_options; i++)
			if (strcmp(d->options[i].name, text) == 0)
				ret->option = &d->options[i];
		return ret->option != NULL ? OK : say_possible(p, why);
	case HOME_NUMBER:
		ret->number = n;
		if (!json_is_number(v) ||
		    (d->bounded && (n < d->min || n > d->max)) ||
		    !is_on_step(d, n))
			return say_possible(p, why);
		return OK;
	default:
		ret->text = text;
		if (text == NULL || strlen(text) > HOME_TEXT_MAX ||
		    (d->bounded &&
			(count_letters(text) < (size_t)d->min ||
			    count_letters(text) > (size_t)d->max)))
			return say_possible(p, why);
		return OK;
	}
}

enum err
home_args(const struct home_action *a, const struct json *params,
    struct home_arg *ret, struct errmsg *why)
{
	const struct json *v;
	struct errmsg possible;
	size_t found = 0;
	size_t i;
	enum err e;

	memset(ret, 0, HOME_PARAMS_MAX * sizeof(*ret));
	if (params != NULL && !json_is_object(params))
		return err_say(why, ERR_INPUT,
		    "the parameters of %s are an object", a->name);
	for (i = 0; i < a->n_params; i++) {
		v = params != NULL ? json_get(params, a->params[i].name) : NULL;
		if (v == NULL && a->params[i].optional)
			continue;
		if (v == NULL) {
			(void)say_possible(&a->params[i], &possible);
			return err_say(why, ERR_INPUT,
			    "%s needs one more: %.200s", a->name,
			    possible.text);
		}
		found++;
		e = read_arg(&a->params[i], v, &ret[i], why);
		if (e != OK)
			return e;
	}
	if (params == NULL || json_count(params) == found)
		return OK;
	for (v = json_first(params); v != NULL; v = json_next(v)) {
		for (i = 0; i < a->n_params; i++)
			if (strcmp(a->params[i].name, json_name(v)) == 0)
				break;
		if (i == a->n_params)
			return err_say(why, ERR_INPUT,
			    "%s has no parameter '%.60s'", a->name,
			    json_name(v));
	}
	return OK;
}

void
home_colour(
    const struct home_action *a, const struct home_arg *args, int ret[3])
{
	static const char *const names[3] = {"red", "green", "blue"};
	size_t i;
	int k;

	for (k = 0; k < 3; k++)
		for (ret[k] = 0, i = 0; i < a->n_params; i++)
			if (strcmp(a->params[i].name, names[k]) == 0 &&
			    args[i].there && args[i].number >= 0 &&
			    args[i].number <= 255)
				ret[k] = (int)args[i].number;
}

static struct json *
raw_json(const char *wire)
{
	struct json *v;

	/* Checked when the record was read. */
	return json_parse(wire, strlen(wire), &v) == OK ? v : json_string(wire);
}

static struct json *
set_json(
    const struct home_set *s, const struct home_arg *arg, const int *colour)
{
	const char *wire = s->wire;
	bool raw = s->raw;

	if (arg != NULL && arg->option != NULL) {
		wire = arg->option->wire;
		raw = arg->option->raw;
	} else if (arg != NULL && arg->text != NULL) {
		return json_string(arg->text);
	} else if (arg != NULL) {
		return home_number(
		    home_out(&s->conversion, arg->number, colour));
	}
	return raw ? raw_json(wire) : json_string(wire);
}

static struct json *
set_value(const struct home_action *a, size_t i, const struct home_arg *args,
    const int *colour)
{
	const struct home_set *s = &a->sets[i];

	return set_json(s, s->param >= 0 ? &args[s->param] : NULL, colour);
}

static bool
is_said(const struct home_action *a, size_t i, const struct home_arg *args)
{
	return a->sets[i].param < 0 || args[a->sets[i].param].there;
}

static size_t
prefix_len(const char *path)
{
	const char *dot = strchr(path, '.');

	return dot != NULL ? (size_t)(dot - path) : 0;
}

/* "color.x" and "color.y" are two members of one object, which is put with
 * the first of them. */
static void
put_group(struct json *to, const struct home_action *a, size_t first,
    const struct home_arg *args, const int *colour)
{
	const char *path = a->sets[first].name;
	size_t n = prefix_len(path);
	struct json *group;
	char name[NAME_MAX_LEN + 1] = "";
	size_t i;

	for (i = 0; i < first; i++)
		if (prefix_len(a->sets[i].name) == n &&
		    strncmp(a->sets[i].name, path, n) == 0 &&
		    is_said(a, i, args))
			return;
	group = json_object();
	for (i = first; i < a->n_sets; i++)
		if (prefix_len(a->sets[i].name) == n &&
		    strncmp(a->sets[i].name, path, n) == 0 &&
		    is_said(a, i, args))
			json_put(group, a->sets[i].name + n + 1,
			    set_value(a, i, args, colour));
	memcpy(name, path, n);
	json_put(to, name, group);
}

static void
render_json(const struct home_action *a, const struct home_arg *args,
    const int *colour, struct buf *payload)
{
	struct json *v = json_object();
	size_t i;

	for (i = 0; i < a->n_sets; i++) {
		if (!is_said(a, i, args))
			continue;
		if (prefix_len(a->sets[i].name) > 0)
			put_group(v, a, i, args, colour);
		else
			json_put(
			    v, a->sets[i].name, set_value(a, i, args, colour));
	}
	json_print_into(v, payload);
	json_free(v);
}

static void
put_number(struct jinja_vars *vars, const char *name, double d)
{
	if (d == floor(d) && fabs(d) < 9e15)
		jinja_put_int(vars, name, (int64_t)d);
	else
		jinja_put_float(vars, name, d);
}

static enum err
render_template(const struct home_action *a, const struct home_arg *args,
    const int *colour, struct buf *payload, struct errmsg *why)
{
	struct jinja_vars *vars = jinja_vars_new();
	enum err e;
	size_t i;

	for (i = 0; i < a->n_sets; i++) {
		const struct home_set *s = &a->sets[i];
		const struct home_arg *arg =
		    s->param >= 0 ? &args[s->param] : NULL;
		const char *text = s->wire;

		if (arg != NULL && !arg->there)
			continue;
		if (arg != NULL)
			text =
			    arg->option != NULL ? arg->option->wire : arg->text;
		if (text == NULL)
			put_number(vars, s->name,
			    home_out(&s->conversion,
				arg != NULL ? arg->number : 0, colour));
		else if (arg == NULL && s->raw && strchr("-0123456789", *text))
			put_number(vars, s->name, strtod(text, NULL));
		else
			jinja_put_text(vars, s->name, text, strlen(text));
	}
	e = jinja_render(a->compiled, vars, payload, why);
	jinja_vars_free(vars);
	return e;
}

/* The parameter as it is. */
static void
render_value(const struct home_action *a, const struct home_arg *args,
    const int *colour, struct buf *payload)
{
	const struct home_set *s = &a->sets[0];
	const struct home_arg *arg = s->param >= 0 ? &args[s->param] : NULL;

	if (arg == NULL)
		buf_adds(payload, s->wire);
	else if (arg->option != NULL)
		buf_adds(payload, arg->option->wire);
	else if (arg->text != NULL)
		buf_adds(payload, arg->text);
	else if (arg->there)
		home_number_text(
		    home_out(&s->conversion, arg->number, colour), payload);
}

static enum err
find_and_check(const struct entity *e, const char *action,
    const struct json *params, const struct home_action **ret,
    struct home_arg *args, struct errmsg *why)
{
	struct buf b;
	size_t i;

	*ret = entity_action(e, action);
	if (*ret != NULL)
		return home_args(*ret, params, args, why);
	buf_init(&b, WORDS_SHOWN_MAX);
	for (i = 0; i < e->n_actions; i++)
		buf_addf(&b, "%s%s", i > 0 ? ", " : "", e->actions[i].name);
	if (e->n_actions == 0)
		err_write(why, "it cannot be commanded%s%.150s",
		    e->read_only_why != NULL ? ": " : "",
		    e->read_only_why != NULL ? e->read_only_why : "");
	else
		err_write(why, "it has no action '%.40s', but %s", action,
		    b.p != NULL ? b.p : "others");
	buf_done(&b);
	return ERR_NOTFOUND;
}

enum err
home_check(const struct entity *e, const char *action,
    const struct json *params, struct errmsg *why)
{
	struct home_arg args[HOME_PARAMS_MAX];
	const struct home_action *a;

	return find_and_check(e, action, params, &a, args, why);
}

enum err
home_render(const struct entity *e, const char *action,
    const struct json *params, const char **ret_topic, struct buf *payload,
    struct errmsg *why)
{
	struct home_arg args[HOME_PARAMS_MAX];
	const struct home_action *a;
	int colour[3];
	enum err err = find_and_check(e, action, params, &a, args, why);
	struct buf made;

	if (err != OK)
		return err;
	home_colour(a, args, colour);
	buf_init(&made, HOME_PAYLOAD_MAX);
	if (a->payload == PAYLOAD_TEXT)
		a->n_sets > 0 ? render_value(a, args, colour, &made)
			      : buf_adds(&made, a->text);
	else if (a->payload == PAYLOAD_JSON)
		render_json(a, args, colour, &made);
	else
		err = render_template(a, args, colour, &made, why);
	if (err == OK && made.overflow)
		err = err_say(why, ERR_LIMIT,
		    "the payload has more than %d bytes", HOME_PAYLOAD_MAX);
	if (err == OK) {
		buf_add(payload, made.p != NULL ? made.p : "", made.len);
		*ret_topic = a->topic;
	}
	buf_done(&made);
	return err;
}

static struct json *
describe_domain(const struct home_domain *d, bool optional)
{
	struct json *v = json_object();
	struct json *list;
	size_t i;

	json_put_str(v, "kind", home_kind_name(d->kind));
	if (d->unit != NULL)
		json_put_str(v, "unit", d->unit);
	if (d->bounded) {
		json_put(v, "min", home_number(d->min));
		json_put(v, "max", home_number(d->max));
	}
	if (d->step > 0)
		json_put(v, "step", home_number(d->step));
	if (optional)
		json_put_bool(v, "optional", true);
	if (d->n_options == 0)
		return v;
	list = json_array();
	for (i = 0; i < d->n_options; i++)
		json_push(list, json_string(d->options[i].name));
	json_put(v, "options", list);
	return v;
}

struct json *
home_describe(const struct entity *e)
{
	struct json *v = json_object();
	struct json *actions = json_object();
	struct json *values = json_object();
	size_t i;
	size_t k;

	for (i = 0; i < e->n_actions; i++) {
		const struct home_action *a = &e->actions[i];
		struct json *params = json_object();

		for (k = 0; k < a->n_params; k++)
			json_put(params, a->params[k].name,
			    describe_domain(
				&a->params[k].domain, a->params[k].optional));
		json_put(actions, a->name, params);
	}
	for (i = 0; i < e->n_values; i++)
		json_put(values, e->values[i].name,
		    describe_domain(&e->values[i].domain, false));
	json_put(v, "actions", actions);
	json_put(v, "values", values);
	return v;
}
