/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "reading.h"

#define LEN_MAX (1024 * 1024)

static void
check_setup(void)
{
}

struct row {
	const char *name;
	const char *body;
	const char *want; /* Or how an error begins. */
	const char *raw; /* NULL: not looked at; "": none. */
};

static void
read_as(const struct chat_ask *ask, const struct row *row, size_t first,
    size_t step)
{
	struct buf got;
	struct buf words;
	struct buf raw;
	size_t n = strlen(row->want);

	buf_init(&got, LEN_MAX);
	buf_init(&words, LEN_MAX);
	buf_init(&raw, LEN_MAX);
	reading_run(
	    ask, row->body, strlen(row->body), first, step, &got, &words, &raw);
	if (strncmp(row->want, "error", 5) == 0 && got.len > n)
		got.p[n] = '\0';
	CHECK_STR(got.p, row->want);
	if (row->raw != NULL)
		CHECK_STR(raw.p != NULL ? raw.p : "", row->raw);
	/* The words told are the text of the reply. */
	if (strncmp(row->want, "error", 5) != 0 && words.len > 0) {
		const char *text = strchr(row->want, '|');

		REQUIRE(text != NULL);
		CHECK(strncmp(text + 1, words.p, words.len) == 0 &&
		    text[1 + words.len] == '|');
	}
	buf_done(&got);
	buf_done(&words);
	buf_done(&raw);
}

static void
read_all(enum dialect d, enum choice choice, const struct row *rows, size_t n)
{
	struct json *tools = reading_json(TOOLS);
	struct json *messages = reading_json("[]");
	struct chat_ask ask = {.dialect = d,
	    .model = "tiny",
	    .messages = messages,
	    .tools = tools,
	    .choice = choice};
	size_t i;
	size_t at;

	for (i = 0; i < n; i++) {
		CASE(rows[i].name);
		read_as(&ask, &rows[i], 0, 0);
		read_as(&ask, &rows[i], 0, 1);
		for (at = 1; at < strlen(rows[i].body); at++)
			read_as(&ask, &rows[i], at, 0);
	}
	json_free(tools);
	json_free(messages);
}

#define LINE(message)                                                          \
	"{\"model\":\"tiny\",\"message\":" message ",\"done\":false}\n"
#define SAYS(text) LINE("{\"role\":\"assistant\",\"content\":\"" text "\"}")
#define DONE(reason)                                                           \
	"{\"model\":\"tiny\",\"message\":{\"role\":\"assistant\","             \
	"\"content\":\"\"},\"done\":true,\"done_reason\":\"" reason "\","      \
	"\"total_duration\":4000000,\"prompt_eval_count\":26,"                 \
	"\"eval_count\":7}\n"

