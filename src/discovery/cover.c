/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "discovery/discovery_priv.h"

/* Covers and valves: open, close, stop, a position and a tilt in percent. */

static const char *
wire_of(const struct json *c, const char *name, const char *otherwise)
{
	const char *s = json_str(c, name);

	return s != NULL ? s : otherwise;
}

static void
make_constant_number(struct json *a, const char *name, double d)
{
	struct json *n = home_number(d);
	char *text = json_print(n);

	make_constant(a, name, text, true);
	free(text);
	json_free(n);
}

/* The variables of its templates: `position` is the percentage, `value` what
 * the device counts in. */
static void
add_variables(struct json *a, const struct json *c)
{
	make_constant_number(
	    a, "position_open", config_number(c, "position_open", 100));
	make_constant_number(
	    a, "position_closed", config_number(c, "position_closed", 0));
	make_constant_number(a, "tilt_min", config_number(c, "tilt_min", 0));
	make_constant_number(a, "tilt_max", config_number(c, "tilt_max", 100));
}

struct slider {
	const char *name;
	const char *action;
	const char *topic;
	const char *template;
	const char *state_topic;
	const char *state_template;
	const char *variable;
	double low;
	double high;
};

static void
make_slider(struct maker *m, const struct slider *s, const struct json *c)
{
	const char *template =
	    s->template != NULL ? json_str(c, s->template) : NULL;
	double low = s->low;
	double high = s->high != low ? s->high : low + 100;
	struct setting_made a;
	struct json *v;

	v = make_value(m, s->name, json_str(c, s->state_topic),
	    json_str(c, s->state_template), make_number(0, 100, 1, "%"));
	make_as(v, "scale", low, high);
	a = make_setting(m, s->action, s->name, make_number(0, 100, 1, "%"),
	    json_str(c, s->topic), template);
	if (a.action == NULL)
		return;
	make_as(a.set, "scale", low, high);
	if (template != NULL) {
		make_set(a.action, s->variable, a.param);
		add_variables(a.action, c);
	}
	make_expect_param(m, a.action, s->name, a.param, make_slack(low, high));
}

static void
make_states(struct maker *m, const struct json *c)
{
	static const char *const names[][2] = {{"open", "state_open"},
	    {"closed", "state_closed"}, {"opening", "state_opening"},
	    {"closing", "state_closing"}, {"stopped", "state_stopped"}};
	struct json *d = make_enum();
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		make_option(d, names[i][0],
		    wire_of(c, names[i][1], names[i][0]), false);
	make_value(m, "state", json_str(c, "state_topic"),
	    json_str(c, "value_template"), d);
}

static void
make_move(struct maker *m, const char *name, const struct json *c,
    const char *payload, const char *state, const char *position)
{
	const char *template = json_str(c, "command_template");
	struct json *a;

	if (payload == NULL)
		return;
	a = make_action(
	    m, name, json_str(c, "command_topic"), template, payload);
	if (template != NULL)
		make_constant(a, "value", payload, false);
	if (state != NULL && make_has_value(m, "state"))
		make_expect(m, a, "state", state);
	else if (position != NULL)
		make_expect(m, a, "position", position);
}

/* A valve that counts is told where to go, and says where it is. */
static void
make_counting_valve(struct maker *m, const struct json *c)
{
	static const struct slider position = {"position", "set_position",
	    "command_topic", "command_template", "state_topic",
	    "value_template", "value_", 0, 100};
	struct slider s = position;

	s.low = config_number(c, "position_closed", 0);
	s.high = config_number(c, "position_open", 100);
	make_slider(m, &s, c);
	make_move(m, "stop", c, json_str(c, "payload_stop"), NULL, NULL);
}

void
cover_make(struct maker *m, const char *component, const struct json *c)
{
	bool is_cover = strcmp(component, "cover") == 0;
	struct slider position = {"position", "set_position",
	    "set_position_topic", "set_position_template", "position_topic",
	    "position_template", "position",
	    config_number(c, "position_closed", 0),
	    config_number(c, "position_open", 100)};
	struct slider tilt = {"tilt", "set_tilt", "tilt_command_topic",
	    "tilt_command_template", "tilt_status_topic",
	    "tilt_status_template", "tilt_position",
	    config_number(c, "tilt_min", 0), config_number(c, "tilt_max", 100)};

	if (!is_cover && json_flag(c, "reports_position")) {
		make_counting_valve(m, c);
		return;
	}
	make_states(m, c);
	if (is_cover) {
		make_slider(m, &position, c);
		make_slider(m, &tilt, c);
	}
	make_move(m, "open", c, config_text(c, "payload_open", "OPEN"), "open",
	    "100");
	make_move(m, "close", c, config_text(c, "payload_close", "CLOSE"),
	    "closed", "0");
	make_move(m, "stop", c,
	    config_text(c, "payload_stop", is_cover ? "STOP" : NULL), NULL,
	    NULL);
}
