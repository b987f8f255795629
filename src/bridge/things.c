/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bridge/bridge_priv.h"

/* ---- Which there are ---- */

static size_t
find(const struct bridge *b, const char *key)
{
	size_t i;

	for (i = 0; i < b->n_things; i++)
		if (b->things[i].entity != NULL &&
		    strcmp(b->things[i].entity->key, key) == 0)
			return i;
	return b->n_things;
}

static size_t
find_free(struct bridge *b)
{
	size_t i;

	for (i = 0; i < b->n_things; i++)
		if (b->things[i].entity == NULL)
			return i;
	if (b->n_things < BRIDGE_ENTITIES_MAX)
		b->n_things++;
	return i;
}

/* Each topic that it says something on. */
static void
each_topic(struct bridge *b, size_t at,
    void (*fn)(struct bridge *b, const char *topic, size_t at))
{
	const struct entity *e = b->things[at].entity;
	size_t i;

	for (i = 0; i < e->n_values; i++)
		fn(b, e->values[i].topic, at);
	for (i = 0; i < e->n_availability; i++)
		fn(b, e->availability[i].topic, at);
}

static void
listen_to(struct bridge *b, const char *topic, size_t at)
{
	if (topics_add(b, topic, at) == OK)
		return;
	if (!b->full)
		log_warn("the home has more topics than the bridge can "
			 "listen to (%d)",
		    BRIDGE_TOPICS_MAX / 2);
	b->full = true;
}

static void
forget_state(struct bridge *b, struct thing *t)
{
	memset(t->readings, 0, t->entity->n_values * sizeof(t->readings[0]));
	memset(t->told, 0, t->entity->n_values * sizeof(t->told[0]));
	memset(t->each, 0, sizeof(t->each));
	t->latest = -1;
	t->changed = true;
	b->untold = true;
}

static bool
is_same(const struct entity *a, const struct entity *b)
{
	struct digest one;
	struct digest other;

	entity_digest(a, &one);
	entity_digest(b, &other);
	return digest_equal(&one, &other);
}

struct thing *
things_find(struct bridge *b, const char *key)
{
	size_t at = find(b, key);

	return at < b->n_things ? &b->things[at] : NULL;
}

void
things_drop(struct bridge *b, struct thing *t)
{
	commands_lost(b, t);
	each_topic(b, (size_t)(t - b->things), topics_remove);
	b->bytes -= t->entity->record_len;
	entity_free(t->entity);
	free(t->readings);
	free(t->told);
	memset(t, 0, sizeof(*t));
}

void
things_too_many(struct bridge *b)
{
	if (!b->full)
		log_warn("the home has more entities than the bridge can hold "
			 "(%d, or %d MiB of records)",
		    BRIDGE_ENTITIES_MAX, HOME_RECORDS_MAX >> 20);
	b->full = true;
}

void
things_put(struct bridge *b, struct entity *e)
{
	size_t at = find(b, e->key);
	struct thing *t;
	bool fits;
	bool same;

	if (at == b->n_things)
		at = find_free(b);
	fits = at < BRIDGE_ENTITIES_MAX &&
	    b->bytes + e->record_len <= HOME_RECORDS_MAX;
	t = &b->things[at < BRIDGE_ENTITIES_MAX ? at : 0];
	t->named |= at < BRIDGE_ENTITIES_MAX;
	same = at < BRIDGE_ENTITIES_MAX && t->entity != NULL && !t->gone &&
	    is_same(t->entity, e);
	if (!fits && !same)
		things_too_many(b);
	if (!fits || same) {
		entity_free(e);
		return;
	}
	if (t->entity != NULL)
		things_drop(b, t);
	t->entity = e;
	b->bytes += e->record_len;
	entity_pin(e, &t->pin);
	t->named = true;
	t->readings = xalloc((e->n_values + 1) * sizeof(t->readings[0]));
	t->told = xalloc((e->n_values + 1) * sizeof(t->told[0]));
	t->untold = true;
	forget_state(b, t);
	each_topic(b, at, listen_to);
}

void
things_remove(struct bridge *b, const char *key)
{
	size_t at = find(b, key);

	if (at == b->n_things)
		return;
	b->things[at].gone = b->things[at].untold = b->untold = true;
}

/* ---- What they say ---- */

/* Did it say anything new?  `live` is the number of the message, or 0. */
static bool
hear_values(struct thing *t, struct home_message *m, uint64_t live)
{
	const struct entity *e = t->entity;
	struct home_reading r;
	bool changed = false;
	size_t i;

	for (i = 0; i < e->n_values; i++) {
		if (home_decode(e, i, m, &r, NULL) == NEWS_NONE)
			continue;
		t->told[i] = live;
		if (home_reading_equal(&r, &t->readings[i]))
			continue;
		t->readings[i] = r;
		changed = true;
	}
	return changed;
}

static bool
hear_presence(struct thing *t, struct home_message *m)
{
	const struct entity *e = t->entity;
	enum home_presence was = home_presence(e, t->each, t->latest);
	size_t i;

	for (i = 0; i < e->n_availability; i++) {
		enum home_presence p = home_presence_decode(e, i, m);

		if (p == PRESENCE_UNKNOWN)
			continue;
		t->each[i] = p;
		t->latest = (int)i;
	}
	return home_presence(e, t->each, t->latest) != was;
}

/* What a device says so, it does not say; an automation's value is none. */
static void
hear_nonsense(struct bridge *b, const struct topic *topic)
{
	size_t i;

	for (i = 0; i < topic->n; i++) {
		struct thing *t = &b->things[topic->things[i]];

		if (t->watched == NULL || t->readings[0].news == NEWS_UNKNOWN)
			continue;
		memset(&t->readings[0], 0, sizeof(t->readings[0]));
		t->readings[0].news = NEWS_UNKNOWN;
		t->changed = b->untold = true;
	}
}

void
things_hear(struct bridge *b, const struct mqtt_message *got)
{
	const struct topic *t = topics_find(b, got->topic);
	struct home_message *m;
	struct errmsg why;
	size_t i;

	if (t == NULL)
		return;
	if (home_message_new(got->topic, got->payload, got->len, &m, &why) !=
	    OK) {
		hear_nonsense(b, t);
		return;
	}
	b->live += !got->retained;
	for (i = 0; i < t->n; i++) {
		struct thing *thing = &b->things[t->things[i]];
		bool values =
		    hear_values(thing, m, got->retained ? 0 : b->live);

		thing->changed |= hear_presence(thing, m) || values;
		b->untold |= thing->changed;
		/* What it said before we came confirms nothing. */
		if (!got->retained)
			commands_heard(b, thing);
	}
	home_message_free(m);
}

/* ---- The broker ---- */

void
things_listen(struct bridge *b)
{
	size_t i;

	for (i = 0; i < BRIDGE_TOPICS_MAX; i++)
		if (b->topics[i].name != NULL &&
		    mqtt_subscribe(b->mqtt, b->topics[i].name) != OK)
			log_warn("the broker takes no subscription");
}

void
things_forget_states(struct bridge *b)
{
	size_t i;

	for (i = 0; i < b->n_things; i++)
		if (b->things[i].entity != NULL)
			forget_state(b, &b->things[i]);
}
