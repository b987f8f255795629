/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "bridge/bridge_priv.h"
#include "crypto/crypto.h"
#include "sys/clock.h"

/*
 * The house on its home's broker, as one device of Home Assistant
 * (herald/herald.h).  What core says is checked there: numbers alone.  Said is
 * what changed, retained, and all of it again when Home Assistant or the
 * broker begins anew.  What others write to these topics nobody hears.
 */

#define BIRTH_TOPIC "homeassistant/status"

/* The box, and no more of it: others learn nothing by which to find it. */
void
announcing_open(struct bridge *b, const struct digest *box)
{
	static const char salt[] = "durward home";
	const struct crypto_part parts[] = {
	    {salt, sizeof(salt)}, {box->b, sizeof(box->b)}};
	struct announced *a = &b->announced;
	struct digest d;

	crypto_hash_parts(parts, ARRAY_LEN(parts), &d);
	hex_write(a->id, d.b, sizeof(a->id) / 2);
	herald_device(a->id, a->device);
	herald_status_topic(a->id, a->status);
	a->shown = true;
}

void
announcing_begin(struct bridge *b)
{
	struct announced *a = &b->announced;

	a->config_said = false;
	a->untold = true;
	memset(a->said, 0, sizeof(a->said));
}

void
announcing_listen(struct bridge *b)
{
	announcing_begin(b);
	if (mqtt_subscribe(b->mqtt, BIRTH_TOPIC) != OK)
		log_warn("the broker takes no subscription");
}

/* All houses answer at once: each a little later than the others. */
static void
on_birth(void *arg)
{
	struct bridge *b = arg;

	b->announced.timer = 0;
	announcing_begin(b);
}

bool
announcing_hear(struct bridge *b, const struct mqtt_message *m)
{
	struct announced *a = &b->announced;
	uint16_t wait_ms;

	if (strcmp(m->topic, BIRTH_TOPIC) == 0) {
		crypto_random(&wait_ms, sizeof(wait_ms));
		if (a->timer == 0 && strcmp(m->payload, "online") == 0)
			a->timer = loop_timer(b->loop,
			    clock_boot_ms() + wait_ms % ANNOUNCE_SPREAD_MS,
			    on_birth, b);
		return true;
	}
	return herald_is_ours(a->id, m->topic);
}

bool
announcing_is_ours(const struct bridge *b, const struct entity *e)
{
	const char *id = b->announced.id;
	size_t i;

	if (strcmp(e->device, b->announced.device) == 0)
		return true;
	for (i = 0; i < e->n_values; i++)
		if (herald_is_ours(id, e->values[i].topic))
			return true;
	for (i = 0; i < e->n_actions; i++)
		if (herald_is_ours(id, e->actions[i].topic))
			return true;
	return false;
}

/* ---- Saying it ---- */

static bool
say(struct bridge *b, const char *topic, const char *text)
{
	return mqtt_publish(b->mqtt, topic, text, strlen(text), true) == OK;
}

static bool
say_config(struct bridge *b, const char *text)
{
	char topic[HERALD_TOPIC_SIZE];

	herald_config_topic(b->announced.id, topic);
	return say(b, topic, text);
}

static bool
show_device(struct bridge *b)
{
	struct announced *a = &b->announced;
	struct buf out;

	if (a->config_said)
		return true;
	buf_init(&out, HERALD_CONFIG_MAX);
	herald_config(a->id, &out);
	a->config_said = say_config(b, out.p);
	buf_done(&out);
	return a->config_said;
}

/* False: not all of it is taken, and it is tried again. */
static bool
show(struct bridge *b)
{
	struct announced *a = &b->announced;
	char topic[HERALD_TOPIC_SIZE];
	char text[HERALD_TEXT_SIZE];
	bool good = true;
	size_t i;

	if (!a->shown)
		a->shown = mqtt_set_status(b->mqtt, a->status) == OK;
	if (!a->shown || !show_device(b))
		return false;
	for (i = 0; good && herald_topic(a->id, i, topic); i++) {
		herald_say(&a->now, i, text);
		if (strcmp(text, a->said[i]) == 0)
			continue;
		good = say(b, topic, text);
		if (good)
			memcpy(a->said[i], text, sizeof(text));
	}
	return good;
}

/* An empty message is what takes one away that is retained.  The status goes
 * last, with the connection and its last will. */
static bool
hide(struct bridge *b)
{
	struct announced *a = &b->announced;
	char topic[HERALD_TOPIC_SIZE];
	bool gone;
	size_t i;

	if (!a->shown)
		return true;
	gone = say_config(b, "");
	for (i = 0; gone && herald_topic(a->id, i, topic); i++)
		gone = say(b, topic, "");
	gone = gone && mqtt_set_status(b->mqtt, NULL) == OK;
	a->shown = !gone;
	announcing_begin(b);
	return gone;
}

/* Not more often than people look, whatever core says: the tick of the broker
 * brings the last of it. */
void
announcing_go_on(struct bridge *b)
{
	struct announced *a = &b->announced;

	if (!a->untold || !a->known || !b->up || clock_boot_ms() < a->next_ms)
		return;
	a->next_ms = clock_boot_ms() + ANNOUNCE_PAUSE_MS;
	a->untold = !(a->now.shown ? show(b) : hide(b));
}

/* ---- What core says ---- */

void
announcing_on_herald(void *role, struct msg *m)
{
	struct bridge *b = role;
	struct announced *a = &b->announced;

	if (herald_read(m->body, &a->now) == OK)
		a->known = a->untold = true;
	else
		log_warn("what core says of the house is none of what may be "
			 "published");
}
