/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "turn/turn_priv.h"

/*
 * Thinking with a model: ask, take the answer in pieces, and when both the
 * answer and its act are at their end, make of it what was said and what is
 * wished.  What went wrong is thought about once more, by the next model
 * where there is one, and then told.
 */

const struct json *
think_model(const struct turn *t)
{
	const struct json *m = json_first(json_get(t->view, "models"));
	size_t i;

	for (i = 0; i < t->model && m != NULL; i++)
		m = json_next(m);
	return m;
}

void
think_forget(struct turn *t)
{
	struct turn_answer *a = &t->answer;

	chat_reader_free(a->reader);
	json_free(a->shown);
	free(a->system);
	json_free(a->end);
	free(a->why);
	free(a->state);
	free(a->result);
	memset(a, 0, sizeof(*a));
}

/* ---- Asking ---- */

static void
on_words(void *arg, const char *text, size_t len)
{
	struct turn *t = arg;

	t->ports.words(t->ports.arg, text, len);
}

static void
fill_who(struct turn *t, const struct json *m)
{
	struct chat_ask *ask = &t->answer.ask;

	t->answer.model = m;
	ask->dialect = dialect_by_name(json_words(m, "dialect"));
	ask->model = json_words(m, "model");
	ask->context = json_int(m, "context", MODEL_CONTEXT_MIN);
	ask->output =
	    TURN_OUTPUT < ask->context / 4 ? TURN_OUTPUT : ask->context / 4;
}

static void
fill_ask(struct turn *t)
{
	struct chat_ask *ask = &t->answer.ask;
	struct buf system;

	buf_init(&system, VIEW_MAX);
	prompt_system(t, &system);
	ask->system = t->answer.system = buf_steal(&system);
	ask->tools = turn_tools(t);
	ask->choice = t->forced ? CHOICE_CALL : CHOICE_AUTO;
	t->answer.shown = prompt_messages(
	    t, think_model(t), ask->system, ask->context - ask->output);
	ask->messages = t->answer.shown;
}

static bool
write_request(struct turn *t, struct buf *ret)
{
	buf_init(ret, MODEL_REQUEST_MAX);
	if (chat_write(&t->answer.ask, ret) == OK)
		return true;
	buf_done(ret);
	return false;
}

static void
send_request(struct turn *t, const struct buf *body)
{
	const struct turn_request r = {
	    .call = json_words(t->answer.model, "call"),
	    .model = t->answer.ask.model,
	    .output = t->answer.ask.output,
	    .body = body->p,
	    .body_len = body->len};

	t->ports.ask(t->ports.arg, t->n, &r);
}

/* What cannot be asked is concluded like an answer that did not come. */
void
think_ask(struct turn *t, const struct json *model,
    void (*fill)(struct turn *t), bool told)
{
	struct turn_answer *a = &t->answer;
	struct buf body;

	fill_who(t, model);
	fill(t);
	a->asked = true;
	if (!write_request(t, &body)) {
		turn_set(&a->state, "failed");
		turn_set(&a->result, "the conversation is too long to be sent");
		a->ended = true;
		return;
	}
	a->asked_bytes = (int64_t)body.len;
	a->reader = chat_reader_new(&a->ask, told ? on_words : NULL, t);
	send_request(t, &body);
	buf_done(&body);
}

static bool
is_asking(const struct turn *t)
{
	return t->answer.asked && !t->answer.ended;
}

void
turn_ask_again(struct turn *t)
{
	struct turn_answer *a = &t->answer;
	struct buf body;

	if (!is_asking(t))
		return;
	/* Its act is over, and the rest of the answer went with egress. */
	if (a->state != NULL) {
		turn_set(&a->state, "lost");
		turn_set(&a->result, "the end of the answer was lost");
		turn_run(t);
		return;
	}
	if (!write_request(t, &body))
		return;
	send_request(t, &body);
	buf_done(&body);
}

void
turn_cancel(struct turn *t)
{
	if (is_asking(t))
		t->ports.cancel(t->ports.arg, t->n);
}

/* ---- What comes ---- */

static bool
is_awaited(const struct turn *t, int64_t step)
{
	return is_asking(t) && step == t->n;
}

