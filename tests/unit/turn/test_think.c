/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

/* What a model says, and what is made of it. */

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
