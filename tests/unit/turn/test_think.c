/* SPDX-License-Identifier: Apache-2.0 */
#include "turn/turn.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "check.h"

/*
 * The turn with models: a script says what they answer, and a house of two
 * tools what becomes of the calls.
 */

#define ANSWERS 40
#define ACTS 64
#define BOTH RUN_STEPS_MAX
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
	char models[16]; /* The first letter of each that was asked. */
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
	if (f->asked < sizeof(f->models) - 1)
		f->models[f->asked] = r->model[0];
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
			struct json *view = parsed(view_text);

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

TEST(words_alone_are_the_reply)
{
	static const struct answer script[] = {DONE};
	struct fake f = {0};
	struct turn *t = RUN(&f, script);

	CHECK_STR(f.reply, "All done.");
	CHECK(f.reached);
	CHECK_STR(f.heard.p, "All done.");
	CHECK_INT(f.n_acts, 0);
	CHECK_INT(f.kept, 3);
	CHECK_INT(turn_tokens(t), 110);
	CHECK_STR(turn_model(t), "small");
	CHECK_INT(f.cancels, 0);
	done(t, &f);
}

TEST(the_view_is_shown_and_nothing_else)
{
	static const struct answer script[] = {DONE};
	struct fake f = {0};
	struct turn *t = RUN(&f, script);
	struct json *body = parsed(f.last.p);

	CHECK_INT(json_count(json_get(body, "tools")), 2);
	CHECK(strstr(f.last.p, "Monday, 2026-01-05") != NULL);
	CHECK(strstr(f.last.p, "please do it") != NULL);
	json_free(body);
	done(t, &f);
}

