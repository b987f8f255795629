/* SPDX-License-Identifier: Apache-2.0 */
#include "discovery/discovery.h"

#include "check.h"

#include "announce.h"
#include "crypto/crypto.h"
#include "home/effect.h"

static void
check_setup(void)
{
	crypto_open();
}

#define LAMP                                                                   \
	"{\"schema\":\"json\",\"command_topic\":\"z/lamp/set\",\"state_topic"  \
	"\":\"z/lamp\",\"brightness\":true,\"brightness_scale\":254,"          \
	"\"supported_color_modes\":[\"xy\",\"color_temp\"],\"min_mireds\":"    \
	"150,\"max_mireds\":500,\"effect_list\":[\"blink\"],\"unique_id\":"    \
	"\"lamp\",\"name\":null,\"device\":{\"identifiers\":[\"d1\"],"         \
	"\"name\":\"Kitchen Lamp\",\"model\":\"X\",\"suggested_area\":"        \
	"\"Kitchen\"}}"

TEST(a_json_light_is_commanded_in_percent_kelvin_and_colours)
{
	struct entity *e =
	    announce("homeassistant/light/0x1/light/config", LAMP);

	REQUIRE(e != NULL);
	CHECK_STR(e->name, "Kitchen Lamp");
	CHECK_STR(e->area, "Kitchen");
	CHECK_STR(e->device, "d1");
	CHECK(e->read_only_why == NULL);
	CHECK_STR(
	    rendered(e, "turn_on", NULL), "z/lamp/set {\"state\":\"ON\"}");
	CHECK_STR(rendered(e, "set_brightness", "{\"brightness\":50}"),
	    "z/lamp/set {\"state\":\"ON\",\"brightness\":127}");
	CHECK_STR(rendered(e, "set_color_temperature",
		      "{\"color_temperature\":4000}"),
	    "z/lamp/set {\"state\":\"ON\",\"color_temp\":250}");
	/* sRGB red, by the matrix of IEC 61966-2-1. */
	CHECK_STR(
	    rendered(e, "set_color", "{\"red\":255,\"green\":0,\"blue\":0}"),
	    "z/lamp/set {\"state\":\"ON\",\"color\":{\"x\":0.6401,\"y\":0.33"
	    "}}");
	CHECK_STR(rendered(e, "set_effect", "{\"effect\":\"blink\"}"),
	    "z/lamp/set {\"state\":\"ON\",\"effect\":\"blink\"}");
	CHECK_STR(
	    decoded(e, "brightness", "z/lamp", "{\"brightness\":127}"), "50");
	CHECK_STR(decoded(e, "state", "z/lamp", "{\"state\":\"OFF\"}"), "off");
	CHECK_STR(decoded(e, "state", "z/lamp", "{\"brightness\":1}"), "-");
	CHECK_STR(decoded(e, "state", "z/other", "{\"state\":\"ON\"}"), "-");
	CHECK_STR(
	    decoded(e, "color_temperature", "z/lamp", "{\"color_temp\":250}"),
	    "4000");
	forget();
}

TEST(what_is_outside_of_a_range_is_refused_with_what_is_possible)
{
	struct entity *e =
	    announce("homeassistant/light/0x1/light/config", LAMP);

	REQUIRE(e != NULL);
	CHECK_STR(rendered(e, "set_brightness", "{\"brightness\":101}"),
	    "!brightness is a number from 1 to 100 % in steps of 1");
	CHECK_STR(rendered(e, "set_brightness", "{\"brightness\":\"50\"}"),
	    "!brightness is a number from 1 to 100 % in steps of 1");
	CHECK_STR(rendered(e, "set_brightness", "{\"brightness\":1.5}"),
	    "!brightness is a number from 1 to 100 % in steps of 1");
	CHECK_STR(rendered(e, "set_brightness", NULL),
	    "!set_brightness needs one more: brightness is a number from 1 to "
	    "100 % in steps of 1");
	CHECK_STR(
	    rendered(e, "set_brightness", "{\"brightness\":5,\"code\":\"x\"}"),
	    "!set_brightness has no parameter 'code'");
	CHECK_STR(rendered(e, "set_effect", "{\"effect\":\"storm\"}"),
	    "!effect is blink");
	CHECK(strstr(rendered(e, "explode", NULL), "turn_off") != NULL);
	forget();
}

