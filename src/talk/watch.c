/* SPDX-License-Identifier: Apache-2.0 */
#include "talk/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "consent/consent.h"

/* Each step of a run as it happens, and what a model says as it says it. */

/* Further lines stand below the first: what others said begins none. */
static void
show_text(const char *what, const char *text)
{
	const char *line;
	size_t len;

	for (line = text; line != NULL;
	     line = line[len] != '\0' ? line + len + 1 : NULL) {
		len = strcspn(line, "\n");
		terminal_print("%-10s %.*s\n", what, (int)len, line);
		what = "";
	}
}

static void
show_goal(struct watch *w, const struct json *v)
{
	w->begun_ms = json_int(v, "boot_ms", 0);
	show_text("goal", json_words(v, "goal"));
	if (json_words(v, "fork_of")[0] != '\0')
		terminal_print("forked     from %.*s, after its first %lld "
			       "steps\n",
		    SHORT_LEN, json_words(v, "fork_of"),
		    (long long)json_int(v, "forked", 0));
}

/* ---- What a model says ---- */

/* Lines of the house stand below its words. */
static void
end_words(struct watch *w)
{
	if (w->words.len > 0 && w->words.p[w->words.len - 1] != '\n')
		terminal_print("\n");
	buf_clear(&w->words);
}

static void
show_words(struct watch *w, const struct json *answer)
{
	const char *words = json_words(answer, "words");
	bool begins;

	w->words_to = json_int(answer, "words_to", w->words_to);
	if (words[0] == '\0' || terminal_json)
		return;
	if (w->words.len + strlen(words) > REPLY_MAX)
		buf_clear(&w->words);
	begins = w->words.len == 0 || w->words.p[w->words.len - 1] == '\n';
	terminal_print_words(begins, words);
	buf_adds(&w->words, words);
	fflush(stdout);
}

static bool
is_model_call(const struct json *v)
{
	return strncmp(json_words(v, "tool"), "model.", 6) == 0;
}

/* A call of a model is one line, unless something is odd about it. */
static bool
is_quiet(const struct watch *w, const struct json *v)
{
	const char *kind = json_words(v, "kind");

	if (w->model_act[0] == '\0' ||
	    strcmp(json_words(v, "act"), w->model_act) != 0)
		return false;
	return strcmp(kind, "started") == 0 || strcmp(kind, "done") == 0 ||
	    strcmp(json_words(v, "verdict"), "allow") == 0;
}

static void
show_thinking(struct watch *w, const struct json *v)
{
	const char *tool = json_words(v, "tool");
	const char *args = json_words(v, "args");
	struct json *a = NULL;
	char *model;

	snprintf(
	    w->model_act, sizeof(w->model_act), "%s", json_words(v, "act"));
	if (json_parse(args, strlen(args), &a) != OK)
		return;
	model = terminal_one_line(json_words(a, "model"));
	terminal_print("thinking   %s asks %s, %lld bytes\n", tool, model,
	    (long long)json_int(a, "bytes", 0));
	free(model);
	json_free(a);
}

/* ---- Acts ---- */

