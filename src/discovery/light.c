/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "discovery/discovery_priv.h"

/* Lights, in their three schemas.  Brightness is percent, colour temperature
 * kelvin, and a colour red, green and blue, whatever the device takes. */

#define XY_SLACK 0.01
#define HUE_SLACK 3
#define SATURATION_SLACK 3
#define COLOUR_SLACK 3
#define KELVIN_SLACK 40 /* Mireds are whole. */

/* What the schemas share of a light. */
struct light {
	const struct json *c;
	const char *topic;
	const char *state_topic;
	double scale;
	double min_kelvin;
	double max_kelvin;
	bool kelvin; /* Told and commanded in kelvin. */
	const char *on;
	const char *off;
};

static struct json *
brightness_domain(void)
{
	return make_number(1, 100, 1, "%");
}

static struct json *
kelvin_domain(const struct light *l)
{
	return make_number(l->min_kelvin, l->max_kelvin, 1, "K");
}

static struct json *
colour_domain(void)
{
	return make_number(0, 255, 1, NULL);
}

static struct light
read_light(const struct json *c)
{
	struct light l = {.c = c,
	    .topic = json_str(c, "command_topic"),
	    .state_topic = json_str(c, "state_topic"),
	    .scale = config_number(c, "brightness_scale", 255),
	    .kelvin = json_flag(c, "color_temp_kelvin")};
	double warm = config_number(c, "max_mireds", 500);
	double cold = config_number(c, "min_mireds", 153);

	l.on = json_str(c, "payload_on") != NULL ? json_str(c, "payload_on")
						 : "ON";
	l.off = json_str(c, "payload_off") != NULL ? json_str(c, "payload_off")
						   : "OFF";
	l.scale = l.scale >= 1 ? l.scale : 255;
	warm = warm >= 1 ? warm : 500;
	cold = cold >= 1 && cold <= warm ? cold : warm;
	/* Every kelvin of the range is a mired of the range. */
	l.min_kelvin = config_number(c, "min_kelvin", ceil(1e6 / warm));
	l.max_kelvin = config_number(c, "max_kelvin", floor(1e6 / cold));
	if (l.max_kelvin < l.min_kelvin)
		l.max_kelvin = l.min_kelvin;
	return l;
}

static void
add_kelvin(const struct light *l, struct json *v)
{
	if (!l->kelvin)
		make_as(v, "mireds", 0, 0);
}

/* Parameters red, green and blue; the place of the first. */
static int
add_colour(struct json *a)
{
	int red = make_param(a, "red", colour_domain());

	make_param(a, "green", colour_domain());
	make_param(a, "blue", colour_domain());
	return red;
}

/* How a colour is written: its members, and how each is computed. */
struct colour {
	const char *mode;
	const char *names[3];
	const char *values[3];
	const char *as[3];
	double slack[3];
	double most[3];
};

static const struct colour colours[] = {
    {"xy", {"x", "y", NULL}, {"color_x", "color_y", NULL}, {"x", "y", NULL},
	{XY_SLACK, XY_SLACK, 0}, {1, 1, 0}},
    {"hs", {"h", "s", NULL}, {"hue", "saturation", NULL},
	{"hue", "saturation", NULL}, {HUE_SLACK, SATURATION_SLACK, 0},
	{360, 100, 0}},
    {"rgb", {"r", "g", "b"}, {"red", "green", "blue"}, {"is", "is", "is"},
	{COLOUR_SLACK, COLOUR_SLACK, COLOUR_SLACK}, {255, 255, 255}},
};

static void
expect_colour(struct maker *m, struct json *a, const struct colour *k, int red)
{
	int i;

	for (i = 0; i < 3 && k->names[i] != NULL; i++)
		make_as(make_expect_param(m, a, k->values[i],
			    strcmp(k->mode, "rgb") == 0 ? red + i : red,
			    k->slack[i]),
		    k->as[i], 0, 0);
}

/* ---- schema json ---- */

static bool
has_mode(const struct json *c, const char *mode)
{
	const struct json *list = json_get(c, "supported_color_modes");
	const struct json *m;

	if (!json_is_array(list)) {
		/* As it was written before there were modes. */
		if (strcmp(mode, "brightness") == 0)
			return json_flag(c, "brightness");
		if (strcmp(mode, "color_temp") == 0)
			return json_flag(c, "color_temp");
		return json_flag(c, mode);
	}
	for (m = json_first(list); m != NULL; m = json_next(m))
		if (json_text(m) != NULL && strcmp(json_text(m), mode) == 0)
			return true;
	return false;
}

