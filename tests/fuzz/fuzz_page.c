/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a server sends becomes a text that is valid UTF-8, shows all that
 * is in it, and has its limits; and a saved page's name is always a safe one.
 * The first byte chooses the type. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "web/charset.h"
#include "web/name.h"
#include "web/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {"text/html", "text/html; charset=utf-8",
    "text/html; charset=iso-8859-1", "text/html;charset=iso-8859-15",
    "application/xhtml+xml; charset=big5", "text/plain",
    "text/plain; charset=windows-1252", "application/json", "",
    "text/html; charset=utf-16", "image/png"};

static void
check_text(const char *s, size_t len)
{
	const uint8_t *p = (const uint8_t *)s;
	const uint8_t *end = p + len;
	size_t line_ends = 0;

	while (p < end) {
		const uint8_t *from = p;
		uint32_t c = charset_next(CHARSET_UTF8, &p, end);

		if (c == NO_CHARACTER && p - from != 3)
			abort();
		if (!text_shows(c) && c != ' ' && c != '\n' && c != '\t')
			abort();
		line_ends = c == '\n' ? line_ends + 1 : 0;
		if (line_ends > 3)
			abort();
	}
}

static bool
resolve(void *arg, const char *href, char ret[URL_MAX + 1])
{
	size_t n = strlen(href);
	size_t i;

	(void)arg;
	if (n == 0 || n > URL_MAX)
		abort();
	/* A real address has none other. */
	for (i = 0; i < n; i++)
		if (href[i] <= ' ' || href[i] > '~')
			return false;
	memcpy(ret, href, n + 1);
	return true;
}

static void
rebase(void *arg, const char *href)
{
	(void)arg;
	if (strlen(href) > URL_MAX)
		abort();
}

static void
check_name(const uint8_t *data, size_t size, const char *type)
{
	char url[URL_MAX + 1];
	char name[SAVED_NAME_MAX + 1];
	size_t n = size < URL_MAX ? size : URL_MAX;

	memcpy(url, data, n);
	url[n] = '\0';
	name_make(url, type, (int)(size % 2000), name);
	if (!name_is_safe(name))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct page_text text;
	static const struct links links = {resolve, rebase, NULL};
	struct page page;
	uint8_t *copy;

	if (size == 0)
		return 0;
	/* Of just its size, so that reading behind it is noticed. */
	copy = malloc(size - 1 > 0 ? size - 1 : 1);
	memcpy(copy, data + 1, size - 1);
	page.type = types[data[0] % (sizeof(types) / sizeof(types[0]))];
	page.p = copy;
	page.len = size - 1;
	if (page_read(&page, &links, &text)) {
		if (text.text.len > TEXT_MAX ||
		    strlen(text.text.p) != text.text.len ||
		    strlen(text.title) > TITLE_MAX)
			abort();
		check_text(text.text.p, text.text.len);
		check_text(text.title, strlen(text.title));
		check_text(text.note, strlen(text.note));
	}
	check_name(copy, page.len, page.type);
	free(copy);
	return 0;
}
