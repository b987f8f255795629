/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/chat_priv.h"

/*
 * Anthropic's messages.  The tools and then what does not change of the
 * system's words stand in front of all else, and each ends in a point up to
 * which the provider keeps the prompt.
 */

#define CACHED ",\"cache_control\":{\"type\":\"ephemeral\"}"

static void
write_tools(const struct chat_ask *ask, struct buf *out)
{
	static const char *const choices[] = {
	    [CHOICE_AUTO] = "auto",
	    [CHOICE_CALL] = "any",
	    [CHOICE_NONE] = "none",
	};
	const char *between = ",\"tools\":[";
	const struct json *t;
	char name[MODEL_TOOL_NAME_MAX + 1];

	if (json_count(ask->tools) == 0)
		return;
	for (t = json_first(ask->tools); t != NULL; t = json_next(t)) {
		chat_tool_name(json_words(t, "name"), name);
		buf_adds(out, between);
		ask_str(out, "{\"name\":", name);
		ask_str(out, ",\"description\":", json_words(t, "about"));
		ask_schema(out, ",\"input_schema\":", t);
		if (json_next(t) == NULL)
			buf_adds(out, CACHED);
		buf_adds(out, "}");
		between = ",";
	}
	/* Behind what is kept, which so is the same without it. */
	if (ask_is_forced(ask))
		buf_adds(out,
		    ",{\"name\":\"" CHOICE_FINAL
		    "\",\"description\":\"" FINAL_ABOUT
		    "\",\"input_schema\":" FINAL_SCHEMA "}");
	ask_str(out, "],\"tool_choice\":{\"type\":", choices[ask->choice]);
	buf_adds(out, "}");
}

static bool
is_blank(const char *s)
{
	return s == NULL || s[strspn(s, " \t\r\n")] == '\0';
}

/* An empty text is refused. */
static void
write_system(const struct chat_ask *ask, struct buf *out)
{
	bool has_static = !is_blank(ask->system);

	if (!has_static && is_blank(ask->changing))
		return;
	buf_adds(out, ",\"system\":[");
	if (has_static) {
		ask_str(out, "{\"type\":\"text\",\"text\":", ask->system);
		buf_adds(out, CACHED "}");
	}
	if (!is_blank(ask->changing)) {
		buf_adds(out, has_static ? "," : "");
		ask_str(out, "{\"type\":\"text\",\"text\":", ask->changing);
		buf_adds(out, "}");
	}
	buf_adds(out, "]");
}

/* Where the writing of messages stands. */
struct writing {
	struct buf *out;
	bool any;
	bool in_user; /* A message of the user's is open. */
	bool has_text; /* In it; results stand before all texts. */
	bool as_is; /* The calls before were sent back word for word. */
};

static void
end_user(struct writing *w)
{
	if (w->in_user)
		buf_adds(w->out, "]}");
	w->in_user = false;
	w->has_text = false;
}

static void
begin_block(struct writing *w)
{
	if (w->in_user) {
		buf_adds(w->out, ",");
		return;
	}
	buf_adds(w->out, w->any ? "," : "");
	buf_adds(w->out, "{\"role\":\"user\",\"content\":[");
	w->in_user = w->any = true;
}

static void
write_id(struct writing *w, const char *before, const struct json *v)
{
	char id[MODEL_TOOL_NAME_MAX + 1];

	chat_tool_name(json_words(v, "id"), id);
	ask_str(w->out, before, w->as_is ? json_words(v, "id") : id);
}

static void
write_result(struct writing *w, const struct json *m)
{
	if (w->has_text)
		end_user(w);
	begin_block(w);
	write_id(w, "{\"type\":\"tool_result\",\"tool_use_id\":", m);
	ask_str(w->out, ",\"content\":", json_words(m, "text"));
	if (!json_flag(m, "ok"))
		buf_adds(w->out, ",\"is_error\":true");
	buf_adds(w->out, "}");
}

static void
write_user(struct writing *w, const struct json *m)
{
	if (is_blank(json_words(m, "text")))
		return;
	begin_block(w);
	w->has_text = true;
	ask_str(w->out, "{\"type\":\"text\",\"text\":", json_words(m, "text"));
	buf_adds(w->out, "}");
}

