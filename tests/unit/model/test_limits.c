/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "reading.h"

static struct json *tools;
static struct json *messages;
static struct chat_ask ask;

static void
check_setup(void)
{
	tools = reading_json(TOOLS);
	messages = reading_json("[]");
	ask.model = "tiny";
	ask.tools = tools;
	ask.messages = messages;
}

/* The summary of a body, cut to what is looked at. */
static void
check_body(enum dialect d, const struct buf *body, const char *want)
{
	struct buf got;
	struct buf raw;

	CHECK(!body->overflow);
	ask.dialect = d;
	buf_init(&got, MODEL_REPLY_MAX);
	buf_init(&raw, MODEL_REPLY_MAX);
	reading_run(&ask, body->p, body->len, 0, 4096, &got, NULL, &raw);
	if (got.len > strlen(want))
		got.p[strlen(want)] = '\0';
	CHECK_STR(got.p, want);
	/* None of these can be sent back as it is. */
	CHECK_INT(raw.len, 0);
	buf_done(&got);
	buf_done(&raw);
}

static void
repeat(struct buf *b, const char *s, size_t times)
{
	while (times-- > 0)
		buf_adds(b, s);
}

#define OPENAI(delta)                                                          \
	"data: {\"choices\":[{\"index\":0,\"delta\":" delta "}]}\n\n"
#define OPENAI_END                                                             \
	"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"     \
	"\"stop\"}]}\n\n"
#define WORDS_128                                                              \
	"................................................................"     \
	"................................................................"

TEST(what_is_said_and_thought_has_a_limit)
{
	static const char *const pieces[] = {
	    OPENAI("{\"content\":\"" WORDS_128 "\"}"),
	    OPENAI("{\"reasoning_content\":\"" WORDS_128 "\"}"),
	};
	struct buf b;
	size_t i;

	for (i = 0; i < ARRAY_LEN(pieces); i++) {
		buf_init(&b, MODEL_REPLY_MAX);
		repeat(&b, pieces[i],
		    MODEL_TEXT_MAX / (sizeof(WORDS_128) - 1) + 1);
		check_body(DIALECT_OPENAI, &b,
		    "error 2: the model says more than 131072 bytes");
		buf_done(&b);
	}
}

TEST(an_answer_has_a_limit)
{
	struct buf b;

	buf_init(&b, 2 * MODEL_REPLY_MAX);
	repeat(&b, ": " WORDS_128 "\n",
	    MODEL_REPLY_MAX / (sizeof(WORDS_128) + 2) + 1);
	check_body(DIALECT_OPENAI, &b,
	    "error 2: the model's answer is longer than 4194304 bytes");
	buf_done(&b);
}

/* Forty calls, each of which comes in two pieces where that is done; with
 * an index, all first and then all arguments. */
static void
write_forty(enum dialect d, bool interleaved, struct buf *b)
{
	int i;
	int half;

	for (half = 0; half < (interleaved ? 2 : 1); half++)
		for (i = 0; i < 40; i++) {
			if (d == DIALECT_OLLAMA)
				buf_addf(b,
				    "{\"message\":{\"tool_calls\":[{\"id\":"
				    "\"i%d\",\"function\":{\"name\":\"x\","
				    "\"arguments\":{}}}]}}\n",
				    i);
			else if (d == DIALECT_ANTHROPIC)
				buf_addf(b,
				    "data: {\"type\":\"content_block_start\","
				    "\"index\":%d,\"content_block\":{\"type\":"
				    "\"tool_use\",\"id\":\"i%d\",\"name\":"
				    "\"x\",\"input\":{}}}\n\ndata: {\"type\":"
				    "\"content_block_delta\",\"index\":%d,"
				    "\"delta\":{\"type\":\"input_json_delta\","
				    "\"partial_json\":\"{}\"}}\n\n",
				    i, i, i);
			else if (half == 0)
				buf_addf(b,
				    OPENAI("{\"tool_calls\":[{\"index\":%d,"
					   "\"id\":\"i%d\",\"function\":{"
					   "\"name\":\"x\",\"arguments\":"
					   "\"%s\"}}]}"),
				    i, i, interleaved ? "{" : "{}");
			else
				buf_addf(b,
				    OPENAI("{\"tool_calls\":[{\"index\":%d,"
					   "\"function\":{\"arguments\":\"}\"}}"
					   "]}"),
				    i);
		}
}

