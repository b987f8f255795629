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
	const struct json *model; /* Its row in the view. */
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
	struct json *end; /* As it was told; NULL: not yet. */
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
	struct json *tools_and_rest; /* Instead of the view's tools, or NULL. */
	struct json *messages;
	size_t model; /* Of the view's, the one that is asked. */
	size_t extractor; /* The same of those. */
	struct turn_answer answer;

	struct turn_call calls[MODEL_CALLS_MAX]; /* Of one reply. */
	size_t n_calls;
	size_t call; /* The next to be proposed or observed. */
	struct json *made; /* Every call ever made: {"tool args": true} */
	size_t left_out;

	int retries;
	int repairs;
	bool forced; /* The next reply must be a call, or chosen words. */
	int64_t tokens;
	char *last_model;

	char *reply;
	bool reached;
};

/* Of what models read: at least so many bytes are a token. */
#define BYTES_PER_TOKEN 3

void turn_set(char **field, const char *value);
/* Those in view. */
const struct json *turn_tools(const struct turn *t);
/* The ceiling of steps, in words. */
enum turn_step turn_stop_at_steps(struct turn *t);

/* ---- rules.c ---- */
bool rules_know(const char *goal);
/* Once there is a view: plain words to a device that stands in it? */
bool rules_know_home(const struct turn *t);
enum turn_step rules_think(struct turn *t, struct json *content);
enum turn_step rules_replay(struct turn *t, const struct json *content);

/* ---- think.c ---- */
/* By the rules, or by a model. */
enum turn_step think_run(struct turn *t, struct json *content);
enum turn_step think_replay(struct turn *t, const struct json *content);
void think_forget(struct turn *t);
/* Ask this model of the view: `fill` writes what it is asked, and `told`
 * says whether its words are for those who look on. */
void think_ask(struct turn *t, const struct json *model,
    void (*fill)(struct turn *t), bool told);
/* The one that thinks now. */
const struct json *think_model(const struct turn *t);
bool think_is_over(const struct turn *t);
/* Its words, or NULL; what it used goes into the step. */
char *think_take_text(struct turn *t, struct json *content);
/* Of a step that asked one. */
void think_count(struct turn *t, const struct json *content);

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

/* What the reply wishes, where that is more than one call. */
void calls_put_plan(const struct turn *t, struct json *content);
/* One repair by the same model, then the next one's turn, and then it ends
 * with these words. */
enum turn_step calls_repair(struct turn *t, const char *why);

/* Behind a result of which so many bytes are shown: where the rest is. */
void calls_point_to_rest(const struct turn *t, const struct turn_call *c,
    size_t shown, struct buf *out);

/* ---- critic.c ---- */

bool critic_wants(const struct turn *t);
enum turn_step criticize_run(struct turn *t, struct json *content);
enum turn_step criticize_replay(struct turn *t, const struct json *content);

/* ---- extract.c ---- */

bool extract_wants(const struct turn *t, const struct turn_call *c);
/* False while its answer is not there.  It leaves a result that nobody
 * shortened as it was. */
bool extract_run(struct turn *t, struct turn_call *c, struct json *content);

/* ---- prose.c ---- */

/* A tool of the view that this text plainly means to call, or NULL. */
const char *prose_names(const struct turn *t, const char *text);
/* Has it called nothing although it should have?  Then what follows. */
bool prose_is_call(
    const struct turn *t, const struct json *content, bool was_forced);
enum turn_step prose_repair(struct turn *t, const struct json *content);

/* ---- rooms.c ---- */

/* The home of a view, in PROMPT_HOME_MAX bytes; nothing when it has none. */
void prompt_home(const struct json *view, struct buf *out);

/* ---- prompt.c ---- */

/* What stands in front of every conversation: what does not change first. */
void prompt_system(const struct turn *t, struct buf *out);
/* Who said a message: the provider and its model, as the view has them. */
void prompt_put_from(struct json *message, const struct json *model);
/* One question beside the conversation, without tools and history.  `system`
 * must last as long as the turn. */
void prompt_aside(struct turn *t, const char *system, const char *text);
/* The messages as this model is shown them, cut to what it can take.  What
 * another one said it gets by its words and calls: signatures, hidden thought
 * and whatever else a provider put into its own message are for that one. */
struct json *prompt_messages(const struct turn *t, const struct json *model,
    const char *system, int64_t context);

/* Do the arguments fit a tool of the view?  If not, why. */
bool prompt_check_call(const struct json *tools, const char *tool,
    const char *args, struct errmsg *why);

#endif
