/* SPDX-License-Identifier: Apache-2.0 */
#include "hass/hass_priv.h"

#include <string.h>

#include "base/buf.h"
#include "check.h"
#include "crypto/crypto.h"

static void
check_setup(void)
{
	crypto_open();
}

static struct json *
parse(const char *text)
{
	struct json *v = NULL;

	REQUIRE(json_parse(text, strlen(text), &v) == OK);
	return v;
}

/* A record as an announcement with this unique_id makes it, or one of
 * Zigbee2MQTT's list. */
static void
add_row(struct json *rows, const char *id, const char *source,
    const char *unique, const char *device, const char *announced,
    const char *area, const char *floor)
{
	struct json *doc = json_object();
	struct json *about = json_object();
	struct json *row = json_object();
	char component[32];
	char key[HOME_KEY_LEN + 1];
	struct buf b;

	snprintf(
	    component, sizeof(component), "%.*s", (int)strcspn(id, "."), id);
	home_key(source, component, unique, key);
	json_put_str(about, "area", announced);
	json_put_str(about, "name", "Name");
	json_put_str(about, "object_id", "name");
	json_put_str(about, "origin", "t#x");
	json_put(doc, "about", about);
	json_put(doc, "actions", json_array());
	json_put(doc, "availability", json_array());
	json_put_str(doc, "class", "");
	json_put_str(doc, "mode", "all");
	json_put(doc, "values", json_array());
	json_put_str(doc, "component", component);
	json_put_str(doc, "device", device);
	json_put_int(doc, "format", RECORD_FORMAT);
	json_put_str(doc, "key", key);
	json_put_str(doc, "source", source);
	buf_init(&b, RECORD_MAX_LEN);
	json_canonical(doc, &b);
	json_put_str(row, "id", id);
	json_put_strn(row, "record", b.p, b.len);
	json_put_str(row, "area", area);
	json_put_str(row, "floor", floor);
	json_put_str(row, "name", id);
	json_put(row, "aliases", parse("[\"old\"]"));
	json_push(rows, row);
	buf_done(&b);
	json_free(doc);
}

/* What is changed, and behind "|" what stays. */
static void
tell(const struct json *rows, struct hass_lists *l, const char *aliases,
    bool replace, struct buf *ret)
{
	struct json *names = parse(aliases);
	struct hass_plan p = {0};
	const struct json *v;

	plan_match(&p, rows, l);
	plan_make(&p, l, names, replace);
	buf_init(ret, 4096);
	for (v = json_first(p.changes); v != NULL; v = json_next(v)) {
		char *body = json_print(json_get(v, "body"));

		buf_addf(ret, "%s %s;", json_words(v, "name"), body);
		free(body);
	}
	buf_adds(ret, "|");
	for (v = json_first(p.kept); v != NULL; v = json_next(v))
		buf_addf(ret, "%s;", json_text(v));
	plan_done(&p);
	json_free(names);
}

static struct hass_lists
read_lists(const char *entities, const char *devices)
{
	return (struct hass_lists){
	    .floors = parse("[{\"floor_id\":\"up\",\"name\":\"Upstairs\"}]"),
	    .areas = parse("[{\"area_id\":\"s\",\"floor_id\":\"up\",\"name\":"
			   "\"Study\"},{\"area_id\":\"h\",\"floor_id\":null,"
			   "\"name\":\"Hall\"},{\"area_id\":\"e\",\"floor_id\":"
			   "\"up\",\"name\":\"Empty\"}]"),
	    .devices = parse(devices),
	    .entities = parse(entities)};
}

static void
free_lists(struct hass_lists *l)
{
	json_free(l->floors);
	json_free(l->areas);
	json_free(l->devices);
	json_free(l->entities);
}

#define LAMP                                                                   \
	"{\"entity_id\":\"light.a\",\"platform\":\"mqtt\",\"unique_id\":"      \
	"\"u\","                                                               \
	"\"device_id\":\"d\",\"name\":null,\"area_id\":"

TEST(what_came_by_the_same_announcement_is_the_same)
{
	struct json *rows = json_array();
	struct hass_lists l = read_lists(
	    "[" LAMP "\"s\"},"
	    "{\"entity_id\":\"light.b\",\"platform\":\"hue\",\"unique_id\":"
	    "\"v\",\"area_id\":\"s\"},"
	    "{\"entity_id\":\"switch.u\",\"platform\":\"mqtt\",\"unique_id\":"
	    "\"w\",\"area_id\":\"s\"}]",
	    "[]");
	struct buf b;

	add_row(rows, "light.ours", "homeassistant", "u", "x", "", "", "");
	/* Of another integration, and another kind of thing. */
	add_row(rows, "light.v", "homeassistant", "v", "y", "", "", "");
	add_row(rows, "light.w", "homeassistant", "w", "z", "", "", "");
	tell(rows, &l, "{}", false, &b);
	CHECK_STR(b.p,
	    "home.area {\"entity\":\"light.ours\",\"area\":\"Study\"};"
	    "home.floor {\"area\":\"Study\",\"floor\":\"Upstairs\"};|");
	buf_done(&b);
	free_lists(&l);
	json_free(rows);
}

