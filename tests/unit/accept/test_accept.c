/* SPDX-License-Identifier: Apache-2.0 */
#include "accept/accept.h"

#include <string.h>

#include "check.h"
#include "crypto/crypto.h"

static void
check_setup(void)
{
	crypto_open();
}

#define PIN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KEY "3123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NEW "2123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD(version, effect)                                                  \
	"{\"name\":\"home\",\"version\":\"" version                            \
	"\",\"transport\":\"home\",\"description\":\"The devices\","           \
	"\"functions\":{\"set\":{\"effect\":\"" effect                         \
	"\",\"about\":\"Change\",\"args\":{\"action\":{\"type\":\"string\"}}}" \
	"},\"devices\":["
#define ROW(entity, effect, pin)                                               \
	"{\"entity\":\"" entity "\",\"effect\":\"" effect "\",\"pin\":\"" pin  \
	"\"}"
#define LAMP ROW("light.lamp", "reversible", PIN)
#define DOOR ROW("lock.door", "physical", KEY)

static const char before[] = HEAD("1", "physical") LAMP "," DOOR "]}";

/* What a browser's command with these is told. */
static enum err
accepts(const char *tool, const char *old, const char *text)
{
	static struct trust t;
	struct json *body = json_object();
	struct errmsg why = {""};
	struct digest d;
	enum err e;

	memset(&t, 0, sizeof(t));
	crypto_hash(before, strlen(before), &d);
	REQUIRE(trust_set_tool(&t, "home", &d) == OK);
	REQUIRE(trust_set_tool(&t, "notes", &d) == OK);
	json_put_str(body, "tool", tool);
	json_put_str(body, "before", old);
	json_put_str(body, "manifest", text);
	e = accept_check(&t, body, &why);
	CHECK((e == OK) == (why.text[0] == '\0'));
	json_free(body);
	return e;
}

TEST(what_is_new_may_come)
{
	CHECK_INT(accepts("home", before,
		      HEAD("2", "physical") LAMP
		      "," DOOR "," ROW("fan.a", "reversible", OTHER) "," ROW(
			  "switch.b", "physical", NEW) "]}"),
	    OK);
	/* In another place, and written otherwise. */
	CHECK_INT(accepts("home", before,
		      HEAD("9", "physical") DOOR
		      ", { \"pin\":\"" PIN "\",\"effect\":"
		      "\"reversible\",\"entity\":\"light.lamp\"}]}"),
	    OK);
}

TEST(only_what_is_harmless_goes_unasked)
{
	const char *const harmless[] = {
	    "light.a", "fan.a", "humidifier.a", NULL};
	const char *const others[] = {"lock.a", "switch.a", "cover.a",
	    "siren.a", "valve.a", "lights.a", "light_.a",
	    "alarm_control_panel.a", NULL};
	char text[1024];
	size_t i;

	for (i = 0; harmless[i] != NULL; i++) {
		snprintf(text, sizeof(text),
		    "%s" LAMP "," DOOR
		    ",{\"entity\":\"%s\",\"effect\":\"reversible\",\"pin\":"
		    "\"" NEW "\"}]}",
		    HEAD("2", "physical"), harmless[i]);
		CHECK_INT(accepts("home", before, text), OK);
	}
	for (i = 0; others[i] != NULL; i++) {
		snprintf(text, sizeof(text),
		    "%s" LAMP "," DOOR
		    ",{\"entity\":\"%s\",\"effect\":\"reversible\",\"pin\":"
		    "\"" NEW "\"}]}",
		    HEAD("2", "physical"), others[i]);
		CHECK_INT(accepts("home", before, text), ERR_DENIED);
	}
}

TEST(nothing_of_before_is_lost_or_changed)
{
	const char *const wrong[] = {HEAD("2", "physical") LAMP "]}",
	    HEAD("2", "physical") DOOR "]}", HEAD("2", "physical") "]}",
	    HEAD("2", "physical") LAMP
	    "," ROW("lock.door", "reversible", KEY) "]}",
	    HEAD("2", "physical") LAMP
	    "," ROW("lock.door", "physical", OTHER) "]}",
	    HEAD("2", "read") LAMP "," DOOR "]}",
	    HEAD("2", "physical") LAMP "," DOOR "],\"idle_s\":60}",
	    HEAD("2", "physical") LAMP "," DOOR "," LAMP "]}", "{}", "", "[1",
	    NULL};
	size_t i;

	for (i = 0; wrong[i] != NULL; i++)
		CHECK_INT(accepts("home", before, wrong[i]), ERR_DENIED);
}

TEST(it_is_what_the_table_names_that_grows)
{
	static const char less[] = HEAD("1", "physical") LAMP "]}";
	static const char more[] = HEAD("2", "physical") LAMP "," DOOR "]}";

	CHECK_INT(accepts("home", less, more), ERR_STATE);
	CHECK_INT(accepts("home", "", more), ERR_STATE);
	CHECK_INT(accepts("notes", before, more), ERR_DENIED);
	CHECK_INT(accepts("", before, more), ERR_DENIED);
}

/* A lock under a lamp's name would be judged as a lamp. */
TEST(one_thing_has_one_name)
{
	CHECK_INT(accepts("home", before,
		      HEAD("2", "physical") LAMP
		      "," DOOR "," ROW("light.b", "reversible", KEY) "]}"),
	    ERR_DENIED);
	CHECK_INT(accepts("home", before,
		      HEAD("2", "physical") ROW(
			  "light.b", "reversible", KEY) "," LAMP "," DOOR "]}"),
	    ERR_DENIED);
	CHECK_INT(accepts("home", before,
		      HEAD("2", "physical") LAMP
		      "," DOOR "," ROW("light.b", "reversible", NEW) "," ROW(
			  "light.c", "reversible", NEW) "]}"),
	    ERR_DENIED);
}
