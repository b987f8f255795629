/* SPDX-License-Identifier: Apache-2.0 */
#include "discovery/discovery.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "discovery/discovery_priv.h"

#define SOURCE "homeassistant"
#define LEVELS_MAX 4 /* component, node, object, "config" */

/* A topic behind the prefix, cut at its slashes. */
struct path {
	struct str level[LEVELS_MAX];
	size_t n;
};

static bool
is_id(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '_' &&
		    s.p[i] != '-')
			return false;
	return s.len > 0;
}

static bool
cut_topic(const char *prefix, const char *topic, struct path *ret)
{
	size_t n = strlen(prefix);
	size_t i;
	const char *slash;

	memset(ret, 0, sizeof(*ret));
	if (strncmp(topic, prefix, n) != 0 || topic[n] != '/')
		return false;
	for (topic += n + 1; ret->n < LEVELS_MAX; topic = slash + 1) {
		slash = strchr(topic, '/');
		ret->level[ret->n++] = (struct str){topic,
		    slash != NULL ? (size_t)(slash - topic) : strlen(topic)};
		if (slash == NULL)
			break;
	}
	if (ret->n == LEVELS_MAX &&
	    strchr(ret->level[LEVELS_MAX - 1].p, '/') != NULL)
		return false;
	if (ret->n < 3 || !str_eq(ret->level[ret->n - 1], "config"))
		return false;
	for (i = 0; i + 1 < ret->n; i++)
		if (!is_id(ret->level[i]))
			return false;
	return true;
}

bool
discovery_is_topic(const char *prefix, const char *topic)
{
	struct path path;

	return strlen(topic) <= HOME_TOPIC_MAX &&
	    cut_topic(prefix, topic, &path);
}

static void
text_of_id(struct str s, char *ret, size_t size)
{
	snprintf(ret, size, "%.*s", (int)s.len, s.p);
}

/* The first of a list, or the text itself; "" for neither. */
static const char *
first_text(const struct json *v)
{
	if (json_is_array(v))
		v = json_first(v);
	if (json_is_array(v))
		v = json_next(json_first(v));
	return json_text(v) != NULL ? json_text(v) : "";
}

static void
put_device(struct maker *m, const struct json *c)
{
	const struct json *d = json_get(c, "device");
	const char *id = first_text(json_get(d, "identifiers"));

	if (*id == '\0')
		id = first_text(json_get(d, "connections"));
	json_put_strn(m->doc, "device", id, str_cut(id, HOME_WORDS_MAX));
	make_words(m, "device_name", json_str(d, "name"));
	make_words(m, "manufacturer", json_str(d, "manufacturer"));
	make_words(m, "model", json_str(d, "model"));
	make_words(m, "area", json_str(d, "suggested_area"));
}

static void
put_names(struct maker *m, const struct json *c, const char *object_id)
{
	const char *id = json_str(c, "default_entity_id");
	const char *class = json_words(c, "device_class");
	char slug[SLUG_MAX + 1];

	make_words(m, "name", json_str(c, "name"));
	make_words(m, "name", json_str(json_get(c, "device"), "name"));
	if (id != NULL && strchr(id, '.') != NULL)
		id = strchr(id, '.') + 1;
	if (id == NULL)
		id = json_str(c, "object_id");
	make_slug(id != NULL ? id : object_id, slug);
	make_words(m, "object_id", slug);
	if (str_is_name(class))
		json_put_str(m->doc, "class", class);
}

static void
put_availability(struct maker *m, const struct json *c)
{
	const struct json *list = json_get(c, "availability");
	const char *mode = json_words(c, "availability_mode");
	const struct json *a;

	if (strcmp(mode, "any") == 0 || strcmp(mode, "latest") == 0)
		json_put_str(m->doc, "mode", mode);
	make_availability(m, json_str(c, "availability_topic"),
	    json_str(c, "availability_template"),
	    json_has(c, "payload_available")
		? json_words(c, "payload_available")
		: "online",
	    json_has(c, "payload_not_available")
		? json_words(c, "payload_not_available")
		: "offline");
	for (a = json_first(list); a != NULL; a = json_next(a))
		make_availability(m, json_str(a, "topic"),
		    json_str(a, "value_template"),
		    json_has(a, "payload_available")
			? json_words(a, "payload_available")
			: "online",
		    json_has(a, "payload_not_available")
			? json_words(a, "payload_not_available")
			: "offline");
}

