/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostile/hostile.h"
#include "serve/serve.h"

#define FLOOD_LINES (512 * 1024)
#define LONG_LINE (10 * 1024 * 1024)

static void
run_probe(const cJSON *args, struct reply *reply)
{
	static struct report report;
	const struct outside outside = {
	    arg_text(args, "root"), arg_text(args, "ports")};

	report.len = 0;
	attempt_seen(&report);
	attempt_calls(&report);
	attempt_devices(&report);
	attempt_files(&report, &outside);
	attempt_programs(&report);
	attempt_sockets(&report, &outside);
	attempt_limits(&report);
	reply_set(reply, false, "%s", report.text);
}

static void
run_alone(
    struct reply *reply, const char *name, attempt_fn *fn, const void *arg)
{
	static struct report report;

	report.len = 0;
	attempt(&report, name, fn, arg);
	reply_set(reply, false, "%s", report.text);
}

static void
run_fork(const cJSON *args, struct reply *reply)
{
	(void)args;
	run_alone(reply, "fork_bomb", bound_fork, NULL);
}

static void
run_balloon(const cJSON *args, struct reply *reply)
{
	const cJSON *mib = cJSON_GetObjectItemCaseSensitive(args, "mib");
	int wanted = cJSON_IsNumber(mib) ? mib->valueint : 256;

	run_alone(reply, "memory_balloon", bound_memory, &wanted);
}

/* By the server itself, so that it has the time. */
static void
run_fill(const cJSON *args, struct reply *reply)
{
	struct said said = {.text = "", .fd = -1};

	(void)args;
	bound_volume(&said, "/data");
	reply_set(reply, false, "volume_fill %s\n", said.text);
}

/* The server itself, which as the first process cannot be stopped. */
static void
run_stop(const cJSON *args, struct reply *reply)
{
	(void)args;
	if (getpid() == 1)
		raise(SIGSTOP);
	reply_set(reply, false, "stop_oneself went_on\n");
}

/* Lines that ask for nothing, as fast as they are taken. */
static void
run_flood(const cJSON *args, struct reply *reply)
{
	int i;

	(void)args;
	for (i = 0; i < FLOOD_LINES; i++)
		puts("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}");
	reply_set(reply, false, "output_flood went_on\n");
}

static void
run_line(const cJSON *args, struct reply *reply)
{
	char *text = malloc(LONG_LINE + 1);

	(void)args;
	if (text == NULL)
		abort();
	memset(text, 'x', LONG_LINE);
	text[LONG_LINE] = '\0';
	reply_set(reply, false, "%s", text);
	free(text);
}

static const struct function functions[] = {
    {"probe", "Try everything.", "{\"type\":\"object\"}", run_probe},
    {"fork", "Make processes.", "{\"type\":\"object\"}", run_fork},
    {"balloon", "Take memory.", "{\"type\":\"object\"}", run_balloon},
    {"fill", "Fill the volume.", "{\"type\":\"object\"}", run_fill},
    {"stop", "Stop the server.", "{\"type\":\"object\"}", run_stop},
    {"flood", "Write without end.", "{\"type\":\"object\"}", run_flood},
    {"line", "Write one long line.", "{\"type\":\"object\"}", run_line},
};

int
main(int argc, char **argv)
{
	/* What was made of us, and runs: an escape. */
	if (argc == 2 && strcmp(argv[1], "got") == 0) {
		unlink(argv[0]);
		return write(STDOUT_FILENO, "got", 3) == 3 ? 0 : 1;
	}
	seen_at_start();
	return serve("hostile", functions, (int)LEN(functions));
}