static bool
has_brightness(const struct json *c)
{
	static const char *const modes[] = {"brightness", "color_temp", "hs",
	    "xy", "rgb", "rgbw", "rgbww", "white"};
	size_t i;

	if (json_is_bool(json_get(c, "brightness")))
		return json_flag(c, "brightness");
	for (i = 0; i < ARRAY_LEN(modes); i++)
		if (has_mode(c, modes[i]))
			return true;
	return false;
}

static struct json *
json_action(struct maker *m, const struct light *l, const char *name)
{
	struct json *a = make_json_action(m, name, l->topic);

	make_constant(a, "state", l->on, false);
	return a;
}

static void
json_colour(struct maker *m, const struct light *l)
{
	static const char *const read[][3] = {
	    {"{{ value_json.color.x }}", "{{ value_json.color.y }}", NULL},
	    {"{{ value_json.color.h }}", "{{ value_json.color.s }}", NULL},
	    {"{{ value_json.color.r }}", "{{ value_json.color.g }}",
		"{{ value_json.color.b }}"}};
	static const char *const paths[][3] = {{"color.x", "color.y", NULL},
	    {"color.h", "color.s", NULL}, {"color.r", "color.g", "color.b"}};
	struct json *a;
	size_t k;
	int red;
	int i;

	for (k = 0; k < ARRAY_LEN(colours); k++)
		if (has_mode(l->c, colours[k].mode))
			break;
	if (k == ARRAY_LEN(colours))
		return;
	a = json_action(m, l, "set_color");
	red = add_colour(a);
	for (i = 0; i < 3 && colours[k].names[i] != NULL; i++) {
		make_value(m, colours[k].values[i], l->state_topic, read[k][i],
		    make_number(0, colours[k].most[i], 0, NULL));
		make_as(
		    make_set(a, paths[k][i],
			strcmp(colours[k].mode, "rgb") == 0 ? red + i : red),
		    colours[k].as[i], 0, 0);
	}
	expect_colour(m, a, &colours[k], red);
}

static void
json_effect(struct maker *m, const struct light *l)
{
	struct json *list = make_list(json_get(l->c, "effect_list"));
	struct json *a;
	int param;

	if (list == NULL)
		return;
	make_value(m, "effect", l->state_topic, "{{ value_json.effect }}",
	    make_list(json_get(l->c, "effect_list")));
	a = json_action(m, l, "set_effect");
	param = make_param(a, "effect", list);
	make_set(a, "effect", param);
	make_expect_param(m, a, "effect", param, 0);
}

static void
light_json(struct maker *m, const struct light *l)
{
	struct json *a;
	struct json *v;
	int param;

	make_value(m, "state", l->state_topic, "{{ value_json.state }}",
	    make_on_off(l->on, l->off));
	make_expect(m, json_action(m, l, "turn_on"), "state", "on");
	a = make_json_action(m, "turn_off", l->topic);
	make_constant(a, "state", l->off, false);
	make_expect(m, a, "state", "off");
	if (has_brightness(l->c)) {
		v = make_value(m, "brightness", l->state_topic,
		    "{{ value_json.brightness }}", make_number(0, 100, 1, "%"));
		make_as(v, "scale", 0, l->scale);
		a = json_action(m, l, "set_brightness");
		param = make_param(a, "brightness", brightness_domain());
		make_as(make_set(a, "brightness", param), "scale", 0, l->scale);
		make_expect_param(
		    m, a, "brightness", param, make_slack(0, l->scale));
	}
	if (has_mode(l->c, "color_temp")) {
		v = make_value(m, "color_temperature", l->state_topic,
		    "{{ value_json.color_temp }}", kelvin_domain(l));
		add_kelvin(l, v);
		a = json_action(m, l, "set_color_temperature");
		param = make_param(a, "color_temperature", kelvin_domain(l));
		add_kelvin(l, make_set(a, "color_temp", param));
		make_expect_param(
		    m, a, "color_temperature", param, KELVIN_SLACK);
	}
	json_colour(m, l);
	json_effect(m, l);
}

/* ---- schema basic ---- */

