/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "automation/automation_priv.h"

/* How often one may fire. */

#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)

const struct automation_rate automation_rate_low = {
    AUTOMATION_LOW_TIMES, MINUTE_MS};

enum err
automation_read_rate(const char *text, struct automation_rate *ret)
{
	size_t n = strspn(text, "0123456789");
	bool seconds = strcmp(text + n, "/s") == 0;
	struct automation_rate r = {.span_ms = seconds ? SECOND_MS : MINUTE_MS};

	if (n == 0 || n > 4 || text[0] == '0' ||
	    (!seconds && strcmp(text + n, "/min") != 0))
		return ERR_INPUT;
	r.times = (int)strtol(text, NULL, 10);
	if (r.times > AUTOMATION_RATE_MAX)
		return ERR_INPUT;
	*ret = r;
	return OK;
}

bool
automation_rate_is_low(const struct automation_rate *r)
{
	return (int64_t)r->times * automation_rate_low.span_ms <=
	    automation_rate_low.times * r->span_ms;
}

void
automation_say_rate(const struct automation_rate *r, struct buf *out)
{
	const char *unit = r->span_ms == SECOND_MS ? "second" : "minute";

	if (r->times == 1)
		buf_addf(out, "at most once a %s", unit);
	else if (r->times < 1000)
		buf_addf(out, "at most %d times a %s", r->times, unit);
	else
		buf_addf(out, "at most %d,%03d times a %s", r->times / 1000,
		    r->times % 1000, unit);
}

/* One part more than the span has: the first and the last are not whole. */
bool
automation_meter_take(
    struct automation_meter *m, const struct automation_rate *r, int64_t now_ms)
{
	int64_t part_ms =
	    (r->span_ms + AUTOMATION_METER_PARTS - 1) / AUTOMATION_METER_PARTS;
	int64_t part = now_ms / part_ms;

	if (part - m->part > AUTOMATION_METER_PARTS) {
		memset(m, 0, sizeof(*m));
		m->part = part;
	}
	while (m->part < part) {
		uint16_t *oldest =
		    &m->n[++m->part % (AUTOMATION_METER_PARTS + 1)];

		m->sum -= *oldest;
		*oldest = 0;
	}
	if (m->sum >= r->times)
		return false;
	m->n[m->part % (AUTOMATION_METER_PARTS + 1)]++;
	m->sum++;
	return true;
}
