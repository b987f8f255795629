/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANNOUNCED_H
#define ANNOUNCED_H

/* What holds for every entity, whatever announced it. */

#include <stdlib.h>
#include <string.h>

#include "discovery/discovery.h"
#include "home/command.h"
#include "home/effect.h"
#include "home/state.h"

static void
check_actions(const struct entity *e)
{
	struct errmsg why;
	const char *topic;
	struct buf b;
	size_t i;

	for (i = 0; i < e->n_actions; i++) {
		buf_init(&b, HOME_PAYLOAD_MAX);
		if (home_render(
			e, e->actions[i].name, NULL, &topic, &b, &why) == OK &&
		    (!home_topic_ok(topic) || b.overflow))
			abort();
		buf_done(&b);
	}
}

static void
check_values(const struct entity *e, const char *payload, size_t len)
{
	struct home_reading readings[HOME_VALUES_MAX];
	struct home_message *m;
	struct errmsg why;
	size_t i;
	size_t k;

	memset(readings, 0, sizeof(readings));
	for (i = 0; i < e->n_values; i++) {
		if (home_message_new(
			e->values[i].topic, payload, len, &m, &why) != OK)
			return;
		for (k = 0; k < e->n_values; k++)
			(void)home_decode(e, k, m, &readings[k], &why);
		home_message_free(m);
	}
	for (i = 0; i < e->n_actions; i++)
		(void)home_confirms(e, e->actions[i].name, NULL, readings);
}

/* What is written is read again, with the same pin. */
static void
check_found(void *arg, struct entity *e)
{
	struct entity *again;
	struct digest x;
	struct digest y;
	struct errmsg why;
	struct buf b;

	(void)arg;
	buf_init(&b, RECORD_MAX_LEN);
	entity_write(e, &b);
	if (b.overflow || entity_read(b.p, b.len, &again, &why) != OK)
		abort();
	entity_pin(e, &x);
	entity_pin(again, &y);
	if (!digest_equal(&x, &y))
		abort();
	check_actions(again);
	check_values(again, b.p, b.len);
	check_values(again, "{\"state\":\"ON\",\"brightness\":7}", 29);
	entity_free(again);
	entity_free(e);
	buf_done(&b);
}

static void
check_gone(void *arg, const char *origin)
{
	(void)arg;
	if (strlen(origin) > HOME_ORIGIN_MAX)
		abort();
}

static void
check_refused(void *arg, const char *origin, const char *why)
{
	(void)arg;
	if (strlen(origin) > HOME_ORIGIN_MAX || *why == '\0')
		abort();
}

static const struct discovery_ports ports = {
    NULL, check_found, check_gone, check_refused};

#endif
