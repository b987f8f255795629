/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "serve/serve.h"

/*
 * A tool whose every call can be counted afterwards: it adds a line to its
 * volume, and does nothing else.  It goes by the name of `notes`, so that
 * the goals which need no model lead to it, and its functions have the
 * effects that the manifest gives them.
 */

#define TALLY "/data/tally"
#define LINE_BYTES 512

static void
add_line(const char *function, const char *what, struct reply *reply)
{
	char line[LINE_BYTES];
	int n = snprintf(line, sizeof(line), "%s %s\n", function, what);
	int fd = open(TALLY, O_WRONLY | O_CREAT | O_APPEND, 0600);
	bool good = fd >= 0 && n > 0 && n < LINE_BYTES &&
	    write(fd, line, (size_t)n) == n;

	if (fd >= 0)
		close(fd);
	reply_set(
	    reply, !good, "%s", good ? "Counted." : "It cannot be counted.");
}

static void
run_list(const cJSON *args, struct reply *reply)
{
	(void)args;
	reply_set(reply, false, "%s", "Here.");
}

static void
run_save(const cJSON *args, struct reply *reply)
{
	add_line("save", arg_text(args, "text"), reply);
}

static void
run_search(const cJSON *args, struct reply *reply)
{
	add_line("search", arg_text(args, "text"), reply);
}

static void
run_read(const cJSON *args, struct reply *reply)
{
	add_line("read", arg_text(args, "name"), reply);
}

static void
run_delete(const cJSON *args, struct reply *reply)
{
	add_line("delete", arg_text(args, "name"), reply);
}

static const struct function functions[] = {
    {"list", "Do nothing.", "{\"type\":\"object\"}", run_list},
    {"save", "Add a line.", "{\"type\":\"object\"}", run_save},
    {"search", "Add a line.", "{\"type\":\"object\"}", run_search},
    {"read", "Add a line.", "{\"type\":\"object\"}", run_read},
    {"delete", "Add a line.", "{\"type\":\"object\"}", run_delete},
};

int
main(void)
{
	return serve("tally", functions,
	    (int)(sizeof(functions) / sizeof(functions[0])));
}
