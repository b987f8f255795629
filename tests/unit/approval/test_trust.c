/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/trust.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "fixture.h"

static void
check_setup(void)
{
	fixture_open();
	atexit(fixture_close);
}

static struct client
new_client(const char *name, enum client_role role)
{
	struct client c = {.role = role};
	struct key *k = key_generate();

	key_public(k, &c.key);
	key_free(k);
	public_id(&c.key, &c.id);
	memcpy(c.name, name, strlen(name));
	return c;
}

TEST(the_last_owner_cannot_be_revoked)
{
	static struct trust t;
	struct client second = new_client("second", CLIENT_OWNER);

	t = trust;
	CHECK(trust_revoke(&t, &t.clients[WHO_OWNER].id) == ERR_STATE);
	CHECK(!t.clients[WHO_OWNER].revoked);
	CHECK(trust_add_client(&t, &second) == OK);
	CHECK(trust_revoke(&t, &t.clients[WHO_OWNER].id) == OK);
	CHECK(t.clients[WHO_OWNER].revoked);
	CHECK(trust_revoke(&t, &second.id) == ERR_STATE);
	CHECK(trust_revoke(&t, &t.clients[WHO_OWNER].id) == ERR_NOTFOUND);
	CHECK(trust_revoke(&t, &t.clients[WHO_APPROVER].id) == OK);
}

/* An owner's browser neither pairs nor changes rules: alone it would be locked
 * out for good. */
TEST(the_last_owner_of_a_command_line_cannot_be_revoked)
{
	static struct trust t;
	struct client page = new_client("page", CLIENT_OWNER);
	struct client other = new_client("other", CLIENT_OWNER);
	struct client second = new_client("second", CLIENT_OWNER);

	t = trust;
	page.kind = other.kind = CLIENT_BROWSER;
	REQUIRE(trust_add_client(&t, &page) == OK);
	REQUIRE(trust_add_client(&t, &other) == OK);
	CHECK(trust_revoke(&t, &t.clients[WHO_OWNER].id) == ERR_STATE);
	CHECK(!t.clients[WHO_OWNER].revoked);
	CHECK(trust_revoke(&t, &other.id) == OK);
	REQUIRE(trust_add_client(&t, &second) == OK);
	CHECK(trust_revoke(&t, &t.clients[WHO_OWNER].id) == OK);
	CHECK(trust_revoke(&t, &second.id) == ERR_STATE);
	CHECK(trust_revoke(&t, &page.id) == OK);
}

TEST(a_tombstone_keeps_its_key_and_its_name_out_for_good)
{
	static struct trust t;
	struct client c = new_client("tablet", CLIENT_APPROVER);
	const struct client *found = NULL;

	t = trust;
	CHECK(trust_add_client(&t, &c) == OK);
	CHECK(trust_live_client(&t, &c.id, 5000, &found) == OK);
	CHECK_STR(found->name, "tablet");
	CHECK(trust_revoke(&t, &c.id) == OK);
	CHECK(trust_live_client(&t, &c.id, 5000, &found) == ERR_DENIED);
	CHECK(trust_client(&t, &c.id) != NULL);
	CHECK(trust_client_by_name(&t, "tablet") == NULL);
	CHECK(trust_add_client(&t, &c) == ERR_EXISTS);
	memcpy(c.name, "other", 6);
	CHECK(trust_add_client(&t, &c) == ERR_EXISTS);
	c = new_client("tablet", CLIENT_VIEWER);
	CHECK(trust_add_client(&t, &c) == ERR_EXISTS);
	c = new_client("tablet-2", CLIENT_VIEWER);
	CHECK(trust_add_client(&t, &c) == OK);
}

