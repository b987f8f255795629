/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAIN_COMMANDS_H
#define MAIN_COMMANDS_H

/* The subcommands that make or are the house; the rest live in cli. */

int command_backup(int argc, char **argv);
int command_init(int argc, char **argv);
int command_restore(int argc, char **argv);
int command_run(int argc, char **argv);
int command_update(int argc, char **argv);

#define BACKUP_USAGE                                                           \
	"[--to FILE [--passphrase-file FILE] [--without-keys] "                \
	"[--without-volumes] [--state DIR] [--tools DIR]]"
#define RESTORE_USAGE                                                          \
	"[FILE] [--passphrase-file FILE] [--without-volumes] [--state DIR] "   \
	"[--tools DIR]"
#define UPDATE_USAGE "FOLDER [--unasked] [--key FILE] | --ask VERSION SHA256"

/* The whole command line, to start the house anew with. */
extern char **command_argv;

#endif
