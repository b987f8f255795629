/* SPDX-License-Identifier: Apache-2.0 */
#include "redact/book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct entry {
	uint32_t print;
	uint32_t at; /* Of the window in the form. */
	uint8_t secret;
	uint8_t form;
};

struct redact_book {
	struct redact_filter *filter;
	struct {
		char name[NAME_MAX_LEN + 1];
		int64_t version;
	} values[REDACT_VALUES_MAX];
	size_t n_values;
	struct entry entries[REDACT_PRINTS_MAX];
	size_t n;
};

_Static_assert(
    REDACT_PRINTS_MAX >= REDACT_VALUES_MAX * FORM_COUNT * FORM_WINDOWS_MAX,
    "a place for each window of each form");
_Static_assert(
    REDACT_VALUES_MAX <= UINT8_MAX, "an entry counts them in a byte");

struct redact_book *
redact_book_new(uint64_t key)
{
	struct redact_book *b = xalloc(sizeof(*b));

	b->filter = redact_filter_new(key);
	return b;
}

void
redact_book_free(struct redact_book *b)
{
	if (b == NULL)
		return;
	redact_filter_free(b->filter);
	explicit_bzero(b, sizeof(*b));
	free(b);
}

const struct redact_filter *
redact_book_filter(const struct redact_book *b)
{
	return b->filter;
}

/* Many values come from a file, with the end of its last line. */
static size_t
trimmed_len(const struct secret *value)
{
	const char *p = secret_reveal(value);
	size_t len = secret_len(value);

	while (len > 0 && strchr(" \t\r\n", p[len - 1]) != NULL &&
	    p[len - 1] != '\0')
		len--;
	return len;
}

static void
put_form(struct redact_book *b, int form, const char *text, size_t len)
{
	size_t at[FORM_WINDOWS_MAX];
	size_t n = form_windows(form, text, len, at);
	size_t i;

	for (i = 0; i < n; i++) {
		struct entry *e = &b->entries[b->n++];

		e->print = redact_print(b->filter, text + at[i]);
		e->at = (uint32_t)at[i];
		e->secret = (uint8_t)(b->n_values - 1);
		e->form = (uint8_t)form;
		if (redact_filter_add(b->filter, e->print) != OK)
			return; /* There is a place for each. */
	}
}

/* The form that this one may be equal to. */
static int
plainer(int form)
{
	if (form >= FORM_BASE64URL && form < FORM_BASE32)
		return form - FORM_BASE64URL + FORM_BASE64;
	if (form == FORM_URL_LOWER || form == FORM_URL_COMPONENT)
		return FORM_URL;
	return form == FORM_HEX_UPPER ? FORM_HEX : FORM_RAW;
}

/* `text` and `other` are FORM_MAX bytes each, to write in. */
static void
put_forms(struct redact_book *b, const char *value, size_t len, char *text,
    char *other)
{
	int form;

	for (form = 0; form < FORM_COUNT; form++) {
		size_t n = form_write(form, value, len, text);
		size_t m = form_write(plainer(form), value, len, other);

		if (form == FORM_RAW || n != m || memcmp(text, other, n) != 0)
			put_form(b, form, text, n);
	}
}

enum err
redact_book_put(struct redact_book *b, const char *name, int64_t version,
    const struct secret *value)
{
	size_t len = trimmed_len(value);
	char *text;

	if (b->n_values == REDACT_VALUES_MAX || secret_len(value) > SECRET_MAX)
		return ERR_LIMIT;
	snprintf(
	    b->values[b->n_values].name, sizeof(b->values[0].name), "%s", name);
	b->values[b->n_values++].version = version;
	if (len < REDACT_WINDOW)
		return OK;
	text = xalloc(2 * FORM_MAX);
	put_forms(b, secret_reveal(value), len, text, text + FORM_MAX);
	explicit_bzero(text, 2 * FORM_MAX);
	free(text);
	return OK;
}

/* ---- Comparing ---- */

/* The form that is compared now: hits come in runs of one secret. */
struct search {
	const struct redact_book *book;
	struct str text;
	redact_value_fn *value;
	void *arg;
	char *form; /* Of `secret`; FORM_MAX bytes. */
	size_t len;
	int secret; /* -1 at first. */
	int kind;
	size_t tries;
};

