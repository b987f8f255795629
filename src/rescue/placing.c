/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "rescue/rescue_priv.h"
#include "sys/file.h"
#include "sys/tree.h"

/*
 * Volumes out of the archive.  Each is built in a folder that only we may
 * enter until it is whole, by descriptors, so that nobody can lead us
 * elsewhere, and for the ids that its tool has on this machine.
 */

#define TOOLS_FOLDER ".durward-tools"

struct placing {
	const char *home;
	struct own_ids ids;
	int volumes;
	/* What is built now. */
	char tool[NAME_MAX_LEN + 1];
	int top; /* durward-TOOL.restore; -1: none. */
	int fds[VOLUME_DEPTH_MAX + 1]; /* `_data`, and down from there. */
	int depth; /* Of them; 0: none. */
	uint32_t first_uid;
	uint32_t first_gid;
	struct buf names; /* Built. */
	bool kept;
};

static void
name_of(const char *tool, const char *end, char *ret, size_t size)
{
	snprintf(ret, size, VOLUME_PREFIX "%s%s", tool, end);
}

/* ---- Done as the tools' user ---- */

struct as_tools {
	char home[PATH_SIZE];
	char tool[NAME_MAX_LEN + 1];
	int slice;
};

static enum err
make_volumes(void *arg)
{
	static const char *const parts[] = {
	    "/.local", "/share", "/containers", "/storage", "/volumes"};
	struct as_tools *a = arg;
	size_t len = strlen(a->home);
	enum err e = OK;
	size_t i;

	for (i = 0; i < ARRAY_LEN(parts) && e == OK; i++) {
		len += (size_t)snprintf(
		    a->home + len, sizeof(a->home) - len, "%s", parts[i]);
		e = len < sizeof(a->home) ? file_mkdir(a->home, 0700)
					  : ERR_LIMIT;
	}
	return e;
}

static enum err
take_slice(void *arg)
{
	struct as_tools *a = arg;
	char folder[PATH_SIZE + 32];
	enum err e;

	snprintf(folder, sizeof(folder), "%s/" TOOLS_FOLDER, a->home);
	e = file_mkdir(folder, 0700);
	return e == OK ? slices_take(folder, a->tool, &a->slice) : e;
}

static enum err
as_tools(const struct placing *p, enum err (*fn)(void *), int *ret_slice)
{
	struct as_tools *a = own_shared(sizeof(*a));
	enum err e;

	snprintf(a->home, sizeof(a->home), "%s", p->home);
	snprintf(a->tool, sizeof(a->tool), "%s", p->tool);
	e = own_run(p->ids.uid, p->ids.gid, fn, a);
	*ret_slice = a->slice;
	own_shared_free(a, sizeof(*a));
	if (e == OK && (*ret_slice < 0 || *ret_slice >= SLICES_MAX))
		e = ERR_LIMIT;
	return e;
}

/* ---- Beginning and end ---- */

enum err
placing_new(const char *home, struct placing **ret, struct errmsg *why)
{
	struct placing *p = xalloc(sizeof(*p));
	int slice;
	enum err e;

	p->home = home;
	p->volumes = -1;
	p->top = -1;
	buf_init(&p->names, ARCHIVE_VOLUMES_MAX * (NAME_MAX_LEN + 1));
	e = geteuid() == 0 ? own_ids_of(home, &p->ids, why)
			   : err_say(why, ERR_DENIED,
				 "volumes of tools are put in place by root "
				 "alone; leave them out with "
				 "--without-volumes");
	if (e == OK &&
	    (as_tools(p, make_volumes, &slice) != OK ||
		volumes_open(home, &p->volumes) != OK))
		e = err_say(why, ERR_IO,
		    "no volumes can be made in %.150s; run as root, or leave "
		    "them out with --without-volumes",
		    home);
	if (e == OK)
		*ret = p;
	else
		placing_free(p);
	return e;
}

static void
close_all(struct placing *p)
{
	while (p->depth > 0)
		close(p->fds[--p->depth]);
	if (p->top >= 0)
		close(p->top);
	p->top = -1;
}

