/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "runs/runs_priv.h"
#include "sys/clock.h"

struct runs *
runs_new(const struct runs_setup *s)
{
	struct runs *rs = xalloc(sizeof(*rs));

	rs->s = *s;
	return rs;
}

void
runs_use(struct runs *rs, struct ledger *ledger, struct acts *acts)
{
	rs->ledger = ledger;
	rs->acts = acts;
}

/* Also one whose end is being written. */
static struct run *
find_any(const struct runs *rs, const char *id)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++)
		if (rs->open[i] != NULL && strcmp(rs->open[i]->id, id) == 0)
			return rs->open[i];
	return NULL;
}

struct run *
runs_find(struct runs *rs, const char *id)
{
	struct run *run = find_any(rs, id);

	return run != NULL && !run->over ? run : NULL;
}

struct run *
run_of_mind(struct runs *rs, const char *id)
{
	struct run *run = runs_find(rs, id);

	return run != NULL && !run->is_signed ? run : NULL;
}

bool
runs_is_open(const struct runs *rs, const char *id)
{
	return find_any(rs, id) != NULL;
}

bool
runs_is_asked(const struct runs *rs, const char *id)
{
	return acts_count(rs->acts, id, ACT_ASKED) > 0;
}

void
runs_acted(struct runs *rs, const char *run, int64_t step)
{
	struct run *r = runs_find(rs, run);

	if (r != NULL && step >= 0 && step < RUN_STEPS_MAX)
		r->acted |= UINT64_C(1) << step;
}

static void
forget(void *arg)
{
	struct run *run = arg;
	struct runs *rs = run->runs;
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++)
		if (rs->open[i] == run)
			rs->open[i] = NULL;
	loop_timer_cancel(rs->s.loop, run->timer);
	loop_timer_cancel(rs->s.loop, run->nudge_timer);
	buf_done(&run->words);
	free(run->opinion);
	free(run->motive);
	free(run->goal);
	free(run->models);
	free(run);
}

static struct json *
row_of_run(const struct run *run, const char *state, const char *reply)
{
	struct json *row = json_object();
	struct buf labels;

	buf_init(&labels, NAMES_MAX * (NAME_MAX_LEN + 1));
	names_write(&run->labels, &labels);
	json_put_str(row, "labels", labels.p);
	buf_done(&labels);
	json_put_str(row, "agent_id", run->agent_id);
	json_put_str(row, "client", run->client);
	json_put_int(row, "resumes", run->resumes);
	json_put_str(row, "session", run->session);
	json_put_str(row, "fork_of", run->fork_of);
	json_put_int(row, "forked", run->forked);
	json_put_str(row, "models", run->models);
	json_put_str(row, "id", run->id);
	json_put_str(row, "goal", run->goal);
	json_put_str(row, "principal", run->principal);
	json_put_str(row, "state", state);
	json_put_str(row, "reply", reply);
	json_put_int(row, "wall_ms", clock_wall_ms());
	return row;
}

static void
end_written(void *arg, const char *id)
{
	struct runs *rs = arg;
	struct run *run = find_any(rs, id);

	if (run != NULL)
		forget(run);
}

/* What its models used, as the mind counts. */
static void
put_usage(struct json *details, const struct json *said)
{
	const char *model = json_words(said, "model");

	if (model[0] == '\0' || strlen(model) > MODEL_NAME_MAX)
		return;
	json_put_str(details, "model", model);
	json_put_int(details, "tokens", json_int(said, "tokens", 0));
}

