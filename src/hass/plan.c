/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "hass/hass_priv.h"

/*
 * From what Home Assistant's registries and this home list, to what an owner
 * would say here.  Nothing is taken back: what Home Assistant does not say
 * stays as it is.
 */

#define SENTENCE_SIZE 1024

/* ---- Which thing is which ---- */

/* An entity that came by MQTT, by the key that its announcement has here. */
struct entry {
	char key[HOME_KEY_LEN + 1];
	const struct json *entity;
};

static size_t
list_entries(const struct hass_lists *l, struct entry **ret)
{
	struct entry *list =
	    xalloc((json_count(l->entities) + 1) * sizeof(*list));
	const struct json *e = json_first(l->entities);
	size_t n = 0;

	for (; e != NULL; e = json_next(e)) {
		const char *id = json_words(e, "entity_id");
		size_t len = strcspn(id, ".");
		char component[64];

		if (strcmp(json_words(e, "platform"), "mqtt") != 0 ||
		    len >= sizeof(component))
			continue;
		memcpy(component, id, len);
		component[len] = '\0';
		home_key("homeassistant", component, json_words(e, "unique_id"),
		    list[n].key);
		list[n++].entity = e;
	}
	*ret = list;
	return n;
}

static const struct json *
by_id(const struct json *list, const char *name, const char *id)
{
	const struct json *v = json_first(list);

	while (v != NULL && strcmp(json_words(v, name), id) != 0)
		v = json_next(v);
	return v;
}

/* Zigbee2MQTT announces each of its devices as "zigbee2mqtt_" and its
 * address. */
static bool
is_of_address(const struct json *device, const char *address)
{
	const struct json *pair = json_first(json_get(device, "identifiers"));

	for (; pair != NULL; pair = json_next(pair)) {
		const struct json *domain = json_first(pair);
		const char *id;
		const char *at;

		if (json_count(pair) != 2 || json_text(domain) == NULL ||
		    json_text(json_next(domain)) == NULL)
			continue;
		id = json_text(json_next(domain));
		at = strrchr(id, '_');
		if (strcmp(json_text(domain), "mqtt") == 0 && at != NULL &&
		    strcmp(at + 1, address) == 0)
			return true;
	}
	return false;
}

/* The one of its kind that the device has; NULL for none and for several. */
static const struct json *
only_entity(const struct hass_lists *l, const struct json *device,
    const char *component)
{
	const struct json *e = json_first(l->entities);
	const struct json *found = NULL;
	size_t len = strlen(component);

	for (; e != NULL; e = json_next(e)) {
		const char *id = json_words(e, "entity_id");

		if (strcmp(json_words(e, "device_id"),
			json_words(device, "id")) != 0 ||
		    strncmp(id, component, len) != 0 || id[len] != '.')
			continue;
		if (found != NULL)
			return NULL;
		found = e;
	}
	return found;
}

static void
find_listed(
    struct hass_match *m, const struct hass_lists *l, const struct entity *e)
{
	const struct json *d = json_first(l->devices);

	while (d != NULL && !is_of_address(d, e->device))
		d = json_next(d);
	m->device = d;
	if (d != NULL)
		m->entity = only_entity(l, d, e->component);
}

static void
find_announced(struct hass_match *m, const struct hass_lists *l,
    const struct entry *entries, size_t n, const struct entity *e)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(entries[i].key, e->key) == 0)
			m->entity = entries[i].entity;
	if (m->entity != NULL)
		m->device =
		    by_id(l->devices, "id", json_words(m->entity, "device_id"));
}

void
plan_match(
    struct hass_plan *p, const struct json *rows, const struct hass_lists *l)
{
	struct entry *entries;
	size_t n = list_entries(l, &entries);
	const struct json *row = json_first(rows);

	p->matches = xalloc((json_count(rows) + 1) * sizeof(*p->matches));
	for (; row != NULL; row = json_next(row)) {
		struct hass_match *m = &p->matches[p->n_matches];
		const char *record = json_words(row, "record");
		struct entity *e;
		struct errmsg why;

		if (entity_read(record, strlen(record), &e, &why) != OK)
			continue;
		memset(m, 0, sizeof(*m));
		if (home_is_listed(e))
			find_listed(m, l, e);
		else
			find_announced(m, l, entries, n, e);
		m->row = row;
		if (m->entity != NULL || m->device != NULL) {
			m->announced = xstrdup(e->area);
			p->n_matches++;
		}
		entity_free(e);
	}
	free(entries);
}

/* ---- What is to be said ---- */

/* The room of Home Assistant's that it is in, as an area; NULL: none. */
static const struct json *
area_of(const struct hass_match *m, const struct hass_lists *l)
{
	const char *id = json_words(m->entity, "area_id");

	if (*id == '\0')
		id = json_words(m->device, "area_id");
	return *id != '\0' ? by_id(l->areas, "area_id", id) : NULL;
}

