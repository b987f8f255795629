/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "reading.h"

static void
check_setup(void)
{
}

#define TALK                                                                   \
	"[{\"role\":\"user\",\"text\":\"Save x and y.\"},"                     \
	"{\"role\":\"assistant\",\"text\":\"\",\"calls\":["                    \
	"{\"id\":\"functions.save:0\",\"tool\":\"notes.save\",\"args\":"       \
	"\"{\\\"text\\\":\\\"x\\\"}\"},"                                       \
	"{\"id\":\"b\",\"tool\":\"home.set\",\"args\":\"{}\"}]},"              \
	"{\"role\":\"tool\",\"id\":\"functions.save:0\",\"tool\":"             \
	"\"notes.save\",\"text\":\"saved\",\"ok\":true},"                      \
	"{\"role\":\"tool\",\"id\":\"b\",\"tool\":\"home.set\",\"text\":"      \
	"\"denied\",\"ok\":false},"                                            \
	"{\"role\":\"user\",\"text\":\"And?\"}]"

static void
write_with(enum dialect d, enum choice choice, const char *messages,
    const char *tools, struct buf *out)
{
	struct json *m = reading_json(messages);
	struct json *t = reading_json(tools);
	struct chat_ask ask = {.dialect = d,
	    .model = "tiny",
	    .context = 8192,
	    .output = 512,
	    .system = "You are Durward.",
	    .changing = "It is noon.",
	    .messages = m,
	    .tools = t,
	    .choice = choice};

	buf_init(out, 2 * MODEL_REQUEST_MAX);
	CHECK(chat_write(&ask, out) == OK);
	json_free(m);
	json_free(t);
}

static void
check_written(
    enum dialect d, enum choice choice, const char *tools, const char *want)
{
	struct json *v = NULL;
	struct buf got;

	CASE(dialect_name(d));
	write_with(d, choice, TALK, tools, &got);
	CHECK_STR(got.p, want);
	/* What the check shows of a long text may be too short. */
	if (strcmp(got.p, want) != 0)
		printf("# got  %s\n# want %s\n", got.p, want);
	CHECK(json_parse(got.p, got.len, &v) == OK);
	json_free(v);
	buf_done(&got);
}

#define SCHEMA_SAVE                                                            \
	"{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}}" \
	",\"required\":[\"text\"]}"
#define SCHEMA_FINAL                                                           \
	"{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\","  \
	"\"minLength\":1}},\"required\":[\"text\"]}"
#define SCHEMA_SET                                                             \
	"{\"type\":\"object\",\"properties\":{\"on\":{\"type\":\"boolean\"}}}"
#define FUNCTIONS                                                              \
	"\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"            \
	"\"notes__save\",\"description\":\"Saves a "                           \
	"note.\",\"parameters\":" SCHEMA_SAVE                                  \
	"}},{\"type\":\"function\",\"function\":{\"name\":"                    \
	"\"home__set\",\"description\":\"Sets a "                              \
	"device.\",\"parameters\":" SCHEMA_SET "}}]"
#define SYSTEM                                                                 \
	"{\"role\":\"system\",\"content\":\"You are Durward.\\n\\nIt is "      \
	"noon.\"}"
#define OLLAMA_HEAD                                                            \
	"{\"model\":\"tiny\",\"stream\":true,\"options\":{\"num_ctx\":8192,"   \
	"\"num_predict\":512}"
#define OLLAMA_TALK                                                            \
	"{\"role\":\"user\",\"content\":\"Save x and y.\"},{\"role\":"         \
	"\"assistant\",\"content\":\"\",\"tool_calls\":[{\"function\":{"       \
	"\"name\":\"notes__save\",\"arguments\":{\"text\":\"x\"}}},{"          \
	"\"function\":{\"name\":\"home__set\",\"arguments\":{}}}]},{"          \
	"\"role\":\"tool\",\"tool_name\":\"notes__save\",\"content\":"         \
	"\"saved\"},{\"role\":\"tool\",\"tool_name\":\"home__set\","           \
	"\"content\":\"denied\"},{\"role\":\"user\",\"content\":\"And?\"}]}"

