/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte is a form, the second the length of a secret; the rest is
 * the secret and a text.  What is found stands in the text, in order; in the
 * form that was chosen the secret is found wherever it is put. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "redact/book.h"

static const char *value;
static size_t value_len;

static struct secret *
value_of(void *arg, const char *name, int64_t version)
{
	(void)arg;
	(void)version;
	(void)name;
	return secret_new(value, value_len);
}

static size_t
trimmed(void)
{
	size_t n = value_len;

	while (n > 0 && memchr(" \t\r\n", value[n - 1], 4) != NULL)
		n--;
	return n;
}

static size_t
find(const struct redact_book *b, const char *text, size_t len,
    struct redact_found *found)
{
	size_t end = 0;
	size_t n = 0;
	size_t i;

	if (redact_book_find(
		b, (struct str){text, len}, value_of, NULL, found, &n) != OK)
		return SIZE_MAX;
	for (i = 0; i < n; i++) {
		if (found[i].at < end || found[i].len == 0 ||
		    found[i].len > len - found[i].at)
			abort();
		end = found[i].at + found[i].len;
	}
	return n;
}

static void
check_filter(const char *text, size_t len)
{
	struct redact_filter *f;

	if (redact_filter_read((struct str){text, len}, &f) == OK)
		redact_filter_free(f);
}

/* "..." and the form, from memory of exactly this size. */
static void
check_form(const struct redact_book *b, int form, struct redact_found *found)
{
	static char text[FORM_MAX];
	size_t len = form_write(form, value, trimmed(), text);
	char *exact = xalloc(len + 3);
	size_t windows[FORM_WINDOWS_MAX];
	size_t n;

	memcpy(exact, "...", 3);
	memcpy(exact + 3, text, len);
	n = find(b, exact, len + 3, found);
	if (form_windows(form, text, len, windows) > 0 && n == 0)
		abort();
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct redact_found found[REDACT_FOUND_MAX];
	struct redact_book *b;
	struct secret *s;

	if (size < 2)
		return 0;
	value = (const char *)data + 2;
	value_len = data[1] < size - 2 ? data[1] : size - 2;
	b = redact_book_new(0x9e3779b97f4a7c15u);
	s = secret_new(value, value_len);
	if (redact_book_put(b, "one", 1, s) != OK)
		abort();
	secret_free(s);
	find(b, value + value_len, size - 2 - value_len, found);
	if (trimmed() >= REDACT_WINDOW)
		check_form(b, data[0] % FORM_COUNT, found);
	check_filter((const char *)data, size);
	redact_book_free(b);
	return 0;
}
