/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "fake_clock.h"
#include "fixture.h"
#include "sys/file.h"

static char folder[] = "/tmp/durward-wipe-XXXXXX";
static bool starting;

static bool
is_starting(void *arg, const char *tool)
{
	(void)arg;
	(void)tool;
	/* Each time it is asked, half the patience is over. */
	ahead_s += starting ? WIPE_MS / 2000 : 0;
	return starting;
}

static void
check_setup(void)
{
	fixture_open(folder, is_starting);
}

/* In the place of Podman: what it says of a volume is its status. */
static void
put_podman(int exists)
{
	char path[64];
	char text[128];

	snprintf(path, sizeof(path), "%s/podman", folder);
	snprintf(text, sizeof(text),
	    "#!/bin/sh\ncase \"$*\" in *exists*) exit %d ;; esac\nexit 0\n",
	    exists);
	REQUIRE(file_replace(path, text, strlen(text), 0700) == OK);
}

/* What the core is told, or NULL when nothing comes. */
static const struct json *
wipe(void)
{
	struct json *body = json_object();
	struct msg m = {.type = MSG_TOOL_WIPE, .body = body};
	int i;

	fake_forget();
	json_put_str(body, "tool", "notes");
	json_put(body, "images", json_array());
	images_wipe(images, &m);
	json_free(body);
	for (i = 0; i < 50 && fake_count(MSG_TOOL_WIPED) == 0; i++)
		loop_turn(fake_peers.loop, 100);
	return fake_last(MSG_TOOL_WIPED);
}

TEST(a_volume_is_gone_when_podman_says_that_there_is_none)
{
	const struct json *told;

	put_podman(1);
	told = wipe();
	REQUIRE(told != NULL);
	CHECK_STR(json_words(told, "why"), "");
	CHECK(json_flag(told, "ok"));
}

TEST(a_volume_of_which_podman_says_nothing_is_not_taken_for_gone)
{
	static const int others[] = {0, 2, 125, 126, 127};
	const struct json *told;
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		put_podman(others[i]);
		told = wipe();
		REQUIRE(told != NULL);
		CHECK(!json_flag(told, "ok"));
		CHECK_STR(json_words(told, "why"), "its volume is still there");
	}
}

TEST(a_container_that_does_not_end_is_not_waited_for_without_end)
{
	const struct json *told;

	put_podman(1);
	starting = true;
	told = wipe();
	starting = false;
	REQUIRE(told != NULL);
	CHECK(!json_flag(told, "ok"));
	CHECK_STR(json_words(told, "why"), "a container of it does not end");
	/* And what waited behind it has its turn. */
	told = wipe();
	REQUIRE(told != NULL);
	CHECK(json_flag(told, "ok"));
}
