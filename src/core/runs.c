/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/core_priv.h"
#include "sys/clock.h"

/*
 * Runs: a goal, its turn in the mind, and the reply.  The core keeps each
 * step before the next begins and gives the steps of an open run to a
 * restarted mind.  A run ends by its reply, by its deadline, or because the
 * mind ended over it too often.
 */

struct run *
runs_find(struct core *c, const char *id)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++)
		if (c->runs[i] != NULL && strcmp(c->runs[i]->id, id) == 0)
			return c->runs[i];
	return NULL;
}

void
runs_acted(void *core, const char *run, int64_t step)
{
	struct run *r = runs_find(core, run);

	if (r != NULL && step >= 0 && step < RUN_STEPS_MAX)
		r->acted |= 1u << step;
}

static void
forget(struct core *c, struct run *run)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++)
		if (c->runs[i] == run)
			c->runs[i] = NULL;
	loop_timer_cancel(c->loop, run->timer);
	free(run->goal);
	free(run);
}

static struct json *
row_of_run(const struct run *run, const char *state, const char *reply)
{
	struct json *row = json_object();

	json_put_str(row, "id", run->id);
	json_put_str(row, "goal", run->goal);
	json_put_str(row, "principal", run->principal);
	json_put_str(row, "state", state);
	json_put_str(row, "reply", reply);
	json_put_int(row, "wall_ms", clock_wall_ms());
	return row;
}

static void
end_run(struct core *c, struct run *run, const char *text, bool reached)
{
	struct json *details = json_object();
	struct json *body = json_object();
	struct record *r = record_new(c->ledger);

	json_put_strn(details, "reply", text, str_cut(text, REPLY_MAX));
	json_put_bool(details, "reached", reached);
	record_log(r, "run-done", run->id, NULL, details);
	record_row(
	    r, ROW_RUN, row_of_run(run, reached ? "done" : "failed", text));
	record_post(r, false, NULL, NULL, NULL);
	json_put_str(body, "run", run->id);
	peers_send(c->peers, ROLE_MIND, MSG_TURN_END, body);
	forget(c, run);
}

static bool
has_open_act(const struct core *c, const struct run *run)
{
	size_t i;

	for (i = 0; i < ACTS_OPEN_MAX; i++)
		if (c->acts[i] != NULL &&
		    strcmp(c->acts[i]->act->run, run->id) == 0)
			return true;
	return false;
}

/* An act has deadlines of its own; a turn without one has this. */
static void
on_run_late(void *arg)
{
	struct run *run = arg;
	struct core *c = run->core;

	run->timer = 0;
	if (has_open_act(c, run))
		run->timer = loop_timer(
		    c->loop, clock_boot_ms() + RUN_MS, on_run_late, run);
	else
		end_run(c, run, "It took too long, so it was given up.", false);
}

struct run *
runs_restore(
    struct core *c, const char *id, const char *goal, const char *principal)
{
	struct run *run;
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++) {
		if (c->runs[i] != NULL)
			continue;
		run = xalloc(sizeof(*run));
		run->core = c;
		run->goal = xstrdup(goal);
		if (str_copy(run->id, sizeof(run->id), id) != OK ||
		    str_copy(run->principal, sizeof(run->principal),
			principal) != OK)
			fatal("a stored run is damaged");
		run->timer = loop_timer(
		    c->loop, clock_boot_ms() + RUN_MS, on_run_late, run);
		c->runs[i] = run;
		return run;
	}
	return NULL;
}

/* {"run", "goal"}, and as bulk {"steps": [{"name", "content"}]}. */
static void
tell_mind(struct core *c, struct run *run, struct json *steps)
{
	struct json *body = json_object();
	struct json *bulk = json_object();
	char *text;

	json_put(bulk, "steps", steps);
	text = json_print(bulk);
	json_put_str(body, "run", run->id);
	json_put_str(body, "goal", run->goal);
	/* An absent mind is told when it returns. */
	if (peers_send_bulk(c->peers, ROLE_MIND, MSG_TURN_START, body, text,
		strlen(text)) == ERR_LIMIT)
		end_run(c, run, "Its steps are too large to go on.", false);
	free(text);
	json_free(bulk);
}

