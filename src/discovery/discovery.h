/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DISCOVERY_DISCOVERY_H
#define DISCOVERY_DISCOVERY_H

/*
 * Home Assistant's MQTT discovery: from a configuration message to records.
 * https://www.home-assistant.io/integrations/mqtt#mqtt-discovery, both forms:
 * <prefix>/<component>/[<node>/]<object>/config and
 * <prefix>/device/<object>/config.
 *
 * It remembers nothing.  Whether a record is new or changed is known to who
 * keeps them: the same key with another pin.  Two origins with one key are
 * two devices that claim one identity; the first keeps it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "home/record.h"
#include "maker/maker.h"

#define DISCOVERY_MAX (128 * 1024) /* Of one message. */
#define DISCOVERY_PREFIX_MAX 64

/* Is this one of its topics (and not, for example, <prefix>/status)? */
bool discovery_is_topic(const char *prefix, const char *topic);

/*
 * One message, as it came.  `own` is the name of our own origin: what bears
 * it is passed over in silence, and may be NULL.  Whatever is wrong is told
 * by `refused`; false only when the topic is none of discovery's.
 */
bool discovery_feed(const char *prefix, const char *own, const char *topic,
    const char *payload, size_t len, const struct discovery_ports *ports);

#endif