void
run_end(struct runs *rs, struct run *run, const char *text, bool reached,
    const struct json *said)
{
	struct json *details = json_object();
	struct record *r = record_new(rs->ledger);
	struct json *body;

	json_put_strn(details, "reply", text, str_cut(text, REPLY_MAX));
	/* What grows beyond an entry when it is escaped stands in the row. */
	if (!record_fits(details)) {
		json_free(details);
		details = record_result(text);
	}
	json_put_bool(details, "reached", reached);
	put_usage(details, said);
	keep_end(run, text, reached, said != NULL, details, r);
	record_log(r, "run-done", run->id, NULL, details);
	record_row(
	    r, ROW_RUN, row_of_run(run, reached ? "done" : "failed", text));
	if (text[0] != '\0' && !run_is_automated(run))
		record_row(r, ROW_MEMORY, run_message(run, "assistant", text));
	/* The act of a signed call ends it, and is still being told of. */
	if (run->is_signed ||
	    acts_count(rs->acts, run->id, ACT_STATE_COUNT) == 0)
		judge_forget_run(rs->s.judge, run->id, r);
	rs->last = (struct runs_last){clock_wall_ms(), reached};
	/* Who follows it reads on until its end is on the disk; nobody waits
	 * for that of a signed call. */
	run->over = true;
	loop_timer_cancel(rs->s.loop, run->timer);
	run->timer = run->is_signed
	    ? loop_timer(rs->s.loop, clock_boot_ms(), forget, run)
	    : 0;
	record_post(r, !run->is_signed, run->is_signed ? NULL : end_written, rs,
	    run->id);
	if (run->is_signed)
		return;
	body = json_object();
	json_put_str(body, "run", run->id);
	peers_send(rs->s.peers, ROLE_MIND, MSG_TURN_END, body);
}

const struct runs_last *
runs_last(const struct runs *rs)
{
	return &rs->last;
}

static struct run *
take_place(struct runs *rs, const char *goal, const char *models)
{
	struct run *run;
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++) {
		if (rs->open[i] != NULL)
			continue;
		run = xalloc(sizeof(*run));
		run->runs = rs;
		run->goal = xstrdup(goal);
		run->models = xstrdup(models);
		trace_begin(&run->trace, goal);
		buf_init(&run->words, 2 * WORDS_MAX);
		run_watch(run);
		rs->open[i] = run;
		return run;
	}
	return NULL;
}

enum err
runs_restore(struct runs *rs, const struct json *row)
{
	struct run *run =
	    take_place(rs, json_words(row, "goal"), json_words(row, "models"));

	if (run == NULL) {
		log_warn("more runs are open than this version can hold");
		return OK;
	}
	if (str_copy(run->id, sizeof(run->id), json_words(row, "id")) != OK ||
	    str_copy(run->principal, sizeof(run->principal),
		json_words(row, "principal")) != OK ||
	    str_copy(run->agent_id, sizeof(run->agent_id),
		json_words(row, "agent_id")) != OK ||
	    str_copy(run->client, sizeof(run->client),
		json_words(row, "client")) != OK ||
	    str_copy(run->session, sizeof(run->session),
		json_words(row, "session")) != OK ||
	    names_read(json_words(row, "labels"), &run->labels) != OK)
		return ERR_CORRUPT;
	run->resumes = (int)json_int(row, "resumes", 0);
	run->left = true;
	/* A machine that starts anew may have no clock, and not know it. */
	run_set_off(run,
	    judge_is_same_boot(rs->s.judge)
		? clock_wall_ms() - json_int(row, "wall_ms", 0)
		: -1);
	fork_mark(run, json_words(row, "fork_of"), json_int(row, "forked", 0));
	return OK;
}

/* {"run", "goal", "more"}, and as bulk {"steps": [{"name", "content"}]}. */
static enum err
send_steps(struct runs *rs, struct run *run, struct json *steps, bool more)
{
	struct json *body = json_object();
	struct json *bulk = json_object();
	char *text;
	enum err e;

	json_put(bulk, "steps", steps);
	text = json_print(bulk);
	json_put_str(body, "run", run->id);
	json_put_str(body, "goal", run->goal);
	json_put_bool(body, "more", more);
	/* An absent mind is told when it returns. */
	e = peers_send_bulk(
	    rs->s.peers, ROLE_MIND, MSG_TURN_START, body, text, strlen(text));
	free(text);
	json_free(bulk);
	return e != ERR_CLOSED ? e : OK;
}

static size_t
size_of(const struct json *step)
{
	char *text = json_print(step);
	size_t len = strlen(text);

	free(text);
	return len;
}

/* As many messages as its steps need. */
static void
tell_mind(struct runs *rs, struct run *run, const struct json *steps)
{
	struct json *some = json_array();
	const struct json *s = json_first(steps);
	size_t size = 0;
	enum err e = OK;

	for (; s != NULL && e == OK; s = json_next(s)) {
		size_t len = size_of(s);

		if (size > 0 && size + len > LANE_BULK_MAX / 2) {
			e = send_steps(rs, run, some, true);
			some = json_array();
			size = 0;
		}
		json_push(some, json_copy(s));
		size += len;
	}
	if (e == OK)
		e = send_steps(rs, run, some, false);
	else
		json_free(some);
	if (e == ERR_LIMIT)
		run_end(
		    rs, run, "Its steps are too large to go on.", false, NULL);
	else if (e != OK)
		run_end(rs, run,
		    "There is too much to think about at once; ask again in a "
		    "moment.",
		    false, NULL);
}

