/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "ledger/ledger.h"
#include "rescue/rescue_priv.h"
#include "sys/file.h"
#include "sys/tree.h"

/*
 * The order is database, vault, volumes: a trust table that is younger than
 * the log knows of everybody who was revoked in it.
 */

#define COPY_NAME "durward.out.tmp"

struct saving {
	const struct rescue *r;
	uid_t owner; /* Of the state: nobody else's file is read. */
	gid_t group;
	struct rescue_done *done;
	struct archive_writer *w;
	char tmp[PATH_SIZE]; /* What we write, beside the file, */
	int out; /* and its descriptor. */
};

static enum err
put_out(void *arg, const void *p, size_t len)
{
	struct saving *s = arg;

	s->done->bytes += len;
	return file_write_fd(s->out, p, len);
}

static enum err
put_file(struct saving *s, const char *name, unsigned mode, uint64_t size)
{
	struct archive_entry e = {
	    .kind = ARCHIVE_FILE, .mode = mode, .size = size};

	return str_copy(e.name, sizeof(e.name), name) == OK
	    ? archive_write_entry(s->w, &e)
	    : ERR_LIMIT;
}

enum err
backup_check_room(const char *path, int64_t bytes)
{
	int64_t free_bytes;

	if (file_free_bytes(path, &free_bytes) != OK)
		return ERR_IO;
	return free_bytes < bytes + 2 * STORE_RESERVE ? ERR_LIMIT : OK;
}

/* ---- The database ---- */

struct copying {
	char from[PATH_SIZE];
	char to[PATH_SIZE];
};

static enum err
copy_database(void *arg)
{
	const struct copying *c = arg;
	struct stat st;
	enum err e;

	/* The house must not meet a full disk by a copy. */
	if (stat(c->from, &st) < 0)
		return ERR_IO;
	e = backup_check_room(c->from, st.st_size);
	return e == OK ? ledger_copy(c->from, c->to) : e;
}

static enum err
open_own(int in, const char *name, uid_t owner, int *ret_fd, struct stat *ret)
{
	int fd =
	    openat(in, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
	if (fstat(fd, ret) < 0 || !S_ISREG(ret->st_mode) ||
	    ret->st_uid != owner) {
		close(fd);
		return ERR_IO;
	}
	*ret_fd = fd;
	return OK;
}

/* One of the two folders of the state, as itself. */
static enum err
open_folder(const struct saving *s, const char *name, int *ret_fd)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", s->r->state, name);
	*ret_fd = open(path, TREE_OPEN);
	return *ret_fd < 0 ? ERR_IO : OK;
}

static enum err
put_copy(struct saving *s, int fd, uint64_t size)
{
	char chunk[16 * 1024];
	ssize_t n;
	enum err e = put_file(s, "core/" DATABASE_NAME, 0600, size);

	while (e == OK && size > 0) {
		n = read(fd, chunk,
		    size < sizeof(chunk) ? (size_t)size : sizeof(chunk));
		if (n <= 0)
			return ERR_IO;
		e = archive_write_bytes(s->w, chunk, (size_t)n);
		size -= (uint64_t)n;
	}
	return e;
}

/* What the house's user made for us has a name no longer than needed. */
static enum err
take_copy(struct saving *s)
{
	struct stat st;
	int in;
	int fd;
	enum err e = open_folder(s, "core", &in);

	if (e != OK)
		return e;
	e = open_own(in, COPY_NAME, s->owner, &fd, &st);
	if (e == OK) {
		e = unlinkat(in, COPY_NAME, 0) < 0 ? ERR_IO : OK;
		if (e == OK)
			e = backup_check_room(s->tmp, st.st_size);
		if (e == OK)
			e = put_copy(s, fd, (uint64_t)st.st_size);
		close(fd);
	}
	close(in);
	return e;
}

static enum err
save_database(struct saving *s, struct errmsg *why)
{
	struct copying c;
	enum err e;

	snprintf(c.from, sizeof(c.from), "%s/core/" DATABASE_NAME, s->r->state);
	snprintf(c.to, sizeof(c.to), "%s/core/" COPY_NAME, s->r->state);
	e = own_run(s->owner, s->group, copy_database, &c);
	if (e == OK)
		e = take_copy(s);
	if (e == ERR_CORRUPT)
		return err_say(why, e,
		    "the database is damaged; 'durward doctor' says what to "
		    "do");
	if (e != OK)
		return err_say(why, e,
		    "the database in %.120s cannot be copied (%s); is there "
		    "room for a copy, and is this its user, or root?",
		    s->r->state, err_text(e));
	return OK;
}

/* ---- The vault ---- */

