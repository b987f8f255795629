/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TURN_TURN_H
#define TURN_TURN_H

/*
 * The turn: how a goal becomes a reply.  A table of small steps, each of
 * which is handed over to be kept before the next begins, so that a turn can
 * be taken up again at any step.  It holds no power: it can only propose.
 *
 *	recall -> think -> propose... -> observe... -> reflect -> reply
 *	            \_____________________________________/
 *
 * Between think and propose another model may criticize what is wished.
 *
 * A goal that the rules of `offline` understand begins at `think` and needs
 * neither model nor recall: think, propose, observe, reply.
 *
 * A model proposes nought to many calls in one reply.  Each is looked at by
 * itself and becomes an act, or is refused in words that the model can read;
 * of a reply that was cut none is.  A model whose call was refused, or that
 * spoke of a call and made none, is told so and must choose: a call that fits
 * or its last words.  It may repair that once; then comes the next model of
 * the list, and then the person.  The turn ends with an ending that says
 * why: by the model's words, when it wishes the same call again, when its
 * calls stay wrong, when a model is out of reach, or at a ceiling of steps
 * or tokens.
 *
 * Pure: everything outside is a port, and what comes from there is fed in.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"

#define TURN_STEP_TABLE(X)                                                     \
	X(recall, STEP_RECALL)                                                 \
	X(think, STEP_THINK)                                                   \
	X(criticize, STEP_CRITICIZE)                                           \
	X(propose, STEP_PROPOSE)                                               \
	X(observe, STEP_OBSERVE)                                               \
	X(reflect, STEP_REFLECT)                                               \
	X(reply, STEP_REPLY)

enum turn_step {
#define X(name, id) id,
	TURN_STEP_TABLE(X)
#undef X
	    STEP_COUNT,
	STEP_END, /* Nothing follows. */
	STEP_WAIT, /* The step needs something that is not there yet. */
};

/* A call of a model: the act, and the bytes that egress sends. */
struct turn_request {
	const char *call; /* "model.house.ollama" */
	const char *model;
	int64_t output; /* Tokens at most. */
	const char *body;
	size_t body_len;
};

struct turn_ports {
	/* Ask for the view: turn_recalled() follows. */
	void (*recall)(void *arg, const char *query);
	/* Ask for an act; `step` makes asking twice harmless. */
	void (*propose)(void *arg, int64_t step, const char *tool,
	    const char *args, const char *origins);
	/* The same for a call of a model: its answer is fed in, and the act's
	 * result. */
	void (*ask)(void *arg, int64_t step, const struct turn_request *r);
	/* The answer of this step is not wanted any more. */
	void (*cancel)(void *arg, int64_t step);
	/* What a model says, as it comes. */
	void (*words)(void *arg, const char *text, size_t len);
	void (*reply)(void *arg, const char *text, bool reached);
	/* How a model's answer came to its end, as the turn took it; for a
	 * replay, which is fed the same bytes and this (turn_hear()). */
	void (*heard)(void *arg, int64_t step, const struct json *how);
	/* Write the step down, before all that is asked for after it; false
	 * when it cannot be, which ends the turn.  Where more than one call is
	 * wished at once its "plan" says so, a line for each. */
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

/* What its models used so far, as they count, and the last that was asked, or
 * NULL. */
int64_t turn_tokens(const struct turn *t);
const char *turn_model(const struct turn *t);

/* Who carries the requests was restarted: the one that is under way is asked
 * again, as the same act. */
void turn_ask_again(struct turn *t);
/* Nobody wants to know any more what a model says. */
void turn_cancel(struct turn *t);

/* What the turn may use, from the core's own rows:
 *
 *	{"models": [{"call", "dialect", "model", "context"}],
 *	 "tools": [{"name", "about", "args", "effect"}], "rest", "extractors",
 *	 "critics", "now",
 *	 "memories": [{"text", "when", "source", "labels"}],
 *	 "history": [{"role", "text"}]}
 *
 * the models in the order of preference, the tools as in model/chat.h, `rest`
 * one of them that comes into view with the first result that is not shown
 * whole, the models that shorten such results and those that criticize, or
 *none, and the history, oldest first, as messages in front of the goal. */
void turn_recalled(struct turn *t, const struct json *view);

/* The act of a step ended: state as in act.h, or "lost" when what did it was
 * restarted and it may be wished again, and its text. */
void turn_result(
    struct turn *t, int64_t step, const char *state, const char *text);

/* The answer of a model, in pieces, and its end.  `ok`: all `received` bytes
 * of it were sent; else `why` in words, and what the provider said instead. */
void turn_model_data(struct turn *t, int64_t step, const char *p, size_t len);
struct turn_model_end {
	bool ok;
	int status;
	int64_t received;
	const char *why;
	const char *said;
	size_t said_len;
};
void turn_model_ended(
    struct turn *t, int64_t step, const struct turn_model_end *end);

/* The end of a recorded answer, behind its bytes: what `heard` was given,
 *
 *	{"state", "result", "ended": {"ok", "status", "received", "why",
 *	 "said"}}
 *
 * without "ended" when the act was over first. */
void turn_hear(struct turn *t, int64_t step, const struct json *how);

#endif
