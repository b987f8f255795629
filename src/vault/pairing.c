/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "cert/cert.h"
#include "crypto/crypto.h"
#include "crypto/seal.h"
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

static bool
is_open(const struct vault *v)
{
	return v->pairing.open && clock_boot_ms() < v->pairing.until_ms;
}

/* Is there a browser that the port must be open for? */
static bool
has_browsers(struct vault *v)
{
	size_t i;

	for (i = 0; i < v->trust.n_clients; i++)
		if (v->trust.clients[i].kind == CLIENT_BROWSER &&
		    client_is_live(&v->trust.clients[i], terms_wall_ms(v)))
			return true;
	return false;
}

/* Who may see the web app on the port of clients. */
static struct json *
list_certificates(struct vault *v)
{
	struct json *list = json_array();
	char hex[DIGEST_HEX_SIZE];
	size_t i;

	for (i = 0; i < v->trust.n_clients; i++) {
		const struct client *c = &v->trust.clients[i];

		if (c->kind != CLIENT_CERTIFICATE ||
		    !client_is_live(c, terms_wall_ms(v)))
			continue;
		digest_hex(&c->id, hex);
		json_push(list, json_string(hex));
	}
	return list;
}

void
pairing_tell(struct vault *v)
{
	struct json *body = json_object();

	json_put_bool(body, "open", is_open(v));
	json_put_bool(body, "phone", v->pairing.kind == CLIENT_BROWSER);
	json_put_bool(body, "browsers", has_browsers(v));
	json_put_bool(body, "recovery", v->recovery.exists);
	json_put(body, "certificates", list_certificates(v));
	json_put_int(body, "left_ms", v->pairing.until_ms - clock_boot_ms());
	peers_send(v->peers, ROLE_CONTROL, MSG_PAIR_WINDOW, body);
}

static void
close_window(struct vault *v)
{
	v->pairing.open = v->pairing.asks = false;
	secret_free(v->pairing.secret);
	v->pairing.secret = NULL;
	pairing_tell(v);
}

void
pairing_client_lost(struct vault *v, const struct digest *client)
{
	if (v->pairing.open && digest_equal(&v->pairing.opener, client))
		close_window(v);
}

/* Only the client that signed the command can open it: core and control,
 * which carry it, could otherwise pair a key of their own. */
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

/* body: {"role", "kind", "reply_key", "until_ms", "scope"}; "kind" is "cli" or
 * "browser".  A new window replaces an open one. */
enum err
pairing_open(struct vault *v, const struct client *owner,
    const struct json *body, char **ret_told, struct errmsg *why)
{
	enum client_role r = client_role_by_name(json_words(body, "role"));
	char sealed[2 * SEALED_LEN + 1];
	uint8_t bits[PAIRING_SECRET_LEN];
	struct term term;
	struct json *told;
	enum err e;

	if (r == CLIENT_ROLE_COUNT)
		return err_say(why, ERR_INPUT,
		    "a client's role is owner, approver, viewer or program");
	e = terms_read(v, body, owner, r, &term, why);
	if (e != OK)
		return e;
	secret_free(v->pairing.secret);
	crypto_random(bits, sizeof(bits));
	v->pairing.secret = secret_new(bits, sizeof(bits));
	explicit_bzero(bits, sizeof(bits));
	e = seal_token(v, body, sealed, why);
	v->pairing.open = e == OK;
	v->pairing.asks = false;
	v->pairing.opener = owner->id;
	v->pairing.role = r;
	v->pairing.term = term;
	v->pairing.kind = strcmp(json_words(body, "kind"), "browser") == 0
	    ? CLIENT_BROWSER
	    : CLIENT_CLI;
	v->pairing.tries_left = PAIR_TRIES_MAX;
	v->pairing.until_ms = clock_boot_ms() + PAIR_WINDOW_MS;
	pairing_tell(v);
	if (e != OK)
		return e;
	told = json_object();
	json_put_str(told, "sealed", sealed);
	json_put_int(told, "left_ms", PAIR_WINDOW_MS);
	*ret_told = json_print(told);
	json_free(told);
	return OK;
}

/* HMAC over everything that makes this pairing this one. */
static enum err
check_hmac(struct vault *v, const struct json *body, const struct client *c,
    struct errmsg *why)
{
	const char *exporter = json_words(body, "exporter");
	const char *hmac = json_words(body, "hmac");
	struct digest channel = v->trust.box;
	struct digest want;
	struct digest got;
	enum err e = digest_read(hmac, strlen(hmac), &got);

