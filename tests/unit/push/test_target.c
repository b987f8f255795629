/* SPDX-License-Identifier: Apache-2.0 */
#include "push/target.h"

#include <stdlib.h>
#include <string.h>

#include "../approval/fixture.h"
#include "check.h"

#define HOUR_MS (3600 * (int64_t)1000)

static void
check_setup(void)
{
	fixture_open();
	trust.clients[WHO_BROWSER].role = CLIENT_OWNER;
	atexit(fixture_close);
}

static struct target
good_target(int who)
{
	return (struct target){.box = trust.box,
	    .client = trust.clients[who].id,
	    .id = "505152535455565758595a5b5c5d5e5f",
	    .name = S("phone"),
	    .kind = S("ntfy"),
	    .place = S("outside"),
	    .url = S("https://ntfy.example/topic"),
	    .hourly = 12,
	    .issued_ms = 1000,
	    .until_ms = 1000 + HOUR_MS};
}

static enum err
verify(const struct target *t, int signer, int64_t now_ms)
{
	struct signature sig;
	struct errmsg why;
	struct target r;
	struct buf b;
	enum err e;

	buf_init(&b, PUSH_TEXT_MAX);
	REQUIRE(target_write(t, &b) == OK);
	key_sign(keys[signer], b.p, b.len, &sig);
	e = target_verify(
	    &trust, (struct str){b.p, b.len}, &sig, now_ms, &r, &why);
	buf_done(&b);
	return e;
}

TEST(only_a_live_owner_with_a_key_of_the_command_line_says_where)
{
	struct target t;
	int who;

	for (who = 0; who < WHO_N; who++) {
		t = good_target(who);
		CHECK_INT(
		    verify(&t, who, 2000), who == WHO_OWNER ? OK : ERR_DENIED);
	}
	t = good_target(WHO_OWNER);
	CHECK_INT(verify(&t, WHO_APPROVER, 2000), ERR_SIGNATURE);
	t.box.b[3] ^= 1;
	CHECK_INT(verify(&t, WHO_OWNER, 2000), ERR_DENIED);
}

static struct target
good_webpush(void)
{
	static char p256dh[PUBLIC_HEX_SIZE];
	struct target t = good_target(WHO_OWNER);

	public_hex(&trust.clients[WHO_BROWSER].key, p256dh);
	t.kind = S("webpush");
	t.url = S("https://push.example/send/abc");
	t.whom = trust.clients[WHO_BROWSER].id;
	t.p256dh = (struct str){p256dh, strlen(p256dh)};
	t.auth = S("606162636465666768696a6b6c6d6e6f");
	return t;
}

TEST(a_browser_is_told_while_it_is_a_client_and_as_an_owner_signed)
{
	struct target t = good_webpush();

	CHECK_INT(verify(&t, WHO_OWNER, 2000), OK);
	CHECK_INT(verify(&t, WHO_BROWSER, 2000), ERR_SIGNATURE);
	trust.clients[WHO_BROWSER].revoked = true;
	CHECK_INT(verify(&t, WHO_OWNER, 2000), ERR_DENIED);
	trust.clients[WHO_BROWSER].revoked = false;
	trust.clients[WHO_BROWSER].term.until_ms = 2000;
	CHECK_INT(verify(&t, WHO_OWNER, 1999), OK);
	CHECK_INT(verify(&t, WHO_OWNER, 2000), ERR_EXPIRED);
	trust.clients[WHO_BROWSER].term.until_ms = 0;
	t.whom = trust.clients[WHO_APPROVER].id; /* No browser. */
	CHECK_INT(verify(&t, WHO_OWNER, 2000), ERR_DENIED);
	t.whom.b[0] ^= 1;
	CHECK_INT(verify(&t, WHO_OWNER, 2000), ERR_DENIED);
	t = good_webpush();
	t.client = trust.clients[WHO_BROWSER].id; /* No command line. */
	CHECK_INT(verify(&t, WHO_BROWSER, 2000), ERR_DENIED);
}

TEST(a_target_ends_and_is_taken_back)
{
	struct target t = good_target(WHO_OWNER);

	CHECK_INT(verify(&t, WHO_OWNER, 999), ERR_EXPIRED);
	CHECK_INT(verify(&t, WHO_OWNER, 1000), OK);
	CHECK_INT(verify(&t, WHO_OWNER, t.until_ms), ERR_EXPIRED);
	REQUIRE(trust_revoke_grant(&trust, t.id, t.until_ms, 0) == OK);
	CHECK_INT(verify(&t, WHO_OWNER, 2000), ERR_DENIED);
	trust.n_revoked_grants = 0;
}

TEST(a_target_waits_for_its_owners_end_to_be_put_off)
{
	struct target t = good_target(WHO_OWNER);

	trust.clients[WHO_OWNER].term.until_ms = 2000;
	CHECK_INT(verify(&t, WHO_OWNER, 1999), OK);
	CHECK_INT(verify(&t, WHO_OWNER, 2000), ERR_EXPIRED);
	trust.clients[WHO_OWNER].term.until_ms = 0;
	CHECK_INT(verify(&t, WHO_OWNER, 2000), OK);
}

static enum err
read_with(const struct target *t)
{
	struct errmsg why;
	struct target r;
	struct buf b;
	enum err e;

	buf_init(&b, 2 * PUSH_TEXT_MAX);
	REQUIRE(target_write(t, &b) == OK);
	e = target_read(b.p, b.len, &r, &why);
	buf_done(&b);
	return e;
}

