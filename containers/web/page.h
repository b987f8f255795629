/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

/*
 * What came from a server, made into a text to read.
 *
 * Pure but for the links, which are asked of who called.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/html.h"
#include "web/limits.h"
#include "web/text.h"

enum page_kind { PAGE_HTML, PAGE_TEXT, PAGE_OTHER };

/* By its Content-Type, or when there is none by its first bytes. */
enum page_kind page_kind_of(const char *type, const uint8_t *p, size_t len);

/* Could it be text, as far as its type says? */
bool page_may_be_text(const char *type);

struct page {
	const char *type;
	const uint8_t *p;
	size_t len;
};

struct page_text {
	struct text text;
	char title[TITLE_MAX + 1];
	char note[160]; /* What the reader has to know, or "". */
};

/* False when it is none to read. */
bool page_read(
    const struct page *page, const struct links *links, struct page_text *ret);

#endif
