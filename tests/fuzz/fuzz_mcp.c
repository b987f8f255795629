/* SPDX-License-Identifier: Apache-2.0 */
/* A server that says anything, in pieces, in each era: the session ends at
 * most once, every answer is text and belongs to a call that waited, what
 * changed has another digest, and all that we write is the protocol: whole
 * lines, new ids, `_meta` for a modern server and never an answer to one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "crypto/crypto.h"
#include "mcp/mcp.h"

#define CALLS 4

struct seen {
	struct mcp *m;
	int broken;
	int ready;
	struct digest digest;
	int64_t last_id;
	int64_t open[CALLS];
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
on_answer(struct seen *s, const struct mcp_answer *a)
{
	int i;

	for (i = 0; i < CALLS; i++) {
		if (s->open[i] != a->id)
			continue;
		s->open[i] = -1;
		must(str_is_utf8(a->text, strlen(a->text)));
		return;
	}
	abort();
}

static void
on_definitions(struct seen *s)
{
	struct digest was = s->digest;
	struct digest is;
	struct buf b;

	must(mcp_definitions(s->m, &s->digest) == OK);
	must(!digest_equal(&was, &s->digest));
	buf_init(&b, 4 * 1024 * 1024);
	mcp_definitions_write(s->m, &b);
	must(json_is_canonical(b.p, b.len));
	crypto_hash(b.p, b.len, &is);
	must(digest_equal(&is, &s->digest));
	buf_done(&b);
}

static void
on_event(void *arg, enum mcp_event event, const struct mcp_answer *a)
{
	struct seen *s = arg;
	int i;

	must(s->broken == 0);
	switch (event) {
	case MCP_BROKEN:
		s->broken++;
		break;
	case MCP_READY:
		must(s->ready++ == 0);
		must(mcp_era(s->m) != MCP_UNKNOWN);
		on_definitions(s);
		for (i = 0; i < CALLS; i++)
			must(
			    mcp_call(s->m, "save", "{}", 2, &s->open[i]) == OK);
		mcp_cancel(s->m, s->open[0]);
		s->open[0] = -1;
		break;
	case MCP_CHANGED:
		must(s->ready == 1);
		on_definitions(s);
		break;
	case MCP_ANSWER:
		on_answer(s, a);
		break;
	}
}

static void
check_line(struct seen *s, const char *p, size_t len)
{
	struct json *line;
	const struct json *meta;
	int64_t id;

	must(json_parse(p, len, &line) == OK);
	must(strcmp(json_words(line, "jsonrpc"), "2.0") == 0);
	id = json_int(line, "id", 0);
	meta = json_get(json_get(line, "params"), "_meta");
	if (json_str(line, "method") == NULL) {
		must(mcp_era(s->m) == MCP_LEGACY);
		must(json_has(line, "result") != json_has(line, "error"));
	} else if (json_has(line, "id")) {
		must(id > s->last_id);
		s->last_id = id;
		must(json_has(meta,
			 "io.modelcontextprotocol/"
			 "protocolVersion") == (mcp_era(s->m) != MCP_LEGACY));
	}
	json_free(line);
}

/* What went out, as a server reads it; nothing of it may be half. */
static void
check_out(struct seen *s)
{
	struct buf *out = mcp_out(s->m);
	const char *p = out->p;
	const char *end;

	must(out->len == 0 || out->p[out->len - 1] == '\n');
	while (p != NULL && p < out->p + out->len) {
		end = strchr(p, '\n');
		must(end != NULL);
		check_line(s, p, (size_t)(end - p));
		p = end + 1;
	}
	buf_clear(out);
}

/* At most, and no more than to the end of the line: what is written is
 * judged by what the server is thought to be right then. */
static size_t
piece_len(const uint8_t *p, size_t len, size_t most)
{
	size_t n = len < most ? len : most;
	const uint8_t *end = memchr(p, '\n', n);

	return end != NULL ? (size_t)(end - p) + 1 : n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first two bytes say how: the sizes of pieces, what is known of the
 * server, and when its time to say what it is runs out. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen s = {.open = {-1, -1, -1, -1}};
	static bool open;
	size_t most;
	size_t n;
	size_t late;
	size_t at;

	if (!open)
		crypto_open();
	open = true;
	if (size < 2)
		return 0;
	most = data[0] % 64 == 63 ? size : data[0] % 64 + 1;
	late = data[1] / 4 == 63 ? size : data[1] / 4 * 8;
	s.m = mcp_new(on_event, &s);
	mcp_start(s.m, (enum mcp_era)(data[1] % 3));
	check_out(&s);
	for (at = 2; at < size && s.broken == 0; at += n) {
		char *exact;

		n = piece_len(data + at, size - at, most);
		exact = malloc(n);
		if (at >= late) {
			mcp_probe_late(s.m);
			check_out(&s);
		}
		memcpy(exact, data + at, n);
		mcp_feed(s.m, exact, n, (int64_t)at * (data[0] / 64));
		free(exact);
		if (s.broken == 0)
			check_out(&s);
	}
	mcp_free(s.m);
	return 0;
}
