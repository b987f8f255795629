/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "store/store_priv.h"
#include "sys/file.h"

/*
 * Putting a backup in the place of the database, so that a kill at any
 * point leaves the old one or the new one, whole.
 *
 *	1. copy the backup to PATH.restore.tmp, check it, sync it
 *	2. rename that to PATH.restore: from here on there is no way back
 *	3. PATH-wal and PATH become PATH.replaced-wal and PATH.replaced
 *	4. PATH.restore becomes PATH
 *
 * Whoever opens the database and finds PATH.restore does 3 and 4 first.  So
 * an old WAL never lies beside the new file, into which SQLite would write
 * it, and an old file is never opened without its WAL.
 */

#define READY ".restore"
#define COPY ".restore.tmp"
#define REPLACED ".replaced"
#define REPLACED_WAL ".replaced-wal"

static enum err
move_beside(const char *path, const char *from, const char *to)
{
	char *a = path_beside(path, from);
	char *b = path_beside(path, to);
	enum err e = file_is_there(a) ? file_move(a, b) : OK;

	free(a);
	free(b);
	return e;
}

static enum err
remove_beside(const char *path, const char *suffix)
{
	char *s = path_beside(path, suffix);
	enum err e = file_remove(s);

	free(s);
	return e;
}

enum err
restore_finish(const char *path)
{
	char *ready = path_beside(path, READY);
	enum err e = OK;

	if (file_is_there(ready)) {
		e = move_beside(path, "-wal", REPLACED_WAL);
		if (e == OK)
			e = remove_beside(path, "-shm");
		if (e == OK)
			e = remove_beside(path, "-journal");
		if (e == OK)
			e = move_beside(path, "", REPLACED);
		if (e == OK)
			e = file_move(ready, path);
	}
	free(ready);
	return e;
}

/* What an earlier restore replaced makes room for what this one does: its
 * WAL must not come to lie beside another file. */
static enum err
clear_place(const char *path)
{
	enum err e = remove_beside(path, REPLACED);

	if (e == OK)
		e = remove_beside(path, REPLACED_WAL);
	if (e == OK)
		e = file_sync_folder(path);
	return e;
}

enum err
store_check_backup(const char *copy, const struct store_options *o,
    const char *backup, struct errmsg *why)
{
	struct store_tx tx;
	int version = 0;
	enum err e;

	memset(&tx, 0, sizeof(tx));
	e = tx_open(&tx, copy, SQLITE_OPEN_READWRITE);
	if (e == OK)
		e = tx_check_alone(&tx);
	if (e == OK)
		e = tx_version(&tx, &version);
	tx_close(&tx);
	if (e != OK)
		return err_say(why, e,
		    "%.150s is damaged or no backup (%s); name another one",
		    backup, err_text(e));
	if (version < 1)
		return err_say(why, ERR_INPUT,
		    "%.150s is no backup of this house", backup);
	if (version > o->n_migrations)
		return err_say(why, ERR_UNSUPPORTED,
		    "%.150s was written by a newer version; install that one",
		    backup);
	return OK;
}

static enum err
make_copy(const struct store_options *o, const char *backup, struct errmsg *why)
{
	char *copy = path_beside(o->path, COPY);
	char *wal = path_beside(backup, "-wal");
	enum err e;

	if (access(wal, F_OK) == 0) {
		e = err_say(why, ERR_INPUT,
		    "%.150s has a -wal beside it, so it is in use or half a "
		    "copy; name a file that 'backup' made",
		    backup);
	} else {
		e = file_copy(backup, copy, 0600);
		if (e == OK)
			e = file_give_to_folder(copy);
		if (e != OK)
			err_say(why, e,
			    "%.150s cannot be copied (%s); is there room for "
			    "it on the disk?",
			    backup, err_text(e));
	}
	if (e == OK)
		e = store_check_backup(copy, o, backup, why);
	/* Checking has written to it. */
	if (e == OK && file_sync(copy) != OK)
		e = err_say(why, ERR_IO, "%.150s cannot be written", copy);
	if (e != OK)
		unlink(copy);
	free(wal);
	free(copy);
	return e;
}

static enum err
restore(const struct store_options *o, const char *backup, struct errmsg *why)
{
	enum err e = restore_finish(o->path);

	if (e == OK)
		e = make_copy(o, backup, why);
	else
		err_say(why, e, "a restore that was begun cannot be ended");
	if (e != OK)
		return e;
	e = clear_place(o->path);
	if (e == OK)
		e = move_beside(o->path, COPY, READY);
	if (e == OK)
		e = restore_finish(o->path);
	if (e != OK)
		err_say(why, e, "%.150s cannot be put in its place: %s",
		    o->path, err_text(e));
	return e;
}

enum err
store_restore(
    const struct store_options *o, const char *backup, struct errmsg *why)
{
	int lock_fd;
	enum err e = file_lock_folder(o->path, &lock_fd);

	if (e == ERR_BUSY)
		return err_say(why, e,
		    "%.150s: another process has it open; stop the house first",
		    o->path);
	if (e != OK)
		return err_say(why, e, "%.150s: no such folder", o->path);
	e = restore(o, backup, why);
	close(lock_fd);
	return e;
}
