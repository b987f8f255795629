/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "automation/automation_priv.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"

/* From JSON to the struct, strictly. */

const char *const automation_days[7] = {
    "sun", "mon", "tue", "wed", "thu", "fri", "sat"};

bool
automation_is_name(const char *name)
{
	return str_is_name(name) && strlen(name) <= AUTOMATION_NAME_MAX;
}

int
automation_minute(const char *text)
{
	int hour;
	int minute;

	if (strlen(text) != 5 || text[2] != ':' ||
	    strspn(text, "0123456789:") != 5 || strchr(text, ':') != text + 2 ||
	    strrchr(text, ':') != text + 2)
		return -1;
	hour = (text[0] - '0') * 10 + text[1] - '0';
	minute = (text[3] - '0') * 10 + text[4] - '0';
	return hour < 24 && minute < 60 ? hour * 60 + minute : -1;
}

enum err
automation_members(const struct json *v, const char *where,
    const char *const *known, struct errmsg *why)
{
	const struct json *m;
	size_t i;

	if (!json_is_object(v))
		return err_say(
		    why, ERR_INPUT, "%s: an object is wanted", where);
	for (m = json_first(v); m != NULL; m = json_next(m)) {
		for (i = 0; known[i] != NULL; i++)
			if (strcmp(known[i], json_name(m)) == 0)
				break;
		if (known[i] == NULL)
			return err_say(why, ERR_INPUT,
			    "%s: there is no member '%.40s' here", where,
			    json_name(m));
	}
	return OK;
}

static enum err
read_text(const struct json *v, const char *where, const char *name, char *ret,
    size_t size, struct errmsg *why)
{
	const char *text = json_str(v, name);

	if (text == NULL || text[0] == '\0' || strlen(text) >= size)
		return err_say(why, ERR_INPUT,
		    "%s.%s: a text of 1 to %zu bytes is wanted", where, name,
		    size - 1);
	snprintf(ret, size, "%s", text);
	return OK;
}

/* ---- Tests ---- */

enum err
automation_read_wanted(const struct json *v, const char *where,
    struct automation_test *t, struct errmsg *why)
{
	static const char *const ops[] = {"is", "above", "below"};
	const struct json *wanted = NULL;
	size_t i;

	for (i = 0; i < ARRAY_LEN(ops); i++) {
		if (!json_has(v, ops[i]))
			continue;
		if (wanted != NULL)
			return err_say(why, ERR_INPUT,
			    "%s: one of is, above and below is wanted", where);
		wanted = json_get(v, ops[i]);
		t->op = (enum automation_op)i;
	}
	if (wanted == NULL)
		return err_say(why, ERR_INPUT,
		    "%s: one of is, above and below is wanted", where);
	if (!json_is_number(wanted) &&
	    (t->op != OP_IS ||
		(!json_is_string(wanted) && !json_is_bool(wanted))))
		return err_say(why, ERR_INPUT, "%s.%s: a %s is wanted", where,
		    ops[t->op],
		    t->op == OP_IS ? "text, number or boolean" : "number");
	t->wanted = json_copy(wanted);
	return OK;
}

static enum err
read_test(const struct json *v, const char *where, struct automation_test *t,
    struct errmsg *why)
{
	static const char *const known[] = {
	    "entity", "value", "is", "above", "below", NULL};
	enum err e = automation_members(v, where, known, why);

	if (e == OK)
		e = read_text(
		    v, where, "entity", t->entity, sizeof(t->entity), why);
	if (e == OK)
		e = read_text(
		    v, where, "value", t->value, sizeof(t->value), why);
	return e == OK ? automation_read_wanted(v, where, t, why) : e;
}

/* ---- Times ---- */

static enum err
read_days(const struct json *v, unsigned *ret, struct errmsg *why)
{
	const struct json *days = json_get(v, "days");
	const struct json *d = json_first(days);
	size_t i;

	*ret = 0x7f;
	if (!json_has(v, "days"))
		return OK;
	for (*ret = 0; json_is_array(days) && d != NULL; d = json_next(d)) {
		const char *text = json_text(d);

		for (i = 0; i < 7 && text != NULL; i++)
			if (strcmp(automation_days[i], text) == 0)
				break;
		if (text == NULL || i == 7)
			*ret = 0;
		if (text == NULL || i == 7)
			break;
		*ret |= 1U << i;
	}
	return *ret != 0 ? OK
			 : err_say(why, ERR_INPUT,
			       "when.days: a list of mon, tue, wed, thu, fri, "
			       "sat and sun is wanted");
}

