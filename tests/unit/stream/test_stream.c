/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "stream/stream.h"

static void
check_setup(void)
{
}

/* Each event in brackets, behind `!` when it is one of an error. */
static enum err
on_event(
    void *arg, bool is_error, const char *p, size_t len, struct errmsg *why)
{
	struct buf *out = arg;

	buf_adds(out, is_error ? "!(" : "(");
	buf_add(out, p, len);
	buf_adds(out, ")");
	if (len == 4 && memcmp(p, "stop", 4) == 0)
		return err_say(why, ERR_STATE, "stopped");
	return OK;
}

static void
check_events(
    bool events, const char *text, size_t first, size_t step, const char *want)
{
	struct stream s;
	struct buf out;
	struct errmsg why;
	enum err e = OK;
	size_t len = strlen(text);
	size_t at;
	size_t n;

	buf_init(&out, 4096);
	buf_adds(&out, "");
	stream_init(&s, events, on_event, &out);
	for (at = 0; at < len && e == OK; at += n) {
		n = at == 0 && first > 0 ? first : step > 0 ? step : len;
		n = n < len - at ? n : len - at;
		e = stream_feed(&s, text + at, n, &why);
	}
	if (e == OK)
		e = stream_end(&s, &why);
	if (e != OK)
		buf_addf(&out, " %d", (int)e);
	CHECK_STR(out.p, want);
	stream_done(&s);
	buf_done(&out);
}

TEST(events_are_the_same_in_pieces_of_any_size)
{
	static const struct {
		bool events;
		const char *text;
		const char *want;
	} rows[] = {
	    {true, "data: a\n\ndata: b\n\n", "(a)(b)"},
	    {true, "data: a\r\n\r\ndata: b\r\n\r\n", "(a)(b)"},
	    {true, "data: a\r\rdata: b\r\r", "(a)(b)"},
	    {true, "data: a\r\n\rdata: b\n\r", "(a)(b)"},
	    {true, "data:a\ndata:  b\ndata\ndata: c\n\n", "(a\n b\n\nc)"},
	    {true, "data\n\n", "()"},
	    {true, ": x\nid: 1\nretry: 2\ndatum: 3\n\n", ""},
	    {true, "\n\n\ndata: a\n\n\n\n", "(a)"},
	    {true, "event: error\ndata: a\n\ndata: b\n\n", "!(a)(b)"},
	    {true, "event: error\n\ndata: b\n\n", "(b)"},
	    {true, "event:errors\ndata: a\n\n", "(a)"},
	    {true, "error: a\n\n", "!(a)"},
	    {true, "data: a", "(a)"},
	    {true, "data: a\n", "(a)"},
	    {true,
		"\xef\xbb\xbf"
		"data: a\n\n",
		"(a)"},
	    {true,
		"\xef\xbb"
		"data: a\n\ndata: b\n\n",
		"(b)"},
	    {true,
		"\xef\xbb\xbf\xef\xbb\xbf"
		"data: a\n\ndata: b\n\n",
		"(b)"},
	    {true, " {\n\"a\": 1\r\n}\n", "({\n\"a\": 1\n})"},
	    {true, "[\n1]", "([\n1])"},
	    {true, "\n  <html>", " 1"},
	    {true, "data: stop\n\ndata: a\n\n", "(stop) 5"},
	    {false, "a\nb\n", "(a)(b)"},
	    {false, "a\r\n\r\n b\r\rc", "(a)(b)(c)"},
	    {false,
		"\xef\xbb\xbf"
		"a\n",
		"(a)"},
	    {false, "<html>\n", " 1"},
	    {false, "stop\na\n", "(stop) 5"},
	    {false, "", ""},
	    {true, "", ""},
	};
	size_t i;
	size_t at;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].text);
		check_events(rows[i].events, rows[i].text, 0, 0, rows[i].want);
		check_events(rows[i].events, rows[i].text, 0, 1, rows[i].want);
		for (at = 1; at < strlen(rows[i].text); at++)
			check_events(
			    rows[i].events, rows[i].text, at, 0, rows[i].want);
	}
}

