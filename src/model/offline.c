/* SPDX-License-Identifier: Apache-2.0 */
#include "model/offline.h"

#include <string.h>
#include <strings.h>

#include "base/log.h"

/*
 * A form is what stands before the argument and what stands behind it.
 * The first form that fits wins; `shown` forms make the help.
 */
static const struct form {
	const char *before;
	const char *behind;
	const char *tool;
	const char *arg;
	const char *shown;
} forms[] = {
    {"save a note: ", "", "notes.save", "text", "save a note: TEXT"},
    {"save a note ", "", "notes.save", "text", NULL},
    {"save note ", "", "notes.save", "text", NULL},
    {"note: ", "", "notes.save", "text", NULL},
    {"list notes", "", "notes.list", NULL, "list notes"},
    {"list my notes", "", "notes.list", NULL, NULL},
    {"show my notes", "", "notes.list", NULL, NULL},
    {"read the note ", "", "notes.read", "name", "read the note NAME"},
    {"read note ", "", "notes.read", "name", NULL},
    {"find ", " in notes", "notes.search", "text", "find TEXT in notes"},
    {"find ", " in my notes", "notes.search", "text", NULL},
    {"search notes for ", "", "notes.search", "text", NULL},
    {"delete the note ", "", "notes.delete", "name", "delete the note NAME"},
    {"delete note ", "", "notes.delete", "name", NULL},
    {"fetch ", " and save it", "web.save", "url", "fetch URL and save it"},
    {"fetch ", "", "web.fetch", "url", "fetch URL"},
    {"echo ", "", "echo.echo", "text", "echo TEXT"},
    {"list tools", "", "house.tools", NULL, "list tools"},
    {"status", "", "house.status", NULL, "status"},
    {"help", "", NULL, NULL, "help"},
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

/* "fetch me a beer" names no page. */
static bool
could_be(const char *arg, const char *value, size_t len)
{
	size_t i;

	for (i = 0; i < len && strcmp(arg, "url") == 0; i++)
		if (strchr(" \t\r\n", value[i]) != NULL)
			return false;
	return len > 0;
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

enum err
offline_match(const char *goal, struct offline_match *ret)
{
	size_t len = strlen(goal);
	size_t i;

	trim(&goal, &len);
	for (i = 0; i < ARRAY_LEN(forms); i++) {
		const struct form *f = &forms[i];
		const char *value = goal + strlen(f->before);
		size_t value_len;

		if (!fits(f, goal, len))
			continue;
		value_len = len - strlen(f->before) - strlen(f->behind);
		trim(&value, &value_len);
		if (f->arg != NULL && !could_be(f->arg, value, value_len))
			continue;
		ret->tool = f->tool;
		ret->arg = f->arg;
		ret->value = xstrndup(value, value_len);
		return OK;
	}
	return ERR_NOTFOUND;
}

void
offline_help(struct buf *out)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(forms); i++)
		if (forms[i].shown != NULL)
			buf_addf(out, "  %s\n", forms[i].shown);
}
