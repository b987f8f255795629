/* SPDX-License-Identifier: Apache-2.0 */
#include "web/scan.h"

#include <string.h>
#include <strings.h>

#include "web/entity.h"
#include "web/text.h"

/* A value of an attribute, as it is written. */
struct value {
	const uint8_t *p;
	const uint8_t *end;
};

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool
is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static uint32_t
next_character(struct scan *s, bool in_attribute)
{
	uint32_t c;
	size_t n;

	if (*s->p == '&') {
		n = entity_decode(s->p, s->end, in_attribute, &c);
		if (n > 0) {
			s->p += n;
			return c;
		}
	}
	return charset_next(s->charset, &s->p, s->end);
}

uint32_t
scan_character(struct scan *s)
{
	return next_character(s, false);
}

/* As much of a value as there is room for; false when it is not all.  With
 * `is_url` as an address is read: blanks around it and line ends in it do not
 * belong to it. */
static bool
read_value(
    const struct scan *s, struct value v, bool is_url, char *ret, size_t size)
{
	struct scan in = {v.p, v.end, s->charset};
	size_t len = 0;
	bool fits = true;

	while (fits && in.p < in.end) {
		uint32_t c = next_character(&in, true);
		char bytes[4];
		size_t n;

		if (c < 0x20 || c == 0x7f) {
			if (is_url)
				continue;
			c = ' ';
		}
		if (is_url && c == ' ' && len == 0)
			continue;
		n = charset_utf8(c, bytes);
		fits = len + n < size;
		if (fits) {
			memcpy(ret + len, bytes, n);
			len += n;
		}
	}
	while (is_url && len > 0 && ret[len - 1] == ' ')
		len--;
	ret[len] = '\0';
	return fits;
}

static int
read_int(struct value v)
{
	int n = 0;

	for (; v.p < v.end && *v.p >= '0' && *v.p <= '9' && n < 100000; v.p++)
		n = n * 10 + (*v.p - '0');
	return n;
}

static void
take_attribute(
    const struct scan *s, struct value name, struct value v, struct tag *ret)
{
	size_t n = (size_t)(name.end - name.p);
	const char *p = (const char *)name.p;

	/* The first of its name counts. */
	if (n == 4 && strncasecmp(p, "href", 4) == 0 && ret->href[0] == '\0') {
		if (!read_value(s, v, true, ret->href, sizeof(ret->href)))
			ret->href[0] = '\0';
	} else if (n == 3 && strncasecmp(p, "alt", 3) == 0 &&
	    ret->alt[0] == '\0') {
		(void)read_value(s, v, false, ret->alt, sizeof(ret->alt));
	} else if (n == 5 && strncasecmp(p, "start", 5) == 0) {
		ret->start = read_int(v);
	}
}

static struct value
read_attribute_value(struct scan *s)
{
	struct value v;

	if (s->p < s->end && (*s->p == '"' || *s->p == '\'')) {
		uint8_t quote = *s->p++;

		v.p = s->p;
		v.end = memchr(s->p, quote, (size_t)(s->end - s->p));
		if (v.end == NULL)
			v.end = s->end;
		s->p = v.end < s->end ? v.end + 1 : v.end;
		return v;
	}
	v.p = s->p;
	while (s->p < s->end && !is_space(*s->p) && *s->p != '>')
		s->p++;
	v.end = s->p;
	return v;
}

static void
skip_spaces(struct scan *s)
{
	while (s->p < s->end && is_space(*s->p))
		s->p++;
}

static void
read_attribute(struct scan *s, struct tag *ret)
{
	struct value name = {s->p, s->p};
	struct value v = {NULL, NULL};

	/* A '=' in front belongs to the name. */
	do
		s->p++;
	while (s->p < s->end && !is_space(*s->p) && *s->p != '/' &&
	    *s->p != '>' && *s->p != '=');
	name.end = s->p;
	skip_spaces(s);
	if (s->p < s->end && *s->p == '=') {
		s->p++;
		skip_spaces(s);
		v = read_attribute_value(s);
	}
	take_attribute(s, name, v, ret);
}

/* At the first letter of the name.  False when the bytes end before it. */
static bool
read_tag(struct scan *s, struct tag *ret)
{
	size_t n = 0;

	ret->href[0] = ret->alt[0] = '\0';
	ret->start = 0;
	for (;
	     s->p < s->end && !is_space(*s->p) && *s->p != '/' && *s->p != '>';
	     s->p++)
		if (n < TAG_NAME_MAX)
			ret->name[n++] =
			    (char)(is_letter(*s->p) ? *s->p | 0x20 : *s->p);
	ret->name[n] = '\0';
	while (s->p < s->end && *s->p != '>') {
		if (is_space(*s->p) || *s->p == '/')
			s->p++;
		else
			read_attribute(s, ret);
	}
	if (s->p == s->end)
		return false;
	ret->is_empty = s->p[-1] == '/';
	s->p++;
	return true;
}

static void
skip_to(struct scan *s, uint8_t c)
{
	const uint8_t *at = memchr(s->p, c, (size_t)(s->end - s->p));

	s->p = at != NULL ? at + 1 : s->end;
}

/* At "<!--".  Its own two dashes may be those of the end: "<!-->". */
static void
skip_comment(struct scan *s)
{
	const uint8_t *from = s->p + 2;

	s->p += 4;
	while (s->p < s->end) {
		const uint8_t *at;

		skip_to(s, '>');
		at = s->p - 1;
		if (*at != '>')
			return;
		if (at - from >= 2 && memcmp(at - 2, "--", 2) == 0)
			return;
		if (at - from >= 5 && memcmp(at - 3, "--!", 3) == 0)
			return;
	}
}

enum scanned
scan_markup(struct scan *s, struct tag *ret)
{
	size_t left = (size_t)(s->end - s->p);
	uint8_t next = left > 1 ? s->p[1] : 0;

	ret->closes = next == '/';
	if (left > 3 && memcmp(s->p, "<!--", 4) == 0) {
		skip_comment(s);
		return SCAN_NOTHING;
	}
	if (next == '/' && left > 2 && is_letter(s->p[2])) {
		s->p += 2;
		return read_tag(s, ret) ? SCAN_TAG : SCAN_NOTHING;
	}
	if (is_letter(next)) {
		s->p++;
		return read_tag(s, ret) ? SCAN_TAG : SCAN_NOTHING;
	}
	if (next == '!' || next == '?' || (next == '/' && left > 2)) {
		skip_to(s, '>');
		return SCAN_NOTHING;
	}
	return SCAN_TEXT;
}

static bool
ends_raw(const uint8_t *p, const uint8_t *end, const char *name, size_t n)
{
	return (size_t)(end - p) > n + 2 && p[1] == '/' &&
	    strncasecmp((const char *)p + 2, name, n) == 0 &&
	    (is_space(p[n + 2]) || p[n + 2] == '/' || p[n + 2] == '>');
}

const uint8_t *
scan_raw(struct scan *s, const char *name)
{
	const uint8_t *from = s->p;
	size_t n = strlen(name);

	while (s->p < s->end) {
		const uint8_t *at = memchr(s->p, '<', (size_t)(s->end - s->p));

		if (at == NULL)
			break;
		if (ends_raw(at, s->end, name, n)) {
			s->p = at;
			return from;
		}
		s->p = at + 1;
	}
	s->p = s->end;
	return from;
}
