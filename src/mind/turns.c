/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "mind/mind_priv.h"
#include "trace/trace.h"

/* The open turns: the ports of the turn machine are messages to the core. */

static struct open_turn *
find(struct mind *m, const struct json *body)
{
	const char *run = json_str(body, "run");
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX && run != NULL; i++)
		if (m->turns[i] != NULL && strcmp(m->turns[i]->run, run) == 0)
			return m->turns[i];
	return NULL;
}

static void
forget_answer(struct open_turn *t)
{
	struct digest unused;

	if (t->hashing != NULL)
		hashing_end(t->hashing, &unused);
	t->hashing = NULL;
	buf_clear(&t->heard);
}

static void
forget(struct mind *m, struct open_turn *t)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++)
		if (m->turns[i] == t)
			m->turns[i] = NULL;
	turn_free(t->turn);
	forget_answer(t);
	buf_done(&t->heard);
	free(t);
}

static void
port_reply(void *arg, const char *text, bool reached)
{
	struct open_turn *t = arg;
	struct json *body = json_object();

	json_put_str(body, "run", t->run);
	json_put_bool(body, "reached", reached);
	json_put_int(body, "tokens", turn_tokens(t->turn));
	if (turn_model(t->turn) != NULL)
		json_put_str(body, "model", turn_model(t->turn));
	peers_send_bulk(t->mind->peers, ROLE_CORE, MSG_REPLY, body, text,
	    str_cut(text, REPLY_MAX));
	t->over = true;
}

static void
port_propose(void *arg, int64_t step, const char *tool, const char *args,
    const char *origins)
{
	struct open_turn *t = arg;
	struct json *body = json_object();
	enum err e;

	json_put_str(body, "run", t->run);
	json_put_int(body, "step", step);
	json_put_str(body, "tool", tool);
	json_put_str(body, "args", args);
	json_put_str(body, "origins", origins);
	e = peers_send(t->mind->peers, ROLE_CORE, MSG_PROPOSAL, body);
	if (e == ERR_LIMIT)
		port_reply(t, "The proposal is too large to be sent.", false);
	else if (e == ERR_BUSY)
		fatal("the core does not take a proposal");
}

static void
put_run(struct json *body, const struct open_turn *t, int64_t step)
{
	json_put_str(body, "run", t->run);
	json_put_int(body, "step", step);
}

/* {"run", "query"} */
static void
port_recall(void *arg, const char *query)
{
	struct open_turn *t = arg;
	struct json *body = json_object();

	json_put_str(body, "run", t->run);
	json_put_str(body, "query", query);
	peers_send(t->mind->peers, ROLE_CORE, MSG_RECALL_WANTED, body);
}

/* The bytes go to egress, what they are to the core. */
static void
port_ask(void *arg, int64_t step, const struct turn_request *r)
{
	struct open_turn *t = arg;
	struct json *body = json_object();
	struct buf b;

	forget_answer(t);
	t->hashing = hashing_new();
	t->received = 0;
	t->asked = step;
	put_run(body, t, step);
	peers_send_bulk(t->mind->peers, ROLE_EGRESS, MSG_MODEL_REQUEST, body,
	    r->body, r->body_len);
	buf_init(&b, ARGS_MAX);
	trace_request(r->model, r->output, r->body, r->body_len, &b);
	port_propose(t, step, r->call, b.p, TRACE_REQUEST_ORIGINS);
	buf_done(&b);
}

static void
port_cancel(void *arg, int64_t step)
{
	struct open_turn *t = arg;
	struct json *body = json_object();

	put_run(body, t, step);
	peers_send(t->mind->peers, ROLE_EGRESS, MSG_MODEL_CANCEL, body);
}

/* {"run"} and the words as bulk: those of one piece of the answer at once,
 * since an answer has thousands of them.  They are for who looks on, and must
 * not keep steps and replies from the lane. */
static void
send_words(struct open_turn *t, const char *text, size_t len)
{
	struct json *body;

	if (len == 0 || peers_is_behind(t->mind->peers, ROLE_CORE))
		return;
	body = json_object();
	json_put_str(body, "run", t->run);
	peers_send_bulk(t->mind->peers, ROLE_CORE, MSG_WORDS, body, text, len);
}

