/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/chat_priv.h"

/*
 * Ollama's /api/chat.  The same num_ctx in each call, since another one
 * loads the model anew.  `think` is left to the model.  There is no
 * tool_choice: where a call is wanted, the tools stand in the system's words
 * and `format` lets the model say nothing but a call or its last words.
 */

static void
write_format(const struct chat_ask *ask, struct buf *out)
{
	const struct json *t;
	char name[MODEL_TOOL_NAME_MAX + 1];

	buf_adds(out, ",\"format\":{\"oneOf\":[");
	for (t = json_first(ask->tools); t != NULL; t = json_next(t)) {
		chat_tool_name(json_words(t, "name"), name);
		ask_str(out,
		    "{\"type\":\"object\",\"properties\":{\"tool\":{\"const\":",
		    name);
		ask_schema(out, "},\"arguments\":", t);
		buf_adds(out, "},\"required\":[\"tool\",\"arguments\"]},");
	}
	buf_adds(out,
	    "{\"type\":\"object\",\"properties\":{\"tool\":{\"const\":"
	    "\"" CHOICE_FINAL "\"},\"text\":" FINAL_TEXT
	    "},\"required\":[\"tool\",\"text\"]}]}");
}

/* What the schema cannot say: what the tools are for. */
static void
describe_tools(const struct chat_ask *ask, struct buf *text)
{
	const struct json *t;
	const struct json *a;
	char name[MODEL_TOOL_NAME_MAX + 1];

	buf_adds(text,
	    "\n\nAnswer with one JSON object: {\"tool\": NAME, \"arguments\": "
	    "{...}} to call a tool, or {\"tool\": \"final\", \"text\": WORDS} "
	    "when none is needed. Tools:");
	for (t = json_first(ask->tools); t != NULL; t = json_next(t)) {
		chat_tool_name(json_words(t, "name"), name);
		buf_addf(text, "\n%s: %s", name, json_words(t, "about"));
		for (a = json_first(json_get(t, "args")); a != NULL;
		     a = json_next(a))
			if (json_words(a, "about")[0] != '\0')
				buf_addf(text, " %s: %s", json_name(a),
				    json_words(a, "about"));
	}
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
		ask_str(out, "{\"function\":{\"name\":", name);
		buf_addf(out, ",\"arguments\":%s}}", ask_args(c));
		between = ",";
	}
	if (json_count(calls) > 0)
		buf_adds(out, "]");
}

static void
write_message(const struct json *m, struct buf *out)
{
	const char *role = json_words(m, "role");
	const char *raw = ask_raw(m, DIALECT_OLLAMA);
	char name[MODEL_TOOL_NAME_MAX + 1];

	if (strcmp(role, "assistant") == 0 && raw != NULL) {
		buf_adds(out, raw);
		return;
	}
	ask_str(out, "{\"role\":", role);
	if (strcmp(role, "tool") == 0) {
		chat_tool_name(json_words(m, "tool"), name);
		ask_str(out, ",\"tool_name\":", name);
	}
	ask_str(out, ",\"content\":", json_words(m, "text"));
	write_calls(m, out);
	buf_adds(out, "}");
}

static void
ollama_write(const struct chat_ask *ask, struct buf *out)
{
	const struct json *m;
	struct buf tools;
	size_t begun;

	ask_str(out, "{\"model\":", ask->model);
	buf_addf(out,
	    ",\"stream\":true,\"options\":{\"num_ctx\":%lld,\"num_predict\":"
	    "%lld}",
	    (long long)ask->context, (long long)ask->output);
	if (ask_is_forced(ask))
		write_format(ask, out);
	else
		ask_functions(ask, out);
	buf_adds(out, ",\"messages\":[");
	begun = out->len;
	buf_init(&tools, MODEL_REQUEST_MAX);
	if (ask_is_forced(ask))
		describe_tools(ask, &tools);
	ask_system(ask, tools.p != NULL ? tools.p : "", out);
	buf_done(&tools);
	for (m = json_first(ask->messages); m != NULL; m = json_next(m)) {
		if (out->len > begun)
			buf_adds(out, ",");
		write_message(m, out);
	}
	buf_adds(out, "]}");
}

/* ---- Reading ---- */

/* Calls come whole. */
static void
read_calls(struct chat_reader *r, const struct json *message)
{
	static const char *const known[] = {
	    "tool_calls", "role", "content", "thinking"};
	const struct json *c;

	for (c = json_first(json_get(message, "tool_calls")); c != NULL;
	     c = json_next(c)) {
		const struct json *f = json_get(c, "function");
		const struct json *args = json_get(f, "arguments");
		struct buf text;
		struct call_part *p;

		buf_init(&text, ARGS_MAX + 1);
		if (json_is_string(args))
			buf_adds(&text, json_text(args));
		else if (args != NULL)
			json_print_into(args, &text);
		/* Each is a new one, whatever its index says. */
		p = call_begin(r, -1, json_words(c, "id"),
		    json_words(f, "name"), text.p != NULL ? text.p : "");
		p->args.overflow |= text.overflow;
		buf_done(&text);
		if (chat_may_keep(r))
			p->whole = json_copy(c);
	}
	extras_keep(r, &r->extras, message, known, ARRAY_LEN(known));
}

static void
read_end(struct chat_reader *r, const struct json *event)
{
	const char *reason = json_words(event, "done_reason");

	r->is_whole = true;
	r->is_over = true;
	r->finish = strcmp(reason, "length") == 0 ? FINISH_LENGTH : FINISH_STOP;
	chat_count(event, "prompt_eval_count", &r->usage.input);
	chat_count(event, "eval_count", &r->usage.output);
}

static enum err
ollama_read(struct chat_reader *r, const struct json *event, struct errmsg *why)
{
	const struct json *message = json_get(event, "message");
	enum err e;

	if (json_is_string(json_get(event, "error")) ||
	    json_is_object(json_get(event, "error")))
		return error_told(event, why);
	e = chat_thought(r, json_words(message, "thinking"), why);
	if (e == OK)
		e = chat_said(r, json_words(message, "content"), why);
	if (e != OK)
		return e;
	read_calls(r, message);
	if (json_flag(event, "done"))
		read_end(r, event);
	return OK;
}

static struct json *
ollama_raw(const struct chat_reader *r, const struct chat_reply *reply)
{
	struct json *raw = json_object();
	struct json *calls;
	size_t i;

	json_put_str(raw, "role", "assistant");
	json_put_str(raw, "content", reply->text);
	if (reply->thinking[0] != '\0')
		json_put_str(raw, "thinking", reply->thinking);
	extras_put(&r->extras, raw);
	if (r->n_parts == 0)
		return raw;
	calls = json_array();
	for (i = 0; i < r->n_parts; i++)
		json_push(calls, json_copy(r->parts[i].whole));
	json_put(raw, "tool_calls", calls);
	return raw;
}

const struct dialect_ops ollama_ops = {
    .wants_events = false,
    .write = ollama_write,
    .read = ollama_read,
    .raw = ollama_raw,
};
