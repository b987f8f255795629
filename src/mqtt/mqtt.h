/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MQTT_MQTT_H
#define MQTT_MQTT_H

/*
 * An MQTT client on the loop of a role (the door to libmosquitto): MQTT 5.0,
 * and 3.1.1 with a broker that speaks no newer one.  It connects, and connects
 * again with longer and longer pauses; each time it is up the caller
 * subscribes anew, since it asks for a clean session: what was said meanwhile
 * is read again from what the broker retains.
 *
 * A broker says all that it retains in one breath, and what its reader does not
 * take meanwhile it drops without a word beyond some thousand messages.  So all
 * that is there is read first, up to MQTT_INBOX_MAX, and then told, MQTT_BATCH
 * at a time with a look at the socket in between; and it is asked for what is
 * behind one wildcard, or for so many topics, at a time.
 *
 * What is told is checked: a topic without wildcards and control characters,
 * valid UTF-8, at most MQTT_TOPIC_MAX bytes; a payload of at most
 * MQTT_PAYLOAD_MAX.  The rest is counted and dropped.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sys/loop.h"

#define MQTT_TOPIC_MAX 512
#define MQTT_PAYLOAD_MAX (8 * 1024 * 1024)
#define MQTT_INBOX_MAX (16 * 1024 * 1024) /* Read, and not told yet. */
#define MQTT_BATCH 64
#define MQTT_WISHES_MAX 16384 /* Subscriptions that wait for their turn. */
#define MQTT_REFUSED_MAX 1024 /* Filters that are remembered as refused, */
#define MQTT_REFUSED_MS (60 * 1000) /* and asked for again so much later. */
#define MQTT_FLOOD 900 /* Behind one wildcard: more may have been dropped. */
#define MQTT_ADDRESS_MAX 108 /* The path of a Unix socket, or an address. */
#define MQTT_UNSENT_MAX 1024 /* Messages that the broker has yet to take. */
#define MQTT_KEEPALIVE_S 30
#define MQTT_PAUSE_MS 500 /* Before the second try; then twice as long. */
#define MQTT_PAUSE_MAX_MS (30 * 1000)
#define MQTT_STEADY_MS (10 * 1000) /* Up so long, the pauses begin anew. */
#define MQTT_CONNECT_MS (10 * 1000) /* For the broker's first answer. */

struct mqtt;

struct mqtt_message {
	const char *topic;
	const char *payload; /* NUL behind it, which is not counted. */
	size_t len;
	bool retained; /* Said before we came. */
};

struct mqtt_setup {
	struct loop *loop;
	const char *client_id;
	/* The path of a socket, with port 0, or a numeric address. */
	const char *address;
	uint16_t port;
	/* Or NULL for both; the password is copied, into libmosquitto. */
	const char *user;
	const char *password;
	/* What the broker says of us when we are gone, retained; and what we
	 * say when we are there.  A topic of NULL: nothing. */
	const char *status_topic;
	const char *status_here;
	const char *status_gone;
	/* Connected and believed. */
	void (*on_up)(void *arg);
	/* Not, or not any more; `why` is for people. */
	void (*on_down)(void *arg, const char *why);
	void (*on_message)(void *arg, const struct mqtt_message *m);
	/* Behind this filter the broker retained MQTT_FLOOD messages or more.
	 * NULL: nobody minds. */
	void (*on_flood)(void *arg, const char *filter);
	/* What mqtt_refused() says may have changed.  NULL: nobody minds. */
	void (*on_refused)(void *arg);
	void *arg;
};

/* Begins to connect.  The texts stay the caller's and are kept. */
struct mqtt *mqtt_open(const struct mqtt_setup *s);
/* Says goodbye, so that the broker says `status_gone` at once. */
void mqtt_close(struct mqtt *m);

/* The broker does not take who we are, or that we do not say it. */
bool mqtt_is_refused(const struct mqtt *m);

/* Another password, with which it connects anew. */
void mqtt_set_password(struct mqtt *m, const char *password);

/* Another topic of our status from now on, or NULL for none; the old one is
 * taken off the broker.  A last will is for one connection, so this one ends
 * once all that was published is taken.  ERR_CLOSED, ERR_BUSY: all is as it
 * was. */
NODISCARD enum err mqtt_set_status(struct mqtt *m, const char *topic);

bool mqtt_is_up(const struct mqtt *m);

/* Messages that were dropped since the start, as the head of this file says. */
uint64_t mqtt_dropped(const struct mqtt *m);

/* At quality of service 0, without messages that are our own; asked for in its
 * turn.  ERR_CLOSED while it is down; ERR_INPUT for what is no filter, ERR_BUSY
 * when too many wait. */
NODISCARD enum err mqtt_subscribe(struct mqtt *m, const char *filter);
NODISCARD enum err mqtt_unsubscribe(struct mqtt *m, const char *filter);

/* How many filters the broker refuses on this connection, and the first `most`
 * of them, borrowed until anything else is called.  They are asked for again
 * from time to time.  A broker may also take a subscription and say nothing
 * behind it, which is told nowhere. */
size_t mqtt_refused(const struct mqtt *m, size_t most, const char **ret);

/* At quality of service 0: now or never, since a command that is obeyed hours
 * later opens a door that nobody expects to open.  OK says that it is under
 * way, no more.  ERR_CLOSED, ERR_BUSY when too many wait, ERR_INPUT for what
 * may not be a topic, ERR_LIMIT. */
NODISCARD enum err mqtt_publish(struct mqtt *m, const char *topic,
    const char *payload, size_t len, bool retain);

/* May it be published to?  No wildcards, no control characters, UTF-8. */
bool mqtt_is_topic(const char *topic, size_t len);

#endif
