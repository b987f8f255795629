/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "slot/slot.h"
#include "sys/clock.h"

/* The ports write down what was asked of them. */
static struct slots *slots;
static struct loop *loop;
static char said[1024];
static bool can_start;

void
check_setup(void)
{
	crypto_open();
}

static char pinned[SLOT_PIN_SIZE];

static void
say(const char *what, const char *more)
{
	size_t n = strlen(said);

	snprintf(said + n, sizeof(said) - n, "%s%s%s;", what,
	    more[0] != '\0' ? " " : "", more);
}

static bool
port_start(void *arg, const struct manifest *m, struct errmsg *why)
{
	(void)arg;
	say("start", strcmp(m->name, "echo") == 0 ? m->version : m->name);
	if (!can_start)
		err_say(why, OK, "no runner");
	return can_start;
}

static void
port_stop(void *arg, const char *tool)
{
	(void)arg;
	say("stop", strcmp(tool, "echo") == 0 ? "" : tool);
}

static void
port_ready(void *arg, const char *tool)
{
	(void)arg;
	say("ready", strcmp(tool, "echo") == 0 ? "" : tool);
}

static void
port_failed(void *arg, const char *tool, const char *why)
{
	(void)arg;
	(void)tool;
	say("failed", why);
}

static void
port_pin(void *arg, const char *tool, const char *definitions)
{
	(void)arg;
	(void)tool;
	snprintf(pinned, sizeof(pinned), "%s", definitions);
}

static struct slots *
new_slots(void)
{
	struct slot_ports ports = {.start = port_start,
	    .stop = port_stop,
	    .ready = port_ready,
	    .failed = port_failed,
	    .pin = port_pin,
	    .wait_ms = 1000};

	pinned[0] = '\0';
	said[0] = '\0';
	can_start = true;
	slots_free(slots);
	loop_free(loop);
	loop = loop_new();
	slots = slots_new(loop, &ports);
	return slots;
}

static struct slot *
put_named(struct slots *s, const char *name, const char *version, int idle_s,
    int warm_s)
{
	struct errmsg why = {""};
	struct slot *t = NULL;
	char text[640];
	int n = snprintf(text, sizeof(text),
	    "{\"name\":\"%s\",\"version\":\"%s\",\"transport\":"
	    "\"container\",\"kind\":\"call\",\"image\":\"sha256:"
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "\",\"command\":[\"/program\"],\"volume\":false,\"idle_s\":%d,"
	    "\"warm_s\":%d,"
	    "\"functions\":{\"echo\":{\"effect\":\"read\",\"args\":{}}}}",
	    name, version, idle_s, warm_s);

	if (slots_put(s, text, (size_t)n, &t, &why) != OK)
		printf("# %s\n", why.text);
	return t;
}

static struct slot *
put(struct slots *s, const char *version)
{
	return put_named(s, "echo", version, 1, 3600);
}

static void
pass_ms(int64_t ms)
{
	int64_t until_ms = clock_boot_ms() + ms;

	while (clock_boot_ms() < until_ms)
		loop_turn(loop, 50);
}

static bool
said_so(const char *words)
{
	bool same = strcmp(said, words) == 0;

	if (!same)
		printf("# said: %s\n", said);
	said[0] = '\0';
	return same;
}

TEST(a_container_is_started_once_and_told_when_ready)
{
	struct slot *t = put(new_slots(), "1");

	REQUIRE(t != NULL);
	slot_want(t);
	slot_want(t);
	CHECK(said_so("start 1;"));
	CHECK(!slot_is_ready(t));
	CHECK(slot_on_up(t, "c1"));
	CHECK(!slot_on_up(t, "c1"));
	slot_on_ready(t, "c1", "d1");
	CHECK(said_so("ready;"));
	CHECK(slot_is_ready(t));
	CHECK_STR(slot_container(t), "c1");
}

TEST(ready_may_come_before_up)
{
	struct slot *t = put(new_slots(), "1");

	slot_want(t);
	slot_on_ready(t, "c2", "d1");
	CHECK(slot_on_up(t, "c2"));
	CHECK(said_so("start 1;ready;"));
	CHECK(slot_is_ready(t));
}

TEST(only_the_container_that_the_runner_named_is_ready)
{
	struct slot *t = put(new_slots(), "1");

	slot_want(t);
	CHECK(slot_on_up(t, "c1"));
	slot_on_ready(t, "c0", "d0");
	CHECK(!slot_is_ready(t));
	CHECK_STR(pinned, "");
	slot_on_ready(t, "c1", "d1");
	CHECK(said_so("start 1;ready;"));
	CHECK_STR(slot_container(t), "c1");
}

TEST(the_end_of_an_earlier_try_is_not_the_end)
{
	struct slot *t = put(new_slots(), "1");

	slot_want(t);
	slot_on_gone(t, "c1", "the tool ended");
	CHECK(said_so("start 1;"));
	slot_on_ready(t, "c2", "d1");
	slot_on_up(t, "c2");
	CHECK(slot_is_ready(t));
	slot_on_gone(t, "c1", "again");
	CHECK(slot_is_ready(t));
}