void
run_started(void *arg, const char *id)
{
	struct runs *rs = arg;
	struct run *run = runs_find(rs, id);

	if (run == NULL)
		return;
	if (run->answer_to != 0)
		rs->s.started(rs->s.arg, run->answer_to, run->id);
	tell_mind(rs, run, NULL);
}

static void
make_id(char ret[TOKEN_SIZE])
{
	uint8_t bytes[TOKEN_SIZE / 2];

	crypto_random(bytes, sizeof(bytes));
	hex_write(ret, bytes, sizeof(bytes));
}

enum err
run_open(struct runs *rs, const struct run_wish *w, struct run **ret,
    struct errmsg *why)
{
	struct run *run;

	if (!safety_is_free(judge_safety(rs->s.judge)))
		return err_say(why, ERR_STATE,
		    "the house is halted or in safe mode; 'durward doctor' "
		    "says how to go on");
	run = take_place(rs, w->goal, w->models);
	if (run == NULL)
		return err_say(why, ERR_LIMIT,
		    "%d goals are under way; wait for one to end",
		    RUNS_OPEN_MAX);
	make_id(run->id);
	snprintf(run->principal, sizeof(run->principal), "%s",
	    w->principal != NULL ? w->principal : w->client);
	snprintf(run->client, sizeof(run->client), "%s", w->client);
	snprintf(run->agent_id, sizeof(run->agent_id), "house");
	snprintf(run->session, sizeof(run->session), "%s", w->session);
	run->answer_to = w->request;
	*ret = run;
	return OK;
}

struct json *
run_details(const struct run *run)
{
	struct json *details = json_object();

	json_put_str(details, "goal", run->goal);
	json_put_str(details, "principal", run->principal);
	if (run->session[0] != '\0')
		json_put_str(details, "session", run->session);
	return details;
}

void
run_begin(struct run *run, struct json *details, struct record *r)
{
	record_log(r, "goal", run->id, NULL, details);
	record_row(r, ROW_RUN, row_of_run(run, "open", ""));
	if (!run_is_automated(run))
		record_row(r, ROW_MEMORY, run_message(run, "user", run->goal));
}

enum err
runs_start(struct runs *rs, const char *client, const char *goal,
    const char *models, const char *session, int64_t request,
    struct errmsg *why)
{
	struct run_wish w = {client, goal, models, session, request, NULL};
	struct record *r;
	struct run *run;
	enum err e;

	if (goal[0] == '\0' || strlen(goal) > GOAL_MAX)
		return err_say(
		    why, ERR_INPUT, "a goal has 1 to %d bytes", GOAL_MAX);
	if (session[0] != '\0' && !memory_is_session(session))
		return err_say(why, ERR_INPUT,
		    "a session is named by 1 to %d of a-z 0-9 . _ -",
		    SESSION_MAX);
	e = run_open(rs, &w, &run, why);
	if (e != OK)
		return e;
	r = record_new(rs->ledger);
	run_begin(run, run_details(run), r);
	record_post(r, true, run_started, rs, run->id);
	return OK;
}

/* The last act of a run that is over: nothing more is counted for it. */
static void
forget_counts(struct runs *rs, const char *run)
{
	struct record *r;

	if (runs_find(rs, run) != NULL ||
	    acts_count(rs->acts, run, ACT_STATE_COUNT) > 1)
		return;
	r = record_new(rs->ledger);
	judge_forget_run(rs->s.judge, run, r);
	record_post(r, false, NULL, NULL, NULL);
}

bool
runs_hears(struct runs *rs, const char *id)
{
	const struct run *run = runs_find(rs, id);

	return run == NULL || !run->resuming;
}

