/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/grant.h"

#include <stdlib.h>

#include "base/limits.h"
#include "check.h"
#include "fixture.h"

#define NOW_MS 5000
#define DAY_MS (24 * 3600 * (int64_t)1000)

static void
check_setup(void)
{
	fixture_open();
	atexit(fixture_close);
}

static struct grant
good_grant(int who)
{
	struct grant g = {.box = trust.box,
	    .client = trust.clients[who].id,
	    .id = "505152535455565758595a5b5c5d5e5f",
	    .rule = S("box:lasting"),
	    .tool = S("notes.delete"),
	    .effect = S("system"),
	    .args = S("exact " FIXTURE_ARGS),
	    .hours = S("any"),
	    .uses = 10,
	    .issued_ms = 1000,
	    .until_ms = DAY_MS};

	crypto_hash("manifest", 8, &g.manifest);
	return g;
}

static enum err
verify(const struct grant *g, int signer, struct errmsg *why)
{
	struct signature sig;
	struct grant r;
	struct buf b;
	enum err e;

	buf_init(&b, GRANT_MAX);
	REQUIRE(grant_write(g, &b) == OK);
	key_sign(keys[signer], b.p, b.len, &sig);
	e = grant_verify(
	    &trust, (struct str){b.p, b.len}, &sig, NOW_MS, &r, why);
	buf_done(&b);
	return e;
}

TEST(only_a_live_owner_of_this_box_grants)
{
	struct errmsg why;
	struct grant g;
	int who;

	for (who = 0; who < WHO_N; who++) {
		g = good_grant(who);
		CHECK_INT(
		    verify(&g, who, &why), who == WHO_OWNER ? OK : ERR_DENIED);
	}
	g = good_grant(WHO_OWNER);
	trust.clients[WHO_OWNER].term.until_ms = NOW_MS;
	CHECK_INT(verify(&g, WHO_OWNER, &why), ERR_DENIED);
	CHECK(strstr(why.text, "owner is over") != NULL);
	trust.clients[WHO_OWNER].term.until_ms = NOW_MS + 1;
	CHECK_INT(verify(&g, WHO_OWNER, &why), OK);
	trust.clients[WHO_OWNER].term.until_ms = 0;
	CHECK_INT(verify(&g, WHO_APPROVER, &why), ERR_SIGNATURE);
	g.box.b[3] ^= 1;
	CHECK_INT(verify(&g, WHO_OWNER, &why), ERR_DENIED);
}

static struct grant
money_grant(void)
{
	struct grant g = good_grant(WHO_OWNER);

	g.tool = S("model.cloud.far");
	g.effect = S("external");
	g.args = S("words arg.model=\"m\",\"n\"");
	g.usd_day = 2000000;
	return g;
}

/* Does it read back, and write to the same bytes? */
static enum err
read_back(const struct grant *g, struct grant *ret, struct errmsg *why)
{
	static struct buf b;
	struct buf again;
	enum err e;

	buf_done(&b);
	buf_init(&b, GRANT_MAX);
	REQUIRE(grant_write(g, &b) == OK);
	e = grant_read(b.p, b.len, ret, why);
	if (e != OK)
		return e;
	buf_init(&again, GRANT_MAX);
	REQUIRE(grant_write(ret, &again) == OK);
	CHECK_STR(again.p, b.p);
	buf_done(&again);
	return OK;
}

TEST(a_grant_of_money_names_models_and_what_they_may_cost)
{
	struct grant g = money_grant();
	struct errmsg why = {""};
	struct grant r;

	REQUIRE(read_back(&g, &r, &why) == OK);
	CHECK_INT(r.usd_day, 2000000);
	g.args = S("any");
	CHECK_INT(read_back(&g, &r, &why), ERR_INPUT);
	CHECK(strstr(why.text, "names them") != NULL);
	g = money_grant();
	g.tool = S("notes.delete");
	CHECK_INT(read_back(&g, &r, &why), ERR_INPUT);
	g = money_grant();
	g.usd_day = USD_MAX * (int64_t)1000000 + 1;
	CHECK_INT(read_back(&g, &r, &why), ERR_INPUT);
	CHECK(strstr(why.text, "dollars") != NULL);
}

