/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICES_DEVICES_H
#define DEVICES_DEVICES_H

/*
 * The home as the core knows it: which entities the bridge found, what they
 * are called here ("light.kitchen_ceiling"), and what they said last.  Names
 * and texts are what devices say of themselves: shown, and never believed.
 *
 * Its functions home.find and home.get are acts of effect read.
 */

#include "acts/acts.h"
#include "home/record.h"
#include "ipc/peers.h"
#include "request/request.h"

#define DEVICES_MAX 4096
#define DEVICES_SHOWN_MAX 40 /* In one answer; more are counted. */
#define DEVICES_VIEW_MAX 30 /* In the view of a turn. */
#define DEVICES_ROOMS_MAX 40
#define DEVICES_UNGUARDED_SHOWN 5
#define DEVICES_UNGUARDED_SIZE 1024 /* What is said of them. */
#define DEVICE_ID_SIZE 96 /* "light.kitchen_ceiling" */
#define DEVICES_PAGE_BYTES (64 * 1024) /* Of records; with them it ends. */
#define DEVICES_REGISTERED_MAX 8192 /* Names, of what is away too. */
#define DEVICES_CALLED_MAX 1024 /* Entities with words of an owner's. */
#define DEVICE_ALIASES_MAX 8
#define DEVICE_WORD_MAX 64 /* Bytes of an area, a floor or an alias. */
#define DEVICES_FLOORS_MAX 128 /* Rooms of which an owner said the floor. */

struct devices;

struct devices_setup {
	struct acts *acts;
	struct requests *requests;
	/* What an owner accepted, or NULL. */
	const struct manifest *(*accepted)(void *arg);
	void *arg;
};

struct devices *devices_new(const struct devices_setup *s);

/* ---- What the bridge says ---- */

/* MSG_HOME_BROKER {"up", "why"}, MSG_HOME_ENTITY {"key"} with the record as
 * bulk or {"key", "gone"}, MSG_HOME_VALUES {"key", "presence", "values"}.
 * Which entity said something, or NULL; borrowed. */
const char *devices_on_message(struct devices *d, const struct msg *m);
/* Which names they have goes to the disk, as far as the store keeps up: to be
 * called behind each of these messages. */
void devices_keep(struct devices *d);
/* It ended: nobody knows how anything is. */
void devices_bridge_lost(struct devices *d);

/* How its broker is, and whether that is good; false: there is none. */
bool devices_say_broker(
    const struct devices *d, struct buf *out, bool *ret_good);
/* Which were accepted by a version that did not sign what commands them, so
 * that nothing guards them while they are away; false: none. */
bool devices_say_unguarded(const struct devices *d, struct buf *out);
/* One value of an entity as it said it last; NULL when nobody knows. */
const struct json *devices_value(
    const struct devices *d, const char *entity, const char *value);
/* Is what is said there a command to one of them? */
bool devices_hear(const struct devices *d, const char *topic);
/* Does this entity say something there? */
bool devices_says(
    const struct devices *d, const char *entity, const char *topic);
/* Its record, or NULL; borrowed until the bridge speaks again. */
const struct entity *devices_entity(
    const struct devices *d, const char *entity);

/* ---- What an owner calls things ---- */

/* A row of the settings, {"scope": key of a record, "name": "called", "value"},
 * as it was when the house ended. */
void devices_load(struct devices *d, const struct json *row);

/* {"entity", "area"}: "" is the area that it announces. */
command_fn devices_set_area;
/* {"entity", "alias", "remove"} */
command_fn devices_set_alias;
/* {"area", "floor"}: "" is none. */
command_fn devices_set_floor;

/* ---- What a browser accepts ---- */

/* May a browser's key say this of tool.update?  Only of the home's manifest,
 * with something new in it, and each new row just as this house has the device:
 * its pin, and of what asks each time all that commands it.  ERR_DENIED,
 * ERR_STATE when the device has changed. */
NODISCARD enum err devices_check_accepting(
    const struct devices *d, const struct json *params, struct errmsg *why);

/* ---- A turn ---- */

/* Puts "home": [{"entity", "name", "area", "floor", "aliases"}] into a turn's
 * view: the entities of whose names words stand in the goal, the best first;
 * when there are none, all of a home of up to DEVICES_VIEW_MAX, and of a larger
 * one "rooms": [{"area", "floor", "kinds": "4 light, 1 cover"}].  Nothing
 * without a home. Says whether there is one. */
bool devices_put_view(void *devices, const char *goal, struct json *view);

/* A call of home.set that names a room or a floor ("area"), a kind or both,
 * with what an owner accepted of it in their place: "entity" or "entities".
 * Things that have no such action are none of it.  ERR_INPUT, ERR_NOTFOUND,
 * ERR_LIMIT, ERR_STATE say what to do; the caller frees what it gets. */
NODISCARD enum err devices_choose(void *devices, const struct json *args,
    struct json **ret, struct errmsg *why);

/* ---- Functions of the house ---- */

void devices_find(
    struct devices *d, const struct act *a, const struct json *args);
void devices_get(
    struct devices *d, const struct act *a, const struct json *args);

/* {"broker": {"up", "why"}, "entities": [{"id", "name", "area", "floor",
 * "aliases", "device", "component", "presence", "values", "actions",
 * "accepted", "record", "read_only_why"}], "count"}, from "from" on, and
 * "unguarded" where devices_say_unguarded() has something */
query_fn devices_query;

#endif
