/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/str.h"
#include "mcp/mcp_priv.h"

/*
 * How to speak with a server.
 *
 * A modern one answers `server/discover`, or refuses it with one of three
 * errors that older ones cannot know.  A server that has not even started
 * when the probe's time is up is taken for legacy; when it then refuses
 * `initialize` as only a modern one does, it is believed after all, once.
 */

#define LEGACY_FIRST "2024-11-05"
#define LEGACY_LAST "2025-11-25"

/* The newest first. */
static const char *const modern[] = {"2026-07-28"};

enum {
	HEADER_MISMATCH = -32020,
	CAPABILITY_MISSING = -32021,
	REVISION_UNSUPPORTED = -32022,
};

static void
speak(struct mcp *m, enum mcp_era era, const char *revision)
{
	m->era = era;
	if (str_copy(m->revision, sizeof(m->revision), revision) != OK)
		m->revision[0] = '\0';
}

static bool
has_text(const struct json *list, const char *text)
{
	const struct json *v = json_is_array(list) ? json_first(list) : NULL;

	for (; v != NULL; v = json_next(v))
		if (json_is_string(v) && strcmp(json_text(v), text) == 0)
			return true;
	return false;
}

/* Revisions are dates; every one of the legacy era lists and calls tools in
 * the same form. */
static bool
is_legacy(const char *revision)
{
	size_t i;

	for (i = 0; revision[i] != '\0'; i++)
		if (i == 4 || i == 7 ? revision[i] != '-'
				     : revision[i] < '0' || revision[i] > '9')
			return false;
	return i == 10 && strcmp(revision, LEGACY_FIRST) >= 0 &&
	    strcmp(revision, LEGACY_LAST) <= 0;
}

static bool
has_legacy(const struct json *list)
{
	const struct json *v = json_is_array(list) ? json_first(list) : NULL;

	for (; v != NULL; v = json_next(v))
		if (json_is_string(v) && is_legacy(json_text(v)))
			return true;
	return false;
}

/* The best of the server's modern revisions, or NULL. */
static const char *
pick(const struct json *supported)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(modern); i++)
		if (has_text(supported, modern[i]))
			return modern[i];
	return NULL;
}

static void
probe(struct mcp *m, const char *revision)
{
	if (++m->probes > MCP_PROBES_MAX) {
		mcp_give_up(m, "the server refuses the revision it names");
		return;
	}
	m->phase = PHASE_PROBE;
	/* In question still, but asked as a modern one. */
	speak(m, m->era, revision);
	m->waiting_id = mcp_request(m, "server/discover");
	mcp_request_end(m, false);
}

static void
greet(struct mcp *m)
{
	m->phase = PHASE_HELLO;
	speak(m, MCP_LEGACY, LEGACY_LAST);
	m->waiting_id = mcp_request(m, "initialize");
	buf_adds(&m->out,
	    "\"protocolVersion\":\"" LEGACY_LAST "\",\"capabilities\":{},"
	    "\"clientInfo\":{\"name\":\"durward\",\"version\":\"1\"}");
	mcp_request_end(m, true);
}

void
mcp_era_begin(struct mcp *m)
{
	if (m->hint == MCP_LEGACY)
		greet(m);
	else
		probe(m, modern[0]);
}

bool
mcp_is_probing(const struct mcp *m)
{
	return m->phase == PHASE_PROBE && m->era == MCP_UNKNOWN;
}

void
mcp_probe_late(struct mcp *m)
{
	if (!mcp_is_probing(m))
		return;
	if (m->hint == MCP_MODERN) {
		mcp_give_up(m, "the server does not say what it speaks");
		return;
	}
	m->late_id = m->waiting_id;
	greet(m);
}

/* Keep what the server wants its readers to know; false when it is too much. */
static bool
keep_instructions(struct mcp *m, const struct json *result)
{
	const struct json *words = json_get(result, "instructions");

	buf_clear(&m->instructions);
	if (words != NULL)
		json_canonical(words, &m->instructions);
	if (!m->instructions.overflow)
		return true;
	mcp_give_up(m, "the server's instructions are too long");
	return false;
}