static void
show_proposed(struct watch *w, const struct json *v)
{
	if (is_model_call(v)) {
		show_thinking(w, v);
		return;
	}
	w->model_act[0] = '\0';
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
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || terminal_json) {
		consent_say_words(v);
		return;
	}
	code = consent_approve(w->session, json_words(v, "act"), false, NULL);
	/* Somebody else may still answer. */
	if (code != EXIT_REACHED)
		terminal_print("           not signed here; while it waits, "
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

static void
show_end(struct watch *w, const struct json *v)
{
	free(w->shown);
	w->shown = xstrdup(json_words(v, "result"));
	show_network(json_get(v, "network"));
	show_text(json_words(v, "kind"), w->shown);
}

/* The model's words, a line for each call that it wishes. */
static void
show_plan(struct watch *w, const struct json *v)
{
	(void)w;
	terminal_print("plan\n");
	terminal_print_words(true, json_words(v, "plan"));
	terminal_print("\n");
}

static void
show_refused(struct watch *w, const struct json *v)
{
	(void)w;
	show_text("refused", json_words(v, "reason"));
}

static void
take_reply(struct watch *w, const struct json *v)
{
	w->over = true;
	w->reached = json_flag(v, "reached");
	free(w->reply);
	w->reply = xstrdup(json_words(v, "reply"));
	free(w->model);
	w->model = xstrdup(json_words(v, "model"));
	w->tokens = json_int(v, "tokens", 0);
	w->took_ms = json_int(v, "boot_ms", 0) - w->begun_ms;
}

static const struct {
	const char *kind;
	void (*show)(struct watch *w, const struct json *v);
} shows[] = {
    {"goal", show_goal},
    {"plan", show_plan},
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
show_line(struct watch *w, size_t i, const struct json *body)
{
	if (is_quiet(w, body))
		return;
	end_words(w);
	shows[i].show(w, body);
}

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
	if (strcmp(json_words(body, "kind"), "model-used") == 0)
		w->usd_millionths += json_int(body, "usd_millionths", 0);
	if (!terminal_print_json(body))
		for (i = 0; i < ARRAY_LEN(shows); i++)
			if (strcmp(shows[i].kind, json_words(body, "kind")) ==
			    0)
				show_line(w, i, body);
	json_free(body);
}

void
watch_init(struct watch *w, struct session *s)
{
	memset(w, 0, sizeof(*w));
	w->session = s;
	buf_init(&w->words, 2 * REPLY_MAX);
}

void
watch_done(struct watch *w)
{
	buf_done(&w->words);
	free(w->reply);
	free(w->shown);
	free(w->model);
}

int
watch_follow(struct watch *w)
{
	struct json *answer;
	const struct json *e;
	int code = EXIT_REACHED;

	while (!w->over) {
		answer = session_query(w->session, &code,
		    "events?run=%s&from=%llu&words=%lld", w->run,
		    (unsigned long long)w->next, (long long)w->words_to);
		if (answer == NULL)
			return code;
		/* They were said before what is written now. */
		show_words(w, answer);
		for (e = json_first(json_get(answer, "entries")); e != NULL;
		     e = json_next(e))
			show_entry(w, e);
		json_free(answer);
	}
	return EXIT_REACHED;
}

/* Of a goal that one act reached, the reply is what that act gave; of one
 * that a model ended, what it said last. */
static bool
was_seen(const struct watch *w)
{
	if (w->shown != NULL && strcmp(w->reply, w->shown) == 0)
		return true;
	return w->words.len > 0 && strcmp(w->reply, w->words.p) == 0;
}

/* Whatever was done for it, its words may be those of a tool, and those of a
 * model where it was reached; of what a model did not reach the house says
 * why. */
static void
say_reply(const struct watch *w)
{
	bool thought = w->model != NULL && w->model[0] != '\0';

	terminal_print("\n");
	if (thought ? w->reached : w->shown != NULL)
		terminal_print_words(true, w->reply);
	else
		terminal_print("%s", w->reply);
	terminal_print("\n\n");
}

/* Tokens, money where it costs any, time. */
static void
say_usage(const struct watch *w)
{
	long long usd = w->usd_millionths;

	terminal_print(
	    "used       %lld tokens of %s", (long long)w->tokens, w->model);
	if (usd > 0)
		terminal_print(
		    ", %lld.%06lld USD", usd / 1000000, usd % 1000000);
	if (w->took_ms >= 0 && w->begun_ms > 0)
		terminal_print(", %lld.%lld s", (long long)(w->took_ms / 1000),
		    (long long)(w->took_ms % 1000 / 100));
	terminal_print("\n");
}

void
watch_say_end(const struct watch *w)
{
	if (!was_seen(w))
		say_reply(w);
	else if (w->words.len > 0)
		terminal_print("\n\n");
	if (w->model != NULL && w->model[0] != '\0')
		say_usage(w);
}
