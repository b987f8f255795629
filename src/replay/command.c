/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "replay/replay_priv.h"

/* Each step in one line, and how it ended. */

#define LINE_MAX_LEN 100

static void
add_cut(struct buf *out, const char *text)
{
	buf_addf(out, "%.*s", (int)strcspn(text, "\n"), text);
}

static void
describe_recall(const struct json *c, struct buf *out)
{
	buf_addf(out, "%zu models, %zu tools, %zu memories",
	    json_count(json_get(c, "models")), json_count(json_get(c, "tools")),
	    json_count(json_get(c, "memories")));
}

static void
describe_think(const struct json *c, struct buf *out)
{
	const struct json *message = json_get(c, "message");
	const struct json *call = json_first(json_get(message, "calls"));

	if (json_has(c, "model"))
		buf_addf(out, "%s: ", json_words(c, "model"));
	if (json_has(c, "error"))
		add_cut(out, json_words(c, "error"));
	else if (call == NULL)
		add_cut(out,
		    message != NULL           ? json_words(message, "text")
			: json_has(c, "tool") ? json_words(c, "tool")
					      : json_words(c, "reply"));
	for (; call != NULL; call = json_next(call))
		buf_addf(out, "%s %s ", json_words(call, "tool"),
		    json_words(call, "args"));
}

static void
describe_observe(const struct json *c, struct buf *out)
{
	buf_addf(out, "%s: ", json_words(c, "state"));
	add_cut(out, json_words(c, "result"));
}

static void
describe(const char *name, const struct json *c, struct buf *out)
{
	if (strcmp(name, "recall") == 0)
		describe_recall(c, out);
	else if (strcmp(name, "think") == 0)
		describe_think(c, out);
	else if (strcmp(name, "propose") == 0)
		buf_adds(out, json_words(c, "tool"));
	else if (strcmp(name, "observe") == 0)
		describe_observe(c, out);
	else if (strcmp(name, "reflect") == 0)
		buf_addf(out, "%lld tokens so far",
		    (long long)json_int(c, "tokens", 0));
	else
		add_cut(out, json_words(c, "reply"));
}

void
shown_step(
    int64_t n, const char *name, const struct json *content, const char *sha256)
{
	struct json *v = json_object();
	struct buf line;

	json_put_int(v, "step", n);
	json_put_str(v, "name", name);
	json_put(v, "content", json_copy(content));
	json_put_str(v, "sha256", sha256);
	if (!terminal_print_json(v)) {
		buf_init(&line, LANE_BULK_MAX);
		describe(name, content, &line);
		terminal_print("%3lld  %-8s %.*s\n", (long long)n, name,
		    (int)str_cut(line.p != NULL ? line.p : "", LINE_MAX_LEN),
		    line.p != NULL ? line.p : "");
		buf_done(&line);
	}
	json_free(v);
}

static int
say_end(const struct recording *r, const char *wrong)
{
	struct json *v = json_object();

	json_put_str(v, "run", r->run);
	json_put_bool(v, "same", wrong == NULL);
	json_put_str(v, "sha256", r->replay_sha256);
	if (wrong != NULL)
		json_put_str(v, "differs", wrong);
	if (!terminal_print_json(v)) {
		if (wrong != NULL)
			terminal_print("it differs: %s\n", wrong);
		else
			terminal_print("same digest %s after %lld steps%s\n",
			    r->replay_sha256, (long long)r->n,
			    r->replied ? "" : ", where the house ended it");
	}
	json_free(v);
	return wrong == NULL ? EXIT_REACHED : EXIT_FAILED;
}

/* What runs the turn has neither the connection nor the key any more. */
static struct recording *
fetch(const char *run, int *ret_exit)
{
	struct session *s = session_open(ret_exit);
	struct recording *r;

	if (s == NULL)
		return NULL;
	r = recording_fetch(s, run, ret_exit);
	session_close(s);
	return r;
}

int
replay_run(const char *run)
{
	int code = EXIT_REACHED;
	struct recording *r = fetch(run, &code);
	char *wrong;

	if (r == NULL)
		return code;
	if (r->forked > 0 && !terminal_json)
		terminal_print("     its first %lld steps are those of %.*s\n",
		    (long long)r->forked, SHORT_LEN, r->fork_of);
	wrong = machine_replay(r);
	code = say_end(r, wrong);
	free(wrong);
	recording_free(r);
	return code;
}
