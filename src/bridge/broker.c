/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
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
	b->flooded = false;
	finding_listen(b);
	announcing_listen(b);
	things_listen(b);
}

/* Who cannot connect says what would help. */
static const char *
refusal(const struct bridge *b)
{
	return peers_setting(b->peers, "broker_user") != NULL &&
		b->key_version == 0
	    ? "it wants a password: 'durward secret set broker' gives it"
	    : peers_setting(b->peers, "broker_user") != NULL
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

/* Which topics, and what to do about it. */
static void
write_refused(const struct bridge *b, struct buf *out)
{
	const char *first[BRIDGE_FILTERS_NAMED];
	size_t n = mqtt_refused(b->mqtt, BRIDGE_FILTERS_NAMED, first);
	size_t i;

	if (n == 0)
		return;
	buf_adds(out, "it refuses this house to read ");
	for (i = 0; i < n && i < BRIDGE_FILTERS_NAMED; i++)
		buf_addf(out, "%s%.*s", i > 0 ? ", " : "",
		    (int)str_cut(first[i], BRIDGE_FILTER_SHOWN), first[i]);
	if (n > i)
		buf_addf(out, " and %zu more", n - i);
	buf_addf(out,
	    ": allow that in the broker's access rules; it is asked again "
	    "every %d seconds",
	    MQTT_REFUSED_MS / 1000);
}

/* It is there, and something is wrong with it, or not any more. */
static void
say_trouble(struct bridge *b)
{
	struct buf out;
	const char *why;

	buf_init(&out, HOME_WHY_SIZE);
	write_refused(b, &out);
	if (out.len == 0 && b->flooded)
		buf_adds(&out,
		    "it may have left out devices: 'max_queued_messages "
		    "100000' in its configuration lets it say all");
	why = out.len > 0 ? out.p : "";
	if (strcmp(b->why, why) != 0) {
		if (why[0] != '\0')
			log_warn("the broker is there, but %s", why);
		snprintf(b->why, sizeof(b->why), "%s", why);
		b->broker_untold = b->untold = true;
	}
	buf_done(&out);
}

static void
on_refused(void *arg)
{
	say_trouble(arg);
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
	b->flooded = true;
	say_trouble(b);
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
	    .on_refused = on_refused,
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

/* The password that holds now; NULL: there is none any more. */
static void
take_password(struct bridge *b, const char *password)
{
	if (b->mqtt == NULL)
		open_broker(b, password);
	else
		mqtt_set_password(b->mqtt, password);
}

/* {"ok", "version"} and the password, or {"error"}: a connection that began
 * with one that was taken away ends. */
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
	if (why[0] != '\0' && b->mqtt == NULL) {
		on_down(b, why);
		return;
	}
	if (why[0] != '\0')
		version = 0;
	if (version == b->key_version)
		return;
	b->key_version = version;
	if (version == 0) {
		take_password(b, NULL);
		return;
	}
	password = xstrndup(m->bulk, m->bulk_len);
	take_password(b, password);
	explicit_bzero(password, strlen(password));
	free(password);
}