static void
check_line(bool events, size_t len, size_t step, enum err want)
{
	char *line = malloc(len + 2);
	struct stream s;
	struct buf out;
	struct errmsg why = {""};
	enum err e = OK;
	size_t at;

	memset(line, 'a', len);
	if (events)
		memcpy(line, "data:", 5);
	memcpy(line + len, "\n\n", 2);
	buf_init(&out, 2 * MODEL_LINE_MAX);
	stream_init(&s, events, on_event, &out);
	for (at = 0; at < len + 2 && e == OK; at += step)
		e = stream_feed(&s, line + at,
		    step < len + 2 - at ? step : len + 2 - at, &why);
	CHECK_INT(e, want);
	CHECK((e == OK) == (out.len > 0));
	CHECK(e == OK || strstr(why.text, "line of more than") != NULL);
	stream_done(&s);
	buf_done(&out);
	free(line);
}

TEST(a_line_has_a_limit)
{
	int events;

	for (events = 0; events <= 1; events++) {
		check_line(events, MODEL_LINE_MAX, MODEL_LINE_MAX + 2, OK);
		check_line(events, MODEL_LINE_MAX, 4096, OK);
		check_line(
		    events, MODEL_LINE_MAX + 1, MODEL_LINE_MAX + 3, ERR_LIMIT);
		check_line(events, MODEL_LINE_MAX + 1, 4096, ERR_LIMIT);
	}
}

/* And takes no longer for that. */
TEST(white_space_in_front_is_dropped_byte_by_byte)
{
	struct stream s;
	struct buf out;
	struct errmsg why;
	size_t i;

	buf_init(&out, 1024);
	stream_init(&s, true, on_event, &out);
	for (i = 0; i < 2 * MODEL_LINE_MAX; i++)
		if (stream_feed(&s, " ", 1, &why) != OK)
			break;
	CHECK_INT(i, 2 * MODEL_LINE_MAX);
	CHECK_INT(s.line.len, 0);
	CHECK(stream_feed(&s, "{}", 2, &why) == OK);
	CHECK(stream_end(&s, &why) == OK);
	CHECK_STR(out.p, "({})");
	stream_done(&s);
	buf_done(&out);
}

/* Of one piece with a million ends of one kind none is looked for twice: by
 * another way this takes minutes. */
TEST(many_lines_in_one_piece_take_no_longer)
{
	char *lines = malloc(MODEL_REPLY_MAX);
	struct stream s;
	struct buf out;
	struct errmsg why;
	size_t i;

	buf_init(&out, 1024);
	for (i = 0; i < 2; i++) {
		memset(lines, "\r\n"[i], MODEL_REPLY_MAX);
		stream_init(&s, true, on_event, &out);
		alarm(20);
		CHECK(stream_feed(&s, lines, MODEL_REPLY_MAX, &why) == OK);
		alarm(0);
		stream_done(&s);
	}
	CHECK_INT(out.len, 0);
	buf_done(&out);
	free(lines);
}

TEST(the_data_of_an_event_has_a_limit)
{
	static char line[1024];
	struct stream s;
	struct buf out;
	struct errmsg why;
	enum err e = OK;
	size_t n = 0;

	memset(line, 'a', sizeof(line));
	memcpy(line, "data:", 5);
	line[sizeof(line) - 1] = '\n';
	buf_init(&out, 1024);
	stream_init(&s, true, on_event, &out);
	while (e == OK && n++ < 2 * MODEL_LINE_MAX / sizeof(line))
		e = stream_feed(&s, line, sizeof(line), &why);
	CHECK_INT(e, ERR_LIMIT);
	CHECK(n <= MODEL_LINE_MAX / (sizeof(line) - 6) + 1);
	stream_done(&s);
	buf_done(&out);
}
