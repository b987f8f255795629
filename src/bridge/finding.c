/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "bridge/bridge_priv.h"

/*
 * What devices announce, in the two ways that there are.  Zigbee2MQTT says
 * the same in both; its own list says more, so it counts where there is one.
 */

#define DISCOVERY_PREFIX "homeassistant"
#define EXPOSES_BASE "zigbee2mqtt"

/* Does all that it says and hears belong to Zigbee2MQTT? */
static bool
is_of_zigbee2mqtt(const struct entity *e)
{
	const char *topic = e->n_values > 0 ? e->values[0].topic
	    : e->n_actions > 0              ? e->actions[0].topic
					    : "";

	return strcmp(e->source, "homeassistant") == 0 &&
	    strncmp(topic, EXPOSES_BASE "/", sizeof(EXPOSES_BASE)) == 0;
}

/* Announced at the same place, it is what was there before. */
static void
replace(struct bridge *b, const struct entity *e)
{
	size_t i;

	for (i = 0; i < b->n_things; i++) {
		const struct entity *old = b->things[i].entity;

		if (old != NULL && strcmp(old->origin, e->origin) == 0 &&
		    strcmp(old->key, e->key) != 0)
			things_remove(b, old->key);
	}
}

static void
on_found(void *arg, struct entity *e)
{
	struct bridge *b = arg;

	if (announcing_is_ours(b, e)) {
		entity_free(e);
		return;
	}
	replace(b, e);
	if (b->has_list && is_of_zigbee2mqtt(e))
		entity_free(e);
	else
		things_put(b, e);
}

static bool
is_of_origin(const struct entity *e, const char *origin)
{
	size_t n = strlen(origin);

	return strncmp(e->origin, origin, n) == 0 &&
	    (e->origin[n] == '\0' || e->origin[n] == '#');
}

static void
on_gone(void *arg, const char *origin)
{
	struct bridge *b = arg;
	size_t i;

	for (i = 0; i < b->n_things; i++)
		if (b->things[i].entity != NULL &&
		    is_of_origin(b->things[i].entity, origin))
			things_remove(b, b->things[i].entity->key);
}

static void
on_refused(void *arg, const char *origin, const char *why)
{
	struct bridge *b = arg;
	size_t n = strlen(origin);
	size_t i;

	/* What cannot be read takes nothing away. */
	for (i = 0; i < b->n_things; i++)
		if (b->things[i].entity != NULL &&
		    strncmp(b->things[i].entity->origin, origin, n) == 0)
			b->things[i].named = true;
	/* Who announces a lot of nonsense does not fill the log. */
	if (b->refused++ < BRIDGE_REFUSED_TOLD)
		log_info("%.200s cannot be understood: %.200s", origin, why);
}

/* A whole list: what it does not name any more is gone. */
static void
hear_list(struct bridge *b, const struct mqtt_message *m,
    const struct discovery_ports *ports)
{
	size_t i;

	for (i = 0; i < b->n_things; i++)
		b->things[i].named = false;
	b->has_list = true;
	exposes_feed(EXPOSES_BASE, m->payload, m->len, ports);
	for (i = 0; i < b->n_things; i++) {
		const struct entity *e = b->things[i].entity;

		if (e != NULL && !b->things[i].named &&
		    (strcmp(e->source, "zigbee2mqtt") == 0 ||
			is_of_zigbee2mqtt(e)))
			things_remove(b, e->key);
	}
}

/* Of any component. */
static const char *const announcements[] = {"/+/config", "/+/+/config"};

static void
listen_to(struct bridge *b, const char *component, const char *end)
{
	char filter[HOME_TOPIC_MAX];

	snprintf(
	    filter, sizeof(filter), DISCOVERY_PREFIX "/%s%s", component, end);
	if (mqtt_subscribe(b->mqtt, filter) != OK)
		log_warn("the broker takes no subscription");
}

void
finding_listen(struct bridge *b)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(announcements); i++)
		listen_to(b, "+", announcements[i]);
	if (mqtt_subscribe(b->mqtt, EXPOSES_BASE "/bridge/devices") != OK)
		log_warn("the broker takes no subscription");
}

bool
finding_listen_closer(struct bridge *b, const char *filter)
{
	static const char *const components[] = {"device", "light", "switch",
	    "cover", "lock", "climate", "fan", "button", "number", "select",
	    "text", "scene", "siren", "valve", "vacuum", "lawn_mower",
	    "humidifier", "water_heater", "alarm_control_panel", "update",
	    "notify", "binary_sensor", "event", "device_tracker", "date",
	    "datetime", "time", "sensor"};
	const char *end = filter + strlen(DISCOVERY_PREFIX "/+");
	size_t i;

	if (strncmp(filter, DISCOVERY_PREFIX "/+/",
		sizeof(DISCOVERY_PREFIX "/+/") - 1) != 0)
		return false;
	for (i = 0; i < ARRAY_LEN(components); i++)
		listen_to(b, components[i], end);
	return true;
}

/* Not worth reading: it has no place, and nothing is there that it could
 * replace. */
static bool
is_too_many(const struct bridge *b, const char *topic)
{
	size_t i;

	if (b->n_things < BRIDGE_ENTITIES_MAX)
		return false;
	for (i = 0; i < b->n_things; i++)
		if (b->things[i].entity == NULL ||
		    is_of_origin(b->things[i].entity, topic))
			return false;
	return true;
}

bool
finding_hear(struct bridge *b, const struct mqtt_message *m)
{
	const struct discovery_ports ports = {.arg = b,
	    .found = on_found,
	    .gone = on_gone,
	    .refused = on_refused};

	if (exposes_is_topic(EXPOSES_BASE, m->topic))
		hear_list(b, m, &ports);
	else if (discovery_is_topic(DISCOVERY_PREFIX, m->topic) &&
	    is_too_many(b, m->topic))
		things_too_many(b);
	else
		return discovery_feed(DISCOVERY_PREFIX, "Durward", m->topic,
		    m->payload, m->len, &ports);
	return true;
}
