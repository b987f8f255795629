/* SPDX-License-Identifier: Apache-2.0 */
#include "web/charset.h"

#include <string.h>
#include <strings.h>

/* How far into a page its <meta> is looked for. */
#define META_WITHIN 1024

static const struct {
	const char *label;
	enum charset_kind kind;
	bool is_prefix;
} labels[] = {
    {"utf-8", CHARSET_UTF8, false},
    {"utf8", CHARSET_UTF8, false},
    {"windows-1252", CHARSET_1252, false},
    {"cp1252", CHARSET_1252, false},
    {"x-cp1252", CHARSET_1252, false},
    {"iso-8859-1", CHARSET_1252, false},
    {"iso8859-1", CHARSET_1252, false},
    {"iso_8859-1", CHARSET_1252, false},
    {"latin1", CHARSET_1252, false},
    {"l1", CHARSET_1252, false},
    {"us-ascii", CHARSET_1252, false},
    {"ascii", CHARSET_1252, false},
    {"iso-8859-15", CHARSET_8859_15, false},
    {"iso8859-15", CHARSET_8859_15, false},
    {"iso_8859-15", CHARSET_8859_15, false},
    {"l9", CHARSET_8859_15, false},
    {"utf-16", CHARSET_WIDE, true},
    {"utf-32", CHARSET_WIDE, true},
    {"utf-7", CHARSET_WIDE, true},
    {"ucs-", CHARSET_WIDE, true},
    {"iso-10646-ucs", CHARSET_WIDE, true},
    {"iso-2022", CHARSET_WIDE, true},
    {"hz-gb", CHARSET_WIDE, true},
};

static const uint16_t windows[32] = {0x20ac, 0x81, 0x201a, 0x192, 0x201e,
    0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d,
    0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc,
    0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178};

static void
take_label(const char *p, size_t len, struct charset *ret)
{
	size_t i;

	if (len == 0 || len >= sizeof(ret->name))
		return;
	for (i = 0; i < len; i++) {
		/* It will be shown. */
		if (p[i] <= ' ' || p[i] > '~')
			return;
		ret->name[i] = p[i];
	}
	ret->name[len] = '\0';
	ret->kind = CHARSET_OTHER;
	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		size_t n = strlen(labels[i].label);

		if (strncasecmp(ret->name, labels[i].label, n) != 0)
			continue;
		if (len == n || labels[i].is_prefix) {
			ret->kind = labels[i].kind;
			return;
		}
	}
}

/* "charset = LABEL" somewhere in these bytes. */
static void
find_label(const char *p, size_t len, struct charset *ret)
{
	const char *end = p + len;
	const char *from;

	for (; p + 7 < end; p++) {
		if (strncasecmp(p, "charset", 7) != 0)
			continue;
		from = p + 7;
		while (from < end && *from == ' ')
			from++;
		if (from == end || *from != '=')
			continue;
		do
			from++;
		while (from < end && strchr(" \"'", *from) != NULL);
		for (p = from; p < end && strchr(" \"';/>\t\r\n", *p) == NULL;)
			p++;
		take_label(from, (size_t)(p - from), ret);
		return;
	}
}

static void
find_meta(const uint8_t *bytes, size_t len, struct charset *ret)
{
	const char *p = (const char *)bytes;
	const char *end = p + (len < META_WITHIN ? len : META_WITHIN);
	const char *tag_end;

	for (; p + 5 < end && ret->name[0] == '\0'; p++) {
		if (strncasecmp(p, "<meta", 5) != 0)
			continue;
		tag_end = memchr(p, '>', (size_t)(end - p));
		if (tag_end == NULL)
			return;
		find_label(p, (size_t)(tag_end - p), ret);
	}
	/* It was read so far, so it cannot be. */
	if (ret->kind == CHARSET_WIDE)
		ret->kind = CHARSET_UTF8;
}

static bool
is_utf8(const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;
	const uint8_t *from;

	while (p < end) {
		from = p;
		if (charset_next(CHARSET_UTF8, &p, end) == NO_CHARACTER &&
		    (p - from != 3 || memcmp(from, "\xef\xbf\xbd", 3) != 0))
			return false;
	}
	return true;
}

void
charset_find(const char *type, bool is_html, const uint8_t *p, size_t len,
    struct charset *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		take_label("utf-8", 5, ret);
	else if (len >= 2 &&
	    (memcmp(p, "\xfe\xff", 2) == 0 || memcmp(p, "\xff\xfe", 2) == 0))
		take_label("utf-16", 6, ret);
	else
		find_label(type, strlen(type), ret);
	if (ret->name[0] == '\0' && is_html)
		find_meta(p, len, ret);
	if (ret->name[0] == '\0')
		ret->kind = is_utf8(p, len) ? CHARSET_UTF8 : CHARSET_1252;
}

uint32_t
charset_1252(uint8_t byte)
{
	return byte >= 0x80 && byte < 0xa0 ? windows[byte - 0x80] : byte;
}

static uint32_t
from_8859_15(uint8_t byte)
{
	switch (byte) {
	case 0xa4:
		return 0x20ac;
	case 0xa6:
		return 0x160;
	case 0xa8:
		return 0x161;
	case 0xb4:
		return 0x17d;
	case 0xb8:
		return 0x17e;
	case 0xbc:
		return 0x152;
	case 0xbd:
		return 0x153;
	case 0xbe:
		return 0x178;
	default:
		return byte;
	}
}

/* What is wrong becomes one NO_CHARACTER for as much of it as could have been
 * the beginning of a character. */
static uint32_t
next_utf8(const uint8_t **p, const uint8_t *end)
{
	uint8_t first = *(*p)++;
	uint8_t low = 0x80;
	uint8_t high = 0xbf;
	uint32_t c;
	int more;

	if (first < 0x80)
		return first;
	if (first < 0xc2 || first > 0xf4)
		return NO_CHARACTER;
	more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
	c = first & (0x3fu >> more);
	/* Neither longer than needed, nor surrogates, nor beyond the last. */
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	for (; more > 0; more--) {
		if (*p == end || **p < low || **p > high)
			return NO_CHARACTER;
		c = c << 6 | (*(*p)++ & 0x3fu);
		low = 0x80;
		high = 0xbf;
	}
	return c;
}

uint32_t
charset_next(enum charset_kind kind, const uint8_t **p, const uint8_t *end)
{
	if (kind == CHARSET_UTF8)
		return next_utf8(p, end);
	if (**p < 0x80)
		return *(*p)++;
	if (kind == CHARSET_1252)
		return charset_1252(*(*p)++);
	if (kind == CHARSET_8859_15)
		return from_8859_15(*(*p)++);
	/* How many characters these are is not known either. */
	while (*p < end && **p >= 0x80)
		(*p)++;
	return NO_CHARACTER;
}

size_t
charset_utf8(uint32_t c, char ret[4])
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
