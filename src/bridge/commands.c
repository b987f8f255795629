/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bridge/bridge_priv.h"
#include "home/command.h"
#include "sys/clock.h"

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
has_topic(const struct entity *e, const char *topic)
{
	size_t i;

	for (i = 0; i < e->n_actions; i++)
		if (strcmp(e->actions[i].topic, topic) == 0)
			return true;
	return false;
}

static bool
is_reversible(const struct manifest *m, const struct thing *t)
{
	size_t i;

	for (i = 0; i < m->n_devices; i++)
		if (digest_equal(&m->devices[i].pin, &t->pin))
			return m->devices[i].effect == EFFECT_REVERSIBLE;
	return false;
}

/* Zigbee2MQTT's own list has all that a device can on one topic.  What
 * announces itself can call itself by another one's name. */
static bool
is_of_one_list(const struct entity *a, const struct entity *b)
{
	return strcmp(a->source, "zigbee2mqtt") == 0 &&
	    strcmp(b->source, "zigbee2mqtt") == 0 &&
	    strcmp(a->device, b->device) == 0;
}

/* Anybody on the broker can announce a light whose command opens a door:
 * of two with one topic both have the stricter effect. */
static enum err
check_topic(struct bridge *b, const struct order *o, const struct thing *t,
    const char *topic, struct errmsg *why)
{
	size_t i;

	if (o->effect != EFFECT_REVERSIBLE)
		return OK;
	for (i = 0; i < b->n_things; i++) {
		const struct thing *other = &b->things[i];

		if (other == t || other->entity == NULL || other->gone ||
		    is_of_one_list(other->entity, t->entity) ||
		    !has_topic(other->entity, topic) ||
		    is_reversible(o->manifest, other))
			continue;
		return err_say(why, ERR_DENIED,
		    "what commands it commands '%.100s' too, which is not "
		    "accepted as harmless",
		    other->entity->name);
	}
	return OK;
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

static void
end(struct pending *p, const char *what)
{
	struct bridge *b = p->bridge;
	struct buf out;

	buf_init(&out, 2 * HOME_TEXT_MAX);
	buf_addf(&out, "%s: %s", p->entity, what);
	loop_timer_cancel(b->loop, p->timer);
	tell(b, p->act, true, out.p);
	json_free(p->params);
	buf_done(&out);
	memset(p, 0, sizeof(*p));
}

static void
on_late(void *arg)
{
	struct pending *p = arg;

	p->timer = 0;
	end(p, "sent, not confirmed: the device did not say so in time");
}

void
commands_heard(struct bridge *b, const struct thing *t)
{
	size_t i;

	for (i = 0; i < BRIDGE_PENDING_MAX; i++) {
		struct pending *p = &b->pending[i];

		if (p->thing == t &&
		    home_confirms(t->entity, p->action, p->params,
			t->readings) == MATCH_YES)
			end(p, "confirmed");
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
					"taken away");
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

static enum err
begin(struct bridge *b, const struct order *o, const struct json *args,
    struct errmsg *why)
{
	const char *entity = json_words(args, "entity");
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
	a = entity_action(t->entity, json_words(args, "action"));
	if (a == NULL)
		return err_say(why, ERR_NOTFOUND,
		    "%s cannot '%.40s'; home.get shows what it can", entity,
		    json_words(args, "action"));
	if (p == NULL)
		return err_say(
		    why, ERR_BUSY, "too many devices are waited for");
	e = check_topic(b, o, t, a->topic, why);
	if (e != OK)
		return e;
	*p = (struct pending){.bridge = b,
	    .thing = t,
	    .params = json_object(),
	    .action = a->name};
	snprintf(p->act, sizeof(p->act), "%s", o->act);
	snprintf(p->entity, sizeof(p->entity), "%s", entity);
	e = read_values(a, json_words(args, "values"), p->params, why);
	if (e == OK)
		e = send(b, p, why);
	if (e != OK) {
		json_free(p->params);
		memset(p, 0, sizeof(*p));
		return e;
	}
	p->timer = loop_timer(
	    b->loop, clock_boot_ms() + BRIDGE_CONFIRM_MS, on_late, p);
	if (home_confirms(t->entity, a->name, p->params, t->readings) ==
	    MATCH_NEVER)
		end(p, "sent, not confirmed: nothing that it says shows it");
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
		e = begin(b, &o, args, &why);
	json_free(args);
	if (e != OK && o.act != NULL)
		tell(b, o.act, false, why.text);
}
