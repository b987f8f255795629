/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approval/pairing.h"
#include "base/limits.h"
#include "base/str.h"
#include "cert/cert.h"
#include "client/http.h"
#include "crypto/crypto.h"
#include "pairing/pairing_priv.h"

/* Pairing, on the new client: it proves that it knows the token's secret, and
 * has a key of its own signed. */

/* The box proves itself by the half hash that stands in the token. */
static enum err
check_box(struct joining *j, struct http_client *http, struct errmsg *why)
{
	struct digest root;

	if (tls_peer_root(http_client_tls(http), &root, j->root_pem,
		sizeof(j->root_pem)) != OK ||
	    memcmp(j->recovers ? j->code.box_hash : j->token.box_hash, root.b,
		PAIRING_HASH_LEN) != 0)
		return err_say(why, ERR_DENIED,
		    "this is not the box that the %s is from; check the host, "
		    "and that nobody is in between",
		    j->recovers ? "code" : "token");
	return OK;
}

static enum err
write_hmac(
    struct joining *j, struct http_client *http, char ret[DIGEST_HEX_SIZE])
{
	uint8_t exporter[DIGEST_LEN];
	struct public_key pub;
	struct digest hmac;
	struct digest hash;
	struct key *key;

	if (tls_exporter(http_client_tls(http), PAIRING_EXPORTER, exporter) !=
		OK ||
	    key_read_pem(secret_reveal(j->key_pem), &key) != OK)
		return ERR_STATE;
	key_public(key, &pub);
	key_free(key);
	if (j->recovers) {
		recovery_hash(j->code.secret, &hash);
		recovery_hmac(&hash, exporter, &pub, j->name, &hmac);
	} else {
		pairing_hmac(j->token.secret, exporter, &pub, j->name, &hmac);
	}
	digest_hex(&hmac, ret);
	return OK;
}

static enum err
request_pairing(struct joining *j, struct http_client *http, struct json **ret,
    struct errmsg *why)
{
	struct json *body = json_object();
	char hmac[DIGEST_HEX_SIZE];
	struct buf csr;
	struct buf answer;
	char *text;
	int status = 0;
	enum err e;

	buf_init(&csr, PEM_SIZE);
	buf_init(&answer, HTTP_REPLY_MAX);
	e = csr_make(secret_reveal(j->key_pem), j->name, &csr);
	if (e == OK)
		e = write_hmac(j, http, hmac);
	if (e != OK) {
		err_say(why, e,
		    "a name has small letters, digits and '-', and begins "
		    "with a letter");
		goto out;
	}
	json_put_str(body, "csr", csr.p);
	json_put_str(body, "name", j->name);
	json_put_str(body, "hmac", hmac);
	if (j->recovers)
		json_put_bool(body, "recovery", true);
	text = json_print(body);
	e = http_exchange(http, "POST", "/v1/pair", text, CLIENT_WAIT_MS,
	    &status, &answer, why);
	free(text);
	if (e == OK && json_parse(answer.p, answer.len, ret) != OK)
		e = err_say(why, ERR_INPUT, "the answer is not JSON");
	if (e == OK && status != 200) {
		e = err_say(why, ERR_DENIED, "%s", json_words(*ret, "error"));
		json_free(*ret);
		*ret = NULL;
	}
out:
	json_free(body);
	buf_done(&csr);
	buf_done(&answer);
	return e;
}

static enum err
join(struct joining *j, struct json **ret, struct errmsg *why)
{
	struct tls_config *tls;
	struct http_client *http;
	enum err e = tls_client_config(NULL, NULL, NULL, &tls);

	if (e != OK)
		return e;
	e = http_connect(j->host, j->pairing_port, tls, &http, why);
	if (e == OK) {
		e = check_box(j, http, why);
		if (e == OK)
			e = request_pairing(j, http, ret, why);
		http_close(http);
	} else {
		err_say(why, e,
		    j->recovers
			? "nobody takes a recovery code at %s port %u; check "
			  "the host, and that the code was not used"
			: "no pairing window is open at %s port %u; open one "
			  "with 'durward pair' on the console, or name the "
			  "port that it says with --pairing-port",
		    j->host, (unsigned)j->pairing_port);
	}
	tls_config_free(tls);
	return e;
}

static enum err
store(const struct joining *j, const struct json *answer, struct errmsg *why)
{
	struct identity_parts parts = {.name = j->name,
	    .host = j->host,
	    .port = j->port,
	    .pairing_port = j->pairing_port,
	    .cert_pem = json_words(answer, "certificate"),
	    .root_pem = j->root_pem};
	struct public_key pub;

	if (cert_key(parts.cert_pem, &pub) != OK)
		return err_say(why, ERR_INPUT,
		    "the certificate in the answer is malformed");
	return identity_save(j->folder, &parts, why);
}

/* A token, or a code on paper. */
static bool
read_words(struct joining *j, const char *words)
{
	enum err e;

	if (pairing_token_read(words, &j->token) == OK)
		return true;
	e = recovery_read(words, &j->code);
	if (e == ERR_CORRUPT)
		terminal_error("the recovery code has a typing error; compare "
			       "it with the paper, group by group");
	else if (e != OK)
		terminal_error("this is no pairing token, of which all 44 "
			       "characters are needed, and no recovery code "
			       "of 14 groups");
	j->recovers = e == OK;
	return e == OK;
}

int
pairing_join(struct joining *j, const char *token)
{
	struct json *answer = NULL;
	struct errmsg why = {""};
	enum err e;

	crypto_open();
	if (!read_words(j, token))
		return EXIT_USAGE;
	e = identity_folder(NULL, j->folder, sizeof(j->folder), &why);
	if (e == OK)
		e = identity_make_key(j->folder, &j->key_pem, &why);
	if (e == OK)
		e = join(j, &answer, &why);
	if (e == OK)
		e = store(j, answer, &why);
	if (e == OK)
		terminal_print("paired as %s, role %s\n", j->name,
		    json_words(answer, "role"));
	else
		terminal_error("%s", why.text);
	json_free(answer);
	secret_free(j->key_pem);
	if (e == OK)
		return EXIT_REACHED;
	return e == ERR_CLOSED ? EXIT_AWAY : EXIT_REFUSED;
}
