/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/log.h"
#include "policy/policy_priv.h"

/* Words that are given once and match nothing: rates, times, keys, amounts. */

#define HOUR_S 3600
#define DAY_S (24 * HOUR_S)
#define MONTH_S (30 * DAY_S)
#define MICRO 1000000

/* Digits alone, at most `most`; the rest of the text begins behind them. */
static bool
read_number(const char **text, int64_t most, int64_t *ret)
{
	const char *p = *text;
	int64_t n = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (*p - '0');
		if (n > most)
			return false;
	}
	*text = p;
	*ret = n;
	return true;
}

static bool
read_duration(const char **text, int64_t most_s, int64_t *ret)
{
	static const struct {
		char unit;
		int64_t s;
	} units[] = {{'s', 1}, {'m', 60}, {'h', HOUR_S}};
	int64_t n;
	size_t i;

	if (!read_number(text, most_s, &n) || n == 0)
		return false;
	for (i = 0; i < ARRAY_LEN(units); i++) {
		if (**text != units[i].unit)
			continue;
		(*text)++;
		*ret = n * units[i].s;
		return *ret <= most_s;
	}
	return false;
}

enum err
once_rate(struct line *l, const char *text)
{
	static const struct {
		const char *unit;
		int64_t s;
	} spans[] = {{"/min", 60}, {"/hour", HOUR_S}, {"/day", DAY_S}};
	struct rate *r = &l->rule->rate;
	const char *p = text;
	size_t i;

	if (read_number(&p, POLICY_RATE_MAX, &r->most) && r->most > 0) {
		for (i = 0; i < ARRAY_LEN(spans); i++) {
			if (strcmp(p, spans[i].unit) != 0)
				continue;
			r->span_s = spans[i].s;
			return OK;
		}
	}
	return line_wrong(l,
	    "rate=%.64s; write 30/min, 30/hour or 30/day, at most %d", text,
	    POLICY_RATE_MAX);
}

enum err
once_ttl(struct line *l, const char *text)
{
	const char *p = text;

	if (!read_duration(&p, POLICY_TTL_MAX_S, &l->rule->ttl_s) || *p != '\0')
		return line_wrong(
		    l, "ttl=%.64s; write 30s, 10m or 2h, at most 24h", text);
	return OK;
}

enum err
once_keys(struct line *l, const char *text)
{
	l->rule->keys = 2;
	return strcmp(text, "2") == 0
	    ? OK
	    : line_wrong(l, "keys=%.64s; only keys=2 can be demanded", text);
}

enum err
once_key(struct line *l, const char *text)
{
	l->rule->cli_key = true;
	return strcmp(text, "cli") == 0
	    ? OK
	    : line_wrong(l, "key=%.64s; only key=cli can be demanded", text);
}

enum err
once_over(struct line *l, const char *text)
{
	bool ask = strcmp(text, "ask") == 0;

	l->rule->over = ask ? VERDICT_ASK : VERDICT_DENY;
	return ask || strcmp(text, "deny") == 0
	    ? OK
	    : line_wrong(l, "over=%.64s; write over=deny or over=ask", text);
}

static bool
read_money(const char **text, int64_t *ret)
{
	int64_t unit = MICRO;
	int64_t n;

	if (!read_number(text, POLICY_AMOUNT_MAX, &n))
		return false;
	n *= MICRO;
	if (**text == '.') {
		(*text)++;
		if (**text < '0' || **text > '9')
			return false;
		for (; **text >= '0' && **text <= '9'; (*text)++) {
			unit /= 10;
			if (unit == 0)
				return false;
			n += (**text - '0') * unit;
		}
	}
	*ret = n;
	return n <= (int64_t)POLICY_AMOUNT_MAX * MICRO;
}

static bool
read_amount(const char **text, enum dimension d, int64_t *ret)
{
	if (d == DIM_USD || d == DIM_EUR)
		return read_money(text, ret);
	if (d == DIM_TIME)
		return read_duration(text, POLICY_AMOUNT_MAX, ret);
	return read_number(text, POLICY_AMOUNT_MAX, ret);
}

enum err
once_dimension(struct line *l, enum dimension d, const char *text)
{
	static const struct {
		const char *unit;
		int64_t s;
	} periods[] = {{"/run", SPAN_RUN}, {"/hour", HOUR_S}, {"/day", DAY_S},
	    {"/month", MONTH_S}};
	struct amount *a = &l->rule->amounts[d];
	const char *p = text;
	size_t i;

	if (a->set)
		return line_wrong(l, "%s= stands twice", dimension_name(d));
	if (read_amount(&p, d, &a->most)) {
		for (i = 0; i < ARRAY_LEN(periods); i++) {
			if (strcmp(p, periods[i].unit) != 0)
				continue;
			a->span_s = periods[i].s;
			a->set = true;
			return OK;
		}
	}
	return line_wrong(l,
	    "%s=%.64s; write an amount and /run, /hour, /day or /month",
	    dimension_name(d), text);
}
