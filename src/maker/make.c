/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "maker/maker.h"

#define CODE_MAX 32

void
make_begin(struct maker *m, const char *source, const char *component,
    const char *id, const char *origin)
{
	char key[HOME_KEY_LEN + 1];

	memset(m, 0, sizeof(*m));
	home_key(source, component, id, key);
	m->doc = json_object();
	json_put_int(m->doc, "format", RECORD_FORMAT);
	json_put_str(m->doc, "key", key);
	json_put_str(m->doc, "source", source);
	json_put_str(m->doc, "component", component);
	m->about = json_object();
	m->values = json_array();
	m->actions = json_array();
	m->availability = json_array();
	make_words(m, "origin", origin);
}

void
make_words(struct maker *m, const char *name, const char *words)
{
	size_t most =
	    strcmp(name, "origin") == 0 ? HOME_ORIGIN_MAX : HOME_WORDS_MAX;

	if (words != NULL && *words != '\0' && !json_has(m->about, name))
		json_put_strn(m->about, name, words, str_cut(words, most));
}

void
make_slug(const char *words, char ret[SLUG_MAX + 1])
{
	size_t n = 0;

	for (; *words != '\0' && n < SLUG_MAX; words++) {
		if (isalnum((unsigned char)*words))
			ret[n++] = (char)tolower((unsigned char)*words);
		else if (n > 0 && ret[n - 1] != '_')
			ret[n++] = '_';
	}
	while (n > 0 && ret[n - 1] == '_')
		n--;
	ret[n] = '\0';
}

/* The first reason is kept, unless a command has one. */
static void
say_missing(struct maker *m, const char *what, bool of_command,
    const struct errmsg *why)
{
	if (!m->is_partly || (of_command && !m->is_read_only))
		err_write(&m->why, "%.60s: %.180s", what, why->text);
	m->is_partly = true;
	m->is_read_only |= of_command;
}

void
make_read_only(struct maker *m, const char *why)
{
	if (!m->is_read_only)
		err_write(&m->why, "%s", why);
	m->is_partly = true;
	m->is_read_only = true;
}

static bool
is_fine(struct maker *m, const char *name, const char *topic,
    const char *template, bool of_command)
{
	struct errmsg why;

	if (!home_topic_ok(topic))
		err_write(&why,
		    "its topic is too long or has + # or $ where no message "
		    "can go");
	else if (template == NULL ||
	    home_template_check(template, of_command, &why) == OK)
		return true;
	say_missing(m, name, of_command, &why);
	return false;
}

void
make_end(
    struct maker *m, const char *origin, const struct discovery_ports *ports)
{
	struct entity *e;
	struct errmsg why;

	if (m->is_partly)
		json_put_str(m->about, "read_only_why", m->why.text);
	if (m->is_read_only) {
		json_free(m->actions);
		m->actions = json_array();
	}
	if (!json_has(m->doc, "class"))
		json_put_str(m->doc, "class", "");
	if (!json_has(m->doc, "device"))
		json_put_str(m->doc, "device", "");
	if (!json_has(m->doc, "mode"))
		json_put_str(m->doc, "mode", "all");
	json_put(m->doc, "about", m->about);
	json_put(m->doc, "values", m->values);
	json_put(m->doc, "actions", m->actions);
	json_put(m->doc, "availability", m->availability);
	if (entity_take(m->doc, &e, &why) == OK)
		ports->found(ports->arg, e);
	else
		ports->refused(ports->arg, origin, why.text);
}

struct json *
make_unbounded(const char *unit)
{
	struct json *d = json_object();

	json_put_str(d, "kind", "number");
	if (unit != NULL && *unit != '\0' && strlen(unit) <= HOME_WORDS_MAX)
		json_put_str(d, "unit", unit);
	return d;
}

struct json *
make_number(double min, double max, double step, const char *unit)
{
	struct json *d = make_unbounded(unit);

	json_put(d, "min", home_number(min));
	json_put(d, "max", home_number(max));
	if (step > 0 && isfinite(step))
		json_put(d, "step", home_number(step));
	return d;
}

