/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TERMINAL_TERMINAL_H
#define TERMINAL_TERMINAL_H

/*
 * The terminal of a command: its options, and what it prints, for people by
 * default and for programs with --json.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"
#include "base/secret.h"

/* Exit codes, documented in `durward help`. */
enum terminal_exit {
	EXIT_REACHED = 0, /* Done; the goal was reached. */
	EXIT_FAILED = 1, /* Understood, but it did not work. */
	EXIT_USAGE = 2,
	EXIT_AWAY = 3, /* The house cannot be reached. */
	EXIT_REFUSED = 4, /* The house said no. */
	EXIT_BROKEN = 5, /* The log, a proof or a signature does not fit. */
};

/* --json was given: answers go out as they came, one document a line. */
extern bool terminal_json;

/* An option with a value: taken out of argv, or `otherwise`. */
const char *terminal_option(
    int *argc, char **argv, const char *name, const char *otherwise);
bool terminal_flag(int *argc, char **argv, const char *name);

int terminal_usage(const char *usage);

/* Print a document with --json; false when people are to read it. */
bool terminal_print_json(const struct json *v);

/* Text of the house on a terminal: control characters as escapes. */
void terminal_print(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* One line from a terminal, unseen and without its end, or else all of the
 * input as it is.  ERR_LIMIT over `max` bytes, ERR_IO. */
NODISCARD enum err terminal_read_secret(
    const char *prompt, size_t max, struct secret **ret);

/* A short form of an id, digest or key. */
#define SHORT_LEN 12

#endif
