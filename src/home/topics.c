/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "home/record.h"

/*
 * Which topics command a thing.  Its record has some; servers take others for
 * the same: Zigbee2MQTT a level more ("set/state") and its address instead of
 * its name, Tasmota any case.
 */

bool
home_topics_meet(const char *a, const char *b)
{
	size_t n = strlen(a);
	size_t m = strlen(b);

	if (n > m)
		return home_topics_meet(b, a);
	return strncasecmp(a, b, n) == 0 && (b[n] == '/' || b[n] == '\0');
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
