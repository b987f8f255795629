/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bridge/bridge_priv.h"
#include "sys/clock.h"

/*
 * The connection to the home's broker.  One that wants to know who we are gets
 * the user of `durward run --broker-user`, and the password that the vault
 * keeps for it.
 */

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

/* Who cannot connect says what would help. */
static const char *
refusal(const struct bridge *b)
{
	return peers_setting(b->peers, "broker_user") != NULL
	    ? "it refuses the user name or the password; 'durward secret set "
	      "broker' sets another password"
	    : "it wants a user name and a password: 'durward run --broker-user "
	      "NAME' and 'durward secret set broker'";
}

static void
on_down(void *arg, const char *why)
{
	struct bridge *b = arg;

	if (b->mqtt != NULL && mqtt_is_refused(b->mqtt))
		why = refusal(b);
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

/* What one breath may leave out is asked for in parts; who has too much of one
 * part is told what to do about it. */
static void
on_flood(void *arg, const char *filter)
{
	struct bridge *b = arg;

	if (finding_listen_closer(b, filter))
		return;
	log_warn("behind %s the broker has more than it says at once", filter);
	snprintf(b->why, sizeof(b->why),
	    "it may have left out devices: 'max_queued_messages 100000' in its "
	    "configuration lets it say all");
	b->broker_untold = b->untold = true;
}

/* The folder of the broker's socket may have come, or come anew, since the
 * parent bound it: it is bound again for the next bridge. */
static void
on_vain(void *arg)
{
	struct bridge *b = arg;

	if (b->up || mqtt_is_refused(b->mqtt))
		b->timer = loop_timer(
		    b->loop, clock_boot_ms() + BRIDGE_ANEW_MS, on_vain, b);
	else
		fatal("the broker stays away: %s", b->why);
}

/* "/run/mosquitto/durward.sock" is in the folder /state; "ADDRESS:PORT" is
 * as it is. */
static void
open_broker(struct bridge *b, const char *password)
{
	static char address[MQTT_ADDRESS_MAX];
	const char *broker = peers_setting(b->peers, "broker");
	const char *slash = strrchr(broker, '/');
	const char *colon = strrchr(broker, ':');
	struct mqtt_setup s = {.loop = b->loop,
	    .client_id = b->announced.device,
	    .address = address,
	    .user = peers_setting(b->peers, "broker_user"),
	    .password = password,
	    .status_topic = b->announced.status,
	    .status_here = "online",
	    .status_gone = "offline",
	    .on_up = on_up,
	    .on_down = on_down,
	    .on_message = on_message,
	    .on_flood = on_flood,
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

void
broker_prepare(struct bridge *b)
{
	if (peers_setting(b->peers, "broker_user") != NULL)
		peers_send(b->peers, ROLE_VAULT, MSG_BROKER_KEY_WANTED, NULL);
	else if (b->mqtt == NULL)
		open_broker(b, NULL);
}

/* {"ok", "version"} and the password, or {"error"}. */
void
broker_on_key(void *role, struct msg *m)
{
	struct bridge *b = role;
	int64_t version = json_int(m->body, "version", 0);
	const char *why = json_words(m->body, "error");
	char *password;

	if (json_flag(m->body, "ok") &&
	    memchr(m->bulk, '\0', m->bulk_len) != NULL)
		why = "its password holds a zero byte";
	if (why[0] != '\0') {
		if (b->mqtt == NULL)
			on_down(b, why);
		return;
	}
	if (version == b->key_version)
		return;
	b->key_version = version;
	password = xstrndup(m->bulk, m->bulk_len);
	if (b->mqtt == NULL)
		open_broker(b, password);
	else
		mqtt_set_password(b->mqtt, password);
	explicit_bzero(password, strlen(password));
	free(password);
}
