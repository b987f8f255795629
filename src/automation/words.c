/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "automation/automation_priv.h"
#include "base/log.h"

/* A rule in a sentence, in English or German. */

/* What `text` goes on with behind this beginning, or NULL. */
static const char *
behind(const char *text, const char *beginning)
{
	size_t n = strlen(beginning);

	return strncasecmp(text, beginning, n) == 0 ? text + n : NULL;
}

/* Where it goes on behind commas and what connects. */
static const char *
wish_of(const char *text)
{
	const char *then;

	text += strspn(text, " ,:");
	then = behind(text, "then ");
	if (then == NULL)
		then = behind(text, "dann ");
	return then != NULL ? then + strspn(then, " ") : text;
}

/* ---- Times ---- */

/* "7:30", "07:30", "7:30 Uhr" */
static const char *
take_clock(const char *text, char ret[8])
{
	size_t n = strspn(text, "0123456789:");
	const char *uhr;

	if (n < 4 || n > 5)
		return NULL;
	snprintf(ret, 8, "%s%.*s", n == 4 ? "0" : "", (int)n, text);
	if (automation_minute(ret) < 0)
		return NULL;
	text += n;
	uhr = behind(text, " uhr");
	return uhr != NULL ? uhr : text;
}

static const char *
take_sun(const char *text, char ret[8])
{
	static const struct {
		const char *word;
		const char *at;
	} words[] = {{"sunset", "sunset"}, {"sunrise", "sunrise"},
	    {"sonnenuntergang", "sunset"}, {"sonnenaufgang", "sunrise"}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(words); i++) {
		const char *rest = behind(text, words[i].word);

		if (rest == NULL)
			continue;
		snprintf(ret, 8, "%s", words[i].at);
		return rest;
	}
	return NULL;
}

/* "10 minutes before sunset", behind the number. */
static const char *
take_offset(const char *text, int *ret_min, char ret_at[8])
{
	static const struct {
		const char *word;
		int sign;
	} words[] = {{"minutes before ", -1}, {"minutes after ", 1},
	    {"minuten vor ", -1}, {"minuten nach ", 1}};
	char *end;
	long n = strtol(text, &end, 10);
	size_t i;

	if (end == text || n < 1 || n > AUTOMATION_OFFSET_MAX || *end != ' ')
		return NULL;
	for (i = 0; i < ARRAY_LEN(words); i++) {
		const char *rest = behind(end + 1, words[i].word);

		if (rest == NULL)
			continue;
		*ret_min = words[i].sign * (int)n;
		return take_sun(
		    behind(rest, "dem ") != NULL ? rest + 4 : rest, ret_at);
	}
	return NULL;
}

static bool
read_time(const char *text, struct automation_words *ret)
{
	static const char *const first[] = {"at ", "um ", "bei ", ""};
	const char *rest = NULL;
	int offset_min = 0;
	char at[8] = "";
	size_t i;

	for (i = 0; i < ARRAY_LEN(first) && rest == NULL; i++) {
		const char *time = behind(text, first[i]);

		if (time == NULL)
			continue;
		rest = take_offset(time, &offset_min, at);
		/* Without "at" it is a number among others. */
		if (rest == NULL && first[i][0] != '\0')
			rest = take_clock(time, at);
		if (rest == NULL && first[i][0] != '\0')
			rest = take_sun(time, at);
	}
	if (rest == NULL || strchr(" ,:", *rest) == NULL || *rest == '\0')
		return false;
	ret->wish = xstrdup(wish_of(rest));
	ret->when = json_object();
	json_put_str(ret->when, "at", at);
	if (offset_min != 0)
		json_put_int(ret->when, "offset_min", offset_min);
	return true;
}

/* ---- Devices ---- */

static bool
read_device(const char *text, struct automation_words *ret)
{
	static const struct {
		const char *words;
		const char *state;
	} turns[] = {{" turns on", "on"}, {" is turned on", "on"},
	    {" goes on", "on"}, {" turns off", "off"},
	    {" is turned off", "off"}, {" goes off", "off"}, {" angeht", "on"},
	    {" ausgeht", "off"}, {" eingeschaltet wird", "on"},
	    {" ausgeschaltet wird", "off"}};
	const char *at = behind(text, "when ");
	const char *p;
	size_t i;

	if (at == NULL)
		at = behind(text, "wenn ");
	for (p = at; p != NULL && *p != '\0'; p++)
		for (i = 0; i < ARRAY_LEN(turns); i++) {
			const char *rest = behind(p, turns[i].words);

			if (p == at || rest == NULL ||
			    (*rest != ' ' && *rest != ','))
				continue;
			ret->device = xstrndup(at, (size_t)(p - at));
			ret->value = xstrdup(turns[i].state);
			ret->wish = xstrdup(wish_of(rest));
			return true;
		}
	return false;
}

enum err
automation_words(const char *text, struct automation_words *ret)
{
	struct automation_words w = {.when = NULL};

	text += strspn(text, " \t");
	if (!read_time(text, &w) && !read_device(text, &w))
		return ERR_NOTFOUND;
	if (w.wish[0] == '\0') {
		automation_words_done(&w);
		return ERR_NOTFOUND;
	}
	*ret = w;
	return OK;
}

void
automation_words_done(struct automation_words *w)
{
	json_free(w->when);
	free(w->device);
	free(w->value);
	free(w->wish);
}
