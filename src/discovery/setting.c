/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "discovery/discovery_priv.h"

/* The part of components that has parameters, and those that only tell. */

#define NEAR 0.05 /* What a number without steps may differ from a wish. */
#define KEY_MAX 80

enum setting_kind { LIST, RANGE, TEXT, SPEED, SWAY, WAY };

struct setting {
	const char *component;
	enum setting_kind kind;
	const char *action;
	const char *name; /* Of parameter and value. */
	const char *stem; /* STEM_command_topic and so on; "" without one. */
	const char *state_template; /* "" for STEM_state_template. */
	const char *list; /* Member with the options, */
	const char *otherwise; /* and what they are without it. */
	const char *min;
	const char *max;
	const char *step;
	double least;
	double most;
	const char *unit; /* "" for the configuration's. */
};

#define RANGE_OF(min, max, step, least, most, unit)                            \
	NULL, NULL, min, max, step, least, most, unit
#define LIST_OF(list, otherwise) list, otherwise, NULL, NULL, NULL, 0, 0, NULL
#define TEMPERATURES RANGE_OF("min_temp", "max_temp", "temp_step", 7, 35, "")

static const struct setting settings[] = {
    {"number", RANGE, "set", "state", "", "value_template",
	RANGE_OF("min", "max", "step", 1, 100, "")},
    {"select", LIST, "select", "state", "", "value_template",
	LIST_OF("options", NULL)},
    {"text", TEXT, "set", "state", "", "value_template",
	RANGE_OF("min", "max", NULL, 0, 255, NULL)},
    {"notify", TEXT, "send", "message", "", "",
	RANGE_OF(NULL, NULL, NULL, 1, 255, NULL)},
    {"climate", LIST, "set_mode", "mode", "mode_", "",
	LIST_OF("modes", "auto,off,cool,heat,dry,fan_only")},
    {"climate", RANGE, "set_temperature", "temperature", "temperature_", "",
	TEMPERATURES},
    {"climate", RANGE, "set_temperature_low", "temperature_low",
	"temperature_low_", "", TEMPERATURES},
    {"climate", RANGE, "set_temperature_high", "temperature_high",
	"temperature_high_", "", TEMPERATURES},
    {"climate", RANGE, "set_humidity", "humidity", "target_humidity_", "",
	RANGE_OF("min_humidity", "max_humidity", NULL, 30, 99, "%")},
    {"climate", LIST, "set_fan_mode", "fan_mode", "fan_mode_", "",
	LIST_OF("fan_modes", "auto,low,medium,high")},
    {"climate", LIST, "set_swing_mode", "swing_mode", "swing_mode_", "",
	LIST_OF("swing_modes", "on,off")},
    {"climate", LIST, "set_swing_horizontal_mode", "swing_horizontal_mode",
	"swing_horizontal_mode_", "",
	LIST_OF("swing_horizontal_modes", "on,off")},
    {"climate", LIST, "set_preset_mode", "preset_mode", "preset_mode_",
	"preset_mode_value_template", LIST_OF("preset_modes", NULL)},
    {"water_heater", LIST, "set_mode", "mode", "mode_", "",
	LIST_OF(
	    "modes", "off,eco,electric,gas,heat_pump,high_demand,performance")},
    {"water_heater", RANGE, "set_temperature", "temperature", "temperature_",
	"", RANGE_OF("min_temp", "max_temp", "precision", 43.3, 60, "")},
    {"humidifier", RANGE, "set_humidity", "humidity", "target_humidity_", "",
	RANGE_OF("min_humidity", "max_humidity", NULL, 0, 100, "%")},
    {"humidifier", LIST, "set_mode", "mode", "mode_", "",
	LIST_OF("modes", NULL)},
    {"fan", SPEED, "set_speed", "speed", "percentage_",
	"percentage_value_template", LIST_OF(NULL, NULL)},
    {"fan", LIST, "set_preset_mode", "preset_mode", "preset_mode_",
	"preset_mode_value_template", LIST_OF("preset_modes", NULL)},
    {"fan", SWAY, "set_oscillation", "oscillation", "oscillation_",
	"oscillation_value_template", LIST_OF(NULL, NULL)},
    {"fan", WAY, "set_direction", "direction", "direction_",
	"direction_value_template", LIST_OF(NULL, NULL)},
};

static const char *
wire_of(const struct json *c, const char *name, const char *otherwise)
{
	const char *s = json_str(c, name);

	return s != NULL ? s : otherwise;
}

