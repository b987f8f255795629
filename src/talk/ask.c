/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "automate/automate.h"
#include "base/limits.h"
#include "base/log.h"
#include "replay/replay.h"
#include "talk/talk.h"
#include "talk/talk_priv.h"

/* `durward ask`: a goal from start to finish, each step as it happens. */

static char *
join_words(int argc, char **argv)
{
	struct buf b;
	int i;

	buf_init(&b, GOAL_MAX);
	for (i = 1; i < argc; i++)
		buf_addf(&b, "%s%s", i > 1 ? " " : "", argv[i]);
	return buf_steal(&b);
}

static enum err
start(struct watch *w, const char *goal, const char *session, int *ret_exit)
{
	struct json *body = json_object();
	struct json *answer;

	json_put_str(body, "goal", goal);
	if (session != NULL)
		json_put_str(body, "session", session);
	answer = session_command(w->session, "ask", body, ret_exit);
	if (answer == NULL)
		return ERR_DENIED;
	snprintf(w->run, sizeof(w->run), "%s", json_words(answer, "run"));
	json_free(answer);
	return OK;
}

/* ---- ctrl-C ---- */

static char stopping[sizeof(((struct watch *)0)->run)];

/* Another process says so, since this one may be in the middle of a word
 * with the house. */
static void
on_interrupt(int signal)
{
	(void)signal;
	if (fork() == 0) {
		execl("/proc/self/exe", "durward", "stop", stopping, NULL);
		_exit(EXIT_FAILED);
	}
}

static void
catch_interrupt(const char *run)
{
	struct sigaction a = {.sa_flags = (int)SA_RESETHAND};

	snprintf(stopping, sizeof(stopping), "%s", run);
	a.sa_handler = run[0] != '\0' ? on_interrupt : SIG_DFL;
	sigaction(SIGINT, &a, NULL);
}

/* A run that was begun, until it is over. */
static int
look_on(struct watch *w)
{
	int code;

	catch_interrupt(w->run);
	code = watch_follow(w);
	catch_interrupt("");
	if (code == EXIT_REACHED && !terminal_json) {
		watch_say_end(w);
		code = witness_prove(w->session, w->last_seq, &w->last_leaf);
	}
	return code == EXIT_REACHED && !w->reached ? EXIT_FAILED : code;
}

int
talk_ask(struct watch *w, const char *goal, const char *session)
{
	int code = EXIT_REACHED;

	/* A program's words are for the house alone. */
	if (!terminal_json && automate_goal(w->session, goal, &code))
		return code;
	if (start(w, goal, session, &code) != OK)
		return code;
	return look_on(w);
}

int
command_ask(int argc, char **argv)
{
	struct session *s;
	struct watch w;
	int code = EXIT_REACHED;
	const char *in = terminal_option(&argc, argv, "--session", NULL);
	char *goal;

	if (argc < 2)
		return terminal_usage("ask [--session NAME] GOAL...");
	s = session_open(&code);
	if (s == NULL)
		return code;
	goal = join_words(argc, argv);
	watch_init(&w, s);
	code = talk_ask(&w, goal, in);
	watch_done(&w);
	session_close(s);
	free(goal);
	return code;
}

/* ---- One call, of which the log is believed and nobody else ---- */

struct called {
	const char *call;
	uint64_t from; /* What was logged before is of another time. */
	char act[33]; /* That was proposed as this call, */
	bool done; /* and done. */
};

static bool
is_call(const char *call, const char *tool, const char *args)
{
	size_t n = strlen(tool);

	return strncmp(call, tool, n) == 0 && call[n] == ' ' &&
	    strcmp(call + n + 1, args) == 0;
}

static void
on_proven(void *arg, uint64_t seq, const struct json *v)
{
	struct called *c = arg;
	const char *kind = json_words(v, "kind");
	const char *act = json_words(v, "act");

	if (seq < c->from)
		return;
	if (strcmp(kind, "proposed") == 0 &&
	    is_call(c->call, json_words(v, "tool"), json_words(v, "args")))
		snprintf(c->act, sizeof(c->act), "%s", act);
	if (strcmp(kind, "done") == 0 && c->act[0] != '\0' &&
	    strcmp(act, c->act) == 0)
		c->done = true;
}

static int
call_and_prove(struct watch *w, const char *call)
{
	struct called c = {.call = call};
	struct anchor before;
	size_t pruned;
	int code = anchor_fetch(w->session, &before);

	if (code != EXIT_REACHED || start(w, call, NULL, &code) != OK)
		return code;
	c.from = before.at.size;
	code = look_on(w);
	if (code == EXIT_REACHED)
		code = witness_each_of_run(
		    w->session, w->run, on_proven, &c, &pruned);
	return code == EXIT_REACHED && !c.done ? EXIT_FAILED : code;
}

int
talk_call(const char *call)
{
	struct session *s;
	struct watch w;
	int code = EXIT_REACHED;

	s = session_open(&code);
	if (s == NULL)
		return code;
	watch_init(&w, s);
	code = call_and_prove(&w, call);
	watch_done(&w);
	session_close(s);
	return code;
}

/* ---- `durward replay` ---- */

static int
fork_run(struct session *s, const char *run, const char *from)
{
	struct json *body;
	struct json *answer;
	struct watch w;
	char *end;
	long long n = strtoll(from, &end, 10);
	int code = EXIT_REACHED;

	if (end == from || *end != '\0' || n < 0)
		return terminal_usage("replay RUN --from STEP");
	body = json_object();
	json_put_str(body, "run", run);
	json_put_int(body, "from", n);
	answer = session_command(s, "fork", body, &code);
	if (answer == NULL)
		return code;
	watch_init(&w, s);
	snprintf(w.run, sizeof(w.run), "%s", json_words(answer, "run"));
	json_free(answer);
	code = look_on(&w);
	watch_done(&w);
	return code;
}

int
command_replay(int argc, char **argv)
{
	const char *from = terminal_option(&argc, argv, "--from", NULL);
	struct session *s;
	int code = EXIT_REACHED;

	if (argc != 2)
		return terminal_usage("replay RUN [--from STEP]");
	if (from == NULL)
		return replay_run(argv[1]);
	s = session_open(&code);
	if (s == NULL)
		return code;
	code = fork_run(s, argv[1], from);
	session_close(s);
	return code;
}

/* ---- `durward stop` ---- */

int
command_stop(int argc, char **argv)
{
	struct session *s;
	struct json *body;
	struct json *answer;
	int code = EXIT_REACHED;

	if (argc != 2)
		return terminal_usage("stop RUN");
	s = session_open(&code);
	if (s == NULL)
		return code;
	body = json_object();
	json_put_str(body, "run", argv[1]);
	answer = session_command(s, "stop", body, &code);
	json_free(answer);
	session_close(s);
	return code;
}

static void
show_run(const struct json *r)
{
	char *goal = terminal_one_line(json_words(r, "goal"));

	terminal_print("%.*s  %-7s %s\n", SHORT_LEN, json_words(r, "run"),
	    json_words(r, "state"), goal);
	free(goal);
}

int
command_runs(int argc, char **argv)
{
	struct session *s;
	struct json *answer;
	const struct json *r;
	int code = EXIT_REACHED;

	(void)argv;
	if (argc != 1)
		return terminal_usage("runs");
	s = session_open(&code);
	if (s == NULL)
		return code;
	answer = session_query(s, &code, "runs");
	if (answer != NULL && !terminal_print_json(answer))
		for (r = json_first(json_get(answer, "runs")); r != NULL;
		     r = json_next(r))
			show_run(r);
	json_free(answer);
	session_close(s);
	return code;
}
