/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SCAN_H
#define WEB_SCAN_H

/*
 * HTML's tags, comments and raw texts, one after the other, as the WHATWG's
 * tokenizer cuts them.  Never goes back, and ends where the bytes end.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/charset.h"
#include "web/limits.h"

struct scan {
	const uint8_t *p;
	const uint8_t *end;
	enum charset_kind charset;
};

#define TAG_NAME_MAX 15

struct tag {
	char name[TAG_NAME_MAX + 1]; /* Small letters; longer ones are cut. */
	bool closes; /* </name> */
	bool is_empty; /* <name/> */
	/* As UTF-8, references decoded; "" where there is none. */
	char href[URL_MAX + 1]; /* Also "" if it is longer. */
	char alt[256];
	int start;
};

enum scanned {
	SCAN_TEXT, /* No markup: the next character is one. */
	SCAN_TAG,
	SCAN_NOTHING /* A comment or the like went by. */
};

/* What stands at s->p, which is a '<'. */
enum scanned scan_markup(struct scan *s, struct tag *ret);

/* The next character, references decoded. */
uint32_t scan_character(struct scan *s);

/* Up to "</name", where no other markup counts; where that began. */
const uint8_t *scan_raw(struct scan *s, const char *name);

#endif
