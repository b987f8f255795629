/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TURN_SCRIPT_H
#define TESTS_TURN_SCRIPT_H

/*
 * A turn with models, and all that is outside of it: a script says what they
 * answer, and a house of two tools what becomes of the calls.  For a file of
 * unit tests, which includes it once.
 */

#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "check.h"
#include "turn/turn.h"

#define ANSWERS 40
#define ACTS 64
#define MODEL_ACT "model.house.ollama"

static const char view_text[] =
    "{\"models\":["
    "{\"call\":\"model.house.ollama\",\"dialect\":\"ollama\","
    "\"model\":\"small\",\"context\":8192},"
    "{\"call\":\"model.house.ollama\",\"dialect\":\"ollama\","
    "\"model\":\"large\",\"context\":8192}],"
    "\"tools\":["
    "{\"name\":\"notes.save\",\"about\":\"Save\",\"args\":{"
    "\"text\":{\"type\":\"string\",\"required\":true},"
    "\"n\":{\"type\":\"integer\"}}},"
    "{\"name\":\"notes.list\",\"args\":{}}],"
    "\"now\":\"Monday, 2026-01-05\"}";

struct answer {
	const char *bytes; /* NULL: none comes. */
	bool fails; /* Egress says so, behind the bytes. */
	int status; /* 0: 200. */
	const char *act; /* How its act ends; NULL: done. */
	int64_t missing; /* Bytes that the mind did not get. */
};

struct pending {
	bool asked; /* A model. */
	int64_t step;
	size_t answer;
	char tool[160];
	char args[512];
	char origins[128];
};

struct fake {
	const struct answer *answers;
	size_t n_answers;
	size_t asked;
	struct pending waits[ACTS];
	size_t n_waits;
	struct pending acts[ACTS]; /* All that were proposed. */
	size_t n_acts;
	char models[16]; /* The first letter of each that was asked, */
	char forced[16]; /* and F of those that had to choose. */
	struct buf last; /* The last request. */
	struct buf heard;
	bool wants_view;
	int cancels;
	int replies;
	bool reached;
	char reply[REPLY_MAX + 1];
	char names[RUN_STEPS_MAX][16];
	char *contents[RUN_STEPS_MAX];
	int64_t kept;
	const char *result; /* Of each call; NULL: made of its arguments. */
	const char *view; /* NULL: view_text. */
	bool backwards; /* The last that was proposed ends first. */
};

static void
check_setup(void)
{
}

static void
on_recall(void *arg, const char *query)
{
	(void)query;
	((struct fake *)arg)->wants_view = true;
}

static void
on_propose(void *arg, int64_t step, const char *tool, const char *args,
    const char *origins)
{
	struct fake *f = arg;
	struct pending p = {.step = step};
	size_t i;

	CHECK(f->kept >= step);
	snprintf(p.tool, sizeof(p.tool), "%s", tool);
	snprintf(p.args, sizeof(p.args), "%s", args);
	snprintf(p.origins, sizeof(p.origins), "%s", origins);
	f->waits[f->n_waits++] = p;
	for (i = 0; i < f->n_acts; i++) {
		if (f->acts[i].step != step)
			continue;
		/* Proposed again, it must be the same. */
		CHECK_STR(tool, f->acts[i].tool);
		CHECK_STR(args, f->acts[i].args);
		CHECK_STR(origins, f->acts[i].origins);
		return;
	}
	f->acts[f->n_acts++] = p;
}

static void
on_ask(void *arg, int64_t step, const struct turn_request *r)
{
	struct fake *f = arg;

	CHECK(f->kept >= step);
	CHECK(r->body_len <= MODEL_REQUEST_MAX);
	CHECK_STR(r->call, MODEL_ACT);
	buf_clear(&f->last);
	buf_add(&f->last, r->body, r->body_len);
	if (f->asked < sizeof(f->models) - 1) {
		f->models[f->asked] = r->model[0];
		f->forced[f->asked] =
		    strstr(f->last.p, "\"format\":{") != NULL ? 'F' : '-';
	}
	f->waits[f->n_waits++] =
	    (struct pending){.asked = true, .step = step, .answer = f->asked++};
}

static void
on_cancel(void *arg, int64_t step)
{
	struct fake *f = arg;

	CHECK(f->kept == step);
	f->cancels++;
}

static void
on_words(void *arg, const char *text, size_t len)
{
	buf_add(&((struct fake *)arg)->heard, text, len);
}

static void
on_heard(void *arg, int64_t step, const struct json *how)
{
	CHECK(((struct fake *)arg)->kept == step);
	CHECK(json_has(how, "state"));
}

static void
on_reply(void *arg, const char *text, bool reached)
{
	struct fake *f = arg;

	f->replies++;
	f->reached = reached;
	snprintf(f->reply, sizeof(f->reply), "%s", text);
}

static bool
on_keep(void *arg, int64_t step, const char *name, const struct json *content)
{
	struct fake *f = arg;

	REQUIRE(step < RUN_STEPS_MAX);
	CHECK_INT(step, f->kept);
	snprintf(f->names[step], sizeof(f->names[step]), "%s", name);
	free(f->contents[step]);
	f->contents[step] = json_print(content);
	f->kept++;
	return true;
}