static bool
have_form(struct search *s, const struct entry *e)
{
	struct secret *value;

	if (s->secret == e->secret && s->kind == e->form)
		return s->len > 0;
	s->secret = e->secret;
	s->kind = e->form;
	s->len = 0;
	value = s->value(s->arg, s->book->values[e->secret].name,
	    s->book->values[e->secret].version);
	if (value == NULL)
		return false;
	s->len = form_write(
	    e->form, secret_reveal(value), trimmed_len(value), s->form);
	secret_free(value);
	return s->len > 0;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The text behind `at`, over the end of a line if the form has such: also
 * one that is written "\n", as in JSON. */
static size_t
skip_right(const struct search *s, size_t at)
{
	const char *p = s->text.p;

	while (form_is_wrapped(s->kind) && at < s->text.len)
		if (is_space(p[at]))
			at++;
		else if (at + 1 < s->text.len && p[at] == '\\' &&
		    (p[at + 1] == 'n' || p[at + 1] == 'r'))
			at += 2;
		else
			break;
	return at;
}

static size_t
skip_left(const struct search *s, size_t at)
{
	const char *p = s->text.p;

	while (form_is_wrapped(s->kind) && at > 0)
		if (is_space(p[at - 1]))
			at--;
		else if (at > 1 && p[at - 2] == '\\' &&
		    (p[at - 1] == 'n' || p[at - 1] == 'r'))
			at -= 2;
		else
			break;
	return at;
}

/* How far the form goes on in the text on both sides of the window. */
static bool
compare(
    const struct search *s, size_t window, size_t at, struct redact_found *ret)
{
	size_t whole = s->len < REDACT_PART_MIN ? s->len : REDACT_PART_MIN;
	size_t begin = at;
	size_t end = at + REDACT_WINDOW;
	size_t left = window;
	size_t right = window + REDACT_WINDOW;

	if (right > s->len ||
	    memcmp(s->form + window, s->text.p + at, REDACT_WINDOW) != 0)
		return false;
	while (left > 0) {
		size_t p = skip_left(s, begin);

		if (p == 0 || s->text.p[p - 1] != s->form[left - 1])
			break;
		begin = p - 1;
		left--;
	}
	while (right < s->len) {
		size_t p = skip_right(s, end);

		if (p == s->text.len || s->text.p[p] != s->form[right])
			break;
		end = p + 1;
		right++;
	}
	if (right - left < whole)
		return false;
	ret->at = begin;
	ret->len = end - begin;
	return true;
}

/* The longest that any secret has around this window. */
static bool
find_at(struct search *s, size_t at, struct redact_found *ret)
{
	const struct redact_book *b = s->book;
	uint32_t print = redact_print(b->filter, s->text.p + at);
	struct redact_found found;
	bool any = false;
	size_t i;

	for (i = 0; i < b->n; i++) {
		const struct entry *e = &b->entries[i];

		if (e->print != print || !have_form(s, e))
			continue;
		s->tries++;
		if (!compare(s, e->at, at, &found) ||
		    (any && found.len <= ret->len))
			continue;
		any = true;
		ret->at = found.at;
		ret->len = found.len;
		snprintf(ret->name, sizeof(ret->name), "%s",
		    b->values[e->secret].name);
	}
	return any;
}

/* One that overlaps the one before it is one with it: the same secret in two
 * forms, or one within another. */
static bool
join(struct redact_found *before, const struct redact_found *f)
{
	size_t end = f->at + f->len;

	if (f->at >= before->at + before->len)
		return false;
	if (f->len > before->len)
		memcpy(before->name, f->name, sizeof(before->name));
	if (end < before->at + before->len)
		end = before->at + before->len;
	if (f->at < before->at)
		before->at = f->at;
	before->len = end - before->at;
	return true;
}

/* Joined with all that it overlaps. */
static enum err
add_found(const struct redact_found *f, struct redact_found *list, size_t *n)
{
	if (*n > 0 && join(&list[*n - 1], f)) {
		for (; *n > 1 && join(&list[*n - 2], &list[*n - 1]); --*n)
			;
		return OK;
	}
	if (*n == REDACT_FOUND_MAX)
		return ERR_LIMIT;
	list[(*n)++] = *f;
	return OK;
}

static enum err
find_all(
    struct search *s, struct redact_found ret[REDACT_FOUND_MAX], size_t *ret_n)
{
	struct redact_found f;
	size_t from = 0;
	size_t n = 0;
	size_t at;
	enum err e = OK;

	while (e == OK &&
	    redact_filter_find(s->book->filter, s->text, from, &at)) {
		from = at + 1;
		if (s->tries >= REDACT_TRIES_MAX)
			e = ERR_LIMIT;
		else if (find_at(s, at, &f))
			e = add_found(&f, ret, &n);
	}
	if (e == OK)
		*ret_n = n;
	return e;
}

enum err
redact_book_find(const struct redact_book *b, struct str text,
    redact_value_fn *value, void *arg,
    struct redact_found ret[REDACT_FOUND_MAX], size_t *ret_n)
{
	struct search s = {.book = b,
	    .text = text,
	    .value = value,
	    .arg = arg,
	    .form = xalloc(FORM_MAX),
	    .secret = -1};
	enum err e = find_all(&s, ret, ret_n);

	explicit_bzero(s.form, FORM_MAX);
	free(s.form);
	return e;
}
