/* SPDX-License-Identifier: Apache-2.0 */
#include "home/state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "home/home_priv.h"
#include "values/values.h"

#define NUMBER_SAME 1e-9

struct home_message {
	const char *topic;
	struct str payload;
	struct jinja_vars *vars;
};

enum err
home_message_new(const char *topic, const char *payload, size_t len,
    struct home_message **ret, struct errmsg *why)
{
	struct home_message *m;

	if (len > HOME_STATE_MAX)
		return err_say(why, ERR_LIMIT,
		    "a message of %zu bytes came; %d are read", len,
		    HOME_STATE_MAX);
	if (!str_is_utf8(payload, len) || memchr(payload, 0, len) != NULL)
		return err_say(why, ERR_INPUT, "a message is not text");
	m = xalloc(sizeof(*m));
	m->topic = topic;
	m->payload = (struct str){payload, len};
	*ret = m;
	return OK;
}

void
home_message_free(struct home_message *m)
{
	if (m == NULL)
		return;
	jinja_vars_free(m->vars);
	free(m);
}

/* The text behind the template; the caller frees it. */
static enum err
read_text(struct home_message *m, const struct jinja *t, struct buf *out,
    struct errmsg *why)
{
	if (t == NULL) {
		buf_add(out, m->payload.p, m->payload.len);
		return out->overflow ? ERR_LIMIT : OK;
	}
	if (m->vars == NULL) {
		m->vars = jinja_vars_new();
		jinja_put_text(m->vars, "value", m->payload.p, m->payload.len);
		(void)jinja_put_json(
		    m->vars, "value_json", m->payload.p, m->payload.len);
	}
	return jinja_render(t, m->vars, out, why);
}

/* Home Assistant shows null so, and some devices say it themselves. */
static bool
is_nothing(const char *text)
{
	return strcmp(text, "None") == 0 || strcmp(text, "null") == 0 ||
	    strcmp(text, "unknown") == 0 || strcmp(text, "unavailable") == 0;
}

/* As Python shows what stands raw in JSON. */
static bool
is_option(const struct home_option *o, const char *text)
{
	if (o->raw && strcmp(o->wire, "true") == 0)
		return strcmp(text, "True") == 0 || strcmp(text, "true") == 0;
	if (o->raw && strcmp(o->wire, "false") == 0)
		return strcmp(text, "False") == 0 || strcmp(text, "false") == 0;
	return strcmp(o->wire, text) == 0;
}

static enum home_news
read_option(const struct home_domain *d, const char *text,
    struct home_reading *ret, struct errmsg *why)
{
	size_t i;

	for (i = 0; i < d->n_options; i++)
		if (is_option(&d->options[i], text)) {
			if (str_copy(ret->text, sizeof(ret->text),
				d->options[i].name) != OK)
				return NEWS_UNKNOWN;
			return NEWS_KNOWN;
		}
	if (!is_nothing(text))
		err_write(why, "'%.60s' is none of its options", text);
	return NEWS_UNKNOWN;
}

static enum home_news
read_number(const struct home_value *v, const char *text,
    struct home_reading *ret, struct errmsg *why)
{
	double d;

	if (py_read_float((struct str){text, strlen(text)}, &d) != OK) {
		if (!is_nothing(text))
			err_write(why, "'%.60s' is no number", text);
		return NEWS_UNKNOWN;
	}
	d = home_in(&v->conversion, d);
	if (!isfinite(d))
		return NEWS_UNKNOWN;
	/* What is outside of the range is told as it is: rounding moves the
	 * ends, and people want to know. */
	ret->number = d;
	return NEWS_KNOWN;
}

enum home_news
home_decode(const struct entity *e, size_t value, struct home_message *m,
    struct home_reading *ret, struct errmsg *why)
{
	const struct home_value *v = &e->values[value];
	struct errmsg unheard;
	struct buf b;

	memset(ret, 0, sizeof(*ret));
	ret->kind = v->domain.kind;
	ret->news = NEWS_NONE;
	if (strcmp(m->topic, v->topic) != 0)
		return NEWS_NONE;
	why = why != NULL ? why : &unheard;
	err_write(why, "it does not know");
	buf_init(&b, HOME_STATE_MAX);
	/* A message without this value says nothing of it. */
	if (read_text(m, v->compiled, &b, why) != OK || b.len == 0) {
		buf_done(&b);
		return NEWS_NONE;
	}
	if (v->domain.kind == HOME_ENUM) {
		ret->news = read_option(&v->domain, b.p, ret, why);
	} else if (v->domain.kind == HOME_NUMBER) {
		ret->news = read_number(v, b.p, ret, why);
	} else {
		b.p[str_cut(b.p, HOME_TEXT_MAX)] = '\0';
		ret->news = str_copy(ret->text, sizeof(ret->text), b.p) == OK
		    ? NEWS_KNOWN
		    : NEWS_UNKNOWN;
	}
	buf_done(&b);
	return ret->news;
}

