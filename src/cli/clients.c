/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approval/pairing.h"
#include "base/limits.h"
#include "base/str.h"
#include "cli/cli_priv.h"
#include "crypto/crypto.h"
#include "crypto/seal.h"
#include "http/cert.h"
#include "http/client.h"
#include "sys/clock.h"

/* Pairing, from both ends, and the list of who is paired. */

#define PEM_SIZE 4096

/* ---- On the console: open the window ---- */

/* The token comes sealed for a key that was made for this one answer. */
static enum err
open_token(
    const struct json *answer, const struct seal_key *key, struct secret **ret)
{
	const char *hex = json_words(answer, "sealed");
	uint8_t sealed[SEAL_MAX];
	size_t len = strlen(hex) / 2;

	if (len > sizeof(sealed) ||
	    hex_read(hex, strlen(hex), sealed, len) != OK)
		return ERR_INPUT;
	return seal_open(key, sealed, len, ret);
}

static void
show_token(const struct json *answer, const char *token)
{
	struct json *v = json_object();
	int64_t left_ms = json_int(answer, "left_ms", 0);

	json_put_str(v, "token", token);
	json_put_int(v, "left_ms", left_ms);
	if (!terminal_print_json(v))
		terminal_print(
		    "For the next %lld minutes, on the other client:\n"
		    "  durward pair %s\n",
		    (long long)(left_ms + 30000) / 60000, token);
	json_free(v);
}

static int
open_window(const char *role)
{
	struct secret *token = NULL;
	struct public_key pub;
	struct seal_key *key;
	struct session *s;
	struct json *body;
	struct json *answer;
	char hex[PUBLIC_HEX_SIZE];
	int code = EXIT_REACHED;

	s = session_open(&code);
	if (s == NULL)
		return code;
	key = seal_key_new();
	seal_key_public(key, &pub);
	public_hex(&pub, hex);
	body = json_object();
	json_put_str(body, "role", role);
	json_put_str(body, "reply_key", hex);
	answer = session_command(s, "pair.open", body, &code);
	if (answer != NULL && open_token(answer, key, &token) == OK) {
		show_token(answer, secret_reveal(token));
	} else if (answer != NULL) {
		fprintf(stderr,
		    "durward: the token was not sealed for this client\n");
		code = EXIT_BROKEN;
	}
	secret_free(token);
	seal_key_free(key);
	json_free(answer);
	session_close(s);
	return code;
}

/* ---- On the new client ---- */

struct joining {
	char folder[1024];
	const char *name;
	const char *host;
	uint16_t port;
	uint16_t pairing_port;
	struct pairing_token token;
	struct secret *key_pem;
	char root_pem[PEM_SIZE];
};

/* The box proves itself by the half hash that stands in the token. */
static enum err
check_box(struct joining *j, struct http_client *http, struct errmsg *why)
{
	struct digest root;

	if (tls_peer_root(http_client_tls(http), &root, j->root_pem,
		sizeof(j->root_pem)) != OK ||
	    !pairing_token_is_of(&j->token, &root))
		return err_say(why, ERR_DENIED,
		    "this is not the box that the token is from; check the "
		    "host, and that nobody is in between");
	return OK;
}

static enum err
write_hmac(
    struct joining *j, struct http_client *http, char ret[DIGEST_HEX_SIZE])
{
	uint8_t exporter[DIGEST_LEN];
	struct public_key pub;
	struct digest hmac;
	struct key *key;

