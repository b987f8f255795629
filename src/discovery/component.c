/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "discovery/discovery_priv.h"

/* Each component's part in a table of what it tells, and in one of its
 * buttons: commands whose payload is constant. */

/* The states of a component by what each is called on the wire. */
struct state {
	const char *component;
	const char *value;
	const char *topic; /* Member of the configuration. */
	const char *template;
	const char *names[10]; /* Ours; "x=key=WIRE" reads it from `key`. */
};

#define JSON_STATE                                                             \
	"{{ value_json.state if value_json is defined and value_json.state "   \
	"is defined else value }}"
#define ALARM_STATES                                                           \
	"disarmed", "armed_home", "armed_away", "armed_night",                 \
	    "armed_vacation", "armed_custom_bypass", "pending", "arming",      \
	    "disarming", "triggered"

static const struct state states[] = {
    {"switch", "state", "state_topic", "value_template",
	{"on=state_on,payload_on=ON", "off=state_off,payload_off=OFF"}},
    {"siren", "state", "state_topic", "state_value_template",
	{"on=state_on,payload_on=ON", "off=state_off,payload_off=OFF"}},
    {"fan", "state", "state_topic", "state_value_template",
	{"on=payload_on=ON", "off=payload_off=OFF"}},
    {"humidifier", "state", "state_topic", "state_value_template",
	{"on=payload_on=ON", "off=payload_off=OFF"}},
    {"binary_sensor", "state", "state_topic", "value_template",
	{"on=payload_on=ON", "off=payload_off=OFF"}},
    {"lock", "state", "state_topic", "value_template",
	{"locked=state_locked=LOCKED", "unlocked=state_unlocked=UNLOCKED",
	    "locking=state_locking=LOCKING",
	    "unlocking=state_unlocking=UNLOCKING",
	    "jammed=state_jammed=JAMMED"}},
    {"alarm_control_panel", "state", "state_topic", "value_template",
	{ALARM_STATES}},
    {"vacuum", "state", "state_topic", NULL,
	{"cleaning", "docked", "paused", "idle", "returning", "error"}},
    {"lawn_mower", "state", "activity_state_topic", "activity_value_template",
	{"error", "paused", "mowing", "docked", "returning"}},
    {"climate", "action", "action_topic", "action_template",
	{"off", "heating", "cooling", "drying", "idle", "fan", "preheating",
	    "defrosting"}},
    {"humidifier", "action", "action_topic", "action_template",
	{"off", "humidifying", "drying", "idle"}},
};

struct button {
	const char *component;
	const char *action;
	const char *payload; /* Member, */
	const char *otherwise; /* and what it is without; NULL: none. */
	const char *topic;
	const char *template;
	const char *feature; /* Among supported_features, if those are there. */
	const char *state; /* That shows it. */
};

#define COMMAND "command_topic", "command_template"
#define POWER "power_command_topic", "power_command_template"

static const struct button buttons[] = {
    {"switch", "turn_on", "payload_on", "ON", COMMAND, NULL, "on"},
    {"switch", "turn_off", "payload_off", "OFF", COMMAND, NULL, "off"},
    {"fan", "turn_on", "payload_on", "ON", COMMAND, NULL, "on"},
    {"fan", "turn_off", "payload_off", "OFF", COMMAND, NULL, "off"},
    {"humidifier", "turn_on", "payload_on", "ON", COMMAND, NULL, "on"},
    {"humidifier", "turn_off", "payload_off", "OFF", COMMAND, NULL, "off"},
    {"climate", "turn_on", "payload_on", "ON", POWER, NULL, NULL},
    {"climate", "turn_off", "payload_off", "OFF", POWER, NULL, NULL},
    {"water_heater", "turn_on", "payload_on", "ON", POWER, NULL, NULL},
    {"water_heater", "turn_off", "payload_off", "OFF", POWER, NULL, NULL},
    {"lock", "lock", "payload_lock", "LOCK", COMMAND, NULL, "locked"},
    {"lock", "unlock", "payload_unlock", "UNLOCK", COMMAND, NULL, "unlocked"},
    {"lock", "open", "payload_open", NULL, COMMAND, NULL, NULL},
    {"button", "press", "payload_press", "PRESS", COMMAND, NULL, NULL},
    {"scene", "activate", "payload_on", "ON", COMMAND, NULL, NULL},
    {"update", "install", "payload_install", NULL, COMMAND, NULL, NULL},
    {"vacuum", "start", "payload_start", "start", COMMAND, "start", "cleaning"},
    {"vacuum", "stop", "payload_stop", "stop", COMMAND, "stop", NULL},
    {"vacuum", "pause", "payload_pause", "pause", COMMAND, "pause", "paused"},
    {"vacuum", "return_to_base", "payload_return_to_base", "return_to_base",
	COMMAND, "return_home", NULL},
    {"vacuum", "clean_spot", "payload_clean_spot", "clean_spot", COMMAND,
	"clean_spot", NULL},
    {"vacuum", "locate", "payload_locate", "locate", COMMAND, "locate", NULL},
    {"lawn_mower", "start_mowing", NULL, "start_mowing",
	"start_mowing_command_topic", "start_mowing_command_template", NULL,
	"mowing"},
    {"lawn_mower", "pause", NULL, "pause", "pause_command_topic",
	"pause_command_template", NULL, "paused"},
    {"lawn_mower", "dock", NULL, "dock", "dock_command_topic",
	"dock_command_template", NULL, NULL},
    {"alarm_control_panel", "disarm", "payload_disarm", "DISARM", COMMAND, NULL,
	"disarmed"},
    {"alarm_control_panel", "arm_home", "payload_arm_home", "ARM_HOME", COMMAND,
	"arm_home", "armed_home"},
    {"alarm_control_panel", "arm_away", "payload_arm_away", "ARM_AWAY", COMMAND,
	"arm_away", "armed_away"},
    {"alarm_control_panel", "arm_night", "payload_arm_night", "ARM_NIGHT",
	COMMAND, "arm_night", "armed_night"},
    {"alarm_control_panel", "arm_vacation", "payload_arm_vacation",
	"ARM_VACATION", COMMAND, "arm_vacation", "armed_vacation"},
    {"alarm_control_panel", "arm_custom_bypass", "payload_arm_custom_bypass",
	"ARM_CUSTOM_BYPASS", COMMAND, "arm_custom_bypass",
	"armed_custom_bypass"},
    {"alarm_control_panel", "trigger", "payload_trigger", "TRIGGER", COMMAND,
	"trigger", "triggered"},
};

