/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "ledger/ledger.h"
#include "rescue/rescue_priv.h"
#include "sys/file.h"
#include "sys/tree.h"

struct restoring {
	const struct rescue *r;
	struct rescue_done *done;
	struct archive_reader *from;
	int in; /* The file. */
	int state; /* Its folder, held against everybody else. */
	uid_t owner; /* Of the state. */
	gid_t group;
	int tmp; /* RESTORE_TMP; -1: it is not there. */
	int core; /* In it. */
	int vault;
	struct placing *placing; /* NULL: no volume yet. */
};

bool
rescue_is_backup(const char *path)
{
	char head[ARCHIVE_MAGIC_LEN];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)sizeof(head) && archive_is(head, sizeof(head));
}

static enum err
get(void *arg, void *p, size_t len, size_t *ret_len)
{
	struct restoring *s = arg;
	char *to = p;
	size_t at = 0;
	ssize_t n;

	while (at < len && (n = read(s->in, to + at, len - at)) != 0) {
		if (n < 0)
			return ERR_IO;
		at += (size_t)n;
	}
	s->done->bytes += at;
	*ret_len = at;
	return OK;
}

/* What the reader found, in a sentence. */
static enum err
say_unread(const struct restoring *s, enum err e, struct errmsg *why)
{
	const char *file = s->r->file;

	switch (e) {
	case ERR_DENIED:
		return err_say(why, e,
		    "this passphrase does not open %.150s; nothing is changed",
		    file);
	case ERR_UNSUPPORTED:
		return err_say(why, e,
		    "%.150s was written by a newer version; install that one",
		    file);
	case ERR_SIGNATURE:
		return err_say(why, e,
		    "%.120s is cut short or was changed, at its byte %llu or "
		    "before; nothing is changed here",
		    file, (unsigned long long)s->done->bytes);
	case ERR_CORRUPT:
	case ERR_INPUT:
		return err_say(why, e,
		    "%.150s is damaged or no backup; nothing is changed", file);
	default:
		return err_say(
		    why, e, "%.150s cannot be read: %s", file, err_text(e));
	}
}

/* ---- Building ---- */

static enum err
make_state_folder(
    const struct restoring *s, int in, const char *name, int *ret_fd)
{
	if (mkdirat(in, name, 0700) < 0)
		return ERR_IO;
	*ret_fd = openat(in, name, TREE_OPEN);
	if (*ret_fd < 0)
		return ERR_IO;
	return fchown(*ret_fd, s->owner, s->group) < 0 ||
		fchmod(*ret_fd, 0700) < 0
	    ? ERR_IO
	    : OK;
}

static enum err
begin_building(struct restoring *s, struct errmsg *why)
{
	enum err e = tree_remove(s->state, RESTORE_TMP);

	if (e == OK)
		e = make_state_folder(s, s->state, RESTORE_TMP, &s->tmp);
	if (e == OK)
		e = make_state_folder(s, s->tmp, "core", &s->core);
	if (e == OK)
		e = make_state_folder(s, s->tmp, "vault", &s->vault);
	if (e != OK)
		return err_say(why, e,
		    "%.150s/" RESTORE_TMP " cannot be made; run as root",
		    s->r->state);
	return OK;
}

static enum err
write_file(struct restoring *s, int fd)
{
	char chunk[16 * 1024];
	size_t n = 0;
	enum err e;

	do {
		e = archive_read_bytes(s->from, chunk, sizeof(chunk), &n);
		if (e == OK)
			e = file_write_fd(fd, chunk, n);
	} while (e == OK && n > 0);
	explicit_bzero(chunk, sizeof(chunk));
	return e;
}

