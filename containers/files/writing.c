/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "files/files.h"
#include "files/place.h"

/*
 * What changes the folder.  All but delete can be undone: a file that is
 * written over stays beside the new one under a numbered name, as `cp
 * --backup=numbered` has it, and nothing is ever put onto what is there.
 */

#define NEW_NAME ".being-written~"
#define KEPT_MAX 99
#define TEXT_BYTES (60 * 1024)

static bool
rename_anew(const struct place *from, const char *name, const struct place *to,
    const char *as)
{
	return renameat2(from->fd, name, to->fd, as, RENAME_NOREPLACE) == 0;
}

/* ---- write ---- */

static bool
has_text(const struct place *p, const struct stat *st, const char *text)
{
	static char old[TEXT_BYTES + 1];
	size_t len = strlen(text);
	ssize_t n;
	int fd;

	if (st->st_size != (off_t)len)
		return false;
	fd = place_step(p->fd, p->name, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return false;
	n = read(fd, old, sizeof(old));
	close(fd);
	return n == (ssize_t)len && memcmp(old, text, len) == 0;
}

/* Its owner's rights come from the folder's list, which the group's bits
 * bound; a program stays one. */
static bool
fill(const struct place *p, const struct stat *old, const char *text)
{
	size_t len = strlen(text);
	bool good;
	int fd;

	/* One that a power cut left is nobody's. */
	unlinkat(p->fd, NEW_NAME, 0);
	fd = openat(p->fd, NEW_NAME,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return false;
	good = write(fd, text, len) == (ssize_t)len;
	if (good && old->st_mode != 0 && (old->st_mode & 0111) != 0)
		good = fchmod(fd, (old->st_mode & 0777) | 0660) == 0;
	good = good && fsync(fd) == 0;
	close(fd);
	return good;
}

/* Under the first free number. */
static bool
keep_old(const struct place *p, char *ret, size_t size)
{
	int i;

	for (i = 1; i <= KEPT_MAX; i++) {
		if (snprintf(ret, size, "%s.~%d~", p->name, i) >= (int)size) {
			errno = ENAMETOOLONG;
			return false;
		}
		if (rename_anew(p, p->name, p, ret))
			return true;
		if (errno != EEXIST)
			return false;
	}
	errno = EMLINK;
	return false;
}

static void
say_failure(const struct place *p, const char *path, struct reply *reply)
{
	char why[WHY_BYTES];
	int number = errno;

	unlinkat(p->fd, NEW_NAME, 0);
	if (number == EMLINK) {
		reply_set(reply, true,
		    "%d earlier versions of '%.200s' are kept beside it; "
		    "delete some first",
		    KEPT_MAX, path);
		return;
	}
	place_fail(why, path, number);
	reply_set(reply, true, "%s", why);
}

static void
put(const struct place *p, const char *path, const struct stat *old,
    const char *text, struct reply *reply)
{
	char kept[NAME_BYTES + 1] = "";
	struct statvfs fs;
	int number;

	/* Who may write the folder could replace what is read-only in it. */
	if (old->st_mode != 0 && faccessat(p->fd, p->name, W_OK, 0) < 0) {
		if (fstatvfs(p->fd, &fs) == 0 && (fs.f_flag & ST_RDONLY))
			errno = EROFS;
		say_failure(p, path, reply);
		return;
	}
	if (!fill(p, old, text) ||
	    (old->st_mode != 0 && !keep_old(p, kept, sizeof(kept)))) {
		say_failure(p, path, reply);
		return;
	}
	if (!rename_anew(p, NEW_NAME, p, p->name)) {
		number = errno;
		if (kept[0] != '\0' && !rename_anew(p, kept, p, p->name))
			number = errno;
		errno = number;
		say_failure(p, path, reply);
		return;
	}
	if (fsync(p->fd) < 0)
		reply_set(
		    reply, true, "'%.200s' may be lost at a power cut", path);
	else if (kept[0] != '\0')
		reply_set(reply, false,
		    "Wrote %zu bytes to '%.200s'; what was there is '%s' now.",
		    strlen(text), path, kept);
	else
		reply_set(reply, false, "Wrote %zu bytes to '%.200s'.",
		    strlen(text), path);
}

void
files_write(const cJSON *args, struct reply *reply)
{
	const char *path = arg_text(args, "path");
	const char *text = arg_text(args, "text");
	char why[WHY_BYTES];
	struct place p;
	struct stat old;

	if (strlen(text) > TEXT_BYTES) {
		reply_set(
		    reply, true, "a text has at most %d bytes", TEXT_BYTES);
		return;
	}
	if (!place_find(path, &p, why)) {
		reply_set(reply, true, "%s", why);
		return;
	}
	if (!place_look(&p, path, &old, why))
		reply_set(reply, true, "%s", why);
	else if (S_ISDIR(old.st_mode))
		reply_set(reply, true, "'%.200s' is a folder", path);
	else if (old.st_mode != 0 && has_text(&p, &old, text))
		reply_set(
		    reply, false, "'%.200s' has that text already.", path);
	else
		put(&p, path, &old, text, reply);
	close(p.fd);
}

/* ---- move ---- */

static void
move(const struct place *from, const struct place *to, const char *from_path,
    const char *to_path, struct reply *reply)
{
	char why[WHY_BYTES];
	struct stat st;

	if (!place_look(from, from_path, &st, why)) {
		reply_set(reply, true, "%s", why);
	} else if (st.st_mode == 0) {
		place_fail(why, from_path, ENOENT);
		reply_set(reply, true, "%s", why);
	} else if (!rename_anew(from, from->name, to, to->name)) {
		place_fail(why, errno == EEXIST ? to_path : from_path, errno);
		reply_set(reply, true, "%s", why);
	} else {
		fsync(from->fd);
		fsync(to->fd);
		reply_set(reply, false, "Moved '%.200s' to '%.200s'.",
		    from_path, to_path);
	}
}

void
files_move(const cJSON *args, struct reply *reply)
{
	const char *from_path = arg_text(args, "from");
	const char *to_path = arg_text(args, "to");
	char why[WHY_BYTES];
	struct place from;
	struct place to;

	if (!place_find(from_path, &from, why)) {
		reply_set(reply, true, "%s", why);
		return;
	}
	if (place_find(to_path, &to, why)) {
		move(&from, &to, from_path, to_path, reply);
		close(to.fd);
	} else {
		reply_set(reply, true, "%s", why);
	}
	close(from.fd);
}

/* ---- mkdir, delete ---- */

void
files_mkdir(const cJSON *args, struct reply *reply)
{
	const char *path = arg_text(args, "path");
	char why[WHY_BYTES];
	struct place p;
	struct stat st;

	if (!place_find(path, &p, why)) {
		reply_set(reply, true, "%s", why);
		return;
	}
	if (!place_look(&p, path, &st, why)) {
		reply_set(reply, true, "%s", why);
	} else if (S_ISDIR(st.st_mode)) {
		reply_set(reply, false, "The folder '%.200s' is there.", path);
	} else if (mkdirat(p.fd, p.name, 0777) < 0) {
		place_fail(why, path, errno);
		reply_set(reply, true, "%s", why);
	} else {
		fsync(p.fd);
		reply_set(reply, false, "Made the folder '%.200s'.", path);
	}
	close(p.fd);
}

void
files_delete(const cJSON *args, struct reply *reply)
{
	const char *path = arg_text(args, "path");
	char why[WHY_BYTES];
	struct place p;
	struct stat st;

	if (!place_find(path, &p, why)) {
		reply_set(reply, true, "%s", why);
		return;
	}
	if (!place_look(&p, path, &st, why)) {
		reply_set(reply, true, "%s", why);
	} else if (st.st_mode == 0) {
		place_fail(why, path, ENOENT);
		reply_set(reply, true, "%s", why);
	} else if (unlinkat(p.fd, p.name,
		       S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0) {
		place_fail(why, path, errno);
		reply_set(reply, true, "%s", why);
	} else {
		fsync(p.fd);
		reply_set(reply, false, "Deleted %s'%.200s'.",
		    S_ISDIR(st.st_mode) ? "the empty folder " : "", path);
	}
	close(p.fd);
}
