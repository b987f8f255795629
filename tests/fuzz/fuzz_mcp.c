/* SPDX-License-Identifier: Apache-2.0 */
/* A server that says anything, in pieces: the session ends at most once,
 * and every answer is text and belongs to a call that waited. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tool/mcp.h"

#define CALLS 4

struct seen {
	struct mcp *m;
	int broken;
	int ready;
	int64_t open[CALLS];
};

static void
on_answer(struct seen *s, const struct mcp_answer *a)
{
	int i;

	for (i = 0; i < CALLS; i++) {
		if (s->open[i] != a->id)
			continue;
		s->open[i] = -1;
		if (!str_is_utf8(a->text, strlen(a->text)))
			abort();
		return;
	}
	abort();
}

static void
on_event(void *arg, enum mcp_event event, const struct mcp_answer *a)
{
	struct seen *s = arg;
	int i;

	if (s->broken > 0)
		abort();
	switch (event) {
	case MCP_BROKEN:
		s->broken++;
		break;
	case MCP_READY:
		if (s->ready++ > 0)
			abort();
		for (i = 0; i < CALLS; i++)
			if (mcp_call(s->m, "save", "{}", 2, &s->open[i]) != OK)
				abort();
		mcp_cancel(s->m, s->open[0]);
		s->open[0] = -1;
		break;
	case MCP_ANSWER:
		on_answer(s, a);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen s = {.open = {-1, -1, -1, -1}};
	size_t piece = size > 0 ? (size_t)(data[0] & 63) + 1 : 1;
	size_t at;

	s.m = mcp_new(on_event, &s);
	mcp_start(s.m);
	for (at = 1; at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;
		char *exact = malloc(n);

		memcpy(exact, data + at, n);
		mcp_feed(s.m, exact, n);
		free(exact);
	}
	mcp_free(s.m);
	return 0;
}
