/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "check.h"
#include "crypto/crypto.h"
#include "tool/manifest.h"

static void
check_setup(void)
{
	crypto_open();
}

#define PIN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define DEVICE(entity, effect)                                                 \
	"{\"effect\":\"" effect "\",\"entity\":\"" entity "\",\"pin\":\"" PIN  \
	"\"}"
#define HOME(name, devices)                                                    \
	"{\"name\":\"" name "\",\"version\":\"1\",\"transport\":\"home\","     \
	"\"functions\":{\"set\":{\"effect\":\"physical\",\"args\":{"           \
	"\"entity\":{\"type\":\"string\",\"required\":true,\"max\":64}}}},"    \
	"\"devices\":[" devices "]}"

#define ROW(more)                                                              \
	"{\"effect\":\"physical\",\"entity\":\"lock.a\",\"pin\":\"" PIN        \
	"\"," more "}"
#define EIGHT "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\""

static enum err
parse(const char *text, struct manifest **ret)
{
	struct errmsg why;

	return manifest_parse(text, strlen(text), ret, &why);
}

static enum effect
effect_of(const struct manifest *m, const char *text)
{
	struct json *args;
	enum effect e;

	if (json_parse(text, strlen(text), &args) != OK)
		abort();
	e = manifest_effect(m, manifest_function(m, "set"), args);
	json_free(args);
	return e;
}

TEST(the_effect_of_a_call_is_that_of_its_device)
{
	struct manifest *m;

	REQUIRE(parse(HOME("home",
			  DEVICE("light.a", "reversible") "," DEVICE(
			      "lock.b", "physical")),
		    &m) == OK);
	CHECK(manifest_is_home(m));
	CHECK(!manifest_is_contained(m));
	CHECK_INT(m->n_devices, 2);
	CHECK_INT(effect_of(m, "{\"entity\":\"light.a\"}"), EFFECT_REVERSIBLE);
	CHECK_INT(effect_of(m, "{\"entity\":\"lock.b\"}"), EFFECT_PHYSICAL);
	CHECK(manifest_device(m, "light.c") == NULL);
	manifest_free(m);
}

TEST(the_effect_of_several_is_the_strictest_of_theirs)
{
	struct manifest *m;

	REQUIRE(parse(HOME("home",
			  DEVICE("light.a", "reversible") "," DEVICE("light.c",
			      "reversible") "," DEVICE("lock.b", "physical")),
		    &m) == OK);
	CHECK_INT(effect_of(m, "{\"entities\":\"light.a,light.c\"}"),
	    EFFECT_REVERSIBLE);
	CHECK_INT(
	    effect_of(m, "{\"entities\":\"light.a,lock.b\"}"), EFFECT_PHYSICAL);
	CHECK_INT(effect_of(m, "{\"entities\":\"light.a,light.d\"}"),
	    EFFECT_PHYSICAL);
	CHECK_INT(effect_of(m, "{\"entities\":\"light.a,light.a\"}"),
	    EFFECT_PHYSICAL);
	CHECK_INT(
	    effect_of(m, "{\"entities\":\"light.a\",\"entity\":\"light.a\"}"),
	    EFFECT_PHYSICAL);
	manifest_free(m);
}

TEST(a_call_of_what_is_not_accepted_has_the_strict_effect)
{
	struct manifest *m;

	REQUIRE(parse(HOME("home", DEVICE("light.a", "reversible")), &m) == OK);
	CHECK_INT(effect_of(m, "{\"entity\":\"light.b\"}"), EFFECT_PHYSICAL);
	CHECK_INT(effect_of(m, "{\"entity\":1}"), EFFECT_PHYSICAL);
	CHECK_INT(effect_of(m, "{}"), EFFECT_PHYSICAL);
	manifest_free(m);
}

TEST(what_commands_a_device_stands_with_it)
{
	struct manifest *m;

	REQUIRE(parse(HOME("home",
			  DEVICE("light.a", "reversible") "," ROW(
			      "\"topics\":[\"gate/set\",\"b\"],"
			      "\"device\":\"0x01\"")),
		    &m) == OK);
	CHECK_INT(m->devices[0].n_topics, 0);
	CHECK(m->devices[0].of == NULL);
	CHECK_INT(m->devices[1].n_topics, 2);
	CHECK_STR(m->devices[1].topics[0], "gate/set");
	CHECK_STR(m->devices[1].of, "0x01");
	manifest_free(m);
}

TEST(a_home_that_is_malformed_is_refused)
{
	static const char *const bad[] = {
	    HOME("house", DEVICE("light.a", "reversible")),
	    HOME("home", DEVICE("light", "reversible")),
	    HOME("home", DEVICE("light.a.b", "reversible")),
	    HOME("home", DEVICE("light.", "reversible")),
	    HOME("home", DEVICE("Light.a", "reversible")),
	    HOME("home", DEVICE("light.a", "read")),
	    HOME("home", DEVICE("light.a", "money")),
	    HOME("home",
		DEVICE("light.a", "reversible") "," DEVICE(
		    "light.a", "physical")),
	    HOME("home",
		"{\"effect\":\"physical\",\"entity\":\"light.a\","
		"\"pin\":\"00\"}"),
	    HOME("home", "{\"entity\":\"light.a\",\"pin\":\"" PIN "\"}"),
	    HOME("home", "1"),
	    HOME("home", ROW("\"topics\":\"a\"")),
	    HOME("home", ROW("\"topics\":[1]")),
	    HOME("home", ROW("\"topics\":[\"\"]")),
	    HOME("home", ROW("\"topics\":[" EIGHT "," EIGHT ",\"a\",\"b\"]")),
	    HOME("home", ROW("\"device\":\"\"")),
	    HOME("home", ROW("\"device\":1")),
	};
	struct manifest *m = NULL;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK(parse(bad[i], &m) != OK);
	}
	CHECK(m == NULL);
}

TEST(a_home_holds_so_many_devices)
{
	struct manifest *m;
	struct buf b;
	int i;

	buf_init(&b, 128 * 1024);
	buf_adds(&b,
	    "{\"name\":\"home\",\"version\":\"1\",\"transport\":\"home\","
	    "\"functions\":{\"set\":{\"effect\":\"physical\"}},"
	    "\"devices\":[");
	for (i = 0; i < HOME_ACCEPTED_MAX; i++)
		buf_addf(&b,
		    "%s{\"effect\":\"physical\",\"entity\":\"light.n%d\","
		    "\"pin\":\"" PIN "\"}",
		    i > 0 ? "," : "", i);
	buf_adds(&b, "]}");
	CHECK(b.len <= MANIFEST_MAX);
	REQUIRE(parse(b.p, &m) == OK);
	CHECK_INT(m->n_devices, HOME_ACCEPTED_MAX);
	manifest_free(m);
	buf_done(&b);
}
