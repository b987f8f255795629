/* SPDX-License-Identifier: Apache-2.0 */
#include "herald/herald.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/version.h"

#define DEVICE_FORMAT "durward_%s"
#define BASE_FORMAT "durward/%s/"

static const char *const healths[] = {
#define X(name, text) text,
    HERALD_HEALTH_TABLE(X)
#undef X
};

static const char *const outcomes[] = {
#define X(name, text) text,
    HERALD_OUTCOME_TABLE(X)
#undef X
};

/* ---- What they say ---- */

static void
say_waiting(const struct herald *h, char *ret)
{
	snprintf(ret, HERALD_TEXT_SIZE, "%s", h->waiting > 0 ? "ON" : "OFF");
}

static void
say_questions(const struct herald *h, char *ret)
{
	snprintf(ret, HERALD_TEXT_SIZE, "%lld", (long long)h->waiting);
}

static void
say_spent(const struct herald *h, char *ret)
{
	int64_t cents = h->spent / 10000;

	snprintf(ret, HERALD_TEXT_SIZE, "%lld.%02lld", (long long)(cents / 100),
	    (long long)(cents % 100));
}

static void
say_health(const struct herald *h, char *ret)
{
	snprintf(ret, HERALD_TEXT_SIZE, "%s", healths[h->health]);
}

static void
say_halted(const struct herald *h, char *ret)
{
	snprintf(ret, HERALD_TEXT_SIZE, "%s", h->halted ? "ON" : "OFF");
}

static void
say_outcome(const struct herald *h, char *ret)
{
	snprintf(ret, HERALD_TEXT_SIZE, "%s", outcomes[h->outcome]);
}