static void
remove_built(struct placing *p)
{
	char name[NAME_MAX_LEN + 32];
	struct str rest = {p->names.p != NULL ? p->names.p : "", p->names.len};
	struct str line;

	if (p->tool[0] != '\0') {
		name_of(p->tool, STAGED, name, sizeof(name));
		(void)!tree_remove(p->volumes, name);
	}
	while (str_line(&rest, &line)) {
		snprintf(name, sizeof(name), VOLUME_PREFIX "%.*s" STAGED,
		    (int)line.len, line.p);
		(void)!tree_remove(p->volumes, name);
	}
}

void
placing_free(struct placing *p)
{
	if (p == NULL)
		return;
	close_all(p);
	if (!p->kept && p->volumes >= 0)
		remove_built(p);
	if (p->volumes >= 0)
		close(p->volumes);
	buf_done(&p->names);
	free(p);
}

/* ---- Entries ---- */

/* A folder of our own making, which is still the one we made. */
static enum err
make_folder(int in, const char *name, int *ret_fd)
{
	struct stat st;
	int fd;

	if (mkdirat(in, name, 0700) < 0)
		return ERR_IO;
	fd = openat(in, name, TREE_OPEN);
	if (fd < 0)
		return ERR_IO;
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid()) {
		close(fd);
		return ERR_IO;
	}
	*ret_fd = fd;
	return OK;
}

static enum err
give(const struct placing *p, int fd, const struct archive_entry *e)
{
	return fchown(fd, p->first_uid + e->uid, p->first_gid + e->gid) < 0 ||
		fchmod(fd, e->mode) < 0
	    ? ERR_IO
	    : OK;
}

static enum err
begin_volume(struct placing *p, const struct archive_entry *e)
{
	char name[NAME_MAX_LEN + 32];
	int slice;
	enum err result;

	result = str_copy(p->tool, sizeof(p->tool), e->name);
	if (result == OK)
		result = as_tools(p, take_slice, &slice);
	if (result != OK)
		return result;
	if ((uint64_t)(slice + 1) * SLICE_IDS > p->ids.uids.count ||
	    (uint64_t)(slice + 1) * SLICE_IDS > p->ids.gids.count)
		return ERR_LIMIT;
	slice *= SLICE_IDS;
	p->first_uid = (uint32_t)p->ids.uids.first + (uint32_t)slice;
	p->first_gid = (uint32_t)p->ids.gids.first + (uint32_t)slice;
	name_of(p->tool, STAGED, name, sizeof(name));
	result = tree_remove(p->volumes, name);
	if (result == OK)
		result = make_folder(p->volumes, name, &p->top);
	if (result == OK)
		result = make_folder(p->top, "_data", &p->fds[0]);
	if (result == OK) {
		p->depth = 1;
		result = give(p, p->fds[0], e);
	}
	return result;
}

/* One that changed while it was copied follows anew. */
static enum err
end_volume(struct placing *p, const struct archive_entry *e)
{
	enum err result = OK;

	if (e->mode == 0) {
		/* As Podman does it: the first id of the slice has it. */
		if (fchown(p->top, p->first_uid, p->first_gid) < 0)
			result = ERR_IO;
		buf_addf(&p->names, "%s\n", p->tool);
	}
	close_all(p);
	p->tool[0] = '\0';
	return result;
}

static enum err
place_folder(struct placing *p, const struct archive_entry *e)
{
	enum err result =
	    make_folder(p->fds[p->depth - 1], e->name, &p->fds[p->depth]);

	if (result == OK)
		result = give(p, p->fds[p->depth++], e);
	return result;
}

