/* SPDX-License-Identifier: Apache-2.0 */
#include "folder/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"

struct walk {
	walk_fn *fn;
	void *arg;
	dev_t device;
	struct walk_counts counts;
};

static enum err walk_into(struct walk *w, int fd, int depth);

static bool
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A second name could stand anywhere, also outside. */
static bool
is_wanted(const struct walk *w, const struct stat *st)
{
	return st->st_dev == w->device &&
	    (S_ISDIR(st->st_mode) ||
		(S_ISREG(st->st_mode) && st->st_nlink == 1));
}

static enum err
visit(struct walk *w, int fd, int depth)
{
	struct stat st;
	enum err e;

	if (fstat(fd, &st) < 0 || !is_wanted(w, &st)) {
		w->counts.left_out++;
		return OK;
	}
	if (w->counts.folders + w->counts.files >= WALK_ENTRIES_MAX)
		return ERR_LIMIT;
	e = w->fn(w->arg, fd, &st);
	if (!S_ISDIR(st.st_mode)) {
		w->counts.files++;
		return e;
	}
	w->counts.folders++;
	if (e == OK && depth == WALK_DEPTH_MAX)
		w->counts.left_out++;
	else if (e == OK)
		e = walk_into(w, fd, depth + 1);
	return e;
}

static enum err
walk_into(struct walk *w, int fd, int depth)
{
	int reading =
	    openat(fd, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = reading >= 0 ? fdopendir(reading) : NULL;
	struct dirent *entry;
	enum err e = OK;
	int inner;

	if (d == NULL) {
		if (reading >= 0)
			close(reading);
		w->counts.left_out++;
		return OK;
	}
	while (e == OK && (entry = readdir(d)) != NULL) {
		if (is_dots(entry->d_name))
			continue;
		inner =
		    openat(fd, entry->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (inner < 0) {
			w->counts.left_out++;
			continue;
		}
		e = visit(w, inner, depth);
		close(inner);
	}
	closedir(d);
	return e;
}

enum err
walk_folder(const char *path, walk_fn *fn, void *arg, struct walk_counts *ret)
{
	struct walk w = {.fn = fn, .arg = arg};
	int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	enum err e;

	if (fd < 0)
		return errno == ENOENT                   ? ERR_NOTFOUND
		    : errno == ENOTDIR || errno == ELOOP ? ERR_INPUT
							 : ERR_IO;
	if (fstat(fd, &st) < 0) {
		close(fd);
		return ERR_IO;
	}
	w.device = st.st_dev;
	e = visit(&w, fd, 0);
	close(fd);
	*ret = w.counts;
	return e;
}
