/* SPDX-License-Identifier: Apache-2.0 */
#include "notice/notice.h"

#include <assert.h>
#include <string.h>

#define MINUTE_MS (60 * (int64_t)1000)

static const char *const why_names[] = {
#define X(name, text) text,
    NOTICE_WHY_TABLE(X)
#undef X
};

const char *
notice_why_name(enum notice_why w)
{
	assert(w < NOTICE_WHY_COUNT);
	return why_names[w];
}

static bool
is_quiet(const struct notice_settings *s, int minute)
{
	if (minute < 0 || s->quiet_begin == s->quiet_end)
		return false;
	if (s->quiet_begin < s->quiet_end)
		return minute >= s->quiet_begin && minute < s->quiet_end;
	return minute >= s->quiet_begin || minute < s->quiet_end;
}

/* What comes next, and when. */
static enum notice_why
next_notice(const struct notice_settings *s, const struct notice_question *q,
    int64_t *ret_at_ms)
{
	enum notice_why w = NOTICE_NONE;

	*ret_at_ms = INT64_MAX;
	if (q->told_ms == 0) {
		*ret_at_ms = q->asked_ms;
		return NOTICE_ASKED;
	}
	if (s->remind_min > 0 && q->reminders < s->times) {
		*ret_at_ms = q->told_ms + s->remind_min * MINUTE_MS;
		w = NOTICE_REMINDER;
	}
	if (s->delegate[0] != '\0' && !q->delegated &&
	    q->asked_ms + s->delegate_min * MINUTE_MS <= *ret_at_ms) {
		*ret_at_ms = q->asked_ms + s->delegate_min * MINUTE_MS;
		w = NOTICE_DELEGATED;
	}
	return w;
}

enum notice_why
notice_due(const struct notice_settings *s, struct notice_question *q,
    const struct notice_moment *m, int64_t *ret_look_ms)
{
	enum notice_why w = next_notice(s, q, ret_look_ms);

	if (w == NOTICE_NONE || *ret_look_ms > m->boot_ms)
		return NOTICE_NONE;
	if (m->held || (is_quiet(s, m->minute) && !m->followed)) {
		*ret_look_ms = m->boot_ms + NOTICE_LOOK_MS;
		return NOTICE_NONE;
	}
	if (w == NOTICE_DELEGATED)
		q->delegated = true;
	else
		q->told_ms = m->boot_ms;
	q->reminders += w == NOTICE_REMINDER;
	return w;
}

size_t
notice_choose(const struct notice_settings *s, const struct notice_question *q,
    enum notice_why w, const char **names, size_t n)
{
	size_t chosen = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		const char *name = names[i];
		bool is_delegate = strcmp(name, s->delegate) == 0;

		if (w == NOTICE_DELEGATED ? !is_delegate
					  : is_delegate && !q->delegated)
			continue;
		names[i] = names[chosen];
		names[chosen++] = name;
	}
	/* Nobody else could answer: it need not wait to hear of it. */
	return chosen == 0 && w != NOTICE_DELEGATED ? n : chosen;
}
