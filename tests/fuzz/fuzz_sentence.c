/* SPDX-License-Identifier: Apache-2.0 */
/* Templates, and behind an empty line sentences, one a line.  What loads
 * answers every sentence within its bounds; what does not says why. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sentence/sentence.h"

static const struct sentence_fact light[] = {{"domain", "light"}};
static const char *const aliases[] = {"b c", "ü"};
static const struct sentence_thing names[] = {
    {"light.a", "a", aliases, 2, light, 1},
    {"light.b", "B-c", NULL, 0, light, 1},
    {"x", "a", NULL, 0, NULL, 0},
};
static const struct sentence_list lists[] = {
    {"name", names, 3}, {"area", names, 2}};

/* For sentences without templates. */
static const char own[] =
    "{\"language\":\"de\",\"intents\":{\"I\":{\"data\":[{\"sentences\":["
    "\"[a] (b;c d;{n}) {name:x}[s]\",\"<r> {w} {h}\",\"{w}<r>{n}\"],"
    "\"slots\":{\"s\":1},\"requires_context\":{\"domain\":[\"light\"]}},"
    "{\"sentences\":[\"{area} <r> {v}\"],"
    "\"excludes_context\":{\"k\":\"no\"}}]}},"
    "\"lists\":{\"n\":{\"range\":{\"from\":-9,\"to\":1000}},"
    "\"h\":{\"range\":{\"from\":0,\"to\":9,\"fractions\":\"tenths\"}},"
    "\"w\":{\"wildcard\":true},\"v\":{\"values\":[\"b\",{\"in\":\"[a|b] c\","
    "\"out\":[1],\"context\":{\"k\":\"no\"}}]}},"
    "\"expansion_rules\":{\"r\":\"(e|)[f]\"},\"skip_words\":[\"mal\"]}";

static struct sentence_home *home;

static void
check(const struct sentence_match *m)
{
	size_t i;
	size_t k;

	if (m->intent == NULL || m->n_slots > SENTENCE_SLOTS_MAX ||
	    m->n_facts > SENTENCE_FACTS_MAX)
		abort();
	for (i = 0; i < m->n_slots; i++) {
		const struct sentence_slot *s = &m->slot[i];

		if (s->value == NULL || s->matched == NULL ||
		    !str_is_utf8(s->matched, strlen(s->matched)) ||
		    s->n_ids > SENTENCE_SAME_MAX ||
		    (s->wildcard && s->value[0] == '\0'))
			abort();
		for (k = 0; k < i; k++)
			if (strcmp(m->slot[k].name, s->name) == 0)
				abort();
	}
}

static void
match(const struct template_set *set, const char *text)
{
	static const struct sentence_fact known = {"area", "a"};
	size_t n;

	for (n = 0; n < 2; n++) {
		struct sentence_match m;
		enum err e = sentence_match(set, home, &known, n, text, &m);

		if (e == OK) {
			check(&m);
			sentence_match_done(&m);
		} else if (e != ERR_NOTFOUND && e != ERR_LIMIT &&
		    (e != ERR_INPUT || str_is_utf8(text, strlen(text)))) {
			abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct template_set *set;
	struct errmsg why = {""};
	char *words;
	char *next;

	if (home == NULL && sentence_home_new(lists, 2, &home) != OK)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	words = strstr(text, "\n\n");
	words = words != NULL ? words + 2 : text;
	if (template_load(text, (size_t)(words - text), &set, &why) != OK) {
		if (why.text[0] == '\0' ||
		    !str_is_utf8(why.text, strlen(why.text)))
			abort();
		if (template_load(own, sizeof(own) - 1, &set, &why) != OK)
			abort();
	}
	for (; words != NULL; words = next) {
		next = strchr(words, '\n');
		if (next != NULL)
			*next++ = '\0';
		match(set, words);
	}
	template_free(set);
	free(text);
	return 0;
}
