/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENTENCE_FIXTURE_H
#define SENTENCE_FIXTURE_H

/* A small home, and templates written in the test. */

#include "check.h"
#include "sentence/sentence.h"

static struct template_set *set;
static struct sentence_home *home;

static void
check_setup(void)
{
}

static const struct sentence_fact lamp[] = {{"domain", "light"}};
static const struct sentence_fact door[] = {
    {"domain", "lock"}, {"floor", "ground"}};
static const char *const aliases[] = {"Leselampe", "reading light"};

static const struct sentence_thing names[] = {
    {"light.desk", "Desk Lamp", aliases, 2, lamp, 1},
    {"light.lamp", "Lamp", NULL, 0, lamp, 1},
    {"light.cafe", "Café-Licht", NULL, 0, lamp, 1},
    {"lock.front", "Front Door", NULL, 0, door, 2},
    {"lock.back.1", "Back Door", NULL, 0, door, 2},
    {"lock.back.2", "back door", NULL, 0, door, 2},
    {"light.back", "Back Door", NULL, 0, lamp, 1},
};
static const struct sentence_thing areas[] = {
    {"kitchen", "Kitchen", NULL, 0, NULL, 0},
    {"kuche", "Küche", NULL, 0, NULL, 0},
};
static const struct sentence_list lists[] = {
    {"name", names, ARRAY_LEN(names)}, {"area", areas, ARRAY_LEN(areas)}};

/* Quotes are written as ' where nothing else needs them. */
static void
given(const char *json)
{
	struct errmsg why = {""};
	char *text = strdup(json);
	char *p;

	for (p = text; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	if (set != NULL)
		template_free(set);
	set = NULL;
	if (home == NULL)
		REQUIRE(
		    sentence_home_new(lists, ARRAY_LEN(lists), &home) == OK);
	if (template_load(text, strlen(text), &set, &why) != OK)
		CHECK_STR(why.text, "");
	free(text);
	REQUIRE(set != NULL);
}

/* One intent, one block, these sentences and the rest of the file. */
#define ONE(sentences, block, rest)                                            \
	given("{'language':'en','intents':{'I':{'data':[{'sentences':"         \
	      "[" sentences "]" block "}]}}" rest "}")

/* "I slot=value slot=value", or the error. */
static const char *
meant_with(const struct sentence_fact *known, size_t n, const char *text)
{
	static char out[2048];
	struct sentence_match m;
	size_t len;
	size_t i;
	enum err e = sentence_match(set, home, known, n, text, &m);

	if (e == ERR_NOTFOUND)
		return "nothing";
	if (e != OK)
		return err_text(e);
	snprintf(out, sizeof(out), "%s", m.intent);
	for (i = 0; i < m.n_slots; i++) {
		len = strlen(out);
		snprintf(out + len, sizeof(out) - len, " %s=%s", m.slot[i].name,
		    m.slot[i].value);
	}
	sentence_match_done(&m);
	return out;
}

static const char *
meant(const char *text)
{
	CASE(text);
	return meant_with(NULL, 0, text);
}

#endif
