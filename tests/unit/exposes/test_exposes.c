/* SPDX-License-Identifier: Apache-2.0 */
#include "exposes/exposes.h"

#include "check.h"

#include "../discovery/announce.h"
#include "crypto/crypto.h"

static void
check_setup(void)
{
	crypto_open();
}

static void
feed(const char *list)
{
	forget();
	exposes_feed("zigbee2mqtt", list, strlen(list), &ports);
}

static struct entity *
found(const char *component)
{
	size_t i;

	for (i = 0; i < told.n_found; i++)
		if (strcmp(told.found[i]->component, component) == 0)
			return told.found[i];
	return NULL;
}

#define DEVICE(name, exposes)                                                  \
	"{\"ieee_address\":\"0x1\",\"type\":\"Router\",\"friendly_name\":"     \
	"\"" name "\",\"definition\":{\"model\":\"M\",\"vendor\":\"V\","       \
	"\"exposes\":[" exposes "]}}"
#define STATE(property, on, off)                                               \
	"{\"type\":\"binary\",\"name\":\"state\",\"property\":\"" property     \
	"\",\"access\":7,\"value_on\":" on ",\"value_off\":" off "}"
#define LIGHT                                                                  \
	"{\"type\":\"light\",\"features\":[" STATE("state", "\"ON\"",          \
	    "\"OFF\"") ",{\"type\":\"numeric\",\"name\":\"brightness\","       \
		       "\"property\":\"brightness\",\"access\":7,"             \
		       "\"value_min\":0,\"value_max\":254},{\"type\":"         \
		       "\"numeric\",\"name\":\"color_temp\",\"property\":"     \
		       "\"color_temp\",\"access\":7,\"value_min\":153,"        \
		       "\"value_max\":500},{\"type\":\"composite\",\"name\":"  \
		       "\"color_xy\",\"property\":\"color\",\"access\":7,"     \
		       "\"features\":[]}]}"

TEST(names_with_blanks_and_slashes_are_topics_like_others)
{
	struct entity *e;

	feed("[" DEVICE("Living room/ceiling", LIGHT) "]");
	e = found("light");
	REQUIRE(e != NULL);
	CHECK_STR(rendered(e, "turn_on", NULL),
	    "zigbee2mqtt/Living room/ceiling/set {\"state\":\"ON\"}");
	CHECK_STR(rendered(e, "set_brightness", "{\"brightness\":50}"),
	    "zigbee2mqtt/Living room/ceiling/set {\"brightness\":127}");
	CHECK_STR(rendered(e, "set_color_temperature",
		      "{\"color_temperature\":2000}"),
	    "zigbee2mqtt/Living room/ceiling/set {\"color_temp\":500}");
	CHECK_STR(rendered(e, "set_color_temperature",
		      "{\"color_temperature\":1999}"),
	    "!color_temperature is a number from 2000 to 6535 K in steps of 1");
	CHECK_STR(decoded(e, "brightness", "zigbee2mqtt/Living room/ceiling",
		      "{\"brightness\":254,\"color\":{\"x\":0.5,\"y\":0.4}}"),
	    "100");
	CHECK_STR(decoded(e, "color_x", "zigbee2mqtt/Living room/ceiling",
		      "{\"color\":{\"x\":0.5,\"y\":0.4}}"),
	    "0.5");
	CHECK_STR(e->object_id, "living_room_ceiling");
	forget();
	feed("[" DEVICE("a+b", LIGHT) "]");
	e = found("light");
	REQUIRE(e != NULL);
	CHECK_INT(e->n_actions, 0);
	CHECK(e->read_only_why != NULL);
	forget();
}