TEST(abbreviations_and_the_base_are_written_out)
{
	struct entity *e = announce("homeassistant/switch/plug/config",
	    "{\"~\":\"tele/plug\",\"cmd_t\":\"~/cmd\",\"stat_t\":\"~/state\","
	    "\"pl_on\":1,\"pl_off\":0,\"avty\":[{\"t\":\"~/lwt\",\"pl_avail\":"
	    "\"Online\",\"pl_not_avail\":\"Offline\"}],\"uniq_id\":\"p1\","
	    "\"dev_cla\":\"outlet\",\"dev\":{\"ids\":\"p\",\"mf\":\"Maker\"},"
	    "\"val_tpl\":\"{{ value_json.POWER }}\"}");

	REQUIRE(e != NULL);
	CHECK_STR(rendered(e, "turn_on", NULL), "tele/plug/cmd 1");
	CHECK_STR(
	    decoded(e, "state", "tele/plug/state", "{\"POWER\":0}"), "off");
	CHECK_STR(e->manufacturer, "Maker");
	CHECK_STR(e->class, "outlet");
	REQUIRE(e->n_availability == 1);
	CHECK_STR(e->availability[0].topic, "tele/plug/lwt");
	CHECK_STR(e->availability[0].online, "Online");
	forget();
}

/* One row for each component that can be commanded. */
static const struct {
	const char *component;
	const char *config;
	const char *action;
	const char *params;
	const char *want;
} components[] = {
    {"switch", "", "turn_off", NULL, "c OFF"},
    {"siren", "\"available_tones\":[\"bell\"],", "turn_on",
	"{\"tone\":\"bell\",\"duration\":3}",
	"c {\"state\":\"ON\",\"tone\":\"bell\",\"duration\":3}"},
    {"siren", "", "turn_off", NULL, "c {\"state\":\"OFF\"}"},
    {"light", "\"brightness_command_topic\":\"b\",", "set_brightness",
	"{\"brightness\":100}", "b 255"},
    {"light", "\"rgb_command_topic\":\"r\",", "set_color",
	"{\"red\":1,\"green\":2,\"blue\":3}", "r 1,2,3"},
    {"light",
	"\"schema\":\"template\",\"command_off_template\":\"off\","
	"\"command_on_template\":\"on{% if brightness is defined %},"
	"{{ brightness }}{% endif %}\",",
	"set_brightness", "{\"brightness\":50}", "c on,128"},
    {"light",
	"\"schema\":\"template\",\"command_off_template\":\"off\","
	"\"command_on_template\":\"on{% if brightness is defined %},"
	"{{ brightness }}{% endif %}\",",
	"turn_on", NULL, "c on"},
    {"cover", "", "stop", NULL, "c STOP"},
    {"cover",
	"\"set_position_topic\":\"p\",\"set_position_template\":"
	"\"{\\\"position\\\": {{ position }}}\",",
	"set_position", "{\"position\":30}", "p {\"position\": 30}"},
    {"cover",
	"\"set_position_topic\":\"p\",\"position_open\":0,"
	"\"position_closed\":255,",
	"set_position", "{\"position\":100}", "p 0"},
    {"valve", "", "open", NULL, "c OPEN"},
    {"valve", "\"reports_position\":true,", "set_position", "{\"position\":40}",
	"c 40"},
    {"lock", "", "unlock", NULL, "c UNLOCK"},
    {"lock",
	"\"command_template\":\"{{ value }}:{{ code }}\","
	"\"code_format\":\"^[0-9]+$\",",
	"lock", "{\"code\":\"123\"}", "c LOCK:123"},
    {"fan", "\"percentage_command_topic\":\"p\",\"speed_range_max\":4,",
	"set_speed", "{\"speed\":50}", "p 2"},
    {"fan", "\"oscillation_command_topic\":\"o\",", "set_oscillation",
	"{\"oscillation\":\"on\"}", "o oscillate_on"},
    {"fan", "\"direction_command_topic\":\"d\",", "set_direction",
	"{\"direction\":\"reverse\"}", "d reverse"},
    {"climate", "\"mode_command_topic\":\"m\",\"modes\":[\"off\",\"heat\"],",
	"set_mode", "{\"mode\":\"heat\"}", "m heat"},
    {"climate", "\"temperature_command_topic\":\"t\",\"temp_step\":0.5,",
	"set_temperature", "{\"temperature\":21.5}", "t 21.5"},
    {"climate", "\"power_command_topic\":\"p\",", "turn_on", NULL, "p ON"},
    {"water_heater", "\"temperature_command_topic\":\"t\",", "set_temperature",
	"{\"temperature\":50}", "t 50"},
    {"humidifier", "\"target_humidity_command_topic\":\"h\",", "set_humidity",
	"{\"humidity\":45}", "h 45"},
    {"number", "", "set", "{\"value\":7}", "c 7"},
    {"select", "\"options\":[\"a\",\"b\"],", "select", "{\"value\":\"b\"}",
	"c b"},
    {"text", "", "set", "{\"value\":\" hi \"}", "c  hi "},
    {"button", "", "press", NULL, "c PRESS"},
    {"scene", "", "activate", NULL, "c ON"},
    {"notify", "", "send", "{\"message\":\"hello\"}", "c hello"},
    {"vacuum", "", "return_to_base", NULL, "c return_to_base"},
    {"vacuum", "\"set_fan_speed_topic\":\"f\",\"fan_speed_list\":[\"max\"],",
	"set_fan_speed", "{\"fan_speed\":\"max\"}", "f max"},
    {"lawn_mower", "\"dock_command_topic\":\"d\",", "dock", NULL, "d dock"},
    {"alarm_control_panel", "", "arm_night", NULL, "c ARM_NIGHT"},
    {"alarm_control_panel", "\"command_template\":\"{{ action }}/{{ code }}\",",
	"disarm", "{\"code\":\"9\"}", "c DISARM/9"},
    {"update", "\"payload_install\":\"go\",", "install", NULL, "c go"},
};

