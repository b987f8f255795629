/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BRIDGE_BRIDGE_PRIV_H
#define BRIDGE_BRIDGE_PRIV_H

#include "automation/automation.h"
#include "discovery/discovery.h"
#include "exposes/exposes.h"
#include "herald/herald.h"
#include "home/record.h"
#include "home/state.h"
#include "ipc/peers.h"
#include "mqtt/mqtt.h"
#include "order/order.h"

/* What the bridge remembers of the home. */
#define BRIDGE_PENDING_MAX 64 /* Devices that are waited for, */
#define BRIDGE_CONFIRM_MS (8 * 1000) /* and for how long. */
#define BRIDGE_ENTITIES_MAX 4096
#define BRIDGE_WATCHED_MAX 64 /* Automations, also those that do not count. */
#define BRIDGE_REFUSED_TOLD 50 /* Announcements that the log names. */
#define BRIDGE_FILTERS_NAMED 3 /* Of those that the broker refuses, */
#define BRIDGE_FILTER_SHOWN 64 /* and so much of each. */
#define BRIDGE_TOPICS_MAX 8192 /* Of states and availability; a power of 2. */
/* One that never came up looks for its broker's folder anew, by ending. */
#define BRIDGE_ANEW_MS (60 * 1000)
#define ANNOUNCE_SPREAD_MS 1500 /* Behind a birth of Home Assistant. */
#define ANNOUNCE_PAUSE_MS 500

/* An automation that waits for a topic, as core says it is. */
struct watched {
	char name[AUTOMATION_NAME_MAX + 1]; /* "": a free place. */
	char *text; /* Its document, */
	size_t len;
	struct digest digest; /* which counts only when an owner signed it: */
	char
	    key[HOME_KEY_LEN + 1]; /* then of the thing it listens by; or "". */
};

/* An entity, and what it says. */
struct thing {
	struct entity *entity; /* NULL: a free place. */
	struct digest pin;
	bool named; /* In the list that is being read. */
	bool gone; /* Until the core has heard it. */
	/* What it says is for this automation alone; NULL: it is a device's. */
	const struct watched *watched;
	struct home_reading *readings; /* One for each value, */
	uint64_t *told; /* and which message told it: bridge.live, 0: none. */
	enum home_presence each[HOME_AVAILABILITY_MAX];
	int latest; /* The availability topic that spoke last, or -1. */
	bool untold; /* The core has yet to hear of the record, */
	bool changed; /* or of what it says. */
};

/* An order, until it is known of each of its devices what came of it. */
struct commanded {
	char act[TOKEN_SIZE];
	size_t n; /* Devices that it names; 0: a free place. */
	size_t open; /* Those of them that are waited for. */
	size_t sent;
	size_t confirmed;
	struct buf said; /* Of those that are not confirmed. */
};

/* What was sent to a device, until that says what came of it. */
struct pending {
	struct bridge *bridge;
	const struct thing *thing; /* NULL: a free place. */
	struct commanded *of;
	char entity[NAME_MAX_LEN + 1];
	const char *action; /* Of the thing's record. */
	uint64_t live; /* The last message before it was sent. */
	struct json *params;
	uint64_t timer;
};

/* Who listens to a topic. */
struct topic {
	char *name; /* NULL: a free place. */
	uint16_t *things;
	size_t n;
};

/* What is said of the house itself. */
struct announced {
	char id[HERALD_ID_SIZE]; /* "": the vault has yet to tell the box. */
	char device[HERALD_DEVICE_SIZE];
	char status[HERALD_TOPIC_SIZE];
	bool known; /* Core told `now`. */
	struct herald now;
	bool shown; /* There is something of it on the broker. */
	bool untold;
	int64_t next_ms; /* Not sooner. */
	bool config_said;
	char said[HERALD_ROWS][HERALD_TEXT_SIZE]; /* "": nothing yet. */
	uint64_t timer; /* Of saying it all again, or 0. */
};

