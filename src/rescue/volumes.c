/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "rescue/rescue_priv.h"
#include "sys/file.h"
#include "sys/tree.h"

/*
 * Volumes into the archive.  Tools may write while they are read: each is
 * walked twice, once copying and once looking alone, and both must have seen
 * the same files with the same times.  Then what was copied is what the
 * volume was when the copying ended.  Else it is copied again.
 *
 * A file with holes or with several names takes little of the disk and much
 * of a backup.  So a volume is looked at before it is copied, too, and is not
 * copied when it would be much more there, or when there is no room for it.
 */

#define RECENT_NS (50 * 1000 * 1000LL) /* The kernel's times are coarse. */
#define AGAIN_US (200 * 1000)

struct walk {
	struct archive_writer *w; /* NULL: look alone. */
	struct hashing *seen;
	const struct own_ids *ids;
	uint32_t first_uid; /* Of the tool's slice. */
	uint32_t first_gid;
	dev_t device;
	int64_t entries;
	int64_t bytes; /* That a copy has, */
	int64_t bytes_max;
	int64_t taken; /* and what that takes on the disk. */
	int left_out;
	bool changed;
};

struct saving_volumes {
	struct archive_writer *w;
	const char *file; /* Where it writes. */
	struct own_ids ids;
	struct rescue_done *done;
	int fd; /* The folder of all. */
};

enum err
volumes_open(const char *home, int *ret_fd)
{
	static const char *const names[] = {
	    ".local", "share", "containers", "storage", "volumes"};
	int fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err e = errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
	size_t i;

	/* No link leads elsewhere, on any step. */
	for (i = 0; i < ARRAY_LEN(names) && fd >= 0; i++) {
		int in = fd;

		fd = openat(in, names[i], TREE_OPEN);
		e = errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
		close(in);
	}
	*ret_fd = fd;
	return fd >= 0 ? OK : e;
}

static bool
is_in_slice(uint32_t id, uint32_t first)
{
	return id >= first && id - first < SLICE_IDS;
}

/* Whoever can put a link or a name of another's file into a volume must not
 * have us read it. */
static bool
is_its_own(const struct walk *k, const struct stat *st)
{
	return st->st_dev == k->device &&
	    is_in_slice(st->st_uid, k->first_uid) &&
	    is_in_slice(st->st_gid, k->first_gid);
}

static void
see(struct walk *k, const char *name, const struct stat *st)
{
	int64_t words[9] = {(int64_t)st->st_ino, st->st_mode, st->st_uid,
	    st->st_gid, st->st_size, st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
	    st->st_ctim.tv_sec, st->st_ctim.tv_nsec};
	struct timespec now;
	int64_t age_ns;

	k->taken += tree_bytes(st);
	hashing_add(k->seen, name, strlen(name) + 1);
	hashing_add(k->seen, words, sizeof(words));
	/* Changed so lately that another change could bear the same time.  A
	 * time to come is of a clock that was ahead: no change bears it now. */
	clock_gettime(CLOCK_REALTIME, &now);
	age_ns = (now.tv_sec - st->st_ctim.tv_sec) * 1000000000LL +
	    now.tv_nsec - st->st_ctim.tv_nsec;
	if (age_ns >= 0 && age_ns < RECENT_NS)
		k->changed = true;
}

/* Before they are copied.  No file that an archive can hold is larger, and
 * no sum of such goes round. */
static enum err
count_bytes(struct walk *k, int64_t size)
{
	k->bytes += size < ARCHIVE_DATA_MAX ? size : ARCHIVE_DATA_MAX;
	return k->bytes > k->bytes_max ? ERR_LIMIT : OK;
}

static enum err
put_entry(struct walk *k, enum archive_kind kind, const char *name,
    const struct stat *st, uint64_t size)
{
	struct archive_entry e = {.kind = kind,
	    .mode = st->st_mode & 0777,
	    .uid = st->st_uid - k->first_uid,
	    .gid = st->st_gid - k->first_gid,
	    .size = size};

	if (k->w == NULL)
		return OK;
	return str_copy(e.name, sizeof(e.name), name) == OK
	    ? archive_write_entry(k->w, &e)
	    : ERR_LIMIT;
}

/* Exactly `size` bytes, whatever becomes of the file. */
static enum err
put_bytes(struct walk *k, int fd, uint64_t size)
{
	char chunk[16 * 1024];
	enum err e = OK;

	while (size > 0 && e == OK) {
		size_t want =
		    size < sizeof(chunk) ? (size_t)size : sizeof(chunk);
		ssize_t n = read(fd, chunk, want);

		if (n <= 0) {
			memset(chunk, 0, want);
			n = (ssize_t)want;
			k->changed = true;
		}
		e = archive_write_bytes(k->w, chunk, (size_t)n);
		size -= (uint64_t)n;
	}
	return e;
}

