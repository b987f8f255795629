/* SPDX-License-Identifier: Apache-2.0 */
#include "act/act.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static const char *const state_names[] = {
#define X(name, text) text,
    ACT_STATE_TABLE(X)
#undef X
};

_Static_assert(ARRAY_LEN(state_names) == ACT_STATE_COUNT, "a name each");

/* Every arrow of the machine, and no other. */
static const struct {
	enum act_state from;
	enum act_state to;
} arrows[] = {
    {ACT_PROPOSED, ACT_JUDGED},
    {ACT_JUDGED, ACT_DENIED},
    {ACT_JUDGED, ACT_ASKED},
    {ACT_JUDGED, ACT_ALLOWED},
    {ACT_ASKED, ACT_APPROVED},
    {ACT_ASKED, ACT_DENIED},
    {ACT_APPROVED, ACT_INTENT},
    {ACT_ALLOWED, ACT_INTENT},
    /* Judged anew when it is spent, the answer may have changed. */
    {ACT_APPROVED, ACT_DENIED},
    {ACT_ALLOWED, ACT_DENIED},
    {ACT_ALLOWED, ACT_ASKED},
    /* The tool could not be started: nothing happened. */
    {ACT_APPROVED, ACT_FAILED},
    {ACT_ALLOWED, ACT_FAILED},
    {ACT_INTENT, ACT_STARTED},
    {ACT_INTENT, ACT_FAILED},
    {ACT_INTENT, ACT_UNKNOWN},
    /* After a crash: done again, or asked again. */
    {ACT_APPROVED, ACT_ASKED},
    {ACT_INTENT, ACT_ALLOWED},
    {ACT_INTENT, ACT_ASKED},
    /* Asked or allowed again, it may have been done the first time. */
    {ACT_ASKED, ACT_UNKNOWN},
    {ACT_APPROVED, ACT_UNKNOWN},
    {ACT_ALLOWED, ACT_UNKNOWN},
    {ACT_STARTED, ACT_ALLOWED},
    {ACT_STARTED, ACT_ASKED},
    {ACT_STARTED, ACT_DONE},
    {ACT_STARTED, ACT_FAILED},
    {ACT_STARTED, ACT_UNKNOWN},
};

static const struct {
	enum act_intent intent;
	enum act_recovery recovery;
} by_effect[] = {
    [EFFECT_READ] = {INTENT_WITH_RESULT, RECOVER_AGAIN},
    [EFFECT_REVERSIBLE] = {INTENT_GROUP, RECOVER_AGAIN},
    [EFFECT_PHYSICAL] = {INTENT_DURABLE, RECOVER_ASK},
    [EFFECT_EXTERNAL] = {INTENT_DURABLE, RECOVER_ASK},
    [EFFECT_MONEY] = {INTENT_DURABLE, RECOVER_ASK},
    [EFFECT_SYSTEM] = {INTENT_DURABLE, RECOVER_ASK},
};

_Static_assert(ARRAY_LEN(by_effect) == EFFECT_COUNT, "a row each");

struct act *
act_new(void)
{
	return xalloc(sizeof(struct act));
}

void
act_free(struct act *a)
{
	if (a == NULL)
		return;
	free(a->args);
	free(a->origins);
	free(a->opinion);
	free(a->motive);
	free(a->result);
	free(a);
}

const char *
act_state_name(enum act_state s)
{
	return (unsigned)s < ACT_STATE_COUNT ? state_names[s] : "lost";
}

enum act_state
act_state_by_name(const char *name)
{
	int s;

	for (s = 0; s < ACT_STATE_COUNT; s++)
		if (strcmp(state_names[s], name) == 0)
			return (enum act_state)s;
	return ACT_STATE_COUNT;
}

enum err
act_step(struct act *a, enum act_state to)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(arrows); i++) {
		if (arrows[i].from != a->state || arrows[i].to != to)
			continue;
		a->state = to;
		return OK;
	}
	return ERR_STATE;
}

enum act_intent
act_intent_of(enum effect e)
{
	return by_effect[e].intent;
}

enum act_recovery
act_recovery_of(enum effect e)
{
	return by_effect[e].recovery;
}