TEST(a_grant_without_money_reads_as_it_always_did)
{
	struct grant g = good_grant(WHO_OWNER);
	struct errmsg why = {""};
	struct grant r;
	struct buf b;

	buf_init(&b, GRANT_MAX);
	REQUIRE(grant_write(&g, &b) == OK);
	CHECK(strncmp(b.p, "durward-grant/1\n", 16) == 0);
	CHECK(strstr(b.p, "usd") == NULL);
	REQUIRE(grant_read(b.p, b.len, &r, &why) == OK);
	CHECK_INT(r.usd_day, 0);
	/* No money is not said in the other form. */
	b.p[14] = '2';
	buf_adds(&b, "usd-millionths-a-day 0\n");
	CHECK_INT(grant_read(b.p, b.len, &r, &why), ERR_INPUT);
	b.p[14] = '1';
	CHECK_INT(grant_read(b.p, b.len, &r, &why), ERR_INPUT);
	buf_done(&b);
}

TEST(a_grant_that_was_taken_back_stands_no_more)
{
	struct grant g = good_grant(WHO_OWNER);
	struct errmsg why;

	CHECK(verify(&g, WHO_OWNER, &why) == OK);
	CHECK(trust_revoke_grant(&trust, g.id, DAY_MS, 0) == OK);
	CHECK_INT(verify(&g, WHO_OWNER, &why), ERR_DENIED);
	CHECK(strstr(why.text, "taken back") != NULL);
	trust.n_revoked_grants = 0;
}

TEST(tombstones_that_ended_make_room)
{
	static struct trust t;
	char id[TOKEN_SIZE];
	int i;

	for (i = 0; i < GRANTS_REVOKED_MAX; i++) {
		snprintf(id, sizeof(id), "%032x", i);
		CHECK(trust_revoke_grant(&t, id, 1000 + i, 0) == OK);
	}
	CHECK(trust_revoke_grant(&t, FIXTURE_BOOT, DAY_MS, 1000) == ERR_LIMIT);
	CHECK(trust_revoke_grant(&t, FIXTURE_BOOT, DAY_MS, 1002) == OK);
	CHECK(trust_revoke_grant(&t, "x", DAY_MS, 0) == ERR_INPUT);
}

TEST(a_grant_that_makes_no_sense_is_refused)
{
	static const struct {
		const char *what;
		struct str args;
		struct str hours;
		int64_t uses;
		int64_t until_ms;
	} rows[] = {{"no use", {"any", 3}, {"any", 3}, 0, DAY_MS},
	    {"too many uses", {"any", 3}, {"any", 3}, GRANT_USES_MAX + 1,
		DAY_MS},
	    {"ends before it begins", {"any", 3}, {"any", 3}, 1, 1000},
	    {"hours", {"any", 3}, {"25:00-26:00", 11}, 1, DAY_MS},
	    {"args", {"all", 3}, {"any", 3}, 1, DAY_MS},
	    {"words", {"words tool=*", 12}, {"any", 3}, 1, DAY_MS},
	    {"no words", {"words ", 6}, {"any", 3}, 1, DAY_MS}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct grant g = good_grant(WHO_OWNER);
		struct errmsg why;

		CASE(rows[i].what);
		g.args = rows[i].args;
		g.hours = rows[i].hours;
		g.uses = rows[i].uses;
		g.until_ms = rows[i].until_ms;
		CHECK(verify(&g, WHO_OWNER, &why) == ERR_INPUT);
	}
}

struct covered {
	const char *what;
	const char *grant_args;
	const char *hours;
	const char *args;
	int64_t now_ms;
	int minute;
	enum err want;
};

