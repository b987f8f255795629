/* SPDX-License-Identifier: Apache-2.0 */
/* The lines that spoke, and the labels and sinks of an act. */
#include "fixture.h"

static void
check_setup(void)
{
}

TEST(what_spoke_is_one_text_in_the_order_of_layers_and_names)
{
	static const char *const layers[] = {
	    "allow b tool=*\nallow a tool=*", "allow c tool=*"};
	char text[8192] = "";
	struct verdict_said said;
	int i;

	CHECK_STR(decide(layers, 2, &save).rule, "box:a,box:b,profile:c");
	for (i = 0; i < POLICY_RULES_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "deny r%03d tool=*\n", i);
	said = decide_one(text, &save);
	CHECK(strncmp(said.rule, "r000,box:r001,", 14) == 0);
	/* What does not fit is left out whole: 113 names do. */
	CHECK_INT(strlen(said.rule), 4 + 112 * 9 + 4);
	CHECK_STR(said.rule + strlen(said.rule) - 13, ",box:r112,...");
}

TEST(an_act_on_nothing_has_no_entity)
{
	struct policy *p = parsed("allow a entity=*");
	struct policy_layer layer = {"box", p};
	struct asked a = {"home.set", EFFECT_READ, "{}", {"light.a"}};
	struct policy_question q = question_of(&a, NULL);

	CHECK_INT(policy_decide(&q, &layer, 1).verdict, VERDICT_ALLOW);
	q.n_entities = 0;
	CHECK_INT(policy_decide(&q, &layer, 1).verdict, VERDICT_DENY);
	policy_free(p);
}

static void
note_line(void *arg, const struct policy_line *line)
{
	buf_addf(arg, "%s:%s %lld\n", line->layer, line->name,
	    (long long)line->span_s);
}

TEST(what_spoke_has_no_span)
{
	struct asked a = {
	    "home.set", EFFECT_PHYSICAL, "{}", {"light.a", "lock.b"}};
	struct policy *p = parsed("default ask\nask a entity=light.*\n");
	struct policy_layer layer = {"box", p};
	struct policy_question q = question_of(&a, NULL);
	struct policy_answer answer = policy_decide(&q, &layer, 1);
	struct buf b;

	buf_init(&b, 4096);
	policy_spoke(&answer, &layer, 1, note_line, &b);
	CHECK_STR(b.p, "box:a 0\nbox:default 0\n");
	buf_done(&b);
	policy_free(p);
}

TEST(labels_and_sinks_begin_with_none)
{
	struct policy *p = parsed("label a tool=notes.* adds=own\n"
				  "sink b tool=notes.* adds=disk\n");
	struct policy_layer layer = {"box", p};
	struct policy_question q = question_of(&save, NULL);
	struct names names = {.n = 0, .all = true};

	names_add(&names, "old");
	policy_labels(&q, &layer, 1, &names);
	CHECK(names_has(&names, "own") && !names_has(&names, "old"));
	names.all = true;
	policy_sinks(&q, &layer, 1, &names);
	CHECK(names_has(&names, "disk") && !names_has(&names, "own"));
	policy_free(p);
}
