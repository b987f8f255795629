/* SPDX-License-Identifier: Apache-2.0 */
#include "tool/mcp.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"

#define REVISION "2025-11-25"
#define OUT_MAX (4 * MCP_LINE_MAX)
#define TEXT_MAX RESULT_MAX

enum phase { PHASE_NEW, PHASE_HELLO, PHASE_LIST, PHASE_READY, PHASE_BROKEN };

struct mcp {
	mcp_fn *fn;
	void *arg;
	enum phase phase;
	int64_t last_id;
	int64_t waiting_id; /* Of the handshake. */
	int64_t calls[CALLS_OPEN_MAX];
	size_t n_calls;
	char functions[MCP_FUNCTIONS_MAX][NAME_MAX_LEN + 1];
	size_t n_functions;
	int pages;
	struct buf in;
	struct buf out;
};

struct mcp *
mcp_new(mcp_fn *fn, void *arg)
{
	struct mcp *m = xalloc(sizeof(*m));

	m->fn = fn;
	m->arg = arg;
	buf_init(&m->in, MCP_LINE_MAX);
	buf_init(&m->out, OUT_MAX);
	return m;
}

void
mcp_free(struct mcp *m)
{
	if (m == NULL)
		return;
	buf_done(&m->in);
	buf_done(&m->out);
	free(m);
}

struct buf *
mcp_out(struct mcp *m)
{
	return &m->out;
}

static void
give_up(struct mcp *m, const char *why)
{
	struct mcp_answer a = {.failed = true, .text = why};

	if (m->phase == PHASE_BROKEN)
		return;
	m->phase = PHASE_BROKEN;
	m->fn(m->arg, MCP_BROKEN, &a);
}

void
mcp_start(struct mcp *m)
{
	m->phase = PHASE_HELLO;
	m->waiting_id = ++m->last_id;
	buf_addf(&m->out,
	    "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"method\":\"initialize\","
	    "\"params\":{\"protocolVersion\":\"" REVISION "\","
	    "\"capabilities\":{},\"clientInfo\":{\"name\":\"durward\","
	    "\"version\":\"1\"}}}\n",
	    (long long)m->waiting_id);
}

static void
ask_list(struct mcp *m, const char *cursor)
{
	m->phase = PHASE_LIST;
	m->waiting_id = ++m->last_id;
	buf_addf(&m->out,
	    "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"method\":\"tools/list\","
	    "\"params\":{",
	    (long long)m->waiting_id);
	if (cursor != NULL) {
		buf_adds(&m->out, "\"cursor\":");
		json_escape(&m->out, cursor, strlen(cursor));
	}
	buf_adds(&m->out, "}}\n");
}

static void
on_hello(struct mcp *m, const struct json *result)
{
	const char *revision = json_str(result, "protocolVersion");

	/* Revisions are dates; every one of the legacy era lists and calls
	 * tools in this form. */
	if (revision == NULL ||
	    !json_is_object(json_get(result, "capabilities")) ||
	    strcmp(revision, "2024-11-05") < 0 ||
	    strcmp(revision, REVISION) > 0) {
		give_up(m, "the server speaks no revision that we know");
		return;
	}
	buf_adds(&m->out,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
	    "initialized\"}\n");
	ask_list(m, NULL);
}

static void
on_list(struct mcp *m, const struct json *result)
{
	const struct json *tools = json_get(result, "tools");
	const char *cursor = json_str(result, "nextCursor");
	const struct json *t;

	if (!json_is_array(tools)) {
		give_up(m, "the server's list of tools is malformed");
		return;
	}
	for (t = json_first(tools); t != NULL; t = json_next(t)) {
		const char *name = json_str(t, "name");

		if (m->n_functions == MCP_FUNCTIONS_MAX) {
			give_up(m, "the server lists more tools than fit");
			return;
		}
		/* One that we cannot name we cannot call. */
		if (name == NULL ||
		    str_copy(m->functions[m->n_functions],
			sizeof(m->functions[0]), name) != OK)
			continue;
		m->n_functions++;
	}
	if (cursor == NULL) {
		m->phase = PHASE_READY;
		m->fn(m->arg, MCP_READY, NULL);
	} else if (++m->pages == MCP_LIST_PAGES_MAX) {
		give_up(m, "the server's list of tools does not end");
	} else {
		ask_list(m, cursor);
	}
}

static bool
take_call(struct mcp *m, int64_t id)
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

static void
collect_text(const struct json *result, struct buf *out)
{
	const struct json *c = json_first(json_get(result, "content"));

	for (; c != NULL; c = json_next(c)) {
		const char *type = json_str(c, "type");
		const char *text = json_str(c, "text");

		if (out->len > 0)
			buf_adds(out, "\n");
		if (text != NULL && type != NULL && strcmp(type, "text") == 0)
			buf_adds(out, text);
		else
			buf_adds(out, "(content that is not text)");
	}
}

