/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "turn/turn_priv.h"

/*
 * The calls of one reply: each proposed, each observed, and then looked at
 * together.  What does not fit the tools in view is no proposal; the model
 * reads why and may try once more.
 */

void
calls_forget(struct turn *t)
{
	size_t i;

	for (i = 0; i < t->n_calls; i++) {
		struct turn_call *c = &t->calls[i];

		free(c->id);
		free(c->tool);
		free(c->args);
		free(c->origins);
		free(c->refused);
		free(c->state);
		free(c->result);
		memset(c, 0, sizeof(*c));
	}
	t->n_calls = 0;
	t->call = 0;
}

struct turn_call *
calls_add(struct turn *t, const char *id, const char *tool, const char *args,
    const char *origins)
{
	struct turn_call *c;

	if (t->n_calls == MODEL_CALLS_MAX)
		return NULL;
	c = &t->calls[t->n_calls++];
	c->step = -1;
	turn_set(&c->id, id);
	turn_set(&c->tool, tool);
	turn_set(&c->args, args);
	turn_set(&c->origins, origins);
	return c;
}

/* ---- The plan ---- */

void
calls_put_plan(const struct turn *t, struct json *content)
{
	struct buf b;
	size_t i;

	_Static_assert(
	    MODEL_CALLS_MAX * (2 * NAME_MAX_LEN + TURN_PLAN_ARGS_MAX + 16) <
		TURN_PLAN_MAX,
	    "a plan fits");
	if (t->n_calls < 2)
		return;
	buf_init(&b, TURN_PLAN_MAX);
	for (i = 0; i < t->n_calls; i++) {
		const struct turn_call *c = &t->calls[i];
		const char *args = c->args != NULL ? c->args : "";
		size_t shown = str_cut(args, TURN_PLAN_ARGS_MAX);

		buf_addf(&b, "%s%zu. %s %.*s%s", i > 0 ? "\n" : "", i + 1,
		    c->tool, (int)shown, args,
		    args[shown] != '\0' ? "..." : "");
	}
	json_put_str(content, "plan", b.p);
	buf_done(&b);
}

/* ---- propose ---- */

/* All that a model gives is the model's word. */
static void
name_origins(struct turn_call *c, const struct json *args)
{
	const struct json *m;
	struct buf b;

	/* What the core takes; an argument that a tool has fits. */
	_Static_assert(FUNCTION_ARGS_MAX * (NAME_MAX_LEN + 8) < GOAL_MAX,
	    "all origins fit");
	buf_init(&b, GOAL_MAX);
	for (m = json_first(args); m != NULL; m = json_next(m))
		buf_addf(&b, "%s%s:model", b.len > 0 ? "," : "", json_name(m));
	turn_set(&c->origins, b.len > 0 ? b.p : "none");
	buf_done(&b);
}

static void
refuse(struct turn_call *c, const char *why)
{
	turn_set(&c->refused, why);
	turn_set(&c->state, "refused");
	turn_set(&c->result, why);
}

/* Was this very call made before in this turn? */
static bool
note_made(struct turn *t, const struct turn_call *c)
{
	bool known;
	struct buf b;

	buf_init(&b, 2 * ARGS_MAX);
	buf_addf(&b, "%s %s", c->tool, c->args);
	known = json_flag(t->made, b.p);
	if (!known)
		json_put_bool(t->made, b.p, true);
	buf_done(&b);
	return known;
}

static void
check_call(struct turn *t, struct turn_call *c)
{
	struct json *args = NULL;
	struct errmsg why;

	if (t->by_rules)
		return;
	if (c->args == NULL)
		refuse(c, "the arguments are no JSON object");
	else if (!prompt_check_call(turn_tools(t), c->tool, c->args, &why))
		refuse(c, why.text);
	else if (note_made(t, c)) {
		c->again = true;
		refuse(c, "this very call was made already");
	} else if (json_parse(c->args, strlen(c->args), &args) == OK) {
		name_origins(c, args);
	}
	json_free(args);
}

enum turn_step
propose_replay(struct turn *t, const struct json *content)
{
	struct turn_call *c = &t->calls[t->call];

	(void)content;
	check_call(t, c);
	c->step = t->n;
	if (c->refused == NULL)
		t->ports.propose(
		    t->ports.arg, t->n, c->tool, c->args, c->origins);
	if (++t->call < t->n_calls)
		return STEP_PROPOSE;
	t->call = 0;
	return STEP_OBSERVE;
}

enum turn_step
propose_run(struct turn *t, struct json *content)
{
	json_put_str(content, "tool", t->calls[t->call].tool);
	return propose_replay(t, content);
}

/* ---- observe ---- */

void
calls_point_to_rest(const struct turn *t, const struct turn_call *c,
    size_t shown, struct buf *out)
{
	const char *rest = json_words(json_get(t->view, "rest"), "name");

	buf_addf(out, "\n[%zu of %zu bytes are shown as they are; ", shown,
	    strlen(c->result));
	if (rest[0] != '\0')
		buf_addf(out, "%s with step %lld and from %zu reads on]", rest,
		    (long long)c->step, shown);
	else
		buf_adds(out, "ask for a smaller part]");
}

/* The model sees the beginning, and where the rest is. */
static void
cut_result(const struct turn *t, struct turn_call *c)
{
	size_t shown = str_cut(c->result, TURN_SHOWN_MAX);
	struct buf b;

	buf_init(&b, TURN_SHOWN_MAX + 512);
	buf_add(&b, c->result, shown);
	calls_point_to_rest(t, c, shown, &b);
	free(c->result);
	c->result = buf_steal(&b);
}

