/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with a core and an egress that have been taken over and want
 * keys: the one hands the other documents from its folder, and with each of
 * them the other asks the vault, and says what it got, though not the value.
 * Linked in the place of src/ipc/serve.c.
 */

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ipc/peers_priv.h"
#include "sys/file.h"

static const char *const documents[] = {
    "provider.json", "forged.json", "tool.json", "thief.json", "keyless.json"};

static struct peers *house;
static char *texts[ARRAY_LEN(documents)];
static size_t n_texts;

/* As soon as there are all of them, and a vault. */
static void
ask_all(void)
{
	size_t i;

	if (n_texts < ARRAY_LEN(texts) || !peers_have(house, ROLE_VAULT))
		return;
	for (i = 0; i < n_texts; i++) {
		struct json *body = json_object();

		json_put_int(body, "id", (int64_t)i);
		peers_send_bulk(house, ROLE_VAULT, MSG_KEY_WANTED, body,
		    texts[i], strlen(texts[i]));
	}
}

static void
on_manifest(void *role, struct msg *m)
{
	(void)role;
	if (n_texts < ARRAY_LEN(texts))
		texts[n_texts++] = xstrndup(m->bulk, m->bulk_len);
	ask_all();
}

static void
on_egress_lane(void *role, enum role peer)
{
	(void)role;
	if (peer == ROLE_VAULT)
		ask_all();
}

static void
on_key(void *role, struct msg *m)
{
	const char *name = documents[json_int(m->body, "id", 0)];

	(void)role;
	if (json_flag(m->body, "ok"))
		log_info("keyer %s: GIVEN %zu bytes", name, m->bulk_len);
	else
		log_info("keyer %s: refused: %s", name,
		    json_words(m->body, "error"));
}

static void
ignore(void *role, struct msg *m)
{
	(void)role;
	(void)m;
}

static const struct peer_handler egress_handlers[] = {
    {MSG_MANIFEST, on_manifest},
    {MSG_KEY, on_key},
    {MSG_TRUST_TABLE, ignore},
    {MSG_FILTER, ignore},
};

static const struct peer_handler core_handlers[] = {
    {MSG_TOOLS_EPOCH, ignore},
    {MSG_RUNNER_STATE, ignore},
    {MSG_CLIENT_REQUEST, ignore},
};

static void
on_core_lane(void *role, enum role peer)
{
	char *text;
	size_t i;

	(void)role;
	for (i = 0; peer == ROLE_EGRESS && i < ARRAY_LEN(documents); i++) {
		if (file_load("/state", documents[i], &text) != OK)
			fatal("keyer: %s is missing", documents[i]);
		peers_send_bulk(
		    house, ROLE_EGRESS, MSG_MANIFEST, NULL, text, strlen(text));
		free(text);
	}
}

int
peers_serve(struct peers *p)
{
	house = p;
	p->setup.on_lost = NULL;
	if (p->setup.self == ROLE_EGRESS) {
		p->setup.handlers = egress_handlers;
		p->setup.n_handlers = ARRAY_LEN(egress_handlers);
		p->setup.on_lane = on_egress_lane;
	} else if (p->setup.self == ROLE_CORE) {
		p->setup.handlers = core_handlers;
		p->setup.n_handlers = ARRAY_LEN(core_handlers);
		p->setup.on_lane = on_core_lane;
	}
	peers_send(p, ROLE_PARENT, MSG_READY, NULL);
	peers_heartbeat(p);
	loop_run(p->loop);
	return 0;
}
