/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/*
 * The command line: a table of subcommands.  For people by default, for
 * programs with --json.
 */

#include <stddef.h>

/* Exit codes, documented in `durward help`. */
enum cli_exit {
	EXIT_REACHED = 0, /* Done; the goal was reached. */
	EXIT_FAILED = 1, /* Understood, but it did not work. */
	EXIT_USAGE = 2,
	EXIT_AWAY = 3, /* The house cannot be reached. */
	EXIT_REFUSED = 4, /* The house said no. */
	EXIT_BROKEN = 5, /* The log, a proof or a signature does not fit. */
};

struct cli_command {
	const char *name;
	const char *usage;
	const char *text;
	int (*run)(int argc, char **argv);
};

/* `more`: commands that live elsewhere, shown with the others. */
int cli_main(
    int argc, char **argv, const struct cli_command *more, size_t n_more);

#endif