struct json *
make_text(double min, double max)
{
	struct json *d = json_object();

	json_put_str(d, "kind", "text");
	json_put(d, "min", home_number(min));
	json_put(d, "max", home_number(max));
	return d;
}

struct json *
make_enum(void)
{
	struct json *d = json_object();

	json_put_str(d, "kind", "enum");
	json_put(d, "options", json_array());
	return d;
}

/* A list within what is being made, to be added to. */
static struct json *
list_of(struct json *object, const char *name)
{
	/* The tree is ours to change, and so is what is in it. */
	return (struct json *)(uintptr_t)json_get(object, name);
}

void
make_option(struct json *domain, const char *name, const char *wire, bool raw)
{
	struct json *list = list_of(domain, "options");
	const struct json *o;
	struct json *v;

	for (o = json_first(list); o != NULL; o = json_next(o))
		if (strcmp(json_words(o, "name"), name) == 0)
			return;
	v = json_object();
	json_put_str(v, "name", name);
	json_put_str(v, "wire", wire);
	if (raw)
		json_put_bool(v, "raw", true);
	json_push(list, v);
}

struct json *
make_on_off(const char *on, const char *off)
{
	struct json *d = make_enum();

	make_option(d, "on", on, false);
	make_option(d, "off", off, false);
	return d;
}

struct json *
make_list(const struct json *list)
{
	struct json *d = make_enum();
	const struct json *o;
	char number[32];
	bool any = false;

	for (o = json_first(list); json_is_array(list) && o != NULL;
	     o = json_next(o)) {
		const char *s = json_text(o);

		if (s == NULL && json_is_integer(o)) {
			snprintf(
			    number, sizeof(number), "%.0f", json_double(o));
			s = number;
		}
		if (s == NULL)
			continue;
		make_option(d, s, s, false);
		any = true;
	}
	if (any)
		return d;
	json_free(d);
	return NULL;
}

void
make_as(struct json *v, const char *as, double low, double high)
{
	if (v == NULL)
		return;
	json_put_str(v, "as", as);
	if (strcmp(as, "scale") == 0) {
		json_put(v, "low", home_number(low));
		json_put(v, "high", home_number(high));
	}
}

bool
make_has_value(const struct maker *m, const char *name)
{
	const struct json *v;

	for (v = json_first(m->values); v != NULL; v = json_next(v))
		if (strcmp(json_words(v, "name"), name) == 0)
			return true;
	return false;
}

struct json *
make_value(struct maker *m, const char *name, const char *topic,
    const char *template, struct json *domain)
{
	struct json *v;

	if (topic == NULL || domain == NULL || make_has_value(m, name) ||
	    !is_fine(m, name, topic, template, false)) {
		json_free(domain);
		return NULL;
	}
	v = json_object();
	json_put_str(v, "name", name);
	json_put_str(v, "topic", topic);
	if (template != NULL)
		json_put_str(v, "template", template);
	json_put(v, "domain", domain);
	json_push(m->values, v);
	return v;
}

static int
add_param(struct json *action, const char *name, struct json *domain,
    const char *flag)
{
	struct json *p;
	int place;

	if (action == NULL || domain == NULL) {
		json_free(domain);
		return -1;
	}
	place = (int)json_count(json_get(action, "params"));
	p = json_object();
	json_put_str(p, "name", name);
	json_put(p, "domain", domain);
	if (flag != NULL)
		json_put_bool(p, flag, true);
	json_push(list_of(action, "params"), p);
	return place;
}

static struct json *
add_action(struct maker *m, const char *name, const char *topic,
    const char *payload, const char *text)
{
	struct json *a = json_object();

	json_put_str(a, "name", name);
	json_put_str(a, "topic", topic);
	json_put_str(a, "payload", payload);
	if (text != NULL)
		json_put_str(a, "text", text);
	json_put(a, "params", json_array());
	json_put(a, "sets", json_array());
	json_put(a, "expects", json_array());
	json_push(m->actions, a);
	return a;
}

