/* SPDX-License-Identifier: Apache-2.0 */
/* What is read is an automation within its limits, with a next time that is
 * later; and a sentence that is a rule has a wish of its own words. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "automation/automation.h"
#include "base/limits.h"

#define NOW_MS (1800000000 * (int64_t)1000)

static void
check(const struct automation *a)
{
	struct automation_place p = {true, 52.52, 13.405};
	struct automation_due due;
	struct errmsg why;
	struct buf b;

	if (!automation_is_name(a->name) || a->n_ifs > AUTOMATION_IFS_MAX ||
	    a->rate.times < 1 || a->rate.times > AUTOMATION_RATE_MAX ||
	    (!a->is_call && !automation_rate_is_low(&a->rate)) ||
	    a->goal == NULL || a->goal[0] == '\0' || strlen(a->goal) > GOAL_MAX)
		abort();
	buf_init(&b, 16 * AUTOMATION_TEXT_MAX);
	automation_say(a, &b);
	buf_done(&b);
	if (automation_has_topic(a) &&
	    (a->is_timed || !home_topic_ok(a->topic.name) ||
		a->topic.type >= AUTOMATION_TYPE_COUNT ||
		(a->topic.extract != NULL &&
		    home_template_check(a->topic.extract, false, &why) != OK)))
		abort();
	if (!a->is_timed)
		return;
	due = automation_look(&a->time, &p, NOW_MS, NOW_MS);
	if (due.fires || due.missed_ms != 0 || due.next_ms <= NOW_MS)
		abort();
}

static void
check_words(const char *text)
{
	struct automation_words w;

	if (automation_words(text, &w) != OK)
		return;
	if (w.wish[0] == '\0' || strstr(text, w.wish) == NULL ||
	    (w.when == NULL) == (w.device == NULL))
		abort();
	automation_words_done(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct automation *a = NULL;
	struct errmsg why = {""};
	struct json *v;

	memcpy(text, data, size);
	text[size] = '\0';
	check_words(text);
	if (json_parse(text, size, &v) == OK) {
		if (automation_read(v, &a, &why) == OK)
			check(a);
		else if (why.text[0] == '\0')
			abort();
		automation_free(a);
		json_free(v);
	}
	free(text);
	return 0;
}
