/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "sys/clock.h"
#include "vault/vault_priv.h"

/* The key by which push services know the house again: egress gets tokens for
 * one service each, browsers learn its public half. */

#define DAMAGED                                                                \
	"the vault's key for push services is damaged or cannot be written; "  \
	"check the disk, or delete '" VAPID_FILE                               \
	"' in the vault's folder and let the browsers offer themselves again"

void
pushing_open(struct vault *v)
{
	if (vapid_open(VAULT_FOLDER, &v->vapid) != OK)
		log_err(DAMAGED);
}

/* {"id", "origin"}: of nothing else is there a signature. */
void
pushing_on_token_wanted(void *role, struct msg *m)
{
	struct vault *v = role;
	struct json *body = json_object();
	struct errmsg why = {DAMAGED};
	struct buf b;
	enum err e = ERR_STATE;

	buf_init(&b, VAPID_HEADER_MAX);
	if (v->vapid != NULL)
		e = vapid_header(v->vapid, json_words(m->body, "origin"),
		    clock_wall_ms(), &b, &why);
	json_put_int(body, "id", json_int(m->body, "id", 0));
	json_put_bool(body, "ok", e == OK);
	if (e == OK)
		json_put_str(body, "authorization", b.p);
	else
		json_put_str(body, "error", why.text);
	if (e != OK)
		log_warn("no token for a push service: %s", why.text);
	peers_send(v->peers, ROLE_EGRESS, MSG_PUSH_TOKEN, body);
	buf_done(&b);
}

/* {"id"}: what a browser names when it subscribes; "" when there is none. */
void
pushing_on_key_wanted(void *role, struct msg *m)
{
	struct vault *v = role;
	struct json *body = json_object();
	char hex[PUBLIC_HEX_SIZE] = "";
	struct public_key pub;

	if (v->vapid != NULL) {
		vapid_public(v->vapid, &pub);
		public_hex(&pub, hex);
	}
	json_put_int(body, "id", json_int(m->body, "id", 0));
	json_put_str(body, "key", hex);
	peers_send(v->peers, ROLE_CORE, MSG_PUSH_KEY, body);
}