TEST(every_component_has_its_commands_and_its_defaults)
{
	char topic[128];
	char config[1024];
	size_t i;

	for (i = 0; i < ARRAY_LEN(components); i++) {
		struct entity *e;

		CASE(components[i].config);
		snprintf(topic, sizeof(topic), "homeassistant/%s/x/config",
		    components[i].component);
		snprintf(config, sizeof(config),
		    "{%s\"command_topic\":\"c\",\"unique_id\":\"u\"}",
		    components[i].config);
		e = announce(topic, config);
		CHECK(e != NULL);
		if (e == NULL)
			continue;
		CHECK_STR(
		    rendered(e, components[i].action, components[i].params),
		    components[i].want);
	}
	forget();
}

TEST(a_command_template_beyond_the_part_makes_it_read_only_with_the_reason)
{
	struct entity *e = announce("homeassistant/number/x/config",
	    "{\"command_topic\":\"c\",\"state_topic\":\"s\","
	    "\"command_template\":\"{{ states('x') }}\"}");

	REQUIRE(e != NULL);
	CHECK_INT(e->n_actions, 0);
	CHECK_INT(e->n_values, 1);
	REQUIRE(e->read_only_why != NULL);
	CHECK(strstr(e->read_only_why, "states") != NULL);
	CHECK(strstr(rendered(e, "set", "{\"value\":1}"), "states") != NULL);
	e = announce("homeassistant/text/x/config",
	    "{\"command_topic\":\"c\",\"pattern\":\"[a-z]+\"}");
	REQUIRE(e != NULL && e->read_only_why != NULL);
	CHECK_INT(e->n_actions, 0);
	forget();
}

TEST(a_topic_that_nothing_can_be_published_to_makes_it_read_only)
{
	static const char *const topics[] = {"a/+/b", "a/#", "$SYS/x", ""};
	char config[256];
	size_t i;

	for (i = 0; i < ARRAY_LEN(topics); i++) {
		struct entity *e;

		CASE(topics[i]);
		snprintf(config, sizeof(config),
		    "{\"command_topic\":\"%s\",\"state_topic\":\"s\"}",
		    topics[i]);
		e = announce("homeassistant/switch/x/config", config);
		CHECK(
		    e != NULL && e->n_actions == 0 && e->read_only_why != NULL);
	}
	/* A NUL in JSON is none. */
	CHECK(announce("homeassistant/switch/x/config",
		  "{\"command_topic\":\"a\\u0000b\"}") == NULL);
	CHECK_INT(told.n_refused, 1);
	forget();
}

