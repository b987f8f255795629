/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "model/chat_priv.h"

static const struct dialect_ops *const ops[] = {
    [DIALECT_NONE] = NULL,
    [DIALECT_OLLAMA] = &ollama_ops,
    [DIALECT_OPENAI] = &openai_ops,
    [DIALECT_ANTHROPIC] = &anthropic_ops,
};

enum err
chat_write(const struct chat_ask *ask, struct buf *out)
{
	size_t before = out->len;

	if (ops[ask->dialect] == NULL)
		return ERR_UNSUPPORTED;
	ops[ask->dialect]->write(ask, out);
	if (out->overflow || out->len - before > MODEL_REQUEST_MAX)
		return ERR_LIMIT;
	return OK;
}

/* ---- What is said ---- */

static enum err
add_words(struct buf *b, const char *text, struct errmsg *why)
{
	buf_adds(b, text);
	if (b->overflow)
		return err_say(why, ERR_LIMIT,
		    "the model says more than %d bytes; ask for less at once",
		    MODEL_TEXT_MAX);
	return OK;
}

enum err
chat_said(struct chat_reader *r, const char *text, struct errmsg *why)
{
	enum err e;

	if (text[0] == '\0')
		return OK;
	e = add_words(&r->text, text, why);
	/* What comes by a schema is known when it is whole. */
	if (e == OK && r->words != NULL && !r->by_format)
		r->words(r->arg, text, strlen(text));
	return e;
}

enum err
chat_thought(struct chat_reader *r, const char *text, struct errmsg *why)
{
	return add_words(&r->thinking, text, why);
}

void
chat_count(const struct json *usage, const char *name, int64_t *ret)
{
	int64_t n = json_int(usage, name, -1);

	if (n >= 0)
		*ret = n;
}

static bool
is_among(const char *name, const char *const *known, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(known[i], name) == 0)
			return true;
	return false;
}

bool
chat_may_keep(struct chat_reader *r)
{
	if (r->kept <= MODEL_RAW_MAX)
		r->kept += r->event_len;
	r->event_len = 0;
	return r->kept <= MODEL_RAW_MAX;
}

static void
keep_one(struct extras *x, const struct json *m)
{
	struct json *v = json_copy(m);
	size_t i;

	for (i = 0; i < x->n; i++)
		if (strcmp(x->at[i].name, json_name(m)) == 0)
			break;
	if (i == MODEL_EXTRAS_MAX) {
		json_free(v);
	} else if (i == x->n) {
		x->at[x->n].name = xstrdup(json_name(m));
		x->at[x->n++].value = v;
	} else if (json_is_array(v) && json_is_array(x->at[i].value)) {
		for (m = json_first(v); m != NULL; m = json_next(m))
			json_push(x->at[i].value, json_copy(m));
		json_free(v);
	} else {
		json_free(x->at[i].value);
		x->at[i].value = v;
	}
}

void
extras_keep(struct chat_reader *r, struct extras *x, const struct json *from,
    const char *const *known, size_t n)
{
	const struct json *m;

	for (m = json_first(from); m != NULL; m = json_next(m)) {
		if (is_among(json_name(m), known, n))
			continue;
		/* null says nothing. */
		if ((json_is_object(m) || json_is_array(m) ||
			json_is_string(m) || json_is_number(m) ||
			json_is_bool(m)) &&
		    chat_may_keep(r))
			keep_one(x, m);
	}
}

void
extras_put(const struct extras *x, struct json *object)
{
	size_t i;

	for (i = 0; i < x->n; i++)
		json_put(object, x->at[i].name, json_copy(x->at[i].value));
}

void
extras_done(struct extras *x)
{
	while (x->n > 0) {
		free(x->at[--x->n].name);
		json_free(x->at[x->n].value);
	}
}

/* ---- The reader ---- */

static enum err
take_event(
    void *arg, bool is_error, const char *p, size_t len, struct errmsg *why)
{
	struct chat_reader *r = arg;
	struct json *v;
	struct buf shown;
	enum err e;

	if (r->is_over)
		return OK;
	r->event_len = len;
	if (r->ops->wants_events && len == 6 && memcmp(p, "[DONE]", 6) == 0) {
		r->is_over = true;
		return OK;
	}
	if (json_parse(p, len, &v) != OK) {
		buf_init(&shown, 8 * MODEL_ERROR_SHOWN);
		error_show(&shown, p, len < 60 ? len : 60);
		e = err_say(why, is_error ? ERR_IO : ERR_INPUT,
		    "what the model's server sent cannot be read; look whether "
		    "it speaks the dialect '%s': %s",
		    dialect_name(r->ask->dialect),
		    shown.len > 0 ? shown.p : "nothing");
		buf_done(&shown);
		return e;
	}
	if (is_error || json_is_array(v))
		e = error_told(v, why);
	else if (!json_is_object(v))
		e = err_say(why, ERR_INPUT,
		    "the model's server sent JSON that is no object; look "
		    "whether it speaks the dialect '%s'",
		    dialect_name(r->ask->dialect));
	else
		e = r->ops->read(r, v, why);
	json_free(v);
	return e;
}

