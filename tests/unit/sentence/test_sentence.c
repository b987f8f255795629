/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

TEST(what_may_be_left_out_is_left_out)
{
	ONE("'turn on [the] light[s] [please now]'", "", "");
	CHECK_STR(meant("turn on light"), "I");
	CHECK_STR(meant("Turn on the lights please now"), "I");
	CHECK_STR(meant("turn on thelights"), "nothing");
	CHECK_STR(meant("turn on lights please"), "nothing");
	CHECK_STR(meant("turn onlight"), "nothing");
	CHECK_STR(meant("turn on light x"), "nothing");
	CHECK_STR(meant("x turn on light"), "nothing");
	CHECK_STR(meant(""), "nothing");
}

TEST(one_of_several_and_all_in_any_sequence)
{
	ONE("'(open|close up) it'", "", "");
	CHECK_STR(meant("open it"), "I");
	CHECK_STR(meant("close up it"), "I");
	CHECK_STR(meant("close it"), "nothing");
	ONE("'is (it;[very] warm;{area})'", "", "");
	CHECK_STR(meant("is it warm kitchen"), "I area=Kitchen");
	CHECK_STR(meant("is kitchen very warm it"), "I area=Kitchen");
	CHECK_STR(meant("is warm kitchen it"), "I area=Kitchen");
	CHECK_STR(meant("is it kitchen"), "nothing");
	CHECK_STR(meant("is it it warm"), "nothing");
}

TEST(escaped_signs_stand_for_themselves)
{
	ONE("'say \\\\(hi\\\\) \\\\{x\\\\}'", "", "");
	CHECK_STR(meant("say (hi) {x}"), "I");
	CHECK_STR(meant("say hi"), "nothing");
}

TEST(values_of_lists_go_into_slots)
{
	ONE("'paint it {color:paint} {n:how}'", "",
	    ",'lists':{'color':{'values':['red',{'in':'(blue|azure)',"
	    "'out':'blue'},{'in':'dark[ green]'}]},'n':{'values':["
	    "{'in':'once','out':1},{'in':'often','out':['a','b']},"
	    "{'in':'always','out':true}]}}");
	CHECK_STR(meant("paint it red once"), "I paint=red how=1");
	CHECK_STR(
	    meant("paint it AZURE often"), "I paint=blue how=[\"a\",\"b\"]");
	CHECK_STR(
	    meant("paint it Dark Green always"), "I paint=Dark Green how=true");
	CHECK_STR(meant("paint it once"), "nothing");
	ONE("'paint it [{none}]'", "", ",'lists':{'none':{'values':[]}}");
	CHECK_STR(meant("paint it"), "I");
}

TEST(ranges_have_bounds_steps_fractions_and_factors)
{
	ONE("'a {n}[%]','b {s}','c {h}','d {t}','e {m}','f {w}','g {d}'", "",
	    ",'lists':{'n':{'range':{'from':-5,'to':100}},"
	    "'s':{'range':{'from':10,'to':100,'step':10}},"
	    "'h':{'range':{'from':0,'to':30,'fractions':'halves'}},"
	    "'t':{'range':{'from':0,'to':30,'fractions':'tenths'}},"
	    "'m':{'range':{'from':0,'to':10,'multiplier':-1.5}},"
	    "'w':{'range':{'from':0,'to':10,'words':false}},"
	    "'d':{'range':{'from':0,'to':10,'digits':false}}}");
	CHECK_STR(meant("a 100%"), "I n=100");
	CHECK_STR(meant("a 101"), "nothing");
	CHECK_STR(meant("a -5"), "I n=-5");
	CHECK_STR(meant("a minus five"), "I n=-5");
	CHECK_STR(meant("a -6"), "nothing");
	CHECK_STR(meant("a 22.5"), "nothing");
	CHECK_STR(meant("a twenty-two"), "I n=22");
	CHECK_STR(meant("a two hundred"), "nothing");
	CHECK_STR(meant("b 30"), "I s=30");
	CHECK_STR(meant("b 35"), "nothing");
	CHECK_STR(meant("c 21,5"), "I h=21.5");
	CHECK_STR(meant("c 21.3"), "nothing");
	CHECK_STR(meant("c twenty one point five"), "I h=21.5");
	CHECK_STR(meant("d 21.3"), "I t=21.3");
	CHECK_STR(meant("d 21.34"), "nothing");
	CHECK_STR(meant("e 4"), "I m=-6");
	CHECK_STR(meant("f 4"), "I w=4");
	CHECK_STR(meant("f four"), "nothing");
	CHECK_STR(meant("g four"), "I d=4");
	CHECK_STR(meant("g 4"), "nothing");
}