static const struct row ollama_rows[] = {
    {"words",
	SAYS("Gr\xc3\xbc\xc3\x9f") SAYS("e \xf0\x9f\x99\x82") DONE("stop"),
	"|Grüße 🙂||stop|26 -1 -1 7",
	"{\"role\":\"assistant\",\"content\":\"Grüße 🙂\"}"},
    {"escapes", SAYS("\\ud83d\\ude42 \\u003cb\\u003e") DONE("stop"),
	"|🙂 <b>||stop|26 -1 -1 7", NULL},
    {"thought",
	LINE("{\"role\":\"assistant\",\"content\":\"\",\"thinking\":"
	     "\"Let me \"}") LINE("{\"role\":\"assistant\",\"content\":"
				  "\"\",\"thinking\":\"see.\"}") SAYS("Warm.")
	    DONE("stop"),
	"Let me see.|Warm.||stop|26 -1 -1 7",
	"{\"role\":\"assistant\",\"content\":\"Warm.\",\"thinking\":"
	"\"Let me see.\"}"},
    {"a call",
	LINE("{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["
	     "{\"function\":{\"index\":0,"
	     "\"name\":\"notes__save\",\"arguments\":{\"text\":\"x\","
	     "\"a\":1.0}}}]}") DONE("stop"),
	"||call_1 notes.save {\"a\":1,\"text\":\"x\"};|calls|26 -1 -1 "
	"7",
	"{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{"
	"\"function\":{\"index\":0,"
	"\"name\":\"notes__save\",\"arguments\":{\"text\":\"x\",\"a\":"
	"1}}}]}"},
    {"two calls in one line, and one in another; ids that are the same",
	LINE("{\"role\":\"assistant\",\"tool_calls\":["
	     "{\"id\":\"c\",\"function\":{\"name\":\"notes.save\","
	     "\"arguments\":{\"text\":\"1\"}}},"
	     "{\"id\":\"c\",\"function\":{\"name\":\"home__set\","
	     "\"arguments\":{}}}]}")
	    LINE("{\"role\":\"assistant\",\"tool_calls\":["
		 "{\"function\":{\"name\":\"ecko\",\"arguments\":{"
		 "\"text\":\"2\"}}}]}") DONE("stop"),
	"||c notes.save {\"text\":\"1\"};call_2 home.set {};call_3 "
	"ecko {\"text\":\"2\"};|calls|"
	"26 -1 -1 7",
	NULL},
    {"arguments that are none",
	LINE("{\"tool_calls\":[{\"function\":{\"name\":\"notes__save\","
	     "\"arguments\":[1]}}]}") DONE("stop"),
	"||call_1 notes.save wrong: [1];|calls|26 -1 -1 7", ""},
    {"cut by the ceiling", SAYS("On") DONE("length"), "|On||length|26 -1 -1 7",
	NULL},
    {"fields that nobody knows",
	LINE("{\"role\":\"assistant\",\"content\":\"a\",\"mood\":{"
	     "\"x\":[null]}}") DONE("stop"),
	"|a||stop|26 -1 -1 7",
	"{\"role\":\"assistant\",\"content\":\"a\",\"mood\":{\"x\":["
	"null]}}"},
    {"an error in mid-stream",
	SAYS("Hel") "{\"error\":\"CUDA out of memory\"}\n",
	"error 12: the model's server broke off: CUDA out of memory", NULL},
    {"an error alone", "{\"error\":\"Overloaded\"}",
	"error 12: the model's server broke off: Overloaded", NULL},
    {"no end", SAYS("Hel"),
	"error 11: the model's server broke off in the middle", NULL},
    {"a cut line", SAYS("Hel") "{\"model\":\"tiny\",\"mess",
	"error 11: the model's server broke off in the middle", NULL},
    {"a mark, blank lines, ends of other kinds",
	"\xef\xbb\xbf\r\n" SAYS("a") "\r\n \n" DONE("stop") "\r\n",
	"|a||stop|26 -1 -1 7", NULL},
    {"no stream",
	"{\"model\":\"tiny\",\"message\":{\"role\":\"assistant\","
	"\"content\":\"Hi.\"},"
	"\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":"
	"3,\"eval_count\":1}",
	"|Hi.||stop|3 -1 -1 1", NULL},
    {"counts beyond reason",
	"{\"done\":true,\"prompt_eval_count\":4611686018427387904,"
	"\"eval_count\":-5}",
	"|||stop|-1 -1 -1 -1", NULL},
    {"broken JSON", SAYS("a") "{\"message\":\n" DONE("stop"),
	"error 1: what the model's server sent cannot be read", NULL},
    {"a page", "\n <html><body>log in</body></html>",
	"error 1: a web page came", NULL},
    {"what comes behind the end",
	DONE("stop") "{\"error\":\"late\"}\nrubbish\n",
	"||"
	"|stop|26 -1 -1 7",
	NULL},
};

TEST(ollama_is_read_in_pieces_of_any_size)
{
	read_all(
	    DIALECT_OLLAMA, CHOICE_AUTO, ollama_rows, ARRAY_LEN(ollama_rows));
}