/* In the revision that was asked in, or chosen since. */
static void
go_modern(struct mcp *m, const struct json *result)
{
	const struct json *tools =
	    json_get(json_get(result, "capabilities"), "tools");

	m->era = MCP_MODERN;
	if (!keep_instructions(m, result))
		return;
	m->phase = PHASE_LIST;
	if (json_flag(tools, "listChanged"))
		mcp_list_listen(m);
	mcp_list_begin(m);
}

/* The server named the revisions it speaks, and not the one we asked in. */
static void
go_by_list(struct mcp *m, const struct json *supported)
{
	const char *revision = pick(supported);

	if (revision != NULL) {
		m->era = MCP_MODERN;
		probe(m, revision);
	} else if (m->hint != MCP_MODERN && !m->turned &&
	    has_legacy(supported)) {
		/* It may speak one that begins with a handshake, and says so;
		 * when it refuses that too, that is the end. */
		m->turned = true;
		greet(m);
	} else {
		mcp_give_up(m, "the server speaks no revision that we know");
	}
}

static void
on_discovered(struct mcp *m, const struct json *result)
{
	const struct json *supported = json_get(result, "supportedVersions");
	const char *revision = pick(supported);

	if (!json_is_object(json_get(result, "capabilities"))) {
		mcp_give_up(m, "the server's account of itself is malformed");
	} else if (revision != NULL) {
		speak(m, MCP_MODERN, revision);
		go_modern(m, result);
	} else {
		go_by_list(m, supported);
	}
}

static bool
is_modern_error(int64_t code)
{
	return code == HEADER_MISMATCH || code == CAPABILITY_MISSING ||
	    code == REVISION_UNSUPPORTED;
}

static const struct json *
supported_of(const struct json *message)
{
	return json_get(
	    json_get(json_get(message, "error"), "data"), "supported");
}

void
mcp_era_probed(struct mcp *m, const struct json *message)
{
	const struct json *result = json_get(message, "result");
	enum reply reply = mcp_reply(m, message);
	int64_t code = mcp_error_code(message);

	m->waiting_id = 0;
	if (reply == REPLY_RESULT &&
	    json_is_array(json_get(result, "supportedVersions")))
		on_discovered(m, result);
	else if (reply == REPLY_ERROR && code == REVISION_UNSUPPORTED)
		go_by_list(m, supported_of(message));
	else if (reply == REPLY_ERROR && is_modern_error(code))
		go_modern(m, NULL);
	else if (m->hint == MCP_MODERN || m->era == MCP_MODERN)
		mcp_give_up(m, "the server does not say what it speaks");
	else
		greet(m);
}

static void
on_refused(struct mcp *m, const struct json *message)
{
	const char *revision = NULL;

	if (mcp_error_code(message) == REVISION_UNSUPPORTED && !m->turned)
		revision = pick(supported_of(message));
	m->turned = true;
	if (revision == NULL) {
		mcp_give_up(m, "the server refused the handshake");
		return;
	}
	m->era = MCP_MODERN;
	m->probes = 0;
	probe(m, revision);
}

void
mcp_era_greeted(struct mcp *m, const struct json *message)
{
	const struct json *result = json_get(message, "result");
	const char *revision = json_words(result, "protocolVersion");

	m->waiting_id = 0;
	if (mcp_reply(m, message) != REPLY_RESULT) {
		on_refused(m, message);
		return;
	}
	if (!is_legacy(revision) ||
	    !json_is_object(json_get(result, "capabilities"))) {
		mcp_give_up(m, "the server speaks no revision that we know");
		return;
	}
	speak(m, MCP_LEGACY, revision);
	if (!keep_instructions(m, result))
		return;
	mcp_notify(m, "notifications/initialized", NULL);
	m->phase = PHASE_LIST;
	mcp_list_begin(m);
}
