/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "home/record.h"

/*
 * Which topics command a thing.  Its record has some; servers take others for
 * the same.  Zigbee2MQTT takes a device's address for its name, and below both
 * endpoints, properties and more ("1/set", "request/set", "set/state").  To
 * Tasmota the last level is the command, and there is one for many at once
 * (Backlog), so that each topic of a device commands all of it.
 */

#define ZIGBEE "zigbee2mqtt/"
#define ZIGBEE_OWN ZIGBEE "bridge/" /* Says anything to any device. */
#define TASMOTA "cmnd"
#define TASMOTA_ALL TASMOTA "/tasmotas/" /* All have this one besides. */

static bool
begins(const char *topic, const char *with)
{
	return strncasecmp(topic, with, strlen(with)) == 0;
}

/* Where the first such level begins; NULL: there is none. */
static const char *
find_level(const char *topic, const char *level)
{
	size_t n = strlen(level);
	const char *at = topic;

	while (!begins(at, level) || (at[n] != '/' && at[n] != '\0')) {
		at = strchr(at, '/');
		if (at == NULL)
			return NULL;
		at++;
	}
	return at;
}

/* Of a topic, what stands for the device: below it all is the device's. */
static size_t
stem_len(const char *topic)
{
	const char *cmnd = find_level(topic, TASMOTA);
	const char *name =
	    begins(topic, ZIGBEE) ? topic + sizeof(ZIGBEE) - 1 : NULL;
	const char *more = name != NULL ? strchr(name, '/') : NULL;
	const char *set = more != NULL ? find_level(more + 1, "set") : NULL;

	if (set != NULL)
		return (size_t)(set - topic) - 1;
	if (cmnd != NULL && strchr(cmnd, '/') != NULL)
		return (size_t)(strrchr(topic, '/') - topic);
	return strlen(topic);
}

/* Is it what the first n bytes of the other name, or below that? */
static bool
is_below(const char *topic, const char *other, size_t n)
{
	return strncasecmp(topic, other, n) == 0 &&
	    (topic[n] == '/' || topic[n] == '\0');
}

bool
home_topics_meet(const char *its, const char *topic)
{
	if ((begins(topic, ZIGBEE_OWN) && begins(its, ZIGBEE)) ||
	    (begins(topic, TASMOTA_ALL) && find_level(its, TASMOTA) != NULL))
		return true;
	return is_below(topic, its, stem_len(its)) ||
	    is_below(its, topic, stem_len(topic));
}

bool
home_is_listed(const struct entity *e)
{
	return strcmp(e->source, "zigbee2mqtt") == 0;
}

/* "zigbee2mqtt/0x00158d0000000001/set", or "". */
static void
write_address(const struct entity *e, char ret[HOME_TOPIC_MAX + 1])
{
	const char *topic = e->n_actions > 0 ? e->actions[0].topic : "";

	ret[0] = '\0';
	if (home_is_listed(e) && e->device[0] != '\0')
		snprintf(ret, HOME_TOPIC_MAX + 1, "%.*s/%s/set",
		    (int)strcspn(topic, "/"), topic, e->device);
}

bool
entity_hears(const struct entity *e, const char *topic)
{
	char address[HOME_TOPIC_MAX + 1];
	size_t i;

	for (i = 0; i < e->n_actions; i++)
		if (home_topics_meet(e->actions[i].topic, topic))
			return true;
	write_address(e, address);
	return address[0] != '\0' && home_topics_meet(address, topic);
}

static void
push_once(struct json *list, const char *topic)
{
	const struct json *t = json_first(list);

	while (t != NULL && strcmp(json_text(t), topic) != 0)
		t = json_next(t);
	if (t == NULL)
		json_push(list, json_string(topic));
}

struct json *
entity_topics(const struct entity *e)
{
	struct json *list = json_array();
	char address[HOME_TOPIC_MAX + 1];
	size_t i;

	for (i = 0; i < e->n_actions; i++)
		push_once(list, e->actions[i].topic);
	write_address(e, address);
	if (address[0] != '\0')
		push_once(list, address);
	return list;
}