TEST(ollama_answers_by_the_schema)
{
	static const struct row rows[] = {
	    {"a call",
		SAYS("{\\\"tool\\\":\\\"notes__save\\\",\\\"argum")
		    SAYS("ents\\\":{\\\"text\\\":\\\"x\\\"}}") DONE("stop"),
		"||call_1 notes.save {\"text\":\"x\"};|calls|26 -1 -1 7", ""},
	    {"words",
		SAYS("{\\\"tool\\\":\\\"final\\\",\\\"text\\\":\\\"Done.\\\"}")
		    DONE("stop"),
		"|Done.||stop|26 -1 -1 7", ""},
	    {"no object", SAYS("I would call it.") DONE("stop"),
		"|I would call it.||stop|26 -1 -1 7", ""},
	    {"cut", SAYS("{\\\"tool\\\":\\\"no") DONE("length"),
		"|{\"tool\":\"no||length|26 -1 -1 7", ""},
	    {"no arguments",
		SAYS("{\\\"tool\\\":\\\"home__set\\\"}") DONE("stop"),
		"||call_1 home.set {};|calls|26 -1 -1 7", ""},
	    {"wrong arguments",
		SAYS("{\\\"tool\\\":\\\"home__set\\\",\\\"arguments\\\":"
		     "\\\"on\\\"}") DONE("stop"),
		"||call_1 home.set wrong: \"on\";|calls|26 -1 -1 7", ""},
	};

	read_all(DIALECT_OLLAMA, CHOICE_CALL, rows, ARRAY_LEN(rows));
}

#define CHUNK(choice, more)                                                    \
	"data: "                                                               \
	"{\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"choices\":"      \
	"[" choice "]" more "}\n\n"
#define DELTA(delta)                                                           \
	CHUNK("{\"index\":0,\"delta\":" delta                                  \
	      ",\"logprobs\":null,\"finish_reason\":null}",                    \
	    ",\"usage\":null")
#define TEXT(text) DELTA("{\"content\":\"" text "\"}")
#define CALL(call) DELTA("{\"tool_calls\":[" call "]}")
#define FINISH(why)                                                            \
	CHUNK("{\"index\":0,\"delta\":{},\"finish_reason\":\"" why "\"}", "")
#define USAGE                                                                  \
	CHUNK("",                                                              \
	    ",\"usage\":{\"prompt_tokens\":30,\"completion_tokens\":7,"        \
	    "\"prompt_tokens_details\":{\"cached_tokens\":12}}")
#define END "data: [DONE]\n\n"
#define COUNTED "|30 12 -1 7"
#define NOT_COUNTED "|-1 -1 -1 -1"

