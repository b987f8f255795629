/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "talk/talk.h"
#include "talk/talk_priv.h"

/* `durward chat`: one goal after the other, in one conversation: a new one,
 * the one that is named, or the last that there was. */

static void
name_session(char ret[SESSION_MAX + 1])
{
	uint8_t bytes[8];

	crypto_random(bytes, sizeof(bytes));
	hex_write(ret, bytes, sizeof(bytes));
}

/* A line without its end; false at the end of the input. */
static bool
read_line(char **line, size_t *size)
{
	ssize_t len;

	if (isatty(STDIN_FILENO)) {
		printf("> ");
		fflush(stdout);
	}
	len = getline(line, size, stdin);
	if (len <= 0)
		return false;
	if ((*line)[len - 1] == '\n')
		(*line)[len - 1] = '\0';
	return true;
}

static int
say(struct session *s, const char *goal, const char *session)
{
	struct watch w;
	int code;

	watch_init(&w, s);
	code = talk_ask(&w, goal, session);
	watch_done(&w);
	return code;
}

/* The house lists them, the newest first; it goes on in this client's own. */
static int
name_last(struct session *s, char ret[SESSION_MAX + 1])
{
	int code = EXIT_REACHED;
	struct json *answer = session_query(s, &code, "sessions");
	const struct json *last = json_first(json_get(answer, "sessions"));

	while (last != NULL &&
	    strcmp(json_words(last, "who"), session_identity(s)->name) != 0)
		last = json_next(last);
	if (answer != NULL && last == NULL) {
		fprintf(stderr,
		    "durward: there is no conversation to continue; 'durward "
		    "chat' begins one\n");
		code = EXIT_FAILED;
	}
	if (last != NULL &&
	    str_copy(ret, SESSION_MAX + 1, json_words(last, "session")) != OK)
		code = EXIT_FAILED;
	json_free(answer);
	return code;
}

static int
name_it(
    struct session *s, const char *name, bool again, char ret[SESSION_MAX + 1])
{
	if (again)
		return name_last(s, ret);
	if (name == NULL) {
		name_session(ret);
		return EXIT_REACHED;
	}
	if (str_copy(ret, SESSION_MAX + 1, name) == OK)
		return EXIT_REACHED;
	fprintf(stderr, "durward: a session's name has at most %d bytes\n",
	    SESSION_MAX);
	return EXIT_USAGE;
}

int
command_chat(int argc, char **argv)
{
	const char *name = terminal_option(&argc, argv, "--session", NULL);
	bool again = terminal_flag(&argc, argv, "--continue");
	char session[SESSION_MAX + 1];
	struct session *s;
	char *line = NULL;
	size_t size = 0;
	int code = EXIT_REACHED;

	if (argc != 1 || (again && name != NULL))
		return terminal_usage("chat " CHAT_USAGE);
	s = session_open(&code);
	if (s == NULL)
		return code;
	code = name_it(s, name, again, session);
	if (code == EXIT_REACHED)
		while (code != EXIT_AWAY && read_line(&line, &size))
			if (line[0] != '\0')
				code = say(s, line, session);
	free(line);
	session_close(s);
	return code;
}
