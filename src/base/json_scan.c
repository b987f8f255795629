/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"

struct scan {
	const char *p;
	const char *end;
};

static bool scan_value(struct scan *s, int depth);

static void
skip_space(struct scan *s)
{
	while (s->p < s->end && memchr(" \t\r\n", *s->p, 4) != NULL)
		s->p++;
}

static bool
take(struct scan *s, char c)
{
	if (s->p >= s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static bool
scan_hex4(struct scan *s, unsigned *ret)
{
	unsigned v = 0;
	int i;

	if (s->end - s->p < 4)
		return false;
	for (i = 0; i < 4; i++) {
		char c = *s->p++;

		v <<= 4;
		if (c >= '0' && c <= '9')
			v |= (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v |= (unsigned)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v |= (unsigned)(c - 'A' + 10);
		else
			return false;
	}
	*ret = v;
	return true;
}

/* Behind `\u`.  U+0000 would end a C string early, so it is refused. */
static bool
scan_unicode(struct scan *s)
{
	unsigned hi;
	unsigned lo;

	if (!scan_hex4(s, &hi) || hi == 0)
		return false;
	if (hi >= 0xdc00 && hi <= 0xdfff)
		return false;
	if (hi < 0xd800 || hi > 0xdbff)
		return true;
	return take(s, '\\') && take(s, 'u') && scan_hex4(s, &lo) &&
	    lo >= 0xdc00 && lo <= 0xdfff;
}

static bool
scan_string(struct scan *s)
{
	const char *start;

	if (!take(s, '"'))
		return false;
	start = s->p;
	while (s->p < s->end && *s->p != '"') {
		if ((unsigned char)*s->p < 0x20)
			return false;
		if (*s->p++ != '\\')
			continue;
		if (s->p >= s->end)
			return false;
		if (*s->p == 'u') {
			s->p++;
			if (!scan_unicode(s))
				return false;
		} else if (memchr("\"\\/bfnrt", *s->p, 8) == NULL) {
			return false;
		} else {
			s->p++;
		}
	}
	if (!str_is_utf8(start, (size_t)(s->p - start)))
		return false;
	return take(s, '"');
}

static bool
scan_digits(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > start;
}

static bool
scan_number(struct scan *s)
{
	const char *start = s->p;

	take(s, '-');
	if (!take(s, '0') && !scan_digits(s))
		return false;
	if (take(s, '.') && !scan_digits(s))
		return false;
	if (take(s, 'e') || take(s, 'E')) {
		if (!take(s, '+'))
			take(s, '-');
		if (!scan_digits(s))
			return false;
	}
	/* cJSON reads numbers through a 64-byte buffer. */
	return s->p - start < 60;
}

static bool
scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

static bool
scan_members(struct scan *s, char close, int depth)
{
	bool named = close == '}';

	if (depth > JSON_DEPTH_MAX)
		return false;
	skip_space(s);
	if (take(s, close))
		return true;
	for (;;) {
		skip_space(s);
		if (named) {
			if (!scan_string(s))
				return false;
			skip_space(s);
			if (!take(s, ':'))
				return false;
		}
		if (!scan_value(s, depth))
			return false;
		skip_space(s);
		if (take(s, close))
			return true;
		if (!take(s, ','))
			return false;
	}
}

static bool
scan_value(struct scan *s, int depth)
{
	skip_space(s);
	if (s->p >= s->end)
		return false;
	switch (*s->p) {
	case '{':
		s->p++;
		return scan_members(s, '}', depth + 1);
	case '[':
		s->p++;
		return scan_members(s, ']', depth + 1);
	case '"':
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		return scan_number(s);
	}
}

bool
json_scan(const char *text, size_t len)
{
	struct scan s = {text, text + len};

	if (!scan_value(&s, 0))
		return false;
	skip_space(&s);
	return s.p == s.end;
}