static const struct row openai_rows[] = {
    {"words",
	DELTA("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":"
	      "null}") TEXT("Grü") TEXT("ße 🙂") FINISH("stop") USAGE END,
	"|Grüße 🙂||stop" COUNTED,
	"{\"role\":\"assistant\",\"content\":\"Grüße 🙂\"}"},
    {"thoughts of two kinds",
	DELTA("{\"reasoning_content\":\"Let \"}")
	    DELTA("{\"reasoning\":\"me.\"}") TEXT("Warm.") FINISH("stop") END,
	"Let me.|Warm.||stop" NOT_COUNTED,
	"{\"role\":\"assistant\",\"content\":\"Warm.\"}"},
    {"a call in single bytes",
	CALL("{\"index\":0,\"id\":\"call_a\",\"type\":\"function\","
	     "\"function\":{\"name\":\"notes__save\","
	     "\"arguments\":\"\"}}")
	    CALL("{\"index\":0,\"function\":{\"arguments\":\"{\"}}")
		CALL("{\"index\":0,\"function\":{\"arguments\":"
		     "\"\\\"text\\\":\\\"\"}}")
		    CALL("{\"index\":0,\"function\":{\"arguments\":"
			 "\"ü\\\"}\"}}") FINISH("tool_calls") END,
	"||call_a notes.save {\"text\":\"ü\"};|calls" NOT_COUNTED,
	"{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"call_a\","
	"\"type\":\"function\",\"function\":"
	"{\"name\":\"notes__save\",\"arguments\":\"{\\\"text\\\":"
	"\\\"ü\\\"}\"}}]}"},
    {"calls that are interleaved",
	CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\","
	     "\"arguments\":\"{\\\"n\\\"\"}}")
	    CALL("{\"index\":1,\"id\":\"b\",\"function\":{\"name\":"
		 "\"x\",\"arguments\":\"{\"}}")
		CALL("{\"index\":0,\"function\":{\"arguments\":\":1}\"}"
		     "},{\"index\":1,\"function\":{"
		     "\"arguments\":\"\\\"n\\\":2}\"}}") FINISH("tool_calls")
		    END,
	"||a x {\"n\":1};b x {\"n\":2};|calls" NOT_COUNTED, NULL},
    {"id and name in each piece",
	CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\","
	     "\"arguments\":\"{\\\"n\\\"\"}}")
	    CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":"
		 "\"x\","
		 "\"arguments\":\":1}\"}}") FINISH("tool_calls") END,
	"||a x {\"n\":1};|calls" NOT_COUNTED, NULL},
    {"each call is the first, and whole",
	CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\","
	     "\"arguments\":\"{\\\"n\\\":1}\"}}")
	    CALL("{\"index\":0,\"id\":\"b\",\"function\":{\"name\":"
		 "\"x\",\"arguments\":\"{\\\"n\\\":2}\"}}")
		CALL("{\"index\":0,\"id\":\"\",\"function\":{\"name\":"
		     "\"x\","
		     "\"arguments\":\"{\\\"n\\\":3}\"}}") FINISH("stop") END,
	"||a x {\"n\":1};b x {\"n\":2};call_3 x "
	"{\"n\":3};|calls" NOT_COUNTED,
	NULL},
    {"calls without index and id",
	CALL("{\"function\":{\"name\":\"x\",\"arguments\":\"{\\\"n\\\":"
	     "1}\"}},"
	     "{\"function\":{\"name\":\"y\",\"arguments\":\"{\\\"n\\\":"
	     "\"}}") CALL("{\"function\":{\"arguments\":\"2}\"}}")
	    FINISH("tool_calls") END,
	"||call_1 x {\"n\":1};call_2 y {\"n\":2};|calls" NOT_COUNTED, NULL},
    {"one id for two calls",
	CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\","
	     "\"arguments\":\"{}\"}}")
	    CALL("{\"index\":1,\"id\":\"a\",\"function\":{\"name\":"
		 "\"x\","
		 "\"arguments\":\"{}\"}}") FINISH("tool_calls") END,
	"||a x {};call_2 x {};|calls" NOT_COUNTED, NULL},
    {"an object for arguments, and none at all",
	CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\","
	     "\"arguments\":{\"n\":1}}}")
	    CALL("{\"index\":1,\"id\":\"b\",\"function\":{\"name\":"
		 "\"x\"}}") FINISH("tool_calls") END,
	"||a x {\"n\":1};b x {};|calls" NOT_COUNTED, NULL},
    {"a call of the old kind",
	DELTA("{\"function_call\":{\"name\":\"x\",\"arguments\":\"{"
	      "\\\"n\"}}")
	    DELTA("{\"function_call\":{\"arguments\":\"\\\":1}\"}}")
		FINISH("function_call") END,
	"||call_1 x {\"n\":1};|calls" NOT_COUNTED, NULL},
    {"arguments that are none",
	CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\","
	     "\"arguments\":\"{\\\"text\\\": \\\"hi\\\"\"}}")
	    FINISH("tool_calls") END,
	"||a x wrong: {\"text\": \"hi\";|calls" NOT_COUNTED, ""},
    {"arguments with one name twice",
	CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\","
	     "\"arguments\":\"{\\\"a\\\":1,\\\"a\\\":2}\"}}")
	    FINISH("tool_calls") END,
	"||a x wrong: {\"a\":1,\"a\":2};|calls" NOT_COUNTED, ""},
    {"arguments that are a text",
	CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\","
	     "\"arguments\":\"\\\"hi\\\"\"}}") FINISH("tool_calls") END,
	"||a x wrong: \"hi\";|calls" NOT_COUNTED, ""},
    {"a signature at a call, and details of thoughts",
	DELTA("{\"reasoning_details\":[{\"t\":1}]}")
	    DELTA("{\"reasoning_details\":[{\"t\":2}]}")
		CALL("{\"index\":0,\"id\":\"a\",\"extra_content\":{"
		     "\"google\":{\"thought_signature\":\"c2ln\"}},"
		     "\"function\":{\"name\":\"x\",\"arguments\":\"{}\"}}")
		    FINISH("tool_calls") END,
	"||a x {};|calls" NOT_COUNTED,
	"{\"role\":\"assistant\",\"reasoning_details\":[{\"t\":1},{"
	"\"t\":2}],\"tool_calls\":[{\"id\":\"a\","
	"\"type\":\"function\",\"function\":{\"name\":\"x\","
	"\"arguments\":\"{}\"},\"extra_content\":"
	"{\"google\":{\"thought_signature\":\"c2ln\"}}}]}"},
    {"parts for content",
	DELTA("{\"content\":[{\"type\":\"thinking\",\"thinking\":[{"
	      "\"type\":\"text\",\"text\":"
	      "\"Hm.\"}]},{\"type\":\"text\",\"text\":\"Yes.\"}]}")
	    FINISH("stop"),
	"Hm.|Yes.||stop" NOT_COUNTED, NULL},
    {"cut by the ceiling", TEXT("On") FINISH("length") END,
	"|On||length" NOT_COUNTED, NULL},
    {"refused", TEXT("I can't.") FINISH("content_filter") END,
	"|I can't.||filter" NOT_COUNTED, NULL},
    {"a reason that nobody knows", TEXT("a") FINISH("bored") END,
	"|a||stop" NOT_COUNTED, NULL},
    {"no [DONE], but a reason", TEXT("a") FINISH("stop"),
	"|a||stop" NOT_COUNTED, NULL},
    {"[DONE], and no reason", TEXT("a") END,
	"error 11: the model's server broke off in the middle", NULL},
    {"no end", TEXT("a"),
	"error 11: the model's server broke off in the middle", NULL},
    {"a cut call",
	CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"x\","
	     "\"arguments\":\"{}\"}}"),
	"error 11: the model's server broke off in the middle", NULL},
    {"comments, fields, ends of other kinds, data in two lines",
	"\xef\xbb\xbf: hello\r\n\r\nretry: 10\rid: "
	"1\r\rdata\r\rdata:{\"choices\":[{\"delta\":\r\n"
	"data:  {\"content\":\"a\"}}]}\r\n\r\n" FINISH("stop"),
	"error 1: what the model's server sent cannot be read", NULL},
    {"comments, fields, data in two lines",
	"\xef\xbb\xbf: hello\r\n\r\nretry: 10\rid: 1\r\revent: "
	"message\ndata:{\"choices\":[{\"delta\":\r\n"
	"data:  {\"content\":\"a\"}}]}\r\n\r\n" FINISH("stop"),
	"|a||stop" NOT_COUNTED, NULL},
    {"an error in mid-stream",
	TEXT("a") "data: "
		  "{\"error\":{\"message\":\"Overloaded\",\"code\":502}"
		  "}\n\n",
	"error 12: the model's server broke off: Overloaded", NULL},
    {"an error by its name",
	TEXT("a") "event: error\ndata: {\"message\":\"Overloaded\"}\n\n",
	"error 12: the model's server broke off: Overloaded", NULL},
    {"an error as a field",
	TEXT("a") "error: {\"code\":500,\"message\":\"slot is "
		  "gone\"}\n\n",
	"error 12: the model's server broke off: slot is gone", NULL},
    {"an error as vLLM has it",
	"data: "
	"{\"object\":\"error\",\"message\":\"bad\",\"code\":400}\n\n",
	"error 12: the model's server broke off: bad", NULL},
    {"an error for a reason", TEXT("a") FINISH("error"),
	"error 12: the model's server broke off", NULL},
    {"an error and no stream",
	"{\"error\":{\"message\":\"no money\",\"type\":\"x\"}}",
	"error 12: the model's server broke off: no money", NULL},
    {"an error in a list",
	"[{\n  \"error\": {\n \"code\": 400, \"message\": \"bad "
	"key\"}}]\n",
	"error 12: the model's server broke off: bad key", NULL},
    {"no stream",
	"{\n "
	"\"id\":\"x\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
	"\"assistant\",\"content\":null,"
	"\"reasoning_content\":\"Hm.\",\"tool_calls\":[{\"id\":\"a\","
	"\"type\":\"function\",\"function\":"
	"{\"name\":\"home__set\",\"arguments\":\"{\\\"on\\\": "
	"true}\"}},{\"id\":\"b\",\"type\":\"function\","
	"\"function\":{\"name\":\"x\",\"arguments\":\"{}\"}}]},"
	"\"finish_reason\":\"tool_calls\"}],\r\n"
	"\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n",
	"Hm.||a home.set {\"on\":true};b x {};|calls|5 -1 -1 2", NULL},
    {"another choice",
	CHUNK("{\"index\":1,\"delta\":{\"content\":\"no\"}}", "") TEXT("a")
	    FINISH("stop"),
	"|a||stop" NOT_COUNTED, NULL},
    {"a page", "<!doctype html>", "error 1: a web page came", NULL},
};

