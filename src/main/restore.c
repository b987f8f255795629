/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/cli.h"
#include "ledger/ledger.h"
#include "main/commands.h"
#include "main/options.h"
#include "terminal/terminal.h"

/*
 * `durward restore`: a backup takes the place of the database, while the
 * house is down.  What was there stays beside it.
 */

struct options {
	const char *state;
};

static const struct option_row option_table[] = {
    {"--state", offsetof(struct options, state)},
};

int
command_restore(int argc, char **argv)
{
	struct options o = {.state = "/var/lib/durward"};
	struct errmsg why = {""};
	char path[1024];

	if (argc < 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: durward restore FILE [--state DIR]\n");
		return EXIT_USAGE;
	}
	if (!options_read(
		option_table, ARRAY_LEN(option_table), argc - 2, argv + 2, &o))
		return EXIT_USAGE;
	if ((size_t)snprintf(path, sizeof(path), "%s/core/durward.db",
		o.state) >= sizeof(path)) {
		fprintf(stderr, "durward: the folder's name is too long\n");
		return EXIT_USAGE;
	}
	if (ledger_restore(path, argv[1], &why) != OK) {
		fprintf(stderr, "durward: %s\n", why.text);
		return EXIT_FAILED;
	}
	printf("restored; what was there is %s.replaced\n", path);
	return EXIT_REACHED;
}
