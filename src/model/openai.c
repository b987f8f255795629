/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/chat_priv.h"

/*
 * OpenAI's chat completions, as many servers speak them.
 *
 * The ceiling is max_completion_tokens: OpenAI refuses max_tokens for its
 * present models, and both together for all; llama.cpp, vLLM and the routers
 * know it by now, and servers that do not pass it over, where the reply is
 * still bounded by bytes and time.
 */

static void
write_id(struct buf *out, const char *before, const struct json *v, bool as_is)
{
	char id[MODEL_TOOL_NAME_MAX + 1];

	/* Another provider's ids may hold what this one does not take. */
	chat_tool_name(json_words(v, "id"), id);
	ask_str(out, before, as_is ? json_words(v, "id") : id);
}

static void
write_calls(const struct json *message, struct buf *out)
{
	const struct json *calls = json_get(message, "calls");
	const struct json *c;
	const char *between = ",\"tool_calls\":[";
	char name[MODEL_TOOL_NAME_MAX + 1];

	for (c = json_first(calls); c != NULL; c = json_next(c)) {
		chat_tool_name(json_words(c, "tool"), name);
		buf_adds(out, between);
		write_id(out, "{\"id\":", c, false);
		ask_str(out,
		    ",\"type\":\"function\",\"function\":{\"name\":", name);
		ask_str(out, ",\"arguments\":", ask_args(c));
		buf_adds(out, "}}");
		between = ",";
	}
	if (json_count(calls) > 0)
		buf_adds(out, "]");
}

/* `as_is`: the calls before it were sent back word for word. */
static void
write_message(const struct json *m, bool *as_is, struct buf *out)
{
	const char *role = json_words(m, "role");
	const char *text = json_words(m, "text");
	const char *raw;

	if (strcmp(role, "assistant") == 0) {
		raw = ask_raw(m, DIALECT_OPENAI);
		*as_is = raw != NULL;
		if (raw != NULL) {
			buf_adds(out, raw);
			return;
		}
	}
	ask_str(out, "{\"role\":", role);
	if (strcmp(role, "tool") == 0)
		write_id(out, ",\"tool_call_id\":", m, *as_is);
	if (text[0] == '\0' && json_count(json_get(m, "calls")) > 0)
		buf_adds(out, ",\"content\":null");
	else
		ask_str(out, ",\"content\":", text);
	write_calls(m, out);
	buf_adds(out, "}");
}

static void
openai_write(const struct chat_ask *ask, struct buf *out)
{
	static const char *const choices[] = {
	    [CHOICE_AUTO] = "auto",
	    [CHOICE_CALL] = "required",
	    [CHOICE_NONE] = "none",
	};
	const struct json *m;
	bool as_is = false;
	size_t begun;

	ask_str(out, "{\"model\":", ask->model);
	buf_addf(out,
	    ",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
	    "\"max_completion_tokens\":%lld",
	    (long long)ask->output);
	ask_functions(ask, out);
	/* Refused where there is no tool. */
	if (json_count(ask->tools) > 0)
		ask_str(out, ",\"tool_choice\":", choices[ask->choice]);
	buf_adds(out, ",\"messages\":[");
	begun = out->len;
	ask_system(ask, "", out);
	for (m = json_first(ask->messages); m != NULL; m = json_next(m)) {
		if (out->len > begun)
			buf_adds(out, ",");
		write_message(m, &as_is, out);
	}
	buf_adds(out, "]}");
}

/* ---- Reading ---- */

/* Text, or a list of parts as some servers have it, where thoughts are parts
 * too. */
static enum err
read_content(
    struct chat_reader *r, const struct json *content, struct errmsg *why)
{
	const struct json *part;
	const struct json *t;
	enum err e = OK;

	if (json_is_string(content))
		return chat_said(r, json_text(content), why);
	if (!json_is_array(content))
		return OK;
	for (part = json_first(content); e == OK && part != NULL;
	     part = json_next(part)) {
		t = json_first(json_get(part, "thinking"));
		for (; e == OK && t != NULL; t = json_next(t))
			e = chat_thought(r, json_words(t, "text"), why);
		if (e == OK)
			e = chat_said(r, json_words(part, "text"), why);
	}
	return e;
}

static void
read_call(struct chat_reader *r, const struct json *c, int64_t index)
{
	static const char *const known[] = {"index", "id", "type", "function"};
	const struct json *f = json_get(c, "function");
	const struct json *args = json_get(f, "arguments");
	struct call_part *p;
	struct buf text;

	buf_init(&text, ARGS_MAX + 1);
	/* It should be a text, and of some servers is the object itself. */
	if (json_is_object(args))
		json_print_into(args, &text);
	p = call_find(r, index, json_words(c, "id"), json_words(f, "name"),
	    text.len > 0 ? text.p : json_words(f, "arguments"));
	if (p != NULL) {
		p->args.overflow |= text.overflow;
		extras_keep(r, &p->extras, c, known, ARRAY_LEN(known));
	}
	buf_done(&text);
}

