/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "client/session.h"
#include "recall/recall.h"
#include "recall/recall_priv.h"
#include "terminal/terminal.h"

/*
 * Sessions as JSON lines, one message each:
 *
 *	{"session", "role", "text", "labels", "wall_ms", "who", "source"}
 *
 * What is imported keeps its labels and its time, and says that it was.
 */

static int
list(struct session *s)
{
	int code = EXIT_REACHED;
	struct json *answer = session_query(s, &code, "sessions");
	const struct json *row;

	if (answer != NULL && !terminal_print_json(answer))
		for (row = json_first(json_get(answer, "sessions"));
		     row != NULL; row = json_next(row))
			terminal_print("%-24s %s, %lld messages\n",
			    json_words(row, "session"), json_words(row, "who"),
			    (long long)json_int(row, "messages", 0));
	json_free(answer);
	return code;
}

static void
print_row(const struct json *row)
{
	static const char *const names[] = {
	    "session", "role", "text", "labels", "who", "source"};
	struct json *line = json_object();
	size_t i;
	char *text;
	char *visible;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_put_str(line, names[i], json_words(row, names[i]));
	json_put_int(line, "wall_ms", json_int(row, "wall_ms", 0));
	text = json_print(line);
	visible = terminal_one_line(text);
	puts(visible);
	free(visible);
	free(text);
	json_free(line);
}

/* A page after the other. */
static int export(struct session *s, const char *name)
{
	int code = EXIT_REACHED;
	int64_t from = 0;
	size_t n = 1;
	struct buf b;

	buf_init(&b, 4 * SESSION_MAX);
	recall_write_words(name, &b);
	while (n > 0 && code == EXIT_REACHED) {
		struct json *answer = session_query(s, &code,
		    "session?name=%s&from=%lld", b.p, (long long)from);
		const struct json *row = json_first(json_get(answer, "rows"));

		for (n = 0; row != NULL; row = json_next(row), n++) {
			print_row(row);
			from = json_int(row, "n", 0);
		}
		json_free(answer);
	}
	buf_done(&b);
	if (code == EXIT_REACHED && from == 0) {
		terminal_error("there is no session '%s'; 'durward session "
			       "list' shows them",
		    name);
		code = EXIT_FAILED;
	}
	return code;
}

struct import {
	struct session *session;
	char name[SESSION_MAX + 1]; /* Of the lines that wait. */
	struct json *messages; /* NULL: none wait. */
	size_t bytes;
	size_t n; /* That the house has. */
	int code;
};

static void
send_waiting(struct import *im)
{
	struct json *body;
	struct json *answer;
	size_t n = json_count(im->messages);

	if (im->messages == NULL || im->code != EXIT_REACHED)
		return;
	body = json_object();
	json_put_str(body, "session", im->name);
	json_put(body, "messages", im->messages);
	im->messages = NULL;
	im->bytes = 0;
	answer =
	    session_command(im->session, "session.import", body, &im->code);
	if (answer != NULL)
		im->n += n;
	json_free(answer);
}

/* `as` names the session anew, unless it is NULL. */
static bool
take_line(struct import *im, const char *line, size_t len, const char *as)
{
	struct json *v = NULL;
	const char *name;

	if (json_parse(line, len, &v) != OK || !json_is_object(v) ||
	    json_words(v, "text")[0] == '\0') {
		json_free(v);
		return false;
	}
	name = as != NULL ? as : json_words(v, "session");
	if (im->messages != NULL &&
	    (strcmp(im->name, name) != 0 ||
		json_count(im->messages) == MEMORY_IMPORT_MAX ||
		im->bytes + len > HTTP_BODY_MAX / 4))
		send_waiting(im);
	if (str_copy(im->name, sizeof(im->name), name) != OK) {
		json_free(v);
		return false;
	}
	if (im->messages == NULL)
		im->messages = json_array();
	json_push(im->messages, v);
	im->bytes += len;
	return true;
}

static int
import(struct session *s, const char *path, const char *as)
{
	struct import im = {.session = s, .code = EXIT_REACHED};
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	long at = 0;
	ssize_t len;

	if (f == NULL) {
		terminal_error("%s cannot be read", path);
		return EXIT_FAILED;
	}
	while (
	    im.code == EXIT_REACHED && (len = getline(&line, &size, f)) >= 0) {
		at++;
		if (len > 1 && !take_line(&im, line, (size_t)len, as)) {
			terminal_error(
			    "line %ld is no message of a session; "
			    "'durward session export' shows the form",
			    at);
			im.code = EXIT_FAILED;
		}
	}
	send_waiting(&im);
	free(line);
	json_free(im.messages);
	if (f != stdin)
		fclose(f);
	terminal_print("%zu messages were imported\n", im.n);
	return im.code;
}

int
command_session(int argc, char **argv)
{
	const char *as = terminal_option(&argc, argv, "--name", NULL);
	const char *what = argc > 1 ? argv[1] : "";
	struct session *s;
	int code = EXIT_USAGE;

	if (!(strcmp(what, "list") == 0 && argc == 2) &&
	    !(strcmp(what, "export") == 0 && argc == 3) &&
	    !(strcmp(what, "import") == 0 && argc == 3))
		return terminal_usage("session " SESSION_USAGE);
	s = session_open(&code);
	if (s == NULL)
		return code;
	if (strcmp(what, "list") == 0)
		code = list(s);
	else if (strcmp(what, "export") == 0)
		code = export(s, argv[2]);
	else
		code = import(s, argv[2], as);
	session_close(s);
	return code;
}
