/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "discovery/discovery_priv.h"

struct pair {
	const char *brief;
	const char *name;
};

/* Of Home Assistant's abbreviations those whose names are read here. */
static const struct pair of_entity[] = {
    {"act_t", "action_topic"},
    {"act_tpl", "action_template"},
    {"act_stat_t", "activity_state_topic"},
    {"act_val_tpl", "activity_value_template"},
    {"av_tones", "available_tones"},
    {"avty", "availability"},
    {"avty_mode", "availability_mode"},
    {"avty_t", "availability_topic"},
    {"avty_tpl", "availability_template"},
    {"b_tpl", "blue_template"},
    {"bri_cmd_t", "brightness_command_topic"},
    {"bri_cmd_tpl", "brightness_command_template"},
    {"bri_scl", "brightness_scale"},
    {"bri_stat_t", "brightness_state_topic"},
    {"bri_tpl", "brightness_template"},
    {"bri_val_tpl", "brightness_value_template"},
    {"clr_temp_cmd_t", "color_temp_command_topic"},
    {"clr_temp_cmd_tpl", "color_temp_command_template"},
    {"clr_temp_k", "color_temp_kelvin"},
    {"clr_temp_stat_t", "color_temp_state_topic"},
    {"clr_temp_tpl", "color_temp_template"},
    {"clr_temp_val_tpl", "color_temp_value_template"},
    {"cmd_off_tpl", "command_off_template"},
    {"cmd_on_tpl", "command_on_template"},
    {"cmd_t", "command_topic"},
    {"cmd_tpl", "command_template"},
    {"cmps", "components"},
    {"curr_hum_t", "current_humidity_topic"},
    {"curr_hum_tpl", "current_humidity_template"},
    {"curr_temp_t", "current_temperature_topic"},
    {"curr_temp_tpl", "current_temperature_template"},
    {"def_ent_id", "default_entity_id"},
    {"dev", "device"},
    {"dev_cla", "device_class"},
    {"dir_cmd_t", "direction_command_topic"},
    {"dir_cmd_tpl", "direction_command_template"},
    {"dir_stat_t", "direction_state_topic"},
    {"dir_val_tpl", "direction_value_template"},
    {"dock_cmd_t", "dock_command_topic"},
    {"dock_cmd_tpl", "dock_command_template"},
    {"evt_typ", "event_types"},
    {"fan_mode_cmd_t", "fan_mode_command_topic"},
    {"fan_mode_cmd_tpl", "fan_mode_command_template"},
    {"fan_mode_stat_t", "fan_mode_state_topic"},
    {"fan_mode_stat_tpl", "fan_mode_state_template"},
    {"fanspd_lst", "fan_speed_list"},
    {"fx_cmd_t", "effect_command_topic"},
    {"fx_cmd_tpl", "effect_command_template"},
    {"fx_list", "effect_list"},
    {"fx_stat_t", "effect_state_topic"},
    {"fx_tpl", "effect_template"},
    {"fx_val_tpl", "effect_value_template"},
    {"g_tpl", "green_template"},
    {"hs_cmd_t", "hs_command_topic"},
    {"hs_cmd_tpl", "hs_command_template"},
    {"hs_stat_t", "hs_state_topic"},
    {"hs_val_tpl", "hs_value_template"},
    {"hum_cmd_t", "target_humidity_command_topic"},
    {"hum_cmd_tpl", "target_humidity_command_template"},
    {"hum_stat_t", "target_humidity_state_topic"},
    {"hum_state_tpl", "target_humidity_state_template"},
    {"l_ver_t", "latest_version_topic"},
    {"l_ver_tpl", "latest_version_template"},
    {"max_hum", "max_humidity"},
    {"min_hum", "min_humidity"},
    {"max_k", "max_kelvin"},
    {"min_k", "min_kelvin"},
    {"max_mirs", "max_mireds"},
    {"min_mirs", "min_mireds"},
    {"mode_cmd_t", "mode_command_topic"},
    {"mode_cmd_tpl", "mode_command_template"},
    {"mode_stat_t", "mode_state_topic"},
    {"mode_stat_tpl", "mode_state_template"},
    {"o", "origin"},
    {"obj_id", "object_id"},
    {"on_cmd_type", "on_command_type"},
    {"ops", "options"},
    {"osc_cmd_t", "oscillation_command_topic"},
    {"osc_cmd_tpl", "oscillation_command_template"},
    {"osc_stat_t", "oscillation_state_topic"},
    {"osc_val_tpl", "oscillation_value_template"},
    {"p", "platform"},
    {"pause_mw_cmd_t", "pause_command_topic"},
    {"pause_mw_cmd_tpl", "pause_command_template"},
    {"pct_cmd_t", "percentage_command_topic"},
    {"pct_cmd_tpl", "percentage_command_template"},
    {"pct_stat_t", "percentage_state_topic"},
    {"pct_val_tpl", "percentage_value_template"},
    {"pl_arm_away", "payload_arm_away"},
    {"pl_arm_custom_b", "payload_arm_custom_bypass"},
    {"pl_arm_home", "payload_arm_home"},
    {"pl_arm_nite", "payload_arm_night"},
    {"pl_arm_vacation", "payload_arm_vacation"},
    {"pl_avail", "payload_available"},
    {"pl_cln_sp", "payload_clean_spot"},
    {"pl_cls", "payload_close"},
    {"pl_dir_fwd", "payload_direction_forward"},
    {"pl_dir_rev", "payload_direction_reverse"},
    {"pl_disarm", "payload_disarm"},
    {"pl_inst", "payload_install"},
    {"pl_loc", "payload_locate"},
    {"pl_lock", "payload_lock"},
    {"pl_not_avail", "payload_not_available"},
    {"pl_off", "payload_off"},
    {"pl_on", "payload_on"},
    {"pl_open", "payload_open"},
    {"pl_osc_off", "payload_oscillation_off"},
    {"pl_osc_on", "payload_oscillation_on"},
    {"pl_paus", "payload_pause"},
    {"pl_prs", "payload_press"},
    {"pl_ret", "payload_return_to_base"},
    {"pl_stop", "payload_stop"},
    {"pl_stop_tilt", "payload_stop_tilt"},
    {"pl_strt", "payload_start"},
    {"pl_trig", "payload_trigger"},
    {"pl_unlk", "payload_unlock"},
    {"pos_clsd", "position_closed"},
    {"pos_open", "position_open"},
    {"pos_t", "position_topic"},
    {"pos_tpl", "position_template"},
    {"pow_cmd_t", "power_command_topic"},
    {"pow_cmd_tpl", "power_command_template"},
    {"pr_mode_cmd_t", "preset_mode_command_topic"},
    {"pr_mode_cmd_tpl", "preset_mode_command_template"},
    {"pr_mode_stat_t", "preset_mode_state_topic"},
    {"pr_mode_val_tpl", "preset_mode_value_template"},
    {"pr_modes", "preset_modes"},
    {"ptrn", "pattern"},
    {"r_tpl", "red_template"},
    {"rgb_cmd_t", "rgb_command_topic"},
    {"rgb_cmd_tpl", "rgb_command_template"},
    {"rgb_stat_t", "rgb_state_topic"},
    {"rgb_val_tpl", "rgb_value_template"},
    {"send_cmd_t", "send_command_topic"},
    {"set_fan_spd_t", "set_fan_speed_topic"},
    {"set_pos_t", "set_position_topic"},
    {"set_pos_tpl", "set_position_template"},
    {"spd_rng_max", "speed_range_max"},
    {"spd_rng_min", "speed_range_min"},
    {"stat_clsd", "state_closed"},
    {"stat_closing", "state_closing"},
    {"stat_jam", "state_jammed"},
    {"stat_locked", "state_locked"},
    {"stat_locking", "state_locking"},
    {"stat_off", "state_off"},
    {"stat_on", "state_on"},
    {"stat_open", "state_open"},
    {"stat_opening", "state_opening"},
    {"stat_stopped", "state_stopped"},
    {"stat_t", "state_topic"},
    {"stat_tpl", "state_template"},
    {"stat_unlocked", "state_unlocked"},
    {"stat_unlocking", "state_unlocking"},
    {"stat_val_tpl", "state_value_template"},
    {"strt_mw_cmd_t", "start_mowing_command_topic"},
    {"strt_mw_cmd_tpl", "start_mowing_command_template"},
    {"sup_clrm", "supported_color_modes"},
    {"sup_dur", "support_duration"},
    {"sup_feat", "supported_features"},
    {"sup_vol", "support_volume_set"},
    {"swing_h_mode_cmd_t", "swing_horizontal_mode_command_topic"},
    {"swing_h_mode_cmd_tpl", "swing_horizontal_mode_command_template"},
    {"swing_h_mode_stat_t", "swing_horizontal_mode_state_topic"},
    {"swing_h_mode_stat_tpl", "swing_horizontal_mode_state_template"},
    {"swing_h_modes", "swing_horizontal_modes"},
    {"swing_mode_cmd_t", "swing_mode_command_topic"},
    {"swing_mode_cmd_tpl", "swing_mode_command_template"},
    {"swing_mode_stat_t", "swing_mode_state_topic"},
    {"swing_mode_stat_tpl", "swing_mode_state_template"},
    {"t", "topic"},
    {"temp_cmd_t", "temperature_command_topic"},
    {"temp_cmd_tpl", "temperature_command_template"},
    {"temp_hi_cmd_t", "temperature_high_command_topic"},
    {"temp_hi_cmd_tpl", "temperature_high_command_template"},
    {"temp_hi_stat_t", "temperature_high_state_topic"},
    {"temp_hi_stat_tpl", "temperature_high_state_template"},
    {"temp_lo_cmd_t", "temperature_low_command_topic"},
    {"temp_lo_cmd_tpl", "temperature_low_command_template"},
    {"temp_lo_stat_t", "temperature_low_state_topic"},
    {"temp_lo_stat_tpl", "temperature_low_state_template"},
    {"temp_stat_t", "temperature_state_topic"},
    {"temp_stat_tpl", "temperature_state_template"},
    {"temp_unit", "temperature_unit"},
    {"tilt_clsd_val", "tilt_closed_value"},
    {"tilt_cmd_t", "tilt_command_topic"},
    {"tilt_cmd_tpl", "tilt_command_template"},
    {"tilt_opnd_val", "tilt_opened_value"},
    {"tilt_status_t", "tilt_status_topic"},
    {"tilt_status_tpl", "tilt_status_template"},
    {"uniq_id", "unique_id"},
    {"unit_of_meas", "unit_of_measurement"},
    {"val_tpl", "value_template"},
    {"whit_cmd_t", "white_command_topic"},
    {"whit_scl", "white_scale"},
    {"xy_cmd_t", "xy_command_topic"},
    {"xy_cmd_tpl", "xy_command_template"},
    {"xy_stat_t", "xy_state_topic"},
    {"xy_val_tpl", "xy_value_template"},
};