static enum err
place_plain(struct placing *p, struct archive_reader *from,
    const struct archive_entry *e)
{
	int fd = openat(p->fds[p->depth - 1], e->name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	char chunk[16 * 1024];
	size_t n = 0;
	enum err result = OK;

	if (fd < 0)
		return ERR_IO;
	do {
		result = archive_read_bytes(from, chunk, sizeof(chunk), &n);
		if (result == OK)
			result = file_write_fd(fd, chunk, n);
	} while (result == OK && n > 0);
	if (result == OK)
		result = give(p, fd, e);
	close(fd);
	return result;
}

static enum err
place_link(struct placing *p, struct archive_reader *from,
    const struct archive_entry *e)
{
	int in = p->fds[p->depth - 1];
	char to[ARCHIVE_LINK_MAX + 1];
	size_t n;
	enum err result = archive_read_bytes(from, to, ARCHIVE_LINK_MAX, &n);

	if (result != OK)
		return result;
	to[n] = '\0';
	return symlinkat(to, in, e->name) < 0 ||
		fchownat(in, e->name, p->first_uid + e->uid,
		    p->first_gid + e->gid, AT_SYMLINK_NOFOLLOW) < 0
	    ? ERR_IO
	    : OK;
}

static enum err
place(struct placing *p, struct archive_reader *from,
    const struct archive_entry *e)
{
	if (e->uid >= SLICE_IDS || e->gid >= SLICE_IDS)
		return ERR_CORRUPT;
	switch (e->kind) {
	case ARCHIVE_VOLUME:
		return begin_volume(p, e);
	case ARCHIVE_FOLDER:
		return place_folder(p, e);
	case ARCHIVE_UP:
		close(p->fds[--p->depth]);
		return OK;
	case ARCHIVE_PLAIN:
		return place_plain(p, from, e);
	case ARCHIVE_LINK:
		return place_link(p, from, e);
	default:
		return end_volume(p, e);
	}
}

enum err
placing_entry(struct placing *p, struct archive_reader *from,
    const struct archive_entry *e, struct errmsg *why)
{
	enum err result = place(p, from, e);

	if (result == OK || result == ERR_SIGNATURE || result == ERR_CORRUPT)
		return result;
	return err_say(why, result,
	    "the volume of %.64s cannot be built (%s); is there room, and are "
	    "there subordinate ids for it?",
	    p->tool, err_text(result));
}

/* ---- Into place ---- */

enum err
placing_keep(struct placing *p, struct buf *ret_names, struct errmsg *why)
{
	struct str rest = {p->names.p != NULL ? p->names.p : "", p->names.len};
	char name[NAME_MAX_LEN + 32];
	struct str line;
	enum err e = OK;

	while (e == OK && str_line(&rest, &line)) {
		snprintf(name, sizeof(name), VOLUME_PREFIX "%.*s" REPLACED,
		    (int)line.len, line.p);
		e = tree_remove(p->volumes, name);
	}
	if (e == OK && syncfs(p->volumes) < 0)
		e = ERR_IO;
	if (e != OK)
		return err_say(why, e,
		    "the volumes in %.120s cannot be written (%s); remove what "
		    "is called " REPLACED " there",
		    p->home, err_text(e));
	buf_add(ret_names, p->names.p, p->names.len);
	p->kept = true;
	return OK;
}

static enum err
swap(int volumes, const char *tool)
{
	char staged[NAME_MAX_LEN + 32];
	char replaced[NAME_MAX_LEN + 32];
	char name[NAME_MAX_LEN + 32];
	struct stat st;

	name_of(tool, STAGED, staged, sizeof(staged));
	name_of(tool, REPLACED, replaced, sizeof(replaced));
	name_of(tool, "", name, sizeof(name));
	if (fstatat(volumes, staged, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return OK; /* It was done before. */
	if (fstatat(volumes, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    renameat(volumes, name, volumes, replaced) < 0)
		return ERR_IO;
	if (renameat(volumes, staged, volumes, name) < 0)
		return ERR_IO;
	return fsync(volumes) < 0 ? ERR_IO : OK;
}

enum err
volumes_swap(const char *home, const char *tool, struct errmsg *why)
{
	int fd;
	enum err e = volumes_open(home, &fd);

	if (e == OK) {
		e = swap(fd, tool);
		close(fd);
	}
	if (e != OK)
		return err_say(why, e,
		    "a restore that was begun waits for its volumes; run "
		    "'durward restore' as root to end it");
	return OK;
}