static void
basic_colour(struct maker *m, const struct light *l)
{
	static const char *const topics[][4] = {
	    {"xy_command_topic", "xy_command_template", "xy_state_topic",
		"xy_value_template"},
	    {"hs_command_topic", "hs_command_template", "hs_state_topic",
		"hs_value_template"},
	    {"rgb_command_topic", "rgb_command_template", "rgb_state_topic",
		"rgb_value_template"}};
	static const char *const plain[] = {"{{ x }},{{ y }}",
	    "{{ hue }},{{ sat }}", "{{ red }},{{ green }},{{ blue }}"};
	static const char *const variables[][3] = {
	    {"x", "y", NULL}, {"hue", "sat", NULL}, {"red", "green", "blue"}};
	static const char *const parts[] = {"{{ value.split(',')[0] }}",
	    "{{ value.split(',')[1] }}", "{{ value.split(',')[2] }}"};
	const struct colour *k;
	const char *template;
	struct json *a;
	size_t n;
	int red;
	int i;

	for (n = 0; n < ARRAY_LEN(colours); n++)
		if (json_str(l->c, topics[n][0]) != NULL)
			break;
	if (n == ARRAY_LEN(colours))
		return;
	k = &colours[n];
	template = json_str(l->c, topics[n][1]);
	a = make_action(m, "set_color", json_str(l->c, topics[n][0]),
	    template != NULL ? template : plain[n], "");
	red = add_colour(a);
	for (i = 0; i < 3 && k->names[i] != NULL; i++) {
		/* With a template all three come out of one, which is read by
		 * nobody here. */
		if (!json_has(l->c, topics[n][3]))
			make_value(m, k->values[i],
			    json_str(l->c, topics[n][2]), parts[i],
			    make_number(0, k->most[i], 0, NULL));
		make_as(make_set(a, variables[n][i],
			    strcmp(k->mode, "rgb") == 0 ? red + i : red),
		    k->as[i], 0, 0);
	}
	expect_colour(m, a, k, red);
}

static void
basic_brightness(struct maker *m, const struct light *l)
{
	struct json *v = make_value(m, "brightness",
	    json_str(l->c, "brightness_state_topic"),
	    json_str(l->c, "brightness_value_template"),
	    make_number(0, 100, 1, "%"));
	struct setting_made a = make_setting(m, "set_brightness", "brightness",
	    brightness_domain(), json_str(l->c, "brightness_command_topic"),
	    json_str(l->c, "brightness_command_template"));

	make_as(v, "scale", 0, l->scale);
	make_as(a.set, "scale", 0, l->scale);
	make_expect_param(
	    m, a.action, "brightness", a.param, make_slack(0, l->scale));
}

/* Where brightness is the command, on is all of it. */
static void
basic_on(struct maker *m, const struct light *l)
{
	bool by_brightness =
	    strcmp(json_words(l->c, "on_command_type"), "brightness") == 0;
	const char *template = json_str(l->c, "brightness_command_template");
	struct json *a;
	struct json *full;
	char *wire;

	if (!by_brightness ||
	    json_str(l->c, "brightness_command_topic") == NULL) {
		a = make_action(m, "turn_on", l->topic, NULL, l->on);
		make_expect(m, a, "state", "on");
		return;
	}
	full = home_number(floor(l->scale));
	wire = json_print(full);
	a = make_action(m, "turn_on",
	    json_str(l->c, "brightness_command_topic"), template, wire);
	if (template != NULL)
		make_constant(a, "value", wire, true);
	make_expect(m, a, "state", "on");
	free(wire);
	json_free(full);
}

static void
light_basic(struct maker *m, const struct light *l)
{
	struct setting_made a;
	struct json *v;

	make_value(m, "state", l->state_topic,
	    json_has(l->c, "state_value_template")
		? json_str(l->c, "state_value_template")
		: json_str(l->c, "value_template"),
	    make_on_off(l->on, l->off));
	basic_on(m, l);
	make_expect(m, make_action(m, "turn_off", l->topic, NULL, l->off),
	    "state", "off");
	basic_brightness(m, l);
	v = make_value(m, "color_temperature",
	    json_str(l->c, "color_temp_state_topic"),
	    json_str(l->c, "color_temp_value_template"), kelvin_domain(l));
	add_kelvin(l, v);
	a = make_setting(m, "set_color_temperature", "color_temperature",
	    kelvin_domain(l), json_str(l->c, "color_temp_command_topic"),
	    json_str(l->c, "color_temp_command_template"));
	add_kelvin(l, a.set);
	make_expect_param(
	    m, a.action, "color_temperature", a.param, KELVIN_SLACK);
	basic_colour(m, l);
	make_value(m, "effect", json_str(l->c, "effect_state_topic"),
	    json_str(l->c, "effect_value_template"),
	    make_list(json_get(l->c, "effect_list")));
	a = make_setting(m, "set_effect", "effect",
	    make_list(json_get(l->c, "effect_list")),
	    json_str(l->c, "effect_command_topic"),
	    json_str(l->c, "effect_command_template"));
	make_expect_param(m, a.action, "effect", a.param, 0);
}

