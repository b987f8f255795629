/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bridge/bridge_priv.h"
#include "crypto/crypto.h"

/*
 * Topics that automations wait for.  Documents come from the core, and count
 * while their digest stands in the trust table: nothing is read of another
 * one, and nothing is subscribed to.  One that counts is listened to as a
 * thing with one value, of which the core hears by the automation's name.
 */

#define WATCHED_SOURCE "automation"

static bool
is_signed(const struct bridge *b, const struct watched *w)
{
	const struct trust *t = verifier_trust(b->verifier);
	const struct trusted_automation *row =
	    t != NULL ? trust_automation(t, w->name) : NULL;

	return row != NULL && digest_equal(&row->document, &w->digest);
}

/* ---- Listening ---- */

static struct json *
make_domain(enum automation_type type)
{
	struct json *d;

	if (type == AUTOMATION_NUMBER)
		return make_unbounded(NULL);
	if (type == AUTOMATION_TEXT)
		return make_text(0, HOME_TEXT_MAX);
	d = make_enum();
	make_option(d, "on", "true", true);
	make_option(d, "off", "false", true);
	return d;
}

static void
on_made(void *arg, struct entity *e)
{
	*(struct entity **)arg = e;
}

static void
on_refused(void *arg, const char *origin, const char *why)
{
	(void)arg;
	log_warn("%s cannot be listened to: %s", origin, why);
}

static struct entity *
make_entity(const struct watched *w, const struct automation_topic *t)
{
	struct entity *e = NULL;
	struct discovery_ports ports = {
	    .arg = &e, .found = on_made, .refused = on_refused};
	char origin[sizeof(WATCHED_SOURCE) + AUTOMATION_NAME_MAX + 2];
	struct maker m;

	snprintf(origin, sizeof(origin), WATCHED_SOURCE " %s", w->name);
	make_begin(&m, WATCHED_SOURCE, "topic", w->name, origin);
	make_value(&m, "state", t->name, t->extract, make_domain(t->type));
	make_end(&m, origin, &ports);
	return e;
}

static void
listen_to(struct bridge *b, struct watched *w, const struct automation *a)
{
	struct entity *e = make_entity(w, &a->topic);
	bool shared = topics_find(b, a->topic.name) != NULL;
	struct thing *t;

	if (e == NULL)
		return;
	memcpy(w->key, e->key, sizeof(w->key));
	things_put(b, e);
	t = things_find(b, w->key);
	if (t != NULL)
		t->watched = w;
	else
		w->key[0] = '\0';
	/* For what is retained: it was said before this one listened. */
	if (shared && b->up && mqtt_subscribe(b->mqtt, a->topic.name) != OK)
		log_warn("the broker takes no subscription");
}

static void
begin(struct bridge *b, struct watched *w)
{
	struct automation *a = NULL;
	struct json *v = NULL;
	struct errmsg why = {""};
	enum err e = json_parse(w->text, w->len, &v);

	if (e == OK)
		e = automation_read(v, &a, &why);
	if (e == OK &&
	    (!automation_has_topic(a) || strcmp(a->name, w->name) != 0))
		e = err_say(&why, ERR_INPUT, "it is another one");
	if (e == OK)
		listen_to(b, w, a);
	else
		log_warn("the automation %s cannot be listened for: %s",
		    w->name, why.text);
	automation_free(a);
	json_free(v);
}

static void
end(struct bridge *b, struct watched *w)
{
	struct thing *t = w->key[0] != '\0' ? things_find(b, w->key) : NULL;

	if (t != NULL)
		things_drop(b, t);
	w->key[0] = '\0';
}

static void
forget(struct bridge *b, struct watched *w)
{
	end(b, w);
	free(w->text);
	memset(w, 0, sizeof(*w));
}

void
watching_settle(struct bridge *b)
{
	size_t i;

	for (i = 0; i < BRIDGE_WATCHED_MAX; i++) {
		struct watched *w = &b->watched[i];

		if (w->name[0] == '\0')
			continue;
		if (!is_signed(b, w))
			end(b, w);
		else if (w->key[0] == '\0')
			begin(b, w);
	}
}

/* ---- What core says ---- */

/* Its own place, a free one, or that of one which does not count. */
static struct watched *
find_place(struct bridge *b, const char *name)
{
	struct watched *free_one = NULL;
	struct watched *idle = NULL;
	size_t i;

	for (i = 0; i < BRIDGE_WATCHED_MAX; i++) {
		struct watched *w = &b->watched[i];

		if (strcmp(w->name, name) == 0)
			return w;
		if (w->name[0] == '\0')
			free_one = w;
		else if (!is_signed(b, w))
			idle = w;
	}
	return free_one != NULL ? free_one : idle;
}

/* Signed anew as it was, and core knows nothing of what it said before. */
static void
tell_again(struct bridge *b, const struct watched *w)
{
	struct thing *t = w->key[0] != '\0' ? things_find(b, w->key) : NULL;

	if (t != NULL)
		t->changed = b->untold = true;
}

/* {"name"}, and its document as bulk; without one, it is to be forgotten. */
void
watching_on_topic(void *role, struct msg *m)
{
	struct bridge *b = role;
	const char *name = json_words(m->body, "name");
	struct watched *w = find_place(b, name);
	struct digest d;

	if (w == NULL || !automation_is_name(name) ||
	    m->bulk_len > AUTOMATION_TEXT_MAX)
		return;
	crypto_hash(m->bulk, m->bulk_len, &d);
	if (strcmp(w->name, name) == 0 && digest_equal(&w->digest, &d)) {
		tell_again(b, w);
		return;
	}
	if (m->bulk_len > 0 || strcmp(w->name, name) == 0)
		forget(b, w);
	if (m->bulk_len == 0)
		return;
	snprintf(w->name, sizeof(w->name), "%s", name);
	w->text = xstrndup(m->bulk, m->bulk_len);
	w->len = m->bulk_len;
	w->digest = d;
	watching_settle(b);
}
