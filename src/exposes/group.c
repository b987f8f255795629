/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "exposes/exposes_priv.h"

/* Features that belong together: one light, one cover. */

#define TEMPLATE_SPACE 200
#define KELVIN_SLACK 40
#define XY_SLACK 0.01
#define HUE_SLACK 3

const struct json *
group_feature(const struct json *expose, const char *name)
{
	const struct json *list = json_get(expose, "features");
	const struct json *f;

	for (f = json_first(list); json_is_array(list) && f != NULL;
	     f = json_next(f))
		if (strcmp(json_words(f, "name"), name) == 0)
			return f;
	return NULL;
}

/* A word of the state feature: what it takes for on, for off, or another of
 * its values; the caller frees it. */
static char *
word_of(const struct json *v)
{
	return json_text(v) != NULL ? strdup(json_text(v)) : json_print(v);
}

/* {"state": "ON"}, and the state that then shows. */
static void
add_word(struct maker *m, const struct topics *t, const struct json *state,
    const char *action, const struct json *word, const char *shown)
{
	struct json *a;
	char *wire;

	if (word == NULL || !feature_can(state, ACCESS_SET))
		return;
	a = make_json_action(m, action, t->set);
	wire = word_of(word);
	make_constant(
	    a, json_words(state, "property"), wire, !json_is_string(word));
	if (shown != NULL)
		make_expect(m, a, "state", shown);
	free(wire);
}

static void
add_state(struct maker *m, const struct topics *t, const struct json *state,
    const char *on, const char *off)
{
	struct json *d = make_enum();
	const struct json *v;
	char template[TEMPLATE_SPACE];
	char *wire;

	v = json_get(state, "value_on");
	wire = v != NULL ? word_of(v) : strdup("OPEN");
	make_option(d, on, wire, v != NULL && !json_is_string(v));
	free(wire);
	v = json_get(state, "value_off");
	wire = v != NULL ? word_of(v) : strdup("CLOSE");
	make_option(d, off, wire, v != NULL && !json_is_string(v));
	free(wire);
	if (feature_can(state, ACCESS_STATE) &&
	    feature_template(json_words(state, "property"), NULL, template,
		sizeof(template)))
		make_value(m, "state", t->state, template, d);
	else
		json_free(d);
}

static void
add_switch(struct maker *m, const struct topics *t, const struct json *expose,
    const char *on, const char *off, const char *turn_on, const char *turn_off)
{
	const struct json *state = group_feature(expose, "state");

	if (state == NULL)
		return;
	add_state(m, t, state, on, off);
	add_word(m, t, state, turn_on, json_get(state, "value_on"), on);
	add_word(m, t, state, turn_off, json_get(state, "value_off"), off);
}

/* A number of ours that is another one of theirs. */
static void
add_scaled(struct maker *m, const struct topics *t, const struct json *f,
    const char *value, const char *action, struct json *domain, double high)
{
	bool kelvin = high <= 0;
	char template[TEMPLATE_SPACE];
	struct json *a;
	struct json *v;
	int param;

	if (!feature_template(
		json_words(f, "property"), NULL, template, sizeof(template))) {
		json_free(domain);
		return;
	}
	if (feature_can(f, ACCESS_STATE)) {
		v = make_value(m, value, t->state, template, json_copy(domain));
		make_as(v, kelvin ? "mireds" : "scale", 0, high);
	}
	if (!feature_can(f, ACCESS_SET)) {
		json_free(domain);
		return;
	}
	a = make_json_action(m, action, t->set);
	param = make_param(a, value, domain);
	if (a == NULL)
		return;
	make_as(make_set(a, json_words(f, "property"), param),
	    kelvin ? "mireds" : "scale", 0, high);
	make_expect_param(
	    m, a, value, param, kelvin ? KELVIN_SLACK : make_slack(0, high));
}

static void
add_colour(struct maker *m, const struct topics *t, const struct json *f,
    const char *const *names, const char *const *values, const char *const *as,
    const double *most, double slack)
{
	const char *property = json_words(f, "property");
	struct json *a = make_json_action(m, "set_color", t->set);
	char template[TEMPLATE_SPACE];
	char path[NAME_MAX_LEN + 1];
	int red = make_param(a, "red", make_number(0, 255, 1, NULL));
	int i;

	make_param(a, "green", make_number(0, 255, 1, NULL));
	make_param(a, "blue", make_number(0, 255, 1, NULL));
	for (i = 0; i < 2; i++) {
		if (!feature_template(
			property, names[i], template, sizeof(template)))
			return;
		snprintf(path, sizeof(path), "%s.%s", property, names[i]);
		make_value(m, values[i], t->state, template,
		    make_number(0, most[i], 0, NULL));
		make_as(make_set(a, path, red), as[i], 0, 0);
		make_as(make_expect_param(m, a, values[i], red, slack), as[i],
		    0, 0);
	}
}

