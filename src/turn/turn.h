/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TURN_TURN_H
#define TURN_TURN_H

/*
 * The turn: how a goal becomes a reply.  A table of small steps, each of
 * which is handed over to be kept before the next begins, so that a turn can
 * be taken up again at any step.  It holds no power: it can only propose.
 *
 *	think -> propose -> observe -> reply
 *	      \______________________/
 *
 * Pure: proposing, keeping and replying are ports.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"

#define TURN_STEP_TABLE(X)                                                     \
	X(think, STEP_THINK)                                                   \
	X(propose, STEP_PROPOSE)                                               \
	X(observe, STEP_OBSERVE)                                               \
	X(reply, STEP_REPLY)

enum turn_step {
#define X(name, id) id,
	TURN_STEP_TABLE(X)
#undef X
	    STEP_COUNT,
	STEP_END, /* Nothing follows. */
	STEP_WAIT, /* The step needs something that is not there yet. */
};

struct turn_ports {
	/* Ask for an act; `step` makes asking twice harmless. */
	void (*propose)(void *arg, int64_t step, const char *tool,
	    const char *args, const char *origins);
	void (*reply)(void *arg, const char *text, bool reached);
	/* Write the step down, before all that is asked for after it; false
	 * when it cannot be, which ends the turn. */
	bool (*keep)(void *arg, int64_t step, const char *name,
	    const struct json *content);
	void *arg;
};

struct turn;

struct turn *turn_new(const char *goal, const struct turn_ports *ports);
void turn_free(struct turn *t);

/* Take over a step that was kept before a restart.  In order. */
NODISCARD enum err turn_replay(
    struct turn *t, const char *name, const struct json *content);

/* Begin, or go on behind the last replayed step. */
void turn_run(struct turn *t);

/* The act of a step ended: state as in act.h, and its text. */
void turn_result(
    struct turn *t, int64_t step, const char *state, const char *text);

#endif
