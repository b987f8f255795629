/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bridge/bridge_priv.h"
#include "sys/clock.h"

/* The connection to the home's broker. */

static void
on_up(void *arg)
{
	struct bridge *b = arg;

	log_info("the broker is there");
	b->up = b->broker_untold = b->untold = true;
	b->why[0] = '\0';
	finding_listen(b);
	announcing_listen(b);
	things_listen(b);
}

static void
on_down(void *arg, const char *why)
{
	struct bridge *b = arg;

	if (b->up || strcmp(b->why, why) != 0)
		log_warn("the broker is not there: %s", why);
	b->up = false;
	snprintf(b->why, sizeof(b->why), "%s", why);
	b->broker_untold = b->untold = true;
	commands_lost(b, NULL);
	things_forget_states(b);
}

static void
on_message(void *arg, const struct mqtt_message *m)
{
	struct bridge *b = arg;

	if (!announcing_hear(b, m) && !finding_hear(b, m))
		things_hear(b, m);
}

/* The folder of the broker's socket may have come, or come anew, since the
 * parent bound it: it is bound again for the next bridge. */
static void
on_vain(void *arg)
{
	struct bridge *b = arg;

	if (b->up)
		b->timer = loop_timer(
		    b->loop, clock_boot_ms() + BRIDGE_ANEW_MS, on_vain, b);
	else
		fatal("the broker stays away: %s", b->why);
}

/* "/run/mosquitto/durward.sock" is in the folder /state; "ADDRESS:PORT" is
 * as it is. */
void
broker_open(struct bridge *b)
{
	static char address[MQTT_ADDRESS_MAX];
	const char *broker = peers_setting(b->peers, "broker");
	const char *slash = strrchr(broker, '/');
	const char *colon = strrchr(broker, ':');
	struct mqtt_setup s = {.loop = b->loop,
	    .client_id = b->announced.device,
	    .address = address,
	    .status_topic = b->announced.status,
	    .status_here = "online",
	    .status_gone = "offline",
	    .on_up = on_up,
	    .on_down = on_down,
	    .on_message = on_message,
	    .arg = b};

	if (slash != NULL) {
		snprintf(address, sizeof(address), "/state%s", slash);
		b->timer = loop_timer(
		    b->loop, clock_boot_ms() + BRIDGE_ANEW_MS, on_vain, b);
	} else if (colon != NULL) {
		snprintf(address, sizeof(address), "%.*s",
		    (int)(colon - broker), broker);
		s.port = (uint16_t)strtoul(colon + 1, NULL, 10);
	}
	b->mqtt = mqtt_open(&s);
}