TEST(ollama_is_asked_as_it_wants)
{
	check_written(DIALECT_OLLAMA, CHOICE_AUTO, TOOLS,
	    OLLAMA_HEAD "," FUNCTIONS ",\"messages\":[" SYSTEM "," OLLAMA_TALK);
	check_written(DIALECT_OLLAMA, CHOICE_CALL, "[]",
	    OLLAMA_HEAD ",\"messages\":[" SYSTEM "," OLLAMA_TALK);
}

TEST(ollama_is_forced_by_a_schema)
{
	check_written(DIALECT_OLLAMA, CHOICE_CALL, TOOLS,
	    OLLAMA_HEAD
	    ",\"format\":{\"oneOf\":[{\"type\":\"object\",\"properties\":{"
	    "\"tool\":{\"const\":\"notes__save\"},\"arguments\":" SCHEMA_SAVE
	    "},\"required\":[\"tool\",\"arguments\"]},{\"type\":\"object\","
	    "\"properties\":{\"tool\":{\"const\":\"home__set\"},"
	    "\"arguments\":" SCHEMA_SET
	    "},\"required\":[\"tool\",\"arguments\"]},{\"type\":\"object\","
	    "\"properties\":{\"tool\":{\"const\":\"final\"},\"text\":{\"type\":"
	    "\"string\",\"minLength\":1}},\"required\":[\"tool\",\"text\"]}]},"
	    "\"messages\":[{"
	    "\"role\":\"system\",\"content\":\"You are Durward.\\n\\nAnswer "
	    "with one JSON object: {\\\"tool\\\": NAME, \\\"arguments\\\": "
	    "{...}} to call a tool, or {\\\"tool\\\": \\\"final\\\", "
	    "\\\"text\\\": WORDS} when none is needed. Tools:\\nnotes__save: "
	    "Saves a note.\\nhome__set: Sets a device.\\n\\nIt is noon.\"}"
	    "," OLLAMA_TALK);
}

#define OPENAI_HEAD                                                            \
	"{\"model\":\"tiny\",\"stream\":true,\"stream_options\":{"             \
	"\"include_usage\":true},\"max_completion_tokens\":512,"
#define OPENAI_TALK                                                            \
	"{\"role\":\"user\",\"content\":\"Save x and y.\"},{\"role\":"         \
	"\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":"              \
	"\"functions__save_0\",\"type\":\"function\",\"function\":{\"name\":"  \
	"\"notes__save\",\"arguments\":\"{\\\"text\\\":\\\"x\\\"}\"}},{"       \
	"\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":"           \
	"\"home__set\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\","           \
	"\"tool_call_id\":\"functions__save_0\",\"content\":\"saved\"},{"      \
	"\"role\":\"tool\",\"tool_call_id\":\"b\",\"content\":\"denied\"},{"   \
	"\"role\":\"user\",\"content\":\"And?\"}]}"

TEST(openai_is_asked_as_it_wants)
{
	static const char *const words[] = {"auto", "required", "none"};
	char want[4096];
	int i;

	for (i = 0; i < 3; i++) {
		snprintf(want, sizeof(want),
		    OPENAI_HEAD "%.*s%s],\"tool_choice\":\"%s\",\"messages\""
				":[" SYSTEM "," OPENAI_TALK,
		    (int)(sizeof(FUNCTIONS) - 2), FUNCTIONS,
		    i == CHOICE_CALL ? ",{\"type\":\"function\",\"function\":{"
				       "\"name\":\"final\",\"description\":"
				       "\"Say your last words; no tool is "
				       "called\",\"parameters\":" SCHEMA_FINAL
				       "}}"
				     : "",
		    words[i]);
		check_written(DIALECT_OPENAI, (enum choice)i, TOOLS, want);
	}
	/* A choice among nothing is refused. */
	check_written(DIALECT_OPENAI, CHOICE_CALL, "[]",
	    OPENAI_HEAD "\"messages\":[" SYSTEM "," OPENAI_TALK);
}

