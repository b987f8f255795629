/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "sys/clock.h"
#include "tools/tools_priv.h"

/*
 * A page of what a tool said, on its way to who asked for it.  The lines go
 * through the scanner as the text they were, since a secret of several lines
 * was said as several.
 */

struct telling {
	struct tools *tools;
	struct json *page;
};

static void
join(const struct json *page, struct buf *out)
{
	const struct json *m;

	for (m = json_first(json_get(page, "lines")); m != NULL;
	     m = json_next(m)) {
		buf_adds(out, json_words(m, "text"));
		buf_adds(out, "\n");
	}
}

static size_t
told_len(struct str line)
{
	return line.len <= SAID_LINE_MAX ? line.len
					 : str_cut(line.p, SAID_LINE_MAX);
}

/* Of the cleaned text, with the times and origins of the lines that were;
 * where a secret took the end of a line with it, what follows is all of the
 * time of the first.  Only here is a line cut that is too long: before that
 * the cut could part a secret. */
static struct json *
part(const struct json *page, struct str text)
{
	const struct json *was = json_first(json_get(page, "lines"));
	const struct json *first = was;
	struct json *lines = json_array();
	size_t n = 0;
	size_t i;
	struct str line;

	for (i = 0; i < text.len; i++)
		n += text.p[i] == '\n';
	while (str_line(&text, &line)) {
		const struct json *of = was != NULL ? was : first;
		struct json *v = json_object();

		json_put_int(v, "at_ms", json_int(of, "at_ms", 0));
		json_put_bool(v, "house", json_flag(of, "house"));
		json_put_strn(v, "text", line.p, told_len(line));
		json_push(lines, v);
		was = n == json_count(json_get(page, "lines")) && was != NULL
		    ? json_next(was)
		    : NULL;
	}
	return lines;
}

static struct json *
with_lines(const struct json *page, struct json *lines)
{
	static const char *const numbers[] = {
	    "id", "first", "next", "left_out", "now_ms"};
	struct json *v = json_object();
	size_t i;

	for (i = 0; i < ARRAY_LEN(numbers); i++)
		json_put_int(v, numbers[i], json_int(page, numbers[i], 0));
	json_put_str(v, "epoch", json_words(page, "epoch"));
	json_put(v, "lines", lines);
	return v;
}

static void
send_page(void *arg, enum scan result, const char *text, size_t len)
{
	struct telling *t = arg;
	struct json *lines = part(t->page, (struct str){text, len});

	(void)result;
	peers_send(t->tools->peers, ROLE_CORE, MSG_TOOL_LOG,
	    with_lines(t->page, lines));
	json_free(t->page);
	free(t);
}

/* {"id", "tool", "from"}: what it said, from that line on. */
void
telling_on_wanted(void *role, struct msg *m)
{
	static const struct said nothing;
	struct telling *t = xalloc(sizeof(*t));
	const char *tool = json_words(m->body, "tool");
	const struct said *s;
	struct buf text;

	t->tools = role;
	s = tool[0] != '\0' ? said_find(t->tools, tool) : NULL;
	t->page = said_page(
	    s != NULL ? s : &nothing, (uint64_t)json_int(m->body, "from", 0));
	json_put_int(t->page, "id", json_int(m->body, "id", 0));
	/* Numbers begin anew with each start of ours. */
	json_put_str(t->page, "epoch", t->tools->epoch);
	json_put_int(t->page, "now_ms", clock_boot_ms());
	buf_init(&text, LANE_BULK_MAX);
	join(t->page, &text);
	scanner_pass(t->tools->scanner, text.p != NULL ? text.p : "", text.len,
	    send_page, t);
	buf_done(&text);
}
