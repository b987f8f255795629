/* SPDX-License-Identifier: Apache-2.0 */
#include "folder/folder_priv.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/path.h"
#include "base/str.h"
#include "folder/acl.h"
#include "sys/file.h"

#define ALL (ACL_READ | ACL_WRITE | ACL_SEARCH)

enum err
folder_check(const char *path, struct errmsg *why)
{
	const char *closed;
	struct stat st;
	enum err e;

	if (strcmp(path, "/") == 0)
		return err_say(why, ERR_DENIED, "/ is no tool's to have");
	if (!path_is_clean(path))
		return err_say(why, ERR_INPUT,
		    "the path of a folder may not have ':' ',' quotes, '\\' or "
		    "control characters, nor more than %d bytes",
		    FOLDER_PATH_MAX);
	closed = path_closed_to_tools(path);
	if (closed != NULL)
		return err_say(why, ERR_DENIED,
		    "%.150s is no tool's to have: %s", path, closed);
	e = file_check_plain(path);
	if (e != OK || stat(path, &st) < 0)
		return err_say(why, e != OK ? e : ERR_IO,
		    "%.150s is no folder that can be reached", path);
	if (st.st_uid != geteuid() && geteuid() != 0)
		return err_say(why, ERR_DENIED,
		    "%.150s belongs to another user, who must open it", path);
	return OK;
}

/* ---- The folders above ---- */

struct parents {
	const struct folder_access *f;
	struct errmsg *why;
	struct buf *names;
	const char *const *kept;
	size_t n_kept;
};

typedef enum err parent_fn(struct parents *p, const char *path, int fd,
    const struct stat *st, struct acl *acl);

/* From the top down. */
static enum err
each_parent(struct parents *p, parent_fn *fn)
{
	char path[FOLDER_PATH_MAX + 1];
	const char *at = p->f->path;
	struct stat st;
	struct acl acl;
	enum err e = OK;
	int fd;

	while (e == OK && (at = strchr(at + 1, '/')) != NULL) {
		size_t n = (size_t)(at - p->f->path);

		memcpy(path, p->f->path, n);
		path[n] = '\0';
		fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return err_say(
			    p->why, ERR_IO, "%.200s cannot be reached", path);
		if (fstat(fd, &st) < 0)
			e = err_say(p->why, ERR_IO, "%.200s fails", path);
		else if (acl_load(fd, ACL_OF_FILE, st.st_mode, &acl) != OK)
			acl_of_mode(st.st_mode, &acl);
		if (e == OK)
			e = fn(p, path, fd, &st, &acl);
		close(fd);
	}
	return e;
}

static bool
may_pass(const struct stat *st, const struct acl *acl, uint32_t uid)
{
	unsigned bit = st->st_uid == uid ? 0100 : 01;

	return (st->st_mode & bit) != 0 ||
	    (acl_perms(acl, uid) & ACL_SEARCH) != 0;
}

static enum err
name_parent(struct parents *p, const char *path, int fd, const struct stat *st,
    struct acl *acl)
{
	(void)fd;
	if (may_pass(st, acl, p->f->runner))
		return OK;
	if (st->st_uid != geteuid() && geteuid() != 0)
		return err_say(p->why, ERR_DENIED,
		    "%.120s belongs to another user, who must let user %u "
		    "pass: setfacl -m u:%u:x %.60s",
		    path, p->f->runner, p->f->runner, path);
	buf_addf(p->names, "%s\n", path);
	return OK;
}

enum err
folder_list_parents(
    const struct folder_access *f, struct buf *out, struct errmsg *why)
{
	struct parents p = {.f = f, .why = why, .names = out};

	return each_parent(&p, name_parent);
}

static enum err
open_parent(struct parents *p, const char *path, int fd, const struct stat *st,
    struct acl *acl)
{
	enum err e;

	if (may_pass(st, acl, p->f->runner))
		return OK;
	e = acl_grant(
	    acl, p->f->runner, acl_perms(acl, p->f->runner) | ACL_SEARCH);
	if (e == OK)
		e = acl_store(fd, ACL_OF_FILE, acl);
	if (e != OK)
		return err_say(p->why, e,
		    "user %u cannot be let through %.150s: %s", p->f->runner,
		    path, err_text(e));
	return OK;
}

static enum err
close_parent(struct parents *p, const char *path, int fd, const struct stat *st,
    struct acl *acl)
{
	size_t i;

	(void)st;
	for (i = 0; i < p->n_kept; i++)
		if (path_is_within(p->kept[i], path))
			return OK;
	if (acl_perms(acl, p->f->runner) == 0)
		return OK;
	acl_revoke(acl, p->f->runner);
	if (acl_store(fd, ACL_OF_FILE, acl) != OK)
		return err_say(p->why, ERR_IO,
		    "user %u may still pass through %.150s", p->f->runner,
		    path);
	return OK;
}

/* ---- The folder ---- */

struct opening {
	const struct folder_access *f;
	uint32_t owner; /* Of the folder, and so of what is made in it. */
	unsigned umask;
	int64_t refused; /* Somebody else's. */
};

static enum err
put(struct opening *o, int fd, enum acl_kind kind, const struct acl *a,
    const struct acl *before)
{
	enum err e = OK;

	if (a->n != before->n ||
	    memcmp(a->entries, before->entries, a->n * sizeof(a->entries[0])) !=
		0)
		e = acl_store(fd, kind, a);
	if (e == ERR_DENIED) {
		o->refused++;
		return OK;
	}
	return e;
}

