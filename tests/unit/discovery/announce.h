/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANNOUNCE_H
#define ANNOUNCE_H

/* What was told about announcements, for the tests that make some. */

#include <string.h>

#include "discovery/discovery.h"
#include "home/command.h"
#include "home/state.h"

#define TOLD_MAX 16

struct told {
	struct entity *found[TOLD_MAX];
	size_t n_found;
	char gone[TOLD_MAX][HOME_ORIGIN_MAX];
	size_t n_gone;
	char why[TOLD_MAX][256];
	size_t n_refused;
};

static struct told told;

static void
on_found(void *arg, struct entity *e)
{
	struct told *t = arg;

	if (t->n_found < TOLD_MAX)
		t->found[t->n_found++] = e;
	else
		entity_free(e);
}

static void
on_gone(void *arg, const char *origin)
{
	struct told *t = arg;

	if (t->n_gone < TOLD_MAX)
		snprintf(t->gone[t->n_gone++], HOME_ORIGIN_MAX, "%s", origin);
}

static void
on_refused(void *arg, const char *origin, const char *why)
{
	struct told *t = arg;

	(void)origin;
	if (t->n_refused < TOLD_MAX)
		snprintf(t->why[t->n_refused++], 256, "%s", why);
}

static const struct discovery_ports ports = {
    &told, on_found, on_gone, on_refused};

static void
forget(void)
{
	while (told.n_found > 0)
		entity_free(told.found[--told.n_found]);
	told.n_gone = told.n_refused = 0;
}

/* The one entity of this configuration, or NULL. */
static inline struct entity *
announce(const char *topic, const char *payload)
{
	forget();
	if (!discovery_feed("homeassistant", "Durward", topic, payload,
		strlen(payload), &ports))
		return NULL;
	return told.n_found == 1 ? told.found[0] : NULL;
}

/* The payload of this action, or its error behind "!". */
static inline const char *
rendered(const struct entity *e, const char *action, const char *params)
{
	static char text[2 * HOME_PAYLOAD_MAX];
	struct json *v = NULL;
	const char *topic;
	struct errmsg why;
	struct buf b;

	if (params != NULL && json_parse(params, strlen(params), &v) != OK)
		return "these parameters are not JSON";
	buf_init(&b, HOME_PAYLOAD_MAX);
	if (home_render(e, action, v, &topic, &b, &why) == OK)
		snprintf(
		    text, sizeof(text), "%s %s", topic, b.p != NULL ? b.p : "");
	else
		snprintf(text, sizeof(text), "!%s", why.text);
	buf_done(&b);
	json_free(v);
	return text;
}

/* What the message says of this value: "21", "on", "?" for what nobody
 * knows, "-" for nothing. */
static inline const char *
decoded(const struct entity *e, const char *value, const char *topic,
    const char *payload)
{
	static char text[HOME_TEXT_MAX + 1];
	struct home_message *m;
	struct home_reading r;
	struct errmsg why;
	int i = entity_value(e, value);

	if (i < 0 ||
	    home_message_new(topic, payload, strlen(payload), &m, &why) != OK)
		return "there is no such value, or the message is none";
	switch (home_decode(e, (size_t)i, m, &r, &why)) {
	case NEWS_NONE:
		snprintf(text, sizeof(text), "-");
		break;
	case NEWS_UNKNOWN:
		snprintf(text, sizeof(text), "?");
		break;
	default:
		if (r.kind == HOME_NUMBER)
			snprintf(text, sizeof(text), "%g", r.number);
		else
			snprintf(text, sizeof(text), "%s", r.text);
	}
	home_message_free(m);
	return text;
}

#endif
