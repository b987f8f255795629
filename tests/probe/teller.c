/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with an egress that was taken over: it sends no notification, and
 * says of each order more than a role has to say: a reason that is longer
 * with each of them, up to what a lane takes, and members that nobody asked
 * for.  Linked in the place of src/ipc/serve.c.
 */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ipc/peers_priv.h"

#define HANDLERS_MAX 16

static struct peer_handler handlers[HANDLERS_MAX];
static struct peers *peers;

static struct json *
words(size_t len)
{
	char *text = xalloc(len + 1);
	struct json *v;

	memset(text, 'x', len);
	v = json_string(text);
	free(text);
	return v;
}

static void
on_order(void *role, struct msg *m)
{
	static size_t len = 1024;
	struct json *body = json_object();

	(void)role;
	json_put_str(body, "id", json_words(m->body, "id"));
	json_put_bool(body, "ok", false);
	json_put_str(body, "more", "nobody asked for this");
	json_put(body, "why", words(len));
	peers_send(peers, ROLE_CORE, MSG_NOTICE_DONE, body);
	len = 90 * (size_t)1024;
}

int
peers_serve(struct peers *p)
{
	size_t i;

	peers = p;
	if (p->setup.self == ROLE_EGRESS) {
		if (p->setup.n_handlers > HANDLERS_MAX)
			fatal("egress hears more than this probe knows");
		for (i = 0; i < p->setup.n_handlers; i++) {
			handlers[i] = p->setup.handlers[i];
			if (handlers[i].type == MSG_NOTICE_ORDER)
				handlers[i].fn = on_order;
		}
		p->setup.handlers = handlers;
	}
	peers_send(p, ROLE_PARENT, MSG_READY, NULL);
	peers_heartbeat(p);
	loop_run(p->loop);
	return 0;
}