static struct json *
list_domain(const struct json *c, const struct setting *s)
{
	struct json *d;
	char names[128];
	char *name;
	char *rest;

	if (json_has(c, s->list))
		return make_list(json_get(c, s->list));
	if (s->otherwise == NULL)
		return NULL;
	d = make_enum();
	snprintf(names, sizeof(names), "%s", s->otherwise);
	for (name = strtok_r(names, ",", &rest); name != NULL;
	     name = strtok_r(NULL, ",", &rest))
		make_option(d, name, name, false);
	return d;
}

static const char *
unit_of(const struct json *c, const char *component)
{
	const char *t = json_words(c, "temperature_unit");

	if (strcmp(component, "number") == 0)
		return json_str(c, "unit_of_measurement");
	return strcmp(t, "F") == 0 ? "°F" : "°C";
}

static struct json *
setting_domain(const struct json *c, const struct setting *s)
{
	double min;
	double max;

	switch (s->kind) {
	case LIST:
		return list_domain(c, s);
	case SWAY:
		return make_on_off(
		    wire_of(c, "payload_oscillation_on", "oscillate_on"),
		    wire_of(c, "payload_oscillation_off", "oscillate_off"));
	case WAY: {
		struct json *d = make_enum();

		make_option(d, "forward",
		    wire_of(c, "payload_direction_forward", "forward"), false);
		make_option(d, "reverse",
		    wire_of(c, "payload_direction_reverse", "reverse"), false);
		return d;
	}
	case SPEED:
		return make_number(1, 100, 0, "%");
	default:
		break;
	}
	min = s->min != NULL ? config_number(c, s->min, s->least) : s->least;
	max = s->max != NULL ? config_number(c, s->max, s->most) : s->most;
	if (s->kind == TEXT)
		return make_text(
		    min, max < HOME_TEXT_MAX ? max : HOME_TEXT_MAX);
	return make_number(min, max,
	    s->step != NULL
		? config_number(c, s->step, s->component[0] == 'n' ? 1 : 0)
		: 0,
	    s->unit != NULL && *s->unit == '\0' ? unit_of(c, s->component)
						: s->unit);
}

static const char *
stem_text(const struct json *c, const char *stem, const char *end)
{
	char key[KEY_MAX];

	snprintf(key, sizeof(key), "%s%s", stem, end);
	return json_str(c, key);
}

static void
apply_setting(struct maker *m, const struct setting *s, const struct json *c)
{
	double low = config_number(c, "speed_range_min", 1) - 1;
	double high = config_number(c, "speed_range_max", 100);
	double step = s->step != NULL ? config_number(c, s->step, 0) / 2 : 0;
	const char *template = *s->state_template != '\0'
	    ? json_str(c, s->state_template)
	    : stem_text(c, s->stem, "state_template");
	struct setting_made a;
	struct json *v;

	v = make_value(m, s->name, stem_text(c, s->stem, "state_topic"),
	    template, setting_domain(c, s));
	a = make_setting(m, s->action,
	    strcmp(s->name, "state") == 0 ? "value" : s->name,
	    setting_domain(c, s), stem_text(c, s->stem, "command_topic"),
	    stem_text(c, s->stem, "command_template"));
	if (s->kind == SPEED) {
		make_as(v, "scale", low, high > low ? high : low + 1);
		make_as(a.set, "scale", low, high > low ? high : low + 1);
		step = make_slack(low, high > low ? high : low + 1);
	}
	if (a.action != NULL)
		make_expect_param(
		    m, a.action, s->name, a.param, step > 0 ? step : NEAR);
}

static bool
is_off(const struct json *c, const char *name)
{
	return json_is_bool(json_get(c, name)) && !json_flag(c, name);
}

static void
make_siren(struct maker *m, const struct json *c)
{
	const char *topic = json_str(c, "command_topic");
	const char *template = json_str(c, "command_template");
	const char *off = json_str(c, "command_off_template");
	const char *on_wire = wire_of(c, "payload_on", "ON");
	const char *off_wire = wire_of(c, "payload_off", "OFF");
	struct json *a = template != NULL
	    ? make_action(m, "turn_on", topic, template, "")
	    : make_json_action(m, "turn_on", topic);

	off = off != NULL ? off : template;
	if (template != NULL)
		make_constant(a, "value", on_wire, false);
	make_constant(a, "state", on_wire, false);
	make_set(a, "tone",
	    make_optional(
		a, "tone", make_list(json_get(c, "available_tones"))));
	if (a != NULL && !is_off(c, "support_volume_set"))
		make_set(a, "volume_level",
		    make_optional(a, "volume", make_number(0, 1, 0, NULL)));
	if (a != NULL && !is_off(c, "support_duration"))
		make_set(a, "duration",
		    make_optional(a, "duration", make_number(1, 3600, 1, "s")));
	make_expect(m, a, "state", "on");
	a = off != NULL ? make_action(m, "turn_off", topic, off, "")
			: make_json_action(m, "turn_off", topic);
	if (off != NULL)
		make_constant(a, "value", off_wire, false);
	make_constant(a, "state", off_wire, false);
	make_expect(m, a, "state", "off");
}