static enum err
place_file(struct restoring *s, const struct archive_entry *e)
{
	const char *name = strchr(e->name, '/') + 1;
	int in = e->name[0] == 'c' ? s->core : s->vault;
	int fd = openat(in, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	enum err result;

	if (fd < 0)
		return ERR_IO;
	if (strcmp(e->name, KEY_NAME) == 0)
		s->done->key = true;
	if (strcmp(e->name, "vault/secrets.json") == 0)
		s->done->secrets = true;
	result = write_file(s, fd);
	if (result == OK &&
	    (fchown(fd, s->owner, s->group) < 0 || fchmod(fd, e->mode) < 0))
		result = ERR_IO;
	close(fd);
	return result;
}

static enum err
place_volume_entry(
    struct restoring *s, const struct archive_entry *e, struct errmsg *why)
{
	enum err result = OK;

	if (s->r->tools == NULL)
		return OK; /* Left out, as was wished. */
	if (s->placing == NULL)
		result = placing_new(s->r->tools, &s->placing, why);
	if (result == OK)
		result = placing_entry(s->placing, s->from, e, why);
	if (result == OK && e->kind == ARCHIVE_VOLUME_END && e->mode == 0)
		s->done->volumes++;
	return result;
}

/* All of the file, to its checked end. */
static enum err
build(struct restoring *s, struct errmsg *why)
{
	struct archive_entry entry = {.kind = ARCHIVE_FILE};
	enum err e = OK;

	while (e == OK) {
		why->text[0] = '\0';
		e = archive_read_entry(s->from, &entry);
		if (e != OK || entry.kind == ARCHIVE_END)
			break;
		if (entry.kind == ARCHIVE_FILE)
			e = place_file(s, &entry);
		else
			e = place_volume_entry(s, &entry, why);
		if (e == ERR_IO && why->text[0] == '\0')
			err_say(why, e,
			    "%.120s/" RESTORE_TMP " cannot be written; is "
			    "there room?",
			    s->r->state);
	}
	if (e != OK && why->text[0] == '\0')
		say_unread(s, e, why);
	return e;
}

/* ---- Checking ---- */

struct checking {
	char path[PATH_SIZE];
	const char *file;
	struct errmsg why;
};

static enum err
check_as_house(void *arg)
{
	struct checking *c = arg;

	return ledger_check_copy(c->path, c->file, &c->why);
}

static enum err
check_built(const struct restoring *s, struct errmsg *why)
{
	struct checking *c = own_shared(sizeof(*c));
	struct stat st;
	enum err e;

	snprintf(c->path, sizeof(c->path),
	    "%s/" RESTORE_TMP "/core/" DATABASE_NAME, s->r->state);
	c->file = s->r->file;
	e = own_run(s->owner, s->group, check_as_house, c);
	if (e != OK)
		*why = c->why;
	if (e != OK && why->text[0] == '\0')
		err_say(why, e, "the database in %.150s cannot be checked",
		    s->r->file);
	own_shared_free(c, sizeof(*c));
	if (e == OK && fstatat(s->vault, "trust.json", &st, 0) < 0)
		e = err_say(why, ERR_INPUT,
		    "%.150s holds no vault; nothing is changed", s->r->file);
	return e;
}

/* ---- Into place ---- */

static enum err
list_volumes(struct restoring *s, struct errmsg *why)
{
	struct buf b;
	enum err e;
	int fd;

	if (s->placing == NULL)
		return OK;
	buf_init(&b, FILE_READ_MAX);
	buf_addf(&b, "%s\n", s->r->tools);
	e = placing_keep(s->placing, &b, why);
	if (e == OK) {
		fd = openat(s->tmp, RESTORE_VOLUMES,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 || file_write_fd(fd, b.p, b.len) != OK ||
		    fchown(fd, s->owner, s->group) < 0)
			e = err_say(why, ERR_IO, "%s", err_text(ERR_IO));
		if (fd >= 0)
			close(fd);
	}
	buf_done(&b);
	return e;
}

static enum err
put_in_place(struct restoring *s, struct errmsg *why)
{
	enum err e = list_volumes(s, why);

	if (e == OK &&
	    (tree_remove(s->state, "core" REPLACED) != OK ||
		tree_remove(s->state, "vault" REPLACED) != OK ||
		syncfs(s->state) < 0 ||
		renameat(s->state, RESTORE_TMP, s->state, RESTORE_NAME) < 0 ||
		fsync(s->state) < 0))
		e = err_say(
		    why, ERR_IO, "%.150s cannot be written", s->r->state);
	return e == OK ? finish_locked(s->state, why) : e;
}

static enum err
restore(struct restoring *s, struct errmsg *why)
{
	enum err e = finish_locked(s->state, why);

	if (e == OK)
		e = begin_building(s, why);
	if (e == OK)
		e = build(s, why);
	if (e == OK)
		e = check_built(s, why);
	if (e == OK)
		e = put_in_place(s, why);
	return e;
}

/* ---- Opening and closing ---- */

static enum err
lock(struct restoring *s, int *ret_core, struct errmsg *why)
{
	char path[PATH_SIZE];
	struct stat st;
	enum err e;

	*ret_core = -1;
	snprintf(path, sizeof(path), "%s/core", s->r->state);
	e = file_lock_folder(path, &s->state);
	if (e == ERR_BUSY)
		return err_say(why, e, "a restore is under way; wait for it");
	if (e != OK || fstat(s->state, &st) < 0)
		return err_say(why, ERR_NOTFOUND,
		    "%.120s: no such folder; make it, closed to others and "
		    "owned by the house's user",
		    s->r->state);
	s->owner = st.st_uid;
	s->group = st.st_gid;
	if (!file_is_there(path))
		return OK;
	snprintf(path, sizeof(path), "%s/core/" DATABASE_NAME, s->r->state);
	e = file_lock_folder(path, ret_core);
	if (e == ERR_BUSY)
		return err_say(why, e,
		    "%.150s: another process has it open; stop the house first",
		    s->r->state);
	return e == OK
	    ? OK
	    : err_say(why, e, "%.150s cannot be entered", s->r->state);
}

static enum err
open_file(struct restoring *s, struct errmsg *why)
{
	enum err e;

	s->in = open(s->r->file, O_RDONLY | O_CLOEXEC);
	if (s->in < 0)
		return say_unread(s, ERR_NOTFOUND, why);
	e = archive_read_new(s->r->passphrase, get, s, &s->from);
	return e == OK ? OK : say_unread(s, e, why);
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

enum err
rescue_restore(
    const struct rescue *r, struct rescue_done *ret, struct errmsg *why)
{
	struct restoring s = {.r = r,
	    .done = ret,
	    .in = -1,
	    .state = -1,
	    .tmp = -1,
	    .core = -1,
	    .vault = -1};
	int core = -1;
	enum err e;

	memset(ret, 0, sizeof(*ret));
	e = lock(&s, &core, why);
	if (e == OK)
		e = open_file(&s, why);
	if (e == OK)
		e = restore(&s, why);
	archive_read_free(s.from);
	placing_free(s.placing);
	close_fd(s.core);
	close_fd(s.vault);
	/* What was built in vain; behind the rename it is not there. */
	if (s.tmp >= 0 && tree_remove(s.state, RESTORE_TMP) != OK && e == OK)
		e = err_say(why, ERR_IO, "%s", err_text(ERR_IO));
	close_fd(s.tmp);
	close_fd(s.in);
	close_fd(core);
	close_fd(s.state);
	return e;
}
