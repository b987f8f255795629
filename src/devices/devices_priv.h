/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICES_DEVICES_PRIV_H
#define DEVICES_DEVICES_PRIV_H

#include "devices/devices.h"

/* By the key of its record, so that it outlives names and absences. */
struct called {
	char key[HOME_KEY_LEN + 1];
	char area[DEVICE_WORD_MAX + 1]; /* "": the one that it announces. */
	char aliases[DEVICE_ALIASES_MAX][DEVICE_WORD_MAX + 1];
	size_t n_aliases;
};

/* Which name a thing has here, by its key. */
struct registered {
	char key[HOME_KEY_LEN + 1];
	char id[DEVICE_ID_SIZE]; /* "": another has it now. */
	bool kept; /* On the disk. */
};

struct floor {
	char area[DEVICE_WORD_MAX + 1];
	char name[DEVICE_WORD_MAX + 1];
};

struct device {
	char id[DEVICE_ID_SIZE];
	struct entity *entity;
	const struct called *called; /* NULL: as it calls itself. */
	struct json *values; /* NULL: nobody knows. */
	char presence[16];
};

struct devices {
	struct devices_setup s;
	struct device *list[DEVICES_MAX]; /* By their ids. */
	size_t n;
	size_t bytes; /* Of their records. */
	struct registered registered[DEVICES_REGISTERED_MAX];
	size_t n_registered;
	size_t unkept; /* At least so many of them are to be written, or 0. */
	struct called *called[DEVICES_CALLED_MAX];
	size_t n_called;
	struct floor floors[DEVICES_FLOORS_MAX];
	size_t n_floors;
	bool up;
	bool bridge;
	char why[HOME_WHY_SIZE];
};

struct device *devices_by_id(const struct devices *d, const char *id);
/* By an owner, as it is now? */
bool devices_accepted(const struct devices *d, const struct device *one);
struct device *devices_by_key(const struct devices *d, const char *key);

/* ---- registry.c: which names things have ---- */

/* The one that it had before, if that is free; or NULL. */
const char *registry_id(struct devices *d, const char *key);
/* May the thing of this key have it? */
bool registry_is_free(struct devices *d, const char *key, const char *id);
/* It has it from now on. */
void registry_take(struct devices *d, const char *key, const char *id);
/* A row of the settings, as it was when the house ended. */
void registry_load(struct devices *d, const struct json *row);

/* ---- calling.c: what an owner calls things ---- */

/* NULL: nothing. */
const struct called *devices_called(const struct devices *d, const char *key);
/* The owner's, or the one that it announces; "" for none. */
const char *device_area(const struct device *one);
/* As a list. */
struct json *device_aliases(const struct device *one);

/* Something that can be said, on one line, and shown as it is?  ERR_INPUT,
 * ERR_LIMIT. */
NODISCARD enum err devices_check_word(const char *text, struct errmsg *why);

/* ---- floors.c: where the rooms are ---- */

/* "": nobody said it. */
const char *devices_floor(const struct devices *d, const char *area);
/* In this room, or on this floor? */
bool devices_is_in(
    const struct devices *d, const struct device *one, const char *place);
/* As they are said: without case, accents and what is around them. */
bool devices_is_same(const char *a, const char *b);
void floors_load(struct devices *d, const struct json *row);

/* ---- saying.c: for people and models ---- */

/* "light.kitchen_ceiling: on, brightness 80 %" */
void devices_say(const struct device *one, struct buf *out);
/* All that it is, can and says. */
void devices_say_all(const struct device *one, struct buf *out);
/* How many words of its names and room stand in this text? */
int devices_score(
    const struct devices *d, const struct device *one, const char *text);
/* Do all of these words stand in its names? */
bool devices_answers_to(
    const struct devices *d, const struct device *one, const char *words);

#endif
