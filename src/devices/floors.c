/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "devices/devices_priv.h"
#include "words/words.h"

/*
 * On which floor a room is, as an owner says it.  Where a room is named, its
 * floor may be: all the rooms of it are meant.
 */

#define FLOOR "floor" /* The name of the setting. */
/* Its scope has the room behind this, so that it is nobody else's, whatever
 * rooms, tools and automations are called. */
#define SCOPE "floor/"

/* Where it stands, or the end. */
static size_t
place_of(const struct devices *d, const char *area)
{
	size_t i = 0;

	while (i < d->n_floors && !devices_is_same(d->floors[i].area, area))
		i++;
	return i;
}

const char *
devices_floor(const struct devices *d, const char *area)
{
	size_t i = place_of(d, area);

	return i < d->n_floors ? d->floors[i].name : "";
}

bool
devices_is_in(
    const struct devices *d, const struct device *one, const char *place)
{
	const char *area = device_area(one);

	return devices_is_same(area, place) ||
	    devices_is_same(devices_floor(d, area), place);
}

/* In the place of what was said of this room before; "": nothing. */
static enum err
keep(struct devices *d, const char *area, const char *name)
{
	size_t i = place_of(d, area);
	struct floor *f = &d->floors[i];

	if (name[0] == '\0') {
		if (i < d->n_floors)
			*f = d->floors[--d->n_floors];
		return OK;
	}
	if (i == DEVICES_FLOORS_MAX)
		return ERR_LIMIT;
	if (i == d->n_floors) {
		snprintf(f->area, sizeof(f->area), "%s", area);
		d->n_floors++;
	}
	snprintf(f->name, sizeof(f->name), "%s", name);
	return OK;
}

void
floors_load(struct devices *d, const struct json *row)
{
	const char *scope = json_words(row, "scope");
	const char *name = json_words(row, "value");
	const char *area = scope + strlen(SCOPE);

	if (strcmp(json_words(row, "name"), FLOOR) == 0 &&
	    strncmp(scope, SCOPE, strlen(SCOPE)) == 0 &&
	    strlen(area) <= DEVICE_WORD_MAX &&
	    strlen(name) <= DEVICE_WORD_MAX && keep(d, area, name) != OK)
		log_warn("more rooms have floors than this version can hold");
}

static enum err
check(const struct devices *d, const struct request *k, const char *area,
    const char *name, struct errmsg *why)
{
	enum err e;

	if (k->client->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED,
		    "only an owner says on which floor a room is");
	e = devices_check_word(area, why);
	if (e == OK && name[0] != '\0')
		e = devices_check_word(name, why);
	if (e == OK && name[0] == '\0' && devices_floor(d, area)[0] == '\0')
		return err_say(why, ERR_NOTFOUND, "that room has no floor");
	return e;
}

/* It counts at once, and is on the disk before it is confirmed. */
enum err
devices_set_floor(void *room, const struct request *k, struct errmsg *why)
{
	const char *area = json_words(k->params, "area");
	const char *name = json_words(k->params, "floor");
	struct devices *d = room;
	size_t i = place_of(d, area);
	char scope[sizeof(SCOPE) + DEVICE_WORD_MAX];
	struct json *row = json_object();
	struct json *body;
	struct record *r;
	enum err e = check(d, k, area, name, why);

	/* The room keeps the letters in which it was first said. */
	snprintf(scope, sizeof(scope), SCOPE "%s",
	    i < d->n_floors ? d->floors[i].area : area);
	json_put_str(row, "scope", scope);
	json_put_str(row, "name", FLOOR);
	json_put_str(row, "value", name);
	if (e == OK && keep(d, area, name) != OK)
		e = err_say(why, ERR_LIMIT,
		    "%d rooms have floors already; take some away first",
		    DEVICES_FLOORS_MAX);
	if (e != OK) {
		json_free(row);
		return e;
	}
	body = json_object();
	json_put_str(body, "name", k->client->name);
	json_put_str(body, "area", area);
	json_put_str(body, "floor", name);
	r = record_new(d->s.requests->ledger);
	record_log(r, "home-floor", NULL, NULL, body);
	record_row(r, name[0] == '\0' ? ROW_SETTING_GONE : ROW_SETTING, row);
	request_confirm(d->s.requests, k->id, r);
	return OK;
}
