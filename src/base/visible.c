/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/json.h"

/*
 * What a person reads must be what is there.  Characters that cannot be
 * seen, that turn the text around, or that look like others are shown as
 * escapes.
 */

/* The code point of the valid UTF-8 sequence at `s`, and its length. */
static unsigned
code_point(const char *s, size_t *ret_len)
{
	unsigned char c = (unsigned char)s[0];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	unsigned v = n == 1 ? c : c & (0x7fu >> n);
	size_t i;

	for (i = 1; i < n; i++)
		v = v << 6 | ((unsigned char)s[i] & 0x3f);
	*ret_len = n;
	return v;
}

static bool
is_invisible(unsigned c)
{
	static const struct {
		unsigned from, to;
	} ranges[] = {{0x00, 0x1f}, {0x7f, 0xa0}, {0xad, 0xad}, {0x300, 0x36f},
	    {0x61c, 0x61c}, {0x115f, 0x1160}, {0x1680, 0x1680},
	    {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x2000, 0x200f},
	    {0x2028, 0x202f}, {0x205f, 0x206f}, {0x3000, 0x3000},
	    {0x3164, 0x3164}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
	    {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xe000, 0xf8ff},
	    {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(ranges); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

/* Letters of other scripts that are drawn like those of ours. */
static bool
looks_latin(unsigned c)
{
	static const unsigned short alike[] = {0x391, 0x392, 0x395, 0x396,
	    0x397, 0x399, 0x39a, 0x39c, 0x39d, 0x39f, 0x3a1, 0x3a4, 0x3a5,
	    0x3a7, 0x3b1, 0x3b3, 0x3b9, 0x3ba, 0x3bd, 0x3bf, 0x3c1, 0x3c5,
	    0x3c9, 0x3f2, 0x3f3, 0x405, 0x406, 0x408, 0x410, 0x412, 0x415,
	    0x41a, 0x41c, 0x41d, 0x41e, 0x420, 0x421, 0x422, 0x423, 0x425,
	    0x430, 0x433, 0x435, 0x43a, 0x43e, 0x43f, 0x440, 0x441, 0x443,
	    0x445, 0x455, 0x456, 0x458, 0x4bb, 0x4cf, 0x501, 0x51b, 0x51d};
	size_t i;

	for (i = 0; i < ARRAY_LEN(alike); i++)
		if (alike[i] == c)
			return true;
	return false;
}

/* Greek, Cyrillic, Armenian, Cherokee. */
static bool
is_near_script(unsigned c)
{
	return (c >= 0x370 && c <= 0x58f) || (c >= 0x13a0 && c <= 0x13ff) ||
	    (c >= 0x1c80 && c <= 0x1c8f) || (c >= 0x1f00 && c <= 0x1fff);
}

/* Drawn as plain letters on purpose: full width, mathematical, enclosed. */
static bool
is_costume(unsigned c)
{
	return (c >= 0xff01 && c <= 0xff5e) || (c >= 0x1d400 && c <= 0x1d7ff) ||
	    (c >= 0x2100 && c <= 0x214f) || (c >= 0x24b6 && c <= 0x24e9) ||
	    (c >= 0x1f110 && c <= 0x1f189);
}

static bool
is_latin(unsigned c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= 0xc0 && c <= 0x24f);
}

/* The word that begins at `s`: its length, and whether it could be taken for
 * another one, since it mixes scripts or has only letters that look like
 * ours. */
static size_t
word_len(const char *s, size_t len, bool *ret_doubtful)
{
	bool latin = false;
	bool near_script = false;
	bool only_alike = true;
	size_t i = 0;
	size_t n;

	while (i < len) {
		unsigned c = code_point(s + i, &n);

		if (is_latin(c))
			latin = true;
		else if (is_near_script(c)) {
			near_script = true;
			only_alike &= looks_latin(c);
		} else
			break;
		i += n;
	}
	*ret_doubtful = near_script && (latin || only_alike);
	return i;
}

static void
add_escape(struct buf *b, unsigned c)
{
	if (c < 0x10000)
		buf_addf(b, "\\u%04x", c);
	else
		buf_addf(b, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
		    0xdc00 + ((c - 0x10000) & 0x3ff));
}

void
json_escape_visible(struct buf *b, const char *s, size_t len)
{
	size_t word_end = 0;
	bool doubtful = false;
	size_t i = 0;
	size_t n;

	while (i < len) {
		unsigned c = code_point(s + i, &n);

		if (i >= word_end)
			word_end = i + word_len(s + i, len - i, &doubtful);
		if ((is_invisible(c) && c != ' ') || is_costume(c) ||
		    (i < word_end && doubtful && is_near_script(c)))
			add_escape(b, c);
		else
			buf_add(b, s + i, n);
		i += n;
	}
}