TEST(rules_stand_for_what_they_say_and_a_blocks_own_go_first)
{
	given("{'language':'en','intents':{"
	      "'A':{'data':[{'sentences':['<what> a']}]},"
	      "'B':{'data':[{'sentences':['<what> b'],"
	      "'expansion_rules':{'noun':'cat'},"
	      "'lists':{'x':{'values':['one']}}}]}},"
	      "'lists':{'x':{'values':['two']}},"
	      "'expansion_rules':{'what':'the <noun> {x}','noun':'dog'}}");
	CHECK_STR(meant("the dog two a"), "A x=two");
	CHECK_STR(meant("the cat one b"), "B x=one");
	CHECK_STR(meant("the dog one b"), "nothing");
	CHECK_STR(meant("the cat two b"), "nothing");
}

TEST(wildcards_take_what_was_said_and_never_nothing)
{
	ONE("'add {item} to {list}','note {item}','say {item} [twice]'", "",
	    ",'lists':{'item':{'wildcard':true},'list':{'wildcard':true}}");
	CHECK_STR(meant("Add Brot und Käse to My List"),
	    "I item=Brot und Käse "
	    "list=My List");
	CHECK_STR(meant("add a to b to c"), "I item=a list=b to c");
	CHECK_STR(meant("add to list"), "nothing");
	CHECK_STR(meant("add tomatoes"), "nothing");
	CHECK_STR(
	    meant("note Buy 2.5 l milk, eggs!"), "I item=Buy 2.5 l milk eggs");
	CHECK_STR(meant("note"), "nothing");
	CHECK_STR(meant("say it twice"), "I item=it");
}

TEST(names_and_aliases_come_from_the_home)
{
	ONE("'turn on [the] {name}','light in {area}'", "", "");
	CHECK_STR(meant("turn on the desk lamp"), "I name=Desk Lamp");
	CHECK_STR(meant("turn on READING light"), "I name=Desk Lamp");
	CHECK_STR(meant("turn on leselampe"), "I name=Desk Lamp");
	CHECK_STR(meant("turn on the cafe licht"), "I name=Café-Licht");
	CHECK_STR(meant("turn on desk lamps"), "nothing");
	CHECK_STR(meant("light in kuche"), "I area=Küche");
	CHECK_STR(meant("turn on kitchen"), "nothing");
}

TEST(skip_words_do_not_count)
{
	ONE("'turn on {name}'", "", ",'skip_words':['please','could you']");
	CHECK_STR(meant("Could you please turn on lamp"), "I name=Lamp");
	CHECK_STR(meant("turn please on lamp, please."), "I name=Lamp");
	CHECK_STR(meant("turn on pleaselamp"), "nothing");
}