static enum err
read_message(struct chat_reader *r, const struct json *m, struct errmsg *why)
{
	static const char *const known[] = {"role", "content", "tool_calls",
	    "function_call", "reasoning_content", "reasoning", "refusal"};
	const char *thought = json_words(m, "reasoning_content");
	const struct json *legacy = json_get(m, "function_call");
	const struct json *c;
	enum err e;

	if (thought[0] == '\0')
		thought = json_words(m, "reasoning");
	e = chat_thought(r, thought, why);
	if (e == OK)
		e = read_content(r, json_get(m, "content"), why);
	if (e == OK)
		e = chat_said(r, json_words(m, "refusal"), why);
	if (e != OK)
		return e;
	for (c = json_first(json_get(m, "tool_calls")); c != NULL;
	     c = json_next(c))
		read_call(r, c, json_int(c, "index", -1));
	if (json_is_object(legacy))
		call_find(r, 0, "", json_words(legacy, "name"),
		    json_words(legacy, "arguments"));
	extras_keep(r, &r->extras, m, known, ARRAY_LEN(known));
	return OK;
}

static void
read_usage(struct chat_reader *r, const struct json *usage)
{
	const struct json *more = json_get(usage, "prompt_tokens_details");

	chat_count(usage, "prompt_tokens", &r->usage.input);
	chat_count(usage, "completion_tokens", &r->usage.output);
	chat_count(usage, "prompt_cache_hit_tokens", &r->usage.cached);
	chat_count(more, "cached_tokens", &r->usage.cached);
	chat_count(more, "cache_write_tokens", &r->usage.cache_written);
}

static enum err
read_finish(struct chat_reader *r, const char *reason, struct errmsg *why)
{
	if (reason[0] == '\0')
		return OK;
	if (strcmp(reason, "error") == 0)
		return err_say(why, ERR_IO,
		    "the model's server broke off: it gives an error for the "
		    "reason why the answer ends");
	r->is_whole = true;
	r->finish = FINISH_STOP;
	if (strcmp(reason, "length") == 0)
		r->finish = FINISH_LENGTH;
	else if (strcmp(reason, "content_filter") == 0)
		r->finish = FINISH_FILTER;
	return OK;
}

static enum err
openai_read(struct chat_reader *r, const struct json *event, struct errmsg *why)
{
	const struct json *choice = json_first(json_get(event, "choices"));
	const struct json *m;
	enum err e;

	if (json_is_object(json_get(event, "error")) ||
	    json_is_string(json_get(event, "error")) ||
	    strcmp(json_words(event, "object"), "error") == 0 ||
	    (!json_has(event, "choices") && json_has(event, "detail")))
		return error_told(event, why);
	read_usage(r, json_get(event, "usage"));
	while (choice != NULL && json_int(choice, "index", 0) != 0)
		choice = json_next(choice);
	if (choice == NULL)
		return OK;
	m = json_get(choice, "delta");
	e = read_message(
	    r, json_is_object(m) ? m : json_get(choice, "message"), why);
	if (e == OK)
		e = read_finish(r, json_words(choice, "finish_reason"), why);
	return e;
}

static struct json *
raw_call(const struct call_part *p, const struct chat_call *c)
{
	struct json *call = json_object();
	struct json *f = json_object();

	json_put_str(call, "id", c->id);
	json_put_str(call, "type", "function");
	json_put_str(f, "name", p->name.p != NULL ? p->name.p : "");
	json_put_str(f, "arguments", p->args.len > 0 ? p->args.p : "{}");
	json_put(call, "function", f);
	extras_put(&p->extras, call);
	return call;
}

/* Thoughts are taken back where they belong to calls, and refused by some
 * where they do not. */
static struct json *
openai_raw(const struct chat_reader *r, const struct chat_reply *reply)
{
	struct json *raw = json_object();
	struct json *calls;
	size_t i;

	json_put_str(raw, "role", "assistant");
	if (reply->text[0] != '\0' || reply->n_calls == 0)
		json_put_str(raw, "content", reply->text);
	extras_put(&r->extras, raw);
	if (reply->n_calls == 0)
		return raw;
	if (reply->thinking[0] != '\0')
		json_put_str(raw, "reasoning_content", reply->thinking);
	calls = json_array();
	for (i = 0; i < reply->n_calls; i++)
		json_push(calls, raw_call(&r->parts[i], &reply->calls[i]));
	json_put(raw, "tool_calls", calls);
	return raw;
}

const struct dialect_ops openai_ops = {
    .wants_events = true,
    .write = openai_write,
    .read = openai_read,
    .raw = openai_raw,
};
