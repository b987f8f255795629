/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/tree.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512

struct walk {
	struct tree_size *size;
	int depth_max;
	int64_t entries_max;
};

static void look_through(struct walk *w, int fd, int depth);

int64_t
tree_bytes(const struct stat *st)
{
	int64_t names =
	    !S_ISDIR(st->st_mode) && st->st_nlink > 1 ? st->st_nlink : 1;

	return (int64_t)st->st_blocks * BLOCK / names;
}

static void
count(struct walk *w, const struct stat *st)
{
	w->size->entries++;
	w->size->bytes += tree_bytes(st);
}

/* What it is said to be need not be what is opened: it is looked at again,
 * by its descriptor. */
static void
enter(struct walk *w, int in, const char *name, int depth)
{
	int fd = openat(in, name, TREE_OPEN);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_dev == w->size->device) {
		count(w, &st);
		look_through(w, fd, depth + 1);
		return;
	}
	close(fd);
}

/* Takes the descriptor over. */
static void
look_through(struct walk *w, int fd, int depth)
{
	DIR *d = depth <= w->depth_max ? fdopendir(fd) : NULL;
	const struct dirent *e;
	struct stat st;

	if (d == NULL) {
		w->size->cut = true;
		close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (w->size->entries >= w->entries_max) {
			w->size->cut = true;
			break;
		}
		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    st.st_dev != w->size->device)
			continue;
		if (S_ISDIR(st.st_mode))
			enter(w, fd, e->d_name, depth);
		else
			count(w, &st);
	}
	closedir(d);
}

enum err
tree_measure(
    const char *path, int depth_max, int64_t entries_max, struct tree_size *ret)
{
	struct tree_size size = {.bytes = 0};
	struct walk w = {
	    .size = &size, .depth_max = depth_max, .entries_max = entries_max};
	struct stat st;
	int fd = open(path, TREE_OPEN);

	if (fd < 0)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
	if (fstat(fd, &st) < 0) {
		close(fd);
		return ERR_IO;
	}
	size.device = st.st_dev;
	count(&w, &st);
	look_through(&w, fd, 1);
	*ret = size;
	return OK;
}

static enum err remove_at(int in, const char *name, int depth);

/* Takes the descriptor over. */
static enum err
empty_folder(int fd, int depth)
{
	DIR *d = fdopendir(fd);
	const struct dirent *e;
	enum err result = OK;

	if (d == NULL) {
		close(fd);
		return ERR_IO;
	}
	while (result == OK && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			result = remove_at(fd, e->d_name, depth + 1);
	closedir(d);
	return result;
}

static enum err
remove_at(int in, const char *name, int depth)
{
	enum err e;
	int fd;

	if (unlinkat(in, name, 0) == 0 || errno == ENOENT)
		return OK;
	if (errno != EISDIR && errno != EPERM)
		return ERR_IO;
	if (depth > TREE_DEPTH_MAX)
		return ERR_LIMIT;
	fd = openat(in, name, TREE_OPEN);
	if (fd < 0)
		return ERR_IO;
	e = empty_folder(fd, depth);
	if (e == OK && unlinkat(in, name, AT_REMOVEDIR) < 0)
		e = ERR_IO;
	return e;
}

enum err
tree_remove(int in, const char *name)
{
	return remove_at(in, name, 0);
}