/* Where a call had to be made, last words come as one; nobody answers it, so
 * it is not sent back. */
TEST(last_words_may_be_a_call)
{
	static const struct row rows[] = {
	    {"words",
		CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":"
		     "\"final\",\"arguments\":\"{\\\"text\\\":\"}}")
		    CALL("{\"index\":0,\"function\":{\"arguments\":"
			 "\"\\\"Done.\\\"}\"}}") FINISH("tool_calls") END,
		"|Done.||stop" NOT_COUNTED, ""},
	    {"without words",
		CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":"
		     "\"final\",\"arguments\":\"{}\"}}") FINISH("tool_calls")
		    END,
		"||a final {};|calls" NOT_COUNTED, NULL},
	    {"a call all the same",
		CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":"
		     "\"home__set\",\"arguments\":\"{}\"}}")
		    FINISH("tool_calls") END,
		"||a home.set {};|calls" NOT_COUNTED, NULL},
	};
	static const struct row free_one[] = {{"nobody forced it",
	    CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":"
		 "\"final\",\"arguments\":\"{\\\"text\\\":\\\"x\\\"}\"}}")
		FINISH("tool_calls") END,
	    "||a final {\"text\":\"x\"};|calls" NOT_COUNTED, NULL}};

	read_all(DIALECT_OPENAI, CHOICE_CALL, rows, ARRAY_LEN(rows));
	read_all(DIALECT_OPENAI, CHOICE_AUTO, free_one, 1);
}

