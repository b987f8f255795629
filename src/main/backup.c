/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/cli.h"
#include "crypto/crypto.h"
#include "main/commands.h"
#include "main/passphrase.h"
#include "rescue/rescue.h"
#include "terminal/terminal.h"

/*
 * `durward backup`: a copy of the database beside it, by the house; with
 * --to, all that a house is in one file, by us, whether the house runs or
 * not.
 */

static void
tell(const struct rescue *r, const struct rescue_done *done)
{
	struct json *v;

	if (terminal_json) {
		v = json_object();
		json_put_str(v, "file", r->file);
		json_put_int(v, "bytes", (int64_t)done->bytes);
		json_put_int(v, "volumes", done->volumes);
		json_put_int(v, "left_out", done->left_out);
		json_put_bool(v, "key", done->key);
		terminal_print_json(v);
		json_free(v);
		return;
	}
	terminal_print(
	    "%s holds the database, the vault and %d volume(s) of tools in "
	    "%llu KiB; its passphrase alone opens it\n",
	    r->file, done->volumes, (unsigned long long)(done->bytes / 1024));
	if (done->secrets && !done->key)
		terminal_print(
		    "the key of the secrets is not in it: keep 'kek' or the "
		    "credential, or set each secret again\n");
	if (done->left_out > 0)
		terminal_print(
		    "%d file(s) of volumes are left out: sockets and the "
		    "like, or not their tool's\n",
		    done->left_out);
}

static int
back_up(const struct rescue *wanted, const char *passphrase_file)
{
	struct rescue r = *wanted;
	struct secret *passphrase = NULL;
	struct rescue_done done;
	struct errmsg why = {""};
	enum err e;

	crypto_open();
	e = passphrase_read(passphrase_file, true, &passphrase, &why);
	r.passphrase = passphrase;
	if (e == OK)
		e = rescue_backup(&r, &done, &why);
	secret_free(passphrase);
	if (e != OK) {
		terminal_error("%s", why.text);
		return EXIT_FAILED;
	}
	tell(&r, &done);
	return EXIT_REACHED;
}

int
command_backup(int argc, char **argv)
{
	struct rescue r = {.rounds = ARCHIVE_ROUNDS};
	const char *passphrase_file;
	char state[TERMINAL_FOLDER_SIZE];
	char tools[TERMINAL_FOLDER_SIZE];
	bool without_volumes;

	r.file = terminal_option(&argc, argv, "--to", NULL);
	if (r.file == NULL)
		return cli_backup(argc, argv);
	passphrase_file =
	    terminal_option(&argc, argv, "--passphrase-file", NULL);
	r.state = terminal_option(
	    &argc, argv, "--state", terminal_folder("/var/lib/durward", state));
	r.tools = terminal_option(&argc, argv, "--tools",
	    terminal_folder("/var/lib/durward-tools", tools));
	r.without_keys = terminal_flag(&argc, argv, "--without-keys");
	without_volumes = terminal_flag(&argc, argv, "--without-volumes");
	if (argc != 1)
		return terminal_usage("backup " BACKUP_USAGE);
	if (without_volumes)
		r.tools = NULL;
	return back_up(&r, passphrase_file);
}
