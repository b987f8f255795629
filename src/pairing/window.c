/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "crypto/seal.h"
#include "pairing/pairing_priv.h"

#define TYPED_MAX 128 /* However a person groups it. */
#include "sys/clock.h"
#include "term/term.h"

/* ---- On the console: open the window ---- */

enum err
pairing_unseal(
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

#define PORT "8443"
#define PAIRING_PORT "8444"

void
pairing_port_options(struct session *s, char ret[PORT_OPTIONS_SIZE])
{
	const struct identity *i = session_identity(s);
	char usual[PORT_OPTIONS_SIZE];

	snprintf(usual, sizeof(usual),
	    " --port " PORT " --pairing-port " PAIRING_PORT);
	snprintf(ret, PORT_OPTIONS_SIZE, " --port %u --pairing-port %u",
	    (unsigned)i->port, (unsigned)i->pairing_port);
	if (strcmp(ret, usual) == 0)
		ret[0] = '\0';
}

static void
show_token(
    struct session *s, const struct json *answer, const char *token, bool phone)
{
	struct json *v = json_object();
	int64_t left_ms = json_int(answer, "left_ms", 0);
	char ports[PORT_OPTIONS_SIZE];

	pairing_port_options(s, ports);
	json_put_str(v, "token", token);
	json_put_int(v, "left_ms", left_ms);
	if (!terminal_print_json(v) && !phone)
		terminal_print(
		    "For the next %lld minutes, on the other client; on "
		    "another machine with --host and the name of this one:\n"
		    "  durward pair %s%s\n",
		    (long long)(left_ms + 30000) / 60000, token, ports);
	json_free(v);
}

bool
pairing_put_until(struct json *body, const char *expires)
{
	struct errmsg why;
	int64_t ms;

	if (expires == NULL)
		return true;
	if (term_read_time(expires, &ms, &why) != OK) {
		terminal_error("%s", why.text);
		return false;
	}
	json_put_int(body, "until_ms", clock_wall_ms() + ms);
	return true;
}

/* The token of a window that is opened now; NULL, and then `ret_exit` says
 * how it ends. */
static struct secret *
open_window(struct session *s, const struct wanted *w, int *ret_exit)
{
	struct seal_key *key = seal_key_new();
	struct json *body = json_object();
	struct secret *token = NULL;
	struct public_key pub;
	struct json *answer;
	char hex[PUBLIC_HEX_SIZE];

	seal_key_public(key, &pub);
	public_hex(&pub, hex);
	json_put_str(body, "role", w->role);
	json_put_str(body, "kind", w->phone ? "browser" : "cli");
	json_put_str(body, "reply_key", hex);
	if (w->scope != NULL)
		json_put_str(body, "scope", w->scope);
	if (!pairing_put_until(body, w->expires)) {
		seal_key_free(key);
		json_free(body);
		*ret_exit = EXIT_USAGE;
		return NULL;
	}
	answer = session_command(s, "pair.open", body, ret_exit);
	if (answer != NULL && pairing_unseal(answer, key, &token) == OK) {
		show_token(s, answer, secret_reveal(token), w->phone);
	} else if (answer != NULL) {
		terminal_error("the token was not sealed for this client");
		*ret_exit = EXIT_BROKEN;
	}
	seal_key_free(key);
	json_free(answer);
	return token;
}

static int
let_in(const struct wanted *wanted)
{
	struct secret *token;
	struct session *s;
	struct watching w;
	int code = EXIT_REACHED;

	s = session_open(&code);
	if (s == NULL)
		return code;
	/* Before the window opens, so that nobody's knock is missed. */
	if (wanted->phone)
		code = phone_watch(s, &w);
	if (code == EXIT_REACHED) {
		token = open_window(s, wanted, &code);
		if (token != NULL && wanted->phone)
			code =
			    phone_admit(&w, wanted->host, secret_reveal(token));
		secret_free(token);
	}
	session_close(s);
	return code;
}

/* As an argument it would stand in the list of processes and in the shell's
 * history; where a code of recovery is good for days. */
static int
join(struct joining *j, const char *token)
{
	struct secret *typed;
	char text[TYPED_MAX + 1];
	int code;

	if (token != NULL)
		return pairing_join(j, token);
	if (terminal_read_secret("Token or code", TYPED_MAX, &typed) != OK) {
		terminal_error("a token is what 'durward pair' shows, and a "
			       "code what 'durward recovery' showed");
		return EXIT_USAGE;
	}
	snprintf(text, sizeof(text), "%s", secret_reveal(typed));
	secret_free(typed);
	text[strcspn(text, "\r\n")] = '\0';
	code = pairing_join(j, text);
	explicit_bzero(text, sizeof(text));
	return code;
}

int
command_pair(int argc, char **argv)
{
	struct joining j = {
	    .name = terminal_option(&argc, argv, "--name", NULL)};
	struct wanted w = {
	    .role = terminal_option(&argc, argv, "--role", "approver"),
	    .expires = terminal_option(&argc, argv, "--expires", NULL),
	    .scope = terminal_option(&argc, argv, "--scope", NULL),
	    .phone = terminal_flag(&argc, argv, "--phone")};
	const char *port = terminal_option(&argc, argv, "--port", PORT);
	const char *pairing =
	    terminal_option(&argc, argv, "--pairing-port", PAIRING_PORT);
	char name[NAME_MAX_LEN + 1];

	j.host = terminal_option(&argc, argv, "--host", NULL);
	j.port = (uint16_t)strtol(port, NULL, 10);
	j.pairing_port = (uint16_t)strtol(pairing, NULL, 10);
	w.host = j.host;
	/* Another box than this one is one to join. */
	if (argc == 1 && (w.phone || j.host == NULL))
		return let_in(&w);
	/* What the window says counts, and not what who comes would like. */
	if (argc > 2 || w.phone || w.expires != NULL || w.scope != NULL)
		return terminal_usage("pair " PAIR_USAGE);
	if (j.host == NULL)
		j.host = "localhost";
	if (j.name == NULL) {
		const char *user = getenv("USER");

		snprintf(name, sizeof(name), "%s-cli",
		    user != NULL && str_is_name(user) ? user : "client");
		j.name = name;
	}
	return join(&j, argc == 2 ? argv[1] : NULL);
}
