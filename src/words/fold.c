/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>

#include "words/words_priv.h"

/* The letter under each accent, by Unicode's decompositions and for some that
 * have none; a point where there is no such letter. */
static const char latin[] =
    "aaaaaa.ceeeeiiiidnooooo.ouuuuy..aaaaaa.ceeeeiiiidnooooo.ouuuuy.y"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkk.llllll."
    ".llnnnnnn.nnoooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"
    ".................ff.............oo.............uu..............."
    ".............aaiioouuuuuuuuuu.aaaa....ggkkoooo..j...gg..nnaa..oo"
    "aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............"
    "................";
static const char latin_more[] =
    "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"
    "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"
    "wwwwwwwwwwxxxxyyzzzzzzhtwy.s....aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
    "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";

#define LATIN 0xc0
#define LATIN_MORE 0x1e00

/* What is written as two letters. */
static const struct {
	uint32_t c;
	const char *as;
} pairs[] = {
    {0xdf, "ss"},
    {0x1e9e, "ss"},
    {0xc6, "ae"},
    {0xe6, "ae"},
    {0x152, "oe"},
    {0x153, "oe"},
    {0xde, "th"},
    {0xfe, "th"},
};

/* Greek and Cyrillic letters with accents. */
static const uint32_t others[][2] = {{0x386, 0x3b1}, {0x388, 0x3b5},
    {0x389, 0x3b7}, {0x38a, 0x3b9}, {0x38c, 0x3bf}, {0x38e, 0x3c5},
    {0x38f, 0x3c9}, {0x390, 0x3b9}, {0x3aa, 0x3b9}, {0x3ab, 0x3c5},
    {0x3ac, 0x3b1}, {0x3ad, 0x3b5}, {0x3ae, 0x3b7}, {0x3af, 0x3b9},
    {0x3b0, 0x3c5}, {0x3c2, 0x3c3}, {0x3ca, 0x3b9}, {0x3cb, 0x3c5},
    {0x3cc, 0x3bf}, {0x3cd, 0x3c5}, {0x3ce, 0x3c9}, {0x401, 0x435},
    {0x451, 0x435}};

uint32_t
words_next(const char **p)
{
	const unsigned char *s = (const unsigned char *)*p;
	uint32_t c = s[0];
	int more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	int i;

	if (more > 0)
		c &= 0x3fU >> more;
	for (i = 1; i <= more; i++)
		c = c << 6 | (s[i] & 0x3fU);
	*p += more + 1;
	return c;
}

enum letter
fold_letter(uint32_t c)
{
	if (c < 0x80) {
		if (isalnum((int)c))
			return LETTER_WORD;
		if (isspace((int)c) || c == '_' || c == '-')
			return LETTER_SPACE;
		return strchr(".,?!;:", (int)c) != NULL ? LETTER_PUNCTUATION
							: LETTER_OTHER;
	}
	if (c == 0xa0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200a) ||
	    (c >= 0x2010 && c <= 0x2015))
		return LETTER_SPACE;
	if (c == 0xbf || c == 0xa1 || c == 0x61f || c == 0x60c || c == 0x61b ||
	    c == 0x3002 || c == 0xff0c || c == 0xff1f || c == 0xff01 ||
	    c == 0xff1a || c == 0xff1b || c == 0x2026)
		return LETTER_PUNCTUATION;
	if (c < 0xaa || (c > 0xaa && c < 0xb5) || (c > 0xb5 && c < 0xba) ||
	    (c > 0xba && c < 0xc0) || (c >= 0x2000 && c < 0x2070))
		return LETTER_OTHER;
	return LETTER_WORD;
}

/* Marks that stand on other letters, quotes, and what nobody sees. */
static bool
is_nothing(uint32_t c)
{
	return c == '"' || c == 0xab || c == 0xbb || c == 0xad ||
	    (c >= 0x300 && c <= 0x36f) || (c >= 0x591 && c <= 0x5c7) ||
	    (c >= 0x64b && c <= 0x652) || c == 0x640 ||
	    (c >= 0x200b && c <= 0x200f) || (c >= 0x201c && c <= 0x201f) ||
	    c == 0x2060 || c == 0xfeff;
}

static uint32_t
fold_other(uint32_t c)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(others); i++)
		if (others[i][0] == c)
			return others[i][1];
	if ((c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
		return c + 32;
	if (c >= 0x400 && c <= 0x40f)
		return c + 80;
	if (c >= 0x460 && c <= 0x52f && c % 2 == 0 && (c < 0x482 || c > 0x48a))
		return c + 1;
	if (c >= 0x531 && c <= 0x556)
		return c + 48;
	if (c >= 0x100 && c < 0x250 && c % 2 == 0)
		return c + 1;
	return c >= 0xff21 && c <= 0xff3a ? c - 0xff21 + 'a' : c;
}

static size_t
encode(uint32_t c, char ret[4])
{
	if (c < 0x80) {
		ret[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		ret[0] = (char)(0xc0 | c >> 6);
		ret[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		ret[0] = (char)(0xe0 | c >> 12);
		ret[1] = (char)(0x80 | (c >> 6 & 0x3f));
		ret[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	ret[0] = (char)(0xf0 | c >> 18);
	ret[1] = (char)(0x80 | (c >> 12 & 0x3f));
	ret[2] = (char)(0x80 | (c >> 6 & 0x3f));
	ret[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

size_t
words_fold(uint32_t c, char ret[4])
{
	char base = '.';
	size_t i;

	if (is_nothing(c))
		return 0;
	if (fold_letter(c) == LETTER_SPACE)
		return encode(' ', ret);
	if (c == 0x2018 || c == 0x2019 || c == 0x2bc || c == '`')
		return encode('\'', ret);
	if (c < 0x80)
		return encode((uint32_t)tolower((int)c), ret);
	for (i = 0; i < ARRAY_LEN(pairs); i++)
		if (pairs[i].c == c) {
			memcpy(ret, pairs[i].as, 2);
			return 2;
		}
	if (c >= LATIN && c < LATIN + sizeof(latin) - 1)
		base = latin[c - LATIN];
	else if (c >= LATIN_MORE && c < LATIN_MORE + sizeof(latin_more) - 1)
		base = latin_more[c - LATIN_MORE];
	return encode(base != '.' ? (uint32_t)base : fold_other(c), ret);
}

bool
words_is_letter(char c)
{
	return (unsigned char)c >= 0x80 || isalnum((unsigned char)c);
}
