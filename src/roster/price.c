/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "roster/roster.h"
#include "usd/usd.h"

/* Prices: read, written, and multiplied. */

#define CACHE_WRITE_TIMES 2 /* What other input costs, unless it is said. */
#define DAY_MS (24 * 3600 * (int64_t)1000)

/* Cut the next word off. */
static struct str
next_word(struct str *rest)
{
	struct str w;

	while (rest->len > 0 && (rest->p[0] == ' ' || rest->p[0] == '\t')) {
		rest->p++;
		rest->len--;
	}
	w = (struct str){rest->p, 0};
	while (w.len < rest->len && w.p[w.len] != ' ' && w.p[w.len] != '\t')
		w.len++;
	rest->p += w.len;
	rest->len -= w.len;
	return w;
}

/* Days before a year of the Gregorian calendar, from the year 0. */
static int64_t
days_before(int64_t year)
{
	int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400;
}

static bool
is_leap(int64_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static const int month_days[] = {
    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

static int
days_in(int64_t year, int month)
{
	return month_days[month] + (month == 1 && is_leap(year) ? 1 : 0);
}

static bool
read_digits(const char *p, size_t n, int *ret)
{
	size_t i;

	*ret = 0;
	for (i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*ret = *ret * 10 + (p[i] - '0');
	}
	return true;
}

static enum err
read_day(struct str s, int64_t *ret)
{
	int year;
	int month;
	int day;
	int64_t n;
	int i;

	if (s.len != 10 || s.p[4] != '-' || s.p[7] != '-' ||
	    !read_digits(s.p, 4, &year) || !read_digits(s.p + 5, 2, &month) ||
	    !read_digits(s.p + 8, 2, &day))
		return ERR_INPUT;
	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > days_in(year, month - 1))
		return ERR_INPUT;
	n = days_before(year) - days_before(1970);
	for (i = 0; i < month - 1; i++)
		n += days_in(year, i);
	*ret = n + day - 1;
	return OK;
}

int64_t
price_day(int64_t wall_ms)
{
	return wall_ms / DAY_MS;
}

void
price_day_write(int64_t day, char ret[PRICE_DAY_SIZE])
{
	int64_t year = 1970;
	int month = 0;

	while (day >= (is_leap(year) ? 366 : 365)) {
		day -= is_leap(year) ? 366 : 365;
		year++;
	}
	while (day >= days_in(year, month)) {
		day -= days_in(year, month);
		month++;
	}
	snprintf(ret, PRICE_DAY_SIZE, "%04d-%02d-%02d", (int)(year % 10000),
	    month + 1, (int)day + 1);
}

static bool
begins(struct str w, const char *with)
{
	return w.len > strlen(with) && memcmp(w.p, with, strlen(with)) == 0;
}

/* One of in=, out=, cached= and cache_write=; each once. */
static enum err
read_amount(struct str w, struct price *p, struct errmsg *why)
{
	const struct {
		const char *name;
		int64_t *to;
	} known[] = {{"in=", &p->input}, {"out=", &p->output},
	    {"cached=", &p->cached}, {"cache_write=", &p->cache_write}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++) {
		size_t n = strlen(known[i].name);

		if (!begins(w, known[i].name))
			continue;
		if (*known[i].to >= 0)
			return err_say(why, ERR_INPUT,
			    "'%s' stands there twice", known[i].name);
		if (usd_read((struct str){w.p + n, w.len - n}, known[i].to) !=
		    OK)
			return err_say(why, ERR_INPUT,
			    "'%s' needs dollars for a million tokens, 0 to %d "
			    "with at most six digits behind the point",
			    known[i].name, USD_MAX);
		return OK;
	}
	return err_say(why, ERR_INPUT,
	    "a price is PROVIDER/MODEL YYYY-MM-DD in=USD out=USD "
	    "[cached=USD] [cache_write=USD]");
}

static enum err
read_model(struct str w, struct price *p, struct errmsg *why)
{
	char provider[NAME_MAX_LEN + 1];
	const char *model;

	if (w.len == 0 || w.len >= sizeof(p->model))
		return err_say(
		    why, ERR_INPUT, "a price begins with PROVIDER/MODEL");
	memcpy(p->model, w.p, w.len);
	p->model[w.len] = '\0';
	return roster_split(p->model, provider, &model) == OK
	    ? OK
	    : err_say(why, ERR_INPUT,
		  "'%.100s' is no PROVIDER/MODEL; 'durward model list' shows "
		  "both",
		  p->model);
}

enum err
price_read(struct str line, struct price *ret, struct errmsg *why)
{
	struct price p = {
	    .input = -1, .output = -1, .cached = -1, .cache_write = -1};
	struct str w = next_word(&line);
	enum err e = read_model(w, &p, why);

	if (e != OK)
		return e;
	w = next_word(&line);
	if (read_day(w, &p.day) != OK)
		return err_say(why, ERR_INPUT,
		    "behind %.100s must stand the day from which it costs "
		    "that, YYYY-MM-DD",
		    p.model);
	while (e == OK && (w = next_word(&line)).len > 0)
		e = read_amount(w, &p, why);
	if (e == OK && (p.input < 0 || p.output < 0))
		e = err_say(why, ERR_INPUT,
		    "a price needs both in=USD and out=USD, for a million "
		    "tokens");
	if (e != OK)
		return e;
	if (p.cached < 0)
		p.cached = p.input;
	if (p.cache_write < 0)
		p.cache_write = CACHE_WRITE_TIMES * p.input;
	*ret = p;
	return OK;
}

static void
write_amount(struct buf *out, const char *name, int64_t micro)
{
	buf_addf(out, " %s=", name);
	usd_write(micro, out);
}

void
price_write(const struct price *p, struct buf *out)
{
	char day[PRICE_DAY_SIZE];

	price_day_write(p->day, day);
	buf_addf(out, "%s %s", p->model, day);
	write_amount(out, "in", p->input);
	write_amount(out, "out", p->output);
	if (p->cached != p->input)
		write_amount(out, "cached", p->cached);
	if (p->cache_write != CACHE_WRITE_TIMES * p->input)
		write_amount(out, "cache_write", p->cache_write);
}

static int64_t
clamp(int64_t n, int64_t most)
{
	return n < 0 ? 0 : n > most ? most : n;
}

int64_t
price_of(const struct price *p, const struct price_use *u)
{
	int64_t input = clamp(u->input, PRICE_TOKENS_MAX);
	int64_t cached = clamp(u->cached, input);
	int64_t written = clamp(u->cache_written, input - cached);
	int64_t output = clamp(u->output, PRICE_TOKENS_MAX);
	int64_t sum = (input - cached - written) * p->input +
	    cached * p->cached + written * p->cache_write + output * p->output;

	/* Prices are of a million tokens. */
	return (sum + USD - 1) / USD;
}
