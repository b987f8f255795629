/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "tool/tool_priv.h"

/*
 * The home, as an owner accepts it: what the house may do with devices, and
 * the pin of each record (home/record.h) that this is about.  The effect of a
 * call is the strictest of the entities it names; one that does not stand here
 * is not commanded at all.
 */

bool
manifest_is_home(const struct manifest *m)
{
	return m->is_home;
}

const struct manifest_device *
manifest_device(const struct manifest *m, const char *entity)
{
	size_t i;

	for (i = 0; i < m->n_devices; i++)
		if (strcmp(m->devices[i].entity, entity) == 0)
			return &m->devices[i];
	return NULL;
}

enum effect
manifest_effect(const struct manifest *m, const struct manifest_function *f,
    const struct json *args)
{
	struct entities named;
	enum effect all = EFFECT_READ;
	size_t i;

	if (!m->is_home || entities_of(args, &named) != OK)
		return f->effect;
	for (i = 0; i < named.n; i++) {
		const struct manifest_device *d =
		    manifest_device(m, named.name[i]);
		enum effect e = d != NULL ? d->effect : f->effect;

		all = e > all ? e : all;
	}
	return all;
}

/* "light.kitchen": a component and a name. */
static bool
is_entity(const char *s)
{
	const char *dot = strchr(s, '.');

	return str_is_name(s) && dot != NULL && dot[1] != '\0' &&
	    strchr(dot + 1, '.') == NULL;
}

static bool
is_short_text(const char *s)
{
	return s[0] != '\0' && strlen(s) <= HOME_TOPIC_LEN;
}

static enum err
read_topics(const struct json *v, struct manifest_device *d, struct errmsg *why)
{
	const struct json *list = json_get(v, "topics");
	const struct json *t = json_first(list);

	if (json_has(v, "topics") &&
	    (!json_is_array(list) || json_count(list) > HOME_TOPICS_MAX))
		return SAY(why, "'topics' of %s needs a list of at most %d",
		    d->entity, HOME_TOPICS_MAX);
	if (json_has(v, "device") && !is_short_text(json_words(v, "device")))
		return SAY(why, "'device' of %s has 1 to %d bytes", d->entity,
		    HOME_TOPIC_LEN);
	if (json_has(v, "device"))
		d->of = xstrdup(json_words(v, "device"));
	for (; t != NULL; t = json_next(t)) {
		const char *topic = json_text(t);

		if (topic == NULL || !is_short_text(topic))
			return SAY(why, "a topic of %s has 1 to %d bytes",
			    d->entity, HOME_TOPIC_LEN);
		d->topics[d->n_topics++] = xstrdup(topic);
	}
	return OK;
}

void
manifest_free_devices(struct manifest *m)
{
	size_t i;

	for (i = 0; i < m->n_devices; i++) {
		struct manifest_device *d = &m->devices[i];

		while (d->n_topics > 0)
			free(d->topics[--d->n_topics]);
		free(d->of);
	}
	free(m->devices);
}

static enum err
read_device(const struct json *v, struct manifest *m, struct errmsg *why)
{
	static const char *const known[] = {
	    "entity", "effect", "pin", "topics", "device"};
	struct manifest_device *d = &m->devices[m->n_devices];
	const char *entity = json_words(v, "entity");
	const char *pin = json_words(v, "pin");
	enum err e =
	    manifest_check_members(v, "a device", known, ARRAY_LEN(known), why);

	if (e != OK)
		return e;
	if (!is_entity(entity) || manifest_device(m, entity) != NULL ||
	    str_copy(d->entity, sizeof(d->entity), entity) != OK)
		return SAY(why,
		    "'entity' of a device must be a name like light.kitchen, "
		    "and stand once");
	d->effect = effect_by_name(json_words(v, "effect"));
	if (d->effect != EFFECT_REVERSIBLE && d->effect != EFFECT_PHYSICAL)
		return SAY(why, "'effect' of %s must be reversible or physical",
		    d->entity);
	if (digest_read(pin, strlen(pin), &d->pin) != OK)
		return SAY(why, "'pin' of %s must be 64 digits", d->entity);
	m->n_devices++;
	return read_topics(v, d, why);
}

enum err
manifest_read_devices(
    const struct json *v, struct manifest *m, struct errmsg *why)
{
	const struct json *list = json_get(v, "devices");
	const struct json *d = json_first(list);
	enum err e = OK;

	if (strcmp(m->name, HOME_TOOL) != 0)
		return SAY(why, "the home's 'name' is \"" HOME_TOOL "\"");
	if (!json_is_array(list) || json_count(list) > HOME_ACCEPTED_MAX)
		return SAY(why, "'devices' needs a list of at most %d",
		    HOME_ACCEPTED_MAX);
	m->is_home = true;
	m->call_ms = HOME_CALL_MS;
	memcpy(m->image, "none", sizeof("none"));
	m->devices = xalloc((json_count(list) + 1) * sizeof(m->devices[0]));
	for (; d != NULL && e == OK; d = json_next(d))
		e = read_device(d, m, why);
	return e;
}