struct bridge {
	struct peers *peers;
	struct loop *loop;
	struct mqtt *mqtt;
	struct verifier *verifier;
	struct pending pending[BRIDGE_PENDING_MAX];
	struct commanded commanded[BRIDGE_PENDING_MAX];
	struct thing things[BRIDGE_ENTITIES_MAX];
	struct watched watched[BRIDGE_WATCHED_MAX];
	size_t n_things; /* Places that were ever used. */
	size_t bytes; /* Of their records. */
	uint64_t live; /* Messages that were said since we are there. */
	struct topic topics[BRIDGE_TOPICS_MAX];
	size_t n_topics;
	struct announced announced;
	bool has_list; /* Zigbee2MQTT's own. */
	bool full; /* That there are too many was told. */
	uint64_t refused; /* Announcements that were not understood. */
	bool up;
	bool broker_untold; /* The core has yet to hear how the broker is, */
	bool untold; /* or of that, or of any of the things. */
	bool flooded; /* It may have dropped what it retains. */
	char why[HOME_WHY_SIZE]; /* It is down, or what is wrong with it. */
	uint64_t timer;
	int64_t key_version; /* Of the broker's password; 0: there is none. */
};

/* ---- broker.c ---- */

/* The trust table is there, or came anew with a change of the secrets. */
void broker_prepare(struct bridge *b);
peer_fn broker_on_key;

/* ---- announcing.c: the house itself, to Home Assistant ---- */

void announcing_open(struct bridge *b, const struct digest *box);
/* All of it again. */
void announcing_begin(struct bridge *b);
/* The broker is there. */
void announcing_listen(struct bridge *b);
/* Was it about us, and so nothing of the home's? */
bool announcing_hear(struct bridge *b, const struct mqtt_message *m);
bool announcing_is_ours(const struct bridge *b, const struct entity *e);
/* What has changed. */
void announcing_go_on(struct bridge *b);
peer_fn announcing_on_herald;

/* ---- finding.c: what devices announce ---- */

void finding_listen(struct bridge *b);
/* To each component behind this filter by itself; false: that is not possible.
 */
bool finding_listen_closer(struct bridge *b, const char *filter);
/* Was it an announcement? */
bool finding_hear(struct bridge *b, const struct mqtt_message *m);

/* ---- things.c: the entities that there are ---- */

/* It was announced, or changed; takes it. */
void things_put(struct bridge *b, struct entity *e);
/* NULL: there is none. */
struct thing *things_find(struct bridge *b, const char *key);
/* One has no place: said once. */
void things_too_many(struct bridge *b);
/* It was taken back: it goes once the core has heard it. */
void things_remove(struct bridge *b, const char *key);
void things_drop(struct bridge *b, struct thing *t);
/* A message on any topic. */
void things_hear(struct bridge *b, const struct mqtt_message *m);
/* The broker is there: listen to all of them. */
void things_listen(struct bridge *b);
/* And is not: nobody knows how anything is. */
void things_forget_states(struct bridge *b);

/* ---- watching.c: topics that automations wait for ---- */

/* The trust table is there, or another one. */
void watching_settle(struct bridge *b);
peer_fn watching_on_topic;

/* ---- commands.c: what the core wishes ---- */

peer_fn commands_on_order;
/* The thing said something new since. */
void commands_heard(struct bridge *b, const struct thing *t);
/* Nobody will say what came of it; NULL: of all. */
void commands_lost(struct bridge *b, const struct thing *t);

/* ---- topics.c: who listens to what ---- */

/* Listen on behalf of a thing.  ERR_LIMIT. */
NODISCARD enum err topics_add(struct bridge *b, const char *name, size_t thing);
void topics_remove(struct bridge *b, const char *name, size_t thing);
/* NULL: nobody does. */
const struct topic *topics_find(const struct bridge *b, const char *name);

/* ---- telling.c: what the core hears ---- */

/* All of it again: the core is there. */
void telling_begin(struct bridge *b);
/* What has changed, as far as the core's lane takes it. */
void telling_go_on(struct bridge *b);

#endif