	if (e == OK && c->kind == CLIENT_CLI)
		e = digest_read(exporter, strlen(exporter), &channel);
	if (e == OK)
		pairing_hmac((const uint8_t *)secret_reveal(v->pairing.secret),
		    channel.b, &c->key, c->name, &want);
	if (e != OK || !digest_equal(&want, &got))
		return err_say(why, ERR_SIGNATURE,
		    "the token is wrong; compare it with the console");
	return OK;
}

/* Counts every knock, right or wrong, against the window. */
static enum err
check_window(struct vault *v, struct errmsg *why)
{
	if (!is_open(v))
		return err_say(why, ERR_EXPIRED,
		    "no pairing window is open; open one with 'durward pair' "
		    "on the console");
	if (v->pairing.asks)
		return err_say(why, ERR_BUSY,
		    "another client is being paired; open a new window when "
		    "it is");
	if (v->pairing.tries_left-- == 0) {
		v->pairing.open = false;
		return err_say(why, ERR_LIMIT,
		    "too many wrong tries; open a new pairing window");
	}
	return OK;
}

/* {"csr", "name"} of the command line, or {"key", "name"} of a browser. */
enum err
pairing_read(const struct json *body, struct client *c, struct errmsg *why)
{
	const char *key = json_str(body, "key");
	const char *csr = json_words(body, "csr");
	const char *name = json_words(body, "name");

	if (!str_is_name(name) ||
	    str_copy(c->name, sizeof(c->name), name) != OK)
		return err_say(why, ERR_INPUT,
		    "a client's name has small letters, digits and '-'");
	c->kind = key != NULL ? CLIENT_BROWSER : CLIENT_CLI;
	if (key != NULL && public_read(key, strlen(key), &c->key) != OK)
		return err_say(why, ERR_INPUT, "the key is malformed");
	if (key == NULL && csr_read(csr, &c->key) != OK)
		return err_say(why, ERR_INPUT,
		    "the signing request is malformed or not signed by its "
		    "own key");
	public_id(&c->key, &c->id);
	c->paired_ms = clock_wall_ms();
	return OK;
}

/* Who saw a phone's token must not become a command line, which nobody
 * compares words with. */
static enum err
check_kind(const struct vault *v, const struct client *c, struct errmsg *why)
{
	if (c->kind == v->pairing.kind)
		return OK;
	return err_say(why, ERR_DENIED,
	    v->pairing.kind == CLIENT_BROWSER
		? "this window is for a phone; 'durward pair' without "
		  "--phone opens another"
		: "this window is for a command line; 'durward pair --phone' "
		  "opens one for a phone");
}

/* The last place is for who comes back by a recovery code: tombstones must
 * not lock everybody out. */
static enum err
check_places(const struct vault *v, struct errmsg *why)
{
	return v->trust.n_clients < CLIENTS_MAX - 1
	    ? OK
	    : err_say(why, ERR_LIMIT,
		  "%d clients were paired ever, and the last place is for who "
		  "has the recovery code",
		  CLIENTS_MAX - 1);
}

/* Into the table; the caller takes it out again when nothing can be saved. */
static enum err
add_client(struct vault *v, const struct client *c, struct errmsg *why)
{
	enum err e = trust_add_client(&v->trust, c);

	if (e == ERR_LIMIT)
		return err_say(why, e,
		    "%d clients were paired ever, and no more can be",
		    CLIENTS_MAX);
	if (e != OK)
		return err_say(why, e,
		    "the name '%s' or its key is known already, or belonged "
		    "to a client that was revoked; choose another name",
		    c->name);
	return OK;
}

enum err
pairing_admit(struct vault *v, const struct client *c, struct buf *cert,
    struct errmsg *why)
{
	enum err e = add_client(v, c, why);

	if (e != OK)
		return e;
	if (c->kind != CLIENT_BROWSER)
		e = cert_make(secret_reveal(v->files.root_key),
		    v->files.root_cert, &c->key, c->name, cert);
	if (e == OK)
		e = vault_save(v, why);
	if (e != OK)
		v->trust.n_clients--;
	return e;
}

enum err
pairing_certify(struct vault *v, const struct json *body,
    const struct client *owner, struct client *ret, struct buf *cert,
    struct errmsg *why)
{
	enum err e = json_has(body, "key")
	    ? err_say(why, ERR_INPUT, "a certificate is asked for by a csr")
	    : pairing_read(body, ret, why);

	ret->kind = CLIENT_CERTIFICATE;
	ret->role = CLIENT_VIEWER;
	if (e == OK)
		e = check_places(v, why);
	if (e == OK)
		e = terms_read(v, body, owner, ret->role, &ret->term, why);
	return e == OK ? pairing_admit(v, ret, cert, why) : e;
}