static enum err
read_time(const struct json *v, struct automation_time *t, struct errmsg *why)
{
	static const char *const known[] = {"at", "offset_min", "days", NULL};
	const char *at = json_words(v, "at");
	const struct json *offset = json_get(v, "offset_min");
	int64_t minutes = json_int(v, "offset_min", 0);
	enum err e = automation_members(v, "when", known, why);

	if (e != OK)
		return e;
	if (strcmp(at, "sunrise") == 0 || strcmp(at, "sunset") == 0)
		t->base = strcmp(at, "sunrise") == 0 ? AT_SUNRISE : AT_SUNSET;
	else if ((t->minute = automation_minute(at)) < 0)
		return err_say(why, ERR_INPUT,
		    "when.at: a time like 07:00, sunrise or sunset is wanted");
	if ((offset != NULL &&
		(!json_is_integer(offset) || t->base == AT_CLOCK)) ||
	    minutes < -AUTOMATION_OFFSET_MAX || minutes > AUTOMATION_OFFSET_MAX)
		return err_say(why, ERR_INPUT,
		    "when.offset_min: minutes from -%d to %d are wanted, "
		    "beside sunrise or sunset",
		    AUTOMATION_OFFSET_MAX, AUTOMATION_OFFSET_MAX);
	t->offset_min = (int)minutes;
	return read_days(v, &t->days, why);
}

/* ---- Conditions ---- */

static enum err
read_condition(const struct json *v, const char *where,
    struct automation_condition *c, struct errmsg *why)
{
	static const char *const known[] = {"after", "before", NULL};
	enum err e;

	if (!json_has(v, "after") && !json_has(v, "before"))
		return read_test(v, where, &c->test, why);
	e = automation_members(v, where, known, why);
	if (e != OK)
		return e;
	c->is_hours = true;
	c->after = json_has(v, "after")
	    ? automation_minute(json_words(v, "after"))
	    : 0;
	c->before = json_has(v, "before")
	    ? automation_minute(json_words(v, "before"))
	    : 24 * 60;
	if (c->after < 0 || c->before < 0 || c->after == c->before)
		return err_say(why, ERR_INPUT,
		    "%s: two different times like 22:00 are wanted", where);
	return OK;
}

static enum err
read_conditions(const struct json *v, struct automation *a, struct errmsg *why)
{
	const struct json *list = json_get(v, "if");
	const struct json *c = json_first(list);
	enum err e = OK;
	char where[16];

	if (json_has(v, "if") &&
	    (!json_is_array(list) || json_count(list) > AUTOMATION_IFS_MAX))
		return err_say(why, ERR_INPUT,
		    "if: a list of at most %d conditions is wanted",
		    AUTOMATION_IFS_MAX);
	for (; c != NULL && e == OK; c = json_next(c)) {
		snprintf(where, sizeof(where), "if[%zu]", a->n_ifs);
		e = read_condition(c, where, &a->ifs[a->n_ifs++], why);
	}
	return e;
}

/* ---- What follows ---- */

/* As words, which is how offline.h reads a call. */
static enum err
read_call(const struct json *v, struct automation *a, struct errmsg *why)
{
	static const char *const known[] = {"call", "args", NULL};
	char call[2 * NAME_MAX_LEN + 2];
	struct buf b;
	enum err e = automation_members(v, "then", known, why);

	if (e == OK)
		e = read_text(v, "then", "call", call, sizeof(call), why);
	if (e == OK && !str_is_name(call))
		e = err_say(why, ERR_INPUT,
		    "then.call: a function like home.set is wanted");
	if (e == OK && !json_is_object(json_get(v, "args")))
		e = err_say(why, ERR_INPUT, "then.args: an object is wanted");
	if (e != OK)
		return e;
	buf_init(&b, 2 * AUTOMATION_TEXT_MAX);
	buf_addf(&b, "%s ", call);
	json_canonical(json_get(v, "args"), &b);
	a->goal = buf_steal(&b);
	a->is_call = true;
	if (strlen(a->goal) > GOAL_MAX)
		return err_say(why, ERR_INPUT,
		    "then.args: less than %d bytes are wanted", GOAL_MAX);
	return OK;
}

