/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAIN_COMMANDS_H
#define MAIN_COMMANDS_H

/* The subcommands that make or are the house; the rest live in cli. */

int command_init(int argc, char **argv);
int command_restore(int argc, char **argv);
int command_run(int argc, char **argv);

/* The whole command line, to start the house anew with. */
extern char **command_argv;

#endif