	if (tls_exporter(http_client_tls(http), PAIRING_EXPORTER, exporter) !=
		OK ||
	    key_read_pem(secret_reveal(j->key_pem), &key) != OK)
		return ERR_STATE;
	key_public(key, &pub);
	key_free(key);
	pairing_hmac(j->token.secret, exporter, &pub, j->name, &hmac);
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
		    "no pairing window is open at %s port %u; open one with "
		    "'durward pair' on the console",
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

static int
pair_here(struct joining *j, const char *token)
{
	struct json *answer = NULL;
	struct errmsg why = {""};
	enum err e;

	crypto_open();
	if (pairing_token_read(token, &j->token) != OK) {
		fprintf(stderr,
		    "durward: this is no pairing token; copy all 44 "
		    "characters\n");
		return EXIT_USAGE;
	}
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
		fprintf(stderr, "durward: %s\n", why.text);
	json_free(answer);
	secret_free(j->key_pem);
	if (e == OK)
		return EXIT_REACHED;
	return e == ERR_CLOSED ? EXIT_AWAY : EXIT_REFUSED;
}

int
command_pair(int argc, char **argv)
{
	struct joining j = {
	    .name = terminal_option(&argc, argv, "--name", NULL)};
	const char *role = terminal_option(&argc, argv, "--role", "approver");
	const char *port = terminal_option(&argc, argv, "--port", "8443");
	const char *pairing =
	    terminal_option(&argc, argv, "--pairing-port", "8444");
	char name[NAME_MAX_LEN + 1];

	j.host = terminal_option(&argc, argv, "--host", "localhost");
	j.port = (uint16_t)strtol(port, NULL, 10);
	j.pairing_port = (uint16_t)strtol(pairing, NULL, 10);
	if (argc == 1)
		return open_window(role);
	if (argc != 2)
		return terminal_usage(
		    "pair [TOKEN] [--name NAME] [--host HOST] "
		    "[--role ROLE]");
	if (j.name == NULL) {
		const char *user = getenv("USER");

		snprintf(name, sizeof(name), "%s-cli",
		    user != NULL && str_is_name(user) ? user : "client");
		j.name = name;
	}
	return pair_here(&j, argv[1]);
}

/* ---- Who is paired ---- */

static int
list_clients(struct session *s)
{
	struct json *answer;
	const struct json *c;
	struct public_key key;
	struct digest id;
	char hex[DIGEST_HEX_SIZE];
	int code = EXIT_REACHED;

	answer = session_query(s, &code, "clients");
	if (answer != NULL && !terminal_print_json(answer))
		for (c = json_first(json_get(answer, "clients")); c != NULL;
		     c = json_next(c)) {
			const char *k = json_words(c, "key");

			if (public_read(k, strlen(k), &key) != OK)
				continue;
			public_id(&key, &id);
			digest_hex(&id, hex);
			terminal_print("%-16s %-9s %.16s%s\n",
			    json_words(c, "name"), json_words(c, "role"), hex,
			    json_flag(c, "revoked") ? "  revoked" : "");
		}
	json_free(answer);
	return code;
}

static int
revoke(struct session *s, const char *name)
{
	struct json *body = json_object();
	struct json *answer;
	int code = EXIT_REACHED;

	json_put_str(body, "client", name);
	answer = session_command(s, "clients.revoke", body, &code);
	if (answer != NULL)
		terminal_print("%s is revoked\n", name);
	json_free(answer);
	return code;
}

/* TOOLS is a glob; "none" ends it. */
static int
lend(struct session *s, const char *name, const char *tools, const char *hours)
{
	struct json *body = json_object();
	struct json *answer;
	int64_t ms = strtoll(hours, NULL, 10) * 3600 * 1000;
	int code = EXIT_REACHED;

	json_put_str(body, "client", name);
	json_put_str(body, "tools", strcmp(tools, "none") == 0 ? "" : tools);
	json_put_int(body, "until_ms", clock_wall_ms() + ms);
	answer = session_command(s, "clients.lend", body, &code);
	if (answer != NULL)
		terminal_print(
		    "%s may answer for %s for %s hours\n", name, tools, hours);
	json_free(answer);
	return code;
}

int
command_clients(int argc, char **argv)
{
	const char *hours = terminal_option(&argc, argv, "--hours", "8");
	bool revoking = argc == 3 && strcmp(argv[1], "revoke") == 0;
	bool lending = argc == 4 && strcmp(argv[1], "lend") == 0;
	struct session *s;
	int code = EXIT_REACHED;

	if (argc != 1 && !revoking && !lending)
		return terminal_usage(
		    "clients [revoke NAME | lend NAME TOOLS [--hours N]]");
	s = session_open(&code);
	if (s == NULL)
		return code;
	if (lending)
		code = lend(s, argv[2], argv[3], hours);
	else
		code = revoking ? revoke(s, argv[2]) : list_clients(s);
	session_close(s);
	return code;
}
