/* SPDX-License-Identifier: Apache-2.0 */
#include "main/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_row *
find(const struct option_row *rows, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

bool
options_read(const struct option_row *rows, size_t n_rows, int argc,
    char **argv, void *ret)
{
	int i;

	for (i = 0; i < argc; i += 2) {
		const struct option_row *row = find(rows, n_rows, argv[i]);

		if (row == NULL || i + 1 == argc) {
			fprintf(stderr,
			    "durward: %s '%s'; see 'durward help'\n",
			    row == NULL ? "unknown option" : "no value behind",
			    argv[i]);
			return false;
		}
		*(const char **)(void *)((char *)ret + row->offset) =
		    argv[i + 1];
	}
	return true;
}

bool
options_port(const char *text, uint16_t *ret)
{
	char *end;
	long v = strtol(text, &end, 10);

	if (*end != '\0' || v < 1 || v > 65535) {
		fprintf(stderr, "durward: a port is a number up to 65535\n");
		return false;
	}
	*ret = (uint16_t)v;
	return true;
}
