/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "words/words_priv.h"

/* Does a word begin behind these marks? */
static bool
word_behind(const char *p)
{
	while (*p != '\0') {
		enum letter l = fold_letter(words_next(&p));

		if (l != LETTER_PUNCTUATION)
			return l == LETTER_WORD;
	}
	return false;
}

/* One more byte, which stands for these of the source. */
static bool
add(struct clean *c, char byte, size_t at, size_t len)
{
	struct cell *last = c->n > 0 ? &c->cell[c->n - 1] : NULL;

	if (byte == ' ' && (last == NULL || last->c == ' ')) {
		if (last != NULL && (size_t)last->at + last->len == at &&
		    last->len + len <= UINT8_MAX)
			last->len = (uint8_t)(last->len + len);
		return true;
	}
	if (c->n >= WORDS_TEXT_MAX)
		return false;
	c->cell[c->n++] = (struct cell){byte, (uint8_t)len, (uint16_t)at};
	return true;
}

/* A dash belongs to the number behind it, and parts words elsewhere. */
static bool
is_minus(const struct clean *c, uint32_t letter, const char *behind)
{
	return letter == '-' && isdigit((unsigned char)*behind) &&
	    (c->n == 0 || c->cell[c->n - 1].c == ' ');
}

static void
finish(struct clean *c, bool spaces)
{
	size_t i;

	while (c->n > 0 && c->cell[c->n - 1].c == ' ')
		c->n--;
	if (spaces && c->n > 0)
		c->cell[c->n++] = (struct cell){' ', 0, 0};
	for (i = 0; i < c->n; i++)
		c->text[i] = c->cell[i].c;
	c->text[c->n] = '\0';
}

enum err
words_clean(const char *source, bool spaces, struct clean *ret)
{
	bool word = false;
	const char *p = source;

	if (strlen(source) > WORDS_TEXT_MAX)
		return ERR_LIMIT;
	if (!str_is_utf8(source, strlen(source)))
		return ERR_INPUT;
	ret->n = 0;
	ret->source = source;
	ret->spaces = spaces;
	while (*p != '\0') {
		const char *from = p;
		uint32_t letter = words_next(&p);
		enum letter kind = fold_letter(letter);
		char folded[4];
		size_t n = words_fold(letter, folded);
		size_t i;

		if (kind == LETTER_PUNCTUATION && !(word && word_behind(p)))
			continue;
		if (is_minus(ret, letter, p))
			folded[0] = '-';
		if (!spaces && folded[0] == ' ')
			n = 0;
		for (i = 0; i < n; i++)
			if (!add(ret, folded[i], (size_t)(from - source),
				i == 0 ? (size_t)(p - from) : 0))
				return ERR_LIMIT;
		if (kind != LETTER_PUNCTUATION)
			word = kind == LETTER_WORD;
	}
	finish(ret, spaces);
	return OK;
}

static bool
stands_at(const struct clean *c, size_t at, const char *word, size_t len)
{
	return strncmp(c->text + at, word, len) == 0 &&
	    (!c->spaces || !words_is_letter(c->text[at + len]));
}

/* Without what stands there; of the spaces around it one is left. */
static void
take_out(struct clean *c, size_t at, size_t len)
{
	if (c->text[at + len] == ' ')
		len++;
	memmove(c->cell + at, c->cell + at + len,
	    (c->n - at - len) * sizeof(c->cell[0]));
	memmove(c->text + at, c->text + at + len, c->n - at - len + 1);
	c->n -= len;
}

void
words_skip(struct clean *c, char *const *words, size_t n)
{
	size_t at = 0;

	while (at < c->n) {
		size_t longest = 0;
		size_t i;

		if (c->spaces && at > 0 && words_is_letter(c->text[at - 1])) {
			at++;
			continue;
		}
		for (i = 0; i < n; i++) {
			size_t len = strlen(words[i]);

			if (len > longest && stands_at(c, at, words[i], len))
				longest = len;
		}
		if (longest > 0)
			take_out(c, at, longest);
		else
			at++;
	}
}

char *
words_said(const struct clean *c, size_t from, size_t to)
{
	struct buf b;

	while (from < to && c->text[from] == ' ')
		from++;
	while (to > from && c->text[to - 1] == ' ')
		to--;
	buf_init(&b, WORDS_TEXT_MAX + 1);
	for (; from < to; from++)
		buf_add(&b, c->source + c->cell[from].at, c->cell[from].len);
	return buf_steal(&b);
}
