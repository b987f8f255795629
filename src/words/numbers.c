/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "words/words_priv.h"

/*
 * Numbers up to 999,999 in words.  A language is a table: its words, what
 * joins them, and whether the ones stand before the tens ("einundzwanzig").
 * Folded, as the text is.
 */
struct numeral {
	const char *word;
	int value;
};

struct numerals {
	const char *language;
	struct numeral small[32]; /* Up to 19. */
	struct numeral tens[10];
	const char *hundred;
	const char *thousand;
	const char *one_of; /* "a hundred" */
	const char *and;
	const char *point;
	const char *half;
	const char *minus;
	bool ones_first;
};

static const struct numerals languages[] = {
    {.language = "en",
	.small = {{"zero", 0}, {"nought", 0}, {"one", 1}, {"two", 2},
	    {"three", 3}, {"four", 4}, {"five", 5}, {"six", 6}, {"seven", 7},
	    {"eight", 8}, {"nine", 9}, {"ten", 10}, {"eleven", 11},
	    {"twelve", 12}, {"thirteen", 13}, {"fourteen", 14}, {"fifteen", 15},
	    {"sixteen", 16}, {"seventeen", 17}, {"eighteen", 18},
	    {"nineteen", 19}},
	.tens = {{"twenty", 20}, {"thirty", 30}, {"forty", 40}, {"fifty", 50},
	    {"sixty", 60}, {"seventy", 70}, {"eighty", 80}, {"ninety", 90}},
	.hundred = "hundred",
	.thousand = "thousand",
	.one_of = "a",
	.and = "and",
	.point = "point",
	.half = "and a half",
	.minus = "minus"},
    {.language = "de",
	.small = {{"null", 0}, {"ein", 1}, {"eins", 1}, {"eine", 1},
	    {"einen", 1}, {"einem", 1}, {"einer", 1}, {"eines", 1}, {"zwei", 2},
	    {"zwo", 2}, {"drei", 3}, {"vier", 4}, {"funf", 5}, {"sechs", 6},
	    {"sieben", 7}, {"acht", 8}, {"neun", 9}, {"zehn", 10}, {"elf", 11},
	    {"zwolf", 12}, {"dreizehn", 13}, {"vierzehn", 14}, {"funfzehn", 15},
	    {"sechzehn", 16}, {"siebzehn", 17}, {"achtzehn", 18},
	    {"neunzehn", 19}},
	.tens = {{"zwanzig", 20}, {"dreissig", 30}, {"vierzig", 40},
	    {"funfzig", 50}, {"sechzig", 60}, {"siebzig", 70}, {"achtzig", 80},
	    {"neunzig", 90}},
	.hundred = "hundert",
	.thousand = "tausend",
	.and = "und",
	.point = "komma",
	.half = "einhalb",
	.minus = "minus",
	.ones_first = true},
};

/* What was found so far. */
struct found {
	struct number at[WORDS_NUMBERS_MAX];
	size_t n;
};

const struct numerals *
words_numerals(const char *language)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(languages); i++)
		if (strncmp(language, languages[i].language, 2) == 0 &&
		    (language[2] == '\0' || language[2] == '-'))
			return &languages[i];
	return NULL;
}

static void
add(struct found *f, size_t end, double value)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->at[i].end == end && f->at[i].value == value)
			return;
	if (f->n < WORDS_NUMBERS_MAX)
		f->at[f->n++] = (struct number){end, value};
}

static size_t
spaces(const char *text, size_t at)
{
	while (text[at] == ' ')
		at++;
	return at;
}

/* Behind that word and what may part it from what was before, or 0. */
static size_t
word(const char *text, size_t at, const char *w)
{
	size_t n;

	if (w == NULL)
		return 0;
	at = spaces(text, at);
	n = strlen(w);
	return strncmp(text + at, w, n) == 0 ? at + n : 0;
}

/* "and" may stand there and may not. */
static size_t
joined(const struct numerals *l, const char *text, size_t at)
{
	size_t behind = word(text, at, l->and);

	return spaces(text, behind > 0 ? behind : at);
}