static struct turn *
new_turn(struct fake *f)
{
	struct turn_ports p = {.recall = on_recall,
	    .propose = on_propose,
	    .ask = on_ask,
	    .cancel = on_cancel,
	    .words = on_words,
	    .heard = on_heard,
	    .reply = on_reply,
	    .keep = on_keep,
	    .arg = f};

	if (f->last.max == 0) {
		buf_init(&f->last, MODEL_REQUEST_MAX);
		buf_init(&f->heard, MODEL_REPLY_MAX);
	}
	return turn_new("please do it", &p);
}

static void
done(struct turn *t, struct fake *f)
{
	size_t i;

	turn_free(t);
	for (i = 0; i < RUN_STEPS_MAX; i++)
		free(f->contents[i]);
	buf_done(&f->last);
	buf_done(&f->heard);
}

static struct json *
parsed(const char *text)
{
	struct json *v = NULL;

	REQUIRE(json_parse(text, strlen(text), &v) == OK);
	return v;
}

/* ---- A house that answers ---- */

static void
answer(struct turn *t, struct fake *f, const struct pending *p)
{
	static const struct answer none = {.fails = true};
	const struct answer *a =
	    p->answer < f->n_answers ? &f->answers[p->answer] : &none;
	const char *bytes = a->bytes != NULL ? a->bytes : "";
	struct turn_model_end end = {.ok = !a->fails,
	    .status = a->status != 0 ? a->status : 200,
	    .received = (int64_t)strlen(bytes) + a->missing,
	    .why = a->fails ? "the server is gone" : "",
	    .said = "",
	    .said_len = 0};
	size_t at;

	if (p->answer >= f->n_answers)
		end.received = 0;
	for (at = 0; bytes[at] != '\0'; at++)
		turn_model_data(t, p->step, bytes + at, 1);
	if (a->act == NULL || strcmp(a->act, "lost") != 0)
		turn_model_ended(t, p->step, &end);
	turn_result(t, p->step,
	    a->act != NULL ? a->act
		: a->fails ? "failed"
			   : "done",
	    a->act != NULL ? "the house says so" : "");
}

static void
act(struct turn *t, const struct fake *f, const struct pending *p)
{
	char text[600];

	snprintf(text, sizeof(text), "did %.500s", p->args);
	if (strstr(p->args, "forbidden") != NULL)
		turn_result(t, p->step, "denied", "an owner says no");
	else
		turn_result(
		    t, p->step, "done", f->result != NULL ? f->result : text);
}

/* Whatever waits is answered, until nothing does. */
static void
pump(struct turn *t, struct fake *f)
{
	while (f->wants_view || f->n_waits > 0) {
		struct pending p;
		size_t i = f->backwards && f->n_waits > 0 ? f->n_waits - 1 : 0;

		if (f->wants_view) {
			struct json *view =
			    parsed(f->view != NULL ? f->view : view_text);

			f->wants_view = false;
			turn_recalled(t, view);
			json_free(view);
			continue;
		}
		p = f->waits[i];
		memmove(f->waits + i, f->waits + i + 1,
		    (f->n_waits - i - 1) * sizeof(p));
		f->n_waits--;
		if (p.asked)
			answer(t, f, &p);
		else
			act(t, f, &p);
	}
}

static struct turn *
run(struct fake *f, const struct answer *answers, size_t n)
{
	struct turn *t;

	f->answers = answers;
	f->n_answers = n;
	t = new_turn(f);
	turn_run(t);
	pump(t, f);
	CHECK_INT(f->replies, 1);
	return t;
}

#define RUN(f, answers) run(f, answers, ARRAY_LEN(answers))

/* ---- What models say, as Ollama says it ---- */

#define END(reason)                                                            \
	"{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":"       \
	"\"" reason "\",\"prompt_eval_count\":100,\"eval_count\":10}\n"
#define SAY(text)                                                              \
	"{\"message\":{\"role\":\"assistant\",\"content\":\"" text             \
	"\"},\"done\":false}\n"
#define CALL(tool, args)                                                       \
	"{\"function\":{\"name\":\"" tool "\",\"arguments\":" args "}}"
#define CALLS(calls)                                                           \
	"{\"message\":{\"role\":\"assistant\",\"content\":\"\","               \
	"\"tool_calls\":[" calls "]},\"done\":false}\n"
#define SAVE(text) CALL("notes__save", "{\"text\":\"" text "\"}")
#define LIST CALL("notes__list", "{}")
#define DONE                                                                   \
	{                                                                      \
		.bytes = SAY("All ") SAY("done.") END("stop")                  \
	}

static void
add_saves(struct buf *b, int n)
{
	int i;

	buf_adds(b,
	    "{\"message\":{\"role\":\"assistant\",\"content\":\"\","
	    "\"tool_calls\":[");
	for (i = 0; i < n; i++)
		buf_addf(b, "%s" SAVE("number %d"), i > 0 ? "," : "", i);
	buf_adds(b, "]},\"done\":false}\n");
}

#endif