static void
write_assistant(struct writing *w, const struct json *m)
{
	const char *raw = ask_raw(m, DIALECT_ANTHROPIC);
	const char *text = json_words(m, "text");
	const struct json *calls = json_get(m, "calls");
	const struct json *c;
	const char *between = "";
	char name[MODEL_TOOL_NAME_MAX + 1];

	end_user(w);
	w->as_is = raw != NULL;
	if (raw == NULL && is_blank(text) && json_count(calls) == 0)
		return;
	buf_adds(w->out, w->any ? "," : "");
	w->any = true;
	if (raw != NULL) {
		buf_adds(w->out, raw);
		return;
	}
	buf_adds(w->out, "{\"role\":\"assistant\",\"content\":[");
	if (!is_blank(text)) {
		ask_str(w->out, "{\"type\":\"text\",\"text\":", text);
		buf_adds(w->out, "}");
		between = ",";
	}
	for (c = json_first(calls); c != NULL; c = json_next(c)) {
		chat_tool_name(json_words(c, "tool"), name);
		buf_adds(w->out, between);
		write_id(w, "{\"type\":\"tool_use\",\"id\":", c);
		ask_str(w->out, ",\"name\":", name);
		buf_addf(w->out, ",\"input\":%s}", ask_args(c));
		between = ",";
	}
	buf_adds(w->out, "]}");
}

static void
anthropic_write(const struct chat_ask *ask, struct buf *out)
{
	struct writing w = {.out = out};
	const struct json *m;

	ask_str(out, "{\"model\":", ask->model);
	buf_addf(out, ",\"max_tokens\":%lld,\"stream\":true",
	    (long long)ask->output);
	write_tools(ask, out);
	write_system(ask, out);
	buf_adds(out, ",\"messages\":[");
	for (m = json_first(ask->messages); m != NULL; m = json_next(m)) {
		const char *role = json_words(m, "role");

		if (strcmp(role, "tool") == 0)
			write_result(&w, m);
		else if (strcmp(role, "assistant") == 0)
			write_assistant(&w, m);
		else
			write_user(&w, m);
	}
	end_user(&w);
	buf_adds(out, "]}");
}

/* ---- Reading ---- */

static bool
is_type(const struct json *v, const char *type)
{
	return strcmp(json_words(v, "type"), type) == 0;
}

/* Here what came from a cache, or went into it, is not in the count. */
static void
read_usage(struct chat_reader *r, const struct json *usage)
{
	struct usage *u = &r->usage;
	int64_t before = u->input;

	if (before >= 0) {
		before -= u->cached > 0 ? u->cached : 0;
		before -= u->cache_written > 0 ? u->cache_written : 0;
	}
	chat_count(usage, "input_tokens", &before);
	chat_count(usage, "cache_read_input_tokens", &u->cached);
	chat_count(usage, "cache_creation_input_tokens", &u->cache_written);
	chat_count(usage, "output_tokens", &u->output);
	if (before < 0)
		return;
	u->input = before + (u->cached > 0 ? u->cached : 0) +
	    (u->cache_written > 0 ? u->cache_written : 0);
}

static enum err
begin_reading(struct chat_reader *r, const struct json *v, int64_t index,
    struct errmsg *why)
{
	const struct json *input = json_get(v, "input");
	struct block *b;
	struct buf args;

	if (!json_is_object(v))
		return err_say(why, ERR_INPUT,
		    "the model's server begins a part of its answer that is "
		    "none");
	if (r->n_blocks == MODEL_BLOCKS_MAX)
		return err_say(why, ERR_LIMIT,
		    "the model's answer has more than %d parts; ask for less "
		    "at once",
		    MODEL_BLOCKS_MAX);
	b = &r->blocks[r->n_blocks++];
	b->index = index;
	b->is_call = is_type(v, "tool_use");
	b->start = chat_may_keep(r) ? json_copy(v) : json_object();
	buf_init(&b->text, MODEL_TEXT_MAX);
	buf_init(&b->signature, MODEL_RAW_MAX);
	buf_adds(&b->signature, json_words(v, "signature"));
	if (b->is_call) {
		buf_init(&args, ARGS_MAX + 1);
		if (input != NULL && json_count(input) > 0)
			json_print_into(input, &args);
		call_begin(r, index, json_words(v, "id"), json_words(v, "name"),
		    args.len > 0 ? args.p : "")
		    ->args.overflow |= args.overflow;
		buf_done(&args);
		return OK;
	}
	if (is_type(v, "thinking")) {
		buf_adds(&b->text, json_words(v, "thinking"));
		return chat_thought(r, json_words(v, "thinking"), why);
	}
	if (!is_type(v, "text"))
		return OK;
	buf_adds(&b->text, json_words(v, "text"));
	return chat_said(r, json_words(v, "text"), why);
}

static enum err
read_delta(struct chat_reader *r, const struct json *delta, int64_t index,
    struct errmsg *why)
{
	struct block *b = NULL;
	const char *text;
	size_t i;

	for (i = r->n_blocks; i-- > 0 && b == NULL;)
		if (r->blocks[i].index == index)
			b = &r->blocks[i];
	if (b == NULL)
		return err_say(why, ERR_INPUT,
		    "the model's server goes on with a part of its answer that "
		    "it has not begun");
	if (is_type(delta, "text_delta")) {
		text = json_words(delta, "text");
		buf_adds(&b->text, text);
		return chat_said(r, text, why);
	}
	if (is_type(delta, "thinking_delta")) {
		text = json_words(delta, "thinking");
		buf_adds(&b->text, text);
		return chat_thought(r, text, why);
	}
	if (is_type(delta, "signature_delta")) {
		buf_adds(&b->signature, json_words(delta, "signature"));
	} else if (is_type(delta, "input_json_delta")) {
		text = json_words(delta, "partial_json");
		if (b->is_call)
			call_find(r, index, "", "", text);
		else
			buf_adds(&b->text, text);
	}
	return OK;
}

