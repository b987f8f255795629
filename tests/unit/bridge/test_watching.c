/* SPDX-License-Identifier: Apache-2.0 */
/* The bridge listens for automations that an owner signed, and for no other. */
#include <stdio.h>
#include <string.h>

#include "bridge/bridge_priv.h"
#include "check.h"
#include "crypto/crypto.h"
#include "fake_peers.h"

#define DOCUMENT(name, topic)                                                  \
	"{\"format\":2,\"name\":\"" name "\",\"then\":{\"goal\":\"go\"},"      \
	"\"when\":{\"below\":5,\"extract\":\"{{ value_json.w }}\","            \
	"\"topic\":\"" topic "\",\"type\":\"number\"}}"
#define WASHER DOCUMENT("washer", "washer/power")
#define OTHER DOCUMENT("washer", "other/power")

/* The core is there, and keeps up. */
bool
peers_have(const struct peers *p, enum role peer)
{
	(void)p;
	return peer == ROLE_CORE;
}

bool
peers_is_behind(const struct peers *p, enum role peer)
{
	(void)p;
	(void)peer;
	return false;
}

static struct bridge b;
static struct trust trust;

static void
check_setup(void)
{
	struct key *box;

	crypto_open();
	box = key_generate();
	key_public(box, &trust.box_key);
	key_free(box);
	b.peers = &fake_peers;
	b.verifier = verifier_new("00", NULL);
}

/* The vault's word. */
static void
trust_it(const char *name, const char *document)
{
	struct json *table;
	struct digest d;

	if (document == NULL) {
		CHECK(trust_unset_automation(&trust, name) == OK);
	} else {
		crypto_hash(document, strlen(document), &d);
		CHECK(trust_set_automation(&trust, name, &d) == OK);
	}
	table = trust_write(&trust);
	REQUIRE(verifier_put_trust(b.verifier, table) == OK);
	json_free(table);
	watching_settle(&b);
}

/* Core's. */
static void
name_it(const char *name, const char *document)
{
	struct json *body = json_object();
	struct msg m = {.type = MSG_HOME_TOPIC,
	    .body = body,
	    .bulk = document,
	    .bulk_len = strlen(document)};

	json_put_str(body, "name", name);
	watching_on_topic(&b, &m);
	json_free(body);
}

static bool
listens(const char *topic)
{
	return topics_find(&b, topic) != NULL;
}

/* What core hears of it: a number, or -1 for none and -2 for nothing. */
static double
said(const char *topic, const char *payload)
{
	struct mqtt_message m = {
	    .topic = topic, .payload = payload, .len = strlen(payload)};
	const struct json *body;
	double n = -1;

	fake_forget();
	things_hear(&b, &m);
	telling_go_on(&b);
	body = fake_last(MSG_HOME_SAID);
	CHECK(fake_count(MSG_HOME_ENTITY) == 0);
	if (body == NULL)
		return -2;
	CHECK_STR(json_words(body, "name"), "washer");
	CHECK(json_has(body, "value") != json_flag(body, "unread"));
	if (json_has(body, "value"))
		n = json_double(json_get(body, "value"));
	return n;
}

TEST(nothing_is_listened_to_that_is_not_in_the_table)
{
	name_it("washer", WASHER);
	CHECK(!listens("washer/power"));
	trust_it("washer", OTHER);
	CHECK(!listens("washer/power"));
	name_it("other", OTHER);
	CHECK(!listens("other/power"));
	trust_it("other", OTHER);
	CHECK(!listens("other/power"));
	trust_it("washer", WASHER);
	CHECK(listens("washer/power"));
	name_it("washer", OTHER);
	CHECK(!listens("washer/power") && !listens("other/power"));
	trust_it("washer", OTHER);
	CHECK(listens("other/power"));
	trust_it("washer", NULL);
	trust_it("other", NULL);
	CHECK(!listens("other/power"));
}

TEST(core_hears_a_value_when_it_changes_and_no_payload)
{
	trust_it("washer", WASHER);
	name_it("washer", WASHER);
	REQUIRE(listens("washer/power"));
	CHECK(said("washer/power", "{\"w\": 7}") == 7);
	CHECK(said("washer/power", "{\"w\": 7, \"v\": 230}") == -2);
	CHECK(said("washer/power", "{\"v\": 230}") == -2);
	CHECK(said("washer/power", "{\"w\": \"wet\"}") == -1);
	CHECK(said("washer/power", "{\"w\": \"soaked\"}") == -2);
	CHECK(said("washer/power", "{\"w\": 4}") == 4);
	CHECK(said("washer/power", "\xff") == -1);
	CHECK(said("washer/power", "{\"w\": 4}") == 4);
	CHECK(said("washer/other", "{\"w\": 9}") == -2);
	/* Signed anew as it is, it is told again. */
	fake_forget();
	name_it("washer", WASHER);
	telling_go_on(&b);
	REQUIRE(fake_last(MSG_HOME_SAID) != NULL);
	CHECK(json_double(json_get(fake_last(MSG_HOME_SAID), "value")) == 4);
	/* Without a broker nobody knows it. */
	fake_forget();
	things_forget_states(&b);
	telling_go_on(&b);
	REQUIRE(fake_last(MSG_HOME_SAID) != NULL);
	CHECK(!json_has(fake_last(MSG_HOME_SAID), "value"));
	CHECK(!json_flag(fake_last(MSG_HOME_SAID), "unread"));
	trust_it("washer", NULL);
	CHECK(said("washer/power", "{\"w\": 1}") == -2);
}

TEST(one_that_counts_keeps_its_place_when_core_names_many)
{
	char name[16];
	size_t i;

	trust_it("washer", WASHER);
	name_it("washer", WASHER);
	for (i = 0; i < 2 * BRIDGE_WATCHED_MAX; i++) {
		snprintf(name, sizeof(name), "a%zu", i);
		name_it(name, OTHER);
	}
	CHECK(listens("washer/power") && !listens("other/power"));
	for (i = 0; i < 2 * BRIDGE_WATCHED_MAX; i++) {
		snprintf(name, sizeof(name), "a%zu", i);
		name_it(name, "");
	}
	CHECK(listens("washer/power"));
	name_it("washer", "");
	CHECK(!listens("washer/power"));
	trust_it("washer", NULL);
}

/* As it is when the core is there sooner than the vault. */
TEST(all_that_came_before_the_table_are_listened_to)
{
	name_it("bell", DOCUMENT("bell", "bell"));
	name_it("washer", WASHER);
	trust_it("bell", DOCUMENT("bell", "bell"));
	trust_it("washer", WASHER);
	CHECK(listens("washer/power") && listens("bell"));
}
