/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "turn/turn_priv.h"

/*
 * Words where a call should have been: small models like to tell what they
 * would call.  A model that names a tool of the view before anything was
 * called is told that it has called nothing, and must choose.  Words that it
 * chose then are believed, whatever they name.
 */

static bool
is_of_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* As a word of its own: "notes.save" is not in "my-notes.saved". */
static bool
has_name(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	for (; at != NULL; at = strstr(at + 1, name))
		if ((at == text || !is_of_name(at[-1])) &&
		    !is_of_name(at[strlen(name)]))
			return true;
	return false;
}

/* Who names many gives a list of them. */
const char *
prose_names(const struct turn *t, const char *text)
{
	const struct json *v = json_first(turn_tools(t));
	const char *named = NULL;
	char wire[MODEL_TOOL_NAME_MAX + 1];
	int n = 0;

	for (; v != NULL; v = json_next(v)) {
		const char *name = json_words(v, "name");

		chat_tool_name(name, wire);
		if (name[0] == '\0' ||
		    (!has_name(text, name) && !has_name(text, wire)))
			continue;
		named = named != NULL ? named : name;
		n++;
	}
	return n <= TURN_NAMED_MAX ? named : NULL;
}

bool
prose_is_call(const struct turn *t, const struct json *content, bool was_forced)
{
	const char *text = json_words(json_get(content, "message"), "text");

	if (json_flag(content, "chosen"))
		return false;
	/* A choice that broke is none. */
	if (was_forced && text[0] == '{')
		return true;
	return (was_forced || json_count(t->made) == 0) &&
	    prose_names(t, text) != NULL;
}

static void
tell(struct turn *t, const char *named)
{
	struct json *m = json_object();
	struct buf b;

	buf_init(&b, GOAL_MAX);
	if (named != NULL)
		buf_addf(&b, "You spoke of %s, but called nothing. ", named);
	else
		buf_adds(&b, "That was no call. ");
	buf_adds(&b,
	    "If it is to be called, call it now; else give your last words.");
	json_put_str(m, "role", "user");
	json_put_str(m, "text", b.p);
	json_push(t->messages, m);
	buf_done(&b);
}

enum turn_step
prose_repair(struct turn *t, const struct json *content)
{
	tell(t,
	    prose_names(t, json_words(json_get(content, "message"), "text")));
	return calls_repair(t,
	    "I stopped here: the model speaks of a call and does not make it, "
	    "also after it was told so. Say it in other words, or use a "
	    "stronger model.");
}
