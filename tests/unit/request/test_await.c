/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "fake_clock.h"
#include "fake_peers.h"
#include "request/request.h"

static struct requests requests = {.peers = &fake_peers};

static void
check_setup(void)
{
	fake_peers.loop = loop_new();
}

static enum err
await(int64_t id)
{
	return request_await(&requests, id, MSG_TOOL_LOG, ROLE_ANSWER_MS,
	    "nobody answered; try again");
}

TEST(an_answer_is_taken_once_and_only_of_who_was_asked)
{
	CHECK(!request_take(&requests, 7, MSG_TOOL_LOG));
	REQUIRE(await(7) == OK);
	CHECK(!request_take(&requests, 7, MSG_TOOL_IDS));
	CHECK(!request_take(&requests, 8, MSG_TOOL_LOG));
	CHECK(!request_take(&requests, 0, MSG_TOOL_LOG));
	CHECK(request_take(&requests, 7, MSG_TOOL_LOG));
	CHECK(!request_take(&requests, 7, MSG_TOOL_LOG));
}

TEST(who_waits_too_long_is_told_what_to_do)
{
	REQUIRE(await(9) == OK);
	loop_turn(fake_peers.loop, 0);
	CHECK_INT(fake_count(MSG_CLIENT_REPLY), 0);
	ahead_s += ROLE_ANSWER_MS / 1000 + 1;
	loop_turn(fake_peers.loop, 0);
	REQUIRE(fake_count(MSG_CLIENT_REPLY) == 1);
	CHECK_INT(json_int(fake_last(MSG_CLIENT_REPLY), "id", 0), 9);
	CHECK_INT(json_int(fake_last(MSG_CLIENT_REPLY), "err", 0), ERR_BUSY);
	CHECK(strstr(fake_sent[0].bulk, "try again") != NULL);
	/* What comes then is nobody's. */
	CHECK(!request_take(&requests, 9, MSG_TOOL_LOG));
	fake_forget();
}

TEST(only_so_many_wait)
{
	int64_t i;

	for (i = 1; i <= AWAITED_MAX; i++)
		REQUIRE(await(i) == OK);
	CHECK(await(i) == ERR_BUSY);
	for (i = 1; i <= AWAITED_MAX; i++)
		CHECK(request_take(&requests, i, MSG_TOOL_LOG));
	CHECK(await(0) == ERR_BUSY);
}

/* The vault is asked, and says nothing. */
TEST(a_change_of_trust_is_not_waited_for_without_end)
{
	struct json *envelope = json_object();
	struct str raw = {"{}", 2};

	REQUIRE(request_send_trust(&requests, 11, envelope, raw) == OK);
	json_free(envelope);
	CHECK_INT(fake_count(MSG_TRUST_COMMAND), 1);
	ahead_s += ROLE_ANSWER_MS / 1000 + 1;
	loop_turn(fake_peers.loop, 0);
	REQUIRE(fake_count(MSG_CLIENT_REPLY) == 1);
	CHECK(strstr(fake_sent[1].bulk, "look whether it was done") != NULL);
	CHECK(!request_take(&requests, 11, MSG_TRUST_ANSWER));
	fake_forget();
}