static enum err
put_plain(struct walk *k, int in, const char *name)
{
	int fd =
	    openat(in, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	enum err e = OK;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    !is_its_own(k, &st)) {
		k->changed = true;
	} else {
		see(k, name, &st);
		e = count_bytes(k, st.st_size);
		if (e == OK)
			e = put_entry(
			    k, ARCHIVE_PLAIN, name, &st, (uint64_t)st.st_size);
		if (e == OK && k->w != NULL)
			e = put_bytes(k, fd, (uint64_t)st.st_size);
	}
	if (fd >= 0)
		close(fd);
	return e;
}

static enum err
put_link(struct walk *k, int in, const char *name, const struct stat *st)
{
	char to[ARCHIVE_LINK_MAX];
	ssize_t n = readlinkat(in, name, to, sizeof(to));
	enum err e;

	if (n <= 0 || n == (ssize_t)sizeof(to)) {
		k->left_out++;
		return OK;
	}
	see(k, name, st);
	e = count_bytes(k, n);
	if (e == OK)
		e = put_entry(k, ARCHIVE_LINK, name, st, (uint64_t)n);
	return e == OK && k->w != NULL
	    ? archive_write_bytes(k->w, to, (size_t)n)
	    : e;
}

static enum err walk(struct walk *k, int fd, int depth);

static enum err
put_folder(struct walk *k, int in, const char *name, int depth)
{
	int fd = openat(in, name, TREE_OPEN);
	struct stat st;
	enum err e;

	if (fd < 0 || fstat(fd, &st) < 0 || !is_its_own(k, &st)) {
		if (fd >= 0)
			close(fd);
		k->changed = true;
		return OK;
	}
	see(k, name, &st);
	e = put_entry(k, ARCHIVE_FOLDER, name, &st, 0);
	if (e != OK) {
		close(fd);
		return e;
	}
	e = walk(k, fd, depth + 1);
	return e == OK ? put_entry(k, ARCHIVE_UP, "", &st, 0) : e;
}