/* What is made there: no more for others than the owner's own programs would
 * give, for where there is such a list, their umask counts no more. */
static enum err
open_for_new(struct opening *o, int fd, const struct stat *st, unsigned perms)
{
	struct acl before;
	struct acl a;
	enum err e = acl_load(fd, ACL_OF_NEW_FILES, st->st_mode, &before);

	if (e != OK)
		return e;
	a = before;
	if (a.n == 0)
		acl_of_mode((st->st_mode & 077 & ~o->umask) | 0700, &a);
	e = acl_grant(&a, o->owner, ALL);
	if (e == OK)
		e = acl_grant(&a, o->f->uid, perms);
	return e == OK ? put(o, fd, ACL_OF_NEW_FILES, &a, &before) : e;
}

static enum err
open_one(void *arg, int fd, const struct stat *st)
{
	struct opening *o = arg;
	unsigned perms = ACL_READ | (o->f->write ? ACL_WRITE : 0);
	struct acl before;
	struct acl a;
	enum err e;

	if (st->st_uid == o->f->uid)
		return OK; /* Its own, from an earlier time. */
	e = acl_load(fd, ACL_OF_FILE, st->st_mode, &before);
	if (S_ISDIR(st->st_mode))
		perms |= ACL_SEARCH;
	a = before;
	if (e == OK)
		e = acl_grant(&a, o->f->uid, perms);
	if (e == OK)
		e = put(o, fd, ACL_OF_FILE, &a, &before);
	if (e == OK && S_ISDIR(st->st_mode))
		e = open_for_new(o, fd, st, perms);
	return e;
}

static enum err
close_one(void *arg, int fd, const struct stat *st)
{
	struct opening *o = arg;
	enum acl_kind kind = ACL_OF_FILE;
	struct acl before;
	struct acl a;
	enum err e = OK;

	if (st->st_uid == o->f->uid && geteuid() != 0)
		return OK; /* It has nothing to reach it by any more. */
	for (; e == OK && kind <= ACL_OF_NEW_FILES; kind++) {
		if (kind == ACL_OF_NEW_FILES && !S_ISDIR(st->st_mode))
			break;
		e = acl_load(fd, kind, st->st_mode, &before);
		a = before;
		acl_revoke(&a, o->f->uid);
		/* The owner's line came with it, and goes with the last. */
		if (kind == ACL_OF_NEW_FILES && a.n != before.n) {
			struct acl rest = a;

			acl_revoke(&rest, o->owner);
			if (!acl_names_anybody(&rest))
				a.n = 0;
		}
		if (e == OK)
			e = put(o, fd, kind, &a, &before);
	}
	return e;
}

static enum err
say_walk(const char *path, enum err e, struct errmsg *why)
{
	if (e == ERR_UNSUPPORTED)
		return err_say(why, e,
		    "the file system of %.100s keeps no access control lists; "
		    "choose a folder elsewhere, or mount it so that everybody "
		    "may read it",
		    path);
	if (e == ERR_LIMIT)
		return err_say(why, e,
		    "%.150s holds more than %d files, or a list is full", path,
		    WALK_ENTRIES_MAX);
	if (e != OK)
		return err_say(why, e, "%.150s: %s", path, err_text(e));
	return OK;
}

static enum err
count_one(void *arg, int fd, const struct stat *st)
{
	(void)arg;
	(void)fd;
	(void)st;
	return OK;
}

enum err
folder_count(const char *path, struct walk_counts *ret, struct errmsg *why)
{
	return say_walk(path, walk_folder(path, count_one, NULL, ret), why);
}

static enum err
begin(const struct folder_access *f, struct opening *ret, struct stat *st,
    struct errmsg *why)
{
	mode_t mask;

	if (stat(f->path, st) < 0)
		return err_say(
		    why, ERR_NOTFOUND, "%.200s is not there", f->path);
	mask = umask(077);
	umask(mask);
	*ret = (struct opening){
	    .f = f, .owner = (uint32_t)st->st_uid, .umask = (unsigned)mask};
	return OK;
}

/* Where everybody may do it, no list is needed. */
static bool
everybody_may(const struct folder_access *f, const struct stat *st)
{
	unsigned wanted = f->write ? 07 : 05;

	return (st->st_mode & wanted) == wanted;
}

enum err
folder_open(
    const struct folder_access *f, struct walk_counts *ret, struct errmsg *why)
{
	struct parents p = {.f = f, .why = why};
	struct walk_counts counts = {0};
	struct opening o;
	struct stat st;
	enum err e = begin(f, &o, &st, why);

	if (e == OK)
		e = each_parent(&p, open_parent);
	if (e != OK)
		return e;
	e = walk_folder(f->path, open_one, &o, &counts);
	if (e == ERR_UNSUPPORTED && everybody_may(f, &st))
		e = walk_folder(f->path, count_one, NULL, &counts);
	if (e != OK)
		return say_walk(f->path, e, why);
	counts.left_out += o.refused;
	*ret = counts;
	return OK;
}

enum err
folder_close(const struct folder_access *f, const char *const *kept,
    size_t n_kept, struct errmsg *why)
{
	struct parents p = {.f = f, .why = why, .kept = kept, .n_kept = n_kept};
	struct walk_counts counts;
	struct opening o;
	struct stat st;
	enum err e = begin(f, &o, &st, why);

	if (e == OK)
		e = walk_folder(f->path, close_one, &o, &counts);
	if (e != OK && e != ERR_UNSUPPORTED)
		return say_walk(f->path, e, why);
	return each_parent(&p, close_parent);
}