#define KEPT "\"cache_control\":{\"type\":\"ephemeral\"}"
#define ANTHROPIC_HEAD "{\"model\":\"tiny\",\"max_tokens\":512,\"stream\":true,"
#define ANTHROPIC_TALK                                                         \
	"\"system\":[{\"type\":\"text\",\"text\":\"You are Durward.\"," KEPT   \
	"},{\"type\":\"text\",\"text\":\"It is noon.\"}],\"messages\":[{"      \
	"\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"          \
	"\"Save x and y.\"}]},{\"role\":\"assistant\",\"content\":[{"          \
	"\"type\":\"tool_use\",\"id\":\"functions__save_0\",\"name\":"         \
	"\"notes__save\",\"input\":{\"text\":\"x\"}},{\"type\":\"tool_use\","  \
	"\"id\":\"b\",\"name\":\"home__set\",\"input\":{}}]},{\"role\":"       \
	"\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":"     \
	"\"functions__save_0\",\"content\":\"saved\"},{\"type\":"              \
	"\"tool_result\",\"tool_use_id\":\"b\",\"content\":\"denied\","        \
	"\"is_error\":true},{\"type\":\"text\",\"text\":\"And?\"}]}]}"

TEST(anthropic_is_asked_as_it_wants)
{
	static const char *const words[] = {"auto", "any", "none"};
	char want[4096];
	int i;

	for (i = 0; i < 3; i++) {
		snprintf(want, sizeof(want),
		    ANTHROPIC_HEAD
		    "\"tools\":[{\"name\":\"notes__save\",\"description\":"
		    "\"Saves a note.\",\"input_schema\":" SCHEMA_SAVE
		    "},{\"name\":\"home__set\",\"description\":\"Sets a "
		    "device.\",\"input_schema\":" SCHEMA_SET "," KEPT
		    "}%s],\"tool_choice\":{\"type\":\"%s\"}," ANTHROPIC_TALK,
		    i == CHOICE_CALL ? ",{\"name\":\"final\",\"description\":"
				       "\"Say your last words; no tool is "
				       "called\",\"input_schema\":" SCHEMA_FINAL
				       "}"
				     : "",
		    words[i]);
		check_written(DIALECT_ANTHROPIC, (enum choice)i, TOOLS, want);
	}
	check_written(DIALECT_ANTHROPIC, CHOICE_AUTO, "[]",
	    ANTHROPIC_HEAD ANTHROPIC_TALK);
}

#define RAW_OF(d, raw)                                                         \
	"[{\"role\":\"user\",\"text\":\"q\"},{\"role\":\"assistant\","         \
	"\"text\":\"mine\",\"calls\":[{\"id\":\"f.a:0\",\"tool\":\"a.b\","     \
	"\"args\":\"{}\"}],\"dialect\":\"" d "\",\"raw\":\"" raw "\"},"        \
	"{\"role\":\"tool\",\"id\":\"f.a:0\",\"tool\":\"a.b\",\"text\":"       \
	"\"r\",\"ok\":true}]"
#define RAW "{\\\"role\\\": \\\"assistant\\\",\\\"n\\\":12345678901234567890}"

TEST(what_came_is_sent_back_word_for_word_to_where_it_came_from)
{
	static const char word[] =
	    "{\"role\": \"assistant\",\"n\":12345678901234567890}";
	static const char *const talks[] = {"", RAW_OF("ollama", RAW),
	    RAW_OF("openai", RAW), RAW_OF("anthropic", RAW)};
	struct buf got;
	int from;
	int to;

	for (from = 1; from <= 3; from++)
		for (to = 1; to <= 3; to++) {
			write_with((enum dialect)to, CHOICE_AUTO, talks[from],
			    "[]", &got);
			CHECK((strstr(got.p, word) != NULL) == (from == to));
			CHECK((strstr(got.p, "mine") != NULL) == (from != to));
			/* The result names the call as it stands there. */
			CHECK((strstr(got.p, "\"f.a:0\"") != NULL) ==
			    (from == to && to != DIALECT_OLLAMA));
			buf_done(&got);
		}
}

