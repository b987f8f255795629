/* SPDX-License-Identifier: Apache-2.0 */
#include <mosquitto/mqtt_protocol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mqtt/mqtt_priv.h"
#include "sys/clock.h"

/* What we ask the broker for, and what it answers. */

/* Nobody ever subscribes to it. */
#define FENCE "durward"
/* "Unspecified error" and all above: 0x80 is the one refusal of 3.1.1. */
#define IS_REFUSED(granted) ((granted) >= MQTT_RC_UNSPECIFIED)

static void
forget_asking(struct mqtt *m)
{
	while (m->n_asking > 0)
		free(m->asking[--m->n_asking]);
	m->asking_id = 0;
}

/* One filter with a wildcard, or many topics. */
static void
take_wishes(struct mqtt *m)
{
	m->filter[0] = '\0';
	m->flood = 0;
	while (m->n_asking < MQTT_BATCH && m->wishes.first != NULL) {
		const char *next = m->wishes.first->filter;
		bool wild = strpbrk(next, "+#") != NULL;

		if (wild && m->n_asking > 0)
			break;
		if (wild)
			snprintf(m->filter, sizeof(m->filter), "%s", next);
		m->asking[m->n_asking++] = wishes_take(&m->wishes);
		if (wild)
			break;
	}
}

/* Some brokers answer before they say what they retain, and others behind it:
 * what comes last is the answer to what was asked next.  One that drops what it
 * has to say drops that, too: it is asked again. */
static void
put_fence(struct mqtt *m)
{
	int id;

	if (mosquitto_unsubscribe(m->mosq, &id, FENCE) != MOSQ_ERR_SUCCESS)
		return;
	if (m->asked == 0)
		m->first = id;
	m->asked = id;
}

/* ---- What it refuses ---- */

static void
tell_refused(struct mqtt *m)
{
	if (m->s.on_refused != NULL)
		m->s.on_refused(m->s.arg);
}

void
asking_drop_refused(struct mqtt *m, const char *filter)
{
	if (wishes_drop(&m->denied, filter))
		tell_refused(m);
}

/* One answer for each of what was asked for; a filter that has none counts as
 * refused. */
static void
note_answers(struct mqtt *m, int n, const int *granted)
{
	size_t before = m->denied.n;
	bool any = false;
	size_t i;

	for (i = 0; i < m->n_asking; i++) {
		const char *filter = m->asking[i]->filter;

		wishes_drop(&m->denied, filter);
		if (i < (size_t)n && !IS_REFUSED(granted[i]))
			continue;
		any = true;
		if (m->denied.n < MQTT_REFUSED_MAX)
			wishes_put(&m->denied, filter);
	}
	forget_asking(m);
	if (any)
		m->denied_ms = clock_boot_ms();
	if (any || m->denied.n != before)
		tell_refused(m);
}

static void
on_subscribe(struct mosquitto *mosq, void *arg, int id, int n,
    const int *granted, const mosquitto_property *properties)
{
	struct mqtt *m = arg;

	(void)mosq;
	(void)properties;
	if (id == m->asking_id)
		note_answers(m, n, granted);
}

/* Rules of access change while we are connected. */
static void
ask_again(struct mqtt *m)
{
	const struct wish *one = m->denied.first;

	if (one == NULL || m->wishes.first != NULL ||
	    clock_boot_ms() - m->denied_ms < MQTT_REFUSED_MS)
		return;
	m->denied_ms = clock_boot_ms();
	for (; one != NULL && wishes_put(&m->wishes, one->filter);
	     one = one->next)
		;
	mqtt_look_later(m);
}

size_t
mqtt_refused(const struct mqtt *m, size_t most, const char **ret)
{
	const struct wish *one = m->denied.first;
	size_t i;

	for (i = 0; i < most && one != NULL; i++, one = one->next)
		ret[i] = one->filter;
	return m->denied.n;
}

/* ---- Asking ---- */

void
asking_go_on(struct mqtt *m)
{
	char *filters[MQTT_BATCH];
	size_t i;
	int rc;

	forget_asking(m);
	take_wishes(m);
	if (m->n_asking == 0)
		return;
	for (i = 0; i < m->n_asking; i++)
		filters[i] = m->asking[i]->filter;
	rc = mosquitto_subscribe_multiple(m->mosq, &m->asking_id,
	    (int)m->n_asking, filters, 0,
	    m->version == MQTT_PROTOCOL_V5 ? MQTT_SUB_OPT_NO_LOCAL : 0, NULL);
	if (rc == MOSQ_ERR_SUCCESS) {
		put_fence(m);
		return;
	}
	log_warn(
	    "the broker takes no subscription: %s", mosquitto_strerror(rc));
	note_answers(m, 0, NULL);
	mqtt_look_later(m);
}

void
asking_tick(struct mqtt *m)
{
	if (m->asked != 0)
		put_fence(m);
	ask_again(m);
}

void
asking_forget(struct mqtt *m)
{
	forget_asking(m);
	wishes_clear(&m->wishes);
	wishes_clear(&m->denied);
	m->asked = 0;
}

/* Of the fence: all that stands before it has come. */
static void
on_unsubscribe(struct mosquitto *mosq, void *arg, int mid,
    const mosquitto_property *properties)
{
	struct mqtt *m = arg;

	(void)mosq;
	(void)properties;
	/* Any of them: a slow broker is asked again before it answers. */
	if (m->asked == 0 ||
	    (uint16_t)(mid - m->first) > (uint16_t)(m->asked - m->first))
		return;
	m->asked = 0;
	if (m->filter[0] != '\0' && m->flood >= MQTT_FLOOD &&
	    m->s.on_flood != NULL)
		m->s.on_flood(m->s.arg, m->filter);
	mqtt_look_later(m);
}

void
asking_listen(struct mqtt *m)
{
	mosquitto_subscribe_v5_callback_set(m->mosq, on_subscribe);
	mosquitto_unsubscribe_v5_callback_set(m->mosq, on_unsubscribe);
}
