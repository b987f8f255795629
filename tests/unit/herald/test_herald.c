/* SPDX-License-Identifier: Apache-2.0 */
#include "herald/herald.h"

#include <string.h>

#include "check.h"
#include "discovery/discovery.h"

static struct herald h;

static void
check_setup(void)
{
}

static void
begin(void)
{
	memset(&h, 0, sizeof(h));
	h.shown = true;
}

static const char *
said(const char *topic)
{
	static char text[HERALD_TEXT_SIZE];
	char name[HERALD_TOPIC_SIZE];
	size_t i;

	for (i = 0; herald_topic("ab", i, name); i++)
		if (strcmp(name + strlen("durward/ab/"), topic) == 0)
			break;
	REQUIRE(i < HERALD_ROWS);
	herald_say(&h, i, text);
	return text;
}

TEST(what_is_said_is_numbers_and_choices)
{
	begin();
	CHECK_STR(said("waiting"), "OFF");
	CHECK_STR(said("questions"), "0");
	CHECK_STR(said("spent"), "0.00");
	CHECK_STR(said("health"), "ok");
	CHECK_STR(said("halted"), "OFF");
	CHECK_STR(said("outcome"), "none");
	CHECK_STR(said("answered"), "None");
	h = (struct herald){true, HERALD_WAITING_MAX, HERALD_SPENT_MAX,
	    HERALD_SAFE_MODE, true, HERALD_REACHED, 1700000000};
	CHECK_STR(said("waiting"), "ON");
	CHECK_STR(said("questions"), "9999");
	CHECK_STR(said("spent"), "1000000.00");
	CHECK_STR(said("health"), "safe mode");
	CHECK_STR(said("halted"), "ON");
	CHECK_STR(said("outcome"), "reached");
	CHECK_STR(said("answered"), "2023-11-14T22:13:20Z");
	h.spent = 1239999;
	CHECK_STR(said("spent"), "1.23");
	h.answered_s = HERALD_TIME_MAX;
	CHECK_STR(said("answered"), "9999-12-31T23:59:59Z");
}

TEST(what_is_written_reads_back_the_same)
{
	struct herald again;
	struct json *v;

	h = (struct herald){
	    true, 7, 1230000, HERALD_NO_TOOLS, true, HERALD_FAILED, 1700000000};
	v = herald_write(&h);
	CHECK(herald_read(v, &again) == OK);
	CHECK(herald_equal(&h, &again));
	again.waiting++;
	CHECK(!herald_equal(&h, &again));
	json_free(v);
}

/* Anything else from a core that was taken over. */
TEST(words_and_numbers_out_of_range_are_refused)
{
	static const struct {
		const char *name;
		const char *value;
	} bad[] = {{"waiting", "\"the goal\""}, {"waiting", "10000"},
	    {"waiting", "-1"}, {"waiting", "1.5"}, {"waiting", "null"},
	    {"spent", "\"x\""}, {"spent", "1000000000001"}, {"health", "3"},
	    {"health", "\"ok\""}, {"health", "-1"}, {"outcome", "3"},
	    {"outcome", "\"the reply\""}, {"answered_s", "253402300800"},
	    {"halted", "1"}, {"halted", "\"yes\""}, {"shown", "0"},
	    {"shown", "[]"}};
	struct herald untouched;
	struct json *v;
	struct json *other;
	size_t i;

	begin();
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		const struct json *m;
		struct json *w = json_object();

		CASE(bad[i].value);
		REQUIRE(json_parse(
			    bad[i].value, strlen(bad[i].value), &other) == OK);
		v = herald_write(&h);
		for (m = json_first(v); m != NULL; m = json_next(m))
			json_put(w, json_name(m),
			    strcmp(json_name(m), bad[i].name) == 0
				? json_copy(other)
				: json_copy(m));
		memset(&untouched, 0x55, sizeof(untouched));
		CHECK(herald_read(w, &untouched) == ERR_INPUT);
		CHECK(untouched.waiting == 0x5555555555555555);
		json_free(w);
		json_free(v);
		json_free(other);
	}
	v = json_object();
	CHECK(herald_read(v, &h) == ERR_INPUT);
	json_free(v);
}

/* ---- As others read the discovery message ---- */

static int n_found;
static int n_actions;
static int n_refused;

static void
on_found(void *arg, struct entity *e)
{
	(void)arg;
	n_found++;
	n_actions += (int)e->n_actions;
	CHECK_STR(e->device, "durward_ab");
	CHECK(herald_is_ours("ab", e->values[0].topic));
	entity_free(e);
}

static void
on_gone(void *arg, const char *origin)
{
	(void)arg;
	(void)origin;
}

static void
on_refused(void *arg, const char *origin, const char *why)
{
	(void)arg;
	(void)origin;
	(void)why;
	n_refused++;
}

TEST(the_discovery_message_is_one_that_others_understand)
{
	const struct discovery_ports ports = {
	    .found = on_found, .gone = on_gone, .refused = on_refused};
	char topic[HERALD_TOPIC_SIZE];
	struct buf b;

	buf_init(&b, HERALD_CONFIG_MAX);
	herald_config("ab", &b);
	herald_config_topic("ab", topic);
	REQUIRE(!b.overflow);
	CHECK(strstr(b.p, "command") == NULL);
	CHECK(discovery_feed("homeassistant", NULL, topic, b.p, b.len, &ports));
	CHECK_INT(n_found, HERALD_ROWS);
	CHECK_INT(n_actions, 0);
	CHECK_INT(n_refused, 0);
	/* And to a house it is nothing of the home. */
	CHECK(discovery_feed(
	    "homeassistant", "Durward", topic, b.p, b.len, &ports));
	CHECK_INT(n_found, HERALD_ROWS);
	buf_done(&b);
}

TEST(topics_of_ours_are_ours_and_no_others)
{
	CHECK(herald_is_ours("ab", "durward/ab/waiting"));
	CHECK(herald_is_ours("ab", "durward/ab/anything/else"));
	CHECK(herald_is_ours("ab", "homeassistant/device/durward_ab/config"));
	CHECK(!herald_is_ours("ab", "durward/abc/waiting"));
	CHECK(!herald_is_ours("ab", "durward/ab"));
	CHECK(!herald_is_ours("ab", "homeassistant/device/durward_c/config"));
}