TEST(the_room_of_a_device_is_that_of_its_things)
{
	struct json *rows = json_array();
	struct hass_lists l = read_lists("[" LAMP "null}]",
	    "[{\"id\":\"d\",\"area_id\":\"h\",\"identifiers\":[]}]");
	struct buf b;

	add_row(rows, "light.ours", "homeassistant", "u", "x", "Attic", "Attic",
	    "");
	tell(rows, &l, "{}", false, &b);
	CHECK_STR(
	    b.p, "home.area {\"entity\":\"light.ours\",\"area\":\"Hall\"};|");
	buf_done(&b);
	free_lists(&l);
	json_free(rows);
}

TEST(what_an_owner_said_stays_unless_it_is_to_be_replaced)
{
	struct json *rows = json_array();
	struct hass_lists l = read_lists("[" LAMP "\"s\"}]", "[]");
	struct buf b;

	add_row(
	    rows, "light.ours", "homeassistant", "u", "x", "Attic", "Den", "");
	tell(rows, &l, "{}", false, &b);
	CHECK_STR(b.p,
	    "home.floor {\"area\":\"Study\",\"floor\":\"Upstairs\"};|"
	    "light.ours stays in Den, as you said; in Home Assistant it is in "
	    "Study;");
	buf_done(&b);
	tell(rows, &l, "{}", true, &b);
	CHECK_STR(b.p,
	    "home.area {\"entity\":\"light.ours\",\"area\":\"Study\"};"
	    "home.floor {\"area\":\"Study\",\"floor\":\"Upstairs\"};|");
	buf_done(&b);
	free_lists(&l);
	json_free(rows);
}

TEST(what_is_said_already_is_not_said_again)
{
	struct json *rows = json_array();
	struct hass_lists l = read_lists("[" LAMP "\"s\"}]", "[]");
	struct buf b;

	add_row(rows, "light.ours", "homeassistant", "u", "x", "", "Study",
	    "Upstairs");
	tell(
	    rows, &l, "{\"light.a\":[\"old\",\"light.ours\",\"\"]}", false, &b);
	CHECK_STR(b.p, "|");
	buf_done(&b);
	tell(rows, &l, "{\"light.a\":[\"old\",\"new\",7]}", false, &b);
	CHECK_STR(
	    b.p, "home.alias {\"entity\":\"light.ours\",\"alias\":\"new\"};|");
	buf_done(&b);
	free_lists(&l);
	json_free(rows);
}

TEST(a_thing_of_zigbee2mqtts_list_is_known_by_its_address)
{
	struct json *rows = json_array();
	struct hass_lists l = read_lists(
	    "[" LAMP "null},"
	    "{\"entity_id\":\"switch.one\",\"platform\":\"mqtt\",\"unique_id\":"
	    "\"1\",\"device_id\":\"d\",\"area_id\":\"s\"},"
	    "{\"entity_id\":\"switch.two\",\"platform\":\"mqtt\",\"unique_id\":"
	    "\"2\",\"device_id\":\"d\",\"area_id\":\"s\"}]",
	    "[{\"id\":\"d\",\"area_id\":\"h\",\"identifiers\":[[\"mqtt\","
	    "\"zigbee2mqtt_0x01\"]]},"
	    "{\"id\":\"e\",\"area_id\":\"s\",\"identifiers\":[[\"other\","
	    "\"zigbee2mqtt_0x02\"],[\"mqtt\"],7]}]");
	struct buf b;

	add_row(rows, "light.ours", "zigbee2mqtt", "b", "0x01", "", "", "");
	add_row(rows, "light.other", "zigbee2mqtt", "c", "0x02", "", "", "");
	/* Of two of its kind nobody knows which it is; their device is. */
	add_row(rows, "switch.ours", "zigbee2mqtt", "d", "0x01", "", "", "");
	tell(rows, &l, "{\"light.a\":[\"name\"],\"switch.one\":[\"no\"]}",
	    false, &b);
	CHECK_STR(b.p,
	    "home.area {\"entity\":\"light.ours\",\"area\":\"Hall\"};"
	    "home.alias {\"entity\":\"light.ours\",\"alias\":\"name\"};"
	    "home.area {\"entity\":\"switch.ours\",\"area\":\"Hall\"};|");
	buf_done(&b);
	free_lists(&l);
	json_free(rows);
}

TEST(lists_of_another_shape_say_nothing)
{
	const char *const shapes[] = {"null", "{}", "7", "\"x\"", "[null,7,[]]",
	    "[{\"entity_id\":7,\"platform\":\"mqtt\"}]",
	    "[" LAMP "\"nowhere\"}]"};
	struct json *rows = json_array();
	size_t i;

	add_row(rows, "light.ours", "homeassistant", "u", "x", "", "", "");
	add_row(rows, "light.two", "zigbee2mqtt", "u", "0x", "", "", "");
	json_push(rows, json_object());
	for (i = 0; i < ARRAY_LEN(shapes); i++) {
		struct hass_lists l = {parse(shapes[i]), parse(shapes[i]),
		    parse(shapes[i]), parse(shapes[i])};
		struct buf b;

		tell(rows, &l, shapes[i], false, &b);
		CHECK_STR(b.p, "|");
		buf_done(&b);
		free_lists(&l);
	}
	json_free(rows);
}