TEST(a_client_is_live_until_its_end_and_after_it_is_put_off)
{
	static struct trust t;
	const struct digest *id = &trust.clients[WHO_APPROVER].id;
	const struct client *found = NULL;

	t = trust;
	CHECK_INT(trust_extend(&t, "phone", 2000, 1000), OK);
	CHECK_INT(trust_live_client(&t, id, 1999, &found), OK);
	CHECK_INT(trust_live_client(&t, id, 2000, &found), ERR_EXPIRED);
	CHECK(!client_may_answer(found, S("notes.delete"), 2000));
	t.clients[WHO_APPROVER].term.ended = true;
	CHECK_INT(trust_live_client(&t, id, 1000, &found), ERR_EXPIRED);
	CHECK_INT(trust_extend(&t, "phone", 9000, 3000), OK);
	CHECK_INT(trust_live_client(&t, id, 8999, &found), OK);
	CHECK(client_may_answer(found, S("notes.delete"), 8999));
	CHECK_INT(trust_extend(&t, "phone", 0, 3000), OK);
	CHECK_INT(trust_live_client(&t, id, INT64_MAX, &found), OK);
	CHECK_INT(trust_extend(&t, "phone", 3000, 3000), ERR_INPUT);
	CHECK_INT(trust_extend(&t, "phone", -1, 3000), ERR_INPUT);
	CHECK_INT(
	    trust_extend(&t, "phone", 3001 + TERM_MS_MAX, 3000), ERR_INPUT);
	CHECK_INT(trust_extend(&t, "nobody", 9000, 3000), ERR_NOTFOUND);
	CHECK_INT(trust_revoke(&t, id), OK);
	CHECK_INT(trust_extend(&t, "phone", 9000, 3000), ERR_NOTFOUND);
	CHECK_INT(trust_live_client(&t, id, 8999, &found), ERR_DENIED);
}

TEST(one_owner_has_no_end)
{
	static struct trust t;
	struct client second = new_client("second", CLIENT_OWNER);
	struct client third = new_client("third", CLIENT_OWNER);

	t = trust;
	CHECK_INT(trust_extend(&t, "console", 2000, 1000), ERR_STATE);
	third.term.until_ms = 5000;
	REQUIRE(trust_add_client(&t, &third) == OK);
	/* Who has an end is no reason to let the last one go. */
	CHECK_INT(trust_revoke(&t, &t.clients[WHO_OWNER].id), ERR_STATE);
	/* Nor is who keeps its key in a browser, which pairs nobody. */
	second.kind = CLIENT_BROWSER;
	REQUIRE(trust_add_client(&t, &second) == OK);
	CHECK_INT(trust_revoke(&t, &t.clients[WHO_OWNER].id), ERR_STATE);
	t.clients[t.n_clients - 1].kind = CLIENT_CLI;
	CHECK_INT(trust_extend(&t, "console", 2000, 1000), ERR_STATE);
	CHECK_INT(trust_revoke(&t, &t.clients[WHO_OWNER].id), OK);
	CHECK_INT(trust_extend(&t, "second", 2000, 1000), ERR_STATE);
	CHECK_INT(trust_revoke(&t, &second.id), ERR_STATE);
	CHECK_INT(trust_extend(&t, "third", 0, 1000), OK);
	CHECK_INT(trust_extend(&t, "second", 2000, 1000), OK);
}

TEST(a_live_name_is_taken)
{
	static struct trust t;
	struct client c = new_client("console", CLIENT_VIEWER);

	t = trust;
	CHECK(trust_add_client(&t, &c) == ERR_EXISTS);
	CHECK_INT(t.n_clients, trust.n_clients);
}

