/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FOLDER_FOLDER_PRIV_H
#define FOLDER_FOLDER_PRIV_H

/* Of command.c, which talks, and opening.c, which does it. */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "folder/walk.h"

struct folder_access {
	const char *path;
	uint32_t uid; /* Of the tool, outside of its container. */
	uint32_t runner; /* Who mounts. */
	bool write;
};

/* May it be given at all, and are we the one to do so?  ERR_INPUT, ERR_DENIED,
 * ERR_NOTFOUND in words. */
NODISCARD enum err folder_check(const char *path, struct errmsg *why);

/* Those above it through which the tools' user may not pass yet, a line
 * each. */
NODISCARD enum err folder_list_parents(
    const struct folder_access *f, struct buf *out, struct errmsg *why);

/* How much there is. */
NODISCARD enum err folder_count(
    const char *path, struct walk_counts *ret, struct errmsg *why);

/* ERR_UNSUPPORTED where the file system keeps no lists and everybody's rights
 * do not suffice. */
NODISCARD enum err folder_open(
    const struct folder_access *f, struct walk_counts *ret, struct errmsg *why);

/* Take it all back; the folders above stay passable for those of `kept`, which
 * other tools have. */
NODISCARD enum err folder_close(const struct folder_access *f,
    const char *const *kept, size_t n_kept, struct errmsg *why);

#endif
