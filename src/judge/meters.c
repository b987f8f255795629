/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "judge/judge_priv.h"

/*
 * A counter cuts its span into pieces and forgets a piece only when all of
 * it is past: it may count a little too much, never too little.  The span
 * is part of the key, "box:light/rate/60", so that a changed line begins
 * anew.
 */

#define PIECES (METER_BUCKETS - 2)
#define NO_ROOM (INT64_MAX / 4)

static struct meter *
find(const struct meters *m, const char *key)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (strcmp(m->at[i]->key, key) == 0)
			return m->at[i];
	return NULL;
}

int64_t
meter_bucket(int64_t span_s, int64_t now_ms)
{
	return span_s == SPAN_RUN ? 0 : now_ms / (span_s * 1000 / PIECES);
}

int64_t
meter_oldest(int64_t span_s, int64_t now_ms)
{
	return meter_bucket(span_s, now_ms) - PIECES;
}

int64_t
meter_sum(
    const struct meters *m, const char *key, int64_t span_s, int64_t now_ms)
{
	struct meter *meter = find(m, key);
	int64_t oldest = meter_oldest(span_s, now_ms);
	int64_t sum = 0;
	size_t i;

	if (meter == NULL)
		return m->n < METERS_MAX ? 0 : NO_ROOM;
	for (i = 0; i < METER_BUCKETS; i++)
		if (meter->buckets[i].amount != 0 &&
		    meter->buckets[i].at >= oldest)
			sum += meter->buckets[i].amount;
	return sum;
}

/* The first moment at which a piece is no longer looked at. */
static int64_t
past_at(int64_t span_s, int64_t at)
{
	return (at + PIECES + 1) * (span_s * 1000 / PIECES);
}

int64_t
meter_wait_ms(const struct meters *m, const char *key, int64_t span_s,
    int64_t now_ms, int64_t most)
{
	const struct meter *meter = find(m, key);
	int64_t until_ms = INT64_MAX;
	size_t i;

	if (meter == NULL || span_s == SPAN_RUN || most < 0)
		return -1;
	for (i = 0; i < METER_BUCKETS; i++) {
		int64_t at_ms;

		if (meter->buckets[i].amount == 0)
			continue;
		at_ms = past_at(span_s, meter->buckets[i].at);
		if (at_ms > now_ms && at_ms < until_ms &&
		    meter_sum(m, key, span_s, at_ms) <= most)
			until_ms = at_ms;
	}
	return until_ms == INT64_MAX ? -1 : until_ms - now_ms;
}

bool
meters_know(const struct meters *m, const char *key)
{
	return find(m, key) != NULL;
}

bool
meter_add(struct meters *m, const char *key, int64_t at, int64_t amount)
{
	struct meter *meter = find(m, key);
	size_t oldest = 0;
	size_t i;

	if (meter == NULL) {
		if (m->n == METERS_MAX)
			return false;
		meter = xalloc(sizeof(*meter));
		if (str_copy(meter->key, sizeof(meter->key), key) != OK)
			fatal("a counter's name is too long");
		m->at[m->n++] = meter;
	}
	for (i = 0; i < METER_BUCKETS; i++) {
		if (meter->buckets[i].at == at &&
		    meter->buckets[i].amount != 0) {
			meter->buckets[i].amount += amount;
			return true;
		}
		if (meter->buckets[i].amount == 0)
			meter->buckets[i].at = INT64_MIN;
		if (meter->buckets[i].at < meter->buckets[oldest].at)
			oldest = i;
	}
	meter->buckets[oldest].at = at;
	meter->buckets[oldest].amount = amount;
	return true;
}

bool
meters_forget_run(struct meters *m, const char *run)
{
	size_t before = m->n;
	size_t i = 0;

	while (i < m->n) {
		const char *at = strchr(m->at[i]->key, '@');

		if (at == NULL || strcmp(at + 1, run) != 0) {
			i++;
			continue;
		}
		free(m->at[i]);
		m->at[i] = m->at[--m->n];
	}
	return m->n != before;
}

void
meters_free(struct meters *m)
{
	while (m->n > 0)
		free(m->at[--m->n]);
}