TEST(the_tables_have_limits)
{
	static struct trust t;
	struct client c = new_client("x", CLIENT_VIEWER);
	struct digest d = {{1}};
	char name[16];
	int i;

	t = trust;
	for (i = 0; t.n_clients < CLIENTS_MAX; i++) {
		snprintf(c.name, sizeof(c.name), "c%d", i);
		c.id.b[0] = (uint8_t)i;
		c.id.b[1] ^= 1;
		REQUIRE(trust_add_client(&t, &c) == OK);
	}
	memcpy(c.name, "last", 5);
	c.id.b[2] ^= 1;
	CHECK(trust_add_client(&t, &c) == ERR_LIMIT);
	for (i = 0; i < TOOLS_MAX; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		REQUIRE(trust_set_tool(&t, name, &d) == OK);
	}
	CHECK(trust_set_tool(&t, "last", &d) == ERR_LIMIT);
	d.b[0] = 2;
	CHECK(trust_set_tool(&t, "t0", &d) == OK);
	CHECK_INT(trust_tool(&t, "t0")->manifest.b[0], 2);
	CHECK(trust_tool(&t, "last") == NULL);
}

TEST(who_may_approve)
{
	int who;

	for (who = 0; who <= WHO_PROGRAM; who++)
		CHECK(client_may_approve(&trust.clients[who]) ==
		    (who <= WHO_APPROVER));
	for (who = 0; who < CLIENT_ROLE_COUNT; who++)
		CHECK_INT(client_role_by_name(
			      client_role_name((enum client_role)who)),
		    who);
	CHECK_INT(client_role_by_name("root"), CLIENT_ROLE_COUNT);
	CHECK_STR(client_role_name(CLIENT_ROLE_COUNT), "unknown");
}

TEST(the_table_reads_back_from_its_json)
{
	static struct trust t;
	static struct trust r;
	struct digest d = {{9}};
	struct json *v;

	t = trust;
	CHECK(trust_set_tool(&t, "notes", &d) == OK);
	t.clients[WHO_VIEWER].term =
	    (struct term){.until_ms = 77, .ended = true, .scope = "notes.*"};
	v = trust_write(&t);
	REQUIRE(trust_read(v, &r) == OK);
	json_free(v);
	CHECK(memcmp(&t.box, &r.box, sizeof(t.box)) == 0);
	CHECK_INT(r.n_clients, t.n_clients);
	CHECK_INT(r.n_tools, 1);
	CHECK(memcmp(t.clients, r.clients, sizeof(t.clients)) == 0);
	CHECK_STR(r.tools[0].name, "notes");
	CHECK(digest_equal(&r.tools[0].manifest, &d));
}

/* The table's text with one piece replaced by another. */
static bool
reads_with(const char *piece, const char *other)
{
	static struct trust r;
	struct json *v = trust_write(&trust);
	char *text = json_print(v);
	const char *at = strstr(text, piece);
	struct buf b;
	bool good;

	json_free(v);
	buf_init(&b, 65536);
	REQUIRE(at != NULL);
	buf_add(&b, text, (size_t)(at - text));
	buf_adds(&b, other);
	buf_adds(&b, at + strlen(piece));
	free(text);
	REQUIRE(json_parse(b.p, b.len, &v) == OK);
	buf_done(&b);
	good = trust_read(v, &r) == OK;
	json_free(v);
	return good;
}

TEST(a_malformed_table_is_refused)
{
	CHECK(reads_with("\"owner\"", "\"owner\""));
	CHECK(!reads_with("\"owner\"", "\"root\""));
	CHECK(!reads_with("\"owner\"", "1"));
	CHECK(!reads_with("\"console\"", "\"Console\""));
	CHECK(!reads_with("\"console\"", "\"\""));
	CHECK(!reads_with("\"name\":\"console\"", "\"nome\":\"console\""));
	CHECK(!reads_with("{\"key\":\"04", "{\"key\":\"0"));
	CHECK(!reads_with("{\"key\":\"04", "{\"kex\":\"04"));
}

