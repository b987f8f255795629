/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

/* How a turn ends, what goes wrong on the way, and how it is taken up. */

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
	    {"the key is wrong", {.fails = true, .status = 401}, "sl",
		"the server is gone"},
	    {"it wants to be paid", {.fails = true, .status = 402}, "sl",
		"402"},
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

TEST(an_answer_whose_end_went_with_egress_is_asked_for_again)
{
	static const struct answer script[] = {DONE, DONE};
	struct fake f = {.answers = script, .n_answers = 2};
	struct turn *t = new_turn(&f);
	struct json *view = parsed(view_text);

	turn_run(t);
	turn_recalled(t, view);
	json_free(view);
	f.wants_view = false;
	REQUIRE(f.n_waits == 1);
	turn_result(t, f.waits[0].step, "done", "");
	CHECK_INT(f.n_waits, 1);
	turn_ask_again(t);
	REQUIRE(f.n_waits == 2);
	CHECK_INT(f.waits[1].step, f.waits[0].step + 1);
	CHECK_INT(f.replies, 0);
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

#define TOOL(name) "{\"name\":\"" name "\",\"args\":{}}"
#define SIX_TOOLS                                                              \
	TOOL("a.a")                                                            \
	"," TOOL("a.b") "," TOOL("a.c") "," TOOL("a.d") "," TOOL(              \
	    "a.e") "," TOOL("a.f")
static const char full_view[] =
    "{\"models\":[{\"call\":\"model.house.ollama\",\"dialect\":\"ollama\","
    "\"model\":\"small\",\"context\":8192}],"
    "\"extractors\":[{\"call\":\"model.house.ollama\",\"dialect\":"
    "\"ollama\",\"model\":\"xtract\",\"context\":4096},"
    "{\"call\":\"model.house.ollama\",\"dialect\":\"ollama\",\"model\":"
    "\"yet\",\"context\":4096}],"
    "\"rest\":{\"name\":\"memory.rest\",\"args\":{\"step\":{\"type\":"
    "\"integer\",\"required\":true},\"from\":{\"type\":\"integer\","
    "\"required\":true}}},"
    "\"tools\":[" SIX_TOOLS "," TOOL("a.g") "," TOOL("a.h") "]}";

TEST(a_long_result_is_shortened_by_the_model_that_is_set_for_it)
{
	static const struct answer script[] = {
	    {.bytes = CALLS(CALL("a__a", "{}")) END("stop")},
	    {.bytes = SAY("The milk ") SAY("is sour.") END("stop")},
	    {.bytes = CALLS(CALL("memory__rest", "{\"step\":2,\"from\":0}"))
		    END("stop")},
	    {.fails = true}, DONE};
	static char text[RESULT_MAX];
	struct fake f = {.result = text, .view = full_view};
	struct turn *t;

	memset(text, 'x', sizeof(text) - 1);
	t = RUN(&f, script);
	CHECK_STR(f.models, "sxsxs");
	CHECK(strstr(f.last.p, "The milk is sour.") != NULL);
	CHECK(strstr(f.last.p, "[xtract shortened this from 65535 bytes]") !=
	    NULL);
	CHECK(strstr(f.last.p,
		  "memory.rest with step 2 and from 0 reads on]") != NULL);
	/* The second came too long as well, and nobody was there. */
	CHECK(strstr(f.last.p, "[8192 of 65535 bytes are shown") != NULL);
	CHECK(strstr(f.last.p, "\"name\":\"memory__rest\"") != NULL);
	CHECK(strstr(f.last.p, "\"name\":\"a__g\"") != NULL);
	CHECK(strstr(f.last.p, "\"name\":\"a__h\"") == NULL);
	/* Its words are for the model. */
	CHECK_STR(f.heard.p, "All done.");
	CHECK_INT(f.n_acts, 2);
	CHECK_INT(turn_tokens(t), 440);
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
		n += strcmp(f->names[i], "think") == 0 ||
		    strstr(f->contents[i], "shortened this") != NULL ||
		    strstr(f->contents[i], "extractor_failed") != NULL ||
		    strcmp(f->names[i], "criticize") == 0;
	return n;
}

static void
take_up(const struct fake *first, int64_t kept)
{
	struct fake f = {.answers = first->answers,
	    .n_answers = first->n_answers,
	    .view = first->view,
	    .result = first->result,
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
	static const struct answer prose = {
	    .bytes = SAY("I call notes.list.") END("stop")};
	static const struct answer chosen = {
	    .bytes =
		SAY("{\\\"tool\\\":\\\"final\\\",\\\"text\\\":\\\"No.\\\"}")
		    END("stop")};
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
	    {prose, two, over},
	    {prose, broken, chosen},
	    {prose, prose, two, over},
	    {two, prose},
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

TEST(what_was_shortened_is_taken_up_as_it_was)
{
	static const struct answer script[] = {
	    {.bytes = CALLS(CALL("a__a", "{}") "," CALL("a__b", "{}"))
		    END("stop")},
	    {.bytes = SAY("Short.") END("stop")}, {.fails = true},
	    {.bytes = CALLS(CALL("a__c", "{}")) END("stop")},
	    {.bytes = SAY("Too.") END("stop")}, DONE};
	static char text[2 * TURN_SHOWN_MAX];
	struct fake f = {.result = text, .view = full_view};
	struct turn *t;
	int64_t kept;

	memset(text, 'x', sizeof(text) - 1);
	t = RUN(&f, script);
	CHECK_STR(f.models, "sxxsys");
	CHECK(f.reached);
	for (kept = 0; kept <= f.kept; kept++)
		take_up(&f, kept);
	done(t, &f);
}

TEST(a_call_of_lasting_effect_is_criticized_by_another_and_taken_up)
{
	static const char view[] =
	    "{\"models\":[{\"call\":\"model.house.ollama\",\"dialect\":"
	    "\"ollama\",\"model\":\"small\",\"context\":8192}],"
	    "\"critics\":[{\"call\":\"model.house.ollama\",\"dialect\":"
	    "\"ollama\",\"model\":\"small\",\"context\":4096},"
	    "{\"call\":\"model.house.ollama\",\"dialect\":\"ollama\","
	    "\"model\":\"critic\",\"context\":4096}],"
	    "\"tools\":[{\"name\":\"pay.pay\",\"effect\":\"money\",\"args\":{}}"
	    ","
	    "{\"name\":\"pay.list\",\"effect\":\"read\",\"args\":{}}]}";
	static const struct answer script[] = {
	    {.bytes = CALLS(CALL("pay__list", "{}")) END("stop")},
	    {.bytes = CALLS(CALL("pay__pay", "{}")) END("stop")},
	    {.bytes = SAY("Do not.") END("stop")}, DONE};
	struct fake f = {.view = view};
	struct turn *t = RUN(&f, script);
	int64_t kept;

	CHECK_STR(f.models, "sscs");
	CHECK_INT(f.n_acts, 2);
	CHECK(f.reached);
	CHECK(strstr(f.last.p, "Do not.") == NULL);
	CHECK_STR(f.names[6], "criticize");
	CHECK_STR(f.contents[6],
	    "{\"usage\":{\"input\":100,\"cached\":0,"
	    "\"cache_written\":0,\"output\":10},\"opinion\":"
	    "\"critic: Do not.\"}");
	CHECK_INT(turn_tokens(t), 440);
	for (kept = 0; kept <= f.kept; kept++)
		take_up(&f, kept);
	done(t, &f);
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