TEST(calls_beyond_the_limit_are_counted_and_not_kept)
{
	static const char want[] =
	    "||i0 x {};i1 x {};i2 x {};i3 x {};i4 x {};i5 x {};i6 x {};i7 x "
	    "{};i8 x {};i9 x {};i10 x {};i11 x {};i12 x {};i13 x {};i14 x {};"
	    "i15 x {};|calls|-1 -1 -1 -1|left out 24";
	struct buf b;
	int d;

	for (d = DIALECT_OLLAMA; d <= DIALECT_ANTHROPIC + 1; d++) {
		bool interleaved = d > DIALECT_ANTHROPIC;
		enum dialect dialect =
		    interleaved ? DIALECT_OPENAI : (enum dialect)d;

		CASE(dialect_name(dialect));
		buf_init(&b, MODEL_REPLY_MAX);
		write_forty(dialect, interleaved, &b);
		buf_adds(&b,
		    dialect == DIALECT_OLLAMA ? "{\"done\":true}\n"
			: dialect == DIALECT_OPENAI
			? OPENAI_END
			: "data: {\"type\":\"message_stop\"}\n\n");
		check_body(dialect, &b, want);
		buf_done(&b);
	}
}

TEST(arguments_have_a_limit_and_are_shown_cut)
{
	struct buf b;
	struct buf want;

	buf_init(&b, MODEL_REPLY_MAX);
	buf_init(&want, 4096);
	buf_adds(&b,
	    OPENAI("{\"tool_calls\":[{\"index\":0,\"id\":\"i\",\"function\":{"
		   "\"name\":\"x\",\"arguments\":\"{\\\"a\\\":\\\"\"}}]}"));
	repeat(&b,
	    OPENAI("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
		   "\"" WORDS_128 "\"}}]}"),
	    ARGS_MAX / (sizeof(WORDS_128) - 1));
	buf_adds(&b,
	    OPENAI("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
		   "\"\\\"}\"}}]}") OPENAI_END);
	buf_adds(&want, "||i x wrong: {\"a\":\"");
	repeat(&want, ".", MODEL_WRONG_MAX - 6);
	buf_adds(&want, ";|calls|");
	check_body(DIALECT_OPENAI, &b, want.p);
	buf_done(&b);
	buf_done(&want);
}

TEST(an_answer_has_so_many_parts)
{
	struct buf b;
	int i;

	buf_init(&b, MODEL_REPLY_MAX);
	for (i = 0; i <= MODEL_BLOCKS_MAX; i++)
		buf_addf(&b,
		    "data: {\"type\":\"content_block_start\",\"index\":%d,"
		    "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
		    i);
	check_body(DIALECT_ANTHROPIC, &b,
	    "error 2: the model's answer has more than 128 parts");
	buf_done(&b);
}

TEST(an_id_or_a_name_that_is_too_long_is_none_of_ours)
{
	struct buf b;

	buf_init(&b, MODEL_REPLY_MAX);
	buf_adds(&b,
	    "{\"message\":{\"tool_calls\":[{\"id\":\"" WORDS_128
	    "+\",\"function\":{\"name\":\"" WORDS_128 WORDS_128
	    "\",\"arguments\":[]}}]}}\n{\"done\":true}\n");
	check_body(DIALECT_OLLAMA, &b, "||call_1 " WORDS_128 ". wrong: [];");
	buf_done(&b);
}

TEST(what_is_kept_of_what_nobody_knows_has_a_limit)
{
	struct buf b;

	buf_init(&b, MODEL_REPLY_MAX);
	repeat(&b, OPENAI("{\"mood\":[\"" WORDS_128 "\"]}"),
	    MODEL_RAW_MAX / (sizeof(WORDS_128) - 1));
	buf_adds(&b, OPENAI("{\"content\":\"a\"}") OPENAI_END);
	check_body(DIALECT_OPENAI, &b, "|a||stop|");
	buf_done(&b);
}

