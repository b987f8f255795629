/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house with an egress that has been taken over and wants signatures of
 * the vault's key for push services: it asks for tokens of its own making and
 * says what it got.  Linked in the place of src/ipc/serve.c.
 */

#include "base/log.h"
#include "ipc/peers_priv.h"

static const char *const origins[] = {
    "https://push.example",
    "https://push.example:8443",
    "http://push.example",
    "https://push.example/send",
    "https://push.example\",\"exp\":99999999999,\"x\":\"",
    "https://user@push.example",
    "https://192.0.2.1",
    "durward-command/1\nbox 00\n",
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJ4In0",
    "",
};

static struct peers *house;

static void
ask_all(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(origins); i++) {
		struct json *body = json_object();

		json_put_int(body, "id", (int64_t)i);
		json_put_str(body, "origin", origins[i]);
		/* What it would like to stand in there. */
		json_put_str(body, "aud", "https://other.example");
		json_put_str(body, "sub", "mailto:somebody@other.example");
		json_put_str(body, "text", "durward-command/1\n");
		json_put_int(body, "exp", 99999999999);
		peers_send_bulk(house, ROLE_VAULT, MSG_PUSH_TOKEN_WANTED, body,
		    "durward-sheet/1\n", 16);
	}
}

static void
on_token(void *role, struct msg *m)
{
	int64_t id = json_int(m->body, "id", 0);
	const char *header = json_words(m->body, "authorization");

	(void)role;
	if (json_flag(m->body, "ok"))
		log_info("ringer %lld: TOKEN %s", (long long)id, header);
	else
		log_info("ringer %lld: refused: %s%s", (long long)id,
		    json_words(m->body, "error"), header);
}

static void
ignore(void *role, struct msg *m)
{
	(void)role;
	(void)m;
}

static const struct peer_handler egress_handlers[] = {
    {MSG_PUSH_TOKEN, on_token},
    {MSG_MANIFEST, ignore},
    {MSG_TRUST_TABLE, ignore},
    {MSG_FILTER, ignore},
};

static void
on_egress_lane(void *role, enum role peer)
{
	(void)role;
	if (peer == ROLE_VAULT)
		ask_all();
}

int
peers_serve(struct peers *p)
{
	if (p->setup.self == ROLE_EGRESS) {
		house = p;
		p->setup.on_lost = NULL;
		p->setup.handlers = egress_handlers;
		p->setup.n_handlers = ARRAY_LEN(egress_handlers);
		p->setup.on_lane = on_egress_lane;
	}
	peers_send(p, ROLE_PARENT, MSG_READY, NULL);
	peers_heartbeat(p);
	loop_run(p->loop);
	return 0;
}
