/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CLI_PRIV_H
#define CLI_CLI_PRIV_H

#include <stdbool.h>

#include "cli/cli.h"
#include "client/session.h"
#include "terminal/terminal.h"
#include "witness/witness.h"

#define TOOL_USAGE                                                             \
	"[add PACKAGE [--folder PATH[:rw]] [--no-limits-ok] | update PACKAGE " \
	"| show NAME | "                                                       \
	"enable NAME | disable NAME | rollback NAME [--to VERSION] | remove "  \
	"NAME [--keep-data] | folder NAME [--close] | exempt NAME [--revoke] " \
	"| logs NAME "                                                         \
	"[--follow] | top] "                                                   \
	"[--yes]"

#define HOME_USAGE                                                             \
	"[list [WORD] | accept WORD | accept --all | area ENTITY ROOM "        \
	"| area ENTITY --remove | alias ENTITY NAME [--remove] | floor ROOM "  \
	"FLOOR | floor ROOM --remove | show | hide | place LATITUDE "          \
	"LONGITUDE | import URL [--replace] [--in-clear]] "                    \
	"[--effect reversible|physical] "                                      \
	"[--yes]"

int command_home(int argc, char **argv);

#define NOTIFY_USAGE                                                           \
	"[list | add NAME URL [--house] [--hourly N] [--days N] | allow "      \
	"NAME [--as OTHER] [--house] [--hourly N] [--days N] | test NAME "     \
	"| remove NAME]"

int command_clients(int argc, char **argv);
int command_web(int argc, char **argv);
int command_tool(int argc, char **argv);
int command_secret(int argc, char **argv);
int command_policy(int argc, char **argv);
int command_notify(int argc, char **argv);
int command_halt(int argc, char **argv);
int command_resume(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_version(int argc, char **argv);

/* What a tool said, and with `follow` what it goes on to say. */
int cli_tool_logs(struct session *s, const char *tool, bool follow);

/* What containers there are, and what they use. */
int cli_tool_top(struct session *s);

#endif
