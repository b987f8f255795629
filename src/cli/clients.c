/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cli/cli_priv.h"
#include "crypto/crypto.h"
#include "pairing/pairing.h"
#include "sys/clock.h"

/* Who is paired: the list, taking it back, and lending. */

/* A phone's certificate has no role: it only opens a port. */
static const char *
what_it_is(const struct json *c)
{
	const char *kind = json_words(c, "kind");

	return strcmp(kind, "certificate") == 0 ? kind : json_words(c, "role");
}

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
			terminal_print("%-16s %-11s %.16s%s\n",
			    json_words(c, "name"), what_it_is(c), hex,
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
		terminal_print("%s is revoked%s\n", name,
		    json_flag(answer, "recovery_revoked")
			? ", and with it the recovery code that it made; "
			  "'durward recovery' makes another"
			: "");
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
	bool certifying = argc == 3 && strcmp(argv[1], "certificate") == 0;
	bool lending = argc == 4 && strcmp(argv[1], "lend") == 0;
	struct session *s;
	int code = EXIT_REACHED;

	if (argc != 1 && !revoking && !lending && !certifying)
		return terminal_usage("clients [revoke NAME | lend NAME TOOLS "
				      "[--hours N] | certificate NAME]");
	s = session_open(&code);
	if (s == NULL)
		return code;
	if (lending)
		code = lend(s, argv[2], argv[3], hours);
	else if (certifying)
		code = pairing_certificate(s, argv[2]);
	else
		code = revoking ? revoke(s, argv[2]) : list_clients(s);
	session_close(s);
	return code;
}