static void
add_change(struct hass_plan *p, const char *name, const char *of,
    const char *what, const char *word, const char *words)
{
	struct json *c = json_object();
	struct json *body = json_object();

	json_put_str(
	    body, strcmp(name, "home.floor") == 0 ? "area" : "entity", of);
	json_put_str(body, what, word);
	json_put_str(c, "name", name);
	json_put_str(c, "words", words);
	json_put(c, "body", body);
	json_push(p->changes, c);
}

/* `of` is `there` in Home Assistant; a word of the owner's stays. */
static void
say(struct hass_plan *p, const char *name, const char *of, const char *what,
    const char *there, const char *verb, const char *own)
{
	char words[SENTENCE_SIZE];

	if (own != NULL)
		snprintf(words, sizeof(words),
		    "%.250s stays %s %.250s, as you said; in Home Assistant "
		    "it is %s %.250s",
		    of, verb, own, verb, there);
	else
		snprintf(words, sizeof(words), "%.250s is %s %.250s", of, verb,
		    there);
	if (own != NULL)
		json_push(p->kept, json_string(words));
	else
		add_change(p, name, of, what, there, words);
}

static void
plan_area(struct hass_plan *p, const struct hass_match *m,
    const struct json *area, bool replace)
{
	const char *there = json_words(area, "name");
	const char *here = json_words(m->row, "area");
	bool own = *here != '\0' && strcmp(here, m->announced) != 0;

	if (*there != '\0' && strcmp(there, here) != 0)
		say(p, "home.area", json_words(m->row, "id"), "area", there,
		    "in", own && !replace ? here : NULL);
}

static bool
has_word(const struct json *list, const char *word)
{
	const struct json *v = json_first(list);

	while (v != NULL &&
	    (json_text(v) == NULL || strcmp(json_text(v), word) != 0))
		v = json_next(v);
	return v != NULL;
}

static void
plan_alias(struct hass_plan *p, const struct hass_match *m, const char *alias)
{
	if (alias != NULL && *alias != '\0' &&
	    strcmp(alias, json_words(m->row, "name")) != 0 &&
	    !has_word(json_get(m->row, "aliases"), alias))
		say(p, "home.alias", json_words(m->row, "id"), "alias", alias,
		    "called", NULL);
}

/* What its owner renamed it to there, and what it is called besides. */
static void
plan_names(
    struct hass_plan *p, const struct hass_match *m, const struct json *aliases)
{
	const struct json *a =
	    json_first(json_get(aliases, json_words(m->entity, "entity_id")));
	const char *name = json_str(m->entity, "name");

	plan_alias(p, m, name);
	for (; a != NULL; a = json_next(a))
		if (name == NULL || json_text(a) == NULL ||
		    strcmp(json_text(a), name) != 0)
			plan_alias(p, m, json_text(a));
}

/* The floor of a room here; "" when nobody said one. */
static const char *
floor_here(const struct hass_plan *p, const char *room)
{
	size_t i;

	for (i = 0; i < p->n_matches; i++)
		if (strcmp(json_words(p->matches[i].row, "area"), room) == 0 &&
		    json_words(p->matches[i].row, "floor")[0] != '\0')
			return json_words(p->matches[i].row, "floor");
	return "";
}

/* Is anything of this home in that area? */
static bool
is_used(const struct hass_plan *p, const struct hass_lists *l,
    const struct json *area)
{
	size_t i;

	for (i = 0; i < p->n_matches; i++)
		if (area_of(&p->matches[i], l) == area)
			return true;
	return false;
}

static void
plan_floor(struct hass_plan *p, const struct hass_lists *l,
    const struct json *area, bool replace)
{
	const char *id = json_words(area, "floor_id");
	const char *room = json_words(area, "name");
	const char *there = *id != '\0'
	    ? json_words(by_id(l->floors, "floor_id", id), "name")
	    : "";
	const char *here = floor_here(p, room);

	if (*there != '\0' && strcmp(there, here) != 0 && is_used(p, l, area))
		say(p, "home.floor", room, "floor", there, "on",
		    *here != '\0' && !replace ? here : NULL);
}

void
plan_make(struct hass_plan *p, const struct hass_lists *l,
    const struct json *aliases, bool replace)
{
	const struct json *area = json_first(l->areas);
	size_t i;

	p->changes = json_array();
	p->kept = json_array();
	for (i = 0; i < p->n_matches; i++) {
		plan_area(
		    p, &p->matches[i], area_of(&p->matches[i], l), replace);
		plan_names(p, &p->matches[i], aliases);
	}
	for (; area != NULL; area = json_next(area))
		plan_floor(p, l, area, replace);
}

void
plan_done(struct hass_plan *p)
{
	size_t i;

	for (i = 0; i < p->n_matches; i++)
		free(p->matches[i].announced);
	free(p->matches);
	json_free(p->changes);
	json_free(p->kept);
}
