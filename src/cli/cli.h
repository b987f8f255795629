/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/*
 * The command line: a table of subcommands.  For people by default, for
 * programs with --json.
 */

#include <stddef.h>

struct cli_command {
	const char *name;
	const char *usage;
	const char *text;
	int (*run)(int argc, char **argv);
};

/* `more`: commands that live elsewhere, shown with the others. */
int cli_main(
    int argc, char **argv, const struct cli_command *more, size_t n_more);

/* `durward backup` as the house does it, for a command that does more. */
int cli_backup(int argc, char **argv);

#endif