static enum err
put_any(struct walk *k, int in, const char *name, int depth)
{
	struct stat st;

	if (++k->entries > VOLUME_ENTRIES_MAX)
		return ERR_LIMIT;
	if (fstatat(in, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		k->changed = true;
		return OK;
	}
	if (is_its_own(k, &st)) {
		if (S_ISREG(st.st_mode))
			return put_plain(k, in, name);
		if (S_ISDIR(st.st_mode))
			return put_folder(k, in, name, depth);
		if (S_ISLNK(st.st_mode))
			return put_link(k, in, name, &st);
	}
	k->left_out++;
	return OK;
}

/* Takes the descriptor over. */
static enum err
walk(struct walk *k, int fd, int depth)
{
	DIR *d = depth < VOLUME_DEPTH_MAX ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	enum err e = OK;

	if (d == NULL) {
		close(fd);
		return depth < VOLUME_DEPTH_MAX ? ERR_IO : ERR_LIMIT;
	}
	while (e == OK && (entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			e = put_any(k, fd, entry->d_name, depth);
	closedir(d);
	return e;
}

/* Its folder `_data`; false when no tool has ever run in it. */
static bool
begin_walk(struct walk *k, int volumes, const char *volume, int *ret_fd,
    struct stat *ret)
{
	const struct own_ids *ids = k->ids;
	int top = openat(volumes, volume, TREE_OPEN);
	int fd = top < 0 ? -1 : openat(top, "_data", TREE_OPEN);
	uint64_t at;

	if (top >= 0)
		close(top);
	if (fd < 0)
		return false;
	if (fstat(fd, ret) == 0 && ret->st_uid >= ids->uids.first &&
	    ret->st_uid - ids->uids.first < ids->uids.count) {
		at = (ret->st_uid - ids->uids.first) / SLICE_IDS * SLICE_IDS;
		k->first_uid = (uint32_t)(ids->uids.first + at);
		k->first_gid = (uint32_t)(ids->gids.first + at);
		k->device = ret->st_dev;
		if (is_its_own(k, ret)) {
			*ret_fd = fd;
			return true;
		}
	}
	close(fd);
	return false;
}

/* One walk; what it saw is in `ret`. */
static enum err
walk_volume(struct walk *k, int volumes, const char *volume, struct digest *ret)
{
	const char *tool = volume + strlen(VOLUME_PREFIX);
	struct stat st;
	int fd;
	enum err e;

	k->entries = 0;
	k->bytes = 0;
	k->taken = 0;
	k->left_out = 0;
	if (!begin_walk(k, volumes, volume, &fd, &st))
		return ERR_NOTFOUND;
	k->seen = hashing_new();
	see(k, "", &st);
	e = put_entry(k, ARCHIVE_VOLUME, tool, &st, 0);
	if (e == OK)
		e = walk(k, fd, 0);
	else
		close(fd);
	hashing_end(k->seen, ret);
	return e;
}

static bool
is_volume(const char *name)
{
	size_t len = strlen(name);

	return strncmp(name, VOLUME_PREFIX, strlen(VOLUME_PREFIX)) == 0 &&
	    str_is_name(name + strlen(VOLUME_PREFIX)) &&
	    !(len > strlen(STAGED) &&
		strcmp(name + len - strlen(STAGED), STAGED) == 0) &&
	    !(len > strlen(REPLACED) &&
		strcmp(name + len - strlen(REPLACED), REPLACED) == 0);
}

/* ---- One of them ---- */

static long long
in_mib(int64_t bytes)
{
	return (long long)(bytes / 1024 / 1024);
}

static enum err
say_failed(
    const struct walk *k, enum err e, const char *volume, struct errmsg *why)
{
	const char *tool = volume + strlen(VOLUME_PREFIX);

	if (e == ERR_BUSY)
		return err_say(why, e,
		    "the tool %.64s writes all the while, so its volume "
		    "cannot be copied; 'durward tool disable %.64s', or leave "
		    "volumes out with --without-volumes",
		    tool, tool);
	if (e == ERR_LIMIT && k->bytes > k->bytes_max)
		return err_say(why, e,
		    "the volume of %.64s takes %lld MiB on the disk and "
		    "would be more than %lld in a backup: files in it have "
		    "holes or several names; remove these, or use "
		    "--without-volumes",
		    tool, in_mib(k->taken), in_mib(k->bytes_max));
	return err_say(why, e, "the volume of %.64s cannot be copied: %s", tool,
	    e == ERR_LIMIT ? "it is too deep, or holds too many files"
			   : err_text(e));
}

static enum err
say_no_room(const struct walk *k, const char *volume, struct errmsg *why)
{
	return err_say(why, ERR_LIMIT,
	    "there is no room for the volume of %.64s, which has %lld MiB, "
	    "beside what the backup has already; make room, or use "
	    "--without-volumes",
	    volume + strlen(VOLUME_PREFIX), in_mib(k->bytes));
}

/* What there is, and how much of it a copy may have. */
static enum err
look(struct walk *k, int volumes, const char *volume, struct digest *ret)
{
	enum err e;

	k->w = NULL;
	k->bytes_max = INT64_MAX;
	e = walk_volume(k, volumes, volume, ret);
	if (e != OK)
		return e;
	k->bytes_max = k->taken + VOLUME_HOLES_MAX;
	return k->bytes > k->bytes_max ? ERR_LIMIT : OK;
}

/* What two walks saw is the same when nothing changed from the one's end to
 * the other's. */
static enum err
copy(struct walk *k, struct archive_writer *w, int volumes, const char *volume,
    bool *ret_same)
{
	struct archive_entry end = {.kind = ARCHIVE_VOLUME_END};
	struct digest copied;
	struct digest now;
	enum err e;

	k->changed = false;
	k->w = w;
	e = walk_volume(k, volumes, volume, &copied);
	if (e == OK)
		e = look(k, volumes, volume, &now);
	if (e != OK)
		return e;
	*ret_same = !k->changed && memcmp(&copied, &now, sizeof(now)) == 0;
	end.mode = !*ret_same;
	return archive_write_entry(w, &end);
}

static enum err
save_volume(struct saving_volumes *s, const char *volume, struct errmsg *why)
{
	struct walk k = {.ids = &s->ids};
	struct digest before;
	bool same = false;
	int tries;
	enum err e = look(&k, s->fd, volume, &before);

	if (e == ERR_NOTFOUND)
		return OK; /* No tool has ever run in it. */
	for (tries = 0; tries < RESCUE_TRIES && e == OK && !same; tries++) {
		if (tries > 0)
			usleep(AGAIN_US);
		if (backup_check_room(s->file, k.bytes) != OK)
			return say_no_room(&k, volume, why);
		e = copy(&k, s->w, s->fd, volume, &same);
	}
	if (e == OK && !same)
		e = ERR_BUSY;
	if (e != OK)
		return say_failed(&k, e, volume, why);
	s->done->volumes++;
	s->done->left_out += k.left_out;
	return OK;
}

/* ---- All ---- */

enum err
volumes_save(const struct rescue *r, struct archive_writer *w, const char *file,
    struct rescue_done *done, struct errmsg *why)
{
	struct saving_volumes s = {.w = w, .file = file, .done = done};
	const struct dirent *entry;
	DIR *d;
	enum err e;

	if (!file_is_there(r->tools))
		return err_say(why, ERR_NOTFOUND,
		    "%.120s: there is no such home; name that of the tools' "
		    "user with --tools, or leave volumes out with "
		    "--without-volumes",
		    r->tools);
	e = volumes_open(r->tools, &s.fd);
	if (e == ERR_NOTFOUND)
		return OK; /* No tool has ever kept anything. */
	if (e != OK)
		return err_say(why, e,
		    "the volumes in %.120s cannot be read; only root can, so "
		    "run as root, or leave them out with --without-volumes",
		    r->tools);
	e = own_ids_of(r->tools, &s.ids, why);
	d = e == OK ? fdopendir(s.fd) : NULL;
	if (d == NULL) {
		close(s.fd);
		return e != OK ? e
			       : err_say(why, ERR_IO, "%s", err_text(ERR_IO));
	}
	while (e == OK && (entry = readdir(d)) != NULL)
		if (is_volume(entry->d_name))
			e = save_volume(&s, entry->d_name, why);
	closedir(d);
	return e;
}
