/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "approval/sealing.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/cli_priv.h"
#include "crypto/seal.h"

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

/* The key to seal with, if the box's own key stands behind it. */
static enum err
fetch_key(struct session *s, struct public_key *ret, int *code)
{
	const struct identity *me = session_identity(s);
	struct json *answer = session_query(s, code, "secrets");
	const char *hex = json_words(answer, "seal");
	struct signature sig;
	enum err e = answer != NULL ? OK : ERR_CLOSED;

	if (e == OK &&
	    (public_read(hex, strlen(hex), ret) != OK ||
		signature_read(json_words(answer, "seal_signature"), &sig) !=
		    OK ||
		sealing_verify(&me->box_key, &me->box, ret, &sig) != OK)) {
		fprintf(stderr,
		    "durward: the key to seal with is not of this box's "
		    "vault; nothing was sent\n");
		*code = EXIT_BROKEN;
		e = ERR_SIGNATURE;
	}
	json_free(answer);
	return e;
}

static enum err
seal_value(
    const struct public_key *to, const struct secret *value, struct json *body)
{
	size_t len = secret_len(value) + SEAL_OVERHEAD;
	uint8_t *sealed = xalloc(len);
	char *hex = xalloc(2 * len + 1);
	enum err e =
	    seal_to(to, secret_reveal(value), secret_len(value), sealed);

	if (e == OK) {
		hex_write(hex, sealed, len);
		json_put_str(body, "sealed", hex);
	}
	free(sealed);
	free(hex);
	return e;
}

static int
send_secret(struct session *s, const char *name, const struct secret *value,
    bool rotate)
{
	int code = EXIT_REACHED;
	struct public_key to;
	struct json *body;
	struct json *answer;

	if (fetch_key(s, &to, &code) != OK)
		return code;
	body = json_object();
	json_put_str(body, "name", name);
	json_put_bool(body, "rotate", rotate);
	if (seal_value(&to, value, body) != OK) {
		fprintf(stderr, "durward: the value cannot be sealed\n");
		json_free(body);
		return EXIT_FAILED;
	}
	answer = session_command(s, "secret.set", body, &code);
	if (answer != NULL)
		terminal_print("kept; tools get it when they start next\n");
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
		fprintf(stderr, "durward: a secret has 1 to %d bytes\n",
		    SECRET_MAX);
		secret_free(value);
		return EXIT_FAILED;
	}
	code = send_secret(s, name, value, rotate);
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