/* "None" is Home Assistant's word for what is not known. */
static void
say_answered(const struct herald *h, char *ret)
{
	time_t t = (time_t)h->answered_s;
	struct tm tm;

	if (t == 0 || gmtime_r(&t, &tm) == NULL)
		snprintf(ret, HERALD_TEXT_SIZE, "None");
	else
		strftime(ret, HERALD_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* ---- The entities ---- */

static const struct entity_row {
	const char *topic; /* Behind durward/ID/. */
	const char *platform;
	const char *name;
	const char *class; /* Or NULL. */
	const char *unit; /* Or NULL. */
	const char *const *options; /* Or NULL. */
	size_t n_options;
	bool diagnostic;
	void (*say)(const struct herald *h, char *ret);
} rows[HERALD_ROWS] = {
    {.topic = "waiting",
	.platform = "binary_sensor",
	.name = "Something waits",
	.say = say_waiting},
    {.topic = "questions",
	.platform = "sensor",
	.name = "Questions that wait",
	.say = say_questions},
    {.topic = "spent",
	.platform = "sensor",
	.name = "Spent in 24 hours",
	.class = "monetary",
	.unit = "USD",
	.say = say_spent},
    {.topic = "health",
	.platform = "sensor",
	.name = "Health",
	.class = "enum",
	.options = healths,
	.n_options = ARRAY_LEN(healths),
	.diagnostic = true,
	.say = say_health},
    {.topic = "halted",
	.platform = "binary_sensor",
	.name = "Halted",
	.class = "problem",
	.say = say_halted},
    {.topic = "outcome",
	.platform = "sensor",
	.name = "Last goal",
	.class = "enum",
	.options = outcomes,
	.n_options = ARRAY_LEN(outcomes),
	.say = say_outcome},
    {.topic = "answered",
	.platform = "sensor",
	.name = "Last answer",
	.class = "timestamp",
	.say = say_answered},
};

void
herald_say(const struct herald *h, size_t i, char ret[HERALD_TEXT_SIZE])
{
	rows[i].say(h, ret);
}

/* ---- Topics ---- */

void
herald_device(const char *id, char ret[HERALD_DEVICE_SIZE])
{
	snprintf(ret, HERALD_DEVICE_SIZE, DEVICE_FORMAT, id);
}

void
herald_config_topic(const char *id, char ret[HERALD_TOPIC_SIZE])
{
	snprintf(ret, HERALD_TOPIC_SIZE,
	    "homeassistant/device/" DEVICE_FORMAT "/config", id);
}

void
herald_status_topic(const char *id, char ret[HERALD_TOPIC_SIZE])
{
	snprintf(ret, HERALD_TOPIC_SIZE, BASE_FORMAT "status", id);
}

bool
herald_topic(const char *id, size_t i, char ret[HERALD_TOPIC_SIZE])
{
	if (i >= HERALD_ROWS)
		return false;
	snprintf(ret, HERALD_TOPIC_SIZE, BASE_FORMAT "%s", id, rows[i].topic);
	return true;
}

bool
herald_is_ours(const char *id, const char *topic)
{
	char text[HERALD_TOPIC_SIZE];

	herald_config_topic(id, text);
	if (strcmp(topic, text) == 0)
		return true;
	snprintf(text, sizeof(text), BASE_FORMAT, id);
	return strncmp(topic, text, strlen(text)) == 0;
}

/* ---- The discovery message ---- */

static struct json *
entity_json(const char *id, size_t i)
{
	const struct entity_row *row = &rows[i];
	struct json *v = json_object();
	struct json *options;
	char text[HERALD_TOPIC_SIZE];
	size_t k;

	json_put_str(v, "platform", row->platform);
	snprintf(text, sizeof(text), DEVICE_FORMAT "_%s", id, row->topic);
	json_put_str(v, "unique_id", text);
	json_put_str(v, "name", row->name);
	herald_topic(id, i, text);
	json_put_str(v, "state_topic", text);
	if (row->class != NULL)
		json_put_str(v, "device_class", row->class);
	if (row->unit != NULL)
		json_put_str(v, "unit_of_measurement", row->unit);
	if (row->diagnostic)
		json_put_str(v, "entity_category", "diagnostic");
	if (row->options == NULL)
		return v;
	options = json_array();
	for (k = 0; k < row->n_options; k++)
		json_push(options, json_string(row->options[k]));
	json_put(v, "options", options);
	return v;
}

/* Home Assistant refuses a device with a key that its release does not know:
 * only those of the first releases are used. */
static struct json *
device_json(const char *id)
{
	struct json *v = json_object();
	struct json *list = json_array();
	char text[HERALD_DEVICE_SIZE];

	herald_device(id, text);
	json_push(list, json_string(text));
	json_put(v, "identifiers", list);
	json_put_str(v, "name", "Durward");
	json_put_str(v, "manufacturer", "Durward");
	json_put_str(v, "sw_version", VERSION);
	return v;
}

void
herald_config(const char *id, struct buf *out)
{
	struct json *v = json_object();
	struct json *origin = json_object();
	struct json *components = json_object();
	char topic[HERALD_TOPIC_SIZE];
	size_t i;

	json_put_str(origin, "name", "Durward");
	json_put_str(origin, "sw_version", VERSION);
	for (i = 0; i < HERALD_ROWS; i++)
		json_put(components, rows[i].topic, entity_json(id, i));
	json_put(v, "device", device_json(id));
	json_put(v, "origin", origin);
	herald_status_topic(id, topic);
	json_put_str(v, "availability_topic", topic);
	json_put(v, "components", components);
	json_print_into(v, out);
	json_free(v);
}

/* ---- Between core and bridge ---- */

bool
herald_equal(const struct herald *a, const struct herald *b)
{
	return a->shown == b->shown && a->waiting == b->waiting &&
	    a->spent == b->spent && a->health == b->health &&
	    a->halted == b->halted && a->outcome == b->outcome &&
	    a->answered_s == b->answered_s;
}

struct json *
herald_write(const struct herald *h)
{
	struct json *v = json_object();

	json_put_bool(v, "shown", h->shown);
	json_put_int(v, "waiting", h->waiting);
	json_put_int(v, "spent", h->spent);
	json_put_int(v, "health", (int64_t)h->health);
	json_put_bool(v, "halted", h->halted);
	json_put_int(v, "outcome", (int64_t)h->outcome);
	json_put_int(v, "answered_s", h->answered_s);
	return v;
}

static bool
read_number(const struct json *v, const char *name, int64_t max, int64_t *ret)
{
	*ret = json_int(v, name, -1);
	return *ret >= 0 && *ret <= max;
}

enum err
herald_read(const struct json *v, struct herald *ret)
{
	struct herald h = {
	    .shown = json_flag(v, "shown"), .halted = json_flag(v, "halted")};
	int64_t health;
	int64_t outcome;

	if (!json_is_bool(json_get(v, "shown")) ||
	    !json_is_bool(json_get(v, "halted")) ||
	    !read_number(v, "waiting", HERALD_WAITING_MAX, &h.waiting) ||
	    !read_number(v, "spent", HERALD_SPENT_MAX, &h.spent) ||
	    !read_number(v, "health", HERALD_HEALTH_COUNT - 1, &health) ||
	    !read_number(v, "outcome", HERALD_OUTCOME_COUNT - 1, &outcome) ||
	    !read_number(v, "answered_s", HERALD_TIME_MAX, &h.answered_s))
		return ERR_INPUT;
	h.health = (enum herald_health)health;
	h.outcome = (enum herald_outcome)outcome;
	*ret = h;
	return OK;
}
