/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICES_DEVICES_PRIV_H
#define DEVICES_DEVICES_PRIV_H

#include "devices/devices.h"

struct device {
	char id[DEVICE_ID_SIZE];
	struct entity *entity;
	struct json *values; /* NULL: nobody knows. */
	char presence[16];
};

struct devices {
	struct devices_setup s;
	struct device *list[DEVICES_MAX]; /* By their ids. */
	size_t n;
	bool up;
	bool bridge;
	char why[128];
};

struct device *devices_by_id(const struct devices *d, const char *id);

/* ---- saying.c: for people and models ---- */

/* "light.kitchen_ceiling: on, brightness 80 %" */
void devices_say(const struct device *one, struct buf *out);
/* All that it is, can and says. */
void devices_say_all(const struct device *one, struct buf *out);
/* Do all of these words stand in its names? */
/* How many words of its name and room stand in this text? */
int devices_score(const struct device *one, const char *text);
bool devices_answers_to(const struct device *one, const char *words);

#endif