TEST(openai_is_read_in_pieces_of_any_size)
{
	read_all(
	    DIALECT_OPENAI, CHOICE_AUTO, openai_rows, ARRAY_LEN(openai_rows));
}

#define EV(type, more)                                                         \
	"event: " type "\ndata: {\"type\":\"" type "\"" more "}\n\n"
#define START                                                                  \
	EV("message_start",                                                    \
	    ",\"message\":{\"id\":\"msg_1\",\"role\":\"assistant\","           \
	    "\"content\":[],"                                                  \
	    "\"stop_reason\":null,\"usage\":{\"input_tokens\":30,"             \
	    "\"cache_creation_input_tokens\":3,\"cache_read_input_tokens\":"   \
	    "12,"                                                              \
	    "\"output_tokens\":1}}")
#define BLOCK(i, block)                                                        \
	EV("content_block_start", ",\"index\":" i ",\"content_block\":" block)
#define PART(i, delta)                                                         \
	EV("content_block_delta", ",\"index\":" i ",\"delta\":" delta)
#define STOP(i) EV("content_block_stop", ",\"index\":" i)
#define OVER(why)                                                              \
	EV("message_delta",                                                    \
	    ",\"delta\":{\"stop_reason\":\"" why                               \
	    "\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":7}")      \
	EV("message_stop", "")
#define SUMS "|45 12 3 7"

