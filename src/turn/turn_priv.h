/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TURN_TURN_PRIV_H
#define TURN_TURN_PRIV_H

#include "base/limits.h"
#include "model/chat.h"
#include "turn/turn.h"

/* A call that was proposed, and what became of it. */
struct turn_call {
	char *id; /* The model's own; "" by the rules. */
	char *tool;
	char *args;
	char *origins;
	char *refused; /* Why it became no act, or NULL. */
	bool again; /* It is one that was made before. */
	int64_t step; /* Of its act. */
	char *state; /* Once it is known. */
	char *result;
};

/* A model's answer on its way. */
struct turn_answer {
	bool asked;
	struct chat_ask ask;
	struct json *shown; /* Its messages. */
	char *system;
	struct chat_reader *reader;
	int64_t asked_bytes;
	int64_t received;
	bool is_wrong; /* The reader takes no more. */
	struct errmsg wrong;
	bool ended;
	bool ended_well;
	bool is_cut; /* It began, and did not come to its end. */
	char *why;
	char *state; /* Of its act, or NULL. */
	char *result;
};

struct turn {
	struct turn_ports ports;
	char *goal;
	enum turn_step at;
	int64_t n; /* Number of the step that runs. */
	bool by_rules;

	struct json *view;
	struct json *messages;
	size_t model; /* Of the view's, the one that is asked. */
	struct turn_answer answer;

	struct turn_call calls[MODEL_CALLS_MAX]; /* Of one reply. */
	size_t n_calls;
	size_t call; /* The next to be proposed or observed. */
	struct json *made; /* Every call ever made: {"tool args": true} */
	size_t left_out;

	int retries;
	int repairs;
	int64_t tokens;
	char *last_model;

	char *reply;
	bool reached;
};

/* Of what models read: at least so many bytes are a token. */
#define BYTES_PER_TOKEN 3

void turn_set(char **field, const char *value);
/* The ceiling of steps, in words. */
enum turn_step turn_stop_at_steps(struct turn *t);

/* ---- rules.c ---- */
bool rules_know(const char *goal);
enum turn_step rules_think(struct turn *t, struct json *content);
enum turn_step rules_replay(struct turn *t, const struct json *content);

/* ---- think.c ---- */
/* By the rules, or by a model. */
enum turn_step think_run(struct turn *t, struct json *content);
enum turn_step think_replay(struct turn *t, const struct json *content);
void think_forget(struct turn *t);

/* ---- calls.c: propose, observe, reflect ---- */
void calls_forget(struct turn *t);
struct turn_call *calls_add(struct turn *t, const char *id, const char *tool,
    const char *args, const char *origins);
enum turn_step propose_run(struct turn *t, struct json *content);
enum turn_step propose_replay(struct turn *t, const struct json *content);
enum turn_step observe_run(struct turn *t, struct json *content);
enum turn_step observe_replay(struct turn *t, const struct json *content);
enum turn_step reflect_run(struct turn *t, struct json *content);
enum turn_step reflect_replay(struct turn *t, const struct json *content);

/* ---- prompt.c ---- */

/* What stands in front of every conversation: what does not change first. */
void prompt_system(const struct turn *t, struct buf *out);
/* The messages as they are shown, cut to what the model can take. */
struct json *prompt_messages(
    const struct turn *t, const char *system, int64_t context);

/* Do the arguments fit a tool of the view?  If not, why. */
bool prompt_check_call(const struct json *view, const char *tool,
    const char *args, struct errmsg *why);

#endif