static const struct covered cases[] = {
    {"exact", "exact {\"name\":\"a\"}", "any", "{\"name\":\"a\"}", 5000, -1,
	OK},
    {"one byte more", "exact {\"name\":\"a\"}", "any", "{\"name\":\"ab\"}",
	5000, -1, ERR_DENIED},
    {"words", "words arg.name=a*", "any", "{\"name\":\"ab\"}", 5000, -1, OK},
    {"other words", "words arg.name=a*", "any", "{\"name\":\"b\"}", 5000, -1,
	ERR_DENIED},
    {"nothing there", "words arg.name=*", "any", "{}", 5000, -1, ERR_DENIED},
    {"any", "any", "any", "{\"x\":1}", 5000, -1, OK},
    {"before it", "any", "any", "{}", 999, -1, ERR_EXPIRED},
    {"at its end", "any", "any", "{}", DAY_MS, -1, ERR_EXPIRED},
    {"in its hours", "any", "08:00-20:00", "{}", 5000, 8 * 60, OK},
    {"at their end", "any", "08:00-20:00", "{}", 5000, 20 * 60, ERR_DENIED},
    {"over midnight", "any", "22:00-06:00", "{}", 5000, 30, OK},
    {"without a clock", "any", "08:00-20:00", "{}", 5000, -1, ERR_DENIED},
};

TEST(a_grant_covers_what_it_says_and_no_more)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		const struct covered *c = &cases[i];
		struct grant g = good_grant(WHO_OWNER);
		struct grant_case gc = {.tool = "notes.delete",
		    .effect = "system",
		    .manifest = &g.manifest,
		    .args = {c->args, strlen(c->args)},
		    .now_ms = c->now_ms,
		    .minute = c->minute};
		struct json *v = NULL;
		struct errmsg why = {""};

		CASE(c->what);
		REQUIRE(json_parse(c->args, strlen(c->args), &v) == OK);
		gc.parsed = v;
		g.args = (struct str){c->grant_args, strlen(c->grant_args)};
		g.hours = (struct str){c->hours, strlen(c->hours)};
		CHECK_INT(grant_covers(&g, &gc, &why), c->want);
		json_free(v);
	}
}

/* Longer the vault does not remember that it was taken back. */
TEST(no_grant_lasts_longer_than_its_tombstone)
{
	struct grant g = good_grant(WHO_OWNER);
	struct grant_case c = {.tool = "notes.delete",
	    .effect = "system",
	    .manifest = &g.manifest,
	    .args = S(FIXTURE_ARGS),
	    .now_ms = 5000,
	    .minute = -1};
	struct errmsg why = {""};

	g.until_ms = g.issued_ms + GRANT_MS_MAX;
	CHECK_INT(verify(&g, WHO_OWNER, &why), OK);
	CHECK_INT(grant_covers(&g, &c, &why), OK);
	g.until_ms++;
	CHECK_INT(verify(&g, WHO_OWNER, &why), ERR_DENIED);
	CHECK(strstr(why.text, "at most 366 days") != NULL);
	CHECK_INT(grant_covers(&g, &c, &why), ERR_DENIED);
}

TEST(a_clock_that_is_behind_is_not_said_to_be_the_end)
{
	struct grant g = good_grant(WHO_OWNER);
	struct grant_case c = {.tool = "notes.delete",
	    .effect = "system",
	    .manifest = &g.manifest,
	    .args = S(FIXTURE_ARGS),
	    .now_ms = g.issued_ms - 1,
	    .minute = -1};
	struct errmsg why = {""};

	CHECK_INT(grant_covers(&g, &c, &why), ERR_EXPIRED);
	CHECK(strstr(why.text, "not yet") != NULL);
	c.now_ms = g.until_ms;
	CHECK_INT(grant_covers(&g, &c, &why), ERR_EXPIRED);
	CHECK(strstr(why.text, "has ended") != NULL);
}

TEST(a_grant_is_for_one_version_of_one_function)
{
	struct grant g = good_grant(WHO_OWNER);
	struct digest other = {{1}};
	struct grant_case c = {.tool = "notes.delete",
	    .effect = "system",
	    .manifest = &g.manifest,
	    .args = S(FIXTURE_ARGS),
	    .now_ms = 5000,
	    .minute = -1};
	struct errmsg why;

	CHECK(grant_covers(&g, &c, &why) == OK);
	c.tool = "notes.save";
	CHECK(grant_covers(&g, &c, &why) == ERR_DENIED);
	c.tool = "notes.delete";
	c.effect = "money";
	CHECK(grant_covers(&g, &c, &why) == ERR_DENIED);
	c.effect = "system";
	c.manifest = &other;
	CHECK(grant_covers(&g, &c, &why) == ERR_DENIED);
}
