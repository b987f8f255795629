/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>

#include "../approval/fixture.h"
#include "approval/grant.h"
#include "base/limits.h"
#include "order/order.h"
#include "set_clocks.h"

/* What a grant for certain hours is worth to who acts, when somebody sets the
 * wall clock. */

#define HOUR_S ((int64_t)3600)
#define DAY_S (24 * HOUR_S)
#define MANIFEST                                                               \
	"{\"name\":\"notes\",\"version\":\"1\",\"transport\":\"container\","   \
	"\"kind\":\"call\",\"image\":\"sha256:"                                \
	"0000000000000000000000000000000000000000000000000000000000000000"     \
	"\",\"command\":[\"/program\"],\"volume\":false,\"functions\":"        \
	"{\"delete\":{\"effect\":\"system\",\"args\":"                         \
	"{\"name\":{\"type\":\"string\"}}}}}"

/* A day of the time that boxes of ours know, at this hour. */
static int64_t
at(int64_t hour)
{
	return CLOCK_FLOOR_MS / 1000 + 100 * DAY_S + hour * HOUR_S;
}

static char grant_text[4096];
static char grant_signature[SIGNATURE_TEXT_SIZE];

static void
sign_grant(void)
{
	struct grant g = {.box = trust.box,
	    .client = trust.clients[WHO_OWNER].id,
	    .id = "505152535455565758595a5b5c5d5e5f",
	    .rule = S("box:lasting"),
	    .tool = S("notes.delete"),
	    .effect = S("system"),
	    .args = S("any"),
	    .hours = S("08:00-20:00"),
	    .uses = 10,
	    .issued_ms = at(0) * 1000,
	    .until_ms = (at(0) + 7 * DAY_S) * 1000};
	struct signature sig;
	struct buf b;

	crypto_hash(MANIFEST, strlen(MANIFEST), &g.manifest);
	buf_init(&b, sizeof(grant_text) - 1);
	REQUIRE(grant_write(&g, &b) == OK);
	key_sign(keys[WHO_OWNER], b.p, b.len, &sig);
	memcpy(grant_text, b.p, b.len);
	signature_text(&sig, grant_signature);
	buf_done(&b);
}

static void
check_setup(void)
{
	struct digest d;

	setenv("TZ", "UTC0", 1);
	fixture_open();
	atexit(fixture_close);
	crypto_hash(MANIFEST, strlen(MANIFEST), &d);
	if (trust_set_tool(&trust, "notes", &d) != OK)
		abort();
	sign_grant();
}

/* One that begins when the wall clock shows this.  A verifier lives as long as
 * its role, so they are kept. */
static struct verifier *
begun_at(int64_t hour)
{
	static struct verifier *kept[16];
	static size_t n;
	struct verifier *v;
	struct json *table = trust_write(&trust);

	REQUIRE(n < ARRAY_LEN(kept));
	wall_s = at(hour);
	by_server = false;
	v = kept[n++] = verifier_new(FIXTURE_BOOT, FIXTURE_EPOCH);
	REQUIRE(verifier_put_trust(v, table) == OK);
	verifier_put_manifest(v, MANIFEST, strlen(MANIFEST));
	json_free(table);
	return v;
}

static void
hours_pass(int64_t n)
{
	boot_s += n * HOUR_S;
	wall_s += n * HOUR_S;
}

static enum err
order(struct verifier *v, struct errmsg *why)
{
	struct order o = {.act = FIXTURE_ACT,
	    .tool = "notes.delete",
	    .room = "notes",
	    .function = "delete",
	    .args = S(FIXTURE_ARGS),
	    .grant = {{grant_text, strlen(grant_text)}, grant_signature}};

	return order_verify(v, &o, why);
}

TEST(a_grant_counts_in_its_hours_as_they_come)
{
	struct verifier *v = begun_at(12);
	struct errmsg why = {""};

	CHECK_INT(order(v, &why), OK);
	hours_pass(10);
	CHECK_INT(order(v, &why), ERR_DENIED);
	CHECK(strstr(why.text, "not for this hour") != NULL);
	hours_pass(12);
	CHECK_INT(order(v, &why), OK);
	hours_pass(7 * 24);
	CHECK_INT(order(v, &why), ERR_EXPIRED);
}

TEST(a_leap_of_the_wall_clock_opens_no_hours)
{
	static const int64_t leaps[] = {
	    12 * HOUR_S, -12 * HOUR_S, 36 * HOUR_S, HOUR_S * 9};
	struct errmsg why = {""};
	size_t i;

	for (i = 0; i < ARRAY_LEN(leaps); i++) {
		struct verifier *v = begun_at(23);

		CHECK_INT(order(v, &why), ERR_DENIED);
		wall_s += leaps[i];
		CHECK_INT(order(v, &why), ERR_DENIED);
		CHECK(strstr(why.text, "not for this hour") != NULL);
		/* And none while it stays so. */
		hours_pass(12);
		CHECK_INT(order(v, &why), ERR_DENIED);
		/* Right again, it counts again. */
		wall_s -= leaps[i];
		CHECK_INT(order(v, &why), OK);
	}
}

TEST(a_leap_that_a_time_server_made_is_believed)
{
	struct verifier *v = begun_at(2);
	struct errmsg why = {""};

	CHECK_INT(order(v, &why), ERR_DENIED);
	by_server = true;
	wall_s += 10 * HOUR_S;
	CHECK_INT(order(v, &why), OK);
}

TEST(a_clock_that_is_set_back_makes_no_grant_last_longer)
{
	struct verifier *v = begun_at(12);
	struct errmsg why = {""};

	hours_pass(7 * 24);
	wall_s -= 6 * DAY_S;
	CHECK_INT(order(v, &why), ERR_EXPIRED);
}

/* ---- The term of who signed ---- */

static void
give_term(struct verifier *v, int64_t until_ms)
{
	struct json *table;

	trust.clients[WHO_OWNER].term.until_ms = until_ms;
	table = trust_write(&trust);
	REQUIRE(verifier_put_trust(v, table) == OK);
	json_free(table);
	trust.clients[WHO_OWNER].term.until_ms = 0;
}

TEST(what_an_owner_signed_whose_time_is_over_is_refused)
{
	struct verifier *v = begun_at(10);
	struct errmsg why = {""};

	give_term(v, at(12) * 1000);
	CHECK_INT(order(v, &why), OK);
	hours_pass(2);
	CHECK_INT(order(v, &why), ERR_DENIED);
	CHECK(strstr(why.text, "owner is over") != NULL);
	/* Put off, it is good again. */
	give_term(v, at(14) * 1000);
	CHECK_INT(order(v, &why), OK);
}

TEST(a_leap_of_the_wall_clock_neither_ends_nor_prolongs_a_term)
{
	struct verifier *v = begun_at(10);
	struct errmsg why = {""};

	give_term(v, at(12) * 1000);
	wall_s -= HOUR_S;
	hours_pass(3);
	CHECK_INT(order(v, &why), ERR_DENIED);
	CHECK(strstr(why.text, "owner is over") != NULL);
	wall_s += HOUR_S;
	v = begun_at(10);
	give_term(v, at(16) * 1000);
	wall_s += 7 * HOUR_S;
	/* Nobody knows the hour, so that is what is told, and no end. */
	CHECK_INT(order(v, &why), ERR_DENIED);
	CHECK(strstr(why.text, "hour") != NULL);
	by_server = true;
	CHECK_INT(order(v, &why), ERR_DENIED);
	CHECK(strstr(why.text, "owner is over") != NULL);
}
