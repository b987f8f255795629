/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <string.h>

#include "base/limits.h"

bool
str_eq(struct str s, const char *text)
{
	return strlen(text) == s.len && memcmp(s.p, text, s.len) == 0;
}

bool
str_line(struct str *rest, struct str *ret_line)
{
	const char *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->p, '\n', rest->len);
	ret_line->p = rest->p;
	ret_line->len = end != NULL ? (size_t)(end - rest->p) : rest->len;
	rest->p += ret_line->len + (end != NULL ? 1 : 0);
	rest->len -= ret_line->len + (end != NULL ? 1 : 0);
	return true;
}

bool
str_glob(const char *glob, const char *text)
{
	const char *star = NULL;
	const char *resume = NULL;

	/* Greedy with one point of return: linear for one star, never worse
	 * than the product of the lengths. */
	while (*text != '\0') {
		if (*glob == '*') {
			star = glob++;
			resume = text;
		} else if (*glob == '?' || *glob == *text) {
			glob++;
			text++;
		} else if (star != NULL) {
			glob = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

bool
str_is_name(const char *s)
{
	size_t i;

	if (s[0] < 'a' || s[0] > 'z')
		return false;
	for (i = 0; s[i] != '\0'; i++) {
		if (i >= NAME_MAX_LEN)
			return false;
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", s[i]) ==
		    NULL)
			return false;
	}
	return true;
}

/* The number of bytes of the UTF-8 sequence at `s` (RFC 3629), or 0. */
static size_t
utf8_len(const unsigned char *s, size_t left)
{
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		return left >= 2 && (s[1] & 0xc0) == 0x80 ? 2 : 0;
	if ((s[0] & 0xf0) == 0xe0) {
		if (left < 3 || (s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80)
			return 0;
		if (s[0] == 0xe0 && s[1] < 0xa0)
			return 0;
		return s[0] == 0xed && s[1] > 0x9f ? 0 : 3;
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		if (left < 4 || (s[1] & 0xc0) != 0x80 ||
		    (s[2] & 0xc0) != 0x80 || (s[3] & 0xc0) != 0x80)
			return 0;
		if (s[0] == 0xf0 && s[1] < 0x90)
			return 0;
		return s[0] == 0xf4 && s[1] > 0x8f ? 0 : 4;
	}
	return 0;
}

bool
str_is_utf8(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t n = utf8_len((const unsigned char *)s + i, len - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

size_t
str_cut(const char *s, size_t most)
{
	size_t n = strnlen(s, most + 1);

	if (n <= most)
		return n;
	for (n = most; n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
		;
	return n;
}

void
str_mend(char *s)
{
	size_t left = strlen(s);

	while (left > 0) {
		size_t n = utf8_len((const unsigned char *)s, left);

		if (n == 0) {
			*s = '?';
			n = 1;
		}
		s += n;
		left -= n;
	}
}

enum err
str_copy(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	if (n >= size)
		return ERR_LIMIT;
	memcpy(to, from, n + 1);
	return OK;
}

void
hex_write(char *ret, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		ret[2 * i] = digits[p[i] >> 4];
		ret[2 * i + 1] = digits[p[i] & 15];
	}
	ret[2 * n] = '\0';
}

#define NO_DIGIT 16

static unsigned
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a' + 10);
	return NO_DIGIT;
}

enum err
hex_read(const char *s, size_t s_len, uint8_t *ret, size_t n)
{
	size_t i;

	if (s_len != 2 * n)
		return ERR_INPUT;
	for (i = 0; i < 2 * n; i++)
		if (hex_digit(s[i]) == NO_DIGIT)
			return ERR_INPUT;
	for (i = 0; i < n; i++)
		ret[i] = (uint8_t)(hex_digit(s[2 * i]) << 4 |
		    hex_digit(s[2 * i + 1]));
	return OK;
}

static const char base32_digits[] = "abcdefghijklmnopqrstuvwxyz234567";

void
base32_write(char *ret, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < BASE32_LEN(n); i++) {
		size_t bit = i * 5;
		unsigned pair = (unsigned)p[bit / 8] << 8;

		if (bit / 8 + 1 < n)
			pair |= p[bit / 8 + 1];
		ret[i] = base32_digits[pair >> (11 - bit % 8) & 31];
	}
	ret[i] = '\0';
}

enum err
base32_read(const char *s, uint8_t *ret, size_t n)
{
	uint64_t bits = 0;
	size_t have = 0;
	size_t i;
	size_t out = 0;

	if (strlen(s) != BASE32_LEN(n))
		return ERR_INPUT;
	for (i = 0; s[i] != '\0'; i++)
		if (strchr(base32_digits, s[i]) == NULL)
			return ERR_INPUT;
	for (i = 0; s[i] != '\0'; i++) {
		bits = bits << 5 |
		    (uint64_t)(strchr(base32_digits, s[i]) - base32_digits);
		have += 5;
		if (have >= 8) {
			have -= 8;
			if (out == n)
				return ERR_INPUT;
			ret[out++] = (uint8_t)(bits >> have);
		}
	}
	return (bits & ((1u << have) - 1)) == 0 ? OK : ERR_INPUT;
}

void
base64_write(char *ret, const uint8_t *p, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				     "pqrstuvwxyz0123456789+/";
	size_t i;

	for (i = 0; i < n; i += 3) {
		unsigned v = (unsigned)p[i] << 16;

		v |= i + 1 < n ? (unsigned)p[i + 1] << 8 : 0;
		v |= i + 2 < n ? (unsigned)p[i + 2] : 0;
		*ret++ = digits[v >> 18];
		*ret++ = digits[v >> 12 & 63];
		*ret++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*ret++ = i + 2 < n ? digits[v & 63] : '=';
	}
	*ret = '\0';
}
