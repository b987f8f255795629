/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOME_RECORD_H
#define HOME_RECORD_H

/*
 * One entity of the home: a light, a lock, a number of a thermostat.  Its
 * record says everything that the house needs to command it and to know
 * what it does: topics, payloads, templates, ranges.  Rooms above make it
 * from what devices announce (discovery/discovery.h, discovery/exposes.h);
 * here it is written, read, commanded (home/command.h), understood
 * (home/state.h), and its effect told (home/effect.h).
 *
 * As bytes a record is one canonical JSON object.  Its SHA-256 is the
 * record's digest.  What an owner accepts is its pin: the same object
 * without `about`, so that everything which commands and confirmation rest
 * on is within (key, source, component, class, command topics, payloads,
 * templates, parameters with their ranges, state topics, availability), and
 * what may change without harm is not (names, area, model, where it was
 * announced, why it is read-only).
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"
#include "jinja/jinja.h"

#define RECORD_MAX_LEN (32 * 1024) /* As bytes. */
#define HOME_RECORDS_MAX (32 * 1024 * 1024) /* Bytes of all that one knows. */
#define HOME_WHY_SIZE 512 /* What is wrong with the broker. */
#define RECORD_FORMAT 1
#define HOME_KEY_LEN 32 /* Hexadecimal digits. */
#define HOME_TOPIC_MAX 512
#define HOME_ORIGIN_MAX 640
#define HOME_WORDS_MAX 200 /* Of a name, an area, a model, a unit. */
#define HOME_TEXT_MAX 255 /* Of a text a device says or is told. */
#define HOME_PAYLOAD_MAX 4096 /* Of a command. */
#define HOME_STATE_MAX (256 * 1024) /* Of a message about states. */
#define HOME_VALUES_MAX 16
#define HOME_ACTIONS_MAX 16
#define HOME_PARAMS_MAX 6
#define HOME_SETS_MAX 12 /* Members or variables of one payload. */
#define HOME_EXPECTS_MAX 4
#define HOME_OPTIONS_MAX 256
#define HOME_AVAILABILITY_MAX 8

/* What is true or false is an enumeration of "on" and "off". */
#define HOME_KIND_TABLE(X)                                                     \
	X(HOME_ENUM, "enum")                                                   \
	X(HOME_NUMBER, "number")                                               \
	X(HOME_TEXT, "text")

enum home_kind {
#define X(name, text) name,
	HOME_KIND_TABLE(X)
#undef X
	    HOME_KIND_COUNT
};

const char *home_kind_name(enum home_kind k);

/* How a number of ours becomes the device's, and back.  The colours are
 * computed from the parameters red, green and blue (0 to 255). */
#define HOME_AS_TABLE(X)                                                       \
	X(HOME_AS_IS, "is")                                                    \
	X(HOME_AS_SCALE, "scale") /* Percent to low..high, whole. */           \
	X(HOME_AS_MIREDS, "mireds") /* Kelvin to mireds, whole. */             \
	X(HOME_AS_X, "x") /* CIE 1931, four digits. */                         \
	X(HOME_AS_Y, "y")                                                      \
	X(HOME_AS_HUE, "hue") /* Degrees. */                                   \
	X(HOME_AS_SATURATION, "saturation") /* Percent. */

enum home_as {
#define X(name, text) name,
	HOME_AS_TABLE(X)
#undef X
	    HOME_AS_COUNT
};

struct home_conversion {
	enum home_as as;
	double low; /* Of a scale: what 0 and what 100 percent are. */
	double high;
};

/* `name` is ours ("on"), `wire` the device's ("ON"); raw: in JSON it stands
 * without quotes (true, 1), and as text as Python shows it (True, 1). */
struct home_option {
	const char *name;
	const char *wire;
	bool raw;
};

/* What a value or a parameter can be. */
struct home_domain {
	enum home_kind kind;
	const char *unit; /* "%", "K", "°C"; or NULL. */
	bool bounded; /* A number from min to max; a text so many long. */
	double min;
	double max;
	double step; /* 0: any. */
	struct home_option *options;
	size_t n_options;
};

/* What the entity tells. */
struct home_value {
	const char *name;
	const char *topic;
	const char *template; /* NULL: the payload itself. */
	const struct jinja *compiled;
	struct home_domain domain;
	struct home_conversion conversion;
};

struct home_param {
	const char *name;
	bool optional;
	bool secret; /* Such as the code of an alarm. */
	struct home_domain domain;
};

/* A member of a JSON payload ("color.x"), or a variable of a template. */
struct home_set {
	const char *name;
	int param; /* Or -1: always `wire`. */
	const char *wire;
	bool raw;
	struct home_conversion conversion; /* Of the parameter. */
};

