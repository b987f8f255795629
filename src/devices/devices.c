/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/devices_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct devices *
devices_new(const struct devices_setup *s)
{
	struct devices *d = xalloc(sizeof(*d));

	d->s = *s;
	return d;
}

/* ---- The list ---- */

/* Where it stands, or would. */
static size_t
place_of(const struct devices *d, const char *id)
{
	size_t low = 0;
	size_t high = d->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (strcmp(d->list[mid]->id, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct device *
devices_by_id(const struct devices *d, const char *id)
{
	size_t at = place_of(d, id);

	return at < d->n && strcmp(d->list[at]->id, id) == 0 ? d->list[at]
							     : NULL;
}

struct device *
devices_by_key(const struct devices *d, const char *key)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (strcmp(d->list[i]->entity->key, key) == 0)
			return d->list[i];
	return NULL;
}

bool
devices_accepted(const struct devices *d, const struct device *one)
{
	const struct manifest *m = d->s.accepted(d->s.arg);
	const struct manifest_device *row =
	    m != NULL ? manifest_device(m, one->id) : NULL;
	struct digest pin;

	if (row == NULL)
		return false;
	entity_pin(one->entity, &pin);
	return digest_equal(&row->pin, &pin);
}

/* As before, or by what it calls itself; of two of one name the second has some
 * of its key behind it. */
static void
name_it(struct devices *d, struct device *one)
{
	const struct entity *e = one->entity;
	const char *name = e->object_id[0] != '\0' ? e->object_id : e->key;
	const char *before = registry_id(d, e->key);

	if (before != NULL)
		snprintf(one->id, sizeof(one->id), "%s", before);
	else
		snprintf(one->id, sizeof(one->id), "%.24s.%.60s", e->component,
		    name);
	if (before == NULL && !registry_is_free(d, e->key, one->id))
		snprintf(one->id, sizeof(one->id), "%.24s.%.60s_%.8s",
		    e->component, name, e->key);
	registry_take(d, e->key, one->id);
}

static void
free_device(struct device *one)
{
	entity_free(one->entity);
	json_free(one->values);
	free(one);
}

static void
take_out(struct devices *d, struct device *one)
{
	size_t at = place_of(d, one->id);

	memmove(&d->list[at], &d->list[at + 1],
	    (d->n - at - 1) * sizeof(d->list[0]));
	d->n--;
}

static void
put_in(struct devices *d, struct device *one)
{
	size_t at = place_of(d, one->id);

	memmove(
	    &d->list[at + 1], &d->list[at], (d->n - at) * sizeof(d->list[0]));
	d->list[at] = one;
	d->n++;
}

/* ---- What the bridge says ---- */

static void
on_broker(struct devices *d, const struct msg *m)
{
	d->bridge = true;
	d->up = json_flag(m->body, "up");
	snprintf(d->why, sizeof(d->why), "%s", json_words(m->body, "why"));
}

static void
on_entity(struct devices *d, const struct msg *m)
{
	struct device *one = devices_by_key(d, json_words(m->body, "key"));
	struct entity *e = NULL;
	struct errmsg why;

	if (!json_flag(m->body, "gone") &&
	    entity_read(m->bulk, m->bulk_len, &e, &why) != OK)
		return;
	if (one != NULL) {
		take_out(d, one);
		d->bytes -= one->entity->record_len;
		free_device(one);
	}
	if (e == NULL)
		return;
	if (d->n == DEVICES_MAX ||
	    d->bytes + e->record_len > HOME_RECORDS_MAX ||
	    devices_by_key(d, e->key) != NULL) {
		entity_free(e);
		return;
	}
	one = xalloc(sizeof(*one));
	one->entity = e;
	d->bytes += e->record_len;
	one->called = devices_called(d, e->key);
	name_it(d, one);
	put_in(d, one);
}

static const char *
on_values(struct devices *d, const struct msg *m)
{
	struct device *one = devices_by_key(d, json_words(m->body, "key"));

	if (one == NULL)
		return NULL;
	json_free(one->values);
	one->values = json_copy(json_get(m->body, "values"));
	snprintf(one->presence, sizeof(one->presence), "%s",
	    json_words(m->body, "presence"));
	return one->id;
}

const struct json *
devices_value(const struct devices *d, const char *entity, const char *value)
{
	const struct device *one = devices_by_id(d, entity);

	return one != NULL && strcmp(one->presence, "offline") != 0
	    ? json_get(one->values, value)
	    : NULL;
}

const struct entity *
devices_entity(const struct devices *d, const char *entity)
{
	const struct device *one = devices_by_id(d, entity);

	return one != NULL ? one->entity : NULL;
}

/* Below a command topic, too; what is above it may be its state. */
static bool
is_commanded(const struct entity *e, const char *topic)
{
	struct json *list = entity_topics(e);
	const struct json *t = json_first(list);
	bool is = false;

	for (; t != NULL && !is; t = json_next(t))
		is = strlen(json_text(t)) <= strlen(topic) &&
		    home_topics_meet(json_text(t), topic);
	json_free(list);
	return is;
}

bool
devices_hear(const struct devices *d, const char *topic)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (is_commanded(d->list[i]->entity, topic))
			return true;
	return false;
}

bool
devices_says(const struct devices *d, const char *entity, const char *topic)
{
	const struct entity *e = devices_entity(d, entity);
	size_t i;

	for (i = 0; e != NULL && i < e->n_values; i++)
		if (strcmp(e->values[i].topic, topic) == 0)
			return true;
	return false;
}

const char *
devices_on_message(struct devices *d, const struct msg *m)
{
	if (m->type == MSG_HOME_VALUES)
		return on_values(d, m);
	if (m->type == MSG_HOME_BROKER)
		on_broker(d, m);
	else
		on_entity(d, m);
	return NULL;
}

void
devices_bridge_lost(struct devices *d)
{
	d->up = d->bridge = false;
	snprintf(d->why, sizeof(d->why), "the bridge was restarted");
	while (d->n > 0)
		free_device(d->list[--d->n]);
	d->bytes = 0;
}

/* A broker may take a subscription and then say nothing of what its rules do
 * not let this house read: that there is nothing is all that one sees of it. */
static const char *
broker_why(const struct devices *d)
{
	return d->up && d->n == 0 && d->why[0] == '\0'
	    ? "nothing has announced itself on it; if there are devices, its "
	      "access rules may keep 'homeassistant/#' and 'zigbee2mqtt/#' "
	      "from this house"
	    : d->why;
}

bool
devices_say_broker(const struct devices *d, struct buf *out, bool *ret_good)
{
	const char *why = broker_why(d);

	if (!d->bridge && why[0] == '\0')
		return false;
	buf_addf(out, "the home's broker is %sthere%s%s", d->up ? "" : "not ",
	    why[0] == '\0' ? ""
		: d->up    ? ", but "
			   : ": ",
	    why);
	*ret_good = d->up && d->why[0] == '\0';
	return true;
}

bool
devices_say_unguarded(const struct devices *d, struct buf *out)
{
	const struct manifest *m = d->s.accepted(d->s.arg);
	size_t found = 0;
	size_t i;

	for (i = 0; m != NULL && i < m->n_devices; i++) {
		if (m->devices[i].effect == EFFECT_REVERSIBLE ||
		    m->devices[i].n_topics > 0)
			continue;
		if (found++ < DEVICES_UNGUARDED_SHOWN)
			buf_addf(out, "%s%s", found > 1 ? ", " : "",
			    m->devices[i].entity);
	}
	if (found > DEVICES_UNGUARDED_SHOWN)
		buf_addf(out, " and %zu more", found - DEVICES_UNGUARDED_SHOWN);
	if (found > 0)
		buf_adds(out,
		    ": accepted by an earlier version, which did not sign "
		    "what commands it; while it is away, a light may");
	return found > 0;
}

/* ---- Functions of the house ---- */

static void
end_with(
    struct devices *d, const struct act *a, bool ok, const struct buf *text)
{
	struct house_end end = {.ok = ok, .text = text->p};

	acts_house_done(d->s.acts, a->id, &end);
}

/* Without its broker the home says nothing. */
static bool
is_away(const struct devices *d, struct buf *out)
{
	if (d->up)
		return false;
	if (!d->bridge && d->why[0] == '\0')
		buf_adds(out,
		    "No home is connected; 'durward run --broker' names its "
		    "MQTT broker.");
	else
		buf_addf(out, "The home's broker is not there: %s.", d->why);
	return true;
}

void
devices_find(struct devices *d, const struct act *a, const struct json *args)
{
	const char *words = json_words(args, "text");
	size_t found = 0;
	struct buf out;
	bool away;
	size_t i;

	buf_init(&out, RESULT_MAX);
	away = is_away(d, &out);
	for (i = 0; i < d->n && !away; i++)
		if (devices_answers_to(d, d->list[i], words) &&
		    found++ < DEVICES_SHOWN_MAX)
			devices_say(d->list[i], &out);
	if (found > DEVICES_SHOWN_MAX)
		buf_addf(&out, "and %zu more; look for more words",
		    found - DEVICES_SHOWN_MAX);
	else if (found == 0 && !away)
		buf_adds(&out, "The home has nothing of that name.");
	end_with(d, a, !away, &out);
	buf_done(&out);
}

void
devices_get(struct devices *d, const struct act *a, const struct json *args)
{
	const char *id = json_words(args, "entity");
	const struct device *one = devices_by_id(d, id);
	struct buf out;
	bool good;

	buf_init(&out, RESULT_MAX);
	good = !is_away(d, &out) && one != NULL;
	if (good)
		devices_say_all(one, &out);
	else if (d->up)
		buf_addf(&out,
		    "the home has no entity '%.100s'; home.find looks for one",
		    id);
	end_with(d, a, good, &out);
	buf_done(&out);
}

/* ---- Queries ---- */

static struct json *
describe(const struct devices *d, const struct device *one)
{
	const struct entity *e = one->entity;
	struct json *v = json_object();
	struct json *actions = json_array();
	struct buf record;
	size_t i;

	json_put_str(v, "id", one->id);
	json_put_str(v, "name", e->name);
	json_put_str(v, "area", device_area(one));
	json_put_str(v, "floor", devices_floor(d, device_area(one)));
	json_put(v, "aliases", device_aliases(one));
	json_put_str(v, "device", e->device_name);
	json_put_str(v, "component", e->component);
	json_put_str(v, "presence", one->presence);
	json_put(v, "values",
	    one->values != NULL ? json_copy(one->values) : json_object());
	for (i = 0; i < e->n_actions; i++)
		json_push(actions, json_string(e->actions[i].name));
	json_put(v, "actions", actions);
	json_put_bool(v, "accepted", devices_accepted(d, one));
	buf_init(&record, RECORD_MAX_LEN);
	entity_write(e, &record);
	json_put_str(v, "record", record.p);
	buf_done(&record);
	if (e->read_only_why != NULL)
		json_put_str(v, "read_only_why", e->read_only_why);
	return v;
}

/* {"from"}: a page at a time. */
void
devices_query(void *room, const struct request *q)
{
	struct devices *d = room;
	int64_t from = json_int(q->params, "from", 0);
	struct json *answer = json_object();
	struct json *broker = json_object();
	struct json *list = json_array();
	struct buf unguarded;
	size_t bytes = 0;
	size_t i;

	buf_init(&unguarded, DEVICES_UNGUARDED_SIZE);
	if (devices_say_unguarded(d, &unguarded))
		json_put_str(answer, "unguarded", unguarded.p);
	buf_done(&unguarded);
	json_put_bool(broker, "up", d->up);
	json_put_str(broker, "why",
	    d->bridge || d->why[0] != '\0' ? broker_why(d) : "none");
	json_put(answer, "broker", broker);
	for (i = from > 0 ? (size_t)from : 0; i < d->n &&
	     json_count(list) < DEVICES_SHOWN_MAX && bytes < DEVICES_PAGE_BYTES;
	     i++) {
		json_push(list, describe(d, d->list[i]));
		bytes += d->list[i]->entity->record_len;
	}
	json_put(answer, "entities", list);
	json_put_int(answer, "count", (int64_t)d->n);
	request_answer(d->s.requests, q->id, answer);
}
