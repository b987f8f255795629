/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "mqtt/mqtt.h"

bool
mqtt_is_topic(const char *topic, size_t len)
{
	size_t i;

	if (len == 0 || len > MQTT_TOPIC_MAX || !str_is_utf8(topic, len))
		return false;
	for (i = 0; i < len; i++)
		if ((unsigned char)topic[i] < 0x20 || topic[i] == 0x7f ||
		    topic[i] == '#' || topic[i] == '+')
			return false;
	return true;
}
