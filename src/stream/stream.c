/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/stream.h"

#include <string.h>

/* Whatever form it has, a line or an event is bounded. */
#define TOO_LONG                                                               \
	"the model's server sent a line of more than %d bytes; look whether "  \
	"its address is right"

void
stream_init(struct stream *s, bool wants_events, stream_fn *fn, void *arg)
{
	memset(s, 0, sizeof(*s));
	s->wants_events = wants_events;
	s->fn = fn;
	s->arg = arg;
	buf_init(&s->line, MODEL_LINE_MAX);
	buf_init(&s->data, MODEL_LINE_MAX);
}

void
stream_done(struct stream *s)
{
	buf_done(&s->line);
	buf_done(&s->data);
}

/* The first byte that is not white space tells what it will be. */
static enum err
find_form(struct stream *s, const char *p, size_t len, struct errmsg *why)
{
	if (len == 0 || s->form != FORM_UNKNOWN)
		return OK;
	if (*p == '<')
		return err_say(why, ERR_INPUT,
		    "a web page came instead of a model's answer; look "
		    "whether the provider's address is right");
	if (!s->wants_events)
		s->form = FORM_LINES;
	else
		s->form = *p == '{' || *p == '[' ? FORM_WHOLE : FORM_EVENTS;
	return OK;
}

static enum err
end_event(struct stream *s, struct errmsg *why)
{
	enum err e = OK;

	if (s->has_data)
		e = s->fn(s->arg, s->is_error, s->data.p, s->data.len, why);
	buf_clear(&s->data);
	s->has_data = false;
	s->is_error = false;
	return e;
}

static enum err
add_data(struct stream *s, const char *p, size_t len, struct errmsg *why)
{
	if (s->has_data)
		buf_add(&s->data, "\n", 1);
	buf_add(&s->data, p, len);
	s->has_data = true;
	if (s->data.overflow)
		return err_say(why, ERR_LIMIT, TOO_LONG, MODEL_LINE_MAX);
	return OK;
}

static bool
is_field(const char *p, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(p, name, len) == 0;
}

/* A line of SSE: `field: value`, `field`, or a comment. */
static enum err
take_field(struct stream *s, const char *p, size_t len, struct errmsg *why)
{
	const char *colon;
	const char *value;
	size_t name_len;

	if (len == 0)
		return end_event(s, why);
	colon = memchr(p, ':', len);
	name_len = colon != NULL ? (size_t)(colon - p) : len;
	value = colon != NULL ? colon + 1 : p + len;
	if (value < p + len && *value == ' ')
		value++;
	len = (size_t)(p + len - value);
	if (is_field(p, name_len, "data"))
		return add_data(s, value, len, why);
	if (is_field(p, name_len, "event")) {
		s->is_error = is_field(value, len, "error");
	} else if (is_field(p, name_len, "error")) {
		/* llama.cpp's server had this for a field. */
		s->is_error = true;
		return add_data(s, value, len, why);
	}
	return OK;
}

static enum err
take_line(struct stream *s, const char *p, size_t len, struct errmsg *why)
{
	enum err e = find_form(s, p, len, why);

	if (e != OK)
		return e;
	switch (s->form) {
	case FORM_WHOLE:
		return add_data(s, p, len, why);
	case FORM_EVENTS:
		return take_field(s, p, len, why);
	case FORM_UNKNOWN:
		return OK;
	case FORM_LINES:
		break;
	}
	while (len > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		len--;
	}
	return len > 0 ? s->fn(s->arg, false, p, len, why) : OK;
}

/* Up to the end of a line, or to the end of the piece.  Byte by byte: to look
 * for one kind of end at a time would read a piece that has only the other
 * again for each of its lines. */
static size_t
line_len(const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] != '\n' && p[n] != '\r')
		n++;
	return n;
}

/* True while the bytes may be a mark of the byte order, which is dropped. */
static bool
take_bom(struct stream *s, char c)
{
	static const char bom[] = "\xef\xbb\xbf";

	if (s->bom < 3 && c == bom[s->bom]) {
		s->bom++;
		return true;
	}
	/* Half of one is something else. */
	if (s->bom < 3)
		buf_add(&s->line, bom, (size_t)s->bom);
	s->bom = 3;
	return false;
}

static enum err
keep_part(struct stream *s, const char *p, size_t len, struct errmsg *why)
{
	buf_add(&s->line, p, len);
	if (s->line.overflow)
		return err_say(why, ERR_LIMIT, TOO_LONG, MODEL_LINE_MAX);
	return s->line.len > 0 ? find_form(s, s->line.p, s->line.len, why) : OK;
}

/* White space in front of everything is dropped, however much it is. */
static bool
is_blank_before(const struct stream *s, char c)
{
	return s->form == FORM_UNKNOWN && s->line.len == 0 &&
	    (c == ' ' || c == '\t');
}

enum err
stream_feed(struct stream *s, const char *p, size_t len, struct errmsg *why)
{
	enum err e;

	while (len > 0 && s->bom < 3 && take_bom(s, *p)) {
		p++;
		len--;
	}
	while (len > 0) {
		size_t n;
		bool whole;

		if (s->after_cr && *p == '\n') {
			s->after_cr = false;
			p++;
			len--;
			continue;
		}
		s->after_cr = false;
		if (is_blank_before(s, *p)) {
			p++;
			len--;
			continue;
		}
		n = line_len(p, len);
		whole = n < len;
		if (!whole || s->line.len > 0 || n > MODEL_LINE_MAX) {
			e = keep_part(s, p, n, why);
			if (e != OK || !whole)
				return e;
			e = take_line(s, s->line.p, s->line.len, why);
			buf_clear(&s->line);
		} else {
			e = take_line(s, p, n, why);
		}
		if (e != OK)
			return e;
		s->after_cr = p[n] == '\r';
		p += n + 1;
		len -= n + 1;
	}
	return OK;
}

/* The whole object is handed on as one event, and so is what servers leave
 * without the empty line behind it: whether the answer is over is not the
 * stream's to say. */
enum err
stream_end(struct stream *s, struct errmsg *why)
{
	enum err e = OK;

	if (s->bom < 3)
		s->bom = 3;
	if (s->line.len > 0)
		e = take_line(s, s->line.p, s->line.len, why);
	buf_clear(&s->line);
	return e == OK ? end_event(s, why) : e;
}
