/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "home/home_priv.h"

enum err
home_only(const struct json *object, const char *what, const char *names,
    struct errmsg *why)
{
	const struct json *m;
	char name[NAME_MAX_LEN + 3];

	if (!json_is_object(object))
		return err_say(why, ERR_INPUT, "%s is not an object", what);
	for (m = json_first(object); m != NULL; m = json_next(m)) {
		snprintf(name, sizeof(name), " %s ", json_name(m));
		if (strchr(json_name(m), ' ') != NULL ||
		    strstr(names, name) == NULL)
			return err_say(why, ERR_INPUT,
			    "%s has '%.40s', which is not known", what,
			    json_name(m));
	}
	return OK;
}

static bool
is_text(const struct json *v, size_t most)
{
	const char *s = json_text(v);

	return s != NULL && strlen(s) <= most;
}

/* What stands raw in JSON is one of its words or a number. */
static bool
is_raw(const char *wire)
{
	struct json *v;
	bool is;

	if (wire == NULL || json_parse(wire, strlen(wire), &v) != OK)
		return false;
	is = !json_is_string(v) && !json_is_object(v) && !json_is_array(v);
	json_free(v);
	return is;
}

static bool
read_bound(const struct json *v, const char *name, double *ret)
{
	const struct json *n = json_get(v, name);

	if (n == NULL)
		return true;
	*ret = json_double(n);
	return json_is_number(n) && isfinite(*ret);
}

static enum err
read_options(struct home_domain *d, const struct json *list, struct reader *r)
{
	const struct json *o;
	size_t i;

	if (!json_is_array(list) || json_count(list) == 0 ||
	    json_count(list) > HOME_OPTIONS_MAX)
		return err_say(r->why, ERR_LIMIT,
		    "an enumeration has between 1 and %d options",
		    HOME_OPTIONS_MAX);
	d->options = xalloc(json_count(list) * sizeof(*d->options));
	for (o = json_first(list); o != NULL; o = json_next(o)) {
		struct home_option *to = &d->options[d->n_options];

		if (home_only(o, "an option", " name wire raw ", r->why) != OK)
			return ERR_INPUT;
		if (!is_text(json_get(o, "name"), HOME_TEXT_MAX) ||
		    !is_text(json_get(o, "wire"), HOME_TEXT_MAX))
			return err_say(r->why, ERR_INPUT,
			    "an option has no name, or a long one");
		to->name = home_keep(r, json_str(o, "name"));
		to->wire = home_keep(r, json_str(o, "wire"));
		to->raw = json_flag(o, "raw");
		if (to->raw && !is_raw(to->wire))
			return err_say(
			    r->why, ERR_INPUT, "an option is no word of JSON");
		for (i = 0; i < d->n_options; i++)
			if (strcmp(d->options[i].name, to->name) == 0)
				return err_say(r->why, ERR_INPUT,
				    "the option '%.60s' stands twice",
				    to->name);
		d->n_options++;
	}
	return OK;
}

static enum err
read_domain(struct home_domain *d, const struct json *v, struct reader *r)
{
	enum err e = home_only(
	    v, "a domain", " kind unit min max step options ", r->why);
	int k;

	if (e != OK)
		return e;
	for (k = 0; k < HOME_KIND_COUNT; k++)
		if (strcmp(json_words(v, "kind"), home_kind_name(k)) == 0)
			break;
	d->kind = (enum home_kind)k;
	if (k == HOME_KIND_COUNT)
		return err_say(r->why, ERR_INPUT, "a domain has no known kind");
	if (json_has(v, "options") != (d->kind == HOME_ENUM))
		return err_say(r->why, ERR_INPUT, "options belong to enum");
	d->unit = home_keep(r, json_str(v, "unit"));
	if (json_has(v, "unit") &&
	    !is_text(json_get(v, "unit"), HOME_WORDS_MAX))
		return err_say(r->why, ERR_INPUT, "a unit is a short text");
	d->bounded = json_has(v, "min") && json_has(v, "max");
	if (!read_bound(v, "min", &d->min) || !read_bound(v, "max", &d->max) ||
	    !read_bound(v, "step", &d->step) || d->min > d->max ||
	    d->step < 0 || json_has(v, "min") != json_has(v, "max") ||
	    (d->kind == HOME_TEXT && (d->min < 0 || d->max > HOME_TEXT_MAX)))
		return err_say(
		    r->why, ERR_INPUT, "min, max and step make no range");
	return d->kind == HOME_ENUM ? read_options(d, json_get(v, "options"), r)
				    : OK;
}

