/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "approval/sheet.h"
#include "base/limits.h"
#include "cli/cli_priv.h"

/* `durward tool logs`: what the containers of a tool say. */

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
	struct timespec pause = {.tv_nsec = CLIENT_FOLLOW_MS * 1000000L};
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

/* ---- top ---- */

/* As people say it: 59 s, 59 min, hours. */
static void
put_time(char ret[32], int64_t ms)
{
	int64_t s = ms / 1000;

	if (s < 120)
		snprintf(ret, 32, "%lld s", (long long)s);
	else if (s < 7200)
		snprintf(ret, 32, "%lld min", (long long)(s / 60));
	else
		snprintf(ret, 32, "%lld h", (long long)(s / 3600));
}

static void
put_volume(char ret[48], const struct json *c)
{
	if (!json_has(c, "volume_mib"))
		snprintf(ret, 48, "none");
	else if (!json_has(c, "volume_bytes"))
		snprintf(ret, 48, "not measured yet");
	else
		snprintf(ret, 48, "%lld KiB of %lld MiB",
		    (long long)(json_int(c, "volume_bytes", 0) / 1024),
		    (long long)json_int(c, "volume_mib", 0));
}

static void
show_container(const struct json *c)
{
	char age[32];
	char idle[32];
	char memory[24] = "not told";
	char volume[48];
	int64_t pss_kib = json_int(c, "pss_kib", -1);

	put_time(age, json_int(c, "age_ms", 0));
	put_time(idle, json_int(c, "idle_ms", 0));
	put_volume(volume, c);
	if (pss_kib >= 0)
		snprintf(
		    memory, sizeof(memory), "%lld KiB", (long long)pss_kib);
	terminal_print("%-12s %-28s %7s %8s %6lld %12s  %s\n",
	    json_words(c, "tool"), json_words(c, "container"), age,
	    strcmp(json_words(c, "state"), "starting") == 0 ? "starting"
		: json_int(c, "open", 0) > 0                ? "busy"
							    : idle,
	    (long long)json_int(c, "calls", 0), memory, volume);
}

int
cli_tool_top(struct session *s)
{
	int code = EXIT_REACHED;
	struct json *answer = session_query(s, &code, "top");
	const struct json *c = json_first(json_get(answer, "containers"));

	if (answer != NULL && !terminal_print_json(answer)) {
		terminal_print("%-12s %-28s %7s %8s %6s %12s  %s\n", "TOOL",
		    "CONTAINER", "AGE", "IDLE", "CALLS", "MEMORY (PSS)",
		    "VOLUME");
		for (; c != NULL; c = json_next(c))
			show_container(c);
		terminal_print("%zu of at most %lld at once; memory and "
			       "processes are %s%s\n",
		    json_count(json_get(answer, "containers")),
		    (long long)json_int(answer, "most", 0),
		    json_flag(answer, "limits") ? "limited" : "not limited: ",
		    json_words(answer, "limits_why"));
	}
	json_free(answer);
	return code;
}
