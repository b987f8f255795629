/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "check.h"

#include "../discovery/announce.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "devices/devices.h"

/* A kitchen with a light, a lamp and a fan, and a light in the hall; all but
 * the lamp are accepted. */

static struct devices *home;
static struct manifest *manifest;

static const struct manifest *
accepted(void *arg)
{
	(void)arg;
	return manifest;
}

/* Takes the body. */
static void
say(enum msg_type type, struct json *body, const struct buf *bulk)
{
	struct msg m = {.type = type,
	    .body = body,
	    .bulk = bulk != NULL ? bulk->p : NULL,
	    .bulk_len = bulk != NULL ? bulk->len : 0};

	devices_on_message(home, &m);
	json_free(body);
}

static void
say_broker(bool up)
{
	struct json *body = json_object();

	json_put_bool(body, "up", up);
	json_put_str(body, "why", up ? "" : "it was ended");
	say(MSG_HOME_BROKER, body, NULL);
}

/* Adds it to the home, and with its pin to the manifest's devices. */
static void
add(const char *kind, const char *name, const char *area, struct buf *devices)
{
	struct json *body = json_object();
	char pin[DIGEST_HEX_SIZE];
	struct digest digest;
	char config[512];
	char topic[64];
	struct entity *e;
	struct buf record;

	snprintf(
	    topic, sizeof(topic), "homeassistant/%s/%s/config", kind, name);
	snprintf(config, sizeof(config),
	    "{\"command_topic\":\"%s/"
	    "set\",\"unique_id\":\"%s\",\"name\":\"%s\","
	    "\"default_entity_id\":\"%s.%s\",\"device\":{\"identifiers\":\"%"
	    "s\","
	    "\"suggested_area\":\"%s\"}}",
	    name, name, name, kind, name, name, area);
	told.n_found = 0;
	e = announce(topic, config);
	REQUIRE(e != NULL);
	buf_init(&record, RECORD_MAX_LEN);
	entity_write(e, &record);
	json_put_str(body, "key", e->key);
	say(MSG_HOME_ENTITY, body, &record);
	entity_pin(e, &digest);
	digest_hex(&digest, pin);
	if (devices != NULL)
		buf_addf(devices,
		    "%s{\"effect\":\"reversible\",\"entity\":\"%s.%s\","
		    "\"pin\":\"%s\"}",
		    devices->len > 0 ? "," : "", kind, name, pin);
	entity_free(e);
	buf_done(&record);
}

static void
furnish(const char *args)
{
	struct devices_setup s = {.accepted = accepted};
	struct errmsg why = {""};
	struct buf devices;
	struct buf text;

	home = devices_new(&s);
	say_broker(true);
	buf_init(&devices, 4096);
	add("light", "ceiling", "Küche", &devices);
	add("light", "lamp", "Küche", NULL);
	add("fan", "hood", "Küche", &devices);
	add("light", "hall", "Hall", &devices);
	buf_init(&text, 8192);
	buf_addf(&text,
	    "{\"name\":\"home\",\"version\":\"1\",\"transport\":\"home\","
	    "\"functions\":{\"set\":{\"effect\":\"physical\",\"args\":{%s}}},"
	    "\"devices\":[%s]}",
	    args, devices.p);
	REQUIRE(manifest_parse(text.p, text.len, &manifest, &why) == OK);
	buf_done(&text);
	buf_done(&devices);
}

static void
check_setup(void)
{
	crypto_open();
}

#define LIST "\"entities\":{\"type\":\"string\",\"max\":2100}"
#define ONE "\"entity\":{\"type\":\"string\",\"required\":true,\"max\":64}"

static void
clear(void)
{
	devices_bridge_lost(home);
	free(home);
	manifest_free(manifest);
}

/* The new arguments, or why there are none. */
static const char *
chosen(const char *text)
{
	static char said[512];
	struct errmsg why = {""};
	struct json *args;
	struct json *v;
	char *printed;

	REQUIRE(json_parse(text, strlen(text), &args) == OK);
	if (devices_choose(home, args, &v, &why) != OK) {
		snprintf(said, sizeof(said), "%s", why.text);
	} else {
		printed = json_print(v);
		snprintf(said, sizeof(said), "%s", printed);
		free(printed);
		json_free(v);
	}
	json_free(args);
	return said;
}

TEST(a_room_and_a_kind_become_what_was_accepted_of_them)
{
	furnish(LIST);
	CHECK_STR(chosen("{\"action\":\"turn_on\",\"kind\":\"light\"}"),
	    "{\"action\":\"turn_on\",\"entities\":\"light.ceiling,light."
	    "hall\"}");
	CHECK_STR(chosen("{\"action\":\"turn_on\",\"area\":\"kuche\"}"),
	    "{\"action\":\"turn_on\",\"entities\":\"fan.hood,light.ceiling\"}");
	clear();
}

TEST(one_alone_is_named_as_one)
{
	furnish(LIST);
	CHECK_STR(chosen("{\"action\":\"turn_on\",\"area\":\"KÜCHE\",\"kind\":"
			 "\"lights\",\"values\":\"\"}"),
	    "{\"action\":\"turn_on\",\"values\":\"\",\"entity\":\"light."
	    "ceiling\"}");
	clear();
}

TEST(what_is_not_there_or_cannot_do_it_is_said)
{
	static const char *const nothing[] = {
	    "{\"action\":\"turn_on\",\"area\":\"Garden\"}",
	    "{\"action\":\"unlock\",\"area\":\"Hall\"}",
	    "{\"action\":\"turn_on\",\"kind\":\"lock\"}",
	    "{\"area\":\"Hall\"}",
	};
	size_t i;

	furnish(LIST);
	for (i = 0; i < ARRAY_LEN(nothing); i++) {
		CASE(nothing[i]);
		CHECK(strncmp(chosen(nothing[i]),
			  "nothing that an owner accepted is", 33) == 0);
	}
	CHECK_STR(chosen("{\"action\":\"turn_on\",\"area\":\"\"}"),
	    "name entities, or a room, a kind or both");
	CHECK_STR(chosen("{\"action\":\"turn_on\",\"area\":\"Hall\",\"entity\":"
			 "\"light.hall\"}"),
	    "name entities, or a room, a kind or both");
	say_broker(false);
	CHECK(strstr(chosen("{\"action\":\"turn_on\",\"area\":\"Hall\"}"),
		  "broker is not there") != NULL);
	clear();
}

TEST(a_home_that_was_accepted_before_is_commanded_one_by_one)
{
	furnish(ONE);
	CHECK(strstr(chosen("{\"action\":\"turn_on\",\"kind\":\"light\"}"),
		  "accepts it anew") != NULL);
	CHECK_STR(chosen("{\"action\":\"turn_on\",\"area\":\"Hall\"}"),
	    "{\"action\":\"turn_on\",\"entity\":\"light.hall\"}");
	clear();
}