struct feed {
	const char *own;
	const char *topic;
	const struct discovery_ports *ports;
};

static bool
is_own(const struct feed *f, const struct json *c)
{
	const char *name = json_str(json_get(c, "origin"), "name");

	return f->own != NULL && name != NULL && strcmp(name, f->own) == 0;
}

static void
feed_entity(const struct feed *f, const char *component, const char *object_id,
    const struct json *c, const char *origin)
{
	const char *id = json_str(c, "unique_id");
	struct maker m;

	if (component_is_passed_over(component) || is_own(f, c))
		return;
	if (!str_is_name(component)) {
		f->ports->refused(f->ports->arg, origin,
		    "what kind of entity it is, is no name");
		return;
	}
	make_begin(&m, SOURCE, component, id != NULL ? id : origin, origin);
	put_names(&m, c, object_id);
	put_device(&m, c);
	put_availability(&m, c);
	if (!component_make(&m, component, c))
		make_read_only(&m, "this house does not know such a component");
	make_end(&m, origin, f->ports);
}

/* One of a device's components; with nothing but its platform it is gone. */
static void
feed_component(
    const struct feed *f, const struct json *shared, const struct json *part)
{
	struct json *c;
	struct buf origin;
	char object_id[SLUG_MAX + 1];

	buf_init(&origin, HOME_ORIGIN_MAX);
	buf_addf(&origin, "%s#%s", f->topic, json_name(part));
	if (origin.overflow || !json_is_object(part)) {
		f->ports->refused(f->ports->arg, f->topic,
		    "one of its components has a long name, or is none");
		buf_done(&origin);
		return;
	}
	c = config_component(shared, part);
	if (json_count(part) == 1 && json_has(c, "platform")) {
		f->ports->gone(f->ports->arg, origin.p);
	} else if (json_str(c, "platform") == NULL) {
		f->ports->refused(f->ports->arg, origin.p,
		    "the component does not say its platform");
	} else {
		make_slug(json_name(part), object_id);
		feed_entity(f, json_str(c, "platform"), object_id, c, origin.p);
	}
	json_free(c);
	buf_done(&origin);
}

static void
feed_device(const struct feed *f, const struct json *config)
{
	struct json *shared = config_normal(config);
	const struct json *parts = json_get(shared, "components");
	const struct json *part;

	/* Only moves what single messages announced to this one. */
	if (!json_is_object(parts) && json_flag(config, "migrate_discovery")) {
		json_free(shared);
		return;
	}
	if (!json_is_object(parts))
		f->ports->refused(
		    f->ports->arg, f->topic, "the device has no components");
	for (part = json_first(parts); json_is_object(parts) && part != NULL;
	     part = json_next(part))
		feed_component(f, shared, part);
	json_free(shared);
}

static void
feed_config(
    const struct feed *f, const struct path *path, const struct json *config)
{
	char component[HOME_TOPIC_MAX + 1];
	char object_id[HOME_TOPIC_MAX + 1];
	struct json *c;

	text_of_id(path->level[0], component, sizeof(component));
	text_of_id(path->level[path->n - 2], object_id, sizeof(object_id));
	if (strcmp(component, "device") == 0) {
		feed_device(f, config);
		return;
	}
	if (json_flag(config, "migrate_discovery") && json_count(config) == 1)
		return;
	c = config_normal(config);
	feed_entity(f, component, object_id, c, f->topic);
	json_free(c);
}

bool
discovery_feed(const char *prefix, const char *own, const char *topic,
    const char *payload, size_t len, const struct discovery_ports *ports)
{
	struct feed f = {own, topic, ports};
	struct errmsg why;
	struct json *config;
	struct path path;

	if (strlen(topic) > HOME_TOPIC_MAX || !cut_topic(prefix, topic, &path))
		return false;
	if (len == 0) {
		ports->gone(ports->arg, topic);
		return true;
	}
	if (len > DISCOVERY_MAX) {
		err_write(&why, "it has %zu bytes, and %d are read", len,
		    DISCOVERY_MAX);
		ports->refused(ports->arg, topic, why.text);
		return true;
	}
	if (json_parse(payload, len, &config) != OK) {
		ports->refused(ports->arg, topic,
		    "it is not JSON, or has names twice, or is nested too "
		    "deeply");
		return true;
	}
	if (json_is_object(config))
		feed_config(&f, &path, config);
	else
		ports->refused(ports->arg, topic, "it is no object");
	json_free(config);
	return true;
}