static enum err
read_conversion(
    struct home_conversion *c, const struct json *v, struct reader *r)
{
	static const char *const names[] = {
#define X(name, text) text,
	    HOME_AS_TABLE(X)
#undef X
	};
	const char *as = json_str(v, "as");
	int i;

	c->low = 0;
	c->high = 100;
	if (json_has(v, "as") && as == NULL)
		return err_say(r->why, ERR_INPUT, "'as' is a word");
	for (i = 0; as != NULL && i < HOME_AS_COUNT; i++)
		if (strcmp(as, names[i]) == 0)
			break;
	c->as = (enum home_as)i;
	if (i == HOME_AS_COUNT || !read_bound(v, "low", &c->low) ||
	    !read_bound(v, "high", &c->high) || c->low == c->high)
		return err_say(
		    r->why, ERR_INPUT, "a conversion is none that is known");
	return OK;
}

static enum err
read_template(const struct json *v, const char *name, const char **ret_text,
    const struct jinja **ret, struct reader *r)
{
	*ret_text = home_keep(r, json_str(v, name));
	if (!json_has(v, name))
		return OK;
	if (*ret_text == NULL)
		return err_say(r->why, ERR_INPUT, "a template is a text");
	return home_template_get(*ret_text, false, ret, r->why);
}

static enum err
read_topic(const struct json *v, const char **ret, struct reader *r)
{
	*ret = home_keep(r, json_str(v, "topic"));
	if (*ret == NULL || !home_topic_ok(*ret))
		return err_say(r->why, ERR_INPUT,
		    "a topic is missing, too long, or has + # or $ where no "
		    "message can go");
	return OK;
}

static enum err
read_name(const struct json *v, const char **ret, struct reader *r)
{
	*ret = home_keep(r, json_str(v, "name"));
	if (*ret == NULL || !str_is_name(*ret))
		return err_say(r->why, ERR_INPUT, "a name is missing or wrong");
	return OK;
}

enum err
home_read_values(struct entity *e, const struct json *doc, struct reader *r)
{
	const struct json *list = json_get(doc, "values");
	const struct json *v;
	enum err err;

	if (!json_is_array(list) || json_count(list) > HOME_VALUES_MAX)
		return err_say(r->why, ERR_LIMIT, "it has more than %d values",
		    HOME_VALUES_MAX);
	e->values = xalloc(json_count(list) * sizeof(*e->values));
	for (v = json_first(list); v != NULL; v = json_next(v)) {
		struct home_value *to = &e->values[e->n_values];

		err = home_only(v, "a value",
		    " name topic template domain as low high ", r->why);
		if (err == OK)
			err = read_name(v, &to->name, r);
		if (err == OK && entity_value(e, to->name) >= 0)
			err = err_say(r->why, ERR_INPUT,
			    "the value '%s' stands twice", to->name);
		e->n_values++;
		if (err == OK)
			err = read_topic(v, &to->topic, r);
		if (err == OK)
			err = read_template(
			    v, "template", &to->template, &to->compiled, r);
		if (err == OK)
			err =
			    read_domain(&to->domain, json_get(v, "domain"), r);
		if (err == OK)
			err = read_conversion(&to->conversion, v, r);
		if (err != OK)
			return err;
	}
	return OK;
}

