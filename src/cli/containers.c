/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "cli/cli_priv.h"

/* `durward tool logs`: what the containers of a tool say. */

#define FOLLOW_EVERY_MS 500

static void
show_line(const struct json *line)
{
	int64_t at_ms = json_int(line, "at_ms", 0);

	if (!terminal_print_json(line))
		terminal_print("[%6lld.%03d] %s%s\n", (long long)(at_ms / 1000),
		    (int)(at_ms % 1000), json_flag(line, "house") ? "-- " : "",
		    json_words(line, "text"));
}

struct logs {
	struct session *session;
	const char *tool;
	char epoch[TOKEN_SIZE]; /* Of the role that numbers the lines. */
	int64_t next;
};

/* False when there was no answer; `ret_more` when there may be more now. */
static bool
show_page(struct logs *l, int *ret_code, bool *ret_more)
{
	struct json *page = session_query(l->session, ret_code,
	    "logs?tool=%s&from=%lld", l->tool, (long long)l->next);
	const char *epoch = json_words(page, "epoch");
	int64_t first = json_int(page, "first", 0);
	const struct json *line = json_first(json_get(page, "lines"));
	bool anew = l->epoch[0] != '\0' && strcmp(l->epoch, epoch) != 0;

	if (page == NULL)
		return false;
	*ret_more = line != NULL || anew;
	snprintf(l->epoch, sizeof(l->epoch), "%s", epoch);
	if (anew) {
		l->next = 0;
	} else {
		if (first > l->next && !terminal_json)
			terminal_print("-- %lld lines before these are "
				       "forgotten, and %lld bytes were left "
				       "out since the house began\n",
			    (long long)(first - l->next),
			    (long long)json_int(page, "left_out", 0));
		for (; line != NULL; line = json_next(line))
			show_line(line);
		l->next = json_int(page, "next", 0);
	}
	json_free(page);
	return true;
}

int
cli_tool_logs(struct session *s, const char *tool, bool follow)
{
	struct timespec pause = {.tv_nsec = FOLLOW_EVERY_MS * 1000000L};
	struct logs l = {.session = s, .tool = tool};
	int code = EXIT_REACHED;
	bool more;

	while (show_page(&l, &code, &more))
		if (!more && !follow)
			return EXIT_REACHED;
		else if (!more)
			nanosleep(&pause, NULL);
	return code;
}