TEST(all_calls_of_a_reply_are_proposed_and_told_in_the_models_order)
{
	static const struct answer script[] = {
	    {.bytes =
		    CALLS(SAVE("one") "," LIST "," SAVE("three")) END("stop")},
	    DONE};
	struct fake f = {.backwards = true};
	struct turn *t = RUN(&f, script);
	const char *one;
	const char *list;
	const char *three;

	REQUIRE(f.n_acts == 3);
	CHECK_STR(f.acts[0].tool, "notes.save");
	CHECK_STR(f.acts[0].args, "{\"text\":\"one\"}");
	CHECK_STR(f.acts[0].origins, "text:model");
	CHECK_STR(f.acts[1].tool, "notes.list");
	CHECK_STR(f.acts[1].origins, "none");
	CHECK_STR(f.acts[2].args, "{\"text\":\"three\"}");
	one = strstr(f.last.p, "did {\\\"text\\\":\\\"one");
	list = strstr(f.last.p, "did {}");
	three = strstr(f.last.p, "did {\\\"text\\\":\\\"three");
	CHECK(one != NULL && list != NULL && three != NULL);
	CHECK(one < list && list < three);
	CHECK(f.reached);
	CHECK_INT(turn_tokens(t), 220);
	done(t, &f);
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

TEST(as_many_calls_as_may_be_are_made_and_the_rest_is_said)
{
	struct answer script[] = {{.bytes = NULL}, DONE};
	struct fake f = {0};
	struct turn *t;
	struct buf b;

	buf_init(&b, MODEL_REPLY_MAX);
	add_saves(&b, 40);
	buf_adds(&b, END("stop"));
	script[0].bytes = b.p;
	t = RUN(&f, script);
	CHECK_INT(f.n_acts, MODEL_CALLS_MAX);
	CHECK(strstr(f.last.p, "24 more calls were left out") != NULL);
	CHECK(f.reached);
	buf_done(&b);
	done(t, &f);
}

TEST(nothing_of_a_cut_reply_is_done)
{
	struct answer script[] = {{.bytes = NULL}, {.bytes = NULL}};
	struct fake f = {0};
	struct turn *t;
	struct buf b;

	buf_init(&b, MODEL_REPLY_MAX);
	add_saves(&b, 3);
	buf_adds(&b, END("length"));
	script[0].bytes = script[1].bytes = b.p;
	t = RUN(&f, script);
	CHECK_INT(f.n_acts, 0);
	CHECK_STR(f.models, "sl");
	CHECK(!f.reached);
	CHECK(strstr(f.reply, "cut at its ceiling of tokens") != NULL);
	buf_done(&b);
	done(t, &f);
}

TEST(cut_words_are_told_as_cut)
{
	static const struct answer script[] = {
	    {.bytes = SAY("Once upon") END("length")}};
	struct fake f = {0};
	struct turn *t = RUN(&f, script);

	CHECK(strstr(f.reply, "Once upon") == f.reply);
	CHECK(strstr(f.reply, "was cut here") != NULL);
	done(t, &f);
}

/* ---- Calls that do not fit ---- */

TEST(a_call_that_does_not_fit_is_refused_in_words_and_repaired_once)
{
	static const struct {
		const char *name;
		const char *call;
		const char *why;
	} rows[] = {
	    {"unknown tool", CALLS(CALL("shell__run", "{\"c\":\"ls\"}")),
		"there is no tool 'shell"},
	    {"a tool's name alone", CALLS(CALL("notes", "{}")),
		"there is no tool 'notes'"},
	    {"missing", CALLS(CALL("notes__save", "{}")),
		"the argument 'text' is missing"},
	    {"type", CALLS(CALL("notes__save", "{\"text\":[1]}")),
		"must be of type string"},
	    {"integer",
		CALLS(CALL("notes__save", "{\"text\":\"a\",\"n\":1.5}")),
		"must be of type integer"},
	    {"name", CALLS(CALL("notes__save", "{\"words\":\"a\"}")),
		"there is no argument 'words'"},
	    {"no object", CALLS(CALL("notes__list", "\"text\"")),
		"no JSON object"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct answer script[3] = {{.bytes = NULL},
		    {.bytes = CALLS(SAVE("right")) END("stop")}, DONE};
		struct fake f = {0};
		struct turn *t;
		struct buf b;

		CASE(rows[i].name);
		buf_init(&b, MODEL_REPLY_MAX);
		buf_addf(&b, "%s" END("stop"), rows[i].call);
		script[0].bytes = b.p;
		t = RUN(&f, script);
		CHECK_INT(f.n_acts, 1);
		CHECK_STR(f.acts[0].args, "{\"text\":\"right\"}");
		CHECK(strstr(f.last.p, rows[i].why) != NULL);
		CHECK_STR(f.models, "sss");
		CHECK(f.reached);
		buf_done(&b);
		done(t, &f);
	}
}

TEST(beside_a_refused_call_the_good_ones_are_done)
{
	static const struct answer script[] = {
	    {.bytes = CALLS(CALL("shell__run", "{}") "," SAVE("good"))
		    END("stop")},
	    DONE};
	struct fake f = {0};
	struct turn *t = RUN(&f, script);

	CHECK_INT(f.n_acts, 1);
	CHECK_STR(f.acts[0].tool, "notes.save");
	CHECK(f.reached);
	done(t, &f);
}

TEST(after_the_repair_comes_the_next_model_and_then_the_person)
{
	static const struct answer script[] = {
	    {.bytes = CALLS(CALL("shell__run", "{\"c\":\"1\"}")) END("stop")},
	    {.bytes = CALLS(CALL("shell__run", "{\"c\":\"2\"}")) END("stop")},
	    {.bytes = CALLS(CALL("shell__run", "{\"c\":\"3\"}")) END("stop")},
	    {.bytes = CALLS(CALL("shell__run", "{\"c\":\"4\"}")) END("stop")},
	    DONE};
	struct fake f = {0};
	struct turn *t = RUN(&f, script);

	CHECK_STR(f.models, "ssll");
	CHECK_INT(f.n_acts, 0);
	CHECK(!f.reached);
	CHECK(strstr(f.reply, "do not fit the tools") != NULL);
	done(t, &f);
}

/* ---- No end in sight ---- */

TEST(the_same_call_again_ends_the_turn)
{
	static const struct answer script[] = {
	    {.bytes = CALLS(SAVE("again")) END("stop")},
	    {.bytes = CALLS(SAVE("again")) END("stop")}, DONE};
	struct fake f = {0};
	struct turn *t = RUN(&f, script);

	CHECK_INT(f.asked, 2);
	CHECK_INT(f.n_acts, 1);
	CHECK(!f.reached);
	CHECK(strstr(f.reply, "the same thing a second time") != NULL);
	done(t, &f);
}

TEST(the_same_wrong_call_ends_with_each_model_after_one_repair)
{
	static const struct answer same = {
	    .bytes = CALLS(CALL("notes__save", "{}")) END("stop")};
	const struct answer script[] = {same, same, same, same, same};
	struct fake f = {0};
	struct turn *t = RUN(&f, script);

	CHECK_STR(f.models, "ssll");
	CHECK_INT(f.n_acts, 0);
	done(t, &f);
}

TEST(a_turn_ends_at_its_ceiling_of_steps_and_observes_all_that_it_did)
{
	struct answer script[ANSWERS];
	static char bytes[ANSWERS][4096];
	struct fake f = {0};
	struct turn *t;
	size_t proposed = 0;
	size_t observed = 0;
	int64_t i;

	for (i = 0; i < ANSWERS; i++) {
		snprintf(bytes[i], sizeof(bytes[i]),
		    CALLS(SAVE("a%d") "," SAVE("b%d") "," SAVE("c%d"))
			END("stop"),
		    (int)i, (int)i, (int)i);
		script[i] = (struct answer){.bytes = bytes[i]};
	}
	t = RUN(&f, script);
	for (i = 0; i < f.kept; i++) {
		proposed += strcmp(f.names[i], "propose") == 0;
		observed += strcmp(f.names[i], "observe") == 0;
	}
	CHECK(f.kept <= RUN_STEPS_MAX);
	CHECK(f.n_acts >= 18);
	CHECK_INT(proposed, observed);
	CHECK_INT(f.n_acts, proposed);
	CHECK_STR(f.names[f.kept - 1], "reply");
	CHECK(!f.reached);
	CHECK(strstr(f.reply, "as many steps") != NULL);
	done(t, &f);
}

TEST(a_turn_ends_at_its_ceiling_of_tokens)
{
	static const struct {
		const char *name;
		const char *input;
	} rows[] = {{"many", "150000"},
	    {"beyond reason", "4611686018427387904"},
	    {"negative is none", "-5"}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		char bytes[3][1024];
		struct answer script[4];
		struct fake f = {0};
		struct turn *t;
		int j;

		CASE(rows[i].name);
		for (j = 0; j < 3; j++) {
			snprintf(bytes[j], sizeof(bytes[j]),
			    CALLS(
				SAVE("%d")) "{\"done\":true,\"done_reason\":"
					    "\"stop\",\"prompt_eval_count\":%s,"
					    "\"eval_count\":60000}\n",
			    j, rows[i].input);
			script[j] = (struct answer){.bytes = bytes[j]};
		}
		script[3] = (struct answer)DONE;
		t = RUN(&f, script);
		if (i < 1) {
			CHECK(!f.reached);
			CHECK(strstr(f.reply, "as many tokens") != NULL);
			CHECK(f.asked <= 2);
		} else {
			CHECK(f.reached);
		}
		CHECK(turn_tokens(t) > 0);
		done(t, &f);
	}
}

/* ---- Answers that do not come ---- */

TEST(each_failure_of_a_model_has_its_ending)
{
	static const char cut[] = SAY("All ");
	static const struct {
		const char *name;
		struct answer a;
		const char *models; /* That were asked when all fail so. */
		const char *words;
	} rows[] = {
	    {"nobody there", {.fails = true}, "sl", "the server is gone"},
	    {"the key is wrong", {.fails = true, .status = 401}, "sl", "401"},
	    {"denied", {.fails = true, .act = "denied"}, "s",
		"I may not ask the model: the house says so"},
	    {"cut in the middle", {.bytes = cut, .fails = true}, "ssslll",
		"the server is gone"},
	    {"cut, as if it were whole", {.bytes = cut}, "ssslll", ""},
	    {"bytes are missing",
		{.bytes = SAY("All ") END("stop"), .missing = 1}, "ssslll",
		"a part of the answer is missing"},
	    {"an error in the middle",
		{.bytes = SAY("All ") "{\"error\":\"out of memory\"}\n"},
		"ssslll", "out of memory"},
	    {"no JSON", {.bytes = SAY("All ") "{\"message\":\n"}, "ssslll", ""},
	    {"lost", {.bytes = cut, .act = "lost"}, "ssslll",
		"the house says so"},
	    {"nothing said", {.bytes = END("stop")}, "sl", "empty"},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		const struct answer script[] = {rows[i].a, rows[i].a, rows[i].a,
		    rows[i].a, rows[i].a, rows[i].a, DONE};
		struct fake f = {0};
		struct turn *t;

		CASE(rows[i].name);
		t = RUN(&f, script);
		CHECK_STR(f.models, rows[i].models);
		CHECK(!f.reached);
		CHECK(strstr(f.reply, rows[i].words) != NULL);
		CHECK_INT(f.n_acts, 0);
		done(t, &f);
	}
}

TEST(what_was_broken_once_is_asked_again)
{
	static const struct answer script[] = {
	    {.bytes = CALLS(SAVE("half")), .fails = true},
	    {.bytes = CALLS(SAVE("lost")) END("stop"), .act = "lost"},
	    {.bytes = CALLS(SAVE("whole")) END("stop")}, DONE};
	struct fake f = {0};
	struct turn *t = RUN(&f, script);

	CHECK_INT(f.n_acts, 1);
	CHECK_STR(f.acts[0].args, "{\"text\":\"whole\"}");
	CHECK_STR(f.models, "ssss");
	CHECK(f.reached);
	done(t, &f);
}

TEST(what_nobody_waits_for_is_not_taken)
{
	static const struct answer script[] = {DONE};
	struct turn_model_end end = {.ok = true, .status = 200, .why = ""};
	struct fake f = {.answers = script, .n_answers = 1};
	struct turn *t = new_turn(&f);

	turn_model_data(t, 0, "x", 1);
	turn_run(t);
	turn_model_ended(t, 0, &end);
	turn_result(t, 0, "done", "");
	CHECK_INT(f.kept, 0);
	pump(t, &f);
	CHECK_INT(f.replies, 1);
	turn_model_data(t, 1, "x", 1);
	turn_model_ended(t, 1, &end);
	turn_result(t, 1, "failed", "late");
	turn_ask_again(t);
	turn_cancel(t);
	CHECK_INT(f.replies, 1);
	CHECK_INT(f.cancels, 0);
	CHECK_STR(f.reply, "All done.");
	done(t, &f);
}

TEST(a_request_is_carried_again_word_for_word)
{
	static const struct answer script[] = {DONE};
	struct fake f = {.answers = script, .n_answers = 1};
	struct turn *t = new_turn(&f);
	struct json *view = parsed(view_text);
	char *first;

	turn_run(t);
	turn_recalled(t, view);
	json_free(view);
	f.wants_view = false;
	REQUIRE(f.n_waits == 1);
	first = xstrdup(f.last.p);
	turn_ask_again(t);
	CHECK_STR(f.last.p, first);
	REQUIRE(f.n_waits == 2);
	CHECK_INT(f.waits[1].step, f.waits[0].step);
	turn_cancel(t);
	CHECK_INT(f.cancels, 1);
	free(first);
	done(t, &f);
}

/* ---- Results ---- */

TEST(a_long_result_is_cut_and_says_so)
{
	static const struct answer script[] = {
	    {.bytes = CALLS(SAVE("one")) END("stop")}, DONE};
	static char text[RESULT_MAX];
	struct fake f = {.result = text};
	struct turn *t;

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text + TURN_SHOWN_MAX - 1, "\xe2\x82\xac", 3);
	t = RUN(&f, script);
	CHECK(strstr(f.last.p, "[8191 of 65535 bytes are shown") != NULL);
	CHECK(f.last.len < 2 * TURN_SHOWN_MAX);
	CHECK(f.reached);
	done(t, &f);
}

TEST(a_denial_is_told_to_the_model)
{
	static const struct answer script[] = {
	    {.bytes = CALLS(SAVE("forbidden")) END("stop")}, DONE};
	struct fake f = {0};
	struct turn *t = RUN(&f, script);

	CHECK(strstr(f.last.p, "Denied: an owner says no") != NULL);
	CHECK(f.reached);
	done(t, &f);
}

/* All results of a round at their largest, each made of what grows most when
 * it is escaped. */
TEST(no_request_is_larger_than_it_may_be)
{
	static char text[RESULT_MAX];
	struct answer script[] = {{.bytes = NULL}, {.bytes = NULL}, DONE};
	struct fake f = {.result = text};
	struct turn *t;
	struct buf b;
	struct buf b2;

	memset(text, '\x01', sizeof(text) - 1);
	buf_init(&b, MODEL_REPLY_MAX);
	buf_init(&b2, MODEL_REPLY_MAX);
	add_saves(&b, MODEL_CALLS_MAX);
	buf_adds(&b, END("stop"));
	buf_adds(&b2, CALLS(LIST) END("stop"));
	script[0].bytes = b.p;
	script[1].bytes = b2.p;
	t = RUN(&f, script);
	/* on_ask() looks at the size. */
	CHECK(f.reached);
	CHECK(strstr(f.last.p, "left out for want of room") != NULL);
	buf_done(&b);
	buf_done(&b2);
	done(t, &f);
}

/* ---- Taken up again ---- */

/* How many models were asked within the first steps. */
static size_t
thinks(const struct fake *f, int64_t kept)
{
	size_t n = 0;
	int64_t i;

	for (i = 0; i < kept; i++)
		n += strcmp(f->names[i], "think") == 0;
	return n;
}

static void
take_up(const struct fake *first, int64_t kept)
{
	struct fake f = {.answers = first->answers,
	    .n_answers = first->n_answers,
	    .asked = thinks(first, kept),
	    .kept = kept};
	struct turn *t;
	int64_t i;

	memcpy(f.acts, first->acts, sizeof(f.acts));
	f.n_acts = first->n_acts;
	memcpy(f.names, first->names, sizeof(f.names));
	t = new_turn(&f);
	for (i = 0; i < kept; i++) {
		struct json *v = parsed(first->contents[i]);

		CHECK(turn_replay(t, first->names[i], v) == OK);
		json_free(v);
	}
	turn_run(t);
	pump(t, &f);
	CHECK_STR(f.reply, first->reply);
	CHECK(f.reached == first->reached);
	CHECK_INT(f.n_acts, first->n_acts);
	CHECK_INT(f.kept, first->kept);
	CHECK_INT(f.asked, first->asked);
	for (i = kept; i < f.kept; i++) {
		CHECK_STR(f.names[i], first->names[i]);
		CHECK_STR(f.contents[i], first->contents[i]);
	}
	done(t, &f);
}

TEST(a_turn_cut_anywhere_does_the_same_acts_and_ends_in_the_same_words)
{
	static const struct answer wrong = {
	    .bytes =
		CALLS(CALL("notes__save", "{}") "," SAVE("x")) END("stop")};
	static const struct answer two = {
	    .bytes = CALLS(SAVE("one") "," SAVE("two")) END("stop")};
	static const struct answer list = {.bytes = CALLS(LIST) END("stop")};
	static const struct answer no = {
	    .bytes = CALLS(SAVE("forbidden")) END("stop")};
	static const struct answer broken = {.bytes = SAY("Al"), .fails = true};
	static const struct answer gone = {.fails = true};
	static const struct answer cut = {.bytes = CALLS(LIST) END("length")};
	static const struct answer over = DONE;
	const struct answer scripts[][8] = {
	    {over},
	    {two, over},
	    {two, list, no, over},
	    {wrong, two, over},
	    {wrong, wrong, wrong, wrong},
	    {two, two},
	    {broken, two, broken, list, over},
	    {gone, two, over},
	    {gone, gone},
	    {cut, list, cut},
	    {broken, broken, broken, broken, broken, broken},
	};
	char name[16];
	size_t i;

	for (i = 0; i < ARRAY_LEN(scripts); i++) {
		struct fake f = {0};
		struct turn *t = run(&f, scripts[i], 8);
		int64_t kept;

		snprintf(name, sizeof(name), "script %zu", i);
		CASE(name);
		CHECK(f.kept > 0);
		for (kept = 0; kept <= f.kept; kept++)
			take_up(&f, kept);
		done(t, &f);
	}
}

/* Steps that say something else than they did. */
TEST(damaged_steps_end_nothing_but_the_turn)
{
	static const char *const contents[] = {"{}", "{\"message\":{}}",
	    "{\"message\":{\"calls\":[{}]}}", "{\"message\":7,\"error\":7}",
	    "{\"state\":\"done\"}", "{\"usage\":{\"input\":9e99}}",
	    "{\"models\":[{}],\"tools\":7}", "{\"models\":7}"};
	static const char *const names[] = {
	    "recall", "think", "propose", "observe", "reflect", "reply"};
	size_t i;
	size_t j;

	for (i = 0; i < ARRAY_LEN(contents); i++)
		for (j = 0; j < ARRAY_LEN(contents); j++) {
			static const struct answer script[] = {DONE};
			struct fake f = {.answers = script, .n_answers = 1};
			struct turn *t = new_turn(&f);
			size_t k;

			CASE(contents[i]);
			for (k = 0; k < ARRAY_LEN(names); k++) {
				struct json *v =
				    parsed(contents[k == 0 ? i : j]);

				if (turn_replay(t, names[k], v) != OK)
					k = ARRAY_LEN(names);
				json_free(v);
			}
			CHECK(f.replies <= 1);
			done(t, &f);
		}
}
