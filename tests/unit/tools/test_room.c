/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <unistd.h>

#include "fake_peers.h"
#include "tools/tools_priv.h"

static struct tools tools;

static void
check_setup(void)
{
	fake_peers.loop = loop_new();
	tools.peers = &fake_peers;
	tools.loop = fake_peers.loop;
	tools.scanner = scanner_new(&fake_peers);
}

/* The vault says of a question that nothing stands in its text. */
static void
say_clean(int64_t id)
{
	struct json *body = json_object();
	struct msg m = {.type = MSG_SCANNED, .from = ROLE_VAULT, .body = body};

	json_put_int(body, "id", id);
	json_put_bool(body, "ok", true);
	json_put(body, "found", json_array());
	scanner_on_scanned(tools.scanner, &m);
	json_free(body);
}

/* A container whose program is this test. */
static void
open_room(int theirs[3])
{
	int in[2];
	int out[2];
	int err[2];

	REQUIRE(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
	    pipe2(err, O_CLOEXEC) == 0);
	room_open(&tools, "echo", "c1", (int[3]){in[1], out[0], err[0]});
	theirs[0] = in[0];
	theirs[1] = out[1];
	theirs[2] = err[1];
}

/* There is no filter yet, so the vault is asked about every text. */
TEST(the_end_of_a_tool_is_told_behind_the_answers_that_are_looked_at)
{
	int theirs[3];
	int i;

	open_room(theirs);
	tools_answer(&tools, "an-act", true, false, "its answer");
	CHECK_INT(fake_count(MSG_SCAN), 1);
	for (i = 0; i < 3; i++)
		close(theirs[i]);
	for (i = 0; i < 5; i++)
		loop_turn(tools.loop, 10);
	REQUIRE(room_find(&tools, "echo") == NULL);
	CHECK_INT(fake_count(MSG_ACT_DONE), 0);
	CHECK_INT(fake_count(MSG_TOOL_GONE), 0);
	say_clean(1);
	CHECK_INT(fake_count(MSG_ACT_DONE), 1);
	CHECK_INT(fake_count(MSG_TOOL_GONE), 0);
	say_clean(2);
	CHECK_INT(fake_count(MSG_TOOL_GONE), 1);
	CHECK_STR(json_words(fake_last(MSG_TOOL_GONE), "container"), "c1");
	fake_forget();
}

TEST(the_end_of_a_tool_that_nothing_waits_for_is_told_at_once)
{
	int theirs[3];
	int i;

	open_room(theirs);
	for (i = 0; i < 3; i++)
		close(theirs[i]);
	for (i = 0; i < 5; i++)
		loop_turn(tools.loop, 10);
	CHECK_INT(fake_count(MSG_TOOL_GONE), 1);
	fake_forget();
}
