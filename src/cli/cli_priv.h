/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_PRIV_H
#define CLI_CLI_PRIV_H

#include <stdbool.h>

#include "cli/cli.h"
#include "cli/session.h"

#define VERSION "0.1.0"

/* --json was given: answers go out as they came, one document a line. */
extern bool cli_json;

int command_ask(int argc, char **argv);
int command_runs(int argc, char **argv);
int command_approvals(int argc, char **argv);
int command_approve(int argc, char **argv);
int command_deny(int argc, char **argv);
int command_pair(int argc, char **argv);
int command_clients(int argc, char **argv);
int command_audit(int argc, char **argv);
int command_tool(int argc, char **argv);
int command_version(int argc, char **argv);

/* An option with a value: taken out of argv, or `otherwise`. */
const char *cli_option(
    int *argc, char **argv, const char *name, const char *otherwise);
bool cli_flag(int *argc, char **argv, const char *name);

int cli_usage(const char *usage);

/* Print a document with --json; false when people are to read it. */
bool cli_print_json(const struct json *v);

/* Text of the house on a terminal: control characters as escapes. */
void cli_print(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* A short form of an id, digest or key. */
#define SHORT_LEN 12

/* Show the sheet of an act and sign it.  `id` may be a beginning. */
int cli_approve(struct session *s, const char *id, bool yes);

/* Verify entry `seq` with `leaf` under a checkpoint that the box signed.
 * Prints the outcome; an exit code. */
int cli_prove(struct session *s, uint64_t seq, const struct digest *leaf);

#endif
