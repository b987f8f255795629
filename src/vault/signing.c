/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "audit/audit.h"
#include "base/limits.h"
#include "vault/vault_priv.h"

/* What the house's own keys are used for: the root key signs here and never
 * leaves; the listener's key goes to control. */

/* {"id", "size", "root"}: signs this one kind of text and no other. */
void
signing_on_checkpoint(void *role, struct msg *m)
{
	struct vault *v = role;
	const char *hex = json_str(m->body, "root");
	char text[SIGNATURE_TEXT_SIZE];
	struct signature sig;
	struct digest root;
	struct json *body;
	struct buf b;

	if (hex == NULL || digest_read(hex, strlen(hex), &root) != OK)
		return;
	buf_init(&b, COMMAND_MAX);
	audit_checkpoint_text(
	    &v->trust.box, (uint64_t)json_int(m->body, "size", 0), &root, &b);
	key_sign(v->root_key, b.p, b.len, &sig);
	signature_text(&sig, text);
	body = json_object();
	json_put_int(body, "id", json_int(m->body, "id", 0));
	json_put_str(body, "checkpoint", b.p);
	json_put_str(body, "signature", text);
	peers_send(v->peers, ROLE_CORE, MSG_CHECKPOINT, body);
	buf_done(&b);
}

void
signing_on_identity(void *role, struct msg *m)
{
	struct vault *v = role;
	struct json *body = json_object();

	(void)m;
	json_put_str(body, "key", secret_reveal(v->files.tls_key));
	json_put_str(body, "cert", v->files.tls_cert);
	json_put_str(body, "root", v->files.root_cert);
	peers_send(v->peers, ROLE_CONTROL, MSG_IDENTITY, body);
}
