/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORDS_WORDS_H
#define WORDS_WORDS_H

/*
 * What a person says or types, as it is compared with what was expected: one
 * space between words, no capitals, no accents, no punctuation around words.
 * And numbers in words, in the languages of numbers.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define WORDS_TEXT_MAX 400 /* Bytes of a sentence that is looked at. */

/* One byte of it, and what of the source it stands for. */
struct cell {
	char c;
	uint8_t len;
	uint16_t at;
};

struct clean {
	struct cell cell[WORDS_TEXT_MAX + 2];
	char text[WORDS_TEXT_MAX + 3]; /* The bytes, NUL behind them. */
	size_t n;
	bool spaces;
	const char *source;
};

/* ERR_INPUT, ERR_LIMIT. */
enum err words_clean(const char *source, bool spaces, struct clean *ret);
/* Take these words out, each as a whole. */
void words_skip(struct clean *c, char *const *words, size_t n);
/* What was said there, without spaces around it; the caller frees it. */
char *words_said(const struct clean *c, size_t from, size_t to);

/* A byte of folded text that belongs to a word. */
bool words_is_letter(char c);

/* ---- a template's own words ---- */

/* The next character of valid UTF-8. */
uint32_t words_next(const char **p);
/* At most four bytes, or none for what does not count. */
size_t words_fold(uint32_t c, char ret[4]);

/* ---- numbers ---- */

#define WORDS_NUMBERS_MAX 12

struct number {
	size_t end;
	double value;
};

struct numerals;

/* By the language of a set, or NULL where there are none. */
const struct numerals *words_numerals(const char *language);
/* Those in words that begin at `at`, each to the end of a word. */
size_t words_numbers(const struct numerals *l, const char *text, size_t at,
    bool fractions, struct number ret[WORDS_NUMBERS_MAX]);

#endif