static enum err
read_params(struct home_action *a, const struct json *list, struct reader *r)
{
	const struct json *v;
	enum err err;
	size_t i;

	if (!json_is_array(list) || json_count(list) > HOME_PARAMS_MAX)
		return err_say(r->why, ERR_LIMIT,
		    "an action has more than %d parameters", HOME_PARAMS_MAX);
	a->params = xalloc(json_count(list) * sizeof(*a->params));
	for (v = json_first(list); v != NULL; v = json_next(v)) {
		struct home_param *to = &a->params[a->n_params++];

		err = home_only(
		    v, "a parameter", " name optional secret domain ", r->why);
		if (err == OK)
			err = read_name(v, &to->name, r);
		for (i = 0; err == OK && i + 1 < a->n_params; i++)
			if (strcmp(a->params[i].name, to->name) == 0)
				err = err_say(r->why, ERR_INPUT,
				    "a parameter stands twice");
		to->optional = json_flag(v, "optional");
		to->secret = json_flag(v, "secret");
		if (err == OK)
			err =
			    read_domain(&to->domain, json_get(v, "domain"), r);
		if (err != OK)
			return err;
	}
	return OK;
}

/* Which parameter: its place, or -1 for none; false for what is no place. */
static bool
read_place(const struct json *v, const char *name, size_t n, int *ret)
{
	int64_t place = json_int(v, name, -1);

	*ret = (int)place;
	if (!json_has(v, name))
		return true;
	return json_is_integer(json_get(v, name)) && place >= 0 &&
	    place < (int64_t)n;
}

/* Does this path stand already, or within another one? */
static bool
clashes(const struct home_action *a, const char *path)
{
	size_t i;

	for (i = 0; i + 1 < a->n_sets; i++) {
		const char *other = a->sets[i].name;
		size_t n = strlen(other);
		size_t len = strlen(path);

		if (strncmp(path, other, n < len ? n : len) == 0 &&
		    (n == len || (n < len ? path[n] : other[len]) == '.'))
			return true;
	}
	return strchr(path, '.') != strrchr(path, '.');
}

static enum err
read_sets(struct home_action *a, const struct json *list, struct reader *r)
{
	const struct json *v;

	if (!json_is_array(list) || json_count(list) > HOME_SETS_MAX)
		return err_say(r->why, ERR_LIMIT,
		    "a payload has more than %d parts", HOME_SETS_MAX);
	a->sets = xalloc(json_count(list) * sizeof(*a->sets));
	for (v = json_first(list); v != NULL; v = json_next(v)) {
		struct home_set *to = &a->sets[a->n_sets++];

		if (home_only(v, "a part", " name param wire raw as low high ",
			r->why) != OK ||
		    read_conversion(&to->conversion, v, r) != OK)
			return ERR_INPUT;
		to->name = home_keep(r, json_str(v, "name"));
		to->wire = home_keep(r, json_str(v, "wire"));
		to->raw = json_flag(v, "raw");
		if (!is_text(json_get(v, "name"), NAME_MAX_LEN) ||
		    !read_place(v, "param", a->n_params, &to->param) ||
		    (to->param < 0) != (to->wire != NULL) ||
		    (to->raw && !is_raw(to->wire)) || clashes(a, to->name) ||
		    (to->wire != NULL &&
			!is_text(json_get(v, "wire"), HOME_PAYLOAD_MAX)))
			return err_say(r->why, ERR_INPUT,
			    "a part of a payload is no constant and no "
			    "parameter");
	}
	return OK;
}

static enum err
read_expects(const struct entity *e, struct home_action *a,
    const struct json *list, struct reader *r)
{
	const struct json *v;

	if (!json_is_array(list) || json_count(list) > HOME_EXPECTS_MAX)
		return err_say(r->why, ERR_LIMIT,
		    "an action is confirmed by more than %d values",
		    HOME_EXPECTS_MAX);
	a->expects = xalloc(json_count(list) * sizeof(*a->expects));
	for (v = json_first(list); v != NULL; v = json_next(v)) {
		struct home_expect *to = &a->expects[a->n_expects++];

		if (home_only(v, "what confirms",
			" value param is as low high within ", r->why) != OK ||
		    read_conversion(&to->conversion, v, r) != OK)
			return ERR_INPUT;
		to->is = home_keep(r, json_str(v, "is"));
		if (!json_has(v, "value") ||
		    !read_place(v, "value", e->n_values, &to->value) ||
		    !read_place(v, "param", a->n_params, &to->param) ||
		    !read_bound(v, "within", &to->within) ||
		    (to->param < 0) != (to->is != NULL))
			return err_say(r->why, ERR_INPUT,
			    "what confirms an action names no value");
	}
	return OK;
}

