/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "automation/automation_priv.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"

/* What is said on a topic: the bridge listens there and reads the value. */

static const char *const types[] = {
#define X(name, text) text,
    AUTOMATION_TYPE_TABLE(X)
#undef X
};

/* Below these the house, and what announces devices, speak. */
static const char *const reserved[] = {
    "durward", "homeassistant", "zigbee2mqtt/bridge"};

bool
automation_has_topic(const struct automation *a)
{
	return a->topic.name[0] != '\0';
}

static enum err
read_name(
    const struct json *when, struct automation_topic *t, struct errmsg *why)
{
	const char *name = json_words(when, "topic");
	size_t i;

	if (!home_topic_ok(name) ||
	    str_copy(t->name, sizeof(t->name), name) != OK)
		return err_say(why, ERR_INPUT,
		    "when.topic: 1 to %d bytes without + and # are wanted, and "
		    "no $ in front",
		    HOME_TOPIC_MAX);
	for (i = 0; i < ARRAY_LEN(reserved); i++)
		if (home_topics_meet(reserved[i], name))
			return err_say(why, ERR_INPUT,
			    "when.topic: what is below %s is not for "
			    "automations",
			    reserved[i]);
	return OK;
}

static enum err
read_extract(
    const struct json *when, struct automation_topic *t, struct errmsg *why)
{
	const char *text = json_str(when, "extract");
	struct errmsg wrong = {""};

	if (!json_has(when, "extract"))
		return OK;
	if (text == NULL)
		return err_say(
		    why, ERR_INPUT, "when.extract: a template is wanted");
	if (home_template_check(text, false, &wrong) != OK)
		return err_say(
		    why, ERR_INPUT, "when.extract: %.200s", wrong.text);
	t->extract = xstrdup(text);
	return OK;
}

static enum err
read_type(
    const struct json *when, struct automation_topic *t, struct errmsg *why)
{
	const char *name = json_words(when, "type");
	size_t i;

	for (i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(types[i], name) == 0) {
			t->type = (enum automation_type)i;
			return OK;
		}
	return err_say(why, ERR_INPUT,
	    "when.type: one of boolean, number and text is wanted");
}

/* Can a value of the type ever be so? */
static bool
is_possible(const struct automation *a)
{
	const struct json *wanted = a->test.wanted;

	if (a->topic.type == AUTOMATION_NUMBER)
		return json_is_number(wanted);
	if (a->topic.type == AUTOMATION_BOOLEAN)
		return json_is_bool(wanted);
	return json_is_string(wanted) &&
	    strlen(json_text(wanted)) <= HOME_TEXT_MAX;
}

enum err
automation_read_topic(
    const struct json *when, struct automation *a, struct errmsg *why)
{
	static const char *const known[] = {
	    "topic", "extract", "type", "is", "above", "below", NULL};
	enum err e = automation_members(when, "when", known, why);
	bool is;

	if (e == OK)
		e = read_name(when, &a->topic, why);
	if (e == OK)
		e = read_extract(when, &a->topic, why);
	if (e == OK)
		e = read_type(when, &a->topic, why);
	if (e == OK)
		e = automation_read_wanted(when, "when", &a->test, why);
	if (e != OK)
		return e;
	if (!is_possible(a))
		return err_say(why, ERR_INPUT,
		    "when: a %s is never what is tested", types[a->topic.type]);
	if (a->topic.type != AUTOMATION_BOOLEAN)
		return OK;
	/* As all that is true or false in a home. */
	is = json_flag(when, "is");
	json_free(a->test.wanted);
	a->test.wanted = json_string(is ? "on" : "off");
	return OK;
}

void
automation_say_topic(const struct automation_topic *t, struct buf *out)
{
	buf_addf(out, "what is said on %s", t->name);
	if (t->extract != NULL)
		buf_addf(out, " (%s)", t->extract);
	buf_addf(out, ", a %s, ", types[t->type]);
}
