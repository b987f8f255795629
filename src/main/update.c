/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "main/commands.h"
#include "terminal/terminal.h"

/*
 * `durward update`: what the package has for it, which goes on while this
 * program is exchanged.
 */

/* The file of this name beside the program. */
static bool
beside(const char *name, char ret[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", ret, PATH_MAX);
	char *slash;

	ret[n > 0 && n < PATH_MAX ? n : 0] = '\0';
	slash = strrchr(ret, '/');
	if (slash == NULL || slash + 1 + strlen(name) >= ret + PATH_MAX)
		return false;
	memcpy(slash + 1, name, strlen(name) + 1);
	return true;
}

int
command_update(int argc, char **argv)
{
	const char *key = terminal_option(&argc, argv, "--key", NULL);
	char path[PATH_MAX];

	if (argc != 2 || argv[1][0] == '-')
		return terminal_usage("update " UPDATE_USAGE);
	if (beside("update", path))
		execl(path, path, argv[1], key != NULL ? "--key" : NULL, key,
		    NULL);
	terminal_error("this house was not installed from a package; "
		       "./scripts/run in newer sources updates it");
	return EXIT_FAILED;
}
