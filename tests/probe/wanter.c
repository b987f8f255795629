/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with a runner that has been taken over and wants secrets: it asks
 * the vault with documents that lie in its home, and says what it got, though
 * not the values.  Linked in the place of src/ipc/serve.c.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ipc/peers_priv.h"
#include "sys/clock.h"
#include "sys/file.h"

static const char *const documents[] = {
    "forged.json", "other-name.json", "signed.json"};

static void
on_secret(void *role, struct msg *m)
{
	const char *name = documents[json_int(m->body, "id", 0)];

	(void)role;
	if (json_flag(m->body, "ok"))
		log_info("wanter %s: GIVEN %zu of %zu bytes", name,
		    json_count(json_get(m->body, "secrets")), m->bulk_len);
	else
		log_info("wanter %s: refused: %s", name,
		    json_words(m->body, "error"));
}

static void
ignore(void *role, struct msg *m)
{
	(void)role;
	(void)m;
}

static const struct peer_handler handlers[] = {
    {MSG_SECRET, on_secret},
    {MSG_CONTAINER_START, ignore},
    {MSG_CONTAINER_STOP, ignore},
    {MSG_IMAGES_NAMED, ignore},
    {MSG_TOOL_WIPE, ignore},
};

static void
want_all(void *arg)
{
	struct peers *p = arg;
	struct json *body;
	char *text;
	size_t i;

	if (!peers_have(p, ROLE_VAULT)) {
		loop_timer(p->loop, clock_boot_ms() + 50, want_all, p);
		return;
	}
	for (i = 0; i < ARRAY_LEN(documents); i++) {
		if (file_load(getenv("HOME"), documents[i], &text) != OK)
			fatal("wanter: %s is missing", documents[i]);
		body = json_object();
		json_put_int(body, "id", (int64_t)i);
		peers_send_bulk(
		    p, ROLE_VAULT, MSG_SECRET_WANTED, body, text, strlen(text));
		free(text);
	}
}

int
peers_serve(struct peers *p)
{
	peers_send(p, ROLE_PARENT, MSG_READY, NULL);
	peers_heartbeat(p);
	if (p->setup.self == ROLE_RUNNER) {
		p->setup.handlers = handlers;
		p->setup.n_handlers = ARRAY_LEN(handlers);
		want_all(p);
	}
	loop_run(p->loop);
	return 0;
}
