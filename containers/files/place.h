/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILES_PLACE_H
#define FILES_PLACE_H

/*
 * Paths of the folder.  The kernel walks them (openat2), and no step of it
 * leads out, through a symbolic link, or into another file system, whatever is
 * renamed meanwhile.  What is opened is a file with one name or a folder,
 * nothing else.
 */

#include <stdbool.h>
#include <sys/stat.h>

#define PLACE "/folder"
#define PATH_BYTES 1024
#define NAME_BYTES 255
#define WHY_BYTES 400

struct place {
	int fd; /* Of the folder that holds it. */
	char name[NAME_BYTES + 1];
};

/* False: no folder was given. */
bool place_begin(void);

/* All functions: false with the reason, which names the path. */

/* A file to be read. */
bool place_open_file(
    const char *path, int *ret_fd, struct stat *ret, char why[WHY_BYTES]);

/* A folder; "" and "." are the whole. */
bool place_open_folder(const char *path, int *ret_fd, char why[WHY_BYTES]);

/* Where something stands or could; the caller closes the descriptor. */
bool place_find(const char *path, struct place *ret, char why[WHY_BYTES]);

/* What stands there: a file or a folder.  `ret->st_mode` is 0 for nothing;
 * links and devices are refused. */
bool place_look(const struct place *p, const char *path, struct stat *ret,
    char why[WHY_BYTES]);

/* One step down, from an open folder; -1 and errno. */
int place_step(int folder, const char *name, int flags);

/* Say why something cannot be done with a path. */
bool place_fail(char why[WHY_BYTES], const char *path, int number);

#endif
