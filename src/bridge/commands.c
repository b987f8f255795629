/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bridge/bridge_priv.h"
#include "home/command.h"
#include "sys/clock.h"

/* What is told of the devices of one order. */
#define COMMANDED_TEXT_MAX (HOME_MANY_MAX * 512)

/*
 * Orders: verified here, rendered from the record whose pin an owner signed,
 * and told as confirmed only when the device itself said so afterwards.
 */

static void
tell(struct bridge *b, const char *act, bool ok, const char *text)
{
	struct json *body = json_object();

	json_put_str(body, "act", act);
	json_put_bool(body, "ok", ok);
	peers_send_bulk(
	    b->peers, ROLE_CORE, MSG_HOME_DONE, body, text, strlen(text));
}

/* ---- What an owner accepted ---- */

/* The thing with the record that was signed, unless it is another by now. */
static struct thing *
find_pinned(
    struct bridge *b, const struct manifest_device *d, struct errmsg *why)
{
	size_t i;

	for (i = 0; i < b->n_things; i++)
		if (b->things[i].entity != NULL && !b->things[i].gone &&
		    digest_equal(&b->things[i].pin, &d->pin))
			return &b->things[i];
	err_say(why, ERR_DENIED,
	    "%s is not there as it was accepted: it was renamed, replaced, or "
	    "announces itself in another way; 'durward home' shows it, and "
	    "'durward home accept' accepts it anew",
	    d->entity);
	return NULL;
}

static bool
is_reversible(const struct manifest *m, const struct thing *t)
{
	size_t i;

	bool found = false;

	for (i = 0; i < m->n_devices; i++) {
		if (!digest_equal(&m->devices[i].pin, &t->pin))
			continue;
		if (m->devices[i].effect != EFFECT_REVERSIBLE)
			return false;
		found = true;
	}
	return found;
}

/* Zigbee2MQTT's own list has all that a device can on one topic.  What
 * announces itself can call itself by another one's name. */
static bool
is_of_one_list(const struct entity *a, const struct entity *b)
{
	return home_is_listed(a) && home_is_listed(b) &&
	    strcmp(a->device, b->device) == 0;
}

/* The owner's own word, also while that device is away: who can take its
 * announcement off the broker must gain nothing by it. */
static enum err
check_accepted(const struct order *o, const struct entity *e, const char *topic,
    struct errmsg *why)
{
	size_t i;
	size_t j;

	for (i = 0; i < o->manifest->n_devices; i++) {
		const struct manifest_device *d = &o->manifest->devices[i];

		if (d->effect == EFFECT_REVERSIBLE ||
		    (d->of != NULL && home_is_listed(e) &&
			strcmp(d->of, e->device) == 0))
			continue;
		for (j = 0; j < d->n_topics; j++)
			if (home_topics_meet(d->topics[j], topic))
				return err_say(why, ERR_DENIED,
				    "what commands it commands %s too, which "
				    "is not accepted as harmless",
				    d->entity);
	}
	return OK;
}

/* Anybody on the broker can announce a light whose command opens a door:
 * of two with one topic both have the stricter effect. */
static enum err
check_topic(struct bridge *b, const struct order *o,
    const struct manifest_device *d, const struct thing *t, const char *topic,
    struct errmsg *why)
{
	size_t i;

	if (d->effect != EFFECT_REVERSIBLE)
		return OK;
	for (i = 0; i < b->n_things; i++) {
		const struct thing *other = &b->things[i];

		if (other == t || other->entity == NULL || other->gone ||
		    is_of_one_list(other->entity, t->entity) ||
		    !entity_hears(other->entity, topic) ||
		    is_reversible(o->manifest, other))
			continue;
		return err_say(why, ERR_DENIED,
		    "what commands it commands '%.100s' too, which is not "
		    "accepted as harmless",
		    other->entity->name);
	}
	return check_accepted(o, t->entity, topic, why);
}

/* ---- What is wished ---- */

static void
put_value(struct json *params, const struct home_param *p, const char *text)
{
	char *end;
	double n = strtod(text, &end);
	struct json *v;

	if (p->domain.kind == HOME_NUMBER && end != text && *end == '\0' &&
	    json_parse(text, strlen(text), &v) == OK && n == n)
		json_put(params, p->name, v);
	else
		json_put_str(params, p->name, text);
}

static const struct home_param *
find_param(const struct home_action *a, const char *name)
{
	size_t i;

	for (i = 0; i < a->n_params; i++)
		if (strcmp(a->params[i].name, name) == 0)
			return &a->params[i];
	return NULL;
}

