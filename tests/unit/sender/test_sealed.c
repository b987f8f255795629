/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <string.h>

#include "../approval/fixture.h"
#include "fake_clock.h"
#include "fake_peers.h"
#include "sender/sender_priv.h"

/* What a browser's notification waits for before its first try: the vault's
 * token.  In the place of sender.c: that it went on, or ended. */

static struct sender sender;
static int ended;
static int looked_up;

void
sending_end(struct sending *s)
{
	loop_timer_cancel(s->sender->s.loop, s->timer);
	s->timer = 0;
	ended++;
}

void
sending_look_up(struct sending *s)
{
	(void)s;
	looked_up++;
}

void
check_setup(void)
{
	fixture_open();
}

static struct sending *
begin(void)
{
	static char p256dh[PUBLIC_HEX_SIZE];
	struct target t = {.kind = S(TARGET_WEBPUSH),
	    .url = S("https://push.example:8443/send/abc"),
	    .auth = S("606162636465666768696a6b6c6d6e6f")};
	struct sending *s = &sender.all[3];

	public_hex(&trust.clients[WHO_BROWSER].key, p256dh);
	t.p256dh = (struct str){p256dh, strlen(p256dh)};
	fake_peers.loop = loop_new();
	sender.s.loop = fake_peers.loop;
	sender.s.peers = &fake_peers;
	s->sender = &sender;
	ended = looked_up = 0;
	sealed_begin(s, &t);
	return s;
}

static void
finish(struct sending *s)
{
	free(s->sealed);
	free(s->authorization);
	memset(s, 0, sizeof(*s));
	loop_free(fake_peers.loop);
	fake_forget();
}

static void
answer(int64_t id, bool ok, const char *key, const char *words)
{
	struct json *body = json_object();
	struct msg m = {.type = MSG_PUSH_TOKEN, .body = body};

	json_put_int(body, "id", id);
	json_put_bool(body, "ok", ok);
	json_put_str(body, key, words);
	sender_on_token(&sender, &m);
	json_free(body);
}

TEST(the_token_is_wanted_for_the_services_origin_and_nothing_goes_before_it)
{
	struct sending *s = begin();
	const struct json *asked = fake_last(MSG_PUSH_TOKEN_WANTED);
	int64_t id;

	REQUIRE(asked != NULL);
	CHECK_STR(json_words(asked, "origin"), "https://push.example:8443");
	CHECK_INT(json_count(asked), 2);
	CHECK(s->sealed != NULL && looked_up == 0 && ended == 0);
	id = json_int(asked, "id", 0);
	answer(id + 1, true, "authorization", "vapid t=other");
	answer(0, true, "authorization", "vapid t=nobody");
	CHECK_INT(looked_up, 0);
	answer(id, true, "authorization", "vapid t=mine");
	CHECK(looked_up == 1 && ended == 0 && s->timer == 0);
	CHECK_STR(s->authorization, "vapid t=mine");
	answer(id, true, "authorization", "vapid t=again");
	CHECK_INT(looked_up, 1);
	CHECK_STR(s->authorization, "vapid t=mine");
	finish(s);
}

TEST(without_a_token_nothing_is_sent)
{
	struct sending *s = begin();
	int64_t id = json_int(fake_last(MSG_PUSH_TOKEN_WANTED), "id", 0);

	answer(id, false, "error", "the key is damaged");
	CHECK(looked_up == 0 && ended == 1);
	CHECK_STR(s->why.text, "the key is damaged");
	finish(s);
	s = begin();
	id = json_int(fake_last(MSG_PUSH_TOKEN_WANTED), "id", 0);
	answer(id, true, "other", "");
	CHECK(looked_up == 0 && ended == 1 && s->why.text[0] != '\0');
	finish(s);
}

TEST(a_vault_that_says_nothing_is_waited_for_so_long)
{
	struct sending *s = begin();
	int64_t id = json_int(fake_last(MSG_PUSH_TOKEN_WANTED), "id", 0);

	loop_turn(fake_peers.loop, 0);
	CHECK_INT(ended, 0);
	ahead_s += EGRESS_KEY_MS / 1000 + 1;
	loop_turn(fake_peers.loop, 0);
	CHECK(looked_up == 0 && ended == 1);
	CHECK(strstr(s->why.text, "vault gives no token") != NULL);
	memset(s->id, 0, sizeof(s->id));
	s->token_wanted = 0; /* As sending_end() leaves it. */
	answer(id, true, "authorization", "vapid t=late");
	CHECK_INT(looked_up, 0);
	finish(s);
}
