/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The house's own dialects, on the command line.  ASK is a file with
 * {"dialect", "model", "context", "output", "system", "changing",
 * "messages", "tools", "choice": auto|call|none}.
 *
 *	drive write ASK			the body of the request
 *	drive read ASK STEP		the reply as JSON, of a body on stdin
 *					that is fed STEP bytes at a time
 *	drive error DIALECT STATUS	an error's body on stdin, for people
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "model/chat.h"

static void
read_all(FILE *f, struct buf *out)
{
	char part[65536];
	size_t n;

	if (f == NULL)
		fatal("no such file");
	buf_init(out, 64 * 1024 * 1024);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(out, part, n);
	buf_add(out, "", 0);
}

static struct json *
read_ask(const char *path, struct chat_ask *ask)
{
	FILE *f = fopen(path, "rb");
	const char *choice;
	struct json *v;
	struct buf text;

	read_all(f, &text);
	fclose(f);
	if (json_parse(text.p, text.len, &v) != OK)
		fatal("%s is no JSON", path);
	buf_done(&text);
	choice = json_words(v, "choice");
	*ask = (struct chat_ask){
	    .dialect = dialect_by_name(json_words(v, "dialect")),
	    .model = json_words(v, "model"),
	    .context = json_int(v, "context", 0),
	    .output = json_int(v, "output", 0),
	    .system = json_str(v, "system"),
	    .changing = json_str(v, "changing"),
	    .messages = json_get(v, "messages"),
	    .tools = json_get(v, "tools"),
	    .choice = strcmp(choice, "call") == 0 ? CHOICE_CALL
		: strcmp(choice, "none") == 0     ? CHOICE_NONE
						  : CHOICE_AUTO,
	};
	return v;
}

static void
print(struct json *v)
{
	char *text = json_print(v);

	puts(text);
	free(text);
	json_free(v);
}

static void
on_words(void *arg, const char *text, size_t len)
{
	buf_add(arg, text, len);
}

static struct json *
describe(const struct chat_reply *r, enum dialect d, const char *told)
{
	static const char *const finishes[] = {
	    "stop", "calls", "length", "filter"};
	struct json *v = json_object();
	struct json *wrong = json_array();
	size_t i;

	for (i = 0; i < r->n_calls; i++)
		if (r->calls[i].wrong != NULL)
			json_push(wrong, json_string(r->calls[i].wrong));
	json_put_str(v, "told", told != NULL ? told : "");
	json_put_str(v, "thinking", r->thinking);
	json_put_str(v, "finish", finishes[r->finish]);
	json_put_int(v, "input", r->usage.input);
	json_put_int(v, "cached", r->usage.cached);
	json_put_int(v, "output", r->usage.output);
	json_put_int(v, "left_out", (int64_t)r->left_out);
	json_put(v, "wrong", wrong);
	json_put(v, "message", chat_reply_message(r, d));
	return v;
}

static void
read_reply(const struct chat_ask *ask, size_t step)
{
	struct chat_reply *reply = NULL;
	struct chat_reader *r;
	struct errmsg why = {""};
	struct json *v;
	struct buf body;
	struct buf told;
	enum err e = OK;
	size_t at;
	size_t n;

	read_all(stdin, &body);
	buf_init(&told, MODEL_REPLY_MAX);
	r = chat_reader_new(ask, on_words, &told);
	for (at = 0; at < body.len && e == OK; at += n) {
		n = step > 0 && step < body.len - at ? step : body.len - at;
		e = chat_reader_feed(r, body.p + at, n, &why);
	}
	if (e == OK)
		e = chat_reader_end(r, &reply, &why);
	if (e == OK) {
		v = describe(reply, ask->dialect, told.p);
	} else {
		v = json_object();
		json_put_str(v, "error", err_text(e));
		json_put_str(v, "why", why.text);
	}
	print(v);
	chat_reply_free(reply);
	chat_reader_free(r);
	buf_done(&told);
	buf_done(&body);
}

static void
say_error(enum dialect d, int status)
{
	struct buf body;
	struct buf out;

	read_all(stdin, &body);
	buf_init(&out, 65536);
	chat_say_error(d, status, body.p, body.len, &out);
	puts(out.p);
	buf_done(&out);
	buf_done(&body);
}

int
main(int argc, char **argv)
{
	struct chat_ask ask;
	struct json *v;
	struct buf out;

	if (argc == 4 && strcmp(argv[1], "error") == 0) {
		say_error(
		    dialect_by_name(argv[2]), (int)strtol(argv[3], NULL, 10));
		return 0;
	}
	if (argc < 3)
		fatal(
		    "drive write|read ASK [STEP], drive error DIALECT STATUS");
	v = read_ask(argv[2], &ask);
	if (strcmp(argv[1], "write") == 0) {
		buf_init(&out, 2 * MODEL_REQUEST_MAX);
		if (chat_write(&ask, &out) != OK)
			fatal("it cannot be asked");
		puts(out.p);
		buf_done(&out);
	} else {
		read_reply(
		    &ask, argc > 3 ? (size_t)strtol(argv[3], NULL, 10) : 0);
	}
	json_free(v);
	return 0;
}
