/* SPDX-License-Identifier: Apache-2.0 */
#include "mcp/mcp.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mcp/mcp_priv.h"

struct mcp *
mcp_new(mcp_fn *fn, void *arg)
{
	struct mcp *m = xalloc(sizeof(*m));

	m->fn = fn;
	m->arg = arg;
	buf_init(&m->in, MCP_LINE_MAX);
	buf_init(&m->out, OUT_MAX);
	buf_init(&m->listing.text, MCP_DEFINITIONS_MAX);
	buf_init(&m->next.text, MCP_DEFINITIONS_MAX);
	buf_init(&m->instructions, MCP_INSTRUCTIONS_MAX);
	return m;
}

void
mcp_free(struct mcp *m)
{
	if (m == NULL)
		return;
	buf_done(&m->in);
	buf_done(&m->out);
	mcp_list_done(&m->listing);
	mcp_list_done(&m->next);
	buf_done(&m->instructions);
	free(m);
}

struct buf *
mcp_out(struct mcp *m)
{
	return &m->out;
}

enum mcp_era
mcp_era(const struct mcp *m)
{
	return m->era;
}

const char *
mcp_revision(const struct mcp *m)
{
	return m->era != MCP_UNKNOWN ? m->revision : "";
}

const struct mcp_counts *
mcp_counted(const struct mcp *m)
{
	return &m->counts;
}

void
mcp_give_up(struct mcp *m, const char *why)
{
	struct mcp_answer a = {.failed = true, .text = why};

	if (m->phase == PHASE_BROKEN)
		return;
	m->phase = PHASE_BROKEN;
	m->fn(m->arg, MCP_BROKEN, &a);
}

void
mcp_start(struct mcp *m, enum mcp_era hint)
{
	m->hint = hint;
	mcp_era_begin(m);
}

bool
mcp_window_add(struct window *w, int64_t now_ms, int64_t span_ms, int64_t n_max,
    size_t bytes, int64_t bytes_max)
{
	if (w->n == 0 || now_ms < w->since_ms ||
	    now_ms - w->since_ms >= span_ms) {
		w->since_ms = now_ms;
		w->n = w->bytes = 0;
	}
	w->n++;
	w->bytes += (int64_t)bytes;
	return w->n <= n_max && w->bytes <= bytes_max;
}

/* The line that is being read is one that nobody asked for. */
static void
note_noise(struct mcp *m)
{
	if (!mcp_window_add(&m->noise, m->now_ms, MCP_NOISE_MS, MCP_NOISE_MAX,
		m->line_len + 1, MCP_NOISE_BYTES_MAX))
		mcp_give_up(m, "the server says too much that nobody asked");
	m->line_len = 0;
}

static void
on_late(struct mcp *m)
{
	m->counts.late++;
	note_noise(m);
}

static void
on_stray(struct mcp *m)
{
	if (++m->counts.strays > MCP_STRAYS_MAX)
		mcp_give_up(m, "the server answers what nobody asked");
	else
		note_noise(m);
}

static void
on_request(struct mcp *m, const struct json *id, const char *method)
{
	m->counts.requests++;
	note_noise(m);
	if (m->phase == PHASE_BROKEN)
		return;
	/* To whom is in question nothing may be answered: a modern server
	 * takes no answers, and a legacy one has no need to ask yet. */
	if (m->era == MCP_LEGACY)
		mcp_serve(m, id, method);
	else if (m->era == MCP_MODERN)
		mcp_give_up(m, "the server asks, which its revision forbids");
}

static void
on_notification(struct mcp *m, const char *method, const struct json *params)
{
	const struct json *meta = json_get(params, "_meta");
	bool modern = m->era == MCP_MODERN;

	m->counts.notifications++;
	note_noise(m);
	if (m->phase == PHASE_BROKEN)
		return;
	if (strcmp(method, "notifications/tools/list_changed") == 0) {
		/* A modern server says it only to whom it promised to. */
		if (!modern ||
		    (m->listen_id != 0 &&
			json_int(meta, "io.modelcontextprotocol/subscriptionId",
			    0) == m->listen_id))
			mcp_list_changed(m);
	} else if (modern && strcmp(method, "notifications/cancelled") == 0 &&
	    json_int(params, "requestId", 0) == m->listen_id) {
		m->listen_id = 0;
	}
}

static void
on_response(struct mcp *m, const struct json *message)
{
	const struct json *id = json_get(message, "id");
	int64_t n = json_int(message, "id", 0);

	/* An error that names no request can only mean the one that is out. */
	if (m->phase == PHASE_PROBE && json_has(message, "error") &&
	    !json_is_string(id) && !json_is_number(id))
		n = m->waiting_id;
	if (n <= 0)
		on_stray(m);
	else if (n == m->waiting_id && m->phase == PHASE_PROBE)
		mcp_era_probed(m, message);
	else if (n == m->waiting_id && m->phase == PHASE_HELLO)
		mcp_era_greeted(m, message);
	else if (n == m->list_id)
		mcp_list_page(m, message);
	else if (n == m->listen_id)
		m->listen_id = 0;
	else if (mcp_call_take(m, n))
		mcp_call_answered(m, n, message);
	else if (n == m->late_id || mcp_call_was_cancelled(m, n))
		on_late(m);
	else
		on_stray(m);
	if (n > 0 && n == m->late_id)
		m->late_id = 0;
}

static void
on_message(struct mcp *m, const struct json *message)
{
	const struct json *method = json_get(message, "method");
	const struct json *id = json_get(message, "id");

	if (strcmp(json_words(message, "jsonrpc"), "2.0") != 0 ||
	    (method != NULL && !json_is_string(method)))
		mcp_give_up(m, "the server wrote something that is no message");
	else if (method == NULL)
		on_response(m, message);
	else if (json_is_string(id) || json_is_integer(id))
		on_request(m, id, json_text(method));
	else
		on_notification(
		    m, json_text(method), json_get(message, "params"));
}

/* One revision had several messages in one line. */
static void
on_messages(struct mcp *m, const struct json *message)
{
	const struct json *one;

	if (!json_is_array(message) || json_count(message) == 0 ||
	    strcmp(m->revision, "2025-03-26") != 0) {
		on_message(m, message);
		return;
	}
	for (one = json_first(message); one != NULL; one = json_next(one))
		if (m->phase != PHASE_BROKEN)
			on_message(m, one);
}

static void
on_line(struct mcp *m, const char *p, size_t len)
{
	struct json *message;

	m->line_len = len;
	if (len > 0 && p[len - 1] == '\r')
		len--;
	if (len == 0) {
		note_noise(m);
		return;
	}
	if (m->phase == PHASE_NEW || json_parse(p, len, &message) != OK) {
		mcp_give_up(m, "the server wrote a line that is no message");
		return;
	}
	on_messages(m, message);
	json_free(message);
	if (m->out.overflow)
		mcp_give_up(m, "the server does not read what it asks for");
}

void
mcp_feed(struct mcp *m, const char *p, size_t len, int64_t now_ms)
{
	m->now_ms = now_ms;
	while (len > 0 && m->phase != PHASE_BROKEN) {
		const char *end = memchr(p, '\n', len);
		size_t n = end != NULL ? (size_t)(end - p) : len;

		buf_add(&m->in, p, n);
		if (m->in.overflow) {
			mcp_give_up(
			    m, "the server wrote a line that is too long");
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
