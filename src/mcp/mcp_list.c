/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "crypto/crypto.h"
#include "mcp/mcp_priv.h"

/*
 * What a server offers is read whole, page by page, into a listing of its
 * own; only then it takes the place of the one before.  A change that is
 * told meanwhile has the list read again before anybody hears of it, so that
 * a server which adds its tools one by one is seen when it has finished.
 */

/* What is pinned of a definition, in the order of canonical JSON. */
static const char *const pinned[] = {"annotations", "description",
    "inputSchema", "name", "outputSchema", "title"};

void
mcp_list_done(struct listing *l)
{
	buf_done(&l->text);
	l->n = l->seen = 0;
}

static void
clear(struct listing *l)
{
	buf_clear(&l->text);
	l->n = l->seen = 0;
}

static const char *
name_at(const struct listing *l, size_t i)
{
	return l->text.p + l->at[i].name;
}

/* Where the name stands, or belongs. */
static size_t
find(const struct listing *l, const char *name, bool *ret_there)
{
	size_t from = 0;
	size_t to = l->n;

	*ret_there = false;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int order = strcmp(name_at(l, mid), name);

		if (order == 0) {
			*ret_there = true;
			return mid;
		}
		if (order < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

/* False when the name stands twice. */
static bool
add_definition(struct listing *l, const char *name, const struct json *tool)
{
	struct definition d = {.name = l->text.len};
	const char *before = "{";
	bool there;
	size_t at = find(l, name, &there);
	size_t i;

	if (there)
		return false;
	buf_add(&l->text, name, strlen(name) + 1);
	d.text = l->text.len;
	for (i = 0; i < ARRAY_LEN(pinned); i++) {
		const struct json *v = json_get(tool, pinned[i]);

		if (v == NULL)
			continue;
		buf_addf(&l->text, "%s\"%s\":", before, pinned[i]);
		json_canonical(v, &l->text);
		before = ",";
	}
	buf_add(&l->text, "}", 2);
	memmove(&l->at[at + 1], &l->at[at], (l->n - at) * sizeof(l->at[0]));
	l->at[at] = d;
	l->n++;
	return true;
}

/* In words what is wrong, or NULL. */
static const char *
add_page(struct listing *l, const struct json *tools)
{
	const struct json *t;

	for (t = json_first(tools); t != NULL; t = json_next(t)) {
		const char *name = json_str(t, "name");

		if (l->seen++ == MCP_FUNCTIONS_MAX)
			return "the server lists more tools than fit";
		/* What has no name can be neither called nor shown. */
		if (name == NULL)
			continue;
		if (!add_definition(l, name, t))
			return "the server lists two tools of one name";
		if (l->text.overflow)
			return "the server's tools take too many words";
	}
	return NULL;
}

static void
ask_page(struct mcp *m, const char *cursor)
{
	m->list_id = mcp_request(m, "tools/list");
	if (cursor != NULL) {
		buf_adds(&m->out, "\"cursor\":");
		json_escape(&m->out, cursor, strlen(cursor));
	}
	mcp_request_end(m, cursor != NULL);
}

void
mcp_list_begin(struct mcp *m)
{
	m->counts.lists++;
	m->stale = false;
	m->pages = 0;
	m->list_id = 0;
	clear(&m->next);
	if (!mcp_window_add(&m->lists, m->now_ms, MCP_LISTS_MS, MCP_LISTS_MAX,
		0, INT64_MAX))
		mcp_give_up(m, "the server changes its tools without end");
	else
		ask_page(m, NULL);
}

void
mcp_list_changed(struct mcp *m)
{
	if (m->list_id != 0)
		m->stale = true;
	else if (m->phase == PHASE_READY)
		mcp_list_begin(m);
}

void
mcp_definitions_write(const struct mcp *m, struct buf *out)
{
	size_t i;

	buf_adds(out, "{");
	if (m->instructions.len > 0)
		buf_addf(out, "\"instructions\":%s,", m->instructions.p);
	buf_adds(out, "\"tools\":[");
	for (i = 0; i < m->listing.n; i++)
		buf_addf(out, "%s%s", i > 0 ? "," : "",
		    m->listing.text.p + m->listing.at[i].text);
	buf_adds(out, "]}");
}

enum err
mcp_definitions(const struct mcp *m, struct digest *ret)
{
	if (m->phase != PHASE_READY)
		return ERR_STATE;
	*ret = m->digest;
	return OK;
}

static void
take_digest(struct mcp *m)
{
	struct buf text;

	buf_init(&text,
	    MCP_DEFINITIONS_MAX + MCP_INSTRUCTIONS_MAX + MCP_FUNCTIONS_MAX +
		256);
	mcp_definitions_write(m, &text);
	assert(!text.overflow);
	crypto_hash(text.p, text.len, &m->digest);
	buf_done(&text);
}

void
mcp_list_listen(struct mcp *m)
{
	m->listen_id = mcp_request(m, "subscriptions/listen");
	buf_adds(&m->out, "\"notifications\":{\"toolsListChanged\":true}");
	mcp_request_end(m, true);
}

static void
on_whole(struct mcp *m)
{
	struct listing old = m->listing;
	struct digest before = m->digest;
	bool first = m->phase == PHASE_LIST;

	m->list_id = 0;
	if (m->stale) {
		mcp_list_begin(m);
		return;
	}
	m->listing = m->next;
	m->next = old;
	clear(&m->next);
	take_digest(m);
	if (first) {
		m->phase = PHASE_READY;
		m->fn(m->arg, MCP_READY, NULL);
	} else if (!digest_equal(&before, &m->digest)) {
		m->fn(m->arg, MCP_CHANGED, NULL);
	}
}

void
mcp_list_page(struct mcp *m, const struct json *message)
{
	const struct json *result = json_get(message, "result");
	const struct json *tools = json_get(result, "tools");
	const char *cursor = json_str(result, "nextCursor");
	const char *wrong;

	if (mcp_reply(m, message) != REPLY_RESULT || !json_is_array(tools)) {
		mcp_give_up(m, "the server does not list its tools");
		return;
	}
	wrong = add_page(&m->next, tools);
	/* What a cursor says is the server's business: an empty one is one. */
	if (wrong == NULL && cursor != NULL && strlen(cursor) > MCP_CURSOR_MAX)
		wrong = "the server's cursor is too long";
	if (wrong == NULL && cursor != NULL && ++m->pages == MCP_LIST_PAGES_MAX)
		wrong = "the server's list of tools does not end";
	if (wrong != NULL)
		mcp_give_up(m, wrong);
	else if (cursor != NULL)
		ask_page(m, cursor);
	else
		on_whole(m);
}

bool
mcp_is_listing(const struct mcp *m)
{
	return m->list_id != 0;
}

bool
mcp_lists(const struct mcp *m, const char *function)
{
	bool there;

	find(&m->listing, function, &there);
	return there;
}
