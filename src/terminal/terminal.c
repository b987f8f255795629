/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/terminal.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

bool terminal_json;

const char *
terminal_option(int *argc, char **argv, const char *name, const char *otherwise)
{
	int i;
	int j;

	for (i = 1; i + 1 < *argc; i++) {
		const char *value = argv[i + 1];

		if (strcmp(argv[i], name) != 0)
			continue;
		for (j = i + 2; j <= *argc; j++)
			argv[j - 2] = argv[j];
		*argc -= 2;
		return value;
	}
	return otherwise;
}

const char *
terminal_folder(const char *path, char ret[TERMINAL_FOLDER_SIZE])
{
	const char *root = getenv("DURWARD_ROOT");
	int n = snprintf(
	    ret, TERMINAL_FOLDER_SIZE, "%s%s", root != NULL ? root : "", path);

	/* Never the first house's instead. */
	if (n >= TERMINAL_FOLDER_SIZE)
		fatal("DURWARD_ROOT is too long");
	return ret;
}

bool
terminal_flag(int *argc, char **argv, const char *name)
{
	int i;
	int j;

	for (i = 1; i < *argc; i++) {
		if (strcmp(argv[i], name) != 0)
			continue;
		for (j = i + 1; j <= *argc; j++)
			argv[j - 1] = argv[j];
		(*argc)--;
		return true;
	}
	return false;
}

int
terminal_usage(const char *usage)
{
	fprintf(stderr, "usage: durward %s\n", usage);
	return EXIT_USAGE;
}

bool
terminal_print_json(const struct json *v)
{
	char *text;
	char *visible;

	if (!terminal_json)
		return false;
	/* In JSON an escape is the same character. */
	text = json_print(v);
	visible = terminal_one_line(text);
	puts(visible);
	free(visible);
	free(text);
	fflush(stdout);
	return true;
}

char *
terminal_one_line(const char *words)
{
	char *text = xstrdup(words);
	size_t len = strlen(text);
	struct buf b;

	str_mend(text);
	buf_init(&b, 6 * len + 1);
	buf_adds(&b, "");
	json_escape_visible(&b, text, len);
	free(text);
	return buf_steal(&b);
}

static char *PRINTF_LIKE(1, 0) format(const char *fmt, va_list ap)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	text = xalloc((size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

void
terminal_print(const char *fmt, ...)
{
	struct str rest;
	struct str line;
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = format(fmt, ap);
	va_end(ap);
	rest = (struct str){text, strlen(text)};
	while (str_line(&rest, &line)) {
		bool ended = line.p[line.len] == '\n';
		char *safe;

		text[line.p - text + (ptrdiff_t)line.len] = '\0';
		safe = terminal_one_line(line.p);
		printf("%s%s", safe, ended ? "\n" : "");
		free(safe);
	}
	fflush(stdout);
	free(text);
}

void
terminal_error(const char *fmt, ...)
{
	va_list ap;
	char *text;
	char *safe;

	va_start(ap, fmt);
	text = format(fmt, ap);
	va_end(ap);
	safe = terminal_one_line(text);
	fprintf(stderr, "durward: %s\n", safe);
	free(safe);
	free(text);
}

void
terminal_print_words(bool begins, const char *words)
{
	while (*words != '\0') {
		size_t len = strcspn(words, "\n");

		len += words[len] == '\n';
		terminal_print("%s%.*s", begins ? "| " : "", (int)len, words);
		begins = words[len - 1] == '\n';
		words += len;
	}
}
