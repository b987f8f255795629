/* SPDX-License-Identifier: Apache-2.0 */
#include "bridge/bridge_priv.h"

/* What the core hears: which entities there are, what they say when it
 * changes, and how the broker is.  What its lane does not take now is told
 * later, as it is by then. */

static const char *const presences[] = {"unknown", "offline", "online"};

static bool
tell_broker(struct bridge *b)
{
	struct json *body = json_object();

	json_put_bool(body, "up", b->up);
	json_put_str(body, "why", b->why);
	return peers_send(b->peers, ROLE_CORE, MSG_HOME_BROKER, body) == OK;
}

/* {"key"}, and the record as bulk; or {"key", "gone"}. */
static bool
tell_record(struct bridge *b, const struct thing *t)
{
	struct json *body = json_object();
	struct buf out;
	enum err e;

	buf_init(&out, RECORD_MAX_LEN);
	json_put_str(body, "key", t->entity->key);
	if (t->gone)
		json_put_bool(body, "gone", true);
	else
		entity_write(t->entity, &out);
	e = peers_send_bulk(
	    b->peers, ROLE_CORE, MSG_HOME_ENTITY, body, out.p, out.len);
	buf_done(&out);
	return e == OK;
}

/* {"key", "presence", "values": {NAME: value}}; what is not known is not
 * there. */
static bool
tell_values(struct bridge *b, const struct thing *t)
{
	struct json *body = json_object();
	struct json *values = json_object();
	size_t i;

	json_put_str(body, "key", t->entity->key);
	json_put_str(body, "presence",
	    presences[home_presence(t->entity, t->each, t->latest)]);
	for (i = 0; i < t->entity->n_values; i++)
		if (t->readings[i].news == NEWS_KNOWN)
			json_put(values, t->entity->values[i].name,
			    home_reading_json(&t->readings[i]));
	json_put(body, "values", values);
	return peers_send(b->peers, ROLE_CORE, MSG_HOME_VALUES, body) == OK;
}

/* {"name", "value", "unread"}: what an automation waits for; without a value
 * nobody knows it, and unread, what came is none. */
static bool
tell_watched(struct bridge *b, struct thing *t)
{
	const struct home_reading *r = &t->readings[0];
	struct json *body = json_object();

	json_put_str(body, "name", t->watched->name);
	if (r->news == NEWS_KNOWN)
		json_put(body, "value", home_reading_json(r));
	json_put_bool(body, "unread", r->news == NEWS_UNKNOWN);
	if (peers_send(b->peers, ROLE_CORE, MSG_HOME_SAID, body) != OK)
		return false;
	t->untold = t->changed = false;
	return true;
}

static bool
tell_thing(struct bridge *b, struct thing *t)
{
	if (t->watched != NULL)
		return tell_watched(b, t);
	if (t->untold && !tell_record(b, t))
		return false;
	t->untold = false;
	if (t->gone) {
		things_drop(b, t);
		return true;
	}
	if (t->changed && !tell_values(b, t))
		return false;
	t->changed = false;
	return true;
}

void
telling_go_on(struct bridge *b)
{
	size_t i;

	if (!b->untold || !peers_have(b->peers, ROLE_CORE))
		return;
	if (b->broker_untold && !tell_broker(b))
		return;
	b->broker_untold = false;
	for (i = 0; i < b->n_things; i++) {
		struct thing *t = &b->things[i];

		if (t->entity == NULL || (!t->untold && !t->changed))
			continue;
		if (peers_is_behind(b->peers, ROLE_CORE) || !tell_thing(b, t))
			return;
	}
	b->untold = false;
}

void
telling_begin(struct bridge *b)
{
	size_t i;

	b->untold = b->broker_untold = true;
	for (i = 0; i < b->n_things; i++) {
		b->things[i].untold = true;
		b->things[i].changed = true;
	}
}