void
runs_tell_result(struct runs *rs, const char *run, int64_t step,
    const char *state, const char *text)
{
	struct run *of = find_any(rs, run);
	struct json *body;

	forget_counts(rs, run);
	if (of != NULL && of->is_signed) {
		run_end_signed(of, state, text);
		return;
	}
	body = json_object();
	json_put_str(body, "run", run);
	json_put_int(body, "step", step);
	json_put_str(body, "state", state);
	peers_send_bulk(rs->s.peers, ROLE_MIND, MSG_ACT_RESULT, body, text,
	    text != NULL ? strlen(text) : 0);
}

/* Labels only grow, and are on the disk with what brought them. */
void
runs_saw(struct runs *rs, const char *id, const struct names *more)
{
	struct run *run = runs_find(rs, id);
	struct names before;
	struct record *r;

	if (run == NULL)
		return;
	before = run->labels;
	names_join(&run->labels, more);
	if (names_equal(&before, &run->labels))
		return;
	r = record_new(rs->ledger);
	record_row(r, ROW_RUN, row_of_run(run, "open", ""));
	record_post(r, false, NULL, NULL, NULL);
}

/* {"run", "reached"} and the text as bulk. */
void
runs_on_reply(struct runs *rs, struct msg *m)
{
	struct run *run = run_of_mind(rs, json_words(m->body, "run"));
	char *text = msg_text(m);

	if (run != NULL)
		run_end(rs, run, text, json_flag(m->body, "reached"), m->body);
	free(text);
}

/* ---- A restarted mind gets its open turns back ---- */

/* What became of an act while the mind was away.  The words of a model went
 * to the one before. */
static void
tell_missed(struct runs *rs, const char *run, const struct json *act)
{
	const char *state = json_words(act, "state");
	bool of_model = strncmp(json_words(act, "tool"), "model.", 6) == 0;
	int64_t step = json_int(act, "step", 0);

	if (of_model && strcmp(state, "denied") != 0)
		runs_tell_result(rs, run, step, "lost",
		    "the mind was restarted in the middle of the call");
	else if (strcmp(state, "started") != 0)
		runs_tell_result(rs, run, step, state, json_words(act, "text"));
}

static void
resume(void *arg, const char *id, struct json *steps, struct json *acts)
{
	struct runs *rs = arg;
	struct run *run = runs_find(rs, id);
	const struct json *act;

	if (run != NULL)
		run->resuming = false;
	if (run != NULL && run->is_signed) {
		run_resume_signed(run, acts);
		run = NULL;
	}
	if (run != NULL) {
		keep_take_up(run, steps);
		tell_mind(rs, run, steps);
	}
	for (act = json_first(acts); run != NULL && act != NULL;
	     act = json_next(act))
		tell_missed(rs, id, act);
	json_free(steps);
	json_free(acts);
}

void
run_read_steps(struct runs *rs, struct run *run)
{
	run->resuming = true;
	ledger_read_steps(rs->ledger, run->id, resume, rs);
}

/* So that a goal that ends the house is given up too. */
static void
keep_resumes(struct runs *rs, const struct run *run)
{
	struct record *r = record_new(rs->ledger);

	record_row(r, ROW_RUN, row_of_run(run, "open", ""));
	record_post(r, false, NULL, NULL, NULL);
}

static void
resume_one(struct runs *rs, struct run *run)
{
	run->waits = run->left = false;
	if (run->resumes++ < RUN_RESUMES_MAX) {
		keep_resumes(rs, run);
		run_read_steps(rs, run);
	} else
		run_end(rs, run,
		    "The mind ended each time it thought about this "
		    "goal, so it was given up.",
		    false, NULL);
}

/* What is outdated ends halted or not: the next start would not know any more.
 * Who is asked decides whether it still makes sense. */
void
runs_thaw(struct runs *rs)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++) {
		struct run *run = rs->open[i];

		if (run != NULL && !run->over && run_is_outdated(run) &&
		    !runs_is_asked(rs, run->id))
			run_comes_too_late(run);
		if (run != NULL && !run->over && run->waits &&
		    safety_is_free(judge_safety(rs->s.judge)))
			resume_one(rs, run);
	}
}

/* Halted or in safe mode they wait: what they wish would be denied, though
 * a crash may have lost that it was done. */
void
runs_resume_all(struct runs *rs)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++)
		if (rs->open[i] != NULL && !rs->open[i]->over &&
		    (rs->open[i]->left || !rs->open[i]->is_signed))
			rs->open[i]->waits = true;
	runs_thaw(rs);
}
