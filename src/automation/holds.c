/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "automation/automation_priv.h"

/* Does it hold?  And the same in words. */

static bool
is_true(const struct json *v)
{
	char *text = json_print(v);
	bool is = strcmp(text, "true") == 0;

	free(text);
	return is;
}

static bool
equals(const struct json *wanted, const struct json *now)
{
	if (json_is_string(wanted))
		return json_is_string(now) &&
		    strcmp(json_text(wanted), json_text(now)) == 0;
	if (json_is_number(wanted))
		return json_is_number(now) &&
		    json_double(wanted) <= json_double(now) &&
		    json_double(wanted) >= json_double(now);
	return json_is_bool(now) && is_true(wanted) == is_true(now);
}

enum automation_holds
automation_test_holds(const struct automation_test *t, const struct json *now)
{
	bool holds;

	if (now == NULL || (t->op != OP_IS && !json_is_number(now)))
		return HOLDS_UNKNOWN;
	if (t->op == OP_IS)
		holds = equals(t->wanted, now);
	else if (t->op == OP_ABOVE)
		holds = json_double(now) > json_double(t->wanted);
	else
		holds = json_double(now) < json_double(t->wanted);
	return holds ? HOLDS : HOLDS_NOT;
}

bool
automation_in_hours(const struct automation_condition *c, int minute)
{
	if (minute < 0)
		return false;
	if (c->after < c->before)
		return minute >= c->after && minute < c->before;
	return minute >= c->after || minute < c->before;
}

/* ---- Words ---- */

static void
say_test(const struct automation_test *t, struct buf *out)
{
	static const char *const ops[] = {"is", "is above", "is below"};

	if (t->entity[0] != '\0')
		buf_addf(out, "%s %s ", t->entity, t->value);
	buf_addf(out, "%s ", ops[t->op]);
	if (json_is_string(t->wanted))
		buf_adds(out, json_text(t->wanted));
	else
		json_print_into(t->wanted, out);
}

static void
say_time(const struct automation_time *t, struct buf *out)
{
	static const char *const names[] = {"", "sunrise", "sunset"};
	const char *before = " on ";
	size_t i;

	buf_adds(out, "at ");
	if (t->base == AT_CLOCK)
		buf_addf(out, "%02d:%02d", t->minute / 60, t->minute % 60);
	else if (t->offset_min == 0)
		buf_adds(out, names[t->base]);
	else
		buf_addf(out, "%d minutes %s %s", abs(t->offset_min),
		    t->offset_min < 0 ? "before" : "after", names[t->base]);
	for (i = 0; i < 7 && t->days != 0x7f; i++) {
		if ((t->days >> i & 1) == 0)
			continue;
		buf_addf(out, "%s%s", before, automation_days[i]);
		before = ", ";
	}
}

static void
say_condition(const struct automation_condition *c, struct buf *out)
{
	buf_adds(out, ", if ");
	if (c->is_hours)
		buf_addf(out, "it is between %02d:%02d and %02d:%02d",
		    c->after / 60, c->after % 60, c->before / 60,
		    c->before % 60);
	else
		say_test(&c->test, out);
}

void
automation_say(const struct automation *a, struct buf *out)
{
	size_t i;

	if (a->is_timed) {
		say_time(&a->time, out);
	} else {
		buf_adds(out, "when ");
		if (automation_has_topic(a))
			automation_say_topic(&a->topic, out);
		say_test(&a->test, out);
	}
	for (i = 0; i < a->n_ifs; i++)
		say_condition(&a->ifs[i], out);
	if (a->rate.times != automation_rate_low.times ||
	    a->rate.span_ms != automation_rate_low.span_ms) {
		buf_adds(out, ", ");
		automation_say_rate(&a->rate, out);
	}
	buf_addf(out, ": %s", a->goal);
}