static const struct pair of_device[] = {
    {"cns", "connections"},
    {"ids", "identifiers"},
    {"mdl", "model"},
    {"mf", "manufacturer"},
    {"sa", "suggested_area"},
};

static const char *
full_name(const char *name, const struct pair *pairs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(pairs[i].brief, name) == 0)
			return pairs[i].name;
	return name;
}

/* The whole name wins where both are there. */
static void
put_once(struct json *to, const char *name, struct json *v)
{
	if (json_has(to, name))
		json_free(v);
	else
		json_put(to, name, v);
}

static struct json *
expand(const struct json *object, const struct pair *pairs, size_t n)
{
	struct json *to = json_object();
	const struct json *m;
	const char *name;
	int whole;

	for (whole = 1; whole >= 0; whole--)
		for (m = json_first(object);
		     json_is_object(object) && m != NULL; m = json_next(m)) {
			name = full_name(json_name(m), pairs, n);
			if ((strcmp(name, json_name(m)) == 0) == whole)
				put_once(to, name, json_copy(m));
		}
	return to;
}

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s);
	size_t k = strlen(end);

	return n >= k && strcmp(s + n - k, end) == 0;
}

/* `~` in the first or the last place is the base; more of it stays. */
static struct json *
put_base(const char *topic, const char *base)
{
	size_t n = strlen(topic);
	struct json *v;
	struct buf b;

	buf_init(&b, 4 * HOME_TOPIC_MAX);
	if (n > 0 && topic[0] == '~')
		buf_addf(&b, "%s%s", base, topic + 1);
	else if (n > 0 && topic[n - 1] == '~')
		buf_addf(&b, "%.*s%s", (int)(n - 1), topic, base);
	else
		buf_adds(&b, topic);
	v = json_string(b.overflow || b.p == NULL ? topic : b.p);
	buf_done(&b);
	return v;
}

