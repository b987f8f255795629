/* SPDX-License-Identifier: Apache-2.0 */
#include "base/names.h"

#include <string.h>

#include "base/str.h"

void
names_add(struct names *s, const char *name)
{
	size_t at = 0;

	while (at < s->n && strcmp(s->name[at], name) < 0)
		at++;
	if (s->all || (at < s->n && strcmp(s->name[at], name) == 0))
		return;
	if (s->n == NAMES_MAX || strlen(name) > NAME_MAX_LEN) {
		s->all = true;
		return;
	}
	memmove(s->name[at + 1], s->name[at], (s->n - at) * sizeof(s->name[0]));
	memcpy(s->name[at], name, strlen(name) + 1);
	s->n++;
}

void
names_join(struct names *s, const struct names *more)
{
	size_t i;

	for (i = 0; i < more->n; i++)
		names_add(s, more->name[i]);
	s->all |= more->all;
}

bool
names_has(const struct names *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->name[i], name) == 0)
			return true;
	return s->all;
}

bool
names_equal(const struct names *a, const struct names *b)
{
	size_t i;

	if (a->all || b->all)
		return a->all == b->all;
	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (strcmp(a->name[i], b->name[i]) != 0)
			return false;
	return true;
}

void
names_write(const struct names *s, struct buf *out)
{
	size_t i;

	if (s->all || s->n == 0) {
		buf_adds(out, s->all ? "*" : "none");
		return;
	}
	for (i = 0; i < s->n; i++)
		buf_addf(out, "%s%s", i > 0 ? "," : "", s->name[i]);
}

enum err
names_read(const char *text, struct names *ret)
{
	struct names s = {.n = 0};

	if (strcmp(text, "*") == 0)
		s.all = true;
	else if (strcmp(text, "none") != 0 && text[0] != '\0') {
		for (;;) {
			char name[NAME_MAX_LEN + 1];
			size_t len = strcspn(text, ",");

			if (len > NAME_MAX_LEN)
				return ERR_INPUT;
			memcpy(name, text, len);
			name[len] = '\0';
			if (!str_is_name(name))
				return ERR_INPUT;
			names_add(&s, name);
			if (text[len] == '\0')
				break;
			text += len + 1;
		}
	}
	*ret = s;
	return OK;
}