static void
make_light(struct maker *m, const struct topics *t, const struct json *expose)
{
	static const char *const xy[] = {"x", "y"};
	static const char *const xy_values[] = {"color_x", "color_y"};
	static const double xy_most[] = {1, 1};
	static const char *const hs[] = {"hue", "saturation"};
	static const double hs_most[] = {360, 100};
	const struct json *f = group_feature(expose, "brightness");
	double warm;
	double cold;

	add_switch(m, t, expose, "on", "off", "turn_on", "turn_off");
	if (f != NULL) {
		double high = json_double(json_get(f, "value_max"));

		add_scaled(m, t, f, "brightness", "set_brightness",
		    make_number(1, 100, 1, "%"), high >= 1 ? high : 254);
	}
	f = group_feature(expose, "color_temp");
	if (f != NULL) {
		warm = json_double(json_get(f, "value_max"));
		cold = json_double(json_get(f, "value_min"));
		if (!(warm >= 1 && cold >= 1 && cold <= warm)) {
			warm = 500;
			cold = 153;
		}
		add_scaled(m, t, f, "color_temperature",
		    "set_color_temperature",
		    make_number(ceil(1e6 / warm),
			floor(1e6 / cold) >= ceil(1e6 / warm)
			    ? floor(1e6 / cold)
			    : ceil(1e6 / warm),
			1, "K"),
		    0);
	}
	f = group_feature(expose, "color_xy");
	if (f != NULL)
		add_colour(m, t, f, xy, xy_values, xy, xy_most, XY_SLACK);
	else if ((f = group_feature(expose, "color_hs")) != NULL)
		add_colour(m, t, f, hs, hs, hs, hs_most, HUE_SLACK);
}

static const struct json *
value_of(const struct json *state, const char *word)
{
	const struct json *list = json_get(state, "values");
	const struct json *v;

	for (v = json_first(list); json_is_array(list) && v != NULL;
	     v = json_next(v))
		if (json_text(v) != NULL && strcmp(json_text(v), word) == 0)
			return v;
	return NULL;
}

static void
make_cover(struct maker *m, const struct topics *t, const struct json *expose)
{
	static const char *const sliders[] = {"position", "tilt"};
	static const char *const actions[] = {"set_position", "set_tilt"};
	const struct json *state = group_feature(expose, "state");
	const struct json *f;
	size_t i;

	if (state != NULL) {
		add_state(m, t, state, "open", "closed");
		add_word(m, t, state, "open", value_of(state, "OPEN"), "open");
		add_word(
		    m, t, state, "close", value_of(state, "CLOSE"), "closed");
		add_word(m, t, state, "stop", value_of(state, "STOP"), NULL);
	}
	for (i = 0; i < ARRAY_LEN(sliders); i++) {
		f = group_feature(expose, sliders[i]);
		if (f != NULL)
			add_scaled(m, t, f, sliders[i], actions[i],
			    make_number(0, 100, 1, "%"), 100);
	}
}

/* Everything else of a thermostat or a fan, by its own name but for those
 * that all of them share. */
static void
make_features(
    struct maker *m, const struct topics *t, const struct json *expose)
{
	static const char *const names[][2] = {
	    {"occupied_heating_setpoint", "temperature"},
	    {"current_heating_setpoint", "temperature"},
	    {"local_temperature", "current_temperature"},
	    {"system_mode", "mode"}, {"running_state", "action"},
	    {"preset", "preset_mode"}};
	const struct json *list = json_get(expose, "features");
	const struct json *f;
	char action[NAME_MAX_LEN + 8];
	const char *name;
	struct json *domain;
	size_t i;

	for (f = json_first(list); json_is_array(list) && f != NULL;
	     f = json_next(f)) {
		name = json_words(f, "name");
		domain = feature_domain(f);
		if (!str_is_name(name) || strlen(name) > NAME_MAX_LEN - 4 ||
		    domain == NULL ||
		    (strcmp(name, "state") == 0 && m->is_stated)) {
			json_free(domain);
			continue;
		}
		json_free(domain);
		for (i = 0; i < ARRAY_LEN(names); i++)
			if (strcmp(names[i][0], name) == 0)
				name = names[i][1];
		snprintf(action, sizeof(action), "set_%s", name);
		feature_make(m, t, f, name, action);
	}
}

bool
group_make(struct maker *m, const struct topics *t, const struct json *expose)
{
	const char *type = json_words(expose, "type");

	if (strcmp(type, "light") == 0) {
		make_light(m, t, expose);
	} else if (strcmp(type, "switch") == 0) {
		add_switch(m, t, expose, "on", "off", "turn_on", "turn_off");
	} else if (strcmp(type, "lock") == 0) {
		add_switch(
		    m, t, expose, "locked", "unlocked", "lock", "unlock");
		m->is_stated = true;
		make_features(m, t, expose);
	} else if (strcmp(type, "cover") == 0) {
		make_cover(m, t, expose);
	} else if (strcmp(type, "fan") == 0) {
		add_switch(m, t, expose, "on", "off", "turn_on", "turn_off");
		m->is_stated = true;
		make_features(m, t, expose);
	} else if (strcmp(type, "climate") == 0) {
		make_features(m, t, expose);
	} else {
		return false;
	}
	return true;
}