static void
add_state(struct json *domain, const struct json *c, const char *spec)
{
	char name[NAME_MAX_LEN];
	char keys[NAME_MAX_LEN];
	char wire[NAME_MAX_LEN];
	const char *found = NULL;
	char *key;
	char *rest;

	if (sscanf(spec, "%63[^=]=%63[^=]=%63s", name, keys, wire) != 3) {
		make_option(domain, spec, spec, false);
		return;
	}
	for (key = strtok_r(keys, ",", &rest); key != NULL && found == NULL;
	     key = strtok_r(NULL, ",", &rest))
		found = json_str(c, key);
	make_option(domain, name, found != NULL ? found : wire, false);
}

static void
make_states(struct maker *m, const char *component, const struct json *c)
{
	size_t i;
	size_t k;

	for (i = 0; i < ARRAY_LEN(states); i++) {
		const struct state *s = &states[i];
		const char *template = NULL;
		struct json *domain;

		if (strcmp(s->component, component) != 0)
			continue;
		domain = make_enum();
		for (k = 0; k < ARRAY_LEN(s->names) && s->names[k] != NULL; k++)
			add_state(domain, c, s->names[k]);
		if (s->template != NULL)
			template = json_str(c, s->template);
		else
			template = "{{ value_json.state }}";
		if (template == NULL && strcmp(component, "siren") == 0)
			template = JSON_STATE;
		make_value(
		    m, s->value, json_str(c, s->topic), template, domain);
	}
}

static bool
has_feature(const struct json *c, const char *feature)
{
	const struct json *list = json_get(c, "supported_features");
	const struct json *f;

	if (feature == NULL)
		return true;
	/* What vacuums do without saying; alarms do all. */
	if (!json_is_array(list))
		return strcmp(feature, "pause") != 0 &&
		    strcmp(feature, "locate") != 0;
	for (f = json_first(list); f != NULL; f = json_next(f))
		if (json_text(f) != NULL && strcmp(json_text(f), feature) == 0)
			return true;
	return false;
}

static void
make_buttons(struct maker *m, const char *component, const struct json *c)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(buttons); i++) {
		const struct button *b = &buttons[i];
		const char *payload = b->otherwise;
		const char *template;
		struct json *a;

		if (strcmp(b->component, component) != 0 ||
		    !has_feature(c, b->feature))
			continue;
		if (b->payload != NULL)
			payload = config_text(c, b->payload, payload);
		if (payload == NULL)
			continue;
		template = json_str(c, b->template);
		a = make_action(
		    m, b->action, json_str(c, b->topic), template, payload);
		if (template != NULL) {
			make_constant(a, "value", payload, false);
			make_constant(a, "action", payload, false);
		}
		if (b->state != NULL)
			make_expect(m, a, "state", b->state);
	}
}

void
component_buttons(struct maker *m, const char *component, const struct json *c)
{
	make_states(m, component, c);
	make_buttons(m, component, c);
}