/* Anthropic wants results in front of all words of their message, and no
 * text that is empty. */
TEST(results_stand_first_and_nothing_empty_is_said)
{
	struct buf got;

	write_with(DIALECT_ANTHROPIC, CHOICE_AUTO,
	    "[{\"role\":\"user\",\"text\":\"a\"},{\"role\":\"tool\","
	    "\"id\":\"i\",\"tool\":\"x\",\"text\":\"\",\"ok\":true},"
	    "{\"role\":\"assistant\",\"text\":\" \",\"calls\":[]},"
	    "{\"role\":\"user\",\"text\":\"\\n\"}]",
	    "[]", &got);
	CHECK(strstr(got.p,
		  "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
		  "\"text\",\"text\":\"a\"}]},{\"role\":\"user\","
		  "\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":"
		  "\"i\",\"content\":\"\"}]}]}") != NULL);
	buf_done(&got);
}

TEST(a_raw_message_that_is_none_is_not_sent)
{
	static const char *const bad[] = {"{\\\"role\\\":\\\"user\\\"}",
	    "{\\\"role\\\":\\\"assistant\\\"},{\\\"role\\\":\\\"user\\\"}",
	    "[]", "", "{"};
	char talk[1024];
	struct json *v;
	struct buf got;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(talk, sizeof(talk), RAW_OF("openai", "%s"), bad[i]);
		CASE(bad[i]);
		write_with(DIALECT_OPENAI, CHOICE_AUTO, talk, "[]", &got);
		CHECK(strstr(got.p, "mine") != NULL);
		REQUIRE(json_parse(got.p, got.len, &v) == OK);
		CHECK_INT(json_count(json_get(v, "messages")), 4);
		json_free(v);
		buf_done(&got);
	}
}

TEST(a_request_has_a_limit)
{
	struct chat_ask ask = {.dialect = DIALECT_OPENAI, .model = "tiny"};
	char *text = malloc(MODEL_REQUEST_MAX + 1);
	struct json *messages = json_array();
	struct json *m = json_object();
	struct buf out;

	memset(text, 'a', MODEL_REQUEST_MAX);
	text[MODEL_REQUEST_MAX] = '\0';
	json_put_str(m, "role", "user");
	json_put_str(m, "text", text);
	json_push(messages, m);
	ask.messages = messages;
	buf_init(&out, 4 * MODEL_REQUEST_MAX);
	CHECK_INT(chat_write(&ask, &out), ERR_LIMIT);
	buf_clear(&out);
	ask.messages = NULL;
	ask.system = text;
	CHECK_INT(chat_write(&ask, &out), ERR_LIMIT);
	ask.dialect = DIALECT_NONE;
	CHECK_INT(chat_write(&ask, &out), ERR_UNSUPPORTED);
	buf_done(&out);
	json_free(messages);
	free(text);
}

TEST(names_of_tools_fit_all_providers)
{
	char got[MODEL_TOOL_NAME_MAX + 1];
	char other[MODEL_TOOL_NAME_MAX + 1];
	char name[2 * NAME_MAX_LEN + 2];

	chat_tool_name("notes.save", got);
	CHECK_STR(got, "notes__save");
	chat_tool_name("a b\xc3\xbc", got);
	CHECK_STR(got, "a_b__");
	chat_tool_name("", got);
	CHECK_STR(got, "_");
	memset(name, 'a', sizeof(name));
	name[64] = '.';
	name[sizeof(name) - 1] = '\0';
	chat_tool_name(name, got);
	name[100] = 'b';
	chat_tool_name(name, other);
	CHECK_INT(strlen(got), MODEL_TOOL_NAME_MAX);
	CHECK(strcmp(got, other) != 0);
}

