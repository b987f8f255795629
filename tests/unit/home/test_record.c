/* SPDX-License-Identifier: Apache-2.0 */
#include "home/record.h"

#include "check.h"

#include "../discovery/announce.h"
#include "crypto/crypto.h"
#include "home/effect.h"

static void
check_setup(void)
{
	crypto_open();
}

static const char lock_config[] =
    "{\"command_topic\":\"l/set\",\"state_topic\":\"l\",\"unique_id\":\"l\","
    "\"name\":\"Door\",\"payload_unlock\":\"UNLOCK\",\"availability_topic\":"
    "\"l/lwt\",\"device\":{\"identifiers\":\"d\",\"model\":\"M\","
    "\"suggested_area\":\"Hall\"}}";

static struct entity *
a_lock(const char *topic, const char *config)
{
	struct entity *e = announce(topic, config);

	if (e != NULL)
		told.n_found = 0;
	return e;
}

/* The lock with one text of its configuration replaced by another. */
static struct entity *
lock_with(const char *old, const char *new)
{
	char config[1024];
	const char *at = strstr(lock_config, old);

	if (at == NULL)
		return NULL;
	snprintf(config, sizeof(config), "%.*s%s%s", (int)(at - lock_config),
	    lock_config, new, at + strlen(old));
	return a_lock("homeassistant/lock/x/config", config);
}

static bool
same_pin(const struct entity *a, const struct entity *b)
{
	struct digest x;
	struct digest y;

	entity_pin(a, &x);
	entity_pin(b, &y);
	return digest_equal(&x, &y);
}

TEST(a_record_is_read_as_it_was_written)
{
	struct entity *e = lock_with("Door", "Front \\\"door\\\"");
	struct entity *again;
	struct digest x;
	struct digest y;
	struct errmsg why;
	struct buf b;

	REQUIRE(e != NULL);
	buf_init(&b, RECORD_MAX_LEN);
	entity_write(e, &b);
	REQUIRE(entity_read(b.p, b.len, &again, &why) == OK);
	CHECK(same_pin(e, again));
	entity_digest(e, &x);
	entity_digest(again, &y);
	CHECK(digest_equal(&x, &y));
	CHECK_STR(again->name, "Front \"door\"");
	CHECK_STR(rendered(again, "unlock", NULL), "l/set UNLOCK");
	CHECK_STR(decoded(again, "state", "l", "LOCKED"), "locked");
	CHECK_STR(decoded(again, "state", "l", "HALF"), "?");
	entity_free(again);
	entity_free(e);
	buf_done(&b);
}

TEST(the_pin_changes_with_all_that_commands_and_confirmation_rest_on)
{
	static const struct {
		const char *old;
		const char *new;
	} rows[] = {
	    {"\"l/set\"", "\"k/set\""},
	    {"\"UNLOCK\"", "\"OPEN\""},
	    {"\"state_topic\":\"l\"", "\"state_topic\":\"m\""},
	    {"\"l/lwt\"", "\"l/lwt2\""},
	    {"\"name\"", "\"state_locked\":\"SHUT\",\"name\""},
	    {"\"name\"", "\"value_template\":\"{{ value_json.s }}\",\"name\""},
	    {"\"name\"", "\"device_class\":\"door\",\"name\""},
	    {"\"name\"", "\"command_template\":\"{{ value }}!\",\"name\""},
	};
	struct entity *e = a_lock("homeassistant/lock/x/config", lock_config);
	struct entity *other;
	size_t i;

	REQUIRE(e != NULL);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].new);
		other = lock_with(rows[i].old, rows[i].new);
		REQUIRE(other != NULL);
		CHECK_STR(other->key, e->key);
		CHECK(!same_pin(e, other));
		entity_free(other);
	}
	entity_free(e);
}

TEST(the_pin_of_a_parameter_covers_its_range)
{
	struct entity *e = a_lock("homeassistant/number/x/config",
	    "{\"command_topic\":\"c\",\"min\":0,\"max\":10,\"unique_id\":"
	    "\"n\"}");
	struct entity *other = a_lock("homeassistant/number/x/config",
	    "{\"command_topic\":\"c\",\"min\":0,\"max\":1000,\"unique_id\":"
	    "\"n\"}");

	REQUIRE(e != NULL && other != NULL);
	CHECK(!same_pin(e, other));
	entity_free(e);
	entity_free(other);
}

TEST(the_pin_stays_with_names_areas_models_and_the_place)
{
	static const struct {
		const char *old;
		const char *new;
	} rows[] = {{"\"Door\"", "\"Back door\""}, {"\"M\"", "\"N\""},
	    {"\"Hall\"", "\"Yard\""},
	    {"\"name\"", "\"object_id\":\"other\",\"name\""},
	    {"\"name\"", "\"icon\":\"mdi:lock\",\"name\""}};
	struct entity *e = a_lock("homeassistant/lock/x/config", lock_config);
	struct entity *other;
	size_t i;

	REQUIRE(e != NULL);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].new);
		other = lock_with(rows[i].old, rows[i].new);
		REQUIRE(other != NULL);
		CHECK(same_pin(e, other));
		entity_free(other);
	}
	other = a_lock("homeassistant/lock/node/y/config", lock_config);
	REQUIRE(other != NULL);
	CHECK(same_pin(e, other));
	CHECK(strcmp(e->origin, other->origin) != 0);
	entity_free(other);
	entity_free(e);
}