static void
make_vacuum(struct maker *m, const struct json *c)
{
	struct setting_made a;

	make_value(m, "fan_speed", json_str(c, "state_topic"),
	    "{{ value_json.fan_speed }}",
	    make_list(json_get(c, "fan_speed_list")));
	a = make_setting(m, "set_fan_speed", "fan_speed",
	    make_list(json_get(c, "fan_speed_list")),
	    json_str(c, "set_fan_speed_topic"), NULL);
	if (a.action != NULL)
		make_expect_param(m, a.action, "fan_speed", a.param, 0);
	make_setting(m, "send_command", "command", make_text(1, 255),
	    json_str(c, "send_command_topic"), NULL);
}

/* What it says of its version, as JSON or as it is. */
static void
make_update(struct maker *m, const struct json *c)
{
	const char *template = json_str(c, "value_template");

	make_value(m, "state", json_str(c, "state_topic"),
	    template != NULL ? template
			     : "{{ value_json.installed_version if value_json "
			       "is defined and value_json.installed_version "
			       "is defined else value }}",
	    make_text(0, HOME_TEXT_MAX));
	make_value(m, "latest_version", json_str(c, "latest_version_topic"),
	    json_str(c, "latest_version_template"),
	    make_text(0, HOME_TEXT_MAX));
}

static void
make_sensor(struct maker *m, const char *component, const struct json *c)
{
	const char *unit = json_str(c, "unit_of_measurement");
	struct json *domain = make_list(json_get(c, "options"));

	if (strcmp(component, "sensor") != 0) {
		json_free(domain);
		domain = NULL;
	}
	if (domain == NULL)
		domain = unit != NULL || json_has(c, "state_class") ||
			json_has(c, "suggested_display_precision")
		    ? make_unbounded(unit)
		    : make_text(0, HOME_TEXT_MAX);
	make_value(m, "state", json_str(c, "state_topic"),
	    json_str(c, "value_template"), domain);
}

static void
make_current(struct maker *m, const char *component, const struct json *c)
{
	make_value(m, "current_temperature",
	    json_str(c, "current_temperature_topic"),
	    json_str(c, "current_temperature_template"),
	    make_unbounded(unit_of(c, component)));
	make_value(m, "current_humidity", json_str(c, "current_humidity_topic"),
	    json_str(c, "current_humidity_template"), make_unbounded("%"));
}

static bool
is_one_of(const char *component, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, component) == 0)
			return true;
	return false;
}

bool
component_is_passed_over(const char *component)
{
	/* Triggers, which have no state, and pictures. */
	static const char *const names[] = {
	    "device_automation", "tag", "camera", "image", NULL};

	return is_one_of(component, names);
}

bool
component_make(struct maker *m, const char *component, const struct json *c)
{
	static const char *const telling[] = {"sensor", "event",
	    "device_tracker", "date", "datetime", "time", NULL};
	static const char *const known[] = {"switch", "siren", "light", "cover",
	    "valve", "lock", "fan", "climate", "water_heater", "humidifier",
	    "number", "select", "text", "button", "scene", "vacuum",
	    "lawn_mower", "alarm_control_panel", "update", "notify",
	    "binary_sensor", NULL};
	size_t i;

	if (is_one_of(component, telling)) {
		make_sensor(m, component, c);
		return true;
	}
	if (!is_one_of(component, known))
		return false;
	if (strcmp(component, "light") == 0)
		light_make(m, c);
	else if (strcmp(component, "cover") == 0 ||
	    strcmp(component, "valve") == 0)
		cover_make(m, component, c);
	component_buttons(m, component, c);
	if (strcmp(component, "siren") == 0)
		make_siren(m, c);
	else if (strcmp(component, "vacuum") == 0)
		make_vacuum(m, c);
	else if (strcmp(component, "update") == 0)
		make_update(m, c);
	else if (strcmp(component, "climate") == 0 ||
	    strcmp(component, "water_heater") == 0 ||
	    strcmp(component, "humidifier") == 0)
		make_current(m, component, c);
	if (strcmp(component, "text") == 0 && json_has(c, "pattern"))
		make_read_only(m,
		    "its texts follow a pattern, which this house cannot "
		    "check");
	for (i = 0; i < ARRAY_LEN(settings); i++)
		if (strcmp(settings[i].component, component) == 0)
			apply_setting(m, &settings[i], c);
	return true;
}
