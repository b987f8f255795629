/* SPDX-License-Identifier: Apache-2.0 */
#include "web/text.h"

#include <string.h>

#include "web/charset.h"

#define BREAKS_MAX 3 /* Of what is meant; two else. */
#define BLANKS_MAX 64
#define INDENT_MAX 20

void
text_init(struct text *t)
{
	/* Without the text itself. */
	t->len = t->missing = t->indent = 0;
	t->breaks = t->blanks = t->marker_indent = 0;
	t->as_is = false;
	t->marker[0] = '\0';
	t->at_line_start = true;
}

void
text_append(struct text *t, const char *p, size_t n)
{
	/* What comes behind a gap would read as if there were none. */
	if (t->missing > 0 || n > TEXT_MAX - t->len) {
		t->missing += n;
		return;
	}
	memcpy(t->p + t->len, p, n);
	t->len += n;
}

static void
append_blanks(struct text *t, size_t n)
{
	for (; n > 0; n--)
		text_append(t, " ", 1);
}

static size_t
indent_of(const struct text *t)
{
	size_t n = t->marker[0] != '\0' ? t->marker_indent : t->indent;

	return n < INDENT_MAX ? n : INDENT_MAX;
}

/* Something is about to follow: what waited for it comes first. */
static void
settle(struct text *t)
{
	if (text_at(t) > 0)
		for (; t->breaks > 0; t->breaks--)
			text_append(t, "\n", 1);
	if (t->at_line_start) {
		append_blanks(t, indent_of(t));
		text_append(t, t->marker, strlen(t->marker));
		if (!t->as_is)
			t->blanks = 0;
	}
	append_blanks(t, t->blanks);
	t->marker[0] = '\0';
	t->breaks = t->blanks = 0;
	t->at_line_start = false;
}

/* Separators and marks of direction, tags and the like: they could hide words
 * from a person that a program would read. */
static bool
is_invisible(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x34f ||
	    c == 0x61c || c == 0x115f || c == 0x1160 || c == 0x17b4 ||
	    c == 0x17b5 || (c >= 0x180b && c <= 0x180f) || c == 0x200b ||
	    c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0x3164 ||
	    (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || c == 0xffa0 ||
	    (c >= 0xfff0 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe ||
	    (c >= 0xfdd0 && c <= 0xfdef) || (c >= 0xe0000 && c <= 0xe0fff);
}

static bool
is_blank(uint32_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' ||
	    c == 0xa0 || c == 0x2028 || c == 0x2029;
}

bool
text_shows(uint32_t c)
{
	return !is_blank(c) && !is_invisible(c);
}

static void
put_as_is(struct text *t, uint32_t c)
{
	if (c == '\n' || c == 0x2028 || c == 0x2029) {
		t->breaks += t->breaks < BREAKS_MAX ? 1 : 0;
		t->blanks = 0;
		t->at_line_start = true;
	} else if (c == '\t') {
		settle(t);
		text_append(t, "\t", 1);
	} else if ((c == ' ' || c == 0xa0) && t->blanks < BLANKS_MAX) {
		t->blanks++;
	}
}

void
text_put(struct text *t, uint32_t c)
{
	char bytes[4];

	if (is_blank(c) && t->as_is) {
		put_as_is(t, c);
	} else if (is_blank(c)) {
		t->blanks = 1;
	} else if (!is_invisible(c)) {
		settle(t);
		text_append(t, bytes, charset_utf8(c, bytes));
	}
}

void
text_blank(struct text *t)
{
	t->blanks = 1;
}

void
text_break(struct text *t, size_t n)
{
	/* Between a marker and its words there is none. */
	if (t->breaks < n && t->marker[0] == '\0')
		t->breaks = n;
	t->blanks = 0;
	t->at_line_start = true;
}

void
text_mark(struct text *t, const char *marker, size_t indent)
{
	size_t old = strlen(t->marker);
	size_t n = strlen(marker);

	if (old == 0)
		t->marker_indent = indent;
	if (n < sizeof(t->marker) - old)
		memcpy(t->marker + old, marker, n + 1);
}

void
text_unmark(struct text *t)
{
	t->marker[0] = '\0';
}

size_t
text_at(const struct text *t)
{
	return t->len + t->missing;
}

void
text_done(struct text *t)
{
	t->p[t->len] = '\0';
}