/* ---- schema template ---- */

static struct json *
template_action(struct maker *m, const struct light *l, const char *name)
{
	struct json *a = make_action(
	    m, name, l->topic, json_str(l->c, "command_on_template"), "");

	make_constant(a, "state", "on", false);
	return a;
}

static void
template_settings(struct maker *m, const struct light *l, const char *on)
{
	struct json *a;
	int p;

	if (home_template_reads(on, "brightness")) {
		a = template_action(m, l, "set_brightness");
		p = make_param(a, "brightness", brightness_domain());
		make_as(make_set(a, "brightness", p), "scale", 0, 255);
		make_expect_param(m, a, "brightness", p, make_slack(0, 255));
	}
	if (home_template_reads(on, "color_temp")) {
		a = template_action(m, l, "set_color_temperature");
		p = make_param(a, "color_temperature", kelvin_domain(l));
		add_kelvin(l, make_set(a, "color_temp", p));
		make_expect_param(m, a, "color_temperature", p, KELVIN_SLACK);
	}
	if (home_template_reads(on, "red") || home_template_reads(on, "hue")) {
		a = template_action(m, l, "set_color");
		p = add_colour(a);
		make_set(a, "red", p);
		make_set(a, "green", p + (p >= 0 ? 1 : 0));
		make_set(a, "blue", p + (p >= 0 ? 2 : 0));
		make_as(make_set(a, "hue", p), "hue", 0, 0);
		make_as(make_set(a, "sat", p), "saturation", 0, 0);
		expect_colour(m, a, &colours[2], p);
	}
	if (home_template_reads(on, "effect")) {
		struct json *list = make_list(json_get(l->c, "effect_list"));

		if (list == NULL)
			return;
		a = template_action(m, l, "set_effect");
		p = make_param(a, "effect", list);
		make_set(a, "effect", p);
		make_expect_param(m, a, "effect", p, 0);
	}
}

static void
light_template(struct maker *m, const struct light *l)
{
	static const char *const rgb[][2] = {{"red", "red_template"},
	    {"green", "green_template"}, {"blue", "blue_template"}};
	const char *on = json_str(l->c, "command_on_template");
	const char *off = json_str(l->c, "command_off_template");
	struct json *v;
	size_t i;

	if (on == NULL || off == NULL) {
		make_read_only(m,
		    "it has no command_on_template or no "
		    "command_off_template");
		return;
	}
	make_value(m, "state", l->state_topic, json_str(l->c, "state_template"),
	    make_on_off("on", "off"));
	if (json_has(l->c, "brightness_template"))
		make_as(make_value(m, "brightness", l->state_topic,
			    json_str(l->c, "brightness_template"),
			    make_number(0, 100, 1, "%")),
		    "scale", 0, 255);
	if (json_has(l->c, "color_temp_template")) {
		v = make_value(m, "color_temperature", l->state_topic,
		    json_str(l->c, "color_temp_template"), kelvin_domain(l));
		add_kelvin(l, v);
	}
	for (i = 0; i < ARRAY_LEN(rgb); i++)
		if (json_has(l->c, rgb[i][1]))
			make_value(m, rgb[i][0], l->state_topic,
			    json_str(l->c, rgb[i][1]), colour_domain());
	if (json_has(l->c, "effect_template"))
		make_value(m, "effect", l->state_topic,
		    json_str(l->c, "effect_template"),
		    make_list(json_get(l->c, "effect_list")));
	make_expect(m, template_action(m, l, "turn_on"), "state", "on");
	v = make_action(m, "turn_off", l->topic, off, "");
	make_constant(v, "state", "off", false);
	make_expect(m, v, "state", "off");
	template_settings(m, l, on);
}

void
light_make(struct maker *m, const struct json *c)
{
	const char *schema = json_words(c, "schema");
	struct light l = read_light(c);

	if (strcmp(schema, "json") == 0)
		light_json(m, &l);
	else if (strcmp(schema, "template") == 0)
		light_template(m, &l);
	else if (*schema == '\0' || strcmp(schema, "basic") == 0)
		light_basic(m, &l);
	else
		make_read_only(m,
		    "its schema is none of basic, json and "
		    "template");
}