TEST(a_devices_components_share_what_it_says_and_fail_alone)
{
	static const char config[] =
	    "{\"dev\":{\"ids\":\"d\",\"name\":\"D\"},\"o\":{\"name\":\"x\"},"
	    "\"~\":\"top\",\"avty_t\":\"~/lwt\",\"cmps\":{"
	    "\"a\":{\"p\":\"switch\",\"unique_id\":\"a\",\"cmd_t\":\"~/a\"},"
	    "\"b\":{\"p\":\"sensor\",\"unique_id\":\"b\",\"stat_t\":\"~/b\","
	    "\"unit_of_meas\":\"W\"},"
	    "\"c\":{\"p\":\"light\"},"
	    "\"d\":{\"unique_id\":\"nothing\"},"
	    "\"e\":\"no object\","
	    "\"f\":{\"p\":\"device_automation\",\"topic\":\"x\"}}}";
	struct entity *a;

	CHECK(announce("homeassistant/device/d/config", config) == NULL);
	REQUIRE(told.n_found == 2);
	CHECK_INT(told.n_gone, 1);
	CHECK_STR(told.gone[0], "homeassistant/device/d/config#c");
	CHECK_INT(told.n_refused, 2);
	a = told.found[0];
	CHECK_STR(rendered(a, "turn_on", NULL), "top/a ON");
	CHECK_STR(a->origin, "homeassistant/device/d/config#a");
	REQUIRE(a->n_availability == 1);
	CHECK_STR(a->availability[0].topic, "top/lwt");
	CHECK_STR(decoded(told.found[1], "state", "top/b", "12.5"), "12.5");
	forget();
}

TEST(what_is_nobodys_configuration_is_told_and_hides_nothing)
{
	static const struct {
		const char *payload;
		const char *why;
	} rows[] = {{"no json", "JSON"}, {"[1]", "object"},
	    {"{\"a\":1,\"a\":2}", "twice"}, {"\xff\xfe", "JSON"},
	    {"{\"a\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}", "deeply"}};
	static char large[5 * 1024 * 1024];
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].payload);
		CHECK(announce("homeassistant/light/x/config",
			  rows[i].payload) == NULL);
		REQUIRE(told.n_refused == 1);
		CHECK(strstr(told.why[0], rows[i].why) != NULL);
	}
	memset(large, ' ', sizeof(large));
	forget();
	CHECK(discovery_feed("homeassistant", NULL,
	    "homeassistant/light/x/config", large, sizeof(large), &ports));
	CHECK_INT(told.n_refused, 1);
	CHECK(announce("homeassistant/light/x/config", "") == NULL);
	REQUIRE(told.n_gone == 1);
	CHECK_STR(told.gone[0], "homeassistant/light/x/config");
	forget();
}

TEST(only_topics_of_discovery_are_read_and_our_own_are_passed_over)
{
	CHECK(discovery_is_topic("homeassistant", "homeassistant/a/b/config"));
	CHECK(discovery_is_topic("ha/x", "ha/x/a/n/b/config"));
	CHECK(!discovery_is_topic("homeassistant", "homeassistant/status"));
	CHECK(!discovery_is_topic("homeassistant", "homeassistant/a/config"));
	CHECK(
	    !discovery_is_topic("homeassistant", "homeassistant/a/b c/config"));
	CHECK(!discovery_is_topic(
	    "homeassistant", "homeassistant/a/b/c/d/config"));
	CHECK(
	    !discovery_is_topic("homeassistant", "homeassistantx/a/b/config"));
	CHECK(announce("homeassistant/button/x/config",
		  "{\"command_topic\":\"c\",\"origin\":{\"name\":\"Durward\"}"
		  "}") == NULL);
	CHECK_INT(told.n_refused, 0);
	forget();
}

TEST(a_wish_is_confirmed_by_what_the_entity_tells)
{
	struct entity *e =
	    announce("homeassistant/light/0x1/light/config", LAMP);
	struct home_reading r[HOME_VALUES_MAX];
	struct json *fifty;
	int i;

	REQUIRE(e != NULL);
	memset(r, 0, sizeof(r));
	REQUIRE(json_parse("{\"brightness\":50}", 17, &fifty) == OK);
	CHECK(home_confirms(e, "turn_on", NULL, r) == MATCH_NO);
	i = entity_value(e, "state");
	r[i].news = NEWS_KNOWN;
	r[i].kind = HOME_ENUM;
	snprintf(r[i].text, sizeof(r[i].text), "on");
	CHECK(home_confirms(e, "turn_on", NULL, r) == MATCH_YES);
	CHECK(home_confirms(e, "turn_off", NULL, r) == MATCH_NO);
	i = entity_value(e, "brightness");
	r[i].news = NEWS_KNOWN;
	r[i].kind = HOME_NUMBER;
	r[i].number = 50;
	CHECK(home_confirms(e, "set_brightness", fifty, r) == MATCH_YES);
	r[i].number = 60;
	CHECK(home_confirms(e, "set_brightness", fifty, r) == MATCH_NO);
	json_free(fifty);
	e = announce(
	    "homeassistant/button/x/config", "{\"command_topic\":\"c\"}");
	REQUIRE(e != NULL);
	CHECK(home_confirms(e, "press", NULL, r) == MATCH_NEVER);
	forget();
}