TEST(a_table_of_other_types_is_refused)
{
	static struct trust r;
	static const char *const bad[] = {"{}", "[]", "1", "{\"key\":1}"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		struct json *v;

		CASE(bad[i]);
		REQUIRE(json_parse(bad[i], strlen(bad[i]), &v) == OK);
		CHECK(trust_read(v, &r) != OK);
		json_free(v);
	}
	CASE("members of another type");
	CHECK(!reads_with("\"clients\":[", "\"clients\":\"none\",\"other\":["));
	CHECK(!reads_with("\"clients\":[", "\"other\":["));
	CHECK(!reads_with("\"tools\":[]", "\"tools\":{}"));
}

/* Anything but a clear no would bring a lost phone back. */
TEST(revoked_must_be_a_boolean)
{
	CHECK(!reads_with("\"revoked\":true", "\"revoked\":\"true\""));
	CHECK(!reads_with("\"revoked\":true", "\"revoked\":1"));
	CHECK(!reads_with("\"revoked\":true", "\"removed\":true"));
}

/* A client whose end nobody can read must not be one without. */
TEST(a_term_is_one_or_no_table_is_read)
{
	static const char *const bad[] = {"\"until_ms\":\"2000\"",
	    "\"until_ms\":0", "\"until_ms\":-5", "\"until_ms\":1.5",
	    "\"until_ms\":null", "\"ended\":1", "\"ended\":\"no\"",
	    "\"scope\":\"\"", "\"scope\":1", "\"scope\":\"notes.*,\"",
	    "\"scope\":\"a\\nallow b tool=*\""};
	char with[128];
	size_t i;

	CHECK(reads_with("\"revoked\":false",
	    "\"revoked\":false,\"until_ms\":2000,\"scope\":\"notes.*\""));
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		snprintf(with, sizeof(with), "\"revoked\":false,%s", bad[i]);
		CHECK(!reads_with("\"revoked\":false", with));
	}
}

TEST(a_table_from_before_there_were_terms_reads_and_writes_as_it_was)
{
	static struct trust r;
	struct json *v = trust_write(&trust);
	char *text = json_print(v);
	char *again;
	size_t i;

	CHECK(strstr(text, "until_ms") == NULL);
	CHECK(strstr(text, "scope") == NULL);
	REQUIRE(trust_read(v, &r) == OK);
	for (i = 0; i < r.n_clients; i++)
		CHECK(client_is_live(&r.clients[i], INT64_MAX) ==
		    !r.clients[i].revoked);
	json_free(v);
	v = trust_write(&r);
	again = json_print(v);
	CHECK_STR(again, text);
	json_free(v);
	free(text);
	free(again);
}

TEST(a_key_that_stands_twice_is_refused)
{
	static struct trust t;
	static struct trust r;
	struct json *v;

	t = trust;
	t.clients[t.n_clients] = t.clients[WHO_REVOKED];
	t.clients[t.n_clients++].revoked = false;
	v = trust_write(&t);
	CHECK(trust_read(v, &r) != OK);
	json_free(v);
}

TEST(a_tool_without_a_digest_has_none_and_the_others_keep_theirs)
{
	static struct trust t;
	struct digest d = {{1}};
	struct digest e = {{2}};

	t = trust;
	REQUIRE(trust_set_tool(&t, "lamp", &d) == OK);
	REQUIRE(trust_set_tool(&t, "mail", &e) == OK);
	CHECK(trust_unset_tool(&t, "lamp") == OK);
	CHECK(trust_tool(&t, "lamp") == NULL);
	CHECK(!trust_has_manifest(&t, "lamp", &d));
	CHECK(trust_has_manifest(&t, "mail", &e));
	CHECK(trust_unset_tool(&t, "lamp") == ERR_NOTFOUND);
	CHECK(trust_set_tool(&t, "lamp", &e) == OK);
	CHECK(trust_has_manifest(&t, "lamp", &e));
}

static enum err
revoke_grant(struct trust *t, int n, int64_t until_ms, int64_t now_ms)
{
	char id[TRUST_ID_SIZE];

	snprintf(id, sizeof(id), "%032x", (unsigned)n);
	return trust_revoke_grant(t, id, until_ms, now_ms);
}

