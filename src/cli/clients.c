/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cli/cli_priv.h"
#include "crypto/crypto.h"
#include "pairing/pairing.h"
#include "sys/clock.h"
#include "term/term.h"

/* Who is paired: the list, taking it back, until when, and lending. */

/* A phone's certificate has no role: it only opens a port. */
static const char *
what_it_is(const struct json *c)
{
	const char *kind = json_words(c, "kind");

	return strcmp(kind, "certificate") == 0 ? kind : json_words(c, "role");
}

/* Of one row, what is to be said beyond its name. */
static void
say_state(const struct json *c, struct buf *out)
{
	struct term term;

	if (json_flag(c, "revoked")) {
		buf_adds(out, "  revoked");
		return;
	}
	if (term_read(c, &term) != OK)
		return;
	if (term.scope[0] != '\0')
		buf_addf(out, "  for %s", term.scope);
	if (term.until_ms != 0)
		buf_adds(out, "  ");
	term_say(&term, clock_wall_ms(), out);
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
			struct buf state;

			if (public_read(k, strlen(k), &key) != OK)
				continue;
			public_id(&key, &id);
			digest_hex(&id, hex);
			buf_init(&state, SCOPE_TEXT_MAX + 64);
			say_state(c, &state);
			terminal_print("%-16s %-11s %.16s%s\n",
			    json_words(c, "name"), what_it_is(c), hex,
			    state.len > 0 ? state.p : "");
			buf_done(&state);
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

/* TIME is such as 30d from now on, or "never". */
static int
extend(struct session *s, const char *name, const char *time)
{
	bool never = strcmp(time, "never") == 0;
	struct json *body = json_object();
	struct json *answer;
	int code = EXIT_REACHED;

	json_put_str(body, "client", name);
	if (never)
		json_put_int(body, "until_ms", 0);
	else if (!pairing_put_until(body, time)) {
		json_free(body);
		return EXIT_USAGE;
	}
	answer = session_command(s, "clients.extend", body, &code);
	if (answer != NULL && never)
		terminal_print("%s does not expire\n", name);
	else if (answer != NULL)
		terminal_print("%s expires in %s\n", name, time);
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
	const char *expires = terminal_option(&argc, argv, "--expires", NULL);
	bool extending = argc == 4 && strcmp(argv[1], "extend") == 0;
	bool revoking = argc == 3 && strcmp(argv[1], "revoke") == 0;
	bool certifying = argc == 3 && strcmp(argv[1], "certificate") == 0;
	bool lending = argc == 4 && strcmp(argv[1], "lend") == 0;
	struct session *s;
	int code = EXIT_REACHED;

	if ((argc != 1 && !revoking && !lending && !certifying && !extending) ||
	    (expires != NULL && !certifying))
		return terminal_usage("clients [revoke NAME | extend NAME "
				      "TIME|never | lend NAME TOOLS "
				      "[--hours N] | certificate NAME "
				      "[--expires TIME]]");
	s = session_open(&code);
	if (s == NULL)
		return code;
	if (extending)
		code = extend(s, argv[2], argv[3]);
	else if (lending)
		code = lend(s, argv[2], argv[3], hours);
	else if (certifying)
		code = pairing_certificate(s, argv[2], expires);
	else
		code = revoking ? revoke(s, argv[2]) : list_clients(s);
	session_close(s);
	return code;
}