TEST(what_a_context_must_have_and_must_not)
{
	static const struct sentence_fact kitchen[] = {{"area", "Kitchen"}};
	static const struct sentence_fact attic[] = {{"area", "Attic"}};

	ONE("'lock {name}'", ",'requires_context':{'domain':['lock','door']}",
	    "");
	CHECK_STR(meant("lock front door"), "I name=Front Door");
	CHECK_STR(meant("lock lamp"), "nothing");
	ONE("'open {name}'", ",'excludes_context':{'domain':'lock'}", "");
	CHECK_STR(meant("open front door"), "nothing");
	CHECK_STR(meant("open lamp"), "I name=Lamp");
	ONE("'lights on'", ",'requires_context':{'area':{'slot':true}}", "");
	CHECK_STR(meant("lights on"), "nothing");
	CHECK_STR(meant_with(kitchen, 1, "lights on"), "I area=Kitchen");
	ONE("'lights on'",
	    ",'requires_context':{'area':{'value':'Kitchen',"
	    "'slot':'preferred'}}",
	    "");
	CHECK_STR(meant_with(attic, 1, "lights on"), "nothing");
	CHECK_STR(meant_with(kitchen, 1, "lights on"), "I preferred=Kitchen");
	ONE("'lights on'", ",'excludes_context':{'area':'Attic'}", "");
	CHECK_STR(meant_with(attic, 1, "lights on"), "nothing");
	CHECK_STR(meant_with(kitchen, 1, "lights on"), "I");
	ONE("'set {x}'", ",'requires_context':{'mood':'good'}",
	    ",'lists':{'x':{'values':[{'in':'sun','out':'s','context':"
	    "{'mood':'good'}},{'in':'rain','out':'r'}]}}");
	CHECK_STR(meant("set sun"), "I x=s");
	CHECK_STR(meant("set rain"), "nothing");
}

TEST(slots_of_a_block_are_given_unless_they_were_said)
{
	ONE("'turn on [all] lights [in {area}]'",
	    ",'slots':{'domain':'light','area':'everywhere','n':2}", "");
	CHECK_STR(meant("turn on lights in kitchen"),
	    "I area=Kitchen domain=light n=2");
	CHECK_STR(
	    meant("turn on lights"), "I domain=light area=everywhere n=2");
}

TEST(the_best_of_several_is_taken)
{
	given("{'language':'en','intents':{"
	      "'Wild':{'data':[{'sentences':['turn on {any}']}]},"
	      "'Area':{'data':[{'sentences':['turn on {area} [lamp]']}]},"
	      "'Long':{'data':[{'sentences':['turn on desk {name}',"
	      "'open front {any}']}]},"
	      "'Name':{'data':[{'sentences':['turn on {name}',"
	      "'open {any}']}]}},"
	      "'lists':{'any':{'wildcard':true}}}");
	/* A name before a place, and the longer name before more words. */
	CHECK_STR(meant("turn on desk lamp"), "Name name=Desk Lamp");
	CHECK_STR(meant("turn on kitchen lamp"), "Area area=Kitchen");
	CHECK_STR(meant("turn on something"), "Wild any=something");
	/* Among wildcards more words of its own. */
	CHECK_STR(meant("open front gate"), "Long any=gate");
	CHECK_STR(meant("open gate"), "Name any=gate");
}

TEST(one_name_of_several_things_is_asked_about)
{
	struct sentence_match m;
	const struct sentence_slot *s;

	ONE("'lock [the] {name}'", ",'requires_context':{'domain':'lock'}", "");
	REQUIRE(
	    sentence_match(set, home, NULL, 0, "lock the back door", &m) == OK);
	s = sentence_unclear(&m);
	REQUIRE(s != NULL && s->n_ids == 2);
	CHECK_STR(s->ids[0], "lock.back.1");
	CHECK_STR(s->ids[1], "lock.back.2");
	CHECK_STR(s->matched, "back door");
	sentence_match_done(&m);
	REQUIRE(
	    sentence_match(set, home, NULL, 0, "lock front door", &m) == OK);
	CHECK(sentence_unclear(&m) == NULL);
	CHECK_INT(m.slot[0].n_ids, 1);
	CHECK_STR(m.slot[0].ids[0], "lock.front");
	CHECK_INT(m.n_facts, 2);
	sentence_match_done(&m);
}

TEST(things_of_one_name_are_found_across_blocks)
{
	struct sentence_match m;
	const struct sentence_slot *s;

	given("{'language':'en','intents':{'I':{'data':["
	      "{'sentences':['use {name}'],"
	      "'requires_context':{'domain':'light'}},"
	      "{'sentences':['use {name}'],"
	      "'requires_context':{'domain':'lock'}}]}}}");
	REQUIRE(sentence_match(set, home, NULL, 0, "use back door", &m) == OK);
	s = sentence_unclear(&m);
	REQUIRE(s != NULL);
	CHECK_INT(s->n_ids, 3);
	sentence_match_done(&m);
}

