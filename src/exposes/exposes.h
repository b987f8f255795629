/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXPOSES_EXPOSES_H
#define EXPOSES_EXPOSES_H

/*
 * Zigbee2MQTT's own list of devices, <base>/bridge/devices:
 * https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html and
 * https://www.zigbee2mqtt.io/guide/usage/exposes.html.  The list is whole
 * each time; a device that is not in it any more is told by nobody, so who
 * keeps records compares.
 */

#include <stdbool.h>
#include <stddef.h>

#include "maker/maker.h"

#define EXPOSES_MAX (8 * 1024 * 1024) /* Of the list, */
#define EXPOSES_DEVICE_MAX (256 * 1024) /* of one device in it, */
#define EXPOSES_DEVICES_MAX 1024
#define EXPOSES_FEATURES_MAX 256 /* Of one device, */
#define EXPOSES_DEPTH_MAX 4 /* and within another. */

/* `<base>/bridge/devices`? */
bool exposes_is_topic(const char *base, const char *topic);

/* One list.  Origins are <base>/bridge/devices#<ieee address>/<what>; what is
 * wrong with one device is told by `refused` and hides no other. */
void exposes_feed(const char *base, const char *payload, size_t len,
    const struct discovery_ports *ports);

#endif
