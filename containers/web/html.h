/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_HTML_H
#define WEB_HTML_H

/*
 * HTML to readable text: headings, paragraphs, lists, tables as lines,
 * [words](address) for links; no scripts, styles, forms or comments.
 *
 * One pass over bytes that nobody may trust, without a tree: what is open is
 * a few counters, so neither depth nor disorder costs memory, and time grows
 * with the length alone.
 *
 * Pure: what an address means is asked of who called.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/charset.h"
#include "web/limits.h"
#include "web/text.h"

/* Where the links of a page lead. */
struct links {
	/* The whole address into `ret`; false for what is none to fetch. */
	bool (*resolve)(void *arg, const char *href, char ret[URL_MAX + 1]);
	/* Addresses to come start from here. */
	void (*rebase)(void *arg, const char *href);
	void *arg;
};

void html_read(const uint8_t *p, size_t len, enum charset_kind charset,
    const struct links *links, struct text *text, char title[TITLE_MAX + 1]);

#endif
