/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FOLDER_WALK_H
#define FOLDER_WALK_H

/*
 * Every file and folder of a folder, each held by a descriptor while it is
 * looked at, so that nothing put in its place meanwhile is meant.  Links are
 * not followed, and other file systems not entered.
 */

#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"

/* `fd` is open with O_PATH; a folder comes before what is in it.  Another
 * result than OK ends the walk. */
typedef enum err walk_fn(void *arg, int fd, const struct stat *st);

struct walk_counts {
	int64_t folders;
	int64_t files;
	/* Links, devices, other file systems, names of more than one place,
	 * what lies too deep, and what may not be read. */
	int64_t left_out;
};

/* The folder itself is the first.  ERR_NOTFOUND, ERR_INPUT when it is none,
 * ERR_LIMIT beyond WALK_ENTRIES_MAX, ERR_IO, or what `fn` said. */
NODISCARD enum err walk_folder(
    const char *path, walk_fn *fn, void *arg, struct walk_counts *ret);

#endif