/* The record with one text in it replaced by another. */
static enum err
read_with(const struct buf *record, const char *old, const char *new,
    struct errmsg *why)
{
	static char text[2 * RECORD_MAX_LEN];
	const char *at = strstr(record->p, old);
	struct entity *e;
	enum err err;

	if (at == NULL)
		return OK;
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - record->p),
	    record->p, new, at + strlen(old));
	err = entity_read(text, strlen(text), &e, why);
	if (err == OK)
		entity_free(e);
	return err;
}

TEST(a_record_that_is_not_strict_is_none)
{
	static const struct {
		const char *old;
		const char *new;
	} rows[] = {
	    {"{\"about\"", "{ \"about\""},
	    {"\"format\":1", "\"format\":2"},
	    {"\"format\":1", "\"format\":1,\"formats\":1"},
	    {"\"topic\":\"l/set\"", "\"topic\":\"l/#\""},
	    {"\"topic\":\"l/set\"", "\"topic\":\"$SYS/set\""},
	    {"\"payload\":\"text\"", "\"payload\":\"shell\""},
	    {"\"name\":\"unlock\"", "\"name\":\"lock\""},
	    {"\"name\":\"unlock\"", "\"name\":\"un lock\""},
	    {"\"mode\":\"all\"", "\"mode\":\"some\""},
	    {"\"value\":0", "\"value\":9"},
	    {"\"kind\":\"enum\"", "\"kind\":\"blob\""},
	    {"\"name\":\"unlocked\",\"wire\":\"UNLOCKED\"",
		"\"name\":\"locked\",\"wire\":\"UNLOCKED\""},
	    {"\"component\":\"lock\"", "\"component\":\"\""},
	};
	struct entity *e = a_lock("homeassistant/lock/x/config", lock_config);
	struct errmsg why;
	struct buf b;
	size_t i;

	REQUIRE(e != NULL);
	buf_init(&b, RECORD_MAX_LEN);
	entity_write(e, &b);
	CHECK(read_with(&b, "{\"about\"", "{\"about\"", &why) == OK);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].new);
		CHECK(read_with(&b, rows[i].old, rows[i].new, &why) != OK);
	}
	buf_done(&b);
	entity_free(e);
}

TEST(a_record_of_too_many_bytes_is_refused)
{
	static char config[64 * 1024];
	size_t n;
	int i;

	n = (size_t)snprintf(
	    config, sizeof(config), "{\"command_topic\":\"c\",\"options\":[");
	for (i = 0; i < 250; i++)
		n += (size_t)snprintf(config + n, sizeof(config) - n,
		    "%s\"%0100d\"", i > 0 ? "," : "", i);
	snprintf(config + n, sizeof(config) - n, "]}");
	CHECK(announce("homeassistant/select/x/config", config) == NULL);
	CHECK_INT(told.n_refused, 1);
	forget();
}

TEST(presence_is_what_all_any_or_the_latest_topic_says)
{
	struct entity *e = a_lock("homeassistant/lock/x/config",
	    "{\"command_topic\":\"c\",\"availability\":[{\"topic\":\"a\"},"
	    "{\"topic\":\"b\",\"value_template\":\"{{ value_json.s }}\"}]}");
	enum home_presence each[2] = {PRESENCE_ONLINE, PRESENCE_UNKNOWN};
	struct home_message *m;
	struct errmsg why;

	REQUIRE(e != NULL && e->n_availability == 2);
	CHECK(home_presence(e, each, 0) == PRESENCE_UNKNOWN);
	REQUIRE(
	    home_message_new("b", "{\"s\":\"offline\"}", 15, &m, &why) == OK);
	CHECK(home_presence_decode(e, 0, m) == PRESENCE_UNKNOWN);
	each[1] = home_presence_decode(e, 1, m);
	CHECK(each[1] == PRESENCE_OFFLINE);
	home_message_free(m);
	CHECK(home_presence(e, each, 0) == PRESENCE_OFFLINE);
	e->mode = HOME_ANY;
	CHECK(home_presence(e, each, 0) == PRESENCE_ONLINE);
	e->mode = HOME_LATEST;
	CHECK(home_presence(e, each, 1) == PRESENCE_OFFLINE);
	CHECK(home_presence(e, each, -1) == PRESENCE_UNKNOWN);
	entity_free(e);
}

