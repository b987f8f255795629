/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILES_TEXT_H
#define FILES_TEXT_H

/* Answers: text with a bound, and what is text at all. */

#include <stdbool.h>
#include <stddef.h>

#define ANSWER_BYTES (28 * 1024) /* What a reply of the house holds. */

struct answer {
	char text[ANSWER_BYTES + 1];
	size_t len;
	bool full; /* The rest is left out. */
};

void answer_begin(struct answer *a);

/* Whole or not at all. */
void answer_add(struct answer *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Does it hold no byte that is not UTF-8, and no NUL?  What is cut off at the
 * end of a character counts as well if `cut`; the length without it is put. */
bool text_is_utf8(const char *p, size_t len, bool cut, size_t *ret_whole);

/* A name that can be written in a line: UTF-8 without control characters. */
bool text_is_name(const char *name);

/* Where `wanted` stands, letters of either case alike; NULL. */
const char *text_find(const char *text, size_t len, const char *wanted);

#endif
