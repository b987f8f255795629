/* SPDX-License-Identifier: Apache-2.0 */
#include "exposes/exposes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "exposes/exposes_priv.h"

#define SOURCE "zigbee2mqtt"
#define ONLINE                                                                 \
	"{{ value_json.state if value_json is defined and value_json.state "   \
	"is defined else value }}"

struct list {
	const char *base;
	char topic[HOME_TOPIC_MAX + 1];
	const struct discovery_ports *ports;
};

/* One device of the list. */
struct device {
	const struct list *list;
	const struct json *json;
	const struct json *definition;
	const char *address;
	const char *name;
	struct topics topics;
};

bool
exposes_is_topic(const char *base, const char *topic)
{
	size_t n = strlen(base);

	return strncmp(topic, base, n) == 0 &&
	    strcmp(topic + n, "/bridge/devices") == 0;
}

static void
refuse(const struct list *l, const char *what, const char *why)
{
	struct buf origin;

	buf_init(&origin, HOME_ORIGIN_MAX);
	buf_addf(&origin, "%s#%.100s", l->topic, what);
	l->ports->refused(l->ports->arg, origin.p, why);
	buf_done(&origin);
}

static void
put_about(struct maker *m, const struct device *d, const char *end)
{
	char words[2 * HOME_WORDS_MAX];
	char slug[SLUG_MAX + 1];
	char topic[HOME_TOPIC_MAX + 1];

	snprintf(words, sizeof(words), "%.*s%s%.60s",
	    (int)str_cut(d->name, HOME_WORDS_MAX - 64), d->name,
	    *end != '\0' ? " " : "", end);
	str_mend(words);
	make_words(m, "name", words);
	make_slug(words, slug);
	make_words(m, "object_id", slug);
	make_words(m, "device_name", d->name);
	make_words(m, "manufacturer", json_str(d->definition, "vendor"));
	make_words(m, "model", json_str(d->definition, "model"));
	json_put_strn(
	    m->doc, "device", d->address, str_cut(d->address, HOME_WORDS_MAX));
	snprintf(topic, sizeof(topic), "%s/bridge/state", d->list->base);
	make_availability(m, topic, ONLINE, "online", "offline");
	if (snprintf(topic, sizeof(topic), "%s/availability", d->topics.state) <
	    (int)sizeof(topic))
		make_availability(m, topic, ONLINE, "online", "offline");
}

static bool
begin(struct maker *m, const struct device *d, const char *component,
    const char *what, struct buf *origin)
{
	struct buf id;

	buf_init(origin, HOME_ORIGIN_MAX);
	buf_addf(origin, "%s#%s/%s", d->list->topic, d->address, what);
	buf_init(&id, HOME_ORIGIN_MAX);
	buf_addf(&id, "%s/%s/%s", d->list->base, d->address, what);
	if (origin->overflow || id.overflow) {
		refuse(d->list, d->address, "a name of it is too long");
		buf_done(&id);
		return false;
	}
	make_begin(m, SOURCE, component, id.p, origin->p);
	buf_done(&id);
	return true;
}

/* Light, cover and the others that are made of features. */
static void
feed_group(const struct device *d, const struct json *expose)
{
	const char *type = json_words(expose, "type");
	const struct json *state = group_feature(expose, "state");
	struct buf what;
	struct buf origin;
	struct maker m;

	buf_init(&what, 2 * NAME_MAX_LEN);
	buf_addf(&what, "%s/%s", type,
	    state != NULL ? json_words(state, "property")
			  : json_words(expose, "endpoint"));
	if (begin(&m, d, type, what.overflow ? type : what.p, &origin)) {
		put_about(&m, d, json_words(expose, "endpoint"));
		(void)group_make(&m, &d->topics, expose);
		make_end(&m, origin.p, d->list->ports);
	}
	buf_done(&origin);
	buf_done(&what);
}

/* What a single feature is among Home Assistant's components. */
static const char *
component_of(const struct json *f)
{
	static const char *const names[][3] = {{"numeric", "number", "sensor"},
	    {"enum", "select", "sensor"}, {"binary", "switch", "binary_sensor"},
	    {"text", "text", "sensor"}, {"composite", "text", NULL},
	    {"list", "text", NULL}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(json_words(f, "type"), names[i][0]) == 0)
			return names[i][feature_can(f, ACCESS_SET) ? 1 : 2];
	return NULL;
}

static const char *
action_of(const char *component)
{
	return strcmp(component, "select") == 0 ? "select" : "set";
}

/* On and off instead of one parameter. */
static void
feed_binary(struct maker *m, const struct device *d, const struct json *f)
{
	static const char *const words[][3] = {
	    {"turn_on", "value_on", "on"}, {"turn_off", "value_off", "off"}};
	size_t i;

	feature_make(m, &d->topics, f, "state", NULL);
	for (i = 0; i < ARRAY_LEN(words); i++) {
		const struct json *v = json_get(f, words[i][1]);
		struct json *a;
		char *wire;

		if (v == NULL || !feature_can(f, ACCESS_SET))
			continue;
		a = make_json_action(m, words[i][0], d->topics.set);
		wire =
		    json_text(v) != NULL ? strdup(json_text(v)) : json_print(v);
		make_constant(
		    a, json_words(f, "property"), wire, !json_is_string(v));
		make_expect(m, a, "state", words[i][2]);
		free(wire);
	}
}

