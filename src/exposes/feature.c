/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "exposes/exposes_priv.h"

#define TEMPLATE_SPACE 200
#define NEAR 0.05

bool
feature_can(const struct json *feature, int access)
{
	return (json_int(feature, "access", 0) & access) != 0;
}

/* What a value of JSON is on the wire; the caller frees it. */
static char *
wire_of(const struct json *v, bool *ret_raw)
{
	char *s = json_print(v);
	size_t n = strlen(s);

	*ret_raw = !json_is_string(v);
	if (!*ret_raw) {
		free(s);
		s = strdup(json_text(v));
		n = s != NULL ? strlen(s) : 0;
	}
	if (n > HOME_TEXT_MAX || json_is_object(v) || json_is_array(v)) {
		free(s);
		return NULL;
	}
	return s;
}

static void
add_option(struct json *domain, const char *name, const struct json *v)
{
	bool raw;
	char *wire = v != NULL ? wire_of(v, &raw) : NULL;

	if (wire != NULL)
		make_option(domain, name != NULL ? name : wire, wire, raw);
	free(wire);
}

static struct json *
enum_domain(const struct json *feature)
{
	const struct json *list = json_get(feature, "values");
	const struct json *v;
	struct json *d = make_enum();

	for (v = json_first(list); json_is_array(list) && v != NULL;
	     v = json_next(v))
		add_option(d, NULL, v);
	if (json_count(json_get(d, "options")) > 0)
		return d;
	json_free(d);
	return NULL;
}

static struct json *
number_domain(const struct json *feature)
{
	const struct json *min = json_get(feature, "value_min");
	const struct json *max = json_get(feature, "value_max");
	const char *unit = json_str(feature, "unit");
	double step = json_double(json_get(feature, "value_step"));

	if (!json_is_number(min) || !json_is_number(max) ||
	    json_double(min) > json_double(max))
		return make_unbounded(unit);
	return make_number(
	    json_double(min), json_double(max), step > 0 ? step : 0, unit);
}

struct json *
feature_domain(const struct json *feature)
{
	const char *type = json_words(feature, "type");
	struct json *d;

	if (strcmp(type, "numeric") == 0)
		return number_domain(feature);
	if (strcmp(type, "text") == 0)
		return make_text(0, HOME_TEXT_MAX);
	if (strcmp(type, "enum") == 0)
		return enum_domain(feature);
	if (strcmp(type, "binary") != 0)
		return NULL;
	d = make_enum();
	add_option(d, "on", json_get(feature, "value_on"));
	add_option(d, "off", json_get(feature, "value_off"));
	if (json_count(json_get(d, "options")) == 2)
		return d;
	json_free(d);
	return NULL;
}

bool
feature_template(
    const char *property, const char *within, char *ret, size_t size)
{
	int n;

	if (strpbrk(property, "\"\\{}%#") != NULL ||
	    (within != NULL && strpbrk(within, "\"\\{}%#") != NULL))
		return false;
	n = within == NULL
	    ? snprintf(ret, size, "{{ value_json[\"%s\"] }}", property)
	    : snprintf(ret, size, "{{ value_json[\"%s\"][\"%s\"] }}", property,
		  within);
	return n > 0 && (size_t)n < size;
}

static bool
has_action(const struct maker *m, const char *name)
{
	const struct json *a;

	for (a = json_first(m->actions); a != NULL; a = json_next(a))
		if (strcmp(json_words(a, "name"), name) == 0)
			return true;
	return false;
}

static void
add_action(struct maker *m, const struct topics *t, const struct json *feature,
    const char *action, const char *value)
{
	double step = json_double(json_get(feature, "value_step"));
	struct json *a = make_json_action(m, action, t->set);
	int param = make_param(a, "value", feature_domain(feature));

	make_set(a, json_words(feature, "property"), param);
	make_expect_param(m, a, value, param, step > 0 ? step / 2 : NEAR);
}

void
feature_make(struct maker *m, const struct topics *t,
    const struct json *feature, const char *value, const char *action)
{
	const char *property = json_words(feature, "property");
	char own[SLUG_MAX + 1];
	char template[TEMPLATE_SPACE];
	char taken[NAME_MAX_LEN + 1];

	make_slug(property, own);
	if (!feature_template(property, NULL, template, sizeof(template)) ||
	    !str_is_name(own)) {
		make_read_only(m, "a property of it has no plain name");
		return;
	}
	if (value != NULL && make_has_value(m, value))
		value = own;
	if (value != NULL && feature_can(feature, ACCESS_STATE))
		make_value(
		    m, value, t->state, template, feature_domain(feature));
	if (action == NULL || !feature_can(feature, ACCESS_SET))
		return;
	if (has_action(m, action)) {
		snprintf(taken, sizeof(taken), "set_%s", own);
		action = taken;
	}
	if (!has_action(m, action))
		add_action(m, t, feature, action, value != NULL ? value : own);
}
