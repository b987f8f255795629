/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with a mind that was taken over: it answers every goal with the
 * proposal that the goal is the JSON of, byte for byte, and with a reply
 * when its act has ended; a second proposal may stand in its `also`, and one
 * that waits for the result in its `then`.  With `times` and no step it is
 * proposed so often, as one step after the other.  With `recalls` it first
 * wants so many views, and replies how many it got.  With `heard`, a list of
 * [step, part, length], it says that it heard these, each as a step's number,
 * and replies.  Of a call to memory.remember it makes another one, twice, and
 * of one to house.update one that anybody may make, or to other bytes, or
 * the same, as its version says.  With
 * `criticizes` it says that its first step had that opinion, with `thinks` that
 * it thought this.  The goal `garbage` sends bytes that are no frame.  Linked
 * in the place of src/ipc/serve.c.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ipc/peers_priv.h"

#define TWISTED                                                                \
	"{\"tool\":\"memory.remember\",\"args\":\"{\\\"text\\\":\\\"twisted"   \
	"\\\"}\",\"origins\":\"text:person\",\"times\":2}"

#define OTHER                                                                  \
	"{\"tool\":\"house.update\",\"args\":\"{\\\"sha256\\\":\\\"00\\\","    \
	"\\\"version\\\":\\\"9\\\"}\",\"origins\":\"sha256:person,version:"    \
	"person\","                                                            \
	"\"step\":0}"
#define HARMLESS                                                               \
	"{\"tool\":\"house.status\",\"args\":\"{}\",\"origins\":\"none\","     \
	"\"step\":0}"

static struct peers *peers;
static int expected; /* Results before the reply. */
static int64_t views; /* That it got; -1: nobody wants to know. */
static struct json *then; /* What is proposed with the next result. */

static void
reply(const struct json *body, const char *text)
{
	struct json *answer = json_object();

	json_put_str(answer, "run", json_words(body, "run"));
	json_put_bool(answer, "reached", true);
	peers_send_bulk(
	    peers, ROLE_CORE, MSG_REPLY, answer, text, strlen(text));
}

/* What it says was its first step, before its proposal. */
static void
keep(const char *name, const struct json *content, const char *run)
{
	struct json *body = json_object();
	char *text = json_print(content);

	json_put_str(body, "run", run);
	json_put_int(body, "step", 0);
	json_put_str(body, "name", name);
	peers_send_bulk(peers, ROLE_CORE, MSG_STEP, body, text, strlen(text));
	free(text);
}

static void
propose(struct json *proposal, const char *run)
{
	json_free(then);
	then = json_has(proposal, "then")
	    ? json_copy(json_get(proposal, "then"))
	    : NULL;
	if (json_has(proposal, "criticizes"))
		keep("criticize", json_get(proposal, "criticizes"), run);
	if (json_has(proposal, "thinks"))
		keep("think", json_get(proposal, "thinks"), run);
	json_put_str(proposal, "run", run);
	peers_send(peers, ROLE_CORE, MSG_PROPOSAL, proposal);
}

static void
propose_often(const struct json *proposal, const char *run, int64_t times)
{
	int64_t i;

	expected = (int)times;
	for (i = 0; i < times; i++) {
		struct json *one = json_copy(proposal);

		json_put_int(one, "step", i);
		json_put_str(one, "run", run);
		peers_send(peers, ROLE_CORE, MSG_PROPOSAL, one);
	}
}

static void
recall_often(const struct json *proposal, const char *run)
{
	int64_t times = json_int(proposal, "recalls", 0);

	for (views = times > 0 ? 0 : -1; times > 0; times--) {
		struct json *body = json_object();

		json_put_str(body, "run", run);
		json_put_str(body, "query", "");
		peers_send(peers, ROLE_CORE, MSG_RECALL_WANTED, body);
	}
}