struct vault_file {
	char name[NAME_MAX_LEN + 8];
	unsigned mode;
	struct secret *bytes;
};

struct vault {
	struct vault_file files[RESCUE_FILES_MAX];
	size_t n;
};

static void
forget(struct vault *v)
{
	while (v->n > 0)
		secret_free(v->files[--v->n].bytes);
}

static enum err
read_one(const struct saving *s, struct vault *v, int in, const char *name)
{
	struct vault_file *f = &v->files[v->n];
	struct stat st;
	struct buf b;
	int fd;
	enum err e;

	if (v->n == RESCUE_FILES_MAX)
		return ERR_LIMIT;
	e = open_own(in, name, s->owner, &fd, &st);
	if (e != OK)
		return e == ERR_NOTFOUND ? ERR_BUSY : e;
	buf_init(&b, SECRETS_FILE_MAX);
	e = file_read_fd(fd, &b);
	if (e == OK) {
		snprintf(
		    f->name, sizeof(f->name), "vault/%.*s", NAME_MAX_LEN, name);
		f->mode = st.st_mode & 0777;
		f->bytes = secret_new(b.p, b.len);
		v->n++;
	}
	if (b.p != NULL)
		explicit_bzero(b.p, b.len);
	buf_done(&b);
	close(fd);
	return e;
}

static bool
is_half_written(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".new") == 0;
}

static enum err
read_vault(const struct saving *s, struct vault *v)
{
	const struct dirent *entry;
	DIR *d;
	int in;
	enum err e = open_folder(s, "vault", &in);

	v->n = 0;
	d = e == OK ? fdopendir(in) : NULL;
	if (d == NULL)
		return ERR_IO;
	while (e == OK && (entry = readdir(d)) != NULL)
		if (str_is_name(entry->d_name) &&
		    !is_half_written(entry->d_name))
			e = read_one(s, v, in, entry->d_name);
	closedir(d);
	if (e != OK)
		forget(v);
	return e;
}

static bool
is_same(const struct vault *a, const struct vault *b)
{
	size_t i;

	for (i = 0; i < a->n && i < b->n; i++)
		if (strcmp(a->files[i].name, b->files[i].name) != 0 ||
		    secret_len(a->files[i].bytes) !=
			secret_len(b->files[i].bytes) ||
		    memcmp(secret_reveal(a->files[i].bytes),
			secret_reveal(b->files[i].bytes),
			secret_len(a->files[i].bytes)) != 0)
			return false;
	return a->n == b->n;
}

/* Each file is replaced as a whole; that they belong to each other is so
 * when two readings in a row were the same. */
static enum err
read_quiet_vault(const struct saving *s, struct vault *ret)
{
	struct vault again = {.n = 0};
	enum err e = ERR_BUSY;
	int tries;

	for (tries = 0; tries < RESCUE_TRIES && e == ERR_BUSY; tries++) {
		e = read_vault(s, ret);
		if (e == OK)
			e = read_vault(s, &again);
		if (e == OK && !is_same(ret, &again))
			e = ERR_BUSY;
		forget(&again);
		if (e != OK)
			forget(ret);
	}
	return e;
}

static enum err
say_vault(const struct saving *s, enum err e, struct errmsg *why)
{
	return err_say(why, e,
	    "the vault in %.150s cannot be read (%s); run as root", s->r->state,
	    err_text(e));
}

static enum err
save_vault(struct saving *s, struct errmsg *why)
{
	struct vault v = {.n = 0};
	enum err e = read_quiet_vault(s, &v);
	size_t i;

	if (e != OK)
		return say_vault(s, e, why);
	for (i = 0; i < v.n && e == OK; i++) {
		const struct vault_file *f = &v.files[i];
		bool is_key = strcmp(f->name, KEY_NAME) == 0;

		if (strcmp(f->name, "vault/secrets.json") == 0)
			s->done->secrets = true;
		if (is_key && s->r->without_keys)
			continue;
		s->done->key = s->done->key || is_key;
		e = put_file(s, f->name, f->mode, secret_len(f->bytes));
		if (e == OK)
			e = archive_write_bytes(s->w, secret_reveal(f->bytes),
			    secret_len(f->bytes));
	}
	forget(&v);
	return e == OK ? OK : err_say(why, e, "%s", err_text(e));
}

/* The rules that a new house begins with. */
static enum err
save_policy(struct saving *s)
{
	struct stat st;
	struct buf b;
	int in;
	int fd;
	enum err e = open_folder(s, "core", &in);

	if (e != OK)
		return e;
	e = open_own(in, "policy", s->owner, &fd, &st);
	close(in);
	if (e != OK)
		return e == ERR_NOTFOUND ? OK : e;
	buf_init(&b, POLICY_BYTES_MAX);
	e = file_read_fd(fd, &b);
	close(fd);
	if (e == OK)
		e = put_file(s, "core/policy", 0600, b.len);
	if (e == OK)
		e = archive_write_bytes(s->w, b.p, b.len);
	buf_done(&b);
	return e;
}

