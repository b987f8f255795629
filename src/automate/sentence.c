/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "automate/automate_priv.h"
#include "automation/automation.h"
#include "plain/plain.h"

/* From a sentence to a document, with the names that the home has. */

#define NAMED_MAX 48 /* Entities that a sentence may be about. */

/* Does this word stand in the sentence? */
static bool
has_word(const char *sentence, const char *word, size_t len)
{
	for (; *sentence != '\0'; sentence++)
		if (strncasecmp(sentence, word, len) == 0)
			return true;
	return false;
}

/* Some of its name, or all of it? */
static bool
is_named(const char *sentence, const char *name, bool wholly)
{
	bool all = name[0] != '\0';
	bool any = false;

	while (*name != '\0') {
		size_t n = strcspn(name, " ");
		bool has = n > 2 && has_word(sentence, name, n);

		all = all && (has || n <= 2);
		any = any || has;
		name += n;
		name += strspn(name, " ");
	}
	return wholly ? all : any;
}

/* By its own name or one that an owner gave it; or else by its room. */
static bool
row_is_named(const char *sentence, const struct json *row, bool wholly)
{
	const struct json *a = json_first(json_get(row, "aliases"));
	bool named = is_named(sentence, json_words(row, "name"), wholly);

	for (; a != NULL && !named; a = json_next(a))
		named = is_named(sentence, json_text(a), wholly);
	return named ||
	    (!wholly && is_named(sentence, json_words(row, "area"), false));
}

static void
push_row(struct json *home, const struct json *row)
{
	struct json *v = json_object();

	json_put_str(v, "entity", json_words(row, "id"));
	json_put_str(v, "name", json_words(row, "name"));
	json_put_str(v, "area", json_words(row, "area"));
	if (json_has(row, "aliases"))
		json_put(v, "aliases", json_copy(json_get(row, "aliases")));
	json_push(home, v);
}

static void
push_named(struct json *home, const struct json *entities, const char *sentence,
    bool wholly)
{
	const struct json *row = json_first(entities);

	for (; row != NULL && json_count(home) < NAMED_MAX;
	     row = json_next(row))
		if (row_is_named(sentence, row, wholly) &&
		    (wholly || !row_is_named(sentence, row, true)))
			push_row(home, row);
}

/* The whole home, a page at a time. */
static struct json *
read_home(struct session *s, int *ret_code)
{
	struct json *all = json_array();
	int64_t count = 1;

	while ((int64_t)json_count(all) < count) {
		struct json *answer = session_query(
		    s, ret_code, "home?from=%zu", json_count(all));
		const struct json *row =
		    json_first(json_get(answer, "entities"));

		if (answer == NULL) {
			json_free(all);
			return NULL;
		}
		count = row != NULL ? json_int(answer, "count", 0) : 0;
		for (; row != NULL; row = json_next(row))
			json_push(all, json_copy(row));
		json_free(answer);
	}
	return all;
}

/* Those that the sentence names, the fully named first. */
static struct json *
named_home(struct session *s, const char *sentence, int *ret_code)
{
	struct json *all = read_home(s, ret_code);
	struct json *home;

	if (all == NULL)
		return NULL;
	home = json_array();
	push_named(home, all, sentence, true);
	push_named(home, all, sentence, false);
	json_free(all);
	return home;
}

/* ---- Its parts ---- */

/* One command to one device; another wish is none of ours. */
static enum err
read_wish(const struct json *home, const char *wish, struct json *document,
    struct errmsg *why)
{
	struct plain_call c;
	struct json *then;
	enum err e = plain_understand(home, wish, &c);

	if (e != OK)
		return e;
	if (c.tool == NULL)
		e = err_say(why, ERR_INPUT,
		    "several devices are called so: %s; say which one",
		    c.which);
	else if (strcmp(c.tool, "home.set") != 0)
		e = ERR_NOTFOUND;
	if (e == OK) {
		then = json_object();
		json_put_str(then, "call", c.tool);
		json_put(then, "args", json_copy(c.args));
		json_put(document, "then", then);
	}
	plain_call_done(&c);
	return e;
}

/* By the way in which it would be commanded. */
static enum err
read_device(const struct json *home, const struct automation_words *w,
    struct json *document, struct errmsg *why)
{
	static const char *const before[] = {
	    "turn on ", "turn on the ", "schalte "};
	static const char *const behind[] = {"", "", " ein"};
	struct plain_call c;
	struct json *when;
	struct buf b;
	enum err e = ERR_NOTFOUND;
	size_t i;

	for (i = 0; i < ARRAY_LEN(before) && e != OK; i++) {
		buf_init(&b, 2 * AUTOMATION_TEXT_MAX);
		buf_addf(&b, "%s%s%s", before[i], w->device, behind[i]);
		e = plain_understand(home, b.p, &c);
		buf_done(&b);
	}
	if (e != OK)
		return e;
	if (c.tool == NULL) {
		e = err_say(why, ERR_INPUT,
		    "several devices are called so: %s; say which one",
		    c.which);
	} else if (!json_has(c.args, "entity")) {
		e = err_say(why, ERR_INPUT,
		    "'%.64s' is more than one device; say which one",
		    w->device);
	} else {
		when = json_object();
		json_put_str(when, "entity", json_words(c.args, "entity"));
		json_put_str(when, "value", "state");
		json_put_str(when, "is", w->value);
		json_put(document, "when", when);
	}
	plain_call_done(&c);
	return e;
}

/* "at sunset turn on ..." -> "at-sunset-turn-on" */
static void
make_name(const char *sentence, char ret[AUTOMATION_NAME_MAX + 1])
{
	size_t n = 0;

	for (; *sentence != '\0' && n < AUTOMATION_NAME_MAX; sentence++) {
		char c = (char)tolower((unsigned char)*sentence);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9' && n > 0))
			ret[n++] = c;
		else if (n > 0 && ret[n - 1] != '-')
			ret[n++] = '-';
	}
	while (n > 0 && ret[n - 1] == '-')
		n--;
	ret[n] = '\0';
}

enum err
automate_read(struct session *s, const char *sentence, const char *name,
    struct json **ret, int *ret_code, struct errmsg *why)
{
	char made[AUTOMATION_NAME_MAX + 1];
	struct automation_words w;
	struct json *document;
	struct json *home;
	enum err e;

	if (automation_words(sentence, &w) != OK)
		return ERR_NOTFOUND;
	home = named_home(s, sentence, ret_code);
	if (home == NULL) {
		automation_words_done(&w);
		return ERR_CLOSED;
	}
	make_name(sentence, made);
	document = json_object();
	json_put_str(document, "name", name != NULL ? name : made);
	e = read_wish(home, w.wish, document, why);
	if (e == OK && w.when != NULL)
		json_put(document, "when", json_copy(w.when));
	else if (e == OK)
		e = read_device(home, &w, document, why);
	if (e == OK)
		*ret = document;
	else
		json_free(document);
	json_free(home);
	automation_words_done(&w);
	return e;
}