TEST(a_program_that_ended_before_the_runner_spoke_fails_the_start)
{
	struct slot *t = put(new_slots(), "1");

	slot_want(t);
	slot_on_gone(t, "c1", "the tool ended");
	slot_on_up(t, "c1");
	CHECK(said_so("start 1;stop;failed the tool ended;"));
}

TEST(a_start_that_is_refused_fails_with_its_reason)
{
	struct slot *t = put(new_slots(), "1");

	can_start = false;
	slot_want(t);
	CHECK(said_so("start 1;stop;failed no runner;"));
	can_start = true;
	slot_want(t);
	CHECK(said_so("start 1;"));
}

TEST(another_manifest_ends_the_container_and_tells_who_waits)
{
	struct slots *s = new_slots();
	struct slot *t = put(s, "1");

	slot_want(t);
	CHECK(put(s, "2") == t);
	CHECK(said_so("start 1;stop;failed its manifest was replaced;"));
	slot_on_ready(t, "c1", "d1");
	slot_on_up(t, "c1");
	CHECK(said_so(""));
	slot_want(t);
	CHECK(said_so("start 2;"));
}

TEST(an_idle_container_is_stopped_but_not_under_a_call)
{
	struct slot *t = put(new_slots(), "1");

	slot_want(t);
	slot_on_ready(t, "c1", "d1");
	slot_call_began(t);
	pass_ms(1300);
	CHECK(said_so("start 1;ready;"));
	slot_call_ended(t);
	pass_ms(1300);
	CHECK(said_so("stop;"));
	CHECK(!slot_is_ready(t));
}

TEST(an_old_container_is_stopped_between_two_calls)
{
	struct slot *t = put_named(new_slots(), "echo", "1", 600, 1);

	slot_want(t);
	slot_on_ready(t, "c1", "d1");
	slot_call_began(t);
	pass_ms(1300);
	CHECK(said_so("start 1;ready;"));
	slot_call_began(t);
	slot_call_ended(t);
	pass_ms(100);
	CHECK(said_so(""));
	slot_call_ended(t);
	pass_ms(100);
	CHECK(said_so("stop;"));
	slot_want(t);
	slot_on_ready(t, "c2", "d1");
	pass_ms(500);
	CHECK(said_so("start 1;ready;"));
	pass_ms(800);
	CHECK(said_so("stop;"));
}

/* As many as may be, each ready and idle since a different moment. */
static void
fill_places(struct slots *s, struct slot *ret[WARM_MAX])
{
	char name[16];
	int i;

	for (i = 0; i < WARM_MAX; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		ret[i] = put_named(s, name, "1", 600, 3600);
		slot_want(ret[i]);
		slot_on_ready(ret[i], name, "d1");
		pass_ms(5);
	}
	said[0] = '\0';
}

TEST(a_retired_container_ends_behind_its_calls)
{
	struct slot *t = put(new_slots(), "1");

	slot_want(t);
	slot_on_ready(t, "c1", "d1");
	slot_call_began(t);
	CHECK(said_so("start 1;ready;"));
	slot_retire(t);
	CHECK(said_so("") && slot_is_ready(t));
	slot_call_ended(t);
	CHECK(said_so("stop;") && !slot_is_ready(t));
	slot_want(t);
	slot_on_ready(t, "c2", "d1");
	CHECK(said_so("start 1;ready;"));
	slot_call_began(t);
	slot_call_ended(t);
	CHECK(slot_is_ready(t));
	slot_retire(t);
	CHECK(said_so("stop;") && !slot_is_ready(t));
	slot_retire(t);
	CHECK(said_so(""));
}

TEST(one_more_container_takes_the_place_of_the_one_idle_longest)
{
	struct slots *s = new_slots();
	struct slot *t[WARM_MAX];

	fill_places(s, t);
	slot_call_began(t[0]);
	slot_call_ended(t[0]);
	slot_call_began(t[1]);
	slot_want(put(s, "1"));
	CHECK(said_so("stop t2;start 1;"));
	CHECK(slot_is_ready(t[0]) && slot_is_ready(t[1]));
	CHECK(!slot_is_ready(t[2]));
}

TEST(while_all_are_busy_the_next_waits_its_turn)
{
	struct slots *s = new_slots();
	struct slot *t[WARM_MAX];
	struct slot *one;
	struct slot *two;
	size_t i;

	fill_places(s, t);
	for (i = 0; i < WARM_MAX; i++)
		slot_call_began(t[i]);
	one = put_named(s, "one", "1", 600, 3600);
	two = put_named(s, "two", "1", 600, 3600);
	slot_want(two);
	slot_want(one);
	slot_want(two);
	CHECK(said_so(""));
	slot_call_ended(t[5]);
	CHECK(said_so("stop t5;start two;"));
	slot_on_gone(t[6], "t6", "it died");
	CHECK(said_so("stop t6;failed it died;start one;"));
}