/* ---- The file ---- */

/* There is one copy of the database at a time.  The folder of the core is
 * held by the house itself, so ours is that of the vault. */
static enum err
take_house(const struct saving *s, int *ret_fd, struct errmsg *why)
{
	enum err e = open_folder(s, "vault", ret_fd);

	if (e != OK)
		return say_vault(s, e, why);
	e = file_lock_fd(*ret_fd);
	if (e == OK)
		return OK;
	close(*ret_fd);
	return e == ERR_BUSY
	    ? err_say(why, e,
		  "another backup of %.150s is under way; wait for it",
		  s->r->state)
	    : say_vault(s, e, why);
}

static enum err
save_parts(struct saving *s, struct errmsg *why)
{
	enum err e = save_database(s, why);

	if (e == OK && save_policy(s) != OK)
		e = err_say(why, ERR_IO, "%.150s/core/policy cannot be read",
		    s->r->state);
	if (e == OK)
		e = save_vault(s, why);
	if (e == OK && s->r->tools != NULL)
		e = volumes_save(s->r, s->w, s->tmp, s->done, why);
	if (e == OK && archive_write_end(s->w) != OK)
		e = err_say(why, ERR_IO, "%s", err_text(ERR_IO));
	return e;
}

static enum err
save_all(struct saving *s, struct errmsg *why)
{
	struct stat st;
	int lock;
	enum err e;

	if (stat(s->r->state, &st) < 0)
		return err_say(why, ERR_NOTFOUND,
		    "%.150s: there is no house in this folder", s->r->state);
	s->owner = st.st_uid;
	s->group = st.st_gid;
	e = take_house(s, &lock, why);
	if (e != OK)
		return e;
	e = save_parts(s, why);
	close(lock);
	return e;
}

static bool
is_under(const char *name, int fd)
{
	struct stat named;
	struct stat st;

	return lstat(name, &named) == 0 && fstat(fd, &st) == 0 &&
	    named.st_dev == st.st_dev && named.st_ino == st.st_ino;
}

/* Held against others until it is closed, and not changed before: it may be
 * what another one writes.  Who held it first has put it in place. */
static enum err
take_new(struct saving *s, struct errmsg *why)
{
	enum err e = ERR_IO;

	s->out =
	    open(s->tmp, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->out >= 0)
		e = file_lock_fd(s->out);
	if (e == OK && !is_under(s->tmp, s->out))
		e = ERR_BUSY;
	if (e == ERR_BUSY)
		return err_say(why, e,
		    "another backup to %.150s is under way; wait for it",
		    s->r->file);
	return e == OK ? OK
		       : err_say(why, e, "%.180s cannot be written", s->tmp);
}

static enum err
write_new(struct saving *s, struct errmsg *why)
{
	enum err e;

	if (ftruncate(s->out, 0) < 0 || fchmod(s->out, 0600) < 0)
		e = ERR_IO;
	else
		e = archive_write_new(
		    s->r->passphrase, s->r->rounds, put_out, s, &s->w);
	if (e == OK)
		e = save_all(s, why);
	else
		err_say(why, e, "%.180s cannot be written", s->tmp);
	if (e == OK && fsync(s->out) < 0)
		e = err_say(why, ERR_IO,
		    "%.180s cannot be written; is there "
		    "room?",
		    s->tmp);
	archive_write_free(s->w);
	if (e == OK && rename(s->tmp, s->r->file) < 0)
		e = err_say(
		    why, ERR_IO, "%.180s cannot be written", s->r->file);
	/* Behind the rename that name is another's. */
	if (e != OK)
		unlink(s->tmp);
	return e;
}

enum err
rescue_backup(
    const struct rescue *r, struct rescue_done *ret, struct errmsg *why)
{
	struct saving s = {.r = r, .done = ret, .out = -1};
	enum err e;

	memset(ret, 0, sizeof(*ret));
	if ((size_t)snprintf(s.tmp, sizeof(s.tmp), "%s.new", r->file) >=
	    sizeof(s.tmp))
		return err_say(why, ERR_LIMIT, "the file's name is too long");
	e = take_new(&s, why);
	if (e == OK)
		e = write_new(&s, why);
	if (e == OK && file_sync_folder(r->file) != OK)
		e = err_say(why, ERR_IO, "%.180s cannot be written", r->file);
	if (s.out >= 0)
		close(s.out);
	return e;
}