/* Payloads and states are compared as text; Home Assistant makes them that
 * by Python's rule. */
static struct json *
as_text(const struct json *v)
{
	char number[64];

	if (json_is_bool(v)) {
		char *s = json_print(v);
		struct json *text =
		    json_string(strcmp(s, "true") == 0 ? "True" : "False");

		free(s);
		return text;
	}
	if (!json_is_number(v))
		return json_copy(v);
	if (json_is_integer(v))
		snprintf(number, sizeof(number), "%.0f", json_double(v));
	else
		snprintf(number, sizeof(number), "%.15g", json_double(v));
	return json_string(number);
}

static bool
is_wire(const char *name)
{
	return (strncmp(name, "payload_", 8) == 0 ||
		   strncmp(name, "state_", 6) == 0) &&
	    !ends_with(name, "_topic") && !ends_with(name, "_template");
}

static struct json *
mend_member(const struct json *m, const char *base)
{
	const char *name = json_name(m);

	if (base != NULL && json_text(m) != NULL &&
	    (ends_with(name, "_topic") || strcmp(name, "topic") == 0))
		return put_base(json_text(m), base);
	return is_wire(name) ? as_text(m) : json_copy(m);
}

static struct json *
mend(const struct json *object, const char *base)
{
	struct json *to = json_object();
	const struct json *m;

	for (m = json_first(object); m != NULL; m = json_next(m))
		json_put(to, json_name(m), mend_member(m, base));
	return to;
}

