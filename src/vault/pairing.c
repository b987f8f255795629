/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "crypto/seal.h"
#include "http/cert.h"
#include "sys/clock.h"
#include "vault/vault_priv.h"

#define SEALED_LEN (PAIRING_TOKEN_SIZE - 1 + SEAL_OVERHEAD)

static void
make_token(struct vault *v, char ret[PAIRING_TOKEN_SIZE])
{
	struct pairing_token t;

	memcpy(t.box_hash, v->trust.box.b, PAIRING_HASH_LEN);
	memcpy(t.secret, secret_reveal(v->pairing.secret), PAIRING_SECRET_LEN);
	pairing_token_write(&t, ret);
	explicit_bzero(&t, sizeof(t));
}

static void
tell_window(struct vault *v, int64_t request, const char *sealed)
{
	struct json *body = json_object();

	json_put_bool(body, "open", v->pairing.open);
	json_put_int(body, "left_ms", v->pairing.until_ms - clock_boot_ms());
	json_put_int(body, "id", request);
	if (sealed != NULL)
		json_put_str(body, "sealed", sealed);
	peers_send(v->peers, ROLE_CONTROL, MSG_PAIR_WINDOW, body);
}

static void
close_window(struct vault *v)
{
	v->pairing.open = false;
	secret_free(v->pairing.secret);
	v->pairing.secret = NULL;
	tell_window(v, 0, NULL);
}

/* Only the client that signed the command can open it: control, which
 * carries it, could otherwise pair a key of its own. */
static enum err
seal_token(struct vault *v, const struct json *body,
    char ret[2 * SEALED_LEN + 1], struct errmsg *why)
{
	const char *hex = json_words(body, "reply_key");
	char token[PAIRING_TOKEN_SIZE];
	uint8_t sealed[SEALED_LEN];
	struct public_key to;
	enum err e = public_read(hex, strlen(hex), &to);

	if (e == OK) {
		make_token(v, token);
		e = seal_to(&to, token, PAIRING_TOKEN_SIZE - 1, sealed);
		explicit_bzero(token, sizeof(token));
	}
	if (e != OK)
		return err_say(why, ERR_INPUT,
		    "the command needs a reply_key to seal the token with");
	hex_write(ret, sealed, sizeof(sealed));
	return OK;
}

/* body: {"role", "reply_key"}.  A new window replaces an open one. */
enum err
pairing_open(struct vault *v, int64_t request, const struct json *body,
    struct errmsg *why)
{
	enum client_role r = client_role_by_name(json_words(body, "role"));
	char sealed[2 * SEALED_LEN + 1];
	uint8_t bits[PAIRING_SECRET_LEN];
	enum err e;

	if (r == CLIENT_ROLE_COUNT)
		return err_say(why, ERR_INPUT,
		    "a client's role is owner, approver, viewer or program");
	secret_free(v->pairing.secret);
	crypto_random(bits, sizeof(bits));
	v->pairing.secret = secret_new(bits, sizeof(bits));
	explicit_bzero(bits, sizeof(bits));
	e = seal_token(v, body, sealed, why);
	v->pairing.open = e == OK;
	v->pairing.role = r;
	v->pairing.tries_left = PAIR_TRIES_MAX;
	v->pairing.until_ms = clock_boot_ms() + PAIR_WINDOW_MS;
	tell_window(v, request, e == OK ? sealed : NULL);
	return e;
}

/* HMAC over everything that makes this pairing this one. */
static enum err
check_hmac(struct vault *v, const struct json *body,
    const struct public_key *pub, const char *name)
{
	const char *exporter = json_str(body, "exporter");
	const char *hmac = json_str(body, "hmac");
	struct digest want;
	struct digest got;
	struct digest channel;

	if (exporter == NULL || hmac == NULL ||
	    digest_read(exporter, strlen(exporter), &channel) != OK ||
	    digest_read(hmac, strlen(hmac), &got) != OK)
		return ERR_INPUT;
	pairing_hmac((const uint8_t *)secret_reveal(v->pairing.secret),
	    channel.b, pub, name, &want);
	return digest_equal(&want, &got) ? OK : ERR_SIGNATURE;
}

/* Counts every knock, right or wrong, against the window. */
static enum err
check_window(struct vault *v, struct errmsg *why)
{
	if (!v->pairing.open || clock_boot_ms() >= v->pairing.until_ms)
		return err_say(why, ERR_EXPIRED,
		    "no pairing window is open; open one with 'durward pair' "
		    "on the console");
	if (v->pairing.tries_left-- == 0) {
		v->pairing.open = false;
		return err_say(why, ERR_LIMIT,
		    "too many wrong tries; open a new pairing window");
	}
	return OK;
}

static enum err
admit(struct vault *v, const struct json *body, struct client *ret,
    struct buf *cert, struct errmsg *why)
{
	const char *csr = json_str(body, "csr");
	const char *name = json_str(body, "name");
	struct client c = {
	    .role = v->pairing.role, .paired_ms = clock_wall_ms()};
	enum err e = check_window(v, why);

	if (e != OK)
		return e;
	if (name == NULL || !str_is_name(name) ||
	    str_copy(c.name, sizeof(c.name), name) != OK)
		return err_say(why, ERR_INPUT,
		    "a client's name has small letters, digits and '-'");
	if (csr == NULL || csr_read(csr, &c.key) != OK)
		return err_say(why, ERR_INPUT,
		    "the signing request is malformed or not signed by its "
		    "own key");
	if (check_hmac(v, body, &c.key, name) != OK)
		return err_say(why, ERR_SIGNATURE,
		    "the token is wrong; compare it with the console");
	public_id(&c.key, &c.id);
	e = trust_add_client(&v->trust, &c);
	if (e == ERR_LIMIT)
		return err_say(why, e,
		    "%d clients were paired ever, and no more can be",
		    CLIENTS_MAX);
	if (e != OK)
		return err_say(why, e,
		    "the name '%s' or its key is known already; choose "
		    "another name",
		    c.name);
	e = cert_make(secret_reveal(v->files.root_key), v->files.root_cert,
	    &c.key, c.name, CERT_CLIENT, cert);
	if (e == OK)
		e = vault_save(v, why);
	if (e != OK) {
		v->trust.n_clients--;
		return e;
	}
	*ret = c;
	return OK;
}

void
pairing_on_request(void *role, struct msg *m)
{
	struct vault *v = role;
	struct json *answer = json_object();
	struct errmsg why = {""};
	struct client c;
	struct buf cert;
	bool was_open = v->pairing.open;
	enum err e;

	buf_init(&cert, 8192);
	e = admit(v, m->body, &c, &cert, &why);
	json_put_int(answer, "id", json_int(m->body, "id", 0));
	json_put_int(answer, "status", e == OK ? 200 : 403);
	if (e == OK) {
		json_put_str(answer, "certificate", cert.p);
		json_put_str(answer, "name", c.name);
		json_put_str(answer, "role", client_role_name(c.role));
	} else {
		log_warn("a pairing was refused: %s", why.text);
		json_put_str(answer, "error", why.text);
	}
	/* Before the client hears of it, so that its first word is known. */
	if (e == OK) {
		vault_tell_trust(v);
		vault_answer(v, 0, "client-paired", &c, false);
	}
	peers_send(v->peers, ROLE_CONTROL, MSG_PAIR_ANSWER, answer);
	/* Behind the answer, which would be cut off with the port. */
	if (was_open && (e == OK || !v->pairing.open))
		close_window(v);
	buf_done(&cert);
}