TEST(what_opens_heats_or_does_not_say_what_it_is_stays_physical)
{
	static const struct {
		const char *component;
		const char *class;
		enum effect want;
	} rows[] = {{"light", "", EFFECT_REVERSIBLE},
	    {"fan", "", EFFECT_REVERSIBLE},
	    {"switch", "outlet", EFFECT_REVERSIBLE},
	    {"switch", "", EFFECT_PHYSICAL}, {"lock", "", EFFECT_PHYSICAL},
	    {"cover", "garage", EFFECT_PHYSICAL},
	    {"cover", "gate", EFFECT_PHYSICAL},
	    {"cover", "door", EFFECT_PHYSICAL}, {"cover", "", EFFECT_PHYSICAL},
	    {"cover", "blind", EFFECT_REVERSIBLE},
	    {"valve", "water", EFFECT_PHYSICAL}, {"siren", "", EFFECT_PHYSICAL},
	    {"climate", "", EFFECT_PHYSICAL},
	    {"water_heater", "", EFFECT_PHYSICAL},
	    {"alarm_control_panel", "", EFFECT_PHYSICAL},
	    {"update", "firmware", EFFECT_PHYSICAL},
	    {"button", "restart", EFFECT_PHYSICAL},
	    {"scene", "", EFFECT_PHYSICAL}, {"number", "", EFFECT_PHYSICAL},
	    {"something_new", "", EFFECT_PHYSICAL}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].component);
		CHECK(home_effect(rows[i].component, rows[i].class) ==
		    rows[i].want);
	}
	CHECK(home_effect_stricter(EFFECT_REVERSIBLE, EFFECT_PHYSICAL) ==
	    EFFECT_PHYSICAL);
}

TEST(two_topics_are_one_where_a_server_takes_them_so)
{
	CHECK(home_topics_meet("gate/set", "gate/set"));
	CHECK(home_topics_meet("gate/set", "Gate/SET"));
	CHECK(home_topics_meet("gate/set", "gate/set/state"));
	CHECK(home_topics_meet("gate/set/state", "gate/set"));
	CHECK(!home_topics_meet("gate/set", "gate/settle"));
	CHECK(!home_topics_meet("gate/set", "gatehouse/set"));
	CHECK(!home_topics_meet("gate/set/a", "gate/set/b"));
	CHECK(!home_topics_meet("gate/POWER", "gate/Backlog"));
}

TEST(each_topic_of_one_device_commands_all_of_it)
{
	static const char door[] = "zigbee2mqtt/Front door/set";
	static const char *const same[] = {
	    "zigbee2mqtt/Front door/1/set",
	    "zigbee2mqtt/Front door/request/set",
	    "zigbee2mqtt/front Door/1/set/state",
	    "Zigbee2mqtt/Front door/set/state",
	    "zigbee2mqtt/bridge/request/action",
	};
	static const char *const others[] = {
	    "zigbee2mqtt/Front doorbell/set",
	    "zigbee2mqtt/Front/set",
	    "zigbee2mqtt/set",
	    "zigbee2mqtt/set/set",
	    "zigbee/Front door/1/set",
	    "cmnd/tasmotas/POWER",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(same); i++) {
		CASE(same[i]);
		CHECK(home_topics_meet(door, same[i]));
	}
	for (i = 0; i < ARRAY_LEN(others); i++) {
		CASE(others[i]);
		CHECK(!home_topics_meet(door, others[i]));
	}
	CHECK(!home_topics_meet("zigbee2mqtt/bridge/request/x", door));
	CHECK(home_topics_meet("zigbee2mqtt/set/set", "zigbee2mqtt/set/1/set"));
}

TEST(to_tasmota_the_last_level_is_the_command)
{
	CHECK(home_topics_meet("cmnd/gate/POWER", "cmnd/gate/POWER1"));
	CHECK(home_topics_meet("cmnd/gate/POWER", "CMND/Gate/Backlog"));
	CHECK(home_topics_meet("cmnd/gate/POWER", "cmnd/gate/x/POWER"));
	CHECK(home_topics_meet("cmnd/gate/x/POWER", "cmnd/gate/POWER"));
	CHECK(home_topics_meet("gate/cmnd/POWER", "gate/cmnd/Backlog"));
	CHECK(home_topics_meet("cmnd/gate/POWER", "cmnd/tasmotas/POWER"));
	CHECK(!home_topics_meet("cmnd/tasmotas/POWER", "cmnd/gate/POWER"));
	CHECK(!home_topics_meet("cmnd/gate/POWER", "cmnd/gatehouse/POWER"));
	CHECK(!home_topics_meet("cmnd/gate/POWER", "cmnd/lamp/POWER"));
	CHECK(!home_topics_meet("cmnd/gate/POWER", "stat/gate/POWER1"));
	CHECK(!home_topics_meet("gate/cmnd/POWER", "lamp/cmnd/POWER"));
	CHECK(!home_topics_meet("gate/cmnd", "lamp/cmnd"));
}
