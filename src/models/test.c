/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approval/sheet.h"
#include "base/log.h"
#include "models/models_priv.h"
#include "sys/clock.h"

/*
 * `durward model test`: a question goes the whole way, judged, ordered and
 * logged like any other, to that model alone; and how long it took.
 */

#define QUESTION "In two or three sentences: why is the sky blue?"

struct trial {
	char run[TOKEN_SIZE];
	char *reply; /* NULL: it is not over. */
	bool reached;
	int64_t begun_ms;
	int64_t first_ms; /* Of its words; -1: none yet. */
	int64_t ended_ms;
	int64_t output; /* Tokens; 0: not told. */
};

/* NAME/MODEL, or the first of NAME, or the first of all. */
static bool
find_model(
    const struct json *answer, const char *wish, char ret[2 * MODEL_NAME_MAX])
{
	const struct json *p = json_first(json_get(answer, "providers"));
	const struct json *m;

	for (; p != NULL; p = json_next(p)) {
		const char *name = json_words(p, "provider");

		for (m = json_first(json_get(p, "models")); m != NULL;
		     m = json_next(m)) {
			snprintf(ret, 2 * MODEL_NAME_MAX, "%.64s/%.128s", name,
			    json_words(m, "model"));
			if (wish == NULL || strcmp(wish, name) == 0 ||
			    strcmp(wish, ret) == 0)
				return true;
		}
	}
	return false;
}

static int
begin(struct session *s, const char *ref, struct trial *t)
{
	struct json *body = json_object();
	struct json *answer;
	int code = EXIT_REACHED;

	json_put_str(body, "goal", QUESTION);
	json_put_str(body, "models", ref);
	t->begun_ms = clock_boot_ms();
	t->first_ms = -1;
	answer = session_command(s, "ask", body, &code);
	if (answer != NULL)
		snprintf(
		    t->run, sizeof(t->run), "%s", json_words(answer, "run"));
	json_free(answer);
	return code;
}

static void
take_entry(struct trial *t, const struct json *entry)
{
	const char *text = json_words(entry, "body");
	struct json *body = NULL;
	const char *kind;

	if (json_parse(text, strlen(text), &body) != OK)
		return;
	kind = json_words(body, "kind");
	if (strcmp(kind, "asked") == 0 && !terminal_json)
		terminal_print("it waits for a yes: durward approve %.*s\n",
		    SHORT_LEN, json_words(body, "act"));
	if (strcmp(kind, "model-used") == 0)
		t->output += json_int(body, "output", 0);
	if (strcmp(kind, "run-done") == 0 && t->reply == NULL) {
		t->reply = xstrdup(json_words(body, "reply"));
		t->reached = json_flag(body, "reached");
		t->ended_ms = clock_boot_ms();
	}
	json_free(body);
}

static int
follow(struct session *s, struct trial *t)
{
	int64_t next = 0;
	int64_t words = 0;
	int code = EXIT_REACHED;

	while (t->reply == NULL) {
		struct json *answer = session_query(s, &code,
		    "events?run=%s&from=%lld&words=%lld", t->run,
		    (long long)next, (long long)words);
		const struct json *e = json_first(json_get(answer, "entries"));

		if (answer == NULL)
			return code;
		if (t->first_ms < 0 && json_words(answer, "words")[0] != '\0')
			t->first_ms = clock_boot_ms();
		words = json_int(answer, "words_to", words);
		for (; e != NULL; e = json_next(e)) {
			next = json_int(e, "seq", 0) + 1;
			take_entry(t, e);
		}
		json_free(answer);
	}
	return code;
}

static void
say(const char *ref, const struct trial *t)
{
	int64_t first_ms =
	    (t->first_ms < 0 ? t->ended_ms : t->first_ms) - t->begun_ms;
	int64_t rest_ms = t->ended_ms - t->begun_ms - first_ms;
	struct json *v = json_object();

	json_put_str(v, "model", ref);
	json_put_str(v, "reply", t->reply);
	json_put_int(v, "first_ms", first_ms);
	json_put_int(v, "ms", t->ended_ms - t->begun_ms);
	json_put_int(v, "tokens", t->output);
	if (!terminal_print_json(v)) {
		terminal_print_words(true, t->reply);
		terminal_print("\n\n%s: first words after %lld ms", ref,
		    (long long)first_ms);
		if (t->output > 0 && rest_ms > 0)
			terminal_print(", then %lld tokens a second",
			    (long long)(t->output * 1000 / rest_ms));
		terminal_print("\n");
	}
	json_free(v);
}

int
model_test(struct session *s, const char *wish)
{
	char ref[2 * MODEL_NAME_MAX];
	struct trial t = {.run = ""};
	int code = EXIT_REACHED;
	struct json *answer = session_query(s, &code, "models");
	bool found = answer != NULL && find_model(answer, wish, ref);
	bool none = json_count(json_get(answer, "providers")) == 0;

	json_free(answer);
	if (code != EXIT_REACHED)
		return code;
	if (none)
		return model_complain("there is no model yet; 'durward model "
				      "find' looks for one on this machine");
	if (!found)
		return model_complain("there is no such model; 'durward model "
				      "list' says which there are");
	code = begin(s, ref, &t);
	if (code == EXIT_REACHED)
		code = follow(s, &t);
	if (code == EXIT_REACHED && !t.reached)
		code = model_complain("%s: %.200s", ref, t.reply);
	else if (code == EXIT_REACHED)
		say(ref, &t);
	free(t.reply);
	return code;
}
