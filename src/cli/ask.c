/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "cli/cli_priv.h"

/* `durward ask`: a goal from start to finish, each step as it happens. */

struct watch {
	struct session *session;
	char run[33];
	uint64_t next;
	uint64_t last_seq;
	struct digest last_leaf;
	bool over;
	bool reached;
	char *reply;
	char *shown; /* What the last act gave, as it was printed. */
};

static void
show_goal(struct watch *w, const struct json *v)
{
	(void)w;
	terminal_print("goal       %s\n", json_words(v, "goal"));
}

static void
show_proposed(struct watch *w, const struct json *v)
{
	(void)w;
	terminal_print("proposed   %s %s (%s)\n", json_words(v, "tool"),
	    json_words(v, "args"), json_words(v, "effect"));
}

static void
show_judged(struct watch *w, const struct json *v)
{
	(void)w;
	terminal_print("judged     %s, by the rule '%s'\n",
	    json_words(v, "verdict"), json_words(v, "rule"));
}

static void
show_asked(struct watch *w, const struct json *v)
{
	int code;

	terminal_print(
	    "asked      waits %lld s for a yes: durward approve %.8s\n",
	    (long long)json_int(v, "ttl_s", 0), json_words(v, "act"));
	/* On a terminal the one who asked can answer at once. */
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || terminal_json)
		return;
	code = cli_approve(w->session, json_words(v, "act"), false, NULL);
	/* Somebody else may still answer. */
	if (code != EXIT_REACHED)
		terminal_print("           not signed, so it waits on; "
			       "durward deny %.8s ends it\n",
		    json_words(v, "act"));
}

static void
show_approved(struct watch *w, const struct json *v)
{
	(void)w;
	terminal_print("approved   by %s, sheet %.16s..., %.22s...\n",
	    json_words(v, "name"), json_words(v, "sheet_sha256"),
	    json_words(v, "signature"));
}

static void
show_started(struct watch *w, const struct json *v)
{
	const char *reaches = json_words(v, "network");
	const char *folders = json_words(v, "folders");

	(void)w;
	if (json_words(v, "container")[0] == '\0')
		terminal_print("started    in the house itself\n");
	else
		terminal_print("started    in container %s, %s%s%s%s\n",
		    json_words(v, "container"),
		    reaches[0] == '\0' ? "no network" : "may reach ", reaches,
		    folders[0] == '\0' ? "" : ", has ", folders);
}

/* What it reached, and what it tried to. */
static void
show_network(const struct json *network)
{
	const struct json *u;

	for (u = json_first(json_get(network, "used")); u != NULL;
	     u = json_next(u))
		terminal_print("reached    %s at %s, %lld bytes there and %lld "
			       "back\n",
		    json_words(u, "host"), json_words(u, "address"),
		    (long long)json_int(u, "up", 0),
		    (long long)json_int(u, "down", 0));
	for (u = json_first(json_get(network, "refused")); u != NULL;
	     u = json_next(u))
		terminal_print("kept from  %s\n", json_text(u));
}

/* Further lines stand below the first. */
static void
show_end(struct watch *w, const struct json *v)
{
	const char *kind = json_words(v, "kind");
	const char *line;
	size_t len;

	free(w->shown);
	w->shown = xstrdup(json_words(v, "result"));
	show_network(json_get(v, "network"));
	for (line = w->shown; line != NULL;
	     line = line[len] != '\0' ? line + len + 1 : NULL) {
		len = strcspn(line, "\n");
		terminal_print("%-10s %.*s\n", kind, (int)len, line);
		kind = "";
	}
}

static void
show_refused(struct watch *w, const struct json *v)
{
	(void)w;
	terminal_print("refused    %s\n", json_words(v, "reason"));
}

static void
take_reply(struct watch *w, const struct json *v)
{
	w->over = true;
	w->reached = json_flag(v, "reached");
	free(w->reply);
	w->reply = xstrdup(json_words(v, "reply"));
}

static const struct {
	const char *kind;
	void (*show)(struct watch *w, const struct json *v);
} shows[] = {
    {"goal", show_goal},
    {"proposed", show_proposed},
    {"judged", show_judged},
    {"asked", show_asked},
    {"asked-again", show_asked},
    {"approved", show_approved},
    {"started", show_started},
    {"done", show_end},
    {"failed", show_end},
    {"denied", show_end},
    {"unknown", show_end},
    {"refused", show_refused},
};

static void
show_entry(struct watch *w, const struct json *entry)
{
	const char *text = json_words(entry, "body");
	const char *leaf = json_words(entry, "leaf");
	struct json *body = NULL;
	size_t i;

	w->last_seq = (uint64_t)json_int(entry, "seq", 0);
	w->next = w->last_seq + 1;
	/* Its end cannot be told any more. */
	if (text[0] == '\0') {
		w->over = true;
		free(w->reply);
		w->reply = xstrdup("The log of this run was pruned; 'durward "
				   "runs' tells what became of it.");
	}
	if (digest_read(leaf, strlen(leaf), &w->last_leaf) != OK ||
	    json_parse(text, strlen(text), &body) != OK)
		return;
	if (strcmp(json_words(body, "kind"), "run-done") == 0)
		take_reply(w, body);
	if (!terminal_print_json(body))
		for (i = 0; i < ARRAY_LEN(shows); i++)
			if (strcmp(shows[i].kind, json_words(body, "kind")) ==
			    0)
				shows[i].show(w, body);
	json_free(body);
}

static int
follow(struct watch *w)
{
	struct json *answer;
	const struct json *e;
	int code = EXIT_REACHED;

	while (!w->over) {
		answer =
		    session_query(w->session, &code, "events?run=%s&from=%llu",
			w->run, (unsigned long long)w->next);
		if (answer == NULL)
			return code;
		for (e = json_first(json_get(answer, "entries")); e != NULL;
		     e = json_next(e))
			show_entry(w, e);
		json_free(answer);
	}
	return EXIT_REACHED;
}

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
start(struct watch *w, const char *goal, int *ret_exit)
{
	struct json *body = json_object();
	struct json *answer;
	const char *run;

	json_put_str(body, "goal", goal);
	answer = session_command(w->session, "ask", body, ret_exit);
	if (answer == NULL)
		return ERR_DENIED;
	run = json_words(answer, "run");
	snprintf(w->run, sizeof(w->run), "%s", run);
	json_free(answer);
	return OK;
}

/* Of a goal that one act reached, the reply is what that act gave. */
static void
show_reply(const struct watch *w)
{
	if (w->shown == NULL || strcmp(w->reply, w->shown) != 0)
		terminal_print("\n%s\n\n", w->reply);
}

int
command_ask(int argc, char **argv)
{
	struct watch w = {.next = 0};
	int code = EXIT_REACHED;
	char *goal;

	if (argc < 2)
		return terminal_usage("ask GOAL...");
	goal = join_words(argc, argv);
	w.session = session_open(&code);
	if (w.session != NULL && start(&w, goal, &code) == OK) {
		code = follow(&w);
		if (code == EXIT_REACHED && !terminal_json)
			show_reply(&w);
		if (code == EXIT_REACHED && !terminal_json)
			code =
			    witness_prove(w.session, w.last_seq, &w.last_leaf);
		if (code == EXIT_REACHED && !w.reached)
			code = EXIT_FAILED;
	}
	session_close(w.session);
	free(w.reply);
	free(w.shown);
	free(goal);
	return code;
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
			terminal_print("%.*s  %-7s %s\n", SHORT_LEN,
			    json_words(r, "run"), json_words(r, "state"),
			    json_words(r, "goal"));
	json_free(answer);
	session_close(s);
	return code;
}
