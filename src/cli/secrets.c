/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/cli_priv.h"
#include "client/secret.h"

/*
 * `durward secret`: what tools get that nobody else may see.  A value is read
 * from the terminal or the input, never from the command line, and leaves
 * this process sealed for the vault alone.
 */

static void
show_when(int64_t at_ms, char *ret, size_t size)
{
	time_t at = (time_t)(at_ms / 1000);
	struct tm tm;

	if (localtime_r(&at, &tm) == NULL ||
	    strftime(ret, size, "%Y-%m-%d %H:%M", &tm) == 0)
		snprintf(ret, size, "?");
}

static void
show_list(const struct json *answer)
{
	const struct json *s = json_first(json_get(answer, "secrets"));
	char when[32];

	for (; s != NULL; s = json_next(s)) {
		show_when(json_int(s, "at_ms", 0), when, sizeof(when));
		terminal_print("%-24s version %-4lld %s\n",
		    json_words(s, "name"), (long long)json_int(s, "version", 0),
		    when);
	}
	if (strcmp(json_words(answer, "key"), "file") == 0)
		terminal_print(
		    "Their key is a file beside them: that protects copies "
		    "and backups without it, and\nnothing else.  A systemd "
		    "credential 'durward-kek' protects more.\n");
	if (json_words(answer, "error")[0] != '\0')
		terminal_print("BAD  %s\n", json_words(answer, "error"));
}

static int
list_secrets(struct session *s)
{
	int code = EXIT_REACHED;
	struct json *answer = session_query(s, &code, "secrets");

	if (answer != NULL && !terminal_print_json(answer))
		show_list(answer);
	if (answer != NULL && json_words(answer, "error")[0] != '\0')
		code = EXIT_FAILED;
	json_free(answer);
	return code;
}

static int
set_secret(struct session *s, const char *name, bool rotate)
{
	struct secret *value = NULL;
	enum err e = terminal_read_secret(name, SECRET_MAX, &value);
	int code;

	if (e != OK || secret_len(value) == 0) {
		terminal_error("a secret has 1 to %d bytes", SECRET_MAX);
		secret_free(value);
		return EXIT_FAILED;
	}
	code = client_set_secret(s, name, value, rotate);
	secret_free(value);
	return code;
}

static int
remove_secret(struct session *s, const char *name)
{
	int code = EXIT_REACHED;
	struct json *body = json_object();
	struct json *answer;

	json_put_str(body, "name", name);
	answer = session_command(s, "secret.remove", body, &code);
	if (answer != NULL)
		terminal_print("removed; a tool that runs has it until it "
			       "ends\n");
	json_free(answer);
	return code;
}

int
command_secret(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	bool rotate = strcmp(verb, "rotate") == 0;
	bool set = rotate || strcmp(verb, "set") == 0;
	bool list = strcmp(verb, "list") == 0;
	struct session *s;
	int code = EXIT_REACHED;

	if (argc != (list ? 2 : 3) ||
	    (!list && !set && strcmp(verb, "remove") != 0))
		return terminal_usage(
		    "secret list | set NAME | rotate NAME | remove NAME");
	s = session_open(&code);
	if (s == NULL)
		return code;
	if (list)
		code = list_secrets(s);
	else if (set)
		code = set_secret(s, argv[2], rotate);
	else
		code = remove_secret(s, argv[2]);
	session_close(s);
	return code;
}
