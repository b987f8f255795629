/* SPDX-License-Identifier: Apache-2.0 */
#include "act/act.h"

#include "check.h"

static void
check_setup(void)
{
}

/* What may follow each state. */
static const unsigned follows[ACT_STATE_COUNT] = {
    [ACT_PROPOSED] = 1u << ACT_JUDGED,
    [ACT_JUDGED] = 1u << ACT_DENIED | 1u << ACT_ASKED | 1u << ACT_ALLOWED,
    [ACT_ASKED] = 1u << ACT_APPROVED | 1u << ACT_DENIED | 1u << ACT_UNKNOWN,
    [ACT_APPROVED] = 1u << ACT_INTENT | 1u << ACT_DENIED | 1u << ACT_FAILED |
	1u << ACT_ASKED | 1u << ACT_UNKNOWN,
    [ACT_ALLOWED] = 1u << ACT_INTENT | 1u << ACT_DENIED | 1u << ACT_ASKED |
	1u << ACT_FAILED | 1u << ACT_UNKNOWN,
    [ACT_INTENT] = 1u << ACT_STARTED | 1u << ACT_FAILED | 1u << ACT_UNKNOWN |
	1u << ACT_ALLOWED | 1u << ACT_ASKED,
    [ACT_STARTED] = 1u << ACT_DONE | 1u << ACT_FAILED | 1u << ACT_UNKNOWN |
	1u << ACT_ALLOWED | 1u << ACT_ASKED,
};

TEST(every_arrow_is_there_and_no_other)
{
	int from;
	int to;

	for (from = 0; from < ACT_STATE_COUNT; from++) {
		for (to = 0; to <= ACT_STATE_COUNT; to++) {
			struct act *a = act_new();
			bool want = (follows[from] >> to & 1) != 0;

			CASE(act_state_name((enum act_state)from));
			a->state = (enum act_state)from;
			CHECK_INT(act_step(a, (enum act_state)to),
			    want ? OK : ERR_STATE);
			CHECK_INT(a->state, want ? to : from);
			act_free(a);
		}
	}
}

/* Follow every path: what was started passed the intent, and an intent
 * came from a yes of a person or of the policy. */
static void
walk(enum act_state at, unsigned passed, int *ends)
{
	int to;

	passed |= 1u << at;
	if (passed >> ACT_STARTED & 1)
		CHECK((passed >> ACT_INTENT & 1) != 0);
	if (passed >> ACT_INTENT & 1) {
		CHECK((passed >> ACT_JUDGED & 1) != 0);
		CHECK((passed >> ACT_APPROVED & 1) != 0 ||
		    (passed >> ACT_ALLOWED & 1) != 0);
	}
	*ends += follows[at] == 0;
	for (to = 0; to < ACT_STATE_COUNT; to++)
		/* After a crash it goes back: that path was walked. */
		if ((follows[at] >> to & 1) != 0 && (passed >> to & 1) == 0)
			walk((enum act_state)to, passed, ends);
}

TEST(no_path_starts_without_a_yes_and_an_intent)
{
	int ends = 0;

	walk(ACT_PROPOSED, 0, &ends);
	CHECK(ends > 10);
}

TEST(states_have_names)
{
	int s;

	for (s = 0; s < ACT_STATE_COUNT; s++)
		CHECK_INT(
		    act_state_by_name(act_state_name((enum act_state)s)), s);
	CHECK_INT(act_state_by_name("Done"), ACT_STATE_COUNT);
	CHECK_INT(act_state_by_name(""), ACT_STATE_COUNT);
	CHECK_STR(act_state_name(ACT_STATE_COUNT), "lost");
}

TEST(what_leaves_a_mark_has_a_durable_intent_and_is_not_done_twice)
{
	static const struct {
		enum effect effect;
		enum act_intent intent;
		enum act_recovery recovery;
	} rows[] = {
	    {EFFECT_READ, INTENT_WITH_RESULT, RECOVER_AGAIN},
	    {EFFECT_REVERSIBLE, INTENT_GROUP, RECOVER_AGAIN},
	    {EFFECT_PHYSICAL, INTENT_DURABLE, RECOVER_ASK},
	    {EFFECT_EXTERNAL, INTENT_DURABLE, RECOVER_ASK},
	    {EFFECT_MONEY, INTENT_DURABLE, RECOVER_ASK},
	    {EFFECT_SYSTEM, INTENT_DURABLE, RECOVER_ASK},
	};
	size_t i;

	CHECK_INT(ARRAY_LEN(rows), EFFECT_COUNT);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(effect_name(rows[i].effect));
		CHECK_INT(act_intent_of(rows[i].effect), rows[i].intent);
		CHECK_INT(act_recovery_of(rows[i].effect), rows[i].recovery);
		CHECK(effect_needs_yes(rows[i].effect) ==
		    (rows[i].intent == INTENT_DURABLE));
	}
}

TEST(a_new_act_is_proposed_and_a_half_built_one_can_be_freed)
{
	struct act *a = act_new();

	CHECK_INT(a->state, ACT_PROPOSED);
	CHECK(a->args == NULL);
	act_free(a);
	act_free(NULL);
}
