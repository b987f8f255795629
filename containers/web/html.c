/* SPDX-License-Identifier: Apache-2.0 */
#include "web/html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/scan.h"

/* In a link or a cell of a table paragraphs become blanks, so that it stays
 * one line, until it is longer than such things are. */
#define RUN_MAX 150

enum link_state {
	LINK_NONE,
	LINK_NEXT, /* Opens with the first character that shows. */
	LINK_OPEN
};

struct html {
	struct scan scan;
	const struct links *links;
	struct text *text;
	char *title;
	enum link_state link;
	char href[URL_MAX + 1];
	size_t run; /* Where the link or the cell began. */
	size_t lists;
	struct {
		bool is_ordered;
		int n;
	} list[LISTS_MAX];
	size_t quotes;
	size_t tables;
	struct {
		size_t cells;
		bool in_cell;
		bool holds_another; /* In this row, which so is no line. */
	} table[TABLES_MAX];
	size_t bars; /* Between cells, before what shows next. */
	struct tag tag;
};

/* What is open beyond the maximum shares the last one's place. */
static size_t
last(size_t n, size_t max)
{
	return (n < max ? n : max) - 1;
}

static bool
in_cell(const struct html *h)
{
	return h->tables > 0 && h->table[last(h->tables, TABLES_MAX)].in_cell;
}

static void
put(struct html *h, uint32_t c)
{
	if (text_shows(c)) {
		for (; h->bars > 0; h->bars--) {
			text_blank(h->text);
			text_put(h->text, '|');
			text_blank(h->text);
		}
		if (h->link == LINK_NEXT) {
			text_put(h->text, '[');
			h->link = LINK_OPEN;
			h->run = text_at(h->text);
		}
	}
	text_put(h->text, c);
}

static void
put_words(struct html *h, const char *words)
{
	const uint8_t *p = (const uint8_t *)words;
	const uint8_t *end = p + strlen(words);

	while (p < end)
		put(h, charset_next(CHARSET_UTF8, &p, end));
}

static void
end_link(struct html *h)
{
	char behind[URL_MAX + 4];
	int n;

	if (h->link == LINK_OPEN) {
		n = snprintf(behind, sizeof(behind), "](%s)", h->href);
		text_append(h->text, behind, (size_t)n);
	}
	h->link = LINK_NONE;
}

/* Ends a link that has begun; one that has not may stand behind it. */
static void
hard_break(struct html *h, size_t n)
{
	if (h->link == LINK_OPEN)
		end_link(h);
	text_break(h->text, in_cell(h) ? 1 : n);
}

static void
soft_break(struct html *h, size_t n)
{
	if ((h->link == LINK_OPEN || in_cell(h)) &&
	    text_at(h->text) - h->run < RUN_MAX)
		text_blank(h->text);
	else if (h->link == LINK_OPEN)
		hard_break(h, n);
	else
		text_break(h->text, n);
}

static void
set_indent(struct html *h)
{
	h->text->indent = 2 * (h->lists + h->quotes);
}

/* ---- elements ---- */

struct element {
	const char *name;
	void (*open)(struct html *h, const struct element *e);
	void (*close)(struct html *h, const struct element *e);
	int n; /* Lines of a block, level of a heading. */
};

static void
on_block(struct html *h, const struct element *e)
{
	soft_break(h, (size_t)e->n);
}

static void
on_heading(struct html *h, const struct element *e)
{
	char marker[8];

	hard_break(h, 2);
	snprintf(marker, sizeof(marker), "%.*s ", e->n, "######");
	text_mark(h->text, marker, h->text->indent);
}

static void
end_heading(struct html *h, const struct element *e)
{
	(void)e;
	text_unmark(h->text);
	hard_break(h, 2);
}

static void
on_line_end(struct html *h, const struct element *e)
{
	(void)e;
	if (h->text->as_is)
		put(h, '\n');
	else if (h->text->breaks > 0)
		soft_break(h, 2);
	else
		soft_break(h, 1);
}

static void
on_rule(struct html *h, const struct element *e)
{
	(void)e;
	hard_break(h, 2);
	put_words(h, "---");
	hard_break(h, 2);
}

static void
on_list(struct html *h, const struct element *e)
{
	size_t i;

	hard_break(h, h->lists == 0 ? 2 : 1);
	h->lists++;
	i = last(h->lists, LISTS_MAX);
	h->list[i].is_ordered = e->n == 1;
	h->list[i].n = h->tag.start > 0 ? h->tag.start : 1;
	set_indent(h);
}

static void
end_list(struct html *h, const struct element *e)
{
	(void)e;
	if (h->lists > 0)
		h->lists--;
	text_unmark(h->text);
	hard_break(h, h->lists == 0 ? 2 : 1);
	set_indent(h);
}

