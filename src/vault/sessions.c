/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "vault/vault_priv.h"

/*
 * Who a browser is: it has no certificate, so it signs what control gave it,
 * as a command named "session" that nobody but us takes.  The challenge in it
 * is control's own, who compares it; the signature and the client are checked
 * here, against the table itself.
 */

#define SESSION_BODY "{}"

static enum err
find_client(struct vault *v, const struct json *body, const struct client **ret,
    struct errmsg *why)
{
	const char *text = json_words(body, "text");
	const char *signature = json_words(body, "signature");
	struct str bytes = {text, strlen(text)};
	struct str signed_body = {SESSION_BODY, sizeof(SESSION_BODY) - 1};
	struct signature sig;
	struct command cmd;
	enum err e;

	if (signature_read(signature, &sig) != OK)
		return err_say(why, ERR_INPUT, "the signature is malformed");
	e = command_verify(&v->trust, peers_boot(v->peers), terms_wall_ms(v),
	    bytes, &sig, signed_body, &cmd, ret, why);
	if (e == OK && !str_eq(cmd.name, "session"))
		e = err_say(why, ERR_DENIED, "this opens no session");
	return e;
}

/* It signed for itself, but waits for an owner's word. */
static bool
still_asks(const struct vault *v, const struct json *body)
{
	const char *text = json_words(body, "text");
	const struct client *c = pairing_asking(v);
	struct signature sig;

	return c != NULL &&
	    signature_read(json_words(body, "signature"), &sig) == OK &&
	    key_verify(&c->key, text, strlen(text), &sig) == OK;
}

/* {"id", "text", "signature"} -> {"id", "client", "name", "role"}, or
 * {"id", "error", "waits"}. */
void
sessions_on_wanted(void *role, struct msg *m)
{
	struct vault *v = role;
	struct json *answer = json_object();
	struct errmsg why = {""};
	const struct client *c;
	char hex[DIGEST_HEX_SIZE];
	enum err e = find_client(v, m->body, &c, &why);

	json_put_int(answer, "id", json_int(m->body, "id", 0));
	if (e == OK) {
		digest_hex(&c->id, hex);
		json_put_str(answer, "client", hex);
		json_put_str(answer, "name", c->name);
		json_put_str(answer, "role", client_role_name(c->role));
	} else {
		json_put_bool(answer, "waits", still_asks(v, m->body));
		json_put_str(answer, "error", why.text);
	}
	peers_send(v->peers, ROLE_CONTROL, MSG_SESSION, answer);
}