static enum err
read_payload(struct home_action *a, const struct json *v, struct reader *r)
{
	const char *how = json_words(v, "payload");

	a->text = home_keep(r, json_str(v, "text"));
	if (strcmp(how, "json") == 0 && !json_has(v, "text")) {
		a->payload = PAYLOAD_JSON;
		return OK;
	}
	if (a->text == NULL || strlen(a->text) > HOME_PAYLOAD_MAX)
		return err_say(r->why, ERR_INPUT,
		    "an action has no payload, or a long one");
	if (strcmp(how, "text") == 0) {
		a->payload = PAYLOAD_TEXT;
		return OK;
	}
	if (strcmp(how, "template") != 0)
		return err_say(
		    r->why, ERR_INPUT, "a payload is text, json or template");
	a->payload = PAYLOAD_TEMPLATE;
	return home_template_get(a->text, true, &a->compiled, r->why);
}

enum err
home_read_actions(struct entity *e, const struct json *doc, struct reader *r)
{
	const struct json *list = json_get(doc, "actions");
	const struct json *v;
	enum err err;

	if (!json_is_array(list) || json_count(list) > HOME_ACTIONS_MAX)
		return err_say(r->why, ERR_LIMIT, "it has more than %d actions",
		    HOME_ACTIONS_MAX);
	e->actions = xalloc(json_count(list) * sizeof(*e->actions));
	for (v = json_first(list); v != NULL; v = json_next(v)) {
		struct home_action *to = &e->actions[e->n_actions];

		err = home_only(v, "an action",
		    " name topic payload text params sets expects ", r->why);
		if (err == OK)
			err = read_name(v, &to->name, r);
		if (err == OK && entity_action(e, to->name) != NULL)
			err = err_say(r->why, ERR_INPUT,
			    "the action '%s' stands twice", to->name);
		e->n_actions++;
		if (err == OK)
			err = read_topic(v, &to->topic, r);
		if (err == OK)
			err = read_payload(to, v, r);
		if (err == OK)
			err = read_params(to, json_get(v, "params"), r);
		if (err == OK)
			err = read_sets(to, json_get(v, "sets"), r);
		if (err == OK)
			err = read_expects(e, to, json_get(v, "expects"), r);
		if (err != OK)
			return err;
	}
	return OK;
}

enum err
home_read_availability(
    struct entity *e, const struct json *doc, struct reader *r)
{
	static const char *const modes[] = {"all", "any", "latest"};
	const struct json *list = json_get(doc, "availability");
	const struct json *v;
	enum err err;
	size_t i;

	if (!json_is_array(list) || json_count(list) > HOME_AVAILABILITY_MAX)
		return err_say(r->why, ERR_LIMIT,
		    "it has more than %d availability topics",
		    HOME_AVAILABILITY_MAX);
	e->availability = xalloc(json_count(list) * sizeof(*e->availability));
	for (i = 0; i < ARRAY_LEN(modes); i++)
		if (strcmp(json_words(doc, "mode"), modes[i]) == 0)
			break;
	if (i == ARRAY_LEN(modes))
		return err_say(
		    r->why, ERR_INPUT, "the mode is all, any or latest");
	e->mode = (enum home_mode)i;
	for (v = json_first(list); v != NULL; v = json_next(v)) {
		struct home_availability *to =
		    &e->availability[e->n_availability++];

		err = home_only(v, "an availability",
		    " topic template online offline ", r->why);
		if (err == OK)
			err = read_topic(v, &to->topic, r);
		if (err == OK)
			err = read_template(
			    v, "template", &to->template, &to->compiled, r);
		to->online = home_keep(r, json_str(v, "online"));
		to->offline = home_keep(r, json_str(v, "offline"));
		if (err == OK &&
		    (!is_text(json_get(v, "online"), HOME_TEXT_MAX) ||
			!is_text(json_get(v, "offline"), HOME_TEXT_MAX)))
			err = err_say(r->why, ERR_INPUT,
			    "an availability has no two payloads");
		if (err != OK)
			return err;
	}
	return OK;
}