TEST(a_language_without_spaces_is_matched_without)
{
	given("{'language':'ja','settings':{'ignore_whitespace':true},"
	      "'intents':{'I':{'data':[{'sentences':"
	      "['{area}[の] 電気 を つけて','{name} を つけて']}]}},"
	      "'lists':{'area':{'values':['台所']}}}");
	CHECK_STR(meant("Desk Lamp を つけて"), "I name=Desk Lamp");
	CHECK_STR(meant("台所の電気をつけて"), "I area=台所");
	CHECK_STR(meant("台所 電気 をつけて。"), "I area=台所");
	CHECK_STR(meant("電気をつけて"), "nothing");
}

TEST(no_template_and_no_words_take_forever)
{
	char text[WORDS_TEXT_MAX + 1];
	size_t i;

	ONE("'[a ][a ][a ][a ][a ][a ][a ][a ][a ][a ][a ][a ][a ][a ][a ]"
	    "[a ][a ][a ][a ][a ][a ][a ][a ][a ][a ][a ][a ][a ][a ][a ]b'",
	    "", "");
	for (i = 0; i + 1 < 32; i += 2) {
		text[i] = 'a';
		text[i + 1] = ' ';
	}
	text[i] = 'b';
	text[i + 1] = '\0';
	CHECK_STR(meant(text), err_text(ERR_LIMIT));
	ONE("'{w}{w}{w}{w}{w}{w}'", "", ",'lists':{'w':{'wildcard':true}}");
	memset(text, 'a', WORDS_TEXT_MAX);
	text[WORDS_TEXT_MAX] = '\0';
	CHECK_STR(meant(text), err_text(ERR_LIMIT));
	ONE("'a'", "", "");
	CHECK_STR(meant(text), "nothing");
}

TEST(a_file_brings_its_words_for_numbers)
{
	given("{'language':'nl','intents':{'I':{'data':[{'sentences':"
	      "['zet op {n}[ procent]']}]}},'lists':{'n':{'range':"
	      "{'from':0,'to':2}}},'number_words':['nul','één|een','twee',"
	      "'drie']}");
	CHECK_STR(meant("zet op twee procent"), "I n=2");
	CHECK_STR(meant("Zet op Één"), "I n=1");
	CHECK_STR(meant("zet op een procent"), "I n=1");
	CHECK_STR(meant("zet op 0"), "I n=0");
	CHECK_STR(meant("zet op drie"), "nothing");
	CHECK_STR(meant("zet op tweede"), "nothing");
}

TEST(a_file_without_intents_understands_nothing)
{
	given("{'language':'en','intents':{}}");
	CHECK_STR(meant("turn on the lamp"), "nothing");
	CHECK_STR(meant(""), "nothing");
}

TEST(what_is_no_sentence_is_refused)
{
	struct sentence_match m;
	char text[WORDS_TEXT_MAX + 2];

	ONE("'a'", "", "");
	CHECK(sentence_match(set, home, NULL, 0, "\xc3", &m) == ERR_INPUT);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CHECK(sentence_match(set, home, NULL, 0, text, &m) == ERR_LIMIT);
	CHECK(sentence_match(set, NULL, NULL, 0, "a", &m) == OK);
	sentence_match_done(&m);
}

TEST(a_home_of_bad_names_is_refused)
{
	static const struct sentence_thing none[] = {
	    {"a", "...", NULL, 0, NULL, 0}};
	static const struct sentence_thing broken[] = {
	    {"a", "\xff", NULL, 0, NULL, 0}};
	struct sentence_list l = {"name", none, 1};
	struct sentence_list many[SENTENCE_HOME_LISTS_MAX + 1];
	struct sentence_home *h;

	CHECK(sentence_home_new(&l, 1, &h) == ERR_INPUT);
	l.things = broken;
	CHECK(sentence_home_new(&l, 1, &h) == ERR_INPUT);
	memset(many, 0, sizeof(many));
	CHECK(sentence_home_new(many, ARRAY_LEN(many), &h) == ERR_LIMIT);
	CHECK(sentence_home_new(NULL, 0, &h) == OK);
	sentence_home_free(h);
}