struct chat_reader *
chat_reader_new(const struct chat_ask *ask, chat_words_fn *words, void *arg)
{
	struct chat_reader *r = xalloc(sizeof(*r));

	if (ops[ask->dialect] == NULL)
		fatal("a reader of no dialect");
	memset(r, 0, sizeof(*r));
	r->ask = ask;
	r->ops = ops[ask->dialect];
	r->words = words;
	r->arg = arg;
	r->by_format = ask->dialect == DIALECT_OLLAMA && ask_is_forced(ask);
	r->usage = (struct usage){-1, -1, -1, -1};
	stream_init(&r->stream, r->ops->wants_events, take_event, r);
	buf_init(&r->text, MODEL_TEXT_MAX);
	buf_init(&r->thinking, MODEL_TEXT_MAX);
	return r;
}

void
chat_reader_free(struct chat_reader *r)
{
	size_t i;

	if (r == NULL)
		return;
	stream_done(&r->stream);
	buf_done(&r->text);
	buf_done(&r->thinking);
	extras_done(&r->extras);
	for (i = 0; i < ARRAY_LEN(r->parts); i++)
		call_part_done(&r->parts[i]);
	for (i = 0; i < r->n_blocks; i++) {
		json_free(r->blocks[i].start);
		buf_done(&r->blocks[i].text);
		buf_done(&r->blocks[i].signature);
	}
	free(r);
}

/* The first error stays. */
static enum err
settle(struct chat_reader *r, enum err e, struct errmsg *why)
{
	if (e != OK && r->failed == OK) {
		r->failed = e;
		r->why = *why;
	}
	*why = r->failed != OK ? r->why : *why;
	return r->failed;
}

enum err
chat_reader_feed(
    struct chat_reader *r, const char *p, size_t len, struct errmsg *why)
{
	enum err e;

	if (r->failed != OK)
		return settle(r, OK, why);
	if (len > MODEL_REPLY_MAX - r->taken) {
		e = err_say(why, ERR_LIMIT,
		    "the model's answer is longer than %d bytes; ask for less "
		    "at once",
		    MODEL_REPLY_MAX);
		return settle(r, e, why);
	}
	r->taken += len;
	return settle(r, stream_feed(&r->stream, p, len, why), why);
}

/* ---- The end ---- */

static void
finish_raw(struct chat_reader *r, struct chat_reply *reply)
{
	struct buf text;

	reply->raw = r->ops->raw(r, reply);
	if (reply->raw == NULL)
		return;
	buf_init(&text, MODEL_RAW_MAX);
	json_print_into(reply->raw, &text);
	if (text.overflow) {
		json_free(reply->raw);
		reply->raw = NULL;
	}
	buf_done(&text);
}

static void
finish_text(struct chat_reader *r, struct chat_reply *reply)
{
	bool understood = r->by_format && calls_by_format(r, reply);
	bool shown = understood || reply->text[0] != '{';

	if (((r->by_format && shown) || reply->chosen) && r->words != NULL &&
	    reply->text[0] != '\0')
		r->words(r->arg, reply->text, strlen(reply->text));
}

enum err
chat_reader_end(
    struct chat_reader *r, struct chat_reply **ret, struct errmsg *why)
{
	struct chat_reply *reply;
	bool whole_calls;
	enum err e;

	if (r->failed != OK)
		return settle(r, OK, why);
	e = stream_end(&r->stream, why);
	/* What cannot be read at the end is what was cut there. */
	if ((e == OK && !r->is_whole) || e == ERR_INPUT)
		e = err_say(why, ERR_CLOSED,
		    "the model's server broke off %s; try again",
		    r->taken > 0 ? "in the middle of its answer"
				 : "without an answer");
	if (settle(r, e, why) != OK)
		return r->failed;
	/* Nothing comes behind the end. */
	settle(r, ERR_STATE, &(struct errmsg){"the answer is over"});
	reply = xalloc(sizeof(*reply));
	memset(reply, 0, sizeof(*reply));
	reply->text = buf_steal(&r->text);
	reply->thinking = buf_steal(&r->thinking);
	reply->usage = r->usage;
	reply->finish = r->finish;
	reply->left_out = r->left_out;
	whole_calls = calls_finish(r, reply);
	if (whole_calls && r->left_out == 0 && !r->by_format &&
	    r->kept <= MODEL_RAW_MAX)
		finish_raw(r, reply);
	finish_text(r, reply);
	if (reply->finish == FINISH_STOP || reply->finish == FINISH_CALLS)
		reply->finish = reply->n_calls > 0 ? FINISH_CALLS : FINISH_STOP;
	*ret = reply;
	return OK;
}

/* ---- Replies ---- */

void
chat_reply_free(struct chat_reply *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->n_calls; i++) {
		free(r->calls[i].args);
		free(r->calls[i].wrong);
	}
	free(r->text);
	free(r->thinking);
	json_free(r->raw);
	free(r);
}

struct json *
chat_reply_message(const struct chat_reply *r, enum dialect dialect)
{
	struct json *m = json_object();
	struct json *calls = json_array();
	char *raw;
	size_t i;

	json_put_str(m, "role", "assistant");
	json_put_str(m, "text", r->text);
	for (i = 0; i < r->n_calls; i++) {
		const struct chat_call *c = &r->calls[i];
		struct json *call = json_object();

		json_put_str(call, "id", c->id);
		json_put_str(call, "tool", c->tool);
		json_put_str(call, "args", c->args != NULL ? c->args : "{}");
		json_push(calls, call);
	}
	json_put(m, "calls", calls);
	if (r->raw == NULL)
		return m;
	raw = json_print(r->raw);
	json_put_str(m, "dialect", dialect_name(dialect));
	json_put_str(m, "raw", raw);
	free(raw);
	return m;
}
