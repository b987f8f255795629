/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "model/chat.h"

static void
check_setup(void)
{
}

static const struct {
	enum dialect d;
	int status;
	const char *body;
	const char *want;
} rows[] = {
    {DIALECT_OPENAI, 401,
	"{\"error\":{\"message\":\"Incorrect API key provided.\","
	"\"type\":\"invalid_request_error\"}}",
	"the key is wrong (401): Incorrect API key provided.; set the "
	"provider's secret anew"},
    {DIALECT_ANTHROPIC, 403,
	"{\"type\":\"error\",\"error\":{\"type\":\"permission_error\","
	"\"message\":\"no\"}}",
	"the key may not do this (403): no; use another model, or a "
	"key that may"},
    {DIALECT_OLLAMA, 404, "{\"error\":\"model 'qwen3:4b' not found\"}",
	"the model or the address is not there (404): model 'qwen3:4b' "
	"not found; \"ollama pull qwen3:4b\" gets it"},
    {DIALECT_OLLAMA, 404, "{\"error\":\"model '; rm -rf /' not found\"}",
	"the model or the address is not there (404): model '; rm -rf "
	"/' not found; \"ollama pull NAME\" gets it"},
    {DIALECT_OPENAI, 404, "404 page not found",
	"the model or the address is not there (404): 404 page not "
	"found; look at both in the provider's manifest"},
    {DIALECT_ANTHROPIC, 400,
	"{\"error\":{\"message\":\"prompt is too long: 9001 tokens > "
	"8192 maximum\"}}",
	"the conversation is too long for the model (400): prompt is "
	"too long: 9001 tokens > 8192 maximum; begin a new one"},
    {DIALECT_OPENAI, 400, "{\"detail\":[{\"msg\":\"Field required\"}]}",
	"the provider does not take the request (400): Field required; "
	"see what it says of it, or use another model"},
    {DIALECT_OPENAI, 413, "",
	"the conversation is too long for the provider (413); begin a "
	"new one"},
    {DIALECT_OPENAI, 429, "{}",
	"the provider takes no more for now (429); wait a moment, or "
	"look at your limits there"},
    {DIALECT_ANTHROPIC, 529,
	"{\"type\":\"error\",\"error\":{\"message\":\"Overloaded\"}}",
	"the provider is overloaded (529): Overloaded; try again in a "
	"few minutes"},
    {DIALECT_OPENAI, 502,
	"\n<html><head><title>502 Bad Gateway</title><style>b{}"
	"</style></head>\n<body>Bad\tGateway</body></html>",
	"the provider failed (502): 502 Bad Gateway Bad Gateway; try "
	"again, and look at its log if it is yours"},
    {DIALECT_OPENAI, 500, "a\x1b[31mb\xff\n\n c\xe2\x80\xae",
	"the provider failed (500): a\\u001b[31mb? c\\u202e; try "
	"again, and look at its log if it is yours"},
    {DIALECT_OPENAI, 302, "",
	"the provider is at another address (302); put that address "
	"into its manifest"},
    {DIALECT_OPENAI, 418, "[{\"error\":{\"message\":\"tea\"}}]",
	"the provider refuses (418): tea; see what it says of it"},
};

TEST(an_error_says_what_to_do)
{
	struct buf out;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].want);
		buf_init(&out, 4096);
		chat_say_error(rows[i].d, rows[i].status, rows[i].body,
		    strlen(rows[i].body), &out);
		CHECK_STR(out.p, rows[i].want);
		buf_done(&out);
	}
}

TEST(long_words_of_an_error_are_cut_between_characters)
{
	char body[8192];
	struct buf out;
	size_t i;

	for (i = 0; i + 2 < sizeof(body); i += 2)
		memcpy(body + i, "\xc3\xbc", 2);
	buf_init(&out, 4096);
	chat_say_error(DIALECT_OPENAI, 400, body, i, &out);
	CHECK(out.len < 512);
	CHECK(strstr(out.p, "\xc3\xbc...; see") != NULL);
	CHECK(strchr(out.p, '?') == NULL);
	buf_done(&out);
}

TEST(what_may_pass_is_tried_again)
{
	static const int again[] = {408, 409, 429, 500, 502, 503, 504, 529};
	static const int never[] = {
	    200, 301, 400, 401, 402, 403, 404, 413, 422, 501};
	size_t i;

	for (i = 0; i < ARRAY_LEN(again); i++)
		CHECK(chat_may_retry(again[i]));
	for (i = 0; i < ARRAY_LEN(never); i++)
		CHECK(!chat_may_retry(never[i]));
}
