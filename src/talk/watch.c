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

static void
show_goal(struct watch *w, const struct json *v)
{
	(void)w;
	terminal_print("goal       %s\n", json_words(v, "goal"));
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

/* With a mark before each line, which no model can leave out: its words must
 * not pass for those of the house. */
static void
print_marked(const struct watch *w, const char *words)
{
	bool begins = w->words.len == 0 || w->words.p[w->words.len - 1] == '\n';

	while (*words != '\0') {
		size_t len = strcspn(words, "\n");

		len += words[len] == '\n';
		terminal_print("%s%.*s", begins ? "| " : "", (int)len, words);
		begins = words[len - 1] == '\n';
		words += len;
	}
}

static void
show_words(struct watch *w, const struct json *answer)
{
	const char *words = json_words(answer, "words");

	w->words_to = json_int(answer, "words_to", w->words_to);
	if (words[0] == '\0' || terminal_json)
		return;
	if (w->words.len + strlen(words) > REPLY_MAX)
		buf_clear(&w->words);
	print_marked(w, words);
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

	snprintf(
	    w->model_act, sizeof(w->model_act), "%s", json_words(v, "act"));
	if (json_parse(args, strlen(args), &a) != OK)
		return;
	terminal_print("thinking   %s asks %s, %lld bytes\n", tool,
	    json_words(a, "model"), (long long)json_int(a, "bytes", 0));
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
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || terminal_json)
		return;
	code = consent_approve(w->session, json_words(v, "act"), false, NULL);
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
	free(w->model);
	w->model = xstrdup(json_words(v, "model"));
	w->tokens = json_int(v, "tokens", 0);
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

void
watch_say_end(const struct watch *w)
{
	if (!was_seen(w))
		terminal_print("\n%s\n\n", w->reply);
	else if (w->words.len > 0)
		terminal_print("\n\n");
	if (w->model != NULL && w->model[0] != '\0')
		terminal_print("used       %lld tokens of %s\n",
		    (long long)w->tokens, w->model);
}
