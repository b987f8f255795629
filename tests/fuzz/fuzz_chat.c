/* SPDX-License-Identifier: Apache-2.0 */
/* A server that says anything: read whole and in pieces it says the same,
 * words and calls are text, each call has an id of its own and arguments that
 * are canonical or none, and what is sent back is JSON in each dialect.  As
 * the body of an error it can be shown. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/model/reading.h"
#include "base/str.h"

#define TALK                                                                   \
	"[{\"role\":\"user\",\"text\":\"q\"},{\"role\":\"assistant\","         \
	"\"text\":\"\",\"calls\":[{\"id\":\"a\",\"tool\":\"home.set\","        \
	"\"args\":\"{}\"}]},{\"role\":\"tool\",\"id\":\"a\",\"tool\":"         \
	"\"home.set\",\"text\":\"done\",\"ok\":true}]"
#define OUT_MAX (8 * 1024 * 1024)
#define DEEP 8 /* The requests are deeper than what they hold. */

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static int
depth_of(const char *s)
{
	int depth = 0;
	int most = 0;

	for (; *s != '\0'; s++) {
		if (*s == '{' || *s == '[')
			depth++;
		if (*s == '}' || *s == ']')
			depth--;
		most = depth > most ? depth : most;
	}
	return most;
}

static void
check_call(const struct chat_reply *r, size_t i)
{
	const struct chat_call *c = &r->calls[i];
	size_t j;

	must(c->id[0] != '\0' && strcmp(c->id, "a") != 0);
	for (j = 0; j < i; j++)
		must(strcmp(c->id, r->calls[j].id) != 0);
	must(str_is_utf8(c->tool, strlen(c->tool)));
	must((c->args != NULL) != (c->wrong != NULL));
	if (c->args != NULL)
		must(json_is_canonical(c->args, strlen(c->args)));
	else
		must(str_is_utf8(c->wrong, strlen(c->wrong)) &&
		    strlen(c->wrong) <= MODEL_WRONG_MAX);
}

/* The conversation goes on, with any provider. */
static void
check_next(
    const struct chat_ask *ask, const struct chat_reply *r, enum dialect d)
{
	struct chat_ask next = *ask;
	struct json *messages = json_copy(ask->messages);
	struct json *message = chat_reply_message(r, d);
	bool deep = depth_of(json_words(message, "raw")) > DEEP;
	struct json *v;
	struct buf out;
	size_t i;
	int to;

	for (i = 0; i < r->n_calls; i++)
		deep |= r->calls[i].args != NULL &&
		    depth_of(r->calls[i].args) > DEEP;
	json_push(messages, message);
	next.messages = messages;
	for (to = DIALECT_OLLAMA; to <= DIALECT_ANTHROPIC; to++) {
		buf_init(&out, OUT_MAX);
		next.dialect = (enum dialect)to;
		if (chat_write(&next, &out) == OK && !deep) {
			must(json_parse(out.p, out.len, &v) == OK);
			json_free(v);
		}
		buf_done(&out);
	}
	json_free(messages);
}

static void
check_reply(
    const struct chat_ask *ask, const struct chat_reply *r, const char *told)
{
	bool open = r->finish == FINISH_STOP || r->finish == FINISH_CALLS;
	size_t i;

	must(str_is_utf8(r->text, strlen(r->text)));
	must(str_is_utf8(r->thinking, strlen(r->thinking)));
	must(told[0] == '\0' || strcmp(told, r->text) == 0);
	must(r->n_calls <= MODEL_CALLS_MAX);
	must(!open || (r->finish == FINISH_CALLS) == (r->n_calls > 0));
	must(r->raw == NULL || r->left_out == 0);
	for (i = 0; i < r->n_calls; i++)
		check_call(r, i);
	check_next(ask, r, ask->dialect);
}

static void
read_whole(const struct chat_ask *ask, const char *p, size_t len)
{
	struct buf told;
	struct chat_reader *r;
	struct chat_reply *reply = NULL;
	struct errmsg why = {""};

	buf_init(&told, OUT_MAX);
	buf_adds(&told, "");
	r = chat_reader_new(ask, reading_words, &told);
	if (chat_reader_feed(r, p, len, &why) == OK &&
	    chat_reader_end(r, &reply, &why) == OK) {
		check_reply(ask, reply, told.p);
	} else {
		must(why.text[0] != '\0');
	}
	/* Neither an end nor an error is followed by anything. */
	must(chat_reader_feed(r, "\n", 1, &why) != OK);
	chat_reply_free(reply);
	chat_reader_free(r);
	buf_done(&told);
}

static void
check_error(enum dialect d, int status, const char *p, size_t len)
{
	struct buf out;
	size_t i;

	buf_init(&out, OUT_MAX);
	chat_say_error(d, status, p, len, &out);
	must(!out.overflow && str_is_utf8(out.p, out.len));
	for (i = 0; i < out.len; i++)
		must((unsigned char)out.p[i] >= ' ' && out.p[i] != 0x7f);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says which dialect and choice, the next two how it comes. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {400, 401, 404, 429, 500, 529};
	static struct json *tools;
	static struct json *messages;
	struct chat_ask ask = {.model = "tiny", .context = 4096, .output = 64};
	struct buf whole;
	struct buf pieces;
	char *body;

	if (tools == NULL) {
		tools = reading_json(TOOLS);
		messages = reading_json(TALK);
	}
	if (size < 3)
		return 0;
	ask.dialect = (enum dialect)(data[0] % 3 + 1);
	ask.choice = (enum choice)(data[0] / 3 % 3);
	ask.tools = tools;
	ask.messages = messages;
	size -= 3;
	body = malloc(size);
	memcpy(body, data + 3, size);
	read_whole(&ask, body, size);
	buf_init(&whole, OUT_MAX);
	buf_init(&pieces, OUT_MAX);
	reading_run(&ask, body, size, 0, 0, &whole, NULL, &whole);
	reading_run(&ask, body, size, data[1], data[2], &pieces, NULL, &pieces);
	must(strcmp(whole.p, pieces.p) == 0);
	check_error(
	    ask.dialect, statuses[data[1] % ARRAY_LEN(statuses)], body, size);
	buf_done(&whole);
	buf_done(&pieces);
	free(body);
	return 0;
}