static void
on_item(struct html *h, const struct element *e)
{
	size_t i = h->lists > 0 ? last(h->lists, LISTS_MAX) : 0;
	char marker[16] = "- ";

	(void)e;
	text_unmark(h->text);
	hard_break(h, 1);
	if (h->lists > 0 && h->list[i].is_ordered)
		snprintf(marker, sizeof(marker), "%d. ", h->list[i].n++);
	text_mark(
	    h->text, marker, h->text->indent >= 2 ? h->text->indent - 2 : 0);
}

static void
end_item(struct html *h, const struct element *e)
{
	(void)e;
	text_unmark(h->text);
	hard_break(h, 1);
}

static void
on_detail(struct html *h, const struct element *e)
{
	(void)e;
	text_unmark(h->text);
	hard_break(h, 1);
	text_mark(h->text, "  ", h->text->indent);
}

static void
on_table(struct html *h, const struct element *e)
{
	size_t i;

	(void)e;
	hard_break(h, 2);
	if (h->tables > 0)
		h->table[last(h->tables, TABLES_MAX)].holds_another = true;
	h->tables++;
	i = last(h->tables, TABLES_MAX);
	h->table[i].in_cell = h->table[i].holds_another = false;
	h->table[i].cells = 0;
	h->bars = 0;
}

static void
end_table(struct html *h, const struct element *e)
{
	(void)e;
	if (h->tables > 0)
		h->tables--;
	h->bars = 0;
	hard_break(h, 2);
}

static void
on_row(struct html *h, const struct element *e)
{
	size_t i = h->tables > 0 ? last(h->tables, TABLES_MAX) : 0;

	(void)e;
	hard_break(h, 1);
	h->table[i].in_cell = h->table[i].holds_another = false;
	h->table[i].cells = 0;
	h->bars = 0;
}

static void
on_cell(struct html *h, const struct element *e)
{
	size_t i = h->tables > 0 ? last(h->tables, TABLES_MAX) : 0;

	(void)e;
	end_link(h);
	h->run = text_at(h->text);
	if (h->tables == 0 || h->table[i].holds_another) {
		hard_break(h, 1);
		return;
	}
	if (h->table[i].cells++ > 0)
		h->bars++;
	h->table[i].in_cell = true;
}

static void
on_quote(struct html *h, const struct element *e)
{
	(void)e;
	hard_break(h, 2);
	h->quotes++;
	set_indent(h);
}

static void
end_quote(struct html *h, const struct element *e)
{
	(void)e;
	if (h->quotes > 0)
		h->quotes--;
	hard_break(h, 2);
	set_indent(h);
}

static void
on_pre(struct html *h, const struct element *e)
{
	(void)e;
	hard_break(h, 2);
	h->text->as_is = true;
	/* A line end right behind the tag does not count. */
	if (h->scan.p < h->scan.end && *h->scan.p == '\n')
		h->scan.p++;
}

static void
end_pre(struct html *h, const struct element *e)
{
	(void)e;
	h->text->as_is = false;
	hard_break(h, 2);
}

static void
on_link(struct html *h, const struct element *e)
{
	(void)e;
	end_link(h);
	/* Where nothing more is shown, no address needs to be worked out. */
	if (h->tag.href[0] != '\0' && h->text->missing == 0 &&
	    h->links->resolve(h->links->arg, h->tag.href, h->href))
		h->link = LINK_NEXT;
}

static void
end_anchor(struct html *h, const struct element *e)
{
	(void)e;
	end_link(h);
}

static void
on_image(struct html *h, const struct element *e)
{
	(void)e;
	put_words(h, h->tag.alt);
}

static void
on_base(struct html *h, const struct element *e)
{
	(void)e;
	if (h->tag.href[0] != '\0')
		h->links->rebase(h->links->arg, h->tag.href);
}

/* Its content is no markup and not shown. */
static void
on_raw(struct html *h, const struct element *e)
{
	(void)scan_raw(&h->scan, e->name);
}

static void
on_title(struct html *h, const struct element *e)
{
	struct scan in = h->scan;
	size_t len = 0;
	bool wants_blank = false;

	in.p = scan_raw(&h->scan, e->name);
	in.end = h->scan.p;
	if (h->title[0] != '\0')
		return;
	while (in.p < in.end) {
		uint32_t c = scan_character(&in);
		char bytes[5];
		size_t n = 0;

		if (c <= ' ' || c == 0xa0)
			wants_blank = len > 0;
		if (!text_shows(c))
			continue;
		if (wants_blank)
			bytes[n++] = ' ';
		n += charset_utf8(c, bytes + n);
		if (len + n > TITLE_MAX)
			break;
		memcpy(h->title + len, bytes, n);
		len += n;
		wants_blank = false;
	}
	h->title[len] = '\0';
}

