/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "crypto/crypto.h"
#include "ledger/ledger.h"
#include "main/commands.h"
#include "main/passphrase.h"
#include "rescue/rescue.h"
#include "terminal/terminal.h"

/*
 * `durward restore`: a backup takes the place of what is there, while the
 * house is down: of the database, or of all, as the file holds.  What was
 * there stays beside it.  Without a file: what one began is ended.
 */

static int
failed(const struct errmsg *why)
{
	terminal_error("%s", why->text);
	return EXIT_FAILED;
}

static int
restore_database(const char *state, const char *file)
{
	struct errmsg why = {""};
	char path[1024];

	if ((size_t)snprintf(path, sizeof(path), "%s/core/durward.db", state) >=
	    sizeof(path)) {
		terminal_error("the folder's name is too long");
		return EXIT_USAGE;
	}
	if (ledger_restore(path, file, &why) != OK)
		return failed(&why);
	terminal_print("restored; what was there is %s.replaced\n", path);
	return EXIT_REACHED;
}

static int
restore_all(const struct rescue *wanted, const char *passphrase_file)
{
	struct rescue r = *wanted;
	struct secret *passphrase = NULL;
	struct rescue_done done;
	struct errmsg why = {""};
	enum err e;

	crypto_open();
	e = passphrase_read(passphrase_file, false, &passphrase, &why);
	r.passphrase = passphrase;
	if (e == OK)
		e = rescue_restore(&r, &done, &why);
	secret_free(passphrase);
	if (e != OK)
		return failed(&why);
	terminal_print(
	    "restored: the database, the vault and %d volume(s) of tools; "
	    "what was there has .replaced behind its name\n",
	    done.volumes);
	if (done.secrets && !done.key)
		terminal_print(
		    "the key of the secrets was not in it: put 'kek' into "
		    "%s/vault, or the credential back\n",
		    r.state);
	return EXIT_REACHED;
}

static int
end_restore(const char *state)
{
	struct errmsg why = {""};

	return rescue_finish(state, &why) == OK ? EXIT_REACHED : failed(&why);
}

int
command_restore(int argc, char **argv)
{
	struct rescue r = {.rounds = 0};
	const char *passphrase_file;
	char state[TERMINAL_FOLDER_SIZE];
	char tools[TERMINAL_FOLDER_SIZE];
	bool without_volumes;

	r.state = terminal_option(
	    &argc, argv, "--state", terminal_folder("/var/lib/durward", state));
	r.tools = terminal_option(&argc, argv, "--tools",
	    terminal_folder("/var/lib/durward-tools", tools));
	passphrase_file =
	    terminal_option(&argc, argv, "--passphrase-file", NULL);
	without_volumes = terminal_flag(&argc, argv, "--without-volumes");
	if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
		return terminal_usage("restore " RESTORE_USAGE);
	if (without_volumes)
		r.tools = NULL;
	if (argc == 1)
		return end_restore(r.state);
	r.file = argv[1];
	return rescue_is_backup(r.file) ? restore_all(&r, passphrase_file)
					: restore_database(r.state, r.file);
}