static enum err
read_then(const struct json *v, struct automation *a, struct errmsg *why)
{
	static const char *const known[] = {"goal", NULL};
	const struct json *then = json_get(v, "then");
	const char *goal = json_words(then, "goal");
	enum err e;

	if (!json_is_object(then) || !json_has(then, "goal"))
		return read_call(then, a, why);
	e = automation_members(then, "then", known, why);
	if (e == OK && (goal[0] == '\0' || strlen(goal) > GOAL_MAX))
		e = err_say(why, ERR_INPUT,
		    "then.goal: a text of 1 to %d bytes is wanted", GOAL_MAX);
	if (e == OK)
		a->goal = xstrdup(goal);
	return e;
}

/* What a goal in words will do nobody knows before. */
static enum err
read_rate(const struct json *v, struct automation *a, struct errmsg *why)
{
	a->rate = automation_rate_low;
	if (!json_has(v, "rate"))
		return OK;
	if (automation_read_rate(json_words(v, "rate"), &a->rate) != OK)
		return err_say(why, ERR_INPUT,
		    "rate: a number from 1 to %d and a unit are wanted, like "
		    "30/min or 10/s",
		    AUTOMATION_RATE_MAX);
	return a->is_call || automation_rate_is_low(&a->rate)
	    ? OK
	    : err_say(why, ERR_INPUT,
		  "rate: more than %d/min is for a call, and not for a goal "
		  "in words",
		  AUTOMATION_LOW_TIMES);
}

/* What houses from before cannot do says so, and nothing else does. */
static enum err
check_format(
    const struct json *v, const struct automation *a, struct errmsg *why)
{
	const struct json *format = json_get(v, "format");
	int64_t wanted = automation_has_topic(a) ? AUTOMATION_FORMAT : 1;

	if (format == NULL && wanted == 1)
		return OK;
	return json_is_integer(format) && json_int(v, "format", 0) == wanted
	    ? OK
	    : err_say(why, ERR_INPUT,
		  "format: %d is wanted, and only with when.topic",
		  AUTOMATION_FORMAT);
}

static enum err
read_when(const struct json *v, struct automation *a, struct errmsg *why)
{
	const struct json *when = json_get(v, "when");
	enum err e;

	a->is_timed = json_has(when, "at");
	if (a->is_timed)
		e = read_time(when, &a->time, why);
	else if (json_has(when, "topic"))
		e = automation_read_topic(when, a, why);
	else
		e = read_test(when, "when", &a->test, why);
	return e == OK ? check_format(v, a, why) : e;
}

static enum err
read_all(const struct json *v, struct automation *a, struct errmsg *why)
{
	static const char *const known[] = {
	    "format", "name", "when", "if", "then", "rate", NULL};
	enum err e = automation_members(v, "the automation", known, why);

	if (e == OK && !automation_is_name(json_words(v, "name")))
		e = err_say(why, ERR_INPUT,
		    "name: 1 to %d of a-z 0-9 . _ - are wanted, beginning "
		    "with a letter",
		    AUTOMATION_NAME_MAX);
	if (e != OK)
		return e;
	snprintf(a->name, sizeof(a->name), "%s", json_words(v, "name"));
	e = read_when(v, a, why);
	if (e == OK)
		e = read_conditions(v, a, why);
	if (e == OK)
		e = read_then(v, a, why);
	return e == OK ? read_rate(v, a, why) : e;
}

enum err
automation_read(
    const struct json *v, struct automation **ret, struct errmsg *why)
{
	struct automation *a = xalloc(sizeof(*a));
	enum err e = read_all(v, a, why);

	if (e == OK)
		*ret = a;
	else
		automation_free(a);
	return e;
}

void
automation_free(struct automation *a)
{
	size_t i;

	if (a == NULL)
		return;
	free(a->topic.extract);
	json_free(a->test.wanted);
	for (i = 0; i < a->n_ifs; i++)
		json_free(a->ifs[i].test.wanted);
	free(a->goal);
	free(a);
}
