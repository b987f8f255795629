/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/command.h"

#include <stdlib.h>

#include "base/limits.h"
#include "check.h"
#include "fixture.h"

#define NOW_MS 5000 /* Wall clock. */
#define BODY "{\"goal\":\"list notes\"}"

static void
check_setup(void)
{
	fixture_open();
	atexit(fixture_close);
}

static struct command
command_of(int who)
{
	struct command c = {.box = trust.box,
	    .client = trust.clients[who].id,
	    .boot = FIXTURE_BOOT,
	    .challenge = "505152535455565758595a5b5c5d5e5f",
	    .name = S("ask")};

	crypto_hash(BODY, strlen(BODY), &c.body);
	return c;
}

static enum err
verify(const struct command *c, int signer, const char *boot, struct str body)
{
	const struct client *client = NULL;
	struct signature sig;
	struct command ret;
	struct errmsg why = {""};
	struct buf b;
	enum err e;

	buf_init(&b, COMMAND_MAX);
	REQUIRE(command_write(c, &b) == OK);
	key_sign(keys[signer], b.p, b.len, &sig);
	e = command_verify(&trust, boot, NOW_MS, (struct str){b.p, b.len}, &sig,
	    body, &ret, &client, &why);
	if (e == OK) {
		CHECK(client == &trust.clients[signer]);
		CHECK(str_eq(ret.name, "ask"));
	} else {
		CHECK(client == NULL);
		CHECK(strlen(why.text) > 0);
	}
	buf_done(&b);
	return e;
}

TEST(every_live_client_may_sign_a_command)
{
	int who;

	for (who = WHO_OWNER; who <= WHO_PROGRAM; who++) {
		struct command c = command_of(who);

		CHECK_INT(verify(&c, who, FIXTURE_BOOT, S(BODY)), OK);
	}
}

/* Whatever its row says of a role. */
TEST(a_phones_certificate_may_not)
{
	int who;

	for (who = WHO_OWNER; who <= WHO_PROGRAM; who++) {
		enum client_kind was = trust.clients[who].kind;
		struct command c = command_of(who);

		trust.clients[who].kind = CLIENT_CERTIFICATE;
		CHECK_INT(verify(&c, who, FIXTURE_BOOT, S(BODY)), ERR_DENIED);
		trust.clients[who].kind = was;
	}
}

TEST(a_revoked_client_may_not)
{
	struct command c = command_of(WHO_REVOKED);

	CHECK_INT(verify(&c, WHO_REVOKED, FIXTURE_BOOT, S(BODY)), ERR_DENIED);
}

TEST(a_foreign_client_may_not)
{
	struct command c = command_of(WHO_OWNER);

	c.client.b[3] ^= 4;
	CHECK_INT(verify(&c, WHO_OWNER, FIXTURE_BOOT, S(BODY)), ERR_DENIED);
}

TEST(one_client_cannot_speak_for_another)
{
	struct command c = command_of(WHO_OWNER);

	CHECK_INT(verify(&c, WHO_VIEWER, FIXTURE_BOOT, S(BODY)), ERR_SIGNATURE);
}

TEST(a_command_is_for_one_body)
{
	struct command c = command_of(WHO_OWNER);

	CHECK_INT(verify(&c, WHO_OWNER, FIXTURE_BOOT, S(BODY " ")), ERR_DENIED);
	CHECK_INT(verify(&c, WHO_OWNER, FIXTURE_BOOT, S("")), ERR_DENIED);
}

TEST(a_command_is_for_one_boot_and_one_box)
{
	struct command c = command_of(WHO_OWNER);

	CHECK_INT(verify(&c, WHO_OWNER, FIXTURE_EPOCH, S(BODY)), ERR_EXPIRED);
	c.box.b[0] ^= 1;
	CHECK_INT(verify(&c, WHO_OWNER, FIXTURE_BOOT, S(BODY)), ERR_EXPIRED);
}

TEST(no_byte_of_a_command_can_be_changed)
{
	struct command c = command_of(WHO_OWNER);
	const struct client *client;
	struct signature sig;
	struct command ret;
	struct buf b;
	size_t i;
	int passed = 0;

	buf_init(&b, COMMAND_MAX);
	REQUIRE(command_write(&c, &b) == OK);
	key_sign(keys[WHO_OWNER], b.p, b.len, &sig);
	for (i = 0; i < b.len; i++) {
		char was = b.p[i];

		b.p[i] = was == '1' ? '2' : '1';
		passed += command_verify(&trust, FIXTURE_BOOT, NOW_MS,
			      (struct str){b.p, b.len}, &sig, S(BODY), &ret,
			      &client, NULL) == OK;
		b.p[i] = was;
	}
	CHECK_INT(passed, 0);
	buf_done(&b);
}

TEST(a_client_whose_time_is_over_commands_nothing)
{
	struct command c = command_of(WHO_APPROVER);
	struct term *term = &trust.clients[WHO_APPROVER].term;

	term->until_ms = NOW_MS + 1;
	CHECK_INT(verify(&c, WHO_APPROVER, FIXTURE_BOOT, S(BODY)), OK);
	term->until_ms = NOW_MS;
	CHECK_INT(verify(&c, WHO_APPROVER, FIXTURE_BOOT, S(BODY)), ERR_DENIED);
	term->until_ms = NOW_MS + 1;
	term->ended = true;
	CHECK_INT(verify(&c, WHO_APPROVER, FIXTURE_BOOT, S(BODY)), ERR_DENIED);
	*term = (struct term){0};
	CHECK_INT(verify(&c, WHO_APPROVER, FIXTURE_BOOT, S(BODY)), OK);
}

TEST(a_command_round_trips_and_has_a_limit)
{
	struct command c = command_of(WHO_OWNER);
	struct command r;
	struct buf a;
	struct buf b;
	static char big[COMMAND_MAX + 1];

	buf_init(&a, COMMAND_MAX);
	buf_init(&b, COMMAND_MAX);
	REQUIRE(command_write(&c, &a) == OK);
	REQUIRE(command_read(a.p, a.len, &r) == OK);
	REQUIRE(command_write(&r, &b) == OK);
	CHECK_STR(a.p, b.p);
	CHECK(command_read(big, sizeof(big), &r) == ERR_LIMIT);
	CHECK(command_read(a.p, a.len - 1, &r) == ERR_INPUT);
	buf_adds(&a, "\n");
	CHECK(command_read(a.p, a.len, &r) == ERR_INPUT);
	buf_done(&a);
	buf_done(&b);
}

TEST(a_sheet_is_not_a_command)
{
	struct sheet s = fixture_sheet(WHO_OWNER);
	struct command c = command_of(WHO_OWNER);
	struct command ret;
	struct sheet sheet;
	struct buf b;

	buf_init(&b, SHEET_MAX);
	REQUIRE(sheet_write(&s, &b) == OK);
	CHECK(command_read(b.p, b.len, &ret) != OK);
	buf_clear(&b);
	REQUIRE(command_write(&c, &b) == OK);
	CHECK(sheet_read(b.p, b.len, &sheet) != OK);
	buf_done(&b);
}