/* In the place of the last one, where there are as many as may be. */
static void
show_rest(struct turn *t)
{
	const struct json *rest = json_get(t->view, "rest");
	const struct json *v = json_first(json_get(t->view, "tools"));
	struct json *all;
	size_t n = 0;

	if (rest == NULL || t->tools_and_rest != NULL)
		return;
	all = json_array();
	for (; v != NULL && n < MODEL_TOOLS_MAX - 1; v = json_next(v), n++)
		json_push(all, json_copy(v));
	json_push(all, json_copy(rest));
	t->tools_and_rest = all;
}

/* False while it is being shortened. */
static bool
fit_result(struct turn *t, struct turn_call *c, struct json *content)
{
	if (strlen(c->result) <= TURN_SHOWN_MAX)
		return true;
	if (extract_wants(t, c) && !extract_run(t, c, content))
		return false;
	if (strlen(c->result) > TURN_SHOWN_MAX)
		cut_result(t, c);
	json_put_bool(content, "cut", true);
	return true;
}

static enum turn_step
after_observed(struct turn *t, const struct json *content)
{
	think_count(t, content);
	t->extractor += json_flag(content, "extractor_failed");
	if (json_flag(content, "cut"))
		show_rest(t);
	if (++t->call < t->n_calls)
		return STEP_OBSERVE;
	if (!t->by_rules)
		return STEP_REFLECT;
	t->reached = strcmp(t->calls[0].state, "done") == 0;
	return STEP_REPLY;
}

enum turn_step
observe_replay(struct turn *t, const struct json *content)
{
	struct turn_call *c = &t->calls[t->call];

	turn_set(&c->state, json_str(content, "state"));
	turn_set(&c->result, json_str(content, "result"));
	if (c->state == NULL || c->result == NULL)
		return STEP_END;
	return after_observed(t, content);
}

enum turn_step
observe_run(struct turn *t, struct json *content)
{
	struct turn_call *c = &t->calls[t->call];

	if (c->state == NULL)
		return STEP_WAIT;
	if (!t->by_rules && !fit_result(t, c, content))
		return STEP_WAIT;
	json_put_str(content, "state", c->state);
	json_put_str(content, "result", c->result);
	return after_observed(t, content);
}

/* ---- reflect ---- */

static void
write_shown(const struct turn_call *c, struct buf *out)
{
	if (strcmp(c->state, "denied") == 0)
		buf_adds(out, "Denied: ");
	else if (strcmp(c->state, "unknown") == 0)
		buf_adds(out, "It is not known whether this was done: ");
	else if (strcmp(c->state, "done") != 0)
		buf_adds(out, "Error: ");
	buf_adds(out, c->result);
}

/* Behind the last of them: what was not even looked at. */
static void
write_left_out(const struct turn *t, const struct turn_call *c, struct buf *out)
{
	if (t->left_out > 0 && c == &t->calls[t->n_calls - 1])
		buf_addf(out,
		    "\n[%zu more calls were left out: at most %d at once]",
		    t->left_out, MODEL_CALLS_MAX);
}

static void
push_result(struct turn *t, const struct turn_call *c)
{
	struct json *m = json_object();
	struct buf b;

	buf_init(&b, TURN_SHOWN_MAX + 512);
	write_shown(c, &b);
	write_left_out(t, c, &b);
	json_put_str(m, "role", "tool");
	json_put_str(m, "id", c->id);
	json_put_str(m, "tool", c->tool);
	json_put_str(m, "text", b.p != NULL ? b.p : "");
	json_put_bool(m, "ok", strcmp(c->state, "done") == 0);
	json_push(t->messages, m);
	buf_done(&b);
}

static enum turn_step
end_here(struct turn *t, const char *why)
{
	turn_set(&t->reply, why);
	t->reached = false;
	return STEP_REPLY;
}

static bool
was_made_again(const struct turn *t)
{
	size_t i;

	for (i = 0; i < t->n_calls; i++)
		if (t->calls[i].again)
			return true;
	return false;
}

static bool
was_refused(const struct turn *t)
{
	size_t i;

	for (i = 0; i < t->n_calls; i++)
		if (t->calls[i].refused != NULL)
			return true;
	return false;
}

enum turn_step
calls_repair(struct turn *t, const char *why)
{
	t->forced = true;
	if (t->repairs++ < TURN_REPAIRS_MAX)
		return STEP_THINK;
	if (t->model + 1 < json_count(json_get(t->view, "models"))) {
		t->model++;
		t->repairs = 0;
		return STEP_THINK;
	}
	return end_here(t, why);
}

static enum turn_step
after_refusal(struct turn *t)
{
	return calls_repair(t,
	    "I stopped here: the model's calls do not fit the tools, also "
	    "after it was told why. Say it in other words, or use a stronger "
	    "model.");
}

enum turn_step
reflect_replay(struct turn *t, const struct json *content)
{
	size_t i;

	(void)content;
	for (i = 0; i < t->n_calls; i++)
		push_result(t, &t->calls[i]);
	if (was_made_again(t))
		return end_here(t,
		    "I stopped here: the model asked for the same thing a "
		    "second time.");
	if (t->tokens > TURN_TOKENS_MAX)
		return end_here(t,
		    "I stopped here: this took as many tokens as one goal "
		    "may.");
	return was_refused(t) ? after_refusal(t) : STEP_THINK;
}

enum turn_step
reflect_run(struct turn *t, struct json *content)
{
	json_put_int(content, "tokens", t->tokens);
	return reflect_replay(t, content);
}
