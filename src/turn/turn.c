/* SPDX-License-Identifier: Apache-2.0 */
#include "turn/turn.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "offline/offline.h"
#include "turn/turn_priv.h"

/* Each step leaves its outcome in `content`, from which replay restores
 * it, and names the next step. */
struct step {
	const char *name;
	enum turn_step (*run)(struct turn *t, struct json *content);
	enum turn_step (*replay)(struct turn *t, const struct json *content);
};

void
turn_set(char **field, const char *value)
{
	char *copy = value != NULL ? xstrdup(value) : NULL;

	free(*field);
	*field = copy;
}

const struct json *
turn_tools(const struct turn *t)
{
	return t->tools_and_rest != NULL ? t->tools_and_rest
					 : json_get(t->view, "tools");
}

/* What was said before in the same session comes in front of the goal. */
static void
put_history(struct turn *t)
{
	const struct json *m = json_first(json_get(t->view, "history"));
	struct json *all = json_array();

	for (; m != NULL; m = json_next(m))
		json_push(all, json_copy(m));
	for (m = json_first(t->messages); m != NULL; m = json_next(m))
		json_push(all, json_copy(m));
	json_free(t->messages);
	t->messages = all;
}

/* recall: what there is to think with. */
static enum turn_step
recall_replay(struct turn *t, const struct json *content)
{
	json_free(t->view);
	t->view = json_copy(content);
	put_history(t);
	t->by_rules = rules_know_home(t);
	return STEP_THINK;
}

static enum turn_step
recall_run(struct turn *t, struct json *content)
{
	const struct json *m;

	if (t->view == NULL) {
		t->ports.recall(t->ports.arg, t->goal);
		return STEP_WAIT;
	}
	for (m = json_first(t->view); m != NULL; m = json_next(m))
		json_put(content, json_name(m), json_copy(m));
	put_history(t);
	t->by_rules = rules_know_home(t);
	return STEP_THINK;
}

/* reply: words for the person. */
static void
word_reply(struct turn *t)
{
	const struct turn_call *c = &t->calls[0];
	struct buf b;

	if (t->reply != NULL)
		return;
	buf_init(&b, RESULT_MAX + 256);
	offline_say_end(t->reached ? "done" : c->state, c->result, &b);
	t->reply = buf_steal(&b);
}

static enum turn_step
reply_replay(struct turn *t, const struct json *content)
{
	(void)content;
	word_reply(t);
	t->ports.reply(t->ports.arg, t->reply, t->reached);
	return STEP_END;
}

static enum turn_step
reply_run(struct turn *t, struct json *content)
{
	word_reply(t);
	json_put_bool(content, "reached", t->reached);
	return reply_replay(t, content);
}

static const struct step steps[] = {
#define X(name, id) [id] = {#name, name##_run, name##_replay},
    TURN_STEP_TABLE(X)
#undef X
};

struct turn *
turn_new(const char *goal, const struct turn_ports *ports)
{
	struct turn *t = xalloc(sizeof(*t));
	struct json *first = json_object();

	t->goal = xstrdup(goal);
	t->ports = *ports;
	t->by_rules = rules_know(goal);
	t->at = t->by_rules ? STEP_THINK : STEP_RECALL;
	t->messages = json_array();
	t->made = json_object();
	json_put_str(first, "role", "user");
	json_put_str(first, "text", goal);
	json_push(t->messages, first);
	return t;
}

void
turn_free(struct turn *t)
{
	if (t == NULL)
		return;
	think_forget(t);
	calls_forget(t);
	json_free(t->view);
	json_free(t->messages);
	json_free(t->tools_and_rest);
	json_free(t->made);
	free(t->goal);
	free(t->reply);
	free(t->last_model);
	free(t);
}

enum turn_step
turn_stop_at_steps(struct turn *t)
{
	t->reached = false;
	turn_set(&t->reply,
	    "I stopped here: this took as many steps as one goal may. Ask "
	    "for less at once.");
	return STEP_REPLY;
}

/* The last place is the reply's. */
static void
stay_below_ceiling(struct turn *t)
{
	if (t->n == RUN_STEPS_MAX - 1 && t->at < STEP_REPLY)
		t->at = turn_stop_at_steps(t);
}

enum err
turn_replay(struct turn *t, const char *name, const struct json *content)
{
	stay_below_ceiling(t);
	if (t->at >= STEP_COUNT || strcmp(steps[t->at].name, name) != 0)
		return ERR_STATE;
	t->at = steps[t->at].replay(t, content);
	t->n++;
	return OK;
}

void
turn_run(struct turn *t)
{
	while (t->at < STEP_COUNT) {
		const struct step *s;
		struct json *content = json_object();
		enum turn_step next;

		stay_below_ceiling(t);
		s = &steps[t->at];
		next = s->run(t, content);
		if (next != STEP_WAIT)
			t->at = t->ports.keep(
				    t->ports.arg, t->n++, s->name, content)
			    ? next
			    : STEP_END;
		json_free(content);
		if (next == STEP_WAIT)
			return;
	}
}

int64_t
turn_tokens(const struct turn *t)
{
	return t->tokens;
}

const char *
turn_model(const struct turn *t)
{
	return t->last_model;
}

void
turn_recalled(struct turn *t, const struct json *view)
{
	if (t->at != STEP_RECALL || t->view != NULL)
		return;
	t->view = json_copy(view);
	turn_run(t);
}