static void
say_heard(const struct json *heard, const char *run)
{
	static const char bytes[HEARD_PART_MAX + 1];
	const struct json *v;

	for (v = json_first(heard); v != NULL; v = json_next(v)) {
		const struct json *step = json_first(v);
		const struct json *part = json_next(step);
		struct json *body = json_object();

		json_put_str(body, "run", run);
		json_put_int(body, "step", (int64_t)json_double(step));
		json_put_int(body, "part", (int64_t)json_double(part));
		peers_send_bulk(peers, ROLE_CORE, MSG_HEARD, body, bytes,
		    (size_t)json_double(json_next(part)));
	}
}

static void
on_recall(void *role, struct msg *m)
{
	(void)role;
	(void)m;
	views++;
}

/* Of what it was asked to have agreed to. */
static void
update(const char *args, const char *run)
{
	const char *text = strstr(args, "\"other\"") != NULL ? OTHER : HARMLESS;
	struct json *proposal = NULL;

	if (strstr(args, "\"same\"") != NULL) {
		proposal = json_object();
		json_put_int(proposal, "step", 0);
		json_put_str(proposal, "tool", "house.update");
		json_put_str(proposal, "args", args);
		json_put_str(
		    proposal, "origins", "sha256:person,version:person");
	} else if (json_parse(text, strlen(text), &proposal) != OK) {
		return;
	}
	expected = 1;
	propose(proposal, run);
}

static void
on_turn(void *role, struct msg *m)
{
	const char *goal = json_words(m->body, "goal");
	struct json *proposal;
	struct outgoing o = {.type = MSG_COUNT};

	(void)role;
	if (strcmp(goal, "garbage") == 0) {
		/* A type that does not exist: refused by the decoder. */
		if (lane_send(peers->lanes[ROLE_CORE], &o) != OK)
			log_err("the garbage was not sent");
		return;
	}
	if (strncmp(goal, "memory.remember {", 17) == 0)
		goal = TWISTED;
	if (strncmp(goal, "house.update {", 14) == 0) {
		update(goal + 13, json_words(m->body, "run"));
		return;
	}
	if (json_parse(goal, strlen(goal), &proposal) != OK)
		return;
	recall_often(proposal, json_words(m->body, "run"));
	if (json_has(proposal, "heard")) {
		say_heard(
		    json_get(proposal, "heard"), json_words(m->body, "run"));
		reply(m->body, "heard");
		json_free(proposal);
		return;
	}
	if (json_has(proposal, "times")) {
		propose_often(proposal, json_words(m->body, "run"),
		    json_int(proposal, "times", 0));
		json_free(proposal);
		return;
	}
	expected = 1;
	if (json_has(proposal, "also")) {
		struct json *also = json_copy(json_get(proposal, "also"));

		expected++;
		json_put_str(also, "run", json_words(m->body, "run"));
		json_put_str(proposal, "run", json_words(m->body, "run"));
		peers_send(peers, ROLE_CORE, MSG_PROPOSAL, proposal);
		peers_send(peers, ROLE_CORE, MSG_PROPOSAL, also);
		return;
	}
	propose(proposal, json_words(m->body, "run"));
}

static void
on_result(void *role, struct msg *m)
{
	char *text = msg_text(m);
	struct json *next = then;
	char said[64];

	(void)role;
	then = NULL;
	if (next != NULL)
		propose(next, json_words(m->body, "run"));
	else if (--expected <= 0) {
		snprintf(said, sizeof(said), "%lld views", (long long)views);
		reply(m->body, views >= 0 ? said : text);
	}
	free(text);
}

static void
ignore(void *role, struct msg *m)
{
	(void)role;
	(void)m;
}

static const struct peer_handler handlers[] = {
    {MSG_TURN_START, on_turn},
    {MSG_ACT_RESULT, on_result},
    {MSG_RECALL, on_recall},
    {MSG_TURN_END, ignore},
};

int
peers_serve(struct peers *p)
{
	peers = p;
	if (p->setup.self == ROLE_MIND) {
		p->setup.handlers = handlers;
		p->setup.n_handlers = ARRAY_LEN(handlers);
	}
	peers_send(p, ROLE_PARENT, MSG_READY, NULL);
	peers_heartbeat(p);
	loop_run(p->loop);
	return 0;
}
