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
 * restarted mind.
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
		run->goal = xstrdup(goal);
		if (str_copy(run->id, sizeof(run->id), id) != OK ||
		    str_copy(run->principal, sizeof(run->principal),
			principal) != OK)
			fatal("a stored run is damaged");
		c->runs[i] = run;
		return run;
	}
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

/* {"run", "goal", "steps": [{"name", "content"}]} */
static void
tell_mind(struct core *c, const struct run *run, struct json *steps)
{
	struct json *body = json_object();

	json_put_str(body, "run", run->id);
	json_put_str(body, "goal", run->goal);
	json_put(body, "steps", steps);
	/* An absent mind is told when it returns. */
	peers_send(c->peers, ROLE_MIND, MSG_TURN_START, body);
}

static void
started(void *arg, const char *id)
{
	struct core *c = arg;
	struct run *run = runs_find(c, id);

	if (run != NULL)
		tell_mind(c, run, json_array());
}

enum err
runs_start(struct core *c, const struct client *client, const char *goal,
    char ret_id[TOKEN_SIZE], struct errmsg *why)
{
	struct json *details;
	struct record *r;
	struct run *run;

	if (goal[0] == '\0' || strlen(goal) > GOAL_MAX)
		return err_say(
		    why, ERR_INPUT, "a goal has 1 to %d bytes", GOAL_MAX);
	core_token(ret_id);
	run = runs_restore(c, ret_id, goal, client->name);
	if (run == NULL)
		return err_say(why, ERR_LIMIT,
		    "%d goals are under way; wait for one to end",
		    RUNS_OPEN_MAX);
	details = json_object();
	json_put_str(details, "goal", goal);
	json_put_str(details, "principal", run->principal);
	r = record_new(c->ledger);
	record_log(r, "goal", run->id, NULL, details);
	record_row(r, ROW_RUN, row_of_run(run, "open", ""));
	record_post(r, false, started, c, run->id);
	return OK;
}

/* {"run", "step", "name", "content"} */
void
runs_on_step(void *role, struct msg *m)
{
	struct core *c = role;
	const char *id = json_str(m->body, "run");
	struct run *run = runs_find(c, id != NULL ? id : "");
	int64_t n = json_int(m->body, "step", -1);
	const char *name = json_str(m->body, "name");
	const char *content = json_str(m->body, "content");
	struct json *row;
	struct record *r;

	if (run == NULL || n < 0 || n >= RUN_STEPS_MAX || name == NULL ||
	    content == NULL || !str_is_name(name))
		return;
	row = json_object();
	json_put_str(row, "run", run->id);
	json_put_int(row, "n", n);
	json_put_str(row, "name", name);
	json_put_str(row, "content", content);
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
	json_put_str(body, "text", text != NULL ? text : "");
	peers_send(c->peers, ROLE_MIND, MSG_ACT_RESULT, body);
}

static void
end_run(struct core *c, struct run *run, const char *text, bool reached)
{
	struct json *details = json_object();
	struct record *r = record_new(c->ledger);

	json_put_str(details, "reply", text);
	json_put_bool(details, "reached", reached);
	record_log(r, "run-done", run->id, NULL, details);
	record_row(
	    r, ROW_RUN, row_of_run(run, reached ? "done" : "failed", text));
	record_post(r, false, NULL, NULL, NULL);
	forget(c, run);
}

/* {"run", "text", "reached"} */
void
runs_on_reply(void *role, struct msg *m)
{
	struct core *c = role;
	const char *text = json_str(m->body, "text");
	struct run *run = runs_find(c, json_words(m->body, "run"));

	if (run != NULL && text != NULL)
		end_run(c, run, text, json_flag(m->body, "reached"));
}

/* ---- A restarted mind gets its open turns back ---- */

static void
resume(void *arg, const char *id, struct json *steps, struct json *ended)
{
	struct core *c = arg;
	struct run *run = runs_find(c, id);

	if (run != NULL) {
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
