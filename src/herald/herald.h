/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HERALD_HERALD_H
#define HERALD_HERALD_H

/*
 * What the house says of itself on the home's broker, where Home Assistant
 * shows it as one device: how many questions wait, what models cost, whether
 * the house is well, is halted, and when a goal came to its end.
 *
 * What is on a broker everybody in the house reads.  So there is no text that
 * anybody said, no goal, no reply, no name of a client, a tool or a device:
 * `struct herald` has numbers and choices of short lists alone, and what is
 * said is written here from those.  A core that was taken over can so lie, and
 * spell something out in numbers, but publishes no words.
 *
 * Nothing is listened to: no entity has a command topic.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"

#define HERALD_ID_SIZE 13 /* 48 bits in hex. */
#define HERALD_DEVICE_SIZE (sizeof("durward_") + HERALD_ID_SIZE)
#define HERALD_TOPIC_SIZE 80
#define HERALD_TEXT_SIZE 32
#define HERALD_CONFIG_MAX (8 * 1024)

#define HERALD_WAITING_MAX 9999
#define HERALD_SPENT_MAX ((int64_t)1000000 * 1000000) /* A million dollars. */
#define HERALD_TIME_MAX ((int64_t)253402300799) /* The year 9999's end. */

#define HERALD_HEALTH_TABLE(X)                                                 \
	X(HERALD_OK, "ok")                                                     \
	X(HERALD_SAFE_MODE, "safe mode")                                       \
	X(HERALD_NO_TOOLS, "no tools")

#define HERALD_OUTCOME_TABLE(X)                                                \
	X(HERALD_NONE, "none")                                                 \
	X(HERALD_REACHED, "reached")                                           \
	X(HERALD_FAILED, "failed")

enum herald_health {
#define X(name, text) name,
	HERALD_HEALTH_TABLE(X)
#undef X
	    HERALD_HEALTH_COUNT
};

enum herald_outcome {
#define X(name, text) name,
	HERALD_OUTCOME_TABLE(X)
#undef X
	    HERALD_OUTCOME_COUNT
};

struct herald {
	bool shown; /* Or taken off the broker, by an owner. */
	int64_t waiting; /* Questions. */
	int64_t spent; /* Millionths of a dollar, in the last 24 hours. */
	enum herald_health health;
	bool halted;
	enum herald_outcome outcome; /* Of the last goal since the start, */
	int64_t answered_s; /* and when that was, by the wall clock; or 0. */
};

bool herald_equal(const struct herald *a, const struct herald *b);

/* Between core and bridge: {"shown", "waiting", "spent", "health", "halted",
 * "outcome", "answered_s"}, booleans and numbers.  ERR_INPUT for another type
 * and for what is out of its range. */
struct json *herald_write(const struct herald *h);
NODISCARD enum err herald_read(const struct json *v, struct herald *ret);

/* ---- What is published; `id` is the box's, in small letters and digits ----
 */

/* "durward_ID": the device, and where Home Assistant reads of it. */
void herald_device(const char *id, char ret[HERALD_DEVICE_SIZE]);
void herald_config_topic(const char *id, char ret[HERALD_TOPIC_SIZE]);
/* "online" or "offline": the last will says the second. */
void herald_status_topic(const char *id, char ret[HERALD_TOPIC_SIZE]);
/* Is it one of these, or below durward/ID/? */
bool herald_is_ours(const char *id, const char *topic);

/* The discovery message. */
void herald_config(const char *id, struct buf *out);

/* The entities, each with a topic of its own: false behind the last. */
#define HERALD_ROWS 7
bool herald_topic(const char *id, size_t i, char ret[HERALD_TOPIC_SIZE]);
void herald_say(const struct herald *h, size_t i, char ret[HERALD_TEXT_SIZE]);

#endif