/* "brightness=40, transition=2" */
static enum err
read_values(const struct home_action *a, const char *text, struct json *params,
    struct errmsg *why)
{
	char pair[HOME_TEXT_MAX + HOME_WORDS_MAX];

	while (*text != '\0') {
		size_t n = strcspn(text, ",");
		const struct home_param *p;
		char *equals;

		snprintf(pair, sizeof(pair), "%.*s", (int)n, text);
		equals = strchr(pair, '=');
		if (equals != NULL)
			*equals = '\0';
		p = equals != NULL ? find_param(a, pair) : NULL;
		if (p != NULL && json_has(params, p->name))
			return err_say(why, ERR_INPUT,
			    "the value '%s' stands twice", p->name);
		if (p == NULL)
			return err_say(why, ERR_INPUT,
			    "'%.64s' is no value of '%s'; values are written "
			    "NAME=VALUE, NAME=VALUE",
			    pair, a->name);
		put_value(params, p, equals + 1);
		text += n;
		text += strspn(text, ", ");
	}
	return OK;
}

/* ---- Waiting for the device's word ---- */

static struct pending *
find_free(struct bridge *b)
{
	size_t i;

	for (i = 0; i < BRIDGE_PENDING_MAX; i++)
		if (b->pending[i].thing == NULL)
			return &b->pending[i];
	return NULL;
}

/* "5 confirmed; light.cellar: sent, not confirmed", and of one in full. */
static void
tell_all(struct bridge *b, struct commanded *c)
{
	struct buf out;

	buf_init(&out, COMMANDED_TEXT_MAX + 32);
	if (c->n > 1 && c->confirmed > 0)
		buf_addf(&out, "%zu confirmed%s", c->confirmed,
		    c->said.len > 0 ? "; " : "");
	if (c->said.len > 0)
		buf_adds(&out, c->said.p);
	tell(b, c->act, c->sent > 0, out.p);
	buf_done(&out);
	buf_done(&c->said);
	memset(c, 0, sizeof(*c));
}

static void
say(struct commanded *c, const char *entity, const char *what)
{
	buf_addf(
	    &c->said, "%s%s: %s", c->said.len > 0 ? "; " : "", entity, what);
}

static void
end(struct pending *p, const char *what, bool confirmed)
{
	struct bridge *b = p->bridge;
	struct commanded *c = p->of;
	char few[64];

	snprintf(few, sizeof(few), "%.*s", (int)strcspn(what, ":"), what);
	c->confirmed += confirmed;
	if (c->n == 1)
		say(c, p->entity, what);
	else if (!confirmed)
		say(c, p->entity, few);
	loop_timer_cancel(b->loop, p->timer);
	json_free(p->params);
	memset(p, 0, sizeof(*p));
	if (--c->open == 0)
		tell_all(b, c);
}

static void
on_late(void *arg)
{
	struct pending *p = arg;

	p->timer = 0;
	end(p, "sent, not confirmed: the device did not say so in time", false);
}

/* By what it said since the command: what was kept from before, and was not
 * said again, says nothing. */
static bool
is_confirmed(const struct pending *p)
{
	struct home_reading since[HOME_VALUES_MAX];
	const struct thing *t = p->thing;
	size_t i;

	memset(since, 0, sizeof(since));
	for (i = 0; i < t->entity->n_values; i++)
		if (t->told[i] > p->live)
			since[i] = t->readings[i];
	return home_confirms(t->entity, p->action, p->params, since) ==
	    MATCH_YES;
}

void
commands_heard(struct bridge *b, const struct thing *t)
{
	size_t i;

	for (i = 0; i < BRIDGE_PENDING_MAX; i++) {
		struct pending *p = &b->pending[i];

		if (p->thing == t && is_confirmed(p))
			end(p, "confirmed", true);
	}
}

void
commands_lost(struct bridge *b, const struct thing *t)
{
	size_t i;

	for (i = 0; i < BRIDGE_PENDING_MAX; i++)
		if (b->pending[i].thing != NULL &&
		    (t == NULL || b->pending[i].thing == t))
			end(&b->pending[i],
			    t == NULL ? "sent, not confirmed: the broker went "
					"away"
				      : "sent, not confirmed: the device was "
					"taken away",
			    false);
}

/* ---- An order ---- */

static enum err
send(struct bridge *b, struct pending *p, struct errmsg *why)
{
	const char *topic;
	struct buf payload;
	enum err e;

	buf_init(&payload, HOME_PAYLOAD_MAX);
	e = home_render(
	    p->thing->entity, p->action, p->params, &topic, &payload, why);
	if (e == OK) {
		e = mqtt_publish(b->mqtt, topic, payload.p, payload.len, false);
		if (e != OK)
			err_say(why, e, "the broker does not take it; %s",
			    b->up ? "try again" : b->why);
	}
	buf_done(&payload);
	return e;
}