/* Words that were chosen come behind the last piece. */
static void
port_words(void *arg, const char *text, size_t len)
{
	struct open_turn *t = arg;

	if (t->words != NULL)
		buf_add(t->words, text, len);
	else
		send_words(t, text, len < LANE_BULK_MAX ? len : 0);
}

/* What the provider says was used, and which bytes say so: the core knows
 * from egress which there were. */
static void
put_used(struct open_turn *t, struct json *body, const struct json *usage)
{
	static const char *const numbers[] = {
	    "input", "cached", "cache_written", "output"};
	struct json *used = json_object();
	char hex[DIGEST_HEX_SIZE];
	struct digest d;
	size_t i;

	hashing_end(t->hashing, &d);
	t->hashing = NULL;
	digest_hex(&d, hex);
	for (i = 0; i < ARRAY_LEN(numbers); i++)
		json_put_int(used, numbers[i], json_int(usage, numbers[i], -1));
	json_put_int(used, "bytes", t->received);
	json_put_str(used, "sha256", hex);
	json_put(body, "used", used);
}

static void
send_heard(
    struct open_turn *t, int64_t step, int part, const char *p, size_t len)
{
	struct json *body = json_object();

	put_run(body, t, step);
	json_put_int(body, "part", part);
	peers_send_bulk(t->mind->peers, ROLE_CORE, MSG_HEARD, body, p, len);
}

/* {"run", "step", "part"}: part 0 says how the answer ended and how long it
 * was, the others are its bytes, of one that is not too large to be kept. */
static void
port_heard(void *arg, int64_t step, const struct json *how)
{
	struct open_turn *t = arg;
	struct json *first = json_copy(how);
	size_t at;
	int part = 0;
	char *text;

	json_put_int(first, "bytes", t->received);
	text = json_print(first);
	send_heard(t, step, part++, text, strlen(text));
	free(text);
	json_free(first);
	for (at = 0; !t->heard.overflow && at < t->heard.len;
	     at += HEARD_PART_MAX)
		send_heard(t, step, part++, t->heard.p + at,
		    t->heard.len - at < HEARD_PART_MAX ? t->heard.len - at
						       : HEARD_PART_MAX);
	buf_done(&t->heard);
	buf_init(&t->heard, HEARD_MAX);
}

/* The lane keeps the order, and so does the core: it writes this step before
 * it looks at what comes after it. */
static bool
port_keep(void *arg, int64_t step, const char *name, const struct json *content)
{
	struct open_turn *t = arg;
	struct json *body = json_object();
	char *text = json_print(content);
	enum err e;

	json_put_str(body, "run", t->run);
	json_put_int(body, "step", step);
	json_put_str(body, "name", name);
	if (json_has(content, "plan"))
		json_put_str(body, "plan", json_words(content, "plan"));
	if (t->hashing != NULL && t->asked == step)
		put_used(t, body, json_get(content, "usage"));
	e = peers_send_bulk(
	    t->mind->peers, ROLE_CORE, MSG_STEP, body, text, strlen(text));
	free(text);
	if (e == ERR_LIMIT)
		port_reply(
		    t, "A step of this run is too large to keep.", false);
	else if (e == ERR_BUSY)
		fatal("the core does not take a step");
	return e != ERR_LIMIT;
}

static struct open_turn *
open_turn(struct mind *m, const char *run, const char *goal)
{
	struct turn_ports ports = {.recall = port_recall,
	    .propose = port_propose,
	    .ask = port_ask,
	    .cancel = port_cancel,
	    .words = port_words,
	    .heard = port_heard,
	    .keep = port_keep,
	    .reply = port_reply};
	struct open_turn *t;
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++) {
		if (m->turns[i] != NULL)
			continue;
		t = xalloc(sizeof(*t));
		if (str_copy(t->run, sizeof(t->run), run) != OK)
			fatal("the core sent a run without a proper id");
		t->mind = m;
		buf_init(&t->heard, HEARD_MAX);
		ports.arg = t;
		t->turn = turn_new(goal, &ports);
		m->turns[i] = t;
		return t;
	}
	return NULL;
}

