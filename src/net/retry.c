/* SPDX-License-Identifier: Apache-2.0 */
#include "net/retry.h"

#include <stdbool.h>
#include <string.h>

#include "base/err.h"

static bool
read_number(const char **p, const char *end, int digits, int64_t *ret)
{
	int64_t n = 0;
	int i;

	for (i = 0; i < digits; i++) {
		if (*p == end || **p < '0' || **p > '9')
			return false;
		n = n * 10 + (*(*p)++ - '0');
	}
	*ret = n;
	return true;
}

static bool
read_words(const char **p, const char *end, const char *words)
{
	size_t len = strlen(words);

	if ((size_t)(end - *p) < len || memcmp(*p, words, len) != 0)
		return false;
	*p += len;
	return true;
}

static bool
read_month(const char **p, const char *end, int64_t *ret)
{
	static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		if (!read_words(p, end, names[i]))
			continue;
		*ret = (int64_t)i;
		return true;
	}
	return false;
}

/* Days since 1970 of a day in the calendar; months from 0. */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
	static const int before[] = {
	    0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	int64_t y = year - 1;
	int64_t days = y * 365 + y / 4 - y / 100 + y / 400 - 719162;

	return days + before[month] + (leap && month > 1) + day - 1;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT": the one form that is still sent. */
static bool
read_date(const char *p, const char *end, int64_t *ret_ms)
{
	int64_t day;
	int64_t month;
	int64_t year;
	int64_t hour;
	int64_t minute;
	int64_t second;

	if (end - p < 5)
		return false;
	p += 3;
	if (!read_words(&p, end, ", ") || !read_number(&p, end, 2, &day) ||
	    !read_words(&p, end, " ") || !read_month(&p, end, &month) ||
	    !read_words(&p, end, " ") || !read_number(&p, end, 4, &year) ||
	    !read_words(&p, end, " ") || !read_number(&p, end, 2, &hour) ||
	    !read_words(&p, end, ":") || !read_number(&p, end, 2, &minute) ||
	    !read_words(&p, end, ":") || !read_number(&p, end, 2, &second) ||
	    !read_words(&p, end, " GMT") || p != end)
		return false;
	if (year < 1970 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
	    second > 60)
		return false;
	*ret_ms = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 *
		1000 +
	    second * 1000;
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int64_t
retry_after_ms(const char *text, size_t len, int64_t wall_ms)
{
	const char *p = text;
	const char *end = text + len;
	int64_t at_ms;
	int64_t n;

	while (p < end && is_blank(*p))
		p++;
	while (end > p && is_blank(end[-1]))
		end--;
	if (read_date(p, end, &at_ms))
		return at_ms > wall_ms ? at_ms - wall_ms : 0;
	/* Nine digits are more than anybody waits. */
	if (end - p < 1 || end - p > 9 ||
	    !read_number(&p, end, (int)(end - p), &n))
		return -1;
	return n * 1000;
}