static void
started(void *arg, const char *id)
{
	struct core *c = arg;
	struct run *run = runs_find(c, id);
	struct json *v;

	if (run == NULL)
		return;
	v = json_object();
	json_put_str(v, "run", run->id);
	clients_reply(c, run->answer_to, v);
	tell_mind(c, run, json_array());
}

enum err
runs_start(struct core *c, const struct client *client, const char *goal,
    int64_t request, struct errmsg *why)
{
	struct json *details;
	struct record *r;
	struct run *run;
	char id[TOKEN_SIZE];

	if (goal[0] == '\0' || strlen(goal) > GOAL_MAX)
		return err_say(
		    why, ERR_INPUT, "a goal has 1 to %d bytes", GOAL_MAX);
	core_token(id);
	run = runs_restore(c, id, goal, client->name);
	if (run == NULL)
		return err_say(why, ERR_LIMIT,
		    "%d goals are under way; wait for one to end",
		    RUNS_OPEN_MAX);
	run->answer_to = request;
	details = json_object();
	json_put_str(details, "goal", goal);
	json_put_str(details, "principal", run->principal);
	r = record_new(c->ledger);
	record_log(r, "goal", run->id, NULL, details);
	record_row(r, ROW_RUN, row_of_run(run, "open", ""));
	record_post(r, true, started, c, run->id);
	return OK;
}

/* {"run", "step", "name"} and the content as bulk. */
void
runs_on_step(void *role, struct msg *m)
{
	struct core *c = role;
	struct run *run = runs_find(c, json_words(m->body, "run"));
	int64_t n = json_int(m->body, "step", -1);
	const char *name = json_words(m->body, "name");
	struct json *row;
	struct record *r;
	char *content;

	if (run == NULL || n != run->kept || n >= RUN_STEPS_MAX ||
	    !str_is_name(name))
		return;
	run->kept++;
	content = msg_text(m);
	row = json_object();
	json_put_str(row, "run", run->id);
	json_put_int(row, "n", n);
	json_put_str(row, "name", name);
	json_put_str(row, "content", content);
	free(content);
	r = record_new(c->ledger);
	record_row(r, ROW_STEP, row);
	record_post(r, false, NULL, NULL, NULL);
	/* Jobs keep their order, so the next step cannot overtake it. */
	row = json_object();
	json_put_str(row, "run", run->id);
	json_put_int(row, "step", n);
	peers_send(c->peers, ROLE_MIND, MSG_STEP_KEPT, row);
}

void
runs_on_proposal(void *role, struct msg *m)
{
	acts_propose(role, m->body);
}

void
runs_tell_result(struct core *c, const char *run, int64_t step,
    const char *state, const char *text)
{
	struct json *body = json_object();

	json_put_str(body, "run", run);
	json_put_int(body, "step", step);
	json_put_str(body, "state", state);
	peers_send_bulk(c->peers, ROLE_MIND, MSG_ACT_RESULT, body, text,
	    text != NULL ? strlen(text) : 0);
}

/* {"run", "reached"} and the text as bulk. */
void
runs_on_reply(void *role, struct msg *m)
{
	struct core *c = role;
	struct run *run = runs_find(c, json_words(m->body, "run"));
	char *text = msg_text(m);

	if (run != NULL)
		end_run(c, run, text, json_flag(m->body, "reached"));
	free(text);
}

/* ---- A restarted mind gets its open turns back ---- */

static void
resume(void *arg, const char *id, struct json *steps, struct json *ended)
{
	struct core *c = arg;
	struct run *run = runs_find(c, id);

	if (run != NULL) {
		run->kept = (int64_t)json_count(steps);
		tell_mind(c, run, steps);
		steps = NULL;
	}
	if (run != NULL && ended != NULL)
		runs_tell_result(c, id, json_int(ended, "step", 0),
		    json_words(ended, "state"), json_words(ended, "text"));
	json_free(steps);
	json_free(ended);
}

void
runs_resume_all(struct core *c)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++) {
		struct run *run = c->runs[i];

		if (run == NULL)
			continue;
		if (run->resumes++ < RUN_RESUMES_MAX)
			ledger_read_steps(c->ledger, run->id, resume, c);
		else
			end_run(c, run,
			    "The mind ended each time it thought about this "
			    "goal, so it was given up.",
			    false);
	}
}
