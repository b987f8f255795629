/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAIN_OPTIONS_H
#define MAIN_OPTIONS_H

/* Options of the form `--name VALUE`, by a table. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option_row {
	const char *name;
	size_t offset; /* Of a `const char *` in the caller's struct. */
};

/* Says on stderr what it does not know; false then. */
bool options_read(const struct option_row *rows, size_t n_rows, int argc,
    char **argv, void *ret);

/* 1 to 65535; says so on stderr when it is not. */
bool options_port(const char *text, uint16_t *ret);

#endif
