/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MQTT_MQTT_PRIV_H
#define MQTT_MQTT_PRIV_H

#include <mosquitto.h>

#include "mqtt/mqtt.h"

/* ---- inbox.c: what was read, and is told later ---- */

struct letter {
	struct letter *next;
	struct mqtt_message m; /* Of the bytes behind it. */
	char bytes[];
};

struct inbox {
	struct letter *first;
	struct letter *last;
	size_t bytes;
	uint64_t taken_in; /* Since the start. */
};

/* Nothing more should be read now. */
bool inbox_is_full(const struct inbox *b);
/* Copies. */
void inbox_put(struct inbox *b, const struct mqtt_message *m);
/* The oldest, the caller's to free(); NULL: there is none. */
struct letter *inbox_take(struct inbox *b);
void inbox_clear(struct inbox *b);

/* ---- wishes.c: what is to be subscribed to ---- */

struct wish {
	struct wish *next;
	char filter[];
};

struct wishes {
	struct wish *first;
	struct wish *last;
	size_t n;
};

/* False: there are too many. */
bool wishes_put(struct wishes *w, const char *filter);
/* The oldest, the caller's to free(); NULL: there is none. */
struct wish *wishes_take(struct wishes *w);
/* Was it there? */
bool wishes_drop(struct wishes *w, const char *filter);
void wishes_clear(struct wishes *w);

/* ---- The client ---- */

struct mqtt {
	struct mqtt_setup s;
	struct mosquitto *mosq;
	int fd; /* Watched by the loop; -1: none. */
	int version;
	bool up;
	bool refused;
	bool anew; /* Once all is taken: connect as somebody else. */
	bool ended; /* The connection, in the middle of a call. */
	struct inbox inbox;
	struct wishes wishes;
	uint64_t later; /* The timer of who looks at these two, or 0. */
	struct wish *asking[MQTT_BATCH]; /* What was asked for last, */
	size_t n_asking;
	int asking_id; /* and by which packet. */
	struct wishes denied; /* What the broker does not let us read. */
	int64_t denied_ms; /* Since when, or asked again. */
	int asked; /* The id of the last fence that is waited for, or 0; */
	int first; /* that of the first of them; */
	char filter[MQTT_TOPIC_MAX + 1]; /* the wildcard before it, or "", */
	size_t flood; /* and what the broker retained for it. */
	uint64_t timer;
	int64_t pause_ms;
	int64_t begun_ms; /* The try that goes on. */
	int64_t up_ms; /* Since when it is up. */
	size_t unsent;
	uint64_t dropped;
};

/* Looks at what was read and what is to be asked for, behind what else happens
 * in this turn of the loop. */
void mqtt_look_later(struct mqtt *m);

/* ---- asking.c: subscriptions, one packet at a time ---- */

/* Hears the broker's answers. */
void asking_listen(struct mqtt *m);
/* The next packet of them, when none is waited for. */
void asking_go_on(struct mqtt *m);
/* Each second. */
void asking_tick(struct mqtt *m);
/* The connection is over. */
void asking_forget(struct mqtt *m);
/* Nobody wants it any more. */
void asking_drop_refused(struct mqtt *m, const char *filter);

#endif
