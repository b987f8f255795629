/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "rescue/rescue_priv.h"
#include "sys/file.h"
#include "sys/tree.h"

/*
 * Putting in place what STATE/restore holds.  Each step is done or not, and
 * done again does nothing; the folder itself goes last.
 */

static bool
is_there(int in, const char *name)
{
	return faccessat(in, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The home of the tools' user, and a tool a line. */
static enum err
swap_listed(const struct buf *list, struct errmsg *why)
{
	struct str rest = {list->p, list->len};
	char tool[NAME_MAX_LEN + 1];
	char home[PATH_SIZE];
	struct str line;
	enum err e = OK;

	if (!str_line(&rest, &line) || line.len >= sizeof(home))
		return err_say(why, ERR_CORRUPT, "the list is damaged");
	snprintf(home, sizeof(home), "%.*s", (int)line.len, line.p);
	while (e == OK && str_line(&rest, &line)) {
		snprintf(tool, sizeof(tool), "%.*s",
		    (int)(line.len < sizeof(tool) ? line.len : 0), line.p);
		e = str_is_name(tool)
		    ? volumes_swap(home, tool, why)
		    : err_say(why, ERR_CORRUPT, "the list is damaged");
	}
	return e;
}

static enum err
swap_volumes(int restore, struct errmsg *why)
{
	int fd =
	    openat(restore, RESTORE_VOLUMES, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct buf list;
	enum err e;

	if (fd < 0 && errno == ENOENT)
		return OK;
	if (fd < 0)
		return err_say(why, ERR_IO, "%s", err_text(ERR_IO));
	buf_init(&list, FILE_READ_MAX);
	e = file_read_fd(fd, &list);
	close(fd);
	if (e == OK)
		e = swap_listed(&list, why);
	else
		err_say(why, e, "%s", err_text(e));
	buf_done(&list);
	if (e == OK &&
	    (unlinkat(restore, RESTORE_VOLUMES, 0) < 0 || fsync(restore) < 0))
		e = err_say(why, ERR_IO, "%s", err_text(ERR_IO));
	return e;
}

static enum err
swap_folder(int state, int restore, const char *name)
{
	char replaced[64];

	if (!is_there(restore, name))
		return OK;
	snprintf(replaced, sizeof(replaced), "%s" REPLACED, name);
	if (is_there(state, name) && renameat(state, name, state, replaced) < 0)
		return ERR_IO;
	return renameat(restore, name, state, name) < 0 || fsync(state) < 0
	    ? ERR_IO
	    : OK;
}

enum err
finish_locked(int state, struct errmsg *why)
{
	int restore = openat(state, RESTORE_NAME, TREE_OPEN);
	enum err e;

	if (restore < 0 && errno == ENOENT)
		return OK;
	if (restore < 0)
		return err_say(why, ERR_IO, "%s", err_text(ERR_IO));
	e = swap_volumes(restore, why);
	/* The core's folder is what its lock is on, so it goes last. */
	if (e == OK &&
	    (swap_folder(state, restore, "vault") != OK ||
		swap_folder(state, restore, "core") != OK ||
		unlinkat(state, RESTORE_NAME, AT_REMOVEDIR) < 0 ||
		fsync(state) < 0))
		e = err_say(why, ERR_IO,
		    "a restore that was begun cannot be ended; run 'durward "
		    "restore' to end it");
	close(restore);
	return e;
}

static void
path_of(const char *state, char *ret, size_t size)
{
	snprintf(ret, size, "%s/" RESTORE_NAME, state);
}

bool
rescue_is_pending(const char *state)
{
	char path[PATH_SIZE];

	path_of(state, path, sizeof(path));
	return file_is_there(path);
}

enum err
rescue_finish(const char *state, struct errmsg *why)
{
	char path[PATH_SIZE];
	int lock;
	enum err e;

	if (!rescue_is_pending(state))
		return OK;
	path_of(state, path, sizeof(path));
	e = file_lock_folder(path, &lock);
	if (e == ERR_BUSY)
		return err_say(why, e, "a restore is under way; wait for it");
	if (e != OK)
		return err_say(why, e, "%.150s cannot be entered", state);
	e = finish_locked(lock, why);
	close(lock);
	return e;
}
