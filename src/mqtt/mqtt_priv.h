/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MQTT_MQTT_PRIV_H
#define MQTT_MQTT_PRIV_H

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

#endif