static void
on_answer(struct mcp *m, int64_t id, const struct json *message)
{
	const struct json *result = json_get(message, "result");
	const struct json *error = json_get(message, "error");
	const char *words = json_str(error, "message");
	struct mcp_answer a = {.id = id};
	struct buf text;

	if (!take_call(m, id))
		return; /* Cancelled, or never asked. */
	buf_init(&text, TEXT_MAX);
	if (json_is_object(result)) {
		collect_text(result, &text);
		a.failed = json_flag(result, "isError");
	} else {
		a.failed = true;
		buf_addf(&text, "the tool reports an error: %.200s",
		    words != NULL ? words : "without words");
		str_mend(text.p);
	}
	if (text.overflow) {
		buf_clear(&text);
		a.failed = true;
		buf_addf(&text, "the result is larger than %d bytes", TEXT_MAX);
	}
	a.text = text.p != NULL ? text.p : "";
	m->fn(m->arg, MCP_ANSWER, &a);
	buf_done(&text);
}

static void
on_request(struct mcp *m, const struct json *id, const char *method)
{
	char *id_text = json_print(id);

	if (strcmp(method, "ping") == 0)
		buf_addf(&m->out,
		    "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{}}\n", id_text);
	else
		buf_addf(&m->out,
		    "{\"jsonrpc\":\"2.0\",\"id\":%s,\"error\":{\"code\":-32601,"
		    "\"message\":\"Method not found\"}}\n",
		    id_text);
	free(id_text);
}

static void
on_message(struct mcp *m, const struct json *message)
{
	const char *version = json_str(message, "jsonrpc");
	const char *method = json_str(message, "method");
	const struct json *id = json_get(message, "id");
	int64_t id_value = json_int(message, "id", 0);

	if (m->phase == PHASE_NEW || version == NULL ||
	    strcmp(version, "2.0") != 0) {
		give_up(m, "the server wrote something that is not JSON-RPC");
		return;
	}
	if (method != NULL) {
		if (json_is_string(id) || json_is_integer(id))
			on_request(m, id, method);
		return;
	}
	if (m->phase == PHASE_READY) {
		on_answer(m, id_value, message);
	} else if (id_value != m->waiting_id ||
	    !json_is_object(json_get(message, "result"))) {
		give_up(m, "the server refused the handshake");
	} else if (m->phase == PHASE_HELLO) {
		on_hello(m, json_get(message, "result"));
	} else {
		on_list(m, json_get(message, "result"));
	}
}

static void
on_line(struct mcp *m, const char *p, size_t len)
{
	struct json *message;

	if (len > 0 && p[len - 1] == '\r')
		len--;
	if (len == 0)
		return;
	if (json_parse(p, len, &message) != OK) {
		give_up(m, "the server wrote a line that is not strict JSON");
		return;
	}
	on_message(m, message);
	json_free(message);
	if (m->out.overflow)
		give_up(m, "the server asks faster than it reads");
}

void
mcp_feed(struct mcp *m, const char *p, size_t len)
{
	while (len > 0 && m->phase != PHASE_BROKEN) {
		const char *end = memchr(p, '\n', len);
		size_t n = end != NULL ? (size_t)(end - p) : len;

		buf_add(&m->in, p, n);
		if (m->in.overflow) {
			give_up(m, "the server wrote a line that is too long");
			return;
		}
		p += n;
		len -= n;
		if (end == NULL)
			return;
		p++;
		len--;
		on_line(m, m->in.p != NULL ? m->in.p : "", m->in.len);
		buf_clear(&m->in);
	}
}

bool
mcp_lists(const struct mcp *m, const char *function)
{
	size_t i;

	for (i = 0; i < m->n_functions; i++)
		if (strcmp(m->functions[i], function) == 0)
			return true;
	return false;
}

enum err
mcp_call(struct mcp *m, const char *function, const char *args, size_t args_len,
    int64_t *ret_id)
{
	if (m->phase != PHASE_READY)
		return ERR_STATE;
	if (m->n_calls == CALLS_OPEN_MAX ||
	    m->out.len + args_len + 1024 > OUT_MAX)
		return ERR_LIMIT;
	*ret_id = ++m->last_id;
	m->calls[m->n_calls++] = *ret_id;
	buf_addf(&m->out,
	    "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"method\":\"tools/call\","
	    "\"params\":{\"name\":\"%s\",\"arguments\":",
	    (long long)*ret_id, function);
	buf_add(&m->out, args, args_len);
	buf_adds(&m->out, "}}\n");
	return OK;
}

void
mcp_cancel(struct mcp *m, int64_t id)
{
	if (!take_call(m, id))
		return;
	buf_addf(&m->out,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
	    "\"params\":{\"requestId\":%lld,\"reason\":\"time is up\"}}\n",
	    (long long)id);
}
