/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_TREE_H
#define SYS_TREE_H

/*
 * How much a folder holds, whoever writes in it at the same time.  Nothing
 * is followed: no symbolic link, no mount, no name twice.  What is moved or
 * removed meanwhile is counted where it was seen, or not at all.
 */

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"

struct tree_size {
	int64_t bytes; /* On the disk, as blocks. */
	int64_t entries; /* Files, folders and the rest, the top among them. */
	bool cut; /* There is more: deeper, or beyond `entries_max`. */
	dev_t device;
};

/* ERR_NOTFOUND when there is no such folder, ERR_IO. */
NODISCARD enum err tree_measure(const char *path, int depth_max,
    int64_t entries_max, struct tree_size *ret);

/* What one name of it takes on the disk: a file with several names counts in
 * parts, once when all are seen. */
int64_t tree_bytes(const struct stat *st);

/* A folder opened as itself, whoever may put a link in its place. */
#define TREE_OPEN (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

#define TREE_DEPTH_MAX 256

/* What stands under `name` in the folder `in`, with all that is in it; fine
 * when there is nothing.  ERR_LIMIT: deeper than TREE_DEPTH_MAX; ERR_IO. */
NODISCARD enum err tree_remove(int in, const char *name);

#endif
