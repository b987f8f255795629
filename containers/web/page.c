/* SPDX-License-Identifier: Apache-2.0 */
#include "web/page.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "web/charset.h"

/* How far in a page without a type is looked at. */
#define LOOKED_AT 512

static size_t
type_len(const char *type)
{
	return strcspn(type, "; ");
}

static bool
type_is(const char *type, const char *one)
{
	size_t n = strlen(one);

	return type_len(type) == n && strncasecmp(type, one, n) == 0;
}

static bool
type_ends(const char *type, const char *ending)
{
	size_t n = strlen(ending);
	size_t len = type_len(type);

	return len > n && strncasecmp(type + len - n, ending, n) == 0;
}

static bool
is_html(const char *type)
{
	return type_is(type, "text/html") ||
	    type_is(type, "application/xhtml+xml");
}

static bool
is_text(const char *type)
{
	static const char *const types[] = {"application/json",
	    "application/xml", "application/javascript",
	    "application/x-javascript", "application/yaml",
	    "application/x-yaml", "application/toml", "application/x-ndjson",
	    "application/sql", "application/x-sh"};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (type_is(type, types[i]))
			return true;
	return strncasecmp(type, "text/", 5) == 0 || type_ends(type, "+json") ||
	    (type_ends(type, "+xml") && strncasecmp(type, "image/", 6) != 0);
}

bool
page_may_be_text(const char *type)
{
	return type[0] == '\0' || is_html(type) || is_text(type);
}

static enum page_kind
kind_by_look(const uint8_t *p, size_t len)
{
	const uint8_t *end = p + (len < LOOKED_AT ? len : LOOKED_AT);

	if (memchr(p, '\0', (size_t)(end - p)) != NULL)
		return PAGE_OTHER;
	while (p < end && strchr(" \t\r\n\f\xef\xbb\xbf", *p) != NULL)
		p++;
	return p < end && *p == '<' ? PAGE_HTML : PAGE_TEXT;
}

enum page_kind
page_kind_of(const char *type, const uint8_t *p, size_t len)
{
	if (type[0] == '\0')
		return kind_by_look(p, len);
	if (is_html(type))
		return PAGE_HTML;
	return is_text(type) ? PAGE_TEXT : PAGE_OTHER;
}

static void
read_plain(const struct page *page, enum charset_kind charset, struct text *t)
{
	const uint8_t *p = page->p;
	const uint8_t *end = p + page->len;

	text_init(t);
	t->as_is = true;
	while (p < end)
		text_put(t, charset_next(charset, &p, end));
	text_done(t);
}

bool
page_read(
    const struct page *page, const struct links *links, struct page_text *ret)
{
	enum page_kind kind = page_kind_of(page->type, page->p, page->len);
	struct charset charset;

	ret->title[0] = ret->note[0] = '\0';
	text_init(&ret->text);
	if (kind == PAGE_OTHER)
		return false;
	charset_find(
	    page->type, kind == PAGE_HTML, page->p, page->len, &charset);
	if (charset.kind == CHARSET_WIDE) {
		snprintf(ret->note, sizeof(ret->note),
		    "It is written in %s, which cannot be read here.",
		    charset.name);
		text_done(&ret->text);
		return true;
	}
	if (charset.kind == CHARSET_OTHER)
		snprintf(ret->note, sizeof(ret->note),
		    "It is written in %s, which is not known here: letters "
		    "beyond ASCII are shown as \xef\xbf\xbd.",
		    charset.name);
	if (kind == PAGE_HTML)
		html_read(page->p, page->len, charset.kind, links, &ret->text,
		    ret->title);
	else
		read_plain(page, charset.kind, &ret->text);
	return true;
}
