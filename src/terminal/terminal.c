/* SPDX-License-Identifier: Apache-2.0 */
#include "terminal/terminal.h"

#include <stdarg.h>
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

	if (!terminal_json)
		return false;
	text = json_print(v);
	puts(text);
	free(text);
	fflush(stdout);
	return true;
}

void
terminal_print(const char *fmt, ...)
{
	struct buf safe;
	struct str rest;
	struct str line;
	va_list ap;
	int n;
	char *text;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = xalloc((size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_init(&safe, 6 * (size_t)n + 1);
	rest = (struct str){text, (size_t)n};
	while (str_line(&rest, &line)) {
		buf_clear(&safe);
		if (str_is_utf8(line.p, line.len))
			json_escape_visible(&safe, line.p, line.len);
		printf("%s%s", safe.p != NULL ? safe.p : "",
		    rest.len > 0 || text[n - 1] == '\n' ? "\n" : "");
	}
	fflush(stdout);
	buf_done(&safe);
	free(text);
}
