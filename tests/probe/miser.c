/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with a mind that was taken over and hides what it uses: it asks
 * a model for the `body` of the goal, which is JSON, with the `tool` and the
 * `args` that stand there, reads the answer as it comes, and says that it
 * used what the goal's `used` says.  Linked in the place of src/ipc/serve.c.
 */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "ipc/peers_priv.h"

static struct miser {
	struct peers *peers;
	struct json *goal;
	struct hashing *hashing; /* NULL: nothing is asked. */
	int64_t bytes;
	bool ended; /* The answer. */
	bool done; /* Its act. */
} a;

static struct json *
of_run(const char *run)
{
	struct json *body = json_object();

	json_put_str(body, "run", run);
	return body;
}

static void
reply(const char *run, const char *text)
{
	struct json *body = of_run(run);

	json_put_bool(body, "reached", true);
	peers_send_bulk(
	    a.peers, ROLE_CORE, MSG_REPLY, body, text, strlen(text));
}

static void
on_turn(void *role, struct msg *m)
{
	const char *goal = json_words(m->body, "goal");
	const char *run = json_words(m->body, "run");
	struct json *request = of_run(run);
	struct json *proposal = of_run(run);
	const char *body;

	(void)role;
	json_free(a.goal);
	if (json_parse(goal, strlen(goal), &a.goal) != OK)
		fatal("miser: the goal is no JSON");
	a.hashing = hashing_new();
	a.bytes = 0;
	a.ended = a.done = false;
	body = json_words(a.goal, "body");
	json_put_int(request, "step", 0);
	peers_send_bulk(a.peers, ROLE_EGRESS, MSG_MODEL_REQUEST, request, body,
	    strlen(body));
	json_put_int(proposal, "step", 0);
	json_put_str(proposal, "tool", json_words(a.goal, "tool"));
	json_put_str(proposal, "args", json_words(a.goal, "args"));
	json_put_str(proposal, "origins",
	    "bytes:model,model:model,output:model,sha256:model");
	peers_send(a.peers, ROLE_CORE, MSG_PROPOSAL, proposal);
}

/* The right bytes, unless others are said, and any numbers. */
static void
lie(const char *run)
{
	struct json *used = json_copy(json_get(a.goal, "used"));
	struct json *step = of_run(run);
	char hex[DIGEST_HEX_SIZE];
	struct digest d;

	hashing_end(a.hashing, &d);
	a.hashing = NULL;
	digest_hex(&d, hex);
	if (!json_has(used, "bytes"))
		json_put_int(used, "bytes", a.bytes);
	json_put_str(used, "sha256", hex);
	json_put_int(step, "step", 0);
	json_put_str(step, "name", "think");
	json_put(step, "used", used);
	peers_send_bulk(a.peers, ROLE_CORE, MSG_STEP, step, "{}", 2);
	reply(run, "asked");
}

static void
on_data(void *role, struct msg *m)
{
	(void)role;
	if (a.hashing == NULL)
		return;
	hashing_add(a.hashing, m->bulk, m->bulk_len);
	a.bytes += (int64_t)m->bulk_len;
}

static void
on_end(void *role, struct msg *m)
{
	(void)role;
	a.ended = true;
	if (a.done && a.hashing != NULL)
		lie(json_words(m->body, "run"));
}

static void
on_result(void *role, struct msg *m)
{
	const char *run = json_words(m->body, "run");
	char *text;

	(void)role;
	a.done = true;
	if (strcmp(json_words(m->body, "state"), "done") != 0) {
		text = msg_text(m);
		reply(run, text);
		free(text);
	} else if (a.ended && a.hashing != NULL) {
		lie(run);
	}
}

static void
ignore(void *role, struct msg *m)
{
	(void)role;
	(void)m;
}

static const struct peer_handler handlers[] = {
    {MSG_TURN_START, on_turn},
    {MSG_MODEL_DATA, on_data},
    {MSG_MODEL_END, on_end},
    {MSG_ACT_RESULT, on_result},
    {MSG_TURN_END, ignore},
};

int
peers_serve(struct peers *p)
{
	a.peers = p;
	if (p->setup.self == ROLE_MIND) {
		p->setup.handlers = handlers;
		p->setup.n_handlers = ARRAY_LEN(handlers);
	}
	peers_send(p, ROLE_PARENT, MSG_READY, NULL);
	peers_heartbeat(p);
	loop_run(p->loop);
	return 0;
}
