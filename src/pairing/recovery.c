/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "crypto/seal.h"
#include "pairing/pairing_priv.h"

/* A code for a piece of paper, with which who lost every client comes back. */

#define LINE_LEN (7 * 5 - 1) /* Half of its groups. */

static void
show(struct session *s, const char *code)
{
	struct json *v = json_object();
	char ports[PORT_OPTIONS_SIZE];

	pairing_port_options(s, ports);
	json_put_str(v, "code", code);
	if (!terminal_print_json(v))
		terminal_print(
		    "Print this, or write it down, and keep it where no "
		    "computer reads it:\n\n"
		    "  %.*s\n  %s\n\n"
		    "Whoever has it can make itself an owner, once; the log "
		    "and 'durward clients' show it\nthen. It replaces the "
		    "code of before. When every client is lost, on any "
		    "machine:\n\n"
		    "  durward pair --host BOX%s\n\n"
		    "which asks for it, so that it stands in no history. "
		    "Until it is used or revoked ('durward recovery revoke') "
		    "the port of pairing stays\nopen for it.\n",
		    LINE_LEN, code, code + LINE_LEN + 1, ports);
	json_free(v);
}

static int
make(struct session *s)
{
	struct seal_key *key = seal_key_new();
	struct json *body = json_object();
	struct secret *code = NULL;
	struct json *answer;
	struct public_key pub;
	char hex[PUBLIC_HEX_SIZE];
	int ret = EXIT_REACHED;

	seal_key_public(key, &pub);
	public_hex(&pub, hex);
	json_put_str(body, "reply_key", hex);
	answer = session_command(s, "recovery.make", body, &ret);
	if (answer != NULL && pairing_unseal(answer, key, &code) == OK &&
	    secret_len(code) == RECOVERY_CODE_SIZE - 1) {
		show(s, secret_reveal(code));
	} else if (answer != NULL) {
		terminal_error("the code was not sealed for this client");
		ret = EXIT_BROKEN;
	}
	secret_free(code);
	seal_key_free(key);
	json_free(answer);
	return ret;
}

static int
revoke(struct session *s)
{
	int code = EXIT_REACHED;
	struct json *answer =
	    session_command(s, "recovery.revoke", json_object(), &code);

	if (answer != NULL)
		terminal_print("the recovery code is good for nothing now\n");
	json_free(answer);
	return code;
}

int
command_recovery(int argc, char **argv)
{
	bool revoking = argc == 2 && strcmp(argv[1], "revoke") == 0;
	struct session *s;
	int code = EXIT_REACHED;

	if (argc != 1 && !revoking)
		return terminal_usage("recovery [revoke]");
	s = session_open(&code);
	if (s == NULL)
		return code;
	code = revoking ? revoke(s) : make(s);
	session_close(s);
	return code;
}
