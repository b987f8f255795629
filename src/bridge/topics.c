/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bridge/bridge_priv.h"

/* A table by the names of topics: open addressing, at most half full. */

static size_t
place_of(const struct bridge *b, const char *name)
{
	uint32_t h = 2166136261u; /* FNV-1a */
	const char *p;

	for (p = name; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	h &= BRIDGE_TOPICS_MAX - 1;
	while (
	    b->topics[h].name != NULL && strcmp(b->topics[h].name, name) != 0)
		h = (h + 1) & (BRIDGE_TOPICS_MAX - 1);
	return h;
}

const struct topic *
topics_find(const struct bridge *b, const char *name)
{
	const struct topic *t = &b->topics[place_of(b, name)];

	return t->name != NULL ? t : NULL;
}

static bool
listens(const struct topic *t, size_t thing)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->things[i] == thing)
			return true;
	return false;
}

enum err
topics_add(struct bridge *b, const char *name, size_t thing)
{
	struct topic *t = &b->topics[place_of(b, name)];

	if (t->name == NULL) {
		if (b->n_topics >= BRIDGE_TOPICS_MAX / 2)
			return ERR_LIMIT;
		b->n_topics++;
		t->name = xstrndup(name, strlen(name));
		if (b->up && mqtt_subscribe(b->mqtt, name) != OK)
			log_warn("the broker takes no subscription");
	}
	if (listens(t, thing))
		return OK;
	t->things = xrealloc(t->things, (t->n + 1) * sizeof(t->things[0]));
	t->things[t->n++] = (uint16_t)thing;
	return OK;
}

/* Those behind it may have been put there because of it. */
static void
close_gap(struct bridge *b, size_t gap)
{
	size_t i = gap;

	for (;;) {
		struct topic t;

		i = (i + 1) & (BRIDGE_TOPICS_MAX - 1);
		if (b->topics[i].name == NULL)
			return;
		t = b->topics[i];
		memset(&b->topics[i], 0, sizeof(t));
		b->topics[place_of(b, t.name)] = t;
	}
}

void
topics_remove(struct bridge *b, const char *name, size_t thing)
{
	size_t at = place_of(b, name);
	struct topic *t = &b->topics[at];
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->things[i] == thing)
			break;
	if (i == t->n)
		return;
	t->things[i] = t->things[--t->n];
	if (t->n > 0)
		return;
	if (b->up && mqtt_unsubscribe(b->mqtt, name) != OK)
		log_warn("the broker takes no end of a subscription");
	free(t->name);
	free(t->things);
	memset(t, 0, sizeof(*t));
	b->n_topics--;
	close_gap(b, at);
}