bool
home_reading_equal(const struct home_reading *a, const struct home_reading *b)
{
	if (a->news != b->news || a->kind != b->kind)
		return false;
	if (a->news != NEWS_KNOWN)
		return true;
	if (a->kind == HOME_NUMBER)
		return fabs(a->number - b->number) <= NUMBER_SAME;
	return strcmp(a->text, b->text) == 0;
}

struct json *
home_reading_json(const struct home_reading *r)
{
	struct json *v;

	if (r->news == NEWS_KNOWN)
		return r->kind == HOME_NUMBER ? home_number(r->number)
					      : json_string(r->text);
	if (json_parse("null", 4, &v) != OK)
		fatal("null is no JSON");
	return v;
}

enum home_presence
home_presence_decode(
    const struct entity *e, size_t availability, struct home_message *m)
{
	const struct home_availability *a = &e->availability[availability];
	enum home_presence p = PRESENCE_UNKNOWN;
	struct errmsg why;
	struct buf b;

	if (strcmp(m->topic, a->topic) != 0)
		return p;
	buf_init(&b, HOME_STATE_MAX);
	if (read_text(m, a->compiled, &b, &why) == OK && b.len > 0) {
		if (strcmp(b.p, a->online) == 0)
			p = PRESENCE_ONLINE;
		else if (strcmp(b.p, a->offline) == 0)
			p = PRESENCE_OFFLINE;
	}
	buf_done(&b);
	return p;
}

enum home_presence
home_presence(
    const struct entity *e, const enum home_presence *each, int latest)
{
	size_t online = 0;
	size_t offline = 0;
	size_t i;

	if (e->n_availability == 0)
		return PRESENCE_ONLINE;
	for (i = 0; i < e->n_availability; i++) {
		online += each[i] == PRESENCE_ONLINE;
		offline += each[i] == PRESENCE_OFFLINE;
	}
	if (e->mode == HOME_LATEST)
		return latest >= 0 && (size_t)latest < e->n_availability
		    ? each[latest]
		    : PRESENCE_UNKNOWN;
	if (e->mode == HOME_ANY)
		return online > 0                  ? PRESENCE_ONLINE
		    : offline == e->n_availability ? PRESENCE_OFFLINE
						   : PRESENCE_UNKNOWN;
	return offline > 0                ? PRESENCE_OFFLINE
	    : online == e->n_availability ? PRESENCE_ONLINE
					  : PRESENCE_UNKNOWN;
}

static bool
is_met(const struct home_expect *x, const struct home_arg *args,
    const int *colour, const struct home_reading *r)
{
	const struct home_arg *arg = x->param >= 0 ? &args[x->param] : NULL;
	const char *text = x->is;

	if (r->news != NEWS_KNOWN)
		return false;
	if (arg != NULL && arg->option != NULL)
		text = arg->option->name;
	else if (arg != NULL && arg->text != NULL)
		text = arg->text;
	else if (arg != NULL)
		return r->kind == HOME_NUMBER &&
		    fabs(r->number -
			home_out(&x->conversion, arg->number, colour)) <=
		    x->within + NUMBER_SAME;
	if (r->kind == HOME_NUMBER) {
		double wished;

		return py_read_float(
			   (struct str){text, strlen(text)}, &wished) == OK &&
		    fabs(r->number - wished) <= x->within + NUMBER_SAME;
	}
	return strcmp(r->text, text) == 0;
}

enum home_match
home_confirms(const struct entity *e, const char *action,
    const struct json *params, const struct home_reading *readings)
{
	struct home_arg args[HOME_PARAMS_MAX];
	const struct home_action *a = entity_action(e, action);
	struct errmsg why;
	size_t said = 0;
	int colour[3];
	size_t i;

	if (a == NULL || home_args(a, params, args, &why) != OK)
		return MATCH_NEVER;
	home_colour(a, args, colour);
	for (i = 0; i < a->n_expects; i++) {
		const struct home_expect *x = &a->expects[i];

		if (x->param >= 0 && !args[x->param].there)
			continue;
		said++;
		if (!is_met(x, args, colour, &readings[x->value]))
			return MATCH_NO;
	}
	return said > 0 ? MATCH_YES : MATCH_NEVER;
}
