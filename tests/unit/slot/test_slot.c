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
static char said[256];
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
	say("start", m->version);
	if (!can_start)
		err_say(why, OK, "no runner");
	return can_start;
}

static void
port_stop(void *arg, const char *tool)
{
	(void)arg;
	(void)tool;
	say("stop", "");
}

static void
port_ready(void *arg, const char *tool)
{
	(void)arg;
	(void)tool;
	say("ready", "");
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
	    .pin = port_pin};

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
put(struct slots *s, const char *version)
{
	struct errmsg why = {""};
	struct slot *t = NULL;
	char text[640];
	int n = snprintf(text, sizeof(text),
	    "{\"name\":\"echo\",\"version\":\"%s\",\"transport\":"
	    "\"container\",\"kind\":\"call\",\"image\":\"sha256:"
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    "\",\"command\":[\"/program\"],\"volume\":false,\"idle_s\":1,"
	    "\"functions\":{\"echo\":{\"effect\":\"read\",\"args\":{}}}}",
	    version);

	if (slots_put(s, text, (size_t)n, &t, &why) != OK)
		printf("# %s\n", why.text);
	return t;
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
	int64_t until_ms = clock_boot_ms() + 1300;

	slot_want(t);
	slot_on_ready(t, "c1", "d1");
	slot_call_began(t);
	while (clock_boot_ms() < until_ms)
		loop_turn(loop, 100);
	CHECK(said_so("start 1;ready;"));
	slot_call_ended(t);
	until_ms = clock_boot_ms() + 1300;
	while (clock_boot_ms() < until_ms)
		loop_turn(loop, 100);
	CHECK(said_so("stop;"));
	CHECK(!slot_is_ready(t));
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