void
turn_model_data(struct turn *t, int64_t step, const char *p, size_t len)
{
	struct turn_answer *a = &t->answer;

	if (!is_awaited(t, step) || a->is_wrong || a->reader == NULL)
		return;
	a->received += (int64_t)len;
	if (chat_reader_feed(a->reader, p, len, &a->wrong) == OK)
		return;
	a->is_wrong = true;
	t->ports.cancel(t->ports.arg, step);
}

static void
word_failure(struct turn *t)
{
	struct turn_answer *a = &t->answer;
	const char *said = json_words(a->end, "said");
	int status = (int)json_int(a->end, "status", 0);
	struct buf b;

	buf_init(&b, 2 * MODEL_ERROR_MAX);
	/* Of a key egress knows the name, and the provider has no more to
	 * say. */
	if (status != 0 && status != 200 && status != 401)
		chat_say_error(a->ask.dialect, status, said, strlen(said), &b);
	else
		buf_adds(&b, json_words(a->end, "why"));
	free(a->why);
	a->why = buf_steal(&b);
}

static struct json *
end_as_told(const struct turn_model_end *end)
{
	struct json *v = json_object();
	char *said;

	json_put_bool(v, "ok", end->ok);
	json_put_int(v, "status", end->status);
	json_put_int(v, "received", end->received);
	json_put_str(v, "why", end->why);
	if (end->said_len > 0) {
		said = xstrndup(end->said,
		    end->said_len < MODEL_ERROR_MAX ? end->said_len
						    : MODEL_ERROR_MAX);
		str_mend(said);
		json_put_str(v, "said", said);
		free(said);
	}
	return v;
}

void
turn_model_ended(struct turn *t, int64_t step, const struct turn_model_end *end)
{
	struct turn_answer *a = &t->answer;

	if (!is_awaited(t, step))
		return;
	json_free(a->end);
	a->end = end_as_told(end);
	a->ended = true;
	a->ended_well = end->ok && !a->is_wrong;
	a->is_cut = !end->ok && end->received > 0;
	if (a->is_wrong)
		turn_set(&a->why, a->wrong.text);
	else if (!end->ok)
		word_failure(t);
	else if (end->received != a->received) {
		a->ended_well = false;
		turn_set(&a->why, "a part of the answer is missing");
	}
	turn_run(t);
}

/* Of the act of the call itself: done, failed, denied, unknown. */
static void
take_result(struct turn *t, const char *state, const char *text)
{
	turn_set(&t->answer.state, state);
	turn_set(&t->answer.result, text);
	turn_run(t);
}

void
turn_result(struct turn *t, int64_t step, const char *state, const char *text)
{
	size_t i;

	if (step == t->n && t->answer.asked && t->answer.state == NULL) {
		take_result(t, state, text);
		return;
	}
	for (i = 0; i < t->n_calls; i++) {
		struct turn_call *c = &t->calls[i];

		if (c->step != step || c->state != NULL || c->refused != NULL)
			continue;
		turn_set(&c->state, state);
		turn_set(&c->result, text);
		turn_run(t);
		return;
	}
}

void
turn_hear(struct turn *t, int64_t step, const struct json *how)
{
	const struct json *ended = json_get(how, "ended");
	const char *said = json_words(ended, "said");
	struct turn_model_end end = {.ok = json_flag(ended, "ok"),
	    .status = (int)json_int(ended, "status", 0),
	    .received = json_int(ended, "received", 0),
	    .why = json_words(ended, "why"),
	    .said = said,
	    .said_len = strlen(said)};

	if (ended != NULL)
		turn_model_ended(t, step, &end);
	turn_result(
	    t, step, json_words(how, "state"), json_words(how, "result"));
}

/* ---- Concluding ---- */

/* Both are needed of a call that went well: its act is done, and the answer
 * is whole.  Of one that was lost there is nothing more to come. */
bool
think_is_over(const struct turn *t)
{
	const struct turn_answer *a = &t->answer;

	if (a->state == NULL)
		return false;
	return a->ended || strcmp(a->state, "done") != 0;
}

/* What a provider does not count is counted by its bytes, and what it counts
 * beyond all reason is as much as one goal may use. */
static int64_t
sane(int64_t tokens, int64_t bytes)
{
	if (tokens < 0)
		tokens = bytes / BYTES_PER_TOKEN;
	return tokens < TURN_TOKENS_MAX ? tokens : TURN_TOKENS_MAX;
}

