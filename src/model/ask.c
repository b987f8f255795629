/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "model/chat_priv.h"

/*
 * Requests are written straight into the buffer: the order of members is
 * that of the lines here and always the same, so that what a provider keeps
 * of a prompt it has seen fits the next one.
 */

void
ask_strn(struct buf *out, const char *before, const char *s, size_t len)
{
	buf_adds(out, before);
	json_escape(out, s, len);
}

void
ask_str(struct buf *out, const char *before, const char *s)
{
	ask_strn(out, before, s, strlen(s));
}

static void
write_property(struct buf *out, const struct json *arg)
{
	json_escape(out, json_name(arg), strlen(json_name(arg)));
	ask_str(out, ":{\"type\":", json_words(arg, "type"));
	if (json_words(arg, "about")[0] != '\0')
		ask_str(out, ",\"description\":", json_words(arg, "about"));
	buf_adds(out, "}");
}

bool
ask_is_forced(const struct chat_ask *ask)
{
	return ask->choice == CHOICE_CALL && json_count(ask->tools) > 0;
}

void
ask_schema(struct buf *out, const char *before, const struct json *tool)
{
	const struct json *args = json_get(tool, "args");
	const struct json *a;
	const char *between = "";

	buf_addf(out, "%s{\"type\":\"object\",\"properties\":{", before);
	for (a = json_first(args); a != NULL; a = json_next(a)) {
		buf_adds(out, between);
		write_property(out, a);
		between = ",";
	}
	buf_adds(out, "}");
	between = ",\"required\":[";
	for (a = json_first(args); a != NULL; a = json_next(a)) {
		if (!json_flag(a, "required"))
			continue;
		ask_str(out, between, json_name(a));
		between = ",";
	}
	buf_adds(out, strcmp(between, ",") == 0 ? "]}" : "}");
}

void
ask_system(const struct chat_ask *ask, const char *more, struct buf *out)
{
	const char *changing = ask->changing != NULL ? ask->changing : "";
	struct buf text;

	buf_init(&text, MODEL_REQUEST_MAX);
	buf_adds(&text, ask->system != NULL ? ask->system : "");
	buf_adds(&text, more);
	if (text.len > 0 && changing[0] != '\0')
		buf_adds(&text, "\n\n");
	buf_adds(&text, changing);
	out->overflow |= text.overflow;
	if (text.len > 0) {
		ask_strn(
		    out, "{\"role\":\"system\",\"content\":", text.p, text.len);
		buf_adds(out, "}");
	}
	buf_done(&text);
}

void
ask_functions(const struct chat_ask *ask, struct buf *out)
{
	const struct json *t;
	char name[MODEL_TOOL_NAME_MAX + 1];
	const char *between = ",\"tools\":[";

	for (t = json_first(ask->tools); t != NULL; t = json_next(t)) {
		chat_tool_name(json_words(t, "name"), name);
		buf_addf(
		    out, "%s{\"type\":\"function\",\"function\":{", between);
		ask_str(out, "\"name\":", name);
		ask_str(out, ",\"description\":", json_words(t, "about"));
		ask_schema(out, ",\"parameters\":", t);
		buf_adds(out, "}}");
		between = ",";
	}
	if (ask_is_forced(ask))
		buf_adds(out,
		    ",{\"type\":\"function\",\"function\":{\"name\":"
		    "\"" CHOICE_FINAL "\",\"description\":\"" FINAL_ABOUT
		    "\",\"parameters\":" FINAL_SCHEMA "}}");
	if (json_count(ask->tools) > 0)
		buf_adds(out, "]");
}

const char *
ask_raw(const struct json *message, enum dialect d)
{
	const char *raw = json_str(message, "raw");
	struct json *v;
	bool good;

	if (raw == NULL ||
	    strcmp(json_words(message, "dialect"), dialect_name(d)) != 0 ||
	    json_parse(raw, strlen(raw), &v) != OK)
		return NULL;
	good = json_is_object(v) &&
	    strcmp(json_words(v, "role"), "assistant") == 0;
	json_free(v);
	return good ? raw : NULL;
}

const char *
ask_args(const struct json *call)
{
	const char *args = json_words(call, "args");

	return args[0] == '{' && json_is_canonical(args, strlen(args)) ? args
								       : "{}";
}