/* Not shown, with all that is in it. */
static void
on_hidden(struct html *h, const struct element *e)
{
	size_t depth = h->tag.is_empty ? 0 : 1;

	while (depth > 0 && h->scan.p < h->scan.end) {
		enum scanned what = SCAN_TEXT;

		if (*h->scan.p == '<')
			what = scan_markup(&h->scan, &h->tag);
		if (what == SCAN_TEXT)
			h->scan.p++;
		if (what != SCAN_TAG || strcmp(h->tag.name, e->name) != 0)
			continue;
		if (h->tag.closes)
			depth--;
		else if (!h->tag.is_empty)
			depth++;
	}
}

/* Sorted, for the search. */
static const struct element elements[] = {
    {"a", on_link, end_anchor, 0},
    {"address", on_block, on_block, 1},
    {"article", on_block, on_block, 2},
    {"aside", on_block, on_block, 2},
    {"base", on_base, NULL, 0},
    {"blockquote", on_quote, end_quote, 0},
    {"br", on_line_end, NULL, 0},
    {"caption", on_block, on_block, 1},
    {"center", on_block, on_block, 1},
    {"datalist", on_hidden, NULL, 0},
    {"dd", on_detail, end_item, 0},
    {"details", on_block, on_block, 2},
    {"dialog", on_block, on_block, 2},
    {"dir", on_list, end_list, 0},
    {"div", on_block, on_block, 1},
    {"dl", on_block, on_block, 2},
    {"dt", end_item, end_item, 0},
    {"fieldset", on_block, on_block, 2},
    {"figcaption", on_block, on_block, 1},
    {"figure", on_block, on_block, 2},
    {"footer", on_block, on_block, 2},
    {"form", on_block, on_block, 2},
    {"h1", on_heading, end_heading, 1},
    {"h2", on_heading, end_heading, 2},
    {"h3", on_heading, end_heading, 3},
    {"h4", on_heading, end_heading, 4},
    {"h5", on_heading, end_heading, 5},
    {"h6", on_heading, end_heading, 6},
    {"header", on_block, on_block, 2},
    {"hr", on_rule, NULL, 0},
    {"iframe", on_raw, NULL, 0},
    {"img", on_image, NULL, 0},
    {"legend", on_block, on_block, 1},
    {"li", on_item, end_item, 0},
    {"main", on_block, on_block, 2},
    {"menu", on_list, end_list, 0},
    {"nav", on_block, on_block, 2},
    {"noembed", on_raw, NULL, 0},
    {"noframes", on_raw, NULL, 0},
    {"ol", on_list, end_list, 1},
    {"p", on_block, on_block, 2},
    {"pre", on_pre, end_pre, 0},
    {"script", on_raw, NULL, 0},
    {"section", on_block, on_block, 2},
    {"select", on_hidden, NULL, 0},
    {"style", on_raw, NULL, 0},
    {"summary", on_block, on_block, 1},
    {"svg", on_hidden, NULL, 0},
    {"table", on_table, end_table, 0},
    {"td", on_cell, NULL, 0},
    {"template", on_hidden, NULL, 0},
    {"textarea", on_raw, NULL, 0},
    {"th", on_cell, NULL, 0},
    {"title", on_title, NULL, 0},
    {"tr", on_row, on_row, 0},
    {"ul", on_list, end_list, 0},
};

static int
compare(const void *name, const void *element)
{
	return strcmp(name, ((const struct element *)element)->name);
}

static void
on_tag(struct html *h)
{
	const struct element *e = bsearch(h->tag.name, elements,
	    sizeof(elements) / sizeof(elements[0]), sizeof(elements[0]),
	    compare);

	if (e == NULL)
		return;
	if (!h->tag.closes)
		e->open(h, e);
	else if (e->close != NULL)
		e->close(h, e);
}

void
html_read(const uint8_t *p, size_t len, enum charset_kind charset,
    const struct links *links, struct text *text, char title[TITLE_MAX + 1])
{
	struct html h;

	memset(&h, 0, sizeof(h));
	h.scan = (struct scan){p, p + len, charset};
	h.links = links;
	h.text = text;
	h.title = title;
	title[0] = '\0';
	text_init(text);
	while (h.scan.p < h.scan.end) {
		enum scanned what = SCAN_TEXT;

		if (*h.scan.p == '<')
			what = scan_markup(&h.scan, &h.tag);
		if (what == SCAN_TAG)
			on_tag(&h);
		else if (what == SCAN_TEXT)
			put(&h, scan_character(&h.scan));
	}
	end_link(&h);
	text_done(text);
}
