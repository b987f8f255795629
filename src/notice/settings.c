/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "notice/notice.h"
#include "policy/policy.h"

/* What an owner can set, as words. */

#define OFF "off"

void
notice_defaults(struct notice_settings *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->remind_min = 5;
	ret->times = 3;
	ret->delegate_min = 5;
}

static enum err
read_number(const char *value, int max, int *ret)
{
	int n = 0;
	size_t i;

	for (i = 0; value[i] >= '0' && value[i] <= '9' && n <= max; i++)
		n = n * 10 + (value[i] - '0');
	if (i == 0 || value[i] != '\0' || n < 1 || n > max)
		return ERR_INPUT;
	*ret = n;
	return OK;
}

static enum err
read_minutes(const char *value, int *ret, struct errmsg *why)
{
	return read_number(value, NOTICE_MINUTES_MAX, ret) == OK
	    ? OK
	    : err_say(why, ERR_INPUT,
		  "'%.20s' is no number of minutes, 1 to %d", value,
		  NOTICE_MINUTES_MAX);
}

static enum err
set_remind(struct notice_settings *s, const char *value, struct errmsg *why)
{
	if (strcmp(value, OFF) != 0)
		return read_minutes(value, &s->remind_min, why);
	s->remind_min = 0;
	return OK;
}

static enum err
set_times(struct notice_settings *s, const char *value, struct errmsg *why)
{
	return read_number(value, NOTICE_TIMES_MAX, &s->times) == OK
	    ? OK
	    : err_say(why, ERR_INPUT,
		  "'%.20s' is no number of reminders, 1 to %d; --remind off "
		  "is none",
		  value, NOTICE_TIMES_MAX);
}

static enum err
set_quiet(struct notice_settings *s, const char *value, struct errmsg *why)
{
	if (strcmp(value, OFF) == 0) {
		s->quiet_begin = 0;
		s->quiet_end = 0;
		return OK;
	}
	if (policy_hours_read((struct str){value, strlen(value)},
		&s->quiet_begin, &s->quiet_end) != OK)
		return err_say(why, ERR_INPUT,
		    "'%.20s' is no span of hours; write 22:00-07:00, or off",
		    value);
	return OK;
}

static enum err
set_delegate(struct notice_settings *s, const char *value, struct errmsg *why)
{
	if (strcmp(value, OFF) == 0)
		value = "";
	if (strlen(value) > NAME_MAX_LEN)
		return err_say(why, ERR_INPUT,
		    "no client has a name that long; 'durward clients' lists "
		    "them");
	snprintf(s->delegate, sizeof(s->delegate), "%s", value);
	return OK;
}

static enum err
set_after(struct notice_settings *s, const char *value, struct errmsg *why)
{
	return read_minutes(value, &s->delegate_min, why);
}

static void
say_remind(const struct notice_settings *s, char *ret)
{
	if (s->remind_min > 0)
		snprintf(ret, NOTICE_VALUE_SIZE, "%d", s->remind_min);
	else
		snprintf(ret, NOTICE_VALUE_SIZE, OFF);
}

static void
say_times(const struct notice_settings *s, char *ret)
{
	snprintf(ret, NOTICE_VALUE_SIZE, "%d", s->times);
}

static void
say_quiet(const struct notice_settings *s, char *ret)
{
	if (s->quiet_begin == s->quiet_end)
		snprintf(ret, NOTICE_VALUE_SIZE, OFF);
	else
		snprintf(ret, NOTICE_VALUE_SIZE, "%02d:%02d-%02d:%02d",
		    s->quiet_begin / 60, s->quiet_begin % 60, s->quiet_end / 60,
		    s->quiet_end % 60);
}

static void
say_delegate(const struct notice_settings *s, char *ret)
{
	snprintf(ret, NOTICE_VALUE_SIZE, "%s",
	    s->delegate[0] != '\0' ? s->delegate : OFF);
}

static void
say_after(const struct notice_settings *s, char *ret)
{
	snprintf(ret, NOTICE_VALUE_SIZE, "%d", s->delegate_min);
}

static const struct {
	const char *name;
	enum err (*set)(
	    struct notice_settings *s, const char *value, struct errmsg *why);
	void (*say)(const struct notice_settings *s, char *ret);
} settings[] = {
    {"remind", set_remind, say_remind},
    {"times", set_times, say_times},
    {"quiet", set_quiet, say_quiet},
    {"delegate", set_delegate, say_delegate},
    {"after", set_after, say_after},
};

const char *
notice_setting(size_t i)
{
	return i < ARRAY_LEN(settings) ? settings[i].name : NULL;
}

enum err
notice_set(struct notice_settings *s, const char *name, const char *value,
    struct errmsg *why)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(settings); i++)
		if (strcmp(settings[i].name, name) == 0)
			return settings[i].set(s, value, why);
	return err_say(why, ERR_INPUT,
	    "there is no setting '%.20s'; there are remind, times, quiet, "
	    "delegate and after",
	    name);
}

void
notice_say(const struct notice_settings *s, const char *name,
    char ret[NOTICE_VALUE_SIZE])
{
	size_t i = 0;

	while (i < ARRAY_LEN(settings) && strcmp(settings[i].name, name) != 0)
		i++;
	assert(i < ARRAY_LEN(settings));
	settings[i].say(s, ret);
}