TEST(who_waits_too_long_is_told_why)
{
	struct slots *s = new_slots();
	struct slot *t[WARM_MAX];
	struct slot *one;
	size_t i;

	fill_places(s, t);
	for (i = 0; i < WARM_MAX; i++)
		slot_call_began(t[i]);
	one = put_named(s, "one", "1", 600, 3600);
	slot_want(one);
	pass_ms(1300);
	CHECK(said_so("failed all 8 containers that may run at once were busy "
		      "for 1000 ms; ask again later;"));
	slot_call_ended(t[0]);
	CHECK(said_so(""));
}

TEST(when_all_fail_nobody_who_waits_is_started)
{
	struct slots *s = new_slots();
	struct slot *t[WARM_MAX];
	struct slot *one;
	size_t i;

	fill_places(s, t);
	for (i = 0; i < WARM_MAX; i++)
		slot_call_began(t[i]);
	one = put_named(s, "one", "1", 600, 3600);
	slot_want(one);
	slots_fail_all(s, "gone");
	CHECK(strstr(said, "start") == NULL);
	CHECK(!slot_is_ready(t[0]));
	said[0] = '\0';
	slot_want(one);
	CHECK(said_so("start one;"));
}

TEST(what_becomes_of_a_container_can_be_seen)
{
	struct slot *t = put(new_slots(), "1");
	struct slot_life life;

	CHECK(!slot_life(t, &life));
	slot_want(t);
	REQUIRE(slot_life(t, &life));
	CHECK(life.starting);
	slot_on_ready(t, "c1", "d1");
	slot_call_began(t);
	slot_call_began(t);
	slot_call_ended(t);
	pass_ms(100);
	REQUIRE(slot_life(t, &life));
	CHECK(!life.starting && life.calls == 2 && life.open == 1);
	CHECK(life.age_ms >= 100 && life.idle_ms == 0);
	slot_call_ended(t);
	pass_ms(100);
	REQUIRE(slot_life(t, &life));
	CHECK(life.idle_ms >= 100 && life.age_ms >= 200 && life.open == 0);
}

#define CHANGED                                                                \
	"what its server offers has changed since an owner agreed to it; "     \
	"look at it, give its manifest a new version and sign that"

TEST(what_a_server_offers_is_kept_and_another_offer_fails)
{
	struct slot *t = put(new_slots(), "1");

	slot_want(t);
	slot_on_ready(t, "c1", "d1");
	CHECK(said_so("start 1;ready;"));
	CHECK(strstr(pinned, " d1") != NULL);
	slot_on_gone(t, "c1", "it ended");
	said[0] = pinned[0] = '\0';
	slot_want(t);
	slot_on_ready(t, "c2", "d2");
	CHECK(said_so("start 1;stop;failed " CHANGED ";"));
	slot_want(t);
	slot_on_ready(t, "c3", "d1");
	CHECK(said_so("start 1;ready;"));
	CHECK_STR(pinned, "");
}

TEST(a_new_version_that_was_signed_agrees_to_another_offer)
{
	struct slots *s = new_slots();
	struct slot *t = put(s, "1");

	slot_want(t);
	slot_on_ready(t, "c1", "d1");
	t = put(s, "2");
	said[0] = '\0';
	slot_want(t);
	slot_on_ready(t, "c2", "d2");
	CHECK(said_so("start 2;ready;"));
	CHECK(strstr(pinned, " d2") != NULL);
}

TEST(what_was_offered_is_known_after_a_restart)
{
	struct slots *s = new_slots();
	struct slot *t = put(s, "1");
	char before[SLOT_PIN_SIZE];

	slot_want(t);
	slot_on_ready(t, "c1", "d1");
	memcpy(before, pinned, sizeof(before));
	s = new_slots();
	slots_pinned(s, "echo", before);
	t = put(s, "1");
	slot_want(t);
	slot_on_ready(t, "c1", "d2");
	CHECK(said_so("start 1;stop;failed " CHANGED ";"));
}

TEST(a_disabled_tool_ends_its_container_and_a_new_manifest_does_not_hide_it)
{
	struct slots *s = new_slots();
	struct slot *t = put(s, "1");

	slot_want(t);
	slot_on_ready(t, "c1", "offer");
	said[0] = '\0';
	slot_disable(t, true, "disabled");
	CHECK(said_so("stop;failed disabled;"));
	CHECK(slot_is_disabled(t));
	CHECK(!slot_is_ready(t));
	slot_disable(t, false, "");
	CHECK(!slot_is_disabled(t));
}

TEST(a_removed_tool_is_forgotten_with_what_it_offered)
{
	struct slots *s = new_slots();
	struct slot *t = put(s, "1");

	slot_want(t);
	slot_on_ready(t, "c1", "offer");
	slots_remove(s, "echo", "removed");
	CHECK(slots_find(s, "echo") == NULL);
	CHECK(slots_at(s, 0) == NULL);
	t = put(s, "1");
	slot_want(t);
	/* Another offer than before, and nobody remembers. */
	slot_on_ready(t, "c2", "another offer");
	CHECK(slot_is_ready(t));
	CHECK(!slot_is_drifted(t));
}
