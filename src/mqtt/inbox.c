/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mqtt/mqtt_priv.h"

/* A queue of messages, bounded by their bytes. */

bool
inbox_is_full(const struct inbox *b)
{
	return b->bytes >= MQTT_INBOX_MAX;
}

static size_t
size_of(const struct mqtt_message *m)
{
	return sizeof(struct letter) + strlen(m->topic) + 1 + m->len + 1;
}

void
inbox_put(struct inbox *b, const struct mqtt_message *m)
{
	struct letter *l = xalloc(size_of(m));
	char *payload = l->bytes + strlen(m->topic) + 1;

	l->m = *m;
	memcpy(l->bytes, m->topic, strlen(m->topic) + 1);
	l->m.topic = l->bytes;
	memcpy(payload, m->payload, m->len);
	l->m.payload = payload;
	if (b->last != NULL)
		b->last->next = l;
	else
		b->first = l;
	b->last = l;
	b->bytes += size_of(m);
	b->taken_in++;
}

struct letter *
inbox_take(struct inbox *b)
{
	struct letter *l = b->first;

	if (l == NULL)
		return NULL;
	b->first = l->next;
	if (b->first == NULL)
		b->last = NULL;
	b->bytes -= size_of(&l->m);
	return l;
}

void
inbox_clear(struct inbox *b)
{
	struct letter *l;

	while ((l = inbox_take(b)) != NULL)
		free(l);
}
