/* SPDX-License-Identifier: Apache-2.0 */
#include "plain/plain.h"

#include "base/log.h"
#include "check.h"

static void
check_setup(void)
{
}

#define ROW(entity, name)                                                      \
	"{\"area\":\"Kitchen\",\"entity\":\"" entity "\",\"name\":\"" name "\"}"

static const char home[] =
    "[" ROW("light.kitchen", "Kitchen light") "," ROW("lock.front_door",
	"Front door") "," ROW("cover.blind", "Blind") "," ROW("climate.bath",
	"Bath heating") "," ROW("light.lamp_1", "Lamp") "," ROW("light.lamp_2",
	"Lamp") "," ROW("lock.haustuer", "Haustür") "]";

/* "TOOL ARGS", "? ID, ID", or "nothing". */
static const char *
meant(const char *goal)
{
	static char said[512];
	struct plain_call c;
	struct json *v;
	enum err e;
	char *args;

	if (json_parse(home, strlen(home), &v) != OK)
		abort();
	e = plain_understand(v, goal, &c);
	json_free(v);
	if (e != OK)
		return "nothing";
	args = c.args != NULL ? json_print(c.args) : NULL;
	snprintf(said, sizeof(said), "%s %s", c.tool != NULL ? c.tool : "?",
	    args != NULL ? args : c.which);
	free(args);
	plain_call_done(&c);
	return said;
}

TEST(a_sentence_is_a_call_about_one_thing)
{
	CHECK_STR(meant("turn on the kitchen light"),
	    "home.set {\"entity\":\"light.kitchen\",\"action\":\"turn_on\"}");
	CHECK_STR(meant("Turn the kitchen light off, please!"),
	    "home.set {\"entity\":\"light.kitchen\",\"action\":\"turn_off\"}");
	CHECK_STR(meant("set the kitchen light to 40 %"),
	    "home.set {\"entity\":\"light.kitchen\",\"action\":\"set_"
	    "brightness\",\"values\":\"brightness=40\"}");
	CHECK_STR(meant("close the blind"),
	    "home.set {\"entity\":\"cover.blind\",\"action\":\"close\"}");
	CHECK_STR(meant("set the blind to fifty percent"),
	    "home.set {\"entity\":\"cover.blind\",\"action\":\"set_position\","
	    "\"values\":\"position=50\"}");
}

TEST(to_turn_a_lock_off_is_to_unlock_it)
{
	CHECK_STR(meant("unlock the front door"),
	    "home.set {\"entity\":\"lock.front_door\",\"action\":\"unlock\"}");
	CHECK_STR(meant("lock the front door"),
	    "home.set {\"entity\":\"lock.front_door\",\"action\":\"lock\"}");
	CHECK_STR(meant("is the front door locked?"),
	    "home.get {\"entity\":\"lock.front_door\"}");
}

TEST(german_is_understood_as_well)
{
	CHECK_STR(meant("schließe die Haustür auf"),
	    "home.set {\"entity\":\"lock.haustuer\",\"action\":\"unlock\"}");
	CHECK_STR(meant("ist die haustur abgeschlossen?"),
	    "home.get {\"entity\":\"lock.haustuer\"}");
}

TEST(of_two_that_are_called_so_none_is_taken)
{
	CHECK_STR(meant("turn on the lamp"), "? light.lamp_1, light.lamp_2");
}

TEST(a_room_and_a_kind_are_many_things)
{
	CHECK_STR(meant("turn off all the lights in the kitchen"),
	    "home.set {\"area\":\"Kitchen\",\"kind\":\"light\","
	    "\"action\":\"turn_off\"}");
	CHECK_STR(meant("set the kitchen lights to 40 %"),
	    "home.set {\"area\":\"Kitchen\",\"kind\":\"light\","
	    "\"action\":\"set_brightness\",\"values\":\"brightness=40\"}");
	CHECK_STR(meant("schalte alle Lichter in der Kitchen aus"),
	    "home.set {\"area\":\"Kitchen\",\"kind\":\"light\","
	    "\"action\":\"turn_off\"}");
	CHECK_STR(meant("turn off all the lights"),
	    "home.set {\"kind\":\"light\",\"action\":\"turn_off\"}");
	CHECK_STR(meant("mache alle Lichter aus"),
	    "home.set {\"kind\":\"light\",\"action\":\"turn_off\"}");
}

TEST(a_thing_is_called_by_its_other_names)
{
	static const char text[] =
	    "[{\"aliases\":[\"Leselampe\",\"big lamp\"],\"area\":\"\","
	    "\"entity\":\"light.l\",\"name\":\"Lamp 7\"}]";
	struct plain_call c;
	struct json *v;

	REQUIRE(json_parse(text, strlen(text), &v) == OK);
	REQUIRE(plain_understand(v, "turn on the big lamp", &c) == OK);
	CHECK_STR(json_words(c.args, "entity"), "light.l");
	plain_call_done(&c);
	REQUIRE(plain_understand(v, "schalte die leselampe aus", &c) == OK);
	CHECK_STR(json_words(c.args, "action"), "turn_off");
	plain_call_done(&c);
	json_free(v);
}

TEST(what_is_no_sentence_about_a_thing_is_nothing)
{
	static const char *const others[] = {"turn on the radio",
	    "turn on the lights in the garden", "close all garage doors",
	    "close the blinds in the kitchen", "is any light on?",
	    "what is the weather", "save a note: turn on the kitchen light", "",
	    "the front door"};
	struct plain_call c;
	size_t i;

	for (i = 0; i < ARRAY_LEN(others); i++) {
		CASE(others[i]);
		CHECK_STR(meant(others[i]), "nothing");
	}
	CHECK_INT(plain_understand(NULL, "turn on the kitchen light", &c),
	    ERR_NOTFOUND);
}