static void
feed_single(const struct device *d, const struct json *f)
{
	const char *component = component_of(f);
	const char *property = json_words(f, "property");
	const char *label = json_words(f, "label");
	struct json *domain;
	struct buf origin;
	struct maker m;

	if (component == NULL || *property == '\0' ||
	    !begin(&m, d, component, property, &origin))
		return;
	put_about(&m, d, *label != '\0' ? label : property);
	domain = feature_domain(f);
	if (domain == NULL)
		make_read_only(
		    &m, "it takes no single value that is described");
	else if (strcmp(json_words(f, "type"), "binary") == 0)
		feed_binary(&m, d, f);
	else
		feature_make(&m, &d->topics, f, "state", action_of(component));
	json_free(domain);
	make_end(&m, origin.p, d->list->ports);
	buf_done(&origin);
}

/* A new firmware, which is installed at the bridge. */
static void
feed_update(const struct device *d)
{
	char topic[HOME_TOPIC_MAX + 1];
	struct buf payload;
	struct buf origin;
	struct json *domain;
	struct maker m;

	if (!json_flag(d->definition, "supports_ota") ||
	    !begin(&m, d, "update", "update", &origin))
		return;
	put_about(&m, d, "update");
	domain = make_enum();
	make_option(domain, "idle", "idle", false);
	make_option(domain, "available", "available", false);
	make_option(domain, "updating", "updating", false);
	make_value(&m, "state", d->topics.state,
	    "{{ value_json[\"update\"][\"state\"] }}", domain);
	snprintf(topic, sizeof(topic),
	    "%s/bridge/request/device/ota_update/update", d->list->base);
	buf_init(&payload, HOME_PAYLOAD_MAX);
	buf_adds(&payload, "{\"id\":");
	json_escape(&payload, d->address, strlen(d->address));
	buf_adds(&payload, "}");
	make_action(&m, "install", topic, NULL, payload.p);
	buf_done(&payload);
	make_end(&m, origin.p, d->list->ports);
	buf_done(&origin);
}

static void
feed_device(const struct list *l, const struct json *json)
{
	struct device d = {.list = l, .json = json};
	const struct json *exposes;
	const struct json *f;
	size_t n = 0;

	d.definition = json_get(json, "definition");
	d.address = json_words(json, "ieee_address");
	d.name = json_words(json, "friendly_name");
	/* The stick itself, and what nobody knows yet. */
	if (strcmp(json_words(json, "type"), "Coordinator") == 0 ||
	    !json_is_object(d.definition))
		return;
	if (*d.address == '\0' || *d.name == '\0' ||
	    snprintf(d.topics.set, sizeof(d.topics.set), "%s/%s/set", l->base,
		d.name) >= (int)sizeof(d.topics.set)) {
		refuse(
		    l, d.address, "it has no address, no name or a long one");
		return;
	}
	snprintf(d.topics.state, sizeof(d.topics.state), "%.200s/%.300s",
	    l->base, d.name);
	exposes = json_get(d.definition, "exposes");
	for (f = json_first(exposes); json_is_array(exposes) && f != NULL;
	     f = json_next(f)) {
		if (n++ == EXPOSES_FEATURES_MAX) {
			refuse(l, d.address, "it has too many features");
			break;
		}
		if (json_is_array(json_get(f, "features")) &&
		    strcmp(json_words(f, "type"), "composite") != 0)
			feed_group(&d, f);
		else
			feed_single(&d, f);
	}
	feed_update(&d);
}

/* The end of the value that begins at `p`, whatever it holds: strings and
 * brackets are enough to find the next one. */
static const char *
value_end(const char *p, const char *end)
{
	size_t depth = 0;
	bool quoted = false;

	for (; p < end; p++) {
		if (quoted) {
			if (*p == '\\' && p + 1 < end)
				p++;
			else if (*p == '"')
				quoted = false;
		} else if (*p == '"') {
			quoted = true;
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if (*p == '}' || *p == ']') {
			if (depth == 0)
				return p;
			depth--;
		} else if (*p == ',' && depth == 0) {
			return p;
		}
	}
	return end;
}

static void
feed_slice(const struct list *l, const char *p, size_t len, size_t place)
{
	struct json *json;
	char number[32];

	snprintf(number, sizeof(number), "%zu", place);
	if (len > EXPOSES_DEVICE_MAX) {
		refuse(l, number, "the device takes too many bytes");
		return;
	}
	if (json_parse(p, len, &json) != OK) {
		refuse(l, number, "the device is not JSON");
		return;
	}
	if (json_is_object(json))
		feed_device(l, json);
	else
		refuse(l, number, "the device is no object");
	json_free(json);
}

void
exposes_feed(const char *base, const char *payload, size_t len,
    const struct discovery_ports *ports)
{
	struct list l = {.base = base, .ports = ports};
	const char *end = payload + len;
	const char *p = payload;
	size_t place = 0;

	if (snprintf(l.topic, sizeof(l.topic), "%s/bridge/devices", base) >=
	    (int)sizeof(l.topic))
		return;
	while (p < end && strchr(" \t\r\n", *p) != NULL)
		p++;
	if (len > EXPOSES_MAX || p == end || *p != '[') {
		refuse(&l, "", "the list is too large, or is none");
		return;
	}
	/* One device after the other: all at once would be a large tree. */
	for (p++; p < end && *p != ']'; p++) {
		const char *to = value_end(p, end);

		if (place == EXPOSES_DEVICES_MAX || to == end) {
			refuse(&l, "",
			    to == end ? "the list has no end"
				      : "the list has too many devices");
			return;
		}
		while (p < to && strchr(" \t\r\n", *p) != NULL)
			p++;
		if (p < to)
			feed_slice(&l, p, (size_t)(to - p), place++);
		p = to;
		if (*p == ']')
			break;
	}
}
