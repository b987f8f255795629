/* SPDX-License-Identifier: Apache-2.0 */
#include "turn/turn.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "offline/offline.h"

struct turn {
	struct turn_ports ports;
	char *goal;
	enum turn_step at;
	int64_t n; /* Number of the step that runs. */
	int64_t proposed; /* Number of the step that proposed. */

	/* What the steps leave for each other. */
	char *tool;
	char *args;
	char *origins;
	char *state;
	char *result;
	char *reply;
	bool reached;
};

/* Each step leaves its outcome in `content`, from which replay restores
 * it, and names the next step. */
struct step {
	const char *name;
	enum turn_step (*run)(struct turn *t, struct json *content);
	enum turn_step (*replay)(struct turn *t, const struct json *content);
};

static void
set(char **field, const char *value)
{
	free(*field);
	*field = value != NULL ? xstrdup(value) : NULL;
}

/* think: from the goal to a proposal, or straight to a reply. */
static enum turn_step
replay_think(struct turn *t, const struct json *content)
{
	set(&t->tool, json_str(content, "tool"));
	set(&t->args, json_str(content, "args"));
	set(&t->origins, json_str(content, "origins"));
	set(&t->reply, json_str(content, "reply"));
	t->reached = json_flag(content, "reached");
	if (t->tool == NULL)
		return t->reply != NULL ? STEP_REPLY : STEP_END;
	return t->args != NULL && t->origins != NULL ? STEP_PROPOSE : STEP_END;
}

static void
think_proposal(const struct offline_match *m, struct json *content)
{
	struct json *args = json_object();
	struct buf b;

	if (m->arg != NULL)
		json_put_str(args, m->arg, m->value);
	if (m->arg2 != NULL)
		json_put_str(args, m->arg2, m->value2);
	buf_init(&b, 2 * ARGS_MAX);
	json_canonical(args, &b);
	json_put_str(content, "tool", m->tool);
	json_put_str(content, "args", b.p);
	/* The words are the person's own: no model has touched them.  They
	 * are named in the order of the arguments, which is canonical. */
	buf_clear(&b);
	if (m->arg == NULL)
		buf_adds(&b, "none");
	else if (m->arg2 == NULL)
		buf_addf(&b, "%s:person", m->arg);
	else if (strcmp(m->arg, m->arg2) < 0)
		buf_addf(&b, "%s:person,%s:person", m->arg, m->arg2);
	else
		buf_addf(&b, "%s:person,%s:person", m->arg2, m->arg);
	json_put_str(content, "origins", b.p);
	buf_done(&b);
	json_free(args);
}

static void
think_words(struct json *content, const char *first, bool reached)
{
	struct buf b;

	buf_init(&b, REPLY_MAX);
	buf_adds(&b, first);
	offline_help(&b);
	json_put_str(content, "reply", b.p);
	json_put_bool(content, "reached", reached);
	buf_done(&b);
}

static enum turn_step
run_think(struct turn *t, struct json *content)
{
	struct offline_match m;

	if (offline_match(t->goal, &m) != OK) {
		think_words(content,
		    "I did not understand that, and no model is set up to "
		    "help me. Without one I know these goals:\n",
		    false);
		return replay_think(t, content);
	}
	if (m.tool != NULL)
		think_proposal(&m, content);
	else
		think_words(content, "I know these goals:\n", true);
	offline_match_done(&m);
	return replay_think(t, content);
}

/* propose: the act is asked for; the same step asks for the same act. */
static enum turn_step
replay_propose(struct turn *t, const struct json *content)
{
	(void)content;
	t->proposed = t->n;
	t->ports.propose(t->ports.arg, t->n, t->tool, t->args, t->origins);
	return STEP_OBSERVE;
}

static enum turn_step
run_propose(struct turn *t, struct json *content)
{
	json_put_str(content, "tool", t->tool);
	return replay_propose(t, content);
}

/* observe: wait for what became of the act. */
static enum turn_step
replay_observe(struct turn *t, const struct json *content)
{
	set(&t->state, json_str(content, "state"));
	set(&t->result, json_str(content, "result"));
	if (t->state == NULL || t->result == NULL)
		return STEP_END;
	t->reached = strcmp(t->state, "done") == 0;
	return STEP_REPLY;
}

static enum turn_step
run_observe(struct turn *t, struct json *content)
{
	if (t->state == NULL)
		return STEP_WAIT;
	json_put_str(content, "state", t->state);
	json_put_str(content, "result", t->result);
	t->reached = strcmp(t->state, "done") == 0;
	return STEP_REPLY;
}

/* reply: words for the person. */
static void
word_reply(struct turn *t)
{
	struct buf b;

	if (t->reply != NULL)
		return;
	buf_init(&b, RESULT_MAX + 256);
	if (t->reached)
		buf_adds(&b, t->result[0] != '\0' ? t->result : "Done.");
	else if (strcmp(t->state, "denied") == 0)
		buf_addf(&b, "I may not do that: %s", t->result);
	else if (strcmp(t->state, "unknown") == 0)
		buf_addf(
		    &b, "I do not know whether it was done: %s", t->result);
	else
		buf_addf(&b, "That did not work: %s", t->result);
	t->reply = buf_steal(&b);
}

static enum turn_step
replay_reply(struct turn *t, const struct json *content)
{
	(void)content;
	word_reply(t);
	t->ports.reply(t->ports.arg, t->reply, t->reached);
	return STEP_END;
}

static enum turn_step
run_reply(struct turn *t, struct json *content)
{
	word_reply(t);
	json_put_bool(content, "reached", t->reached);
	return replay_reply(t, content);
}

static const struct step steps[] = {
#define X(name, id) [id] = {#name, run_##name, replay_##name},
    TURN_STEP_TABLE(X)
#undef X
};

struct turn *
turn_new(const char *goal, const struct turn_ports *ports)
{
	struct turn *t = xalloc(sizeof(*t));

	t->goal = xstrdup(goal);
	t->ports = *ports;
	t->at = STEP_THINK;
	return t;
}

void
turn_free(struct turn *t)
{
	if (t == NULL)
		return;
	free(t->goal);
	free(t->tool);
	free(t->args);
	free(t->origins);
	free(t->state);
	free(t->result);
	free(t->reply);
	free(t);
}

enum err
turn_replay(struct turn *t, const char *name, const struct json *content)
{
	if (t->at >= STEP_COUNT || strcmp(steps[t->at].name, name) != 0)
		return ERR_STATE;
	t->at = steps[t->at].replay(t, content);
	t->n++;
	return OK;
}

void
turn_run(struct turn *t)
{
	while (t->at < STEP_COUNT && t->n < RUN_STEPS_MAX) {
		const struct step *s = &steps[t->at];
		struct json *content = json_object();
		enum turn_step next = s->run(t, content);

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

void
turn_result(struct turn *t, int64_t step, const char *state, const char *text)
{
	if (t->state != NULL || t->tool == NULL || step != t->proposed)
		return;
	set(&t->state, state);
	set(&t->result, text);
	turn_run(t);
}