static bool
is_revoked(const struct trust *t, int n)
{
	char id[TRUST_ID_SIZE];

	snprintf(id, sizeof(id), "%032x", (unsigned)n);
	return trust_is_revoked_grant(t, id);
}

TEST(a_clock_that_was_set_ahead_brings_no_revoked_grant_back)
{
	static struct trust t;
	int i;

	memset(&t, 0, sizeof(t));
	REQUIRE(revoke_grant(&t, 0, 2000, 1000) == OK);
	REQUIRE(revoke_grant(&t, 1, 9000, 5000) == OK);
	CHECK(is_revoked(&t, 0) && is_revoked(&t, 1));
	/* Only who takes the last place makes the one that ended first go. */
	for (i = 2; i < GRANTS_REVOKED_MAX; i++)
		REQUIRE(revoke_grant(&t, i, 9000, 5000) == OK);
	CHECK(is_revoked(&t, 0));
	REQUIRE(revoke_grant(&t, i, 9000, 5000) == OK);
	CHECK(!is_revoked(&t, 0) && is_revoked(&t, 1) && is_revoked(&t, i));
	CHECK(revoke_grant(&t, i + 1, 9000, 5000) == ERR_LIMIT);
	CHECK(is_revoked(&t, 1));
}

TEST(a_phones_certificate_stays_one_and_is_lent_nothing)
{
	static struct trust t;
	static struct trust again;
	struct json *v;

	t = trust;
	CHECK_INT(trust_lend(&t, "screen", "*", 2000, 1000), OK);
	t = trust;
	t.clients[WHO_VIEWER].kind = CLIENT_CERTIFICATE;
	CHECK_INT(trust_lend(&t, "screen", "*", 2000, 1000), ERR_STATE);
	v = trust_write(&t);
	CHECK_INT(trust_read(v, &again), OK);
	CHECK_INT(again.clients[WHO_VIEWER].kind, CLIENT_CERTIFICATE);
	CHECK_INT(again.clients[WHO_BROWSER].kind, CLIENT_BROWSER);
	CHECK_INT(again.clients[WHO_OWNER].kind, CLIENT_CLI);
	json_free(v);
}

TEST(automations_that_wait_for_a_topic_are_written_and_read)
{
	static struct trust t;
	static struct trust back;
	struct digest one = {{1}};
	struct digest other = {{2}};
	struct json *v;
	char name[16];
	size_t i;

	t = trust;
	v = trust_write(&t);
	CHECK(!json_has(v, "automations"));
	json_free(v);
	CHECK(trust_set_automation(&t, "Washer", &one) == ERR_INPUT);
	CHECK(trust_set_automation(&t, "", &one) == ERR_INPUT);
	CHECK(trust_set_automation(&t, "washer", &one) == OK);
	CHECK(trust_set_automation(&t, "bell", &one) == OK);
	CHECK(trust_set_automation(&t, "washer", &other) == OK);
	CHECK(trust_unset_automation(&t, "none") == ERR_NOTFOUND);
	v = trust_write(&t);
	REQUIRE(trust_read(v, &back) == OK);
	json_free(v);
	CHECK(back.n_automations == 2);
	REQUIRE(trust_automation(&back, "washer") != NULL);
	CHECK(
	    digest_equal(&trust_automation(&back, "washer")->document, &other));
	CHECK(trust_unset_automation(&back, "washer") == OK);
	CHECK(trust_automation(&back, "washer") == NULL);
	CHECK(trust_automation(&back, "bell") != NULL);
	for (i = 1; i < AUTOMATION_TOPICS_MAX; i++) {
		snprintf(name, sizeof(name), "a%zu", i);
		CHECK(trust_set_automation(&back, name, &one) == OK);
	}
	CHECK(trust_set_automation(&back, "more", &one) == ERR_LIMIT);
	CHECK(trust_set_automation(&back, "bell", &other) == OK);
}