static void
talk_on(enum dialect d, const char *body, struct buf *out)
{
	struct json *tools = reading_json(TOOLS);
	struct json *messages = reading_json(TALK);
	struct chat_ask ask = {.dialect = d,
	    .model = "tiny",
	    .messages = messages,
	    .tools = tools};
	struct chat_reader *r = chat_reader_new(&ask, NULL, NULL);
	struct chat_reply *reply = NULL;
	struct errmsg why;

	REQUIRE(chat_reader_feed(r, body, strlen(body), &why) == OK);
	REQUIRE(chat_reader_end(r, &reply, &why) == OK);
	/* An id that stands in the conversation already is not taken again,
	 * nor is one that is made up. */
	CHECK_STR(reply->calls[0].id, "call_3");
	json_push(messages, chat_reply_message(reply, d));
	buf_init(out, MODEL_REQUEST_MAX);
	CHECK(chat_write(&ask, out) == OK);
	chat_reply_free(reply);
	chat_reader_free(r);
	json_free(tools);
	json_free(messages);
}

TEST(a_reply_goes_on_in_the_conversation)
{
	struct buf out;

	talk_on(DIALECT_ANTHROPIC,
	    "{\"type\":\"message\",\"content\":[{\"type\":\"thinking\","
	    "\"thinking\":\"Hm.\",\"signature\":\"c2ln\"},{\"type\":"
	    "\"tool_use\",\"id\":\"b\",\"name\":\"home__set\",\"input\":{"
	    "\"on\":true}}],\"stop_reason\":\"tool_use\"}",
	    &out);
	CHECK(strstr(out.p,
		  "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
		  "\"thinking\":\"Hm.\",\"signature\":\"c2ln\"},{\"type\":"
		  "\"tool_use\",\"id\":\"call_3\",\"name\":\"home__set\","
		  "\"input\":{\"on\":true}}]}]}") != NULL);
	buf_done(&out);
	talk_on(DIALECT_OPENAI,
	    "{\"choices\":[{\"message\":{\"tool_calls\":[{\"id\":\"b\","
	    "\"function\":{\"name\":\"home__set\",\"arguments\":\"{\"}}]},"
	    "\"finish_reason\":\"tool_calls\"}]}",
	    &out);
	CHECK(strstr(out.p,
		  "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{"
		  "\"id\":\"call_3\",\"type\":\"function\",\"function\":{"
		  "\"name\":\"home__set\",\"arguments\":\"{}\"}}]}]}") != NULL);
	buf_done(&out);
}

/* Eight tools with three arguments, five memories, thirty devices and a
 * question: 4 KiB, and 64 more for each dialect's own frame of a tool. */
TEST(a_prompt_is_small)
{
	struct json *tools = json_array();
	struct json *messages = json_array();
	struct json *m = json_object();
	struct buf words;
	struct buf out;
	int i;
	int d;

	for (i = 0; i < 8; i++)
		json_push(tools,
		    reading_json(
			"{\"name\":\"notes.search\",\"about\":\"Finds notes "
			"that hold a text.\",\"args\":{\"text\":{\"type\":"
			"\"string\",\"required\":true},\"from\":{\"type\":"
			"\"string\"},\"most\":{\"type\":\"integer\"}}}"));
	buf_init(&words, 8192);
	for (i = 0; i < 5; i++)
		buf_adds(&words,
		    "- The bins are emptied on Tuesdays, the paper ones "
		    "every second\n");
	for (i = 0; i < 30; i++)
		buf_adds(&words, "light.kitchen_2 on 80%\n");
	json_put_str(m, "role", "user");
	json_put_str(m, "text", "How warm is it in the kitchen?");
	json_push(messages, m);
	for (d = DIALECT_OLLAMA; d <= DIALECT_ANTHROPIC; d++) {
		struct chat_ask ask = {.dialect = (enum dialect)d,
		    .model = "qwen3:4b",
		    .context = 8192,
		    .output = 1024,
		    .system = "You are Durward, who keeps this house.",
		    .changing = words.p,
		    .messages = messages,
		    .tools = tools};

		CASE(dialect_name(ask.dialect));
		buf_init(&out, MODEL_REQUEST_MAX);
		REQUIRE(chat_write(&ask, &out) == OK);
		CHECK(out.len <= 4096);
		buf_done(&out);
	}
	buf_done(&words);
	json_free(tools);
	json_free(messages);
}
