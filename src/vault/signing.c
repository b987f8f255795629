/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/limits.h"
#include "base/log.h"
#include "cert/cert.h"
#include "sys/clock.h"
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

static void
tell_identity(struct vault *v)
{
	struct json *body = json_object();

	json_put_str(body, "key", secret_reveal(v->files.tls_key));
	json_put_str(body, "cert", v->files.tls_cert);
	json_put_str(body, "root", v->files.root_cert);
	peers_send(v->peers, ROLE_CONTROL, MSG_IDENTITY, body);
}

void
signing_on_identity(void *role, struct msg *m)
{
	struct vault *v = role;

	(void)m;
	tell_identity(v);
	pairing_tell(v);
}

static enum err
make_leaf(struct vault *v, const char *names, struct buf *out)
{
	struct public_key pub;
	struct key *key;
	enum err e = key_read_pem(secret_reveal(v->files.tls_key), &key);

	if (e != OK)
		return e;
	key_public(key, &pub);
	key_free(key);
	return cert_make_server(secret_reveal(v->files.root_key),
	    v->files.root_cert, &pub, names, clock_wall_ms(), out);
}

/* {"names"}: under which this machine is found now.  The listener's
 * certificate is made for them, with the key that it has. */
void
signing_on_names(void *role, struct msg *m)
{
	struct vault *v = role;
	struct buf b;

	buf_init(&b, FILE_READ_MAX);
	if (make_leaf(v, json_words(m->body, "names"), &b) == OK) {
		free(v->files.tls_cert);
		v->files.tls_cert = buf_steal(&b);
		tell_identity(v);
	} else {
		log_warn("the names of this machine do not fit into a "
			 "certificate; it keeps the one it has");
	}
	buf_done(&b);
}
