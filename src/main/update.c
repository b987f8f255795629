/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/limits.h"
#include "main/commands.h"
#include "talk/talk.h"
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

/* What the script asks an owner, whose right over packages no role has. */
static int
ask_for(const char *version, const char *sha256)
{
	struct json *args;
	struct buf call;
	struct digest unused;
	int code;

	if (digest_read(sha256, strlen(sha256), &unused) != OK)
		return terminal_usage("update " UPDATE_USAGE);
	args = json_object();
	json_put_str(args, "version", version);
	json_put_str(args, "sha256", sha256);
	buf_init(&call, GOAL_MAX);
	buf_adds(&call, "house.update ");
	json_canonical(args, &call);
	code = talk_call(call.p);
	buf_done(&call);
	json_free(args);
	return code;
}

int
command_update(int argc, char **argv)
{
	const char *key;
	char path[PATH_MAX];
	bool unasked;

	if (argc == 4 && strcmp(argv[1], "--ask") == 0)
		return ask_for(argv[2], argv[3]);
	key = terminal_option(&argc, argv, "--key", NULL);
	unasked = terminal_flag(&argc, argv, "--unasked");
	if (argc != 2 || argv[1][0] == '-')
		return terminal_usage("update " UPDATE_USAGE);
	if (unasked && beside("update", path))
		execl(path, path, argv[1], "--unasked",
		    key != NULL ? "--key" : NULL, key, NULL);
	else if (beside("update", path))
		execl(path, path, argv[1], key != NULL ? "--key" : NULL, key,
		    NULL);
	terminal_error("this house was not installed from a package; "
		       "./scripts/run in newer sources updates it");
	return EXIT_FAILED;
}