TEST(what_is_out_of_its_bounds_is_no_target)
{
	static const char *const urls[] = {"http://ntfy.example/t",
	    "https://user@ntfy.example/t", "https://192.168.1.20/t", "https://",
	    "ntfy.example/t"};
	struct target good = good_target(WHO_OWNER);
	struct target t;
	size_t i;

	CHECK_INT(read_with(&good), OK);
	for (i = 0; i < ARRAY_LEN(urls); i++) {
		t = good;
		t.url = (struct str){urls[i], strlen(urls[i])};
		CHECK_INT(read_with(&t), ERR_INPUT);
	}
	t = good;
	t.hourly = 0;
	CHECK_INT(read_with(&t), ERR_INPUT);
	t.hourly = PUSH_HOURLY_MAX + 1;
	CHECK_INT(read_with(&t), ERR_INPUT);
	t = good;
	t.kind = S("mail");
	CHECK_INT(read_with(&t), ERR_INPUT);
	t = good;
	t.place = S("anywhere");
	CHECK_INT(read_with(&t), ERR_INPUT);
	t = good;
	t.name = S("My phone");
	CHECK_INT(read_with(&t), ERR_INPUT);
	t = good;
	t.until_ms = t.issued_ms;
	CHECK_INT(read_with(&t), ERR_INPUT);
	t.until_ms = t.issued_ms + GRANT_MS_MAX;
	CHECK_INT(read_with(&t), OK);
	t.until_ms++;
	CHECK_INT(read_with(&t), ERR_INPUT);
}

/* The text, with one part of it replaced by another. */
static enum err
read_changed(const struct target *t, const char *from, const char *to)
{
	struct errmsg why;
	struct target r;
	const char *at;
	struct buf b;
	struct buf c;
	enum err e;

	buf_init(&b, PUSH_TEXT_MAX);
	buf_init(&c, PUSH_TEXT_MAX);
	REQUIRE(target_write(t, &b) == OK);
	at = strstr(b.p, from);
	REQUIRE(at != NULL);
	buf_add(&c, b.p, (size_t)(at - b.p));
	buf_adds(&c, to);
	buf_adds(&c, at + strlen(from));
	e = target_read(c.p, c.len, &r, &why);
	buf_done(&b);
	buf_done(&c);
	return e;
}

TEST(a_browsers_target_has_its_keys_and_no_other_has_them)
{
	struct target t = good_webpush();
	struct target plain = good_target(WHO_OWNER);
	char off[PUBLIC_HEX_SIZE];
	struct target r;
	struct errmsg why;
	struct buf b;

	buf_init(&b, PUSH_TEXT_MAX);
	REQUIRE(target_write(&t, &b) == OK);
	REQUIRE(target_read(b.p, b.len, &r, &why) == OK);
	CHECK(target_is_webpush(&r) && digest_equal(&r.whom, &t.whom));
	buf_done(&b);
	CHECK_INT(read_changed(&t, "webpush", "ntfy"), ERR_INPUT);
	CHECK_INT(read_changed(&plain, "ntfy\n", "webpush\n"), ERR_INPUT);
	CHECK_INT(read_changed(&t, "notify/2", "notify/1"), ERR_INPUT);
	CHECK_INT(read_changed(&plain, "notify/1", "notify/2"), ERR_INPUT);
	CHECK_INT(read_changed(&t, "auth 60", "auth "), ERR_INPUT);
	CHECK_INT(read_changed(&t, "auth 60", "auth 6060"), ERR_INPUT);
	CHECK_INT(read_changed(&t, "p256dh 04", "p256dh 02"), ERR_INPUT);
	memcpy(off, t.p256dh.p, sizeof(off));
	off[PUBLIC_HEX_SIZE - 2] = off[PUBLIC_HEX_SIZE - 2] == '0' ? '1' : '0';
	t.p256dh.p = off;
	CHECK_INT(read_with(&t), ERR_INPUT);
}

TEST(an_origin_is_a_name_and_a_port_that_is_not_443)
{
	struct target t = good_webpush();
	char origin[TARGET_ORIGIN_SIZE];

	target_origin(&t, origin);
	CHECK_STR(origin, "https://push.example");
	t.url = S("https://Push.Example:443/a?b#c");
	target_origin(&t, origin);
	CHECK_STR(origin, "https://push.example");
	t.url = S("https://push.example:8443/a");
	target_origin(&t, origin);
	CHECK_STR(origin, "https://push.example:8443");
}

TEST(in_no_hour_more_are_sent_than_allowed)
{
	static const int64_t limits[] = {1, 2, 12, PUSH_HOURLY_MAX};
	size_t i;

	for (i = 0; i < ARRAY_LEN(limits); i++) {
		struct push_rate r = {0};
		int64_t sent[1000];
		int64_t now_ms;
		size_t n = 0;

		/* One is wished each half minute, for five hours. */
		for (now_ms = 1; now_ms < 5 * HOUR_MS; now_ms += 30 * 1000)
			if (push_rate_take(&r, limits[i], now_ms))
				sent[n++] = now_ms;
		CHECK_INT(n, 5 * limits[i]);
		for (size_t k = (size_t)limits[i]; k < n; k++)
			CHECK(sent[k] - sent[k - (size_t)limits[i]] >= HOUR_MS);
	}
}
