/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mqtt/mqtt_priv.h"

/* Filters that are to be subscribed to, in their order. */

bool
wishes_put(struct wishes *w, const char *filter)
{
	struct wish *one;

	if (w->n == MQTT_WISHES_MAX)
		return false;
	one = xalloc(sizeof(*one) + strlen(filter) + 1);
	memcpy(one->filter, filter, strlen(filter) + 1);
	if (w->last != NULL)
		w->last->next = one;
	else
		w->first = one;
	w->last = one;
	w->n++;
	return true;
}

struct wish *
wishes_take(struct wishes *w)
{
	struct wish *one = w->first;

	if (one == NULL)
		return NULL;
	w->first = one->next;
	if (w->first == NULL)
		w->last = NULL;
	w->n--;
	return one;
}

bool
wishes_drop(struct wishes *w, const char *filter)
{
	struct wish *before = NULL;
	struct wish *one = w->first;

	while (one != NULL && strcmp(one->filter, filter) != 0) {
		before = one;
		one = one->next;
	}
	if (one == NULL)
		return false;
	if (before != NULL)
		before->next = one->next;
	else
		w->first = one->next;
	if (w->last == one)
		w->last = before;
	w->n--;
	free(one);
	return true;
}

void
wishes_clear(struct wishes *w)
{
	struct wish *one;

	while ((one = wishes_take(w)) != NULL)
		free(one);
}