static struct json *
expand_and_mend(const struct json *object, const char *base)
{
	struct json *expanded = expand(object, of_entity, ARRAY_LEN(of_entity));
	struct json *v = mend(expanded, base);

	json_free(expanded);
	return v;
}

/* A list of objects, or one of them. */
static struct json *
availabilities(const struct json *list, const char *base)
{
	struct json *to = json_array();
	const struct json *a;

	if (json_is_object(list))
		json_push(to, expand_and_mend(list, base));
	for (a = json_first(list); json_is_array(list) && a != NULL;
	     a = json_next(a))
		if (json_is_object(a))
			json_push(to, expand_and_mend(a, base));
	return to;
}

struct json *
config_normal(const struct json *config)
{
	struct json *expanded = expand(config, of_entity, ARRAY_LEN(of_entity));
	const char *base = json_str(config, "~");
	struct json *to = json_object();
	const struct json *m;

	for (m = json_first(expanded); m != NULL; m = json_next(m)) {
		const char *name = json_name(m);

		if (strcmp(name, "device") == 0)
			json_put(to, name,
			    expand(m, of_device, ARRAY_LEN(of_device)));
		else if (strcmp(name, "availability") == 0)
			json_put(to, name, availabilities(m, base));
		else
			json_put(to, name, mend_member(m, base));
	}
	json_free(expanded);
	return to;
}

struct json *
config_component(const struct json *shared, const struct json *component)
{
	static const char *const inherited[] = {"availability",
	    "availability_mode", "availability_topic", "availability_template",
	    "payload_available", "payload_not_available", "command_topic",
	    "state_topic", "device", "origin"};
	struct json *own = json_copy(component);
	struct json *to;
	size_t i;

	/* The base of all, unless it has its own. */
	if (json_str(shared, "~") != NULL && !json_has(own, "~"))
		json_put_str(own, "~", json_str(shared, "~"));
	to = config_normal(own);
	json_free(own);
	for (i = 0; i < ARRAY_LEN(inherited); i++)
		if (json_has(shared, inherited[i]) &&
		    !json_has(to, inherited[i]))
			json_put(to, inherited[i],
			    json_copy(json_get(shared, inherited[i])));
	return to;
}

const char *
config_text(const struct json *c, const char *name, const char *otherwise)
{
	/* Null is said on purpose: there is none. */
	return json_has(c, name) ? json_str(c, name) : otherwise;
}

double
config_number(const struct json *c, const char *name, double otherwise)
{
	const struct json *v = json_get(c, name);

	return json_is_number(v) && isfinite(json_double(v)) ? json_double(v)
							     : otherwise;
}