static void
read_finish(struct chat_reader *r, const char *reason)
{
	static const struct {
		const char *word;
		enum finish finish;
	} reasons[] = {
	    {"max_tokens", FINISH_LENGTH},
	    {"model_context_window_exceeded", FINISH_LENGTH},
	    {"refusal", FINISH_FILTER},
	};
	size_t i;

	if (reason[0] != '\0')
		r->finish = FINISH_STOP;
	for (i = 0; i < ARRAY_LEN(reasons); i++)
		if (strcmp(reasons[i].word, reason) == 0)
			r->finish = reasons[i].finish;
}

/* Where no stream was made of it. */
static enum err
read_whole(
    struct chat_reader *r, const struct json *message, struct errmsg *why)
{
	const struct json *b;
	int64_t index = 0;
	enum err e = OK;

	for (b = json_first(json_get(message, "content")); e == OK && b != NULL;
	     b = json_next(b))
		e = begin_reading(r, b, index++, why);
	if (json_words(message, "stop_reason")[0] == '\0')
		return e;
	r->is_whole = r->is_over = true;
	return e;
}

/* Events that nobody knows yet are passed over. */
static enum err
anthropic_read(
    struct chat_reader *r, const struct json *event, struct errmsg *why)
{
	const struct json *message = json_get(event, "message");
	const struct json *delta = json_get(event, "delta");
	int64_t index = json_int(event, "index", 0);

	if (is_type(event, "error") || json_is_object(json_get(event, "error")))
		return error_told(event, why);
	if (is_type(event, "message_start")) {
		read_usage(r, json_get(message, "usage"));
	} else if (is_type(event, "content_block_start")) {
		return begin_reading(
		    r, json_get(event, "content_block"), index, why);
	} else if (is_type(event, "content_block_delta")) {
		return read_delta(r, delta, index, why);
	} else if (is_type(event, "message_delta")) {
		read_usage(r, json_get(event, "usage"));
		read_finish(r, json_words(delta, "stop_reason"));
	} else if (is_type(event, "message_stop")) {
		r->is_whole = r->is_over = true;
	} else if (is_type(event, "message")) {
		read_usage(r, json_get(event, "usage"));
		read_finish(r, json_words(event, "stop_reason"));
		return read_whole(r, event, why);
	}
	return OK;
}

/* The block as it was begun, with what came to it. */
static struct json *
raw_block(const struct block *b, const struct chat_call *call)
{
	const char *name = is_type(b->start, "thinking") ? "thinking"
	    : is_type(b->start, "text")                  ? "text"
							 : "input";
	const char *text = call != NULL ? call->args : b->text.p;
	struct json *out = json_object();
	struct json *input;
	const struct json *m;

	for (m = json_first(b->start); m != NULL; m = json_next(m)) {
		if (call != NULL && strcmp(json_name(m), "id") == 0)
			json_put_str(out, "id", call->id);
		else if ((strcmp(json_name(m), name) != 0 ||
			     (call == NULL && b->text.len == 0)) &&
		    (strcmp(json_name(m), "signature") != 0 ||
			b->signature.len == 0))
			json_put(out, json_name(m), json_copy(m));
	}
	if (strcmp(name, "input") != 0 && b->text.len > 0)
		json_put_str(out, name, b->text.p);
	else if (text != NULL && text[0] != '\0' &&
	    json_parse(text, strlen(text), &input) == OK)
		json_put(out, name, input);
	if (b->signature.len > 0)
		json_put_str(out, "signature", b->signature.p);
	return out;
}

static struct json *
anthropic_raw(const struct chat_reader *r, const struct chat_reply *reply)
{
	struct json *raw;
	struct json *content;
	size_t call = 0;
	size_t i;

	if (r->n_blocks == 0)
		return NULL;
	content = json_array();
	for (i = 0; i < r->n_blocks; i++) {
		const struct block *b = &r->blocks[i];

		if (is_type(b->start, "text") &&
		    is_blank(b->text.p != NULL ? b->text.p : ""))
			continue;
		json_push(content,
		    raw_block(b, b->is_call ? &reply->calls[call++] : NULL));
	}
	raw = json_object();
	json_put_str(raw, "role", "assistant");
	json_put(raw, "content", content);
	return raw;
}

const struct dialect_ops anthropic_ops = {
    .wants_events = true,
    .write = anthropic_write,
    .read = anthropic_read,
    .raw = anthropic_raw,
};
