/* SPDX-License-Identifier: Apache-2.0 */
#include "offline/offline.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/log.h"

#define ONE(before, behind, tool, arg, shown)                                  \
	{                                                                      \
		before, behind, tool, arg, shown, NULL, NULL                   \
	}
#define TWO(before, behind, tool, arg, shown, between, arg2)                   \
	{                                                                      \
		before, behind, tool, arg, shown, between, arg2                \
	}

/*
 * A form is what stands before the argument and what stands behind it, or,
 * where there are two, between them.  The first form that fits wins; `shown`
 * forms make the help.
 */
static const struct form {
	const char *before;
	const char *behind;
	const char *tool;
	const char *arg;
	const char *shown;
	const char *between;
	const char *arg2;
} forms[] = {
    ONE("save a note: ", "", "notes.save", "text", "save a note: TEXT"),
    ONE("save a note ", "", "notes.save", "text", NULL),
    ONE("save note ", "", "notes.save", "text", NULL),
    ONE("note: ", "", "notes.save", "text", NULL),
    ONE("list notes", "", "notes.list", NULL, "list notes"),
    ONE("list my notes", "", "notes.list", NULL, NULL),
    ONE("show my notes", "", "notes.list", NULL, NULL),
    ONE("read the note ", "", "notes.read", "name", "read the note NAME"),
    ONE("read note ", "", "notes.read", "name", NULL),
    ONE("find ", " in notes", "notes.search", "text", "find TEXT in notes"),
    ONE("find ", " in my notes", "notes.search", "text", NULL),
    ONE("search notes for ", "", "notes.search", "text", NULL),
    ONE("delete the note ", "", "notes.delete", "name", "delete the note NAME"),
    ONE("delete note ", "", "notes.delete", "name", NULL),
    ONE("fetch ", " and save it", "web.save", "url", "fetch URL and save it"),
    ONE("fetch ", "", "web.fetch", "url", "fetch URL"),
    ONE("list files in ", "", "files.list", "path", "list files in FOLDER"),
    ONE("list files", "", "files.list", NULL, "list files"),
    ONE("list my files", "", "files.list", NULL, NULL),
    ONE("read the file ", "", "files.read", "path", "read the file PATH"),
    ONE("read file ", "", "files.read", "path", NULL),
    ONE("find ", " in files", "files.search", "text", "find TEXT in files"),
    ONE("find ", " in my files", "files.search", "text", NULL),
    TWO("write ", "", "files.write", "text", "write TEXT to the file PATH",
	" to the file ", "path"),
    TWO("write ", "", "files.write", "text", NULL, " to file ", "path"),
    TWO("move the file ", "", "files.move", "from",
	"move the file PATH to PATH", " to ", "to"),
    ONE("make the folder ", "", "files.mkdir", "path", "make the folder PATH"),
    ONE("delete the file ", "", "files.delete", "path", "delete the file PATH"),
    ONE("delete file ", "", "files.delete", "path", NULL),
    ONE("run ", "", "shell.run", "command", "run COMMAND"),
    ONE("empty the workspace", "", "shell.reset", NULL, "empty the workspace"),
    ONE("echo ", "", "echo.echo", "text", "echo TEXT"),
    ONE("remember that ", "", "memory.remember", "text", "remember that TEXT"),
    ONE("remember: ", "", "memory.remember", "text", NULL),
    ONE("what do you remember about ", "?", "memory.search", "text", NULL),
    ONE("what do you remember about ", "", "memory.search", "text",
	"what do you remember about WORDS"),
    ONE("forget the memory ", "", "memory.forget", "id",
	"forget the memory ID"),
    ONE("what is in the home", "", "home.find", NULL, "what is in the home"),
    ONE("how is ", "?", "home.find", "text", NULL),
    ONE("how is ", "", "home.find", "text", "how is WORDS"),
    TWO("set ", "", "home.set", "entity", "set KIND.NAME to ACTION", " to ",
	"action"),
    ONE("list tools", "", "house.tools", NULL, "list tools"),
    ONE("status", "", "house.status", NULL, "status"),
    ONE("help", "", NULL, NULL, "help"),
};

static bool
fits(const struct form *f, const char *goal, size_t len)
{
	size_t before = strlen(f->before);
	size_t behind = strlen(f->behind);

	if (f->arg == NULL)
		return len == before && strncasecmp(goal, f->before, len) == 0;
	return len > before + behind &&
	    strncasecmp(goal, f->before, before) == 0 &&
	    strncasecmp(goal + len - behind, f->behind, behind) == 0;
}

