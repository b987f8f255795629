/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "mcp/mcp_priv.h"

enum err
mcp_call(struct mcp *m, const char *function, const char *args, size_t args_len,
    int64_t *ret_id)
{
	if (m->phase != PHASE_READY)
		return ERR_STATE;
	if (m->n_calls == CALLS_OPEN_MAX ||
	    m->out.len + args_len + OUT_KEPT > OUT_MAX)
		return ERR_LIMIT;
	*ret_id = mcp_request(m, "tools/call");
	m->calls[m->n_calls++] = *ret_id;
	buf_adds(&m->out, "\"name\":");
	json_escape(&m->out, function, strlen(function));
	buf_adds(&m->out, ",\"arguments\":");
	buf_add(&m->out, args, args_len);
	mcp_request_end(m, true);
	return OK;
}

bool
mcp_call_take(struct mcp *m, int64_t id)
{
	size_t i;

	for (i = 0; i < m->n_calls; i++) {
		if (m->calls[i] != id)
			continue;
		m->calls[i] = m->calls[--m->n_calls];
		return true;
	}
	return false;
}

void
mcp_cancel(struct mcp *m, int64_t id)
{
	char params[128];

	if (!mcp_call_take(m, id) || m->phase == PHASE_BROKEN)
		return;
	m->cancelled[m->next_cancelled++ % MCP_CANCELLED_MAX] = id;
	snprintf(params, sizeof(params),
	    "{\"requestId\":%lld,\"reason\":\"nobody waits any more\"}",
	    (long long)id);
	mcp_notify(m, "notifications/cancelled", params);
}

/* Each of them may be answered once: the answer was on its way. */
bool
mcp_call_was_cancelled(struct mcp *m, int64_t id)
{
	size_t i;

	for (i = 0; i < MCP_CANCELLED_MAX; i++) {
		if (m->cancelled[i] != id)
			continue;
		m->cancelled[i] = 0;
		return true;
	}
	return false;
}

/* In words what cannot be handed on, in brackets.  They are handed on whole:
 * of a secret that was cut in half nobody who looks for it could know. */
static void
add_named(struct buf *out, const char *what, const char *name)
{
	buf_addf(out, "(%s", what);
	if (name[0] != '\0') {
		buf_adds(out, " ");
		buf_adds(out, name);
	}
}

static void
add_resource(struct buf *out, const struct json *resource)
{
	const char *text = json_str(resource, "text");

	add_named(out, "the resource", json_words(resource, "uri"));
	if (text == NULL) {
		buf_adds(out, ", which is not text)");
		return;
	}
	buf_adds(out, ")\n");
	buf_adds(out, text);
}

/* True when it was text. */
static bool
add_content(struct buf *out, const struct json *c)
{
	const char *type = json_words(c, "type");
	const char *text = json_str(c, "text");
	const char *mime = json_words(c, "mimeType");

	if (strcmp(type, "text") == 0 && text != NULL) {
		buf_adds(out, text);
		return text[0] != '\0';
	}
	if (strcmp(type, "image") == 0) {
		add_named(out, "an image", mime);
		buf_adds(out, ", which is not shown)");
	} else if (strcmp(type, "audio") == 0) {
		add_named(out, "a sound", mime);
		buf_adds(out, ", which is not played)");
	} else if (strcmp(type, "resource_link") == 0) {
		add_named(out, "a link to", json_words(c, "uri"));
		buf_adds(out, ", which was not followed)");
	} else if (strcmp(type, "resource") == 0) {
		add_resource(out, json_get(c, "resource"));
	} else {
		add_named(out, "content of the kind", type);
		buf_adds(out, ", which is not known)");
	}
	return false;
}

/* False when the content is none. */
static bool
collect(const struct json *result, struct buf *out)
{
	const struct json *content = json_get(result, "content");
	const struct json *structured = json_get(result, "structuredContent");
	const struct json *c;
	bool has_text = false;

	if (content != NULL && !json_is_array(content))
		return false;
	for (c = json_first(content); c != NULL; c = json_next(c)) {
		if (out->len > 0)
			buf_adds(out, "\n");
		has_text |= add_content(out, c);
	}
	/* Servers that give both say the same twice. */
	if (!has_text && structured != NULL) {
		if (out->len > 0)
			buf_adds(out, "\n");
		json_canonical(structured, out);
	}
	return true;
}

static void
read_result(const struct json *result, struct buf *text, bool *ret_failed)
{
	*ret_failed = json_flag(result, "isError");
	if (!collect(result, text)) {
		*ret_failed = true;
		buf_adds(text, "the tool's answer is malformed");
	} else if (*ret_failed && text->len == 0) {
		buf_adds(text, "the tool reports an error without words");
	}
}

static void
read_error(const struct json *error, struct buf *text)
{
	const char *words = json_str(error, "message");

	buf_adds(text, "the tool reports an error: ");
	buf_adds(text, words != NULL ? words : "without words");
}

void
mcp_call_answered(struct mcp *m, int64_t id, const struct json *message)
{
	struct mcp_answer a = {.id = id, .failed = true};
	struct buf text;

	buf_init(&text, RESULT_MAX);
	switch (mcp_reply(m, message)) {
	case REPLY_RESULT:
		read_result(json_get(message, "result"), &text, &a.failed);
		break;
	case REPLY_ERROR:
		read_error(json_get(message, "error"), &text);
		break;
	case REPLY_INPUT:
		buf_adds(&text,
		    "the tool asks something before it goes on, and nobody "
		    "can be asked yet");
		break;
	case REPLY_INVALID:
		buf_adds(&text, "the tool's answer is malformed");
		break;
	}
	if (text.overflow) {
		buf_clear(&text);
		a.failed = true;
		buf_addf(
		    &text, "the result is larger than %d bytes", RESULT_MAX);
	}
	a.text = text.p != NULL ? text.p : "";
	m->fn(m->arg, MCP_ANSWER, &a);
	buf_done(&text);
}