/* A browser waits until an owner has compared the words; that its name is
 * free it hears now. */
static enum err
ask_owner(struct vault *v, const struct client *c, struct errmsg *why)
{
	enum err e = add_client(v, c, why);

	if (e != OK)
		return e;
	v->trust.n_clients--;
	v->pairing.asks = true;
	v->pairing.who = *c;
	return OK;
}

static enum err
knock(struct vault *v, const struct json *body, struct client *c,
    struct buf *cert, struct errmsg *why)
{
	enum err e = check_window(v, why);

	if (e == OK)
		e = pairing_read(body, c, why);
	if (e == OK)
		e = check_kind(v, c, why);
	if (e == OK)
		e = check_hmac(v, body, c, why);
	if (e == OK)
		e = check_places(v, why);
	if (e != OK)
		return e;
	c->role = v->pairing.role;
	c->term = v->pairing.term;
	return c->kind == CLIENT_CLI ? pairing_admit(v, c, cert, why)
				     : ask_owner(v, c, why);
}

/* A window counts its tries and ends with them; anybody may go on knocking
 * without one. */
static bool
is_counted(enum err e)
{
	return e != ERR_EXPIRED && e != ERR_BUSY;
}

static void
log_refusal(struct vault *v, enum err e, const struct errmsg *why)
{
	if (is_counted(e) || v->uncounted++ % PAIR_LOG_EACH == 0)
		log_warn("a pairing was refused: %s", why->text);
}

void
pairing_on_request(void *role, struct msg *m)
{
	struct vault *v = role;
	struct json *answer = json_object();
	struct errmsg why = {""};
	struct client c = {.kind = CLIENT_CLI};
	struct buf cert;
	bool recovers = json_flag(m->body, "recovery");
	bool was_open = v->pairing.open && !recovers;
	enum err e;

	buf_init(&cert, 8192);
	e = recovers ? recovery_knock(v, m->body, &c, &cert, &why)
		     : knock(v, m->body, &c, &cert, &why);
	json_put_int(answer, "id", json_int(m->body, "id", 0));
	json_put_int(answer, "status", e == OK ? 200 : 403);
	if (e == OK) {
		if (cert.len > 0)
			json_put_str(answer, "certificate", cert.p);
		json_put_str(answer, "name", c.name);
		json_put_str(answer, "role", client_role_name(c.role));
	} else {
		log_refusal(v, e, &why);
		json_put_str(answer, "error", why.text);
	}
	/* Before the client hears of it, so that its first word is known. */
	if (e == OK && c.kind != CLIENT_BROWSER) {
		vault_tell_trust(v);
		terms_watch(v);
	}
	if (e == OK)
		vault_answer(v, 0,
		    recovers                       ? "client-recovered"
			: c.kind == CLIENT_BROWSER ? "client-asks"
						   : "client-paired",
		    &c, NULL);
	else if (recovers && is_counted(e))
		vault_answer(v, 0, "recovery-refused", NULL, NULL);
	peers_send(v->peers, ROLE_CONTROL, MSG_PAIR_ANSWER, answer);
	/* Behind the answer, which would be cut off with the port. */
	if (was_open && ((e == OK && !v->pairing.asks) || !v->pairing.open))
		close_window(v);
	if (recovers && e == OK)
		pairing_tell(v);
	buf_done(&cert);
}

/* ---- An owner's word on a browser ---- */

const struct client *
pairing_asking(const struct vault *v)
{
	return is_open(v) && v->pairing.asks ? &v->pairing.who : NULL;
}

static enum err
find_asking(struct vault *v, const struct json *body, struct client *ret,
    struct errmsg *why)
{
	const char *hex = json_words(body, "client");
	const struct client *c = pairing_asking(v);
	struct digest id;

	if (c == NULL || digest_read(hex, strlen(hex), &id) != OK ||
	    !digest_equal(&id, &c->id))
		return err_say(why, ERR_NOTFOUND,
		    "this client does not ask any more; open a new window "
		    "with 'durward pair'");
	*ret = *c;
	return OK;
}

enum err
pairing_confirm(struct vault *v, const struct json *body, struct client *ret,
    struct errmsg *why)
{
	enum err e = find_asking(v, body, ret, why);

	if (e == OK)
		e = check_places(v, why);
	if (e == OK)
		e = pairing_admit(v, ret, NULL, why);
	if (e == OK)
		close_window(v);
	return e;
}

enum err
pairing_refuse(struct vault *v, const struct json *body, struct client *ret,
    struct errmsg *why)
{
	enum err e = find_asking(v, body, ret, why);

	if (e == OK)
		close_window(v);
	return e;
}