/* "fetch me a beer" names no page, and "set the table to five" no entity. */
static bool
could_be(const char *arg, const char *value, size_t len)
{
	bool is_entity = strcmp(arg, "entity") == 0;
	bool one_word = is_entity || strcmp(arg, "url") == 0;
	size_t i;

	for (i = 0; i < len && one_word; i++)
		if (strchr(" \t\r\n", value[i]) != NULL)
			return false;
	return len > 0 && (!is_entity || memchr(value, '.', len) != NULL);
}

static void
trim(const char **p, size_t *len)
{
	while (*len > 0 && strchr(" \t\r\n", (*p)[0]) != NULL) {
		(*p)++;
		(*len)--;
	}
	while (*len > 0 && strchr(" \t\r\n", (*p)[*len - 1]) != NULL)
		(*len)--;
}

/* Where the second argument begins: behind the last of these words, since
 * a text may hold them and a path hardly does. */
static const char *
find_between(const char *between, const char *p, size_t len)
{
	size_t n = strlen(between);
	const char *at;

	for (at = p + len; len >= n && at-- > p;)
		if (at + n <= p + len && strncasecmp(at, between, n) == 0)
			return at;
	return NULL;
}

/* What stands in the places of the form's arguments.  False when that could
 * not be meant. */
static bool
take_values(
    const struct form *f, const char *p, size_t len, struct offline_match *ret)
{
	struct offline_match m = {.tool = f->tool, .arg = f->arg};
	const char *second = NULL;
	size_t second_len = 0;

	if (f->between != NULL) {
		second = find_between(f->between, p, len);
		if (second == NULL)
			return false;
		second_len = (size_t)(p + len - second) - strlen(f->between);
		len = (size_t)(second - p);
		second += strlen(f->between);
		trim(&second, &second_len);
		if (second_len == 0)
			return false;
		m.arg2 = f->arg2;
	}
	trim(&p, &len);
	if (f->arg != NULL && !could_be(f->arg, p, len))
		return false;
	m.value = xstrndup(p, len);
	if (second != NULL)
		m.value2 = xstrndup(second, second_len);
	*ret = m;
	return true;
}

enum err
offline_match(const char *goal, struct offline_match *ret)
{
	size_t len = strlen(goal);
	size_t i;

	trim(&goal, &len);
	for (i = 0; i < ARRAY_LEN(forms); i++) {
		const struct form *f = &forms[i];
		size_t before = strlen(f->before);

		if (fits(f, goal, len) &&
		    take_values(f, goal + before,
			len - before - strlen(f->behind), ret))
			return OK;
	}
	return ERR_NOTFOUND;
}

enum err
offline_call(const char *goal, struct offline_call *ret)
{
	const char *args = strchr(goal, ' ');
	size_t n = args != NULL ? (size_t)(args - goal) : 0;
	struct json *v;
	bool is_object;

	if (n == 0 || n >= sizeof(ret->tool) || args[1] != '{' ||
	    memchr(goal, '.', n) == NULL ||
	    strspn(goal, "abcdefghijklmnopqrstuvwxyz0123456789._-") != n ||
	    !json_is_canonical(args + 1, strlen(args + 1)) ||
	    json_parse(args + 1, strlen(args + 1), &v) != OK)
		return ERR_NOTFOUND;
	is_object = json_is_object(v);
	json_free(v);
	if (!is_object)
		return ERR_NOTFOUND;
	memcpy(ret->tool, goal, n);
	ret->tool[n] = '\0';
	ret->args = args + 1;
	return OK;
}

void
offline_match_done(struct offline_match *m)
{
	free(m->value);
	free(m->value2);
}

void
offline_help(struct buf *out)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(forms); i++)
		if (forms[i].shown != NULL)
			buf_addf(out, "  %s\n", forms[i].shown);
}

void
offline_say_end(const char *state, const char *result, struct buf *out)
{
	if (strcmp(state, "done") == 0)
		buf_adds(out, result[0] != '\0' ? result : "Done.");
	else if (strcmp(state, "denied") == 0)
		buf_addf(out, "I may not do that: %s", result);
	else if (strcmp(state, "unknown") == 0)
		buf_addf(out, "I do not know whether it was done: %s", result);
	else
		buf_addf(out, "That did not work: %s", result);
}
