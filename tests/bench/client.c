/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A paired client that keeps one connection, to time the house and not the
 * start of a program.  One line of nanoseconds for each round.
 *
 *	client up			when a first query was answered
 *	client rounds N PROGRAM GOAL...	each goal, then PROGRAM's echo over a
 *					bare pipe ("-": none)
 *	client words GOAL		the goal at each line of its input,
 *until a model's first word and until the end
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "client/session.h"

#define GOALS_MAX 4
#define WARM_UPS 3
#define UP_EVERY_NS 500000L
#define UP_TRIES 20000

static struct session *session;
static long long last_seq; /* Of the log; nobody else writes to it. */
static FILE *to_tool;
static FILE *from_tool;

static long long
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int
up(void)
{
	const struct timespec pause = {.tv_nsec = UP_EVERY_NS};
	int tries;

	/* What it says while nobody listens is no error. */
	if (freopen("/dev/null", "w", stderr) == NULL)
		return 1;
	for (tries = 0; tries < UP_TRIES; tries++) {
		int code = 0;
		struct session *s = session_open(&code);
		struct json *answer =
		    s != NULL ? session_query(s, &code, "status") : NULL;

		if (answer != NULL) {
			printf("%lld\n", now_ns());
			return 0;
		}
		session_close(s);
		nanosleep(&pause, NULL);
	}
	return 1;
}

/* True when the run's last entry is among these. */
static bool
look_for_end(const struct json *answer)
{
	const struct json *e;
	struct json *body;
	bool over = false;

	for (e = json_first(json_get(answer, "entries")); e != NULL;
	     e = json_next(e)) {
		const char *text = json_words(e, "body");

		if (json_parse(text, strlen(text), &body) != OK)
			fatal("an entry is malformed");
		last_seq = json_int(e, "seq", 0);
		over = strcmp(json_words(body, "kind"), "run-done") == 0;
		if (over && !json_flag(body, "reached"))
			fatal("not reached: %s", json_words(body, "reply"));
		json_free(body);
	}
	return over;
}

/* A goal whose run writes `entries` entries: asks for those behind the first,
 * which is there already, so that one answer tells the end.  0 when their
 * number is not known yet. */
static long long
goal(const char *words, long long *entries)
{
	long long first = last_seq + 1;
	long long from = *entries > 0 ? last_seq + 2 : 0;
	struct json *body = json_object();
	struct json *answer;
	long long begin = now_ns();
	long long end;
	bool over = false;
	char run[64];
	int code;

	json_put_str(body, "goal", words);
	answer = session_command(session, "ask", body, &code);
	if (answer == NULL)
		fatal("the goal is refused");
	snprintf(run, sizeof(run), "%s", json_words(answer, "run"));
	json_free(answer);
	do {
		answer = session_query(
		    session, &code, "events?run=%s&from=%lld", run, from);
		end = now_ns();
		if (answer == NULL)
			fatal("the run cannot be followed");
		over = look_for_end(answer);
		json_free(answer);
		from = over ? 0 : last_seq + 1 > first ? last_seq + 1 : 0;
	} while (!over);
	if (first > 1)
		*entries = last_seq - first + 1;
	return end - begin;
}

/* A goal as `durward ask` follows it. */
static void
heard(const char *words)
{
	struct json *body = json_object();
	long long begin = now_ns();
	long long first = 0;
	long long to = 0;
	long long from = 0;
	struct json *answer;
	bool over = false;
	char run[64];
	int code;

	json_put_str(body, "goal", words);
	answer = session_command(session, "ask", body, &code);
	if (answer == NULL)
		fatal("the goal is refused");
	snprintf(run, sizeof(run), "%s", json_words(answer, "run"));
	json_free(answer);
	while (!over) {
		answer = session_query(session, &code,
		    "events?run=%s&from=%lld&words=%lld", run, from, to);
		if (answer == NULL)
			fatal("the run cannot be followed");
		if (first == 0 && json_words(answer, "words")[0] != '\0')
			first = now_ns();
		to = json_int(answer, "words_to", to);
		over = look_for_end(answer);
		json_free(answer);
		from = last_seq + 1;
	}
	printf("%lld %lld %lld\n", first - begin, now_ns() - begin, first);
	fflush(stdout);
}

static int
hear(const char *words)
{
	char line[8];
	int code;

	session = session_open(&code);
	if (session == NULL)
		return 1;
	while (fgets(line, sizeof(line), stdin) != NULL)
		heard(words);
	return 0;
}

static void
start_tool(const char *program)
{
	int in[2];
	int out[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		fatal("no pipes");
	if (fork() == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	to_tool = fdopen(in[1], "w");
	from_tool = fdopen(out[0], "r");
	if (to_tool == NULL || from_tool == NULL)
		fatal("out of memory");
}

static long long
say(const char *line)
{
	char answer[4096];
	long long begin = now_ns();

	if (fputs(line, to_tool) == EOF || fflush(to_tool) == EOF ||
	    fgets(answer, sizeof(answer), from_tool) == NULL)
		fatal("the program on the pipe ended");
	return now_ns() - begin;
}

/* Who asks, as the house says it with each request. */
#define META                                                                   \
	"\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":"              \
	"\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":{},"    \
	"\"io.modelcontextprotocol/clientInfo\":{\"name\":\"durward\","        \
	"\"version\":\"1\"}}"

/* The same call as the goal "echo x" leads to, without the house. */
static long long
call_tool(void)
{
	return say("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\","
		   "\"params\":{\"name\":\"echo\",\"arguments\":"
		   "{\"text\":\"x\"}," META "}}\n");
}

static int
rounds(long n, const char *program, char **goals, int n_goals)
{
	long long entries[GOALS_MAX] = {0};
	bool pipe = strcmp(program, "-") != 0;
	int code;
	long r;
	int i;

	session = session_open(&code);
	if (session == NULL || n_goals > GOALS_MAX)
		return 1;
	if (pipe) {
		start_tool(program);
		say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
		    "\"server/discover\",\"params\":{" META "}}\n");
	}
	for (r = 0; r < WARM_UPS + n; r++) {
		for (i = 0; i < n_goals; i++) {
			long long ns = goal(goals[i], &entries[i]);

			if (r >= WARM_UPS)
				printf("%lld ", ns);
		}
		if (r >= WARM_UPS)
			printf("%lld\n", pipe ? call_tool() : 0);
		fflush(stdout);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	log_open("bench", LOG_WARN);
	if (argc == 2 && strcmp(argv[1], "up") == 0)
		return up();
	if (argc > 4 && strcmp(argv[1], "rounds") == 0)
		return rounds(
		    strtol(argv[2], NULL, 10), argv[3], argv + 4, argc - 4);
	if (argc == 3 && strcmp(argv[1], "words") == 0)
		return hear(argv[2]);
	fprintf(stderr, "client up | rounds N PROGRAM GOAL... | words GOAL\n");
	return 2;
}