static void
small(const struct numerals *l, const char *text, size_t at, int least,
    int most, struct found *ret)
{
	size_t i;

	ret->n = 0;
	for (i = 0; i < ARRAY_LEN(l->small) && l->small[i].word; i++) {
		size_t end = word(text, at, l->small[i].word);

		if (end > 0 && l->small[i].value >= least &&
		    l->small[i].value <= most)
			add(ret, end, l->small[i].value);
	}
}

static size_t
ten(const struct numerals *l, const char *text, size_t at, int *ret)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(l->tens) && l->tens[i].word; i++) {
		size_t end = word(text, at, l->tens[i].word);

		*ret = l->tens[i].value;
		if (end > 0)
			return end;
	}
	return 0;
}

static void
below_hundred(
    const struct numerals *l, const char *text, size_t at, struct found *ret)
{
	struct found ones;
	int tens;
	size_t end = ten(l, text, at, &tens);
	size_t i;

	small(l, text, at, 0, 19, ret);
	if (end > 0) {
		add(ret, end, tens);
		small(l, text, l->ones_first ? strlen(text) : end, 1, 9, &ones);
		for (i = 0; i < ones.n; i++)
			add(ret, ones.at[i].end, tens + ones.at[i].value);
		return;
	}
	small(l, text, l->ones_first ? at : strlen(text), 1, 9, &ones);
	for (i = 0; i < ones.n; i++) {
		size_t joint = word(text, ones.at[i].end, l->and);

		end = joint > 0 ? ten(l, text, joint, &tens) : 0;
		if (end > 0)
			add(ret, end, tens + ones.at[i].value);
	}
}

typedef void below(
    const struct numerals *, const char *, size_t, struct found *);

/* What stands before "hundred" or "thousand", that word, and what is behind
 * it; and what has no such word. */
static void
times(const struct numerals *l, const char *text, size_t at, const char *unit,
    double of, below *smaller, struct found *ret)
{
	struct found before;
	struct found behind;
	size_t a = word(text, at, l->one_of);
	size_t i;
	size_t k;

	smaller(l, text, at, ret);
	before = *ret;
	if (before.n < WORDS_NUMBERS_MAX)
		before.at[before.n++] = (struct number){at, 1};
	if (a > 0 && before.n < WORDS_NUMBERS_MAX)
		before.at[before.n++] = (struct number){a, 1};
	for (i = 0; i < before.n; i++) {
		size_t end = word(text, before.at[i].end, unit);
		double v = before.at[i].value * of;

		if (end == 0 || before.at[i].value <= 0 ||
		    (of <= 100 && before.at[i].value > 9))
			continue;
		add(ret, end, v);
		smaller(l, text, joined(l, text, end), &behind);
		for (k = 0; k < behind.n; k++)
			add(ret, behind.at[k].end, v + behind.at[k].value);
	}
}

static void
below_thousand(
    const struct numerals *l, const char *text, size_t at, struct found *ret)
{
	times(l, text, at, l->hundred, 100, below_hundred, ret);
}

/* "two point five", "two and a half" */
static void
with_parts(const struct numerals *l, const char *text, struct found *f)
{
	struct found digit;
	size_t n = f->n;
	size_t i;
	size_t k;

	for (i = 0; i < n; i++) {
		size_t half = word(text, f->at[i].end, l->half);
		size_t point = word(text, f->at[i].end, l->point);

		if (half > 0)
			add(f, half, f->at[i].value + 0.5);
		small(l, text, point > 0 ? point : strlen(text), 0, 9, &digit);
		for (k = 0; k < digit.n; k++)
			add(f, digit.at[k].end,
			    f->at[i].value + digit.at[k].value / 10);
	}
}

size_t
words_numbers(const struct numerals *l, const char *text, size_t at,
    bool fractions, struct number ret[WORDS_NUMBERS_MAX])
{
	struct found f;
	size_t minus = word(text, at, l->minus);
	size_t n = 0;
	size_t i;

	times(l, text, minus > 0 ? minus : at, l->thousand, 1000,
	    below_thousand, &f);
	if (fractions)
		with_parts(l, text, &f);
	for (i = 0; i < f.n; i++)
		if (!words_is_letter(text[f.at[i].end])) {
			ret[n] = f.at[i];
			ret[n].value *= minus > 0 ? -1 : 1;
			n++;
		}
	return n;
}