/* What the entity tells once it has done it. */
struct home_expect {
	int value;
	int param; /* Or -1: `is`. */
	const char *is;
	struct home_conversion conversion;
	double within; /* Of a number. */
};

enum home_payload { PAYLOAD_TEXT, PAYLOAD_JSON, PAYLOAD_TEMPLATE };

/* Exactly one message.  It is never retained, whatever was announced.  A
 * text with one set is that parameter as it is. */
struct home_action {
	const char *name; /* "turn_on", "set_brightness" */
	const char *topic;
	enum home_payload payload;
	const char *text; /* The payload, or the template; NULL: JSON. */
	const struct jinja *compiled;
	struct home_param *params;
	size_t n_params;
	struct home_set *sets;
	size_t n_sets;
	struct home_expect *expects;
	size_t n_expects; /* 0: nothing it tells confirms it. */
};

struct home_availability {
	const char *topic;
	const char *template;
	const struct jinja *compiled;
	const char *online;
	const char *offline;
};

enum home_mode { HOME_ALL, HOME_ANY, HOME_LATEST };

/* What it points to is its own, but for templates: these are compiled once for
 * all that have them. */
struct entity {
	char key[HOME_KEY_LEN + 1]; /* The same as long as it is announced. */
	const char *source; /* "homeassistant", "zigbee2mqtt" */
	const char *component; /* "light" */
	const char *class; /* "garage"; "" when it names none. */
	const char *device; /* Entities of one device have the same. */

	/* About it: not pinned, "" when not told. */
	const char *name;
	const char *object_id; /* a-z 0-9 _: what it might be called. */
	const char *device_name;
	const char *manufacturer;
	const char *model;
	const char *area;
	/* Where it was announced: a topic, "#" and what it is there. */
	const char *origin;
	/* What of it cannot be commanded or read, and why; NULL: nothing. */
	const char *read_only_why;

	struct home_value *values;
	size_t n_values;
	struct home_action *actions;
	size_t n_actions;
	struct home_availability *availability;
	size_t n_availability;
	enum home_mode mode;
	char *record; /* As bytes. */
	size_t record_len;
	char *texts;
	struct digest pin;
};

/* Can such a template be in a record? */
NODISCARD enum err home_template_check(
    const char *text, bool of_command, struct errmsg *why);
bool home_template_reads(const char *text, const char *name);

/* For the rooms that make documents: a number of JSON, or what stands
 * there raw. */
struct json *home_number(double d);

/* A canonical object of at most RECORD_MAX_LEN bytes, strictly: each member
 * known, topics that can be published to, templates that compile, numbers in
 * order, names that stand once.  ERR_INPUT, ERR_LIMIT. */
NODISCARD enum err entity_read(
    const char *text, size_t len, struct entity **ret, struct errmsg *why);
/* The same of a tree, which it takes, in every case. */
NODISCARD enum err entity_take(
    struct json *doc, struct entity **ret, struct errmsg *why);
void entity_write(const struct entity *e, struct buf *out);
void entity_free(struct entity *e);

void entity_digest(const struct entity *e, struct digest *ret);
void entity_pin(const struct entity *e, struct digest *ret);

const struct home_action *entity_action(
    const struct entity *e, const char *name);
/* Does such a name ("lock.front_door") say what it is?  A rule about "lock.*"
 * is one about each lock. */
bool entity_is_named(const struct entity *e, const char *name);
/* Does what is published to this topic command it?  By a command topic of its
 * or its address, as home_topics_meet() has it. */
bool entity_hears(const struct entity *e, const char *topic);
/* These topics, each once. */
struct json *entity_topics(const struct entity *e);
/* May `topic` command what `its` commands, as far as a server might see it?  It
 * is a level above or below, or another one of the same device, or one of all
 * devices. */
bool home_topics_meet(const char *its, const char *topic);
/* In Zigbee2MQTT's own list, which has all that a device can on one topic. */
bool home_is_listed(const struct entity *e);
/* -1: none. */
int entity_value(const struct entity *e, const char *name);

/* HOME_KEY_LEN digits of the SHA-256 over the three, NUL between them. */
void home_key(const char *source, const char *component, const char *id,
    char ret[HOME_KEY_LEN + 1]);

/* May a message be published to it (MQTT 5.0, 4.7): UTF-8 without NUL and
 * wildcards, 1 to HOME_TOPIC_MAX bytes, none of the broker's own ($...). */
bool home_topic_ok(const char *topic);

#endif