/* Take over what was kept before the mind was restarted. */
static void
replay(struct open_turn *t, const struct json *steps)
{
	const struct json *s;

	for (s = json_first(steps); s != NULL; s = json_next(s)) {
		const char *name = json_str(s, "name");
		const char *text = json_str(s, "content");
		struct json *content = NULL;
		enum err e = ERR_INPUT;

		if (name != NULL && text != NULL)
			e = json_parse(text, strlen(text), &content);
		if (e == OK)
			e = turn_replay(t->turn, name, content);
		json_free(content);
		if (e != OK) {
			port_reply(
			    t, "The steps of this run are damaged.", false);
			return;
		}
	}
}

static void
after(struct mind *m, struct open_turn *t)
{
	if (t->over)
		forget(m, t);
}

/* {"run", "goal", "more"}: until there is no more, only steps are taken. */
void
turns_on_start(void *role, struct msg *msg)
{
	struct mind *m = role;
	const char *run = json_str(msg->body, "run");
	const char *goal = json_str(msg->body, "goal");
	struct open_turn *t = find(m, msg->body);
	struct json *bulk = NULL;

	if (run == NULL || goal == NULL || (t != NULL && !t->starts) ||
	    json_parse(msg->bulk, msg->bulk_len, &bulk) != OK)
		return;
	if (t == NULL)
		t = open_turn(m, run, goal);
	if (t == NULL)
		fatal("the core opens more turns than there may be");
	t->starts = json_flag(msg->body, "more");
	replay(t, json_get(bulk, "steps"));
	json_free(bulk);
	if (!t->over && !t->starts)
		turn_run(t->turn);
	after(m, t);
}

void
turns_on_result(void *role, struct msg *msg)
{
	struct open_turn *t = find(role, msg->body);
	const char *state = json_str(msg->body, "state");
	char *text;

	if (t == NULL || state == NULL)
		return;
	text = msg_text(msg);
	turn_result(t->turn, json_int(msg->body, "step", -1), state, text);
	free(text);
	after(role, t);
}

/* {"run"} and the view as bulk. */
void
turns_on_recall(void *role, struct msg *msg)
{
	struct open_turn *t = find(role, msg->body);
	struct json *view;

	if (t == NULL || json_parse(msg->bulk, msg->bulk_len, &view) != OK)
		return;
	turn_recalled(t->turn, view);
	json_free(view);
	after(role, t);
}

/* {"run", "step"} and a piece of the answer. */
void
turns_on_data(void *role, struct msg *msg)
{
	struct open_turn *t = find(role, msg->body);
	struct buf words;

	if (t == NULL)
		return;
	if (t->hashing != NULL && json_int(msg->body, "step", -1) == t->asked) {
		hashing_add(t->hashing, msg->bulk, msg->bulk_len);
		buf_add(&t->heard, msg->bulk, msg->bulk_len);
		t->received += (int64_t)msg->bulk_len;
	}
	/* No more than what they stand in. */
	buf_init(&words, LANE_BULK_MAX);
	t->words = &words;
	turn_model_data(
	    t->turn, json_int(msg->body, "step", -1), msg->bulk, msg->bulk_len);
	send_words(t, words.p, words.len);
	t->words = NULL;
	buf_done(&words);
}

/* {"run", "step", "ok", "status", "received", "why"}, and what the provider
 * said instead of an answer. */
void
turns_on_model_end(void *role, struct msg *msg)
{
	struct open_turn *t = find(role, msg->body);
	struct turn_model_end end = {.ok = json_flag(msg->body, "ok"),
	    .status = (int)json_int(msg->body, "status", 0),
	    .received = json_int(msg->body, "received", 0),
	    .why = json_words(msg->body, "why"),
	    .said = msg->bulk,
	    .said_len = msg->bulk_len};

	if (t == NULL)
		return;
	turn_model_ended(t->turn, json_int(msg->body, "step", -1), &end);
	after(role, t);
}

/* {"run"}: the core has ended it; what it would still say is not wanted. */
void
turns_on_end(void *role, struct msg *msg)
{
	struct open_turn *t = find(role, msg->body);

	if (t == NULL)
		return;
	turn_cancel(t->turn);
	forget(role, t);
}

void
turns_on_egress(struct mind *m)
{
	size_t i;

	for (i = 0; i < RUNS_OPEN_MAX; i++) {
		if (m->turns[i] == NULL)
			continue;
		turn_ask_again(m->turns[i]->turn);
		after(m, m->turns[i]);
	}
}
