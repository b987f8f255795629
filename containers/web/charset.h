/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_CHARSET_H
#define WEB_CHARSET_H

/*
 * What bytes mean: UTF-8, windows-1252 (which the web also calls ISO-8859-1
 * and ASCII) and ISO-8859-15.  Of others only the ASCII in them is
 * understood; whoever shows their text has to say so.
 *
 * Labels and their precedence follow the WHATWG's Encoding and HTML
 * standards.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_CHARACTER 0xfffdu

enum charset_kind {
	CHARSET_UTF8,
	CHARSET_1252,
	CHARSET_8859_15,
	CHARSET_OTHER, /* ASCII, and bytes that nobody here knows. */
	CHARSET_WIDE /* Not even ASCII: UTF-16 and the like. */
};

struct charset {
	enum charset_kind kind;
	char name[40]; /* As it was called, or "" if nobody said. */
};

/* Asks the bytes' own mark first, then `type` (a Content-Type), then a page's
 * <meta>; if nobody says, valid UTF-8 is that and all else windows-1252. */
void charset_find(const char *type, bool is_html, const uint8_t *p, size_t len,
    struct charset *ret);

/* The character at *p, which moves on; *p < end. */
uint32_t charset_next(
    enum charset_kind kind, const uint8_t **p, const uint8_t *end);

/* What windows-1252 has at 0x80 to 0x9f. */
uint32_t charset_1252(uint8_t byte);

/* As UTF-8; the number of bytes. */
size_t charset_utf8(uint32_t c, char ret[4]);

#endif
