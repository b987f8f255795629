/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fixture.h"
#include "sys/file.h"

#define CANARY "Tr0ub4dor-and-three"

static char folder[] = "/tmp/durward-load-XXXXXX";

static bool
is_starting(void *arg, const char *tool)
{
	(void)arg;
	(void)tool;
	return false;
}

static const char *
at(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
check_setup(void)
{
	fixture_open(folder, is_starting);
}

/* In the place of Podman: what it says when it is to take an image. */
static void
put_podman(const char *words)
{
	char text[1024];

	snprintf(text, sizeof(text),
	    "#!/bin/sh\ncase \"$*\" in *pull*) echo '%s' >&2; exit 125 ;; "
	    "esac\n"
	    "exit 0\n",
	    words);
	REQUIRE(file_replace(at("podman"), text, strlen(text), 0700) == OK);
}

/* Why it is not loaded. */
static const char *
load(void)
{
	struct json *body = json_object();
	struct msg m = {.type = MSG_IMAGE_LOAD, .body = body};
	int i;

	fake_forget();
	json_put_int(body, "id", 1);
	json_put_str(body, "image",
	    "sha256:1111111111111111111111111111111111111111111111111111111111"
	    "111111");
	json_put_str(body, "archive", at("podman"));
	images_load(images, &m);
	json_free(body);
	for (i = 0; i < 50 && fake_count(MSG_IMAGE_LOADED) == 0; i++)
		loop_turn(fake_peers.loop, 100);
	REQUIRE(fake_count(MSG_IMAGE_LOADED) == 1);
	CHECK(!json_flag(fake_last(MSG_IMAGE_LOADED), "ok"));
	return json_words(fake_last(MSG_IMAGE_LOADED), "why");
}

TEST(what_podman_says_is_told_in_our_own_words_alone)
{
	static const char *const known[][2] = {
	    {"Error: writing " CANARY ": no space left on device",
		"the disk is full"},
	    {"Error: untarring file " CANARY ": unexpected EOF",
		"the archive is damaged"},
	    {"Error: " CANARY ": image not known", "the image is not there"},
	    {"Error: open " CANARY ": permission denied", "it may not read"},
	    {"Error: " CANARY " is on fire", "podman fails; its words are in"}};
	const char *why;
	struct buf b;
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		CASE(known[i][0]);
		put_podman(known[i][0]);
		why = load();
		CHECK(strstr(why, "the image cannot be loaded: ") == why);
		CHECK(strstr(why, known[i][1]) != NULL);
		CHECK(strstr(why, CANARY) == NULL);
		buf_init(&b, PODMAN_SAID_MAX);
		REQUIRE(file_read(at(PODMAN_SAID), &b) == OK);
		CHECK(strstr(b.p, known[i][0]) == b.p);
		buf_done(&b);
	}
}
