/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_TEXT_H
#define WEB_TEXT_H

/*
 * Readable text as it grows: lines, one blank line at most between them,
 * blanks collapsed unless they are meant, nothing that cannot be seen, and
 * TEXT_MAX bytes of UTF-8, beyond which it only counts.
 *
 * Breaks and blanks wait until something follows them, so none stand at an
 * end.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/limits.h"

struct text {
	char p[TEXT_MAX + 1];
	size_t len;
	size_t missing; /* Bytes that had no room. */
	bool as_is; /* Blanks and line ends are meant. */
	size_t indent; /* Of the lines to come. */
	/* What waits. */
	size_t breaks;
	size_t blanks;
	char marker[40]; /* "- " or "## ", before the next line. */
	size_t marker_indent;
	bool at_line_start;
};

void text_init(struct text *t);

/* One character; what has no place in a text is left out. */
void text_put(struct text *t, uint32_t c);
/* Would it show?  Blanks do not. */
bool text_shows(uint32_t c);

/* Bytes of UTF-8 right behind what is there, all of them or none. */
void text_append(struct text *t, const char *p, size_t n);

/* What follows stands on a new line (1), or behind a blank one (2). */
void text_break(struct text *t, size_t n);
void text_blank(struct text *t);

/* The next line begins with this, `indent` blanks in front. */
void text_mark(struct text *t, const char *marker, size_t indent);
void text_unmark(struct text *t);

/* How much was put so far; it only grows. */
size_t text_at(const struct text *t);

/* Ends it with a NUL. */
void text_done(struct text *t);

#endif
