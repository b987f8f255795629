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

/* `durward chat`: one goal after the other, in one conversation. */

static void
name_session(char ret[17])
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

int
command_chat(int argc, char **argv)
{
	char session[17];
	struct session *s;
	char *line = NULL;
	size_t size = 0;
	int code = EXIT_REACHED;

	(void)argv;
	if (argc != 1)
		return terminal_usage("chat");
	s = session_open(&code);
	if (s == NULL)
		return code;
	name_session(session);
	while (code != EXIT_AWAY && read_line(&line, &size))
		if (line[0] != '\0')
			code = say(s, line, session);
	free(line);
	session_close(s);
	return code;
}