static const struct row anthropic_rows[] = {
    {"words",
	START BLOCK("0", "{\"type\":\"text\",\"text\":\"\"}") EV("ping", "")
	    PART("0", "{\"type\":\"text_delta\",\"text\":\"Grü\"}")
		PART("0", "{\"type\":\"text_delta\",\"text\":\"ße 🙂\"}")
		    STOP("0") OVER("end_turn"),
	"|Grüße 🙂||stop" SUMS,
	"{\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
	"\"text\":\"Grüße 🙂\"}]}"},
    {"thought with its signature, a hidden one, words and two calls",
	START BLOCK("0",
	    "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":"
	    "\"\"}") PART("0",
	    "{\"type\":\"thinking_delta\",\"thinking\":\"Hm.\"}")
	    PART("0", "{\"type\":\"signature_delta\",\"signature\":\"c2ln\"}")
		STOP("0") BLOCK("1",
		    "{\"type\":\"redacted_thinking\",\"data\":"
		    "\"cmVk\"}") STOP("1")
		    BLOCK("2", "{\"type\":\"text\",\"text\":\"\"}") PART(
			"2", "{\"type\":\"text_delta\",\"text\":\"Ok.\"}")
			STOP("2") BLOCK("3",
			    "{\"type\":\"tool_use\",\"id\":\"toolu_a\","
			    "\"name\":\"notes__save\",\"input\":{}}") PART("3",
			    "{\"type\":\"input_json_delta\",\"partial_"
			    "json\":\"\"}") PART("3",
			    "{\"type\":\"input_json_delta\",\"partial_"
			    "json\":\"{\\\"text\\\":\"}") PART("3",
			    "{\"type\":\"input_json_delta\",\"partial_"
			    "json\":\" \\\"x\\\"}\"}") STOP("3") BLOCK("4",
			    "{\"type\":\"tool_use\",\"id\":\"toolu_"
			    "b\",\"name\":\"home__set\",\"input\":{"
			    "}}") STOP("4") OVER("tool_use"),
	"Hm.|Ok.|toolu_a notes.save {\"text\":\"x\"};toolu_b home.set "
	"{};|calls" SUMS,
	"{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
	"\"thinking\":\"Hm.\",\"signature\":\"c2ln\"},"
	"{\"type\":\"redacted_thinking\",\"data\":\"cmVk\"},{\"type\":"
	"\"text\",\"text\":\"Ok.\"},"
	"{\"type\":\"tool_use\",\"id\":\"toolu_a\",\"name\":\"notes__"
	"save\",\"input\":{\"text\":\"x\"}},"
	"{\"type\":\"tool_use\",\"id\":\"toolu_b\",\"name\":\"home__"
	"set\",\"input\":{}}]}"},
    {"arguments that are none",
	START BLOCK("0",
	    "{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"x\","
	    "\"input\":{}}") PART("0",
	    "{\"type\":\"input_json_delta\",\"partial_json\":\"{"
	    "\\\"a\"}") STOP("0") OVER("max_tokens"),
	"||a x wrong: {\"a;|length" SUMS, ""},
    {"what nobody knows",
	START EV("mood", ",\"index\":0")
	    BLOCK("0", "{\"type\":\"dance\",\"step\":[1]}")
		PART("0", "{\"type\":\"dance_delta\",\"step\":2}") STOP("0")
		    BLOCK("1", "{\"type\":\"text\",\"text\":\"\"}")
			PART("1", "{\"type\":\"text_delta\",\"text\":\"a\"}")
			    PART("1", "{\"type\":\"hum\"}") STOP("1")
				OVER("end_turn"),
	"|a||stop" SUMS,
	"{\"role\":\"assistant\",\"content\":[{\"type\":\"dance\","
	"\"step\":[1]},{\"type\":\"text\",\"text\":\"a\"}]}"},
    {"refused", START OVER("refusal"), "|||filter" SUMS, ""},
    {"full", START OVER("model_context_window_exceeded"), "|||length" SUMS,
	NULL},
    {"an error in mid-stream",
	START "event: error\ndata: "
	      "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_"
	      "error\",\"message\":\"Overloaded\"}}\n\n",
	"error 12: the model's server broke off: Overloaded", NULL},
    {"an error and no stream",
	"{\"type\":\"error\",\"error\":{\"type\":\"x\",\"message\":"
	"\"bad key\"}}",
	"error 12: the model's server broke off: bad key", NULL},
    {"a part that is none", START EV("content_block_start", ",\"index\":0"),
	"error 1: the model's server begins a part", NULL},
    {"a part of nothing",
	START PART("3", "{\"type\":\"text_delta\",\"text\":\"a\"}"),
	"error 1: the model's server goes on with a part", NULL},
    {"no end",
	START BLOCK("0",
	    "{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"x\","
	    "\"input\":{}}") STOP("0")
	    EV("message_delta", ",\"delta\":{\"stop_reason\":\"tool_use\"}"),
	"error 11: the model's server broke off in the middle", NULL},
    {"no stream",
	"{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{"
	"\"type\":\"text\",\"text\":\"Hi.\"},"
	"{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"x\",\"input\":{"
	"\"n\":1}}],\"stop_reason\":\"tool_use\","
	"\"usage\":{\"input_tokens\":5,\"output_tokens\":2}}",
	"|Hi.|a x {\"n\":1};|calls|5 -1 -1 2",
	"{\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
	"\"text\":\"Hi.\"},"
	"{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"x\",\"input\":{"
	"\"n\":1}}]}"},
};

TEST(anthropic_is_read_in_pieces_of_any_size)
{
	read_all(DIALECT_ANTHROPIC, CHOICE_AUTO, anthropic_rows,
	    ARRAY_LEN(anthropic_rows));
}