/* No more is kept, and calls are read as before. */
TEST(calls_behind_what_is_not_kept_are_whole)
{
	struct buf b;

	buf_init(&b, MODEL_REPLY_MAX);
	buf_adds(&b,
	    "data: {\"type\":\"content_block_start\",\"index\":0,"
	    "\"content_block\":{\"type\":\"redacted_thinking\",\"data\":\"");
	repeat(&b, WORDS_128, MODEL_RAW_MAX / (sizeof(WORDS_128) - 1));
	buf_adds(&b,
	    "\"}}\n\ndata: {\"type\":\"content_block_start\",\"index\":1,"
	    "\"content_block\":{\"type\":\"tool_use\",\"id\":\"i\","
	    "\"name\":\"x\",\"input\":{}}}\n\n"
	    "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":"
	    "{\"type\":\"input_json_delta\",\"partial_json\":"
	    "\"{\\\"a\\\":1}\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n");
	check_body(DIALECT_ANTHROPIC, &b, "||i x {\"a\":1};|calls|");
	buf_done(&b);
}

TEST(json_beyond_its_limits_is_an_error_in_words)
{
	struct buf b;
	int i;

	buf_init(&b, MODEL_REPLY_MAX);
	buf_adds(&b, "{\"a\":");
	repeat(&b, "[", JSON_DEPTH_MAX);
	repeat(&b, "]", JSON_DEPTH_MAX);
	buf_adds(&b, "}\n{\"done\":true}\n");
	check_body(DIALECT_OLLAMA, &b,
	    "error 1: what the model's server sent cannot be read; look "
	    "whether it speaks the dialect 'ollama': {\"a\":[[");
	buf_clear(&b);
	buf_adds(&b, "{\"done\":true");
	for (i = 0; i < JSON_MEMBERS_MAX; i++)
		buf_addf(&b, ",\"%d\":0", i);
	buf_adds(&b, "}\n");
	check_body(
	    DIALECT_OLLAMA, &b, "error 1: what the model's server sent cannot");
	buf_done(&b);
}

/* The likelihoods of a hundred tokens with twenty others each. */
TEST(long_lists_are_read)
{
	struct buf b;
	struct buf got;
	int i;
	int j;

	buf_init(&b, MODEL_REPLY_MAX);
	buf_init(&got, MODEL_REPLY_MAX);
	buf_adds(&b,
	    "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},"
	    "\"finish_reason\":\"stop\",\"logprobs\":{\"content\":[0");
	for (i = 0; i < 100; i++) {
		buf_adds(&b, ",{\"token\":\"a\",\"top_logprobs\":[0");
		for (j = 0; j < 20; j++)
			buf_addf(&b,
			    ",{\"token\":\"b\",\"logprob\":-%d.5,\"bytes\":"
			    "[97,98]}",
			    j);
		buf_adds(&b, "]}");
	}
	buf_adds(&b, "]}}]}\n\n");
	ask.dialect = DIALECT_OPENAI;
	reading_run(&ask, b.p, b.len, 0, 1000, &got, NULL, NULL);
	CHECK_STR(got.p, "|a||stop|-1 -1 -1 -1");
	buf_done(&b);
	buf_done(&got);
}

TEST(after_an_error_nothing_more_is_taken)
{
	struct chat_reader *r;
	struct chat_reply *reply = NULL;
	struct errmsg why;
	struct errmsg again;

	ask.dialect = DIALECT_OLLAMA;
	r = chat_reader_new(&ask, NULL, NULL);
	CHECK_INT(chat_reader_feed(r, "{\"error\":\"x\"}\n", 14, &why), ERR_IO);
	CHECK_INT(chat_reader_feed(r, "{\"done\":true}\n", 14, &again), ERR_IO);
	CHECK_STR(again.text, why.text);
	CHECK_INT(chat_reader_end(r, &reply, &again), ERR_IO);
	CHECK_STR(again.text, why.text);
	CHECK(reply == NULL);
	chat_reader_free(r);
}
