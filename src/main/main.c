/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/err.h"
#include "cli/cli.h"
#include "main/commands.h"
#include "main/roles.h"

/*
 * One binary: `durward role NAME` is how the parent starts a role, anything
 * else is the command line.
 */

char **command_argv;

static const struct cli_command house_commands[] = {
    {"init", "[--state DIR] [--policy FILE] [--owner FILE] [--console DIR]",
	"make a new box, or the console's key", command_init},
    {"run", "[house|tools|all] [--state DIR] ...", "run the house",
	command_run},
    {"backup", BACKUP_USAGE,
	"copy the database while the house runs; with --to, all of the house "
	"into one file that a passphrase seals",
	command_backup},
    {"restore", RESTORE_USAGE,
	"put a backup in the place of what is there; the house must be down",
	command_restore},
    {"update", UPDATE_USAGE,
	"install a signed release; what was there comes back when it does not "
	"come up",
	command_update},
};

int
main(int argc, char **argv)
{
	command_argv = argv;
	if (argc == 3 && strcmp(argv[1], "role") == 0)
		return role_run(argv[2]);
	return cli_main(argc, argv, house_commands, ARRAY_LEN(house_commands));
}