struct json *
make_action(struct maker *m, const char *name, const char *topic,
    const char *template, const char *payload)
{
	struct json *a;

	if (topic == NULL || !is_fine(m, name, topic, template, true))
		return NULL;
	if (template == NULL)
		return add_action(m, name, topic, "text", payload);
	a = add_action(m, name, topic, "template", template);
	if (home_template_reads(template, "code"))
		make_set(a, "code",
		    add_param(a, "code", make_text(1, CODE_MAX), "secret"));
	return a;
}

struct json *
make_json_action(struct maker *m, const char *name, const char *topic)
{
	if (topic == NULL || !is_fine(m, name, topic, NULL, true))
		return NULL;
	return add_action(m, name, topic, "json", NULL);
}

int
make_param(struct json *action, const char *name, struct json *domain)
{
	return add_param(action, name, domain, NULL);
}

int
make_optional(struct json *action, const char *name, struct json *domain)
{
	return add_param(action, name, domain, "optional");
}

struct json *
make_set(struct json *action, const char *name, int param)
{
	struct json *s;

	if (action == NULL || param < 0)
		return NULL;
	s = json_object();
	json_put_str(s, "name", name);
	json_put_int(s, "param", param);
	json_push(list_of(action, "sets"), s);
	return s;
}

void
make_constant(struct json *action, const char *name, const char *wire, bool raw)
{
	struct json *s;

	if (action == NULL)
		return;
	s = json_object();
	json_put_str(s, "name", name);
	json_put_str(s, "wire", wire);
	if (raw)
		json_put_bool(s, "raw", true);
	json_push(list_of(action, "sets"), s);
}

static struct json *
add_expect(struct maker *m, struct json *action, const char *value)
{
	const struct json *v;
	struct json *x;
	int place = 0;

	for (v = json_first(m->values); v != NULL; v = json_next(v), place++)
		if (strcmp(json_words(v, "name"), value) == 0)
			break;
	if (action == NULL || v == NULL)
		return NULL;
	x = json_object();
	json_put_int(x, "value", place);
	json_push(list_of(action, "expects"), x);
	return x;
}

void
make_expect(
    struct maker *m, struct json *action, const char *value, const char *is)
{
	struct json *x = add_expect(m, action, value);

	if (x != NULL)
		json_put_str(x, "is", is);
}

struct json *
make_expect_param(struct maker *m, struct json *action, const char *value,
    int param, double within)
{
	struct json *x = param >= 0 ? add_expect(m, action, value) : NULL;

	if (x == NULL)
		return NULL;
	json_put_int(x, "param", param);
	if (within > 0)
		json_put(x, "within", home_number(within));
	return x;
}

void
make_availability(struct maker *m, const char *topic, const char *template,
    const char *online, const char *offline)
{
	struct json *a;

	if (topic == NULL ||
	    !is_fine(m, "availability", topic, template, false))
		return;
	a = json_object();
	json_put_str(a, "topic", topic);
	if (template != NULL)
		json_put_str(a, "template", template);
	json_put_str(a, "online", online);
	json_put_str(a, "offline", offline);
	json_push(m->availability, a);
}

struct setting_made
make_setting(struct maker *m, const char *action, const char *param,
    struct json *domain, const char *topic, const char *template)
{
	struct setting_made s = {NULL, NULL, -1};

	if (domain != NULL)
		s.action = make_action(m, action, topic, template, "");
	if (s.action == NULL) {
		json_free(domain);
		return s;
	}
	s.param = make_param(s.action, param, domain);
	s.set = make_set(s.action, "value", s.param);
	return s;
}

/* How far a percentage may be off that a device keeps in few steps. */
double
make_slack(double low, double high)
{
	return 50 / fabs(high - low) + 0.5;
}