/* One of its devices, as if it were the only one. */
static enum err
begin(struct bridge *b, const struct order *o, const struct json *args,
    const char *entity, struct commanded *c, struct errmsg *why)
{
	const struct manifest_device *d = manifest_device(o->manifest, entity);
	struct thing *t = d != NULL ? find_pinned(b, d, why) : NULL;
	struct pending *p = find_free(b);
	const struct home_action *a;
	enum err e;

	if (d == NULL)
		return err_say(
		    why, ERR_DENIED, "'%.64s' was not accepted", entity);
	if (t == NULL || t->entity == NULL)
		return ERR_DENIED;
	if (!entity_is_named(t->entity, entity))
		return err_say(why, ERR_DENIED,
		    "'%.64s' was accepted for what is a %.64s", entity,
		    t->entity->component);
	a = entity_action(t->entity, json_words(args, "action"));
	if (a == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "%s cannot '%.40s'; home.get shows what it can", entity,
		    json_words(args, "action"));
	if (p == NULL)
		return err_say(
		    why, ERR_BUSY, "too many devices are waited for");
	e = check_topic(b, o, d, t, a->topic, why);
	if (e != OK)
		return e;
	*p = (struct pending){.bridge = b,
	    .thing = t,
	    .of = c,
	    .params = json_object(),
	    .action = a->name,
	    .live = b->live};
	snprintf(p->entity, sizeof(p->entity), "%s", entity);
	e = read_values(a, json_words(args, "values"), p->params, why);
	if (e == OK)
		e = send(b, p, why);
	if (e != OK) {
		json_free(p->params);
		memset(p, 0, sizeof(*p));
		return e;
	}
	c->open++;
	c->sent++;
	p->timer = loop_timer(
	    b->loop, clock_boot_ms() + BRIDGE_CONFIRM_MS, on_late, p);
	if (home_confirms(t->entity, a->name, p->params, t->readings) ==
	    MATCH_NEVER)
		end(p, "sent, not confirmed: nothing that it says shows it",
		    false);
	return OK;
}

static struct commanded *
take_place(struct bridge *b, const struct order *o, size_t n)
{
	size_t i = 0;

	while (i < BRIDGE_PENDING_MAX && b->commanded[i].n > 0)
		i++;
	if (i == BRIDGE_PENDING_MAX)
		return NULL;
	snprintf(
	    b->commanded[i].act, sizeof(b->commanded[i].act), "%s", o->act);
	b->commanded[i].n = n;
	b->commanded[i].open = 1; /* Until all of them are sent. */
	buf_init(&b->commanded[i].said, COMMANDED_TEXT_MAX);
	return &b->commanded[i];
}

/* Each of them is checked by itself: one that is refused keeps none of the
 * others from it, and all that need a yes had it before. */
static enum err
begin_all(struct bridge *b, const struct order *o, const struct json *args,
    struct errmsg *why)
{
	struct commanded *c;
	struct entities named;
	size_t i;

	if (entities_of(args, &named) != OK)
		return err_say(why, ERR_INPUT,
		    "the order names no devices, or one of them twice");
	c = take_place(b, o, named.n);
	if (c == NULL)
		return err_say(
		    why, ERR_BUSY, "too many devices are waited for");
	for (i = 0; i < named.n; i++) {
		struct errmsg refused = {""};

		if (begin(b, o, args, named.name[i], c, &refused) == OK)
			continue;
		if (named.n == 1)
			buf_adds(&c->said, refused.text);
		else
			say(c, named.name[i], refused.text);
	}
	if (--c->open == 0)
		tell_all(b, c);
	return OK;
}

/* As order/order.h has it. */
void
commands_on_order(void *role, struct msg *m)
{
	struct bridge *b = role;
	struct errmsg why = {""};
	struct json *args = NULL;
	struct order o;
	enum err e = order_read(m->body, m->bulk, m->bulk_len, &o, &why);

	if (e == OK)
		e = order_verify(b->verifier, &o, &why);
	if (e == OK && !manifest_is_home(o.manifest))
		e = err_say(&why, ERR_DENIED, "this is no order for the home");
	if (e == OK)
		e = json_parse(o.args.p, o.args.len, &args);
	if (e == OK)
		e = begin_all(b, &o, args, &why);
	json_free(args);
	if (e != OK && o.act != NULL)
		tell(b, o.act, false, why.text);
}
