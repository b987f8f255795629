/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/values.h"

/* As repr() does: the shortest digits that read back equal, with an exponent
 * when the point stands before the fifth nought or behind digit 16. */
void
py_float(double d, char ret[SPARE_NUMBER])
{
	char e[40];
	char digits[24] = "0";
	size_t n = 0;
	int precision;
	int exponent;
	const char *p;
	bool negative;
	char *to = ret;
	int i;

	for (precision = 0; precision <= 16; precision++) {
		snprintf(e, sizeof(e), "%.*e", precision, d);
		if (strtod(e, NULL) == d)
			break;
	}
	negative = e[0] == '-';
	for (p = e + negative; *p != 'e'; p++)
		if (*p != '.')
			digits[n++] = *p;
	exponent = (int)strtol(p + 1, NULL, 10);
	while (n > 1 && digits[n - 1] == '0')
		n--;
	if (negative)
		*to++ = '-';
	if (exponent < -4 || exponent >= 16) {
		*to++ = digits[0];
		if (n > 1)
			*to++ = '.';
		memcpy(to, digits + 1, n - 1);
		to += n - 1;
		snprintf(to, 8, "e%c%02u", exponent < 0 ? '-' : '+',
		    (unsigned)abs(exponent) % 1000);
		return;
	}
	if (exponent < 0) {
		*to++ = '0';
		*to++ = '.';
		for (i = -1; i > exponent; i--)
			*to++ = '0';
	}
	for (i = 0; i < (int)n || i <= exponent; i++) {
		*to++ = i < (int)n ? digits[i] : '0';
		if (i == exponent)
			*to++ = '.';
	}
	if (exponent >= 0 && exponent >= (int)n - 1)
		*to++ = '0';
	*to = '\0';
}

bool
is_ascii(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* How many bytes of white space, as Python has it, begin here. */
static size_t
space_at(const char *p, size_t len)
{
	const unsigned char *s = (const unsigned char *)p;

	if (len >= 1 &&
	    (s[0] == ' ' || (s[0] >= 9 && s[0] <= 13) ||
		(s[0] >= 0x1c && s[0] <= 0x1f)))
		return 1;
	if (len >= 2 && s[0] == 0xc2 && (s[1] == 0x85 || s[1] == 0xa0))
		return 2;
	if (len < 3)
		return 0;
	if ((s[0] == 0xe1 && s[1] == 0x9a && s[2] == 0x80) ||
	    (s[0] == 0xe3 && s[1] == 0x80 && s[2] == 0x80) ||
	    (s[0] == 0xe2 && s[1] == 0x81 && s[2] == 0x9f))
		return 3;
	if (s[0] == 0xe2 && s[1] == 0x80 &&
	    ((s[2] >= 0x80 && s[2] <= 0x8a) || s[2] == 0xa8 || s[2] == 0xa9 ||
		s[2] == 0xaf))
		return 3;
	return 0;
}

static size_t
space_before_end(struct str s)
{
	size_t n;

	for (n = 1; n <= 3 && n <= s.len; n++)
		if (space_at(s.p + s.len - n, n) == n)
			return n;
	return 0;
}

struct str
py_strip(struct str s)
{
	size_t n;

	while ((n = space_at(s.p, s.len)) > 0) {
		s.p += n;
		s.len -= n;
	}
	while ((n = space_before_end(s)) > 0)
		s.len -= n;
	return s;
}

/* What Python would read besides, and this does not: underscores between
 * digits, digits of other scripts. */
static bool
is_beyond(struct str s)
{
	return memchr(s.p, '_', s.len) != NULL || !is_ascii(s);
}

enum err
py_read_int(struct str s, int64_t *ret)
{
	char digits[SPARE_NUMBER];
	char *end;
	size_t i;

	s = py_strip(s);
	if (s.len > 0 && is_beyond(s))
		return ERR_LIMIT;
	for (i = 0; i < s.len; i++)
		if (!isdigit((unsigned char)s.p[i]) &&
		    !(i == 0 && s.len > 1 && (s.p[i] == '-' || s.p[i] == '+')))
			return ERR_INPUT;
	if (s.len == 0)
		return ERR_INPUT;
	if (s.len >= sizeof(digits))
		return ERR_LIMIT;
	memcpy(digits, s.p, s.len);
	digits[s.len] = '\0';
	errno = 0;
	*ret = strtoll(digits, &end, 10);
	return errno == 0 ? OK : ERR_LIMIT;
}

/* sign? (digits ('.' digits?)? | '.' digits) (e sign? digits)? */
static bool
is_decimal(struct str s)
{
	size_t i = 0;
	size_t digits = 0;

	if (i < s.len && (s.p[i] == '-' || s.p[i] == '+'))
		i++;
	for (; i < s.len && isdigit((unsigned char)s.p[i]); i++)
		digits++;
	if (i < s.len && s.p[i] == '.')
		for (i++; i < s.len && isdigit((unsigned char)s.p[i]); i++)
			digits++;
	if (digits == 0)
		return false;
	if (i == s.len)
		return true;
	if (s.p[i] != 'e' && s.p[i] != 'E')
		return false;
	i++;
	if (i < s.len && (s.p[i] == '-' || s.p[i] == '+'))
		i++;
	if (i == s.len)
		return false;
	for (; i < s.len; i++)
		if (!isdigit((unsigned char)s.p[i]))
			return false;
	return true;
}

enum err
py_read_float(struct str s, double *ret)
{
	char text[2 * SPARE_NUMBER];
	double d;

	s = py_strip(s);
	if (s.len == 0)
		return ERR_INPUT;
	if (is_beyond(s) || s.len >= sizeof(text))
		return ERR_LIMIT;
	if (!is_decimal(s)) {
		size_t at = s.p[0] == '-' || s.p[0] == '+' ? 1 : 0;

		/* inf, infinity, nan: numbers there, none here. */
		if (s.len - at >= 3 &&
		    (strncasecmp(s.p + at, "inf", 3) == 0 ||
			strncasecmp(s.p + at, "nan", 3) == 0))
			return ERR_LIMIT;
		return ERR_INPUT;
	}
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	d = strtod(text, NULL);
	if (!isfinite(d))
		return ERR_LIMIT;
	*ret = d;
	return OK;
}

static bool
is_first_byte(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

size_t
py_length(struct str s)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < s.len; i++)
		if (is_first_byte(s.p[i]))
			n++;
	return n;
}

size_t
py_prefix(struct str s, size_t n_chars)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (is_first_byte(s.p[i]) && n_chars-- == 0)
			break;
	return i;
}
