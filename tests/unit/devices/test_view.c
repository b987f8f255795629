/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/devices.h"

#include <stdlib.h>

#include "check.h"

#include "../discovery/announce.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "turn/turn_priv.h"

static void
check_setup(void)
{
	crypto_open();
}

static const struct manifest *
none_accepted(void *arg)
{
	(void)arg;
	return NULL;
}

static const struct {
	const char *name;
	const char *id;
} rooms[] = {{"Kitchen", "kitchen"}, {"Living room", "living_room"},
    {"Hall", "hall"}, {"Bedroom", "bedroom"}, {"Bathroom", "bathroom"},
    {"Office", "office"}, {"Cellar", "cellar"}, {"Garden", "garden"},
    {"Attic", "attic"}, {"Garage", "garage"}};
static const char *const kinds[] = {"light", "switch", "fan"};

/* Two of three are lights. */
static void
add_device(struct devices *d, size_t i)
{
	size_t room = i % ARRAY_LEN(rooms);
	const char *kind = kinds[i % 3 == 2 ? 1 + i % 2 : 0];
	struct json *body = json_object();
	struct msg m = {.type = MSG_HOME_ENTITY, .body = body};
	char config[512];
	char topic[64];
	struct entity *e;
	struct buf record;

	snprintf(topic, sizeof(topic), "homeassistant/%s/n%zu/config", kind, i);
	snprintf(config, sizeof(config),
	    "{\"command_topic\":\"n%zu/set\",\"unique_id\":\"n%zu\","
	    "\"name\":\"%s %s %zu\",\"default_entity_id\":\"%s.%s_%s_%zu\","
	    "\"device\":{\"identifiers\":\"d%zu\",\"suggested_area\":\"%s\"}}",
	    i, i, rooms[room].name, kind, i, kind, rooms[room].id, kind, i, i,
	    rooms[room].name);
	told.n_found = 0;
	e = announce(topic, config);
	REQUIRE(e != NULL);
	buf_init(&record, RECORD_MAX_LEN);
	entity_write(e, &record);
	json_put_str(body, "key", e->key);
	m.bulk = record.p;
	m.bulk_len = record.len;
	devices_on_message(d, &m);
	entity_free(e);
	buf_done(&record);
	json_free(body);
}

/* What a prompt has of a home of so many devices; the caller frees it. */
static char *
shown(size_t n_devices, const char *goal)
{
	struct devices_setup s = {.accepted = none_accepted};
	struct devices *d = devices_new(&s);
	struct json *view = json_object();
	struct buf out;
	size_t i;

	for (i = 0; i < n_devices; i++)
		add_device(d, i);
	CHECK_INT(devices_put_view(d, goal, view), n_devices > 0);
	buf_init(&out, VIEW_MAX);
	prompt_home(view, &out);
	json_free(view);
	devices_bridge_lost(d);
	free(d);
	return buf_steal(&out);
}

TEST(a_goal_that_names_no_device_is_shown_a_small_home_in_1_kb)
{
	char *text = shown(30, "what can you do?");

	CHECK(strlen(text) < 1024);
	CHECK(strstr(text, "\n- \"Kitchen\": ") != NULL);
	CHECK(strstr(text, "more") == NULL);
	free(text);
}

TEST(a_goal_that_names_no_device_is_shown_a_large_home_in_2_kb)
{
	char *text = shown(300, "what can you do?");

	CHECK(strlen(text) < 2048);
	CHECK(strstr(text, "\n- \"Attic\": ") != NULL);
	CHECK(strstr(text, " light") != NULL);
	CHECK(strstr(text, "more") == NULL);
	free(text);
}

TEST(a_goal_that_names_many_is_shown_what_fits)
{
	char *text = shown(300, "turn off every light in the kitchen");

	CHECK(strlen(text) < 2048);
	CHECK(strstr(text, "\n- \"Kitchen\": light.") != NULL);
	free(text);
}

TEST(names_that_are_long_leave_others_out)
{
	struct json *view = json_object();
	struct json *list = json_array();
	char name[201];
	struct buf out;
	size_t i;

	memset(name, '"', 200);
	name[200] = '\0';
	for (i = 0; i < DEVICES_VIEW_MAX; i++) {
		struct json *v = json_object();

		json_put_str(v, "entity", "light.a");
		json_put_str(v, "name", name);
		json_put_str(v, "area", i % 2 == 0 ? "A" : "");
		json_push(list, v);
	}
	json_put(view, "home", list);
	buf_init(&out, VIEW_MAX);
	prompt_home(view, &out);
	CHECK(out.len <= PROMPT_HOME_MAX);
	CHECK(strstr(out.p, "more, which home.find finds") != NULL);
	buf_done(&out);
	json_free(view);
}

TEST(without_a_home_nothing_is_shown)
{
	char *text = shown(0, "what can you do?");

	CHECK(text == NULL || text[0] == '\0');
	free(text);
}
