/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "sys/clock.h"
#include "tools/tools_priv.h"

/*
 * What each tool said on stderr: its last lines, in a ring of SAID_MAX bytes
 * that is made with the first of them and stays when the container ends.
 * Each line stands behind a head; the oldest lines give way, and it is
 * counted how many did.
 */

struct line_head {
	int64_t at_ms; /* Of the boot clock. */
	uint16_t len;
	bool ours; /* Said by the house. */
};

_Static_assert(SAID_LINE_KEPT_MAX <= UINT16_MAX, "a head holds its length");
_Static_assert(SAID_LINE_KEPT_MAX < SAID_PAGE_MAX, "a page holds a line");

struct said *
said_find(struct tools *t, const char *tool)
{
	size_t i;

	for (i = 0; i < TOOLS_MAX; i++)
		if (strcmp(t->said[i].tool, tool) == 0)
			return &t->said[i];
	return NULL;
}

/* Its own, an empty one, or one of a tool that is not open any more. */
struct said *
said_of(struct tools *t, const char *tool)
{
	struct said *s = said_find(t, tool);
	size_t i;

	if (s == NULL)
		s = said_find(t, "");
	for (i = 0; i < TOOLS_MAX && s == NULL; i++)
		if (room_find(t, t->said[i].tool) == NULL)
			s = &t->said[i];
	if (s == NULL || strcmp(s->tool, tool) == 0)
		return s;
	free(s->ring);
	memset(s, 0, sizeof(*s));
	snprintf(s->tool, sizeof(s->tool), "%s", tool);
	return s;
}

static void
ring_read(const struct said *s, size_t at, void *to, size_t len)
{
	size_t from = (s->start + at) % SAID_MAX;
	size_t first = SAID_MAX - from < len ? SAID_MAX - from : len;

	memcpy(to, s->ring + from, first);
	memcpy((char *)to + first, s->ring, len - first);
}

static void
ring_add(struct said *s, const void *p, size_t len)
{
	size_t to = (s->start + s->used) % SAID_MAX;
	size_t first = SAID_MAX - to < len ? SAID_MAX - to : len;

	memcpy(s->ring + to, p, first);
	memcpy(s->ring, (const char *)p + first, len - first);
	s->used += len;
}

static void
drop_oldest(struct said *s)
{
	struct line_head head;
	size_t len;

	ring_read(s, 0, &head, sizeof(head));
	len = sizeof(head) + head.len;
	s->start = (s->start + len) % SAID_MAX;
	s->used -= len;
	s->first++;
}

static void
said_keep_line(struct said *s, int64_t at_ms, bool ours, char *line, size_t len)
{
	struct line_head head = {
	    .at_ms = at_ms, .len = (uint16_t)len, .ours = ours};

	if (s->ring == NULL)
		s->ring = xalloc(SAID_MAX);
	while (SAID_MAX - s->used < sizeof(head) + len)
		drop_oldest(s);
	ring_add(s, &head, sizeof(head));
	ring_add(s, line, len);
	s->next++;
}

void
said_note(struct said *s, const char *fmt, ...)
{
	char line[SAID_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	said_keep_line(s, clock_boot_ms(), true, line, strlen(line));
}

/* ---- One stream, cut into lines ---- */

static void
end_line(struct hearing *h)
{
	if (h->at_ms != 0)
		said_keep_line(h->said, h->at_ms, false, h->line, h->len);
	if (h->len > SAID_LINE_MAX)
		said_note(h->said, "%zu bytes more stood in this line",
		    h->len - SAID_LINE_MAX + h->cut);
	h->len = h->cut = 0;
	h->at_ms = 0;
}

static void
add_to_line(struct hearing *h, const char *p, size_t len, int64_t now_ms)
{
	size_t room = sizeof(h->line) - h->len;
	size_t n = len < room ? len : room;

	if (h->at_ms == 0)
		h->at_ms = now_ms;
	memcpy(h->line + h->len, p, n);
	h->len += n;
	h->cut += len - n;
}

void
hearing_window_end(struct hearing *h)
{
	if (h->left_out > 0)
		said_note(h->said,
		    "%zu bytes were left out: it said more than %d KiB in "
		    "one second",
		    h->left_out, SAID_WINDOW_KEPT_MAX / 1024);
	h->heard = h->left_out = 0;
	h->window_ms = 0;
}

/* A line that was begun comes to its end all the same: cut where too much is
 * heard, it could be the half of a secret. */
bool
hearing_feed(struct hearing *h, const char *p, size_t len, int64_t now_ms)
{
	bool too_much;
	struct str rest = {p, len};
	const char *end;

	if (h->window_ms != 0 && now_ms >= h->window_ms)
		hearing_window_end(h);
	if (h->window_ms == 0)
		h->window_ms = now_ms + SAID_WINDOW_MS;
	too_much = h->heard + len > SAID_WINDOW_KEPT_MAX;
	h->heard += len;
	for (; rest.len > 0; rest.p += len + 1, rest.len -= len + 1) {
		if (too_much && h->at_ms == 0) {
			h->left_out += rest.len;
			h->said->left_out += rest.len;
			break;
		}
		end = memchr(rest.p, '\n', rest.len);
		len = end != NULL ? (size_t)(end - rest.p) : rest.len;
		add_to_line(h, rest.p, len, now_ms);
		if (end == NULL)
			break;
		end_line(h);
	}
	return h->heard <= SAID_WINDOW_READ_MAX;
}

void
hearing_end(struct hearing *h)
{
	end_line(h);
	hearing_window_end(h);
}

/* ---- Telling ---- */

static struct json *
line_json(const struct said *s, size_t at, const struct line_head *head)
{
	struct json *v = json_object();
	char text[SAID_LINE_KEPT_MAX + 1];
	size_t i;

	ring_read(s, at + sizeof(*head), text, head->len);
	for (i = 0; i < head->len; i++)
		if (text[i] == '\0')
			text[i] = '?';
	text[head->len] = '\0';
	str_mend(text);
	json_put_int(v, "at_ms", head->at_ms);
	json_put_bool(v, "house", head->ours);
	json_put_str(v, "text", text);
	return v;
}

struct json *
said_page(const struct said *s, uint64_t from)
{
	struct json *v = json_object();
	struct json *lines = json_array();
	struct line_head head;
	uint64_t n = s->first;
	size_t at = 0;
	size_t bytes = 0;

	if (from < s->first)
		from = s->first;
	for (; at < s->used; at += sizeof(head) + head.len, n++) {
		ring_read(s, at, &head, sizeof(head));
		if (n < from)
			continue;
		bytes += head.len;
		if (bytes > SAID_PAGE_MAX || n - from == LIST_MAX)
			break;
		json_push(lines, line_json(s, at, &head));
	}
	json_put(v, "lines", lines);
	json_put_int(v, "first", (int64_t)s->first);
	json_put_int(v, "next", (int64_t)n);
	json_put_int(v, "left_out", (int64_t)s->left_out);
	return v;
}