static void
put_usage(const struct turn *t, struct json *content, const struct usage *said)
{
	const struct turn_answer *a = &t->answer;
	struct json *u = json_object();

	json_put_int(u, "input", sane(said->input, a->asked_bytes));
	json_put_int(u, "cached", sane(said->cached, 0));
	json_put_int(u, "cache_written", sane(said->cache_written, 0));
	json_put_int(u, "output", sane(said->output, a->received));
	json_put(content, "usage", u);
}

static const char *const finishes[] = {
    [FINISH_STOP] = "stop",
    [FINISH_CALLS] = "calls",
    [FINISH_LENGTH] = "length",
    [FINISH_FILTER] = "filter",
};

/* What came as arguments and is none: {ID: text}. */
static void
put_wrong(const struct chat_reply *r, struct json *content)
{
	struct json *wrong = json_object();
	size_t i;

	for (i = 0; i < r->n_calls; i++)
		if (r->calls[i].args == NULL)
			json_put_str(wrong, r->calls[i].id,
			    r->calls[i].wrong != NULL ? r->calls[i].wrong : "");
	if (json_count(wrong) > 0)
		json_put(content, "wrong", wrong);
	else
		json_free(wrong);
}

/* With who said it: only who did is told it again word for word. */
static void
put_message(struct turn *t, const struct chat_reply *r, struct json *content)
{
	struct json *message = chat_reply_message(r, t->answer.ask.dialect);

	if (json_has(message, "raw"))
		prompt_put_from(message, think_model(t));
	json_put(content, "message", message);
}

/* Nothing is done of what a cut reply wishes. */
static void
put_reply(struct turn *t, struct chat_reply *r, struct json *content)
{
	put_usage(t, content, &r->usage);
	json_put_str(content, "finish", finishes[r->finish]);
	if (r->finish == FINISH_LENGTH && r->n_calls > 0)
		json_put_str(content, "error",
		    "the reply was cut at its ceiling of tokens, in the "
		    "middle of what it wished");
	else if (r->finish == FINISH_FILTER)
		json_put_str(
		    content, "error", "the provider refused to answer this");
	else if (r->n_calls == 0 && r->text[0] == '\0')
		json_put_str(content, "error", "the reply was empty");
	else
		put_message(t, r, content);
	if (r->chosen)
		json_put_bool(content, "chosen", true);
	put_wrong(r, content);
	json_put_int(content, "left_out", (int64_t)r->left_out);
}

/* What it made its conclusion of, beside the bytes. */
static void
tell_heard(struct turn *t)
{
	const struct turn_answer *a = &t->answer;
	struct json *how = json_object();

	json_put_str(how, "state", a->state);
	json_put_str(how, "result", a->result);
	if (a->end != NULL)
		json_put(how, "ended", json_copy(a->end));
	t->ports.heard(t->ports.arg, t->n, how);
	json_free(how);
}

static void
conclude(struct turn *t, struct json *content)
{
	struct turn_answer *a = &t->answer;
	struct chat_reply *r = NULL;
	struct errmsg why = {""};

	json_put_str(content, "model", a->ask.model);
	turn_cancel(t);
	if (a->reader != NULL)
		tell_heard(t);
	if (strcmp(a->state, "denied") == 0) {
		json_put_bool(content, "denied", true);
		json_put_str(content, "error", a->result);
	} else if (strcmp(a->state, "done") != 0 || !a->ended_well) {
		json_put_str(
		    content, "error", a->why != NULL ? a->why : a->result);
		json_put_bool(content, "broken",
		    a->is_wrong || a->is_cut ||
			strcmp(a->state, "failed") != 0);
	} else if (chat_reader_end(a->reader, &r, &why) != OK) {
		json_put_str(content, "error", why.text);
		json_put_bool(content, "broken", true);
	} else {
		put_reply(t, r, content);
	}
	chat_reply_free(r);
}

void
think_count(struct turn *t, const struct json *content)
{
	const struct json *usage = json_get(content, "usage");

	t->tokens += json_int(usage, "input", 0) + json_int(usage, "output", 0);
}

char *
think_take_text(struct turn *t, struct json *content)
{
	struct turn_answer *a = &t->answer;
	struct chat_reply *r = NULL;
	struct errmsg why = {""};
	char *text = NULL;

	turn_cancel(t);
	if (a->reader != NULL)
		tell_heard(t);
	if (strcmp(a->state, "done") != 0 || !a->ended_well ||
	    chat_reader_end(a->reader, &r, &why) != OK)
		return NULL;
	put_usage(t, content, &r->usage);
	if (r->finish != FINISH_FILTER && r->text[0] != '\0')
		text = xstrdup(r->text);
	chat_reply_free(r);
	return text;
}