TEST(groups_of_features_have_the_actions_of_their_kind)
{
	struct entity *e;

	feed("[" DEVICE("x",
	    "{\"type\":\"lock\",\"features\":[" STATE("state", "\"LOCK\"",
		"\"UNLOCK\"") "]},"
			      "{\"type\":\"switch\",\"endpoint\":\"left\","
			      "\"features\":[" STATE("state_left", "true",
				  "false") "]},"
					   "{\"type\":\"cover\","
					   "\"features\":["
					   "{\"type\":\"enum\",\"name\":"
					   "\"state\",\"property\":"
					   "\"state\","
					   "\"access\":3,\"values\":["
					   "\"OPEN\","
					   "\"CLOSE\",\"STOP\"]},{\"type\":"
					   "\"numeric\",\"name\":"
					   "\"position\","
					   "\"property\":\"position\","
					   "\"access\":7,\"value_min\":0,"
					   "\"value_max\":100}]},"
					   "{\"type\":\"climate\","
					   "\"features\""
					   ":[{\"type\":\"numeric\","
					   "\"name\":"
					   "\"current_heating_setpoint\","
					   "\"property\":\"current_heating_"
					   "setpoint\",\"access\":3,"
					   "\"value_"
					   "min\":5,\"value_max\":30,"
					   "\"value_"
					   "step\":0.5,\"unit\":\"°C\"},"
					   "{\"type\":\"enum\",\"name\":"
					   "\"system_mode\",\"property\":"
					   "\"system_mode\",\"access\":3,"
					   "\"values\":[\"off\",\"heat\"]}]"
					   "}") "]");
	e = found("lock");
	REQUIRE(e != NULL);
	CHECK_STR(rendered(e, "unlock", NULL),
	    "zigbee2mqtt/x/set {\"state\":\"UNLOCK\"}");
	CHECK_STR(decoded(e, "state", "zigbee2mqtt/x", "{\"state\":\"LOCK\"}"),
	    "locked");
	e = found("switch");
	REQUIRE(e != NULL);
	CHECK_STR(rendered(e, "turn_on", NULL),
	    "zigbee2mqtt/x/set {\"state_left\":true}");
	CHECK_STR(
	    decoded(e, "state", "zigbee2mqtt/x", "{\"state_left\":false}"),
	    "off");
	e = found("cover");
	REQUIRE(e != NULL);
	CHECK_STR(rendered(e, "stop", NULL),
	    "zigbee2mqtt/x/set {\"state\":\"STOP\"}");
	CHECK_STR(rendered(e, "set_position", "{\"position\":30}"),
	    "zigbee2mqtt/x/set {\"position\":30}");
	e = found("climate");
	REQUIRE(e != NULL);
	CHECK_STR(rendered(e, "set_temperature", "{\"value\":21.5}"),
	    "zigbee2mqtt/x/set {\"current_heating_setpoint\":21.5}");
	CHECK_STR(rendered(e, "set_temperature", "{\"value\":21.2}"),
	    "!value is a number from 5 to 30 °C in steps of 0.5");
	CHECK_STR(rendered(e, "set_mode", "{\"value\":\"heat\"}"),
	    "zigbee2mqtt/x/set {\"system_mode\":\"heat\"}");
	forget();
}

TEST(single_features_are_what_their_access_says)
{
	struct entity *e;

	feed("[" DEVICE("x",
	    "{\"type\":\"numeric\",\"property\":\"power\",\"access\":1,"
	    "\"unit\":\"W\"},"
	    "{\"type\":\"enum\",\"property\":\"speed\",\"access\":3,"
	    "\"values\":[1,2,\"fast\"]},"
	    "{\"type\":\"binary\",\"property\":\"contact\",\"access\":1,"
	    "\"value_on\":true,\"value_off\":false},"
	    "{\"type\":\"composite\",\"property\":\"schedule\",\"access\":2,"
	    "\"features\":[]},"
	    "{\"type\":\"composite\",\"property\":\"told\",\"access\":1,"
	    "\"features\":[]}") "]");
	CHECK_INT(told.n_found, 4);
	e = found("sensor");
	REQUIRE(e != NULL);
	CHECK_INT(e->n_actions, 0);
	CHECK_STR(
	    decoded(e, "state", "zigbee2mqtt/x", "{\"power\":12.5}"), "12.5");
	CHECK_STR(
	    decoded(e, "state", "zigbee2mqtt/x", "{\"power\":null}"), "?");
	e = found("select");
	REQUIRE(e != NULL);
	CHECK_STR(rendered(e, "select", "{\"value\":\"2\"}"),
	    "zigbee2mqtt/x/set {\"speed\":2}");
	CHECK_STR(decoded(e, "state", "zigbee2mqtt/x", "{\"speed\":2}"), "2");
	e = found("binary_sensor");
	REQUIRE(e != NULL);
	CHECK_STR(
	    decoded(e, "state", "zigbee2mqtt/x", "{\"contact\":true}"), "on");
	e = found("text");
	REQUIRE(e != NULL);
	CHECK_INT(e->n_actions, 0);
	CHECK(e->read_only_why != NULL);
	forget();
}

TEST(one_broken_device_hides_no_other)
{
	feed("[ 5 , {\"ieee_address\":\"0x2\"}, {broken}, "
	     "{\"ieee_address\":\"0x3\",\"definition\":{},\"friendly_name\":"
	     "7}, " DEVICE("x", LIGHT) "]");
	CHECK_INT(told.n_found, 1);
	CHECK_INT(told.n_refused, 3);
	feed("{}");
	CHECK_INT(told.n_refused, 1);
	feed("[" DEVICE("x", LIGHT));
	CHECK_INT(told.n_found, 0);
	CHECK_INT(told.n_refused, 1);
	feed("");
	CHECK_INT(told.n_refused, 1);
	forget();
}

TEST(an_update_goes_to_the_bridge)
{
	struct entity *e;

	feed("[{\"ieee_address\":\"0x1\",\"friendly_name\":\"x\","
	     "\"definition\":{\"supports_ota\":true,\"exposes\":[]}}]");
	e = found("update");
	REQUIRE(e != NULL);
	CHECK_STR(rendered(e, "install", NULL),
	    "zigbee2mqtt/bridge/request/device/ota_update/update "
	    "{\"id\":\"0x1\"}");
	forget();
}
