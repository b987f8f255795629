/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

/*
 * Paths as words, for those who must agree on what a folder is without
 * looking at any disk: who reads a manifest, who shows it, and who mounts.
 */

#include <stdbool.h>

/* Absolute, in one spelling only ("/a/b": no "//", ".", "..", or "/" at its
 * end), at most FOLDER_PATH_MAX bytes, and without what means something to
 * Podman or in a list: colons, commas, quotes, backslashes and control
 * characters.  "/" is none. */
bool path_is_clean(const char *path);

/* Is it that folder, or does it lie in it?  Both are clean, or "/". */
bool path_is_within(const char *path, const char *folder);

/* Does either lie in the other, or are they the same? */
bool path_overlaps(const char *a, const char *b);

/* What the system stands on, or what would let a tool become it: the one of
 * these places that `path` is in or holds, or NULL. */
const char *path_closed_to_tools(const char *path);

#endif