/* ---- What follows ---- */

static bool
has_next_model(const struct turn *t)
{
	return t->model + 1 < json_count(json_get(t->view, "models"));
}

static enum turn_step
end_with(struct turn *t, const char *first, const char *words)
{
	struct buf b;

	buf_init(&b, REPLY_MAX);
	buf_addf(&b, "%s%s", first, words);
	free(t->reply);
	t->reply = buf_steal(&b);
	t->reached = false;
	return STEP_REPLY;
}

/* A broken answer may come whole when it is asked for again; what the house
 * denies is not asked of another. */
static enum turn_step
after_error(struct turn *t, const struct json *content)
{
	const char *error = json_words(content, "error");

	if (json_flag(content, "denied"))
		return end_with(t, "I may not ask the model: ", error);
	if (json_flag(content, "broken") && t->retries < TURN_RETRIES_MAX) {
		t->retries++;
		return STEP_THINK;
	}
	if (has_next_model(t)) {
		t->model++;
		t->retries = 0;
		return STEP_THINK;
	}
	return end_with(t, "The model gave no answer: ", error);
}

static void
take_calls(struct turn *t, const struct json *content)
{
	const struct json *wrong = json_get(content, "wrong");
	const struct json *c =
	    json_first(json_get(json_get(content, "message"), "calls"));

	calls_forget(t);
	for (; c != NULL; c = json_next(c)) {
		const char *id = json_words(c, "id");

		/* Of arguments that are none the message has "{}". */
		calls_add(t, id, json_words(c, "tool"),
		    json_has(wrong, id) ? NULL : json_str(c, "args"), NULL);
	}
}

/* To propose and to observe all of them, to reflect and to reply: nothing is
 * done that could not be told. */
static bool
has_room(const struct turn *t)
{
	return t->n + 1 + critic_wants(t) + 2 * (int64_t)t->n_calls + 2 <=
	    RUN_STEPS_MAX;
}

static enum turn_step
after_words(struct turn *t, const struct json *content)
{
	const struct json *message = json_get(content, "message");
	bool cut = strcmp(json_words(content, "finish"), "length") == 0;
	struct buf b;

	buf_init(&b, REPLY_MAX);
	buf_addf(&b, "%.*s%s",
	    (int)str_cut(json_words(message, "text"), REPLY_MAX - 64),
	    json_words(message, "text"),
	    cut ? "\n(The model's reply was cut here.)" : "");
	free(t->reply);
	t->reply = buf_steal(&b);
	t->reached = true;
	return STEP_REPLY;
}

enum turn_step
think_replay(struct turn *t, const struct json *content)
{
	const struct json *message = json_get(content, "message");
	bool was_forced = t->forced;

	/* No model is there, or the rules knew it. */
	if (t->by_rules || think_model(t) == NULL)
		return rules_replay(t, content);
	think_forget(t);
	turn_set(&t->last_model, json_str(content, "model"));
	think_count(t, content);
	if (json_has(content, "error") || message == NULL)
		return after_error(t, content);
	t->forced = false;
	json_push(t->messages, json_copy(message));
	t->left_out = (size_t)json_int(content, "left_out", 0);
	if (json_count(json_get(message, "calls")) == 0)
		return prose_is_call(t, content, was_forced)
		    ? prose_repair(t, content)
		    : after_words(t, content);
	take_calls(t, content);
	if (!has_room(t))
		return turn_stop_at_steps(t);
	return critic_wants(t) ? STEP_CRITICIZE : STEP_PROPOSE;
}

enum turn_step
think_run(struct turn *t, struct json *content)
{
	const struct json *m = think_model(t);
	enum turn_step next;

	if (t->by_rules || m == NULL)
		return rules_think(t, content);
	if (!t->answer.asked)
		think_ask(t, m, fill_ask, true);
	if (!think_is_over(t))
		return STEP_WAIT;
	conclude(t, content);
	next = think_replay(t, content);
	if (next == STEP_PROPOSE || next == STEP_CRITICIZE)
		calls_put_plan(t, content);
	return next;
}
