/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_FILE_H
#define SYS_FILE_H

/*
 * Small files read whole and replaced atomically; large ones copied, moved
 * and given their room on the disk.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

/* ERR_NOTFOUND, ERR_LIMIT over `ret->max`, ERR_IO. */
NODISCARD enum err file_read(const char *path, struct buf *ret);

/* The same from an open descriptor, which stays the caller's. */
NODISCARD enum err file_read_fd(int fd, struct buf *ret);

/* All bytes, or ERR_IO. */
NODISCARD enum err file_write_fd(int fd, const void *bytes, size_t len);

/* A whole small file of a folder, as text that the caller frees. */
NODISCARD enum err file_load(const char *folder, const char *name, char **ret);
NODISCARD enum err file_load_secret(
    const char *folder, const char *name, struct secret **ret);

/* Write a temporary neighbour, sync it, rename it over `path`, sync the
 * folder: after a power cut the file is the old one or the new one. */
NODISCARD enum err file_replace(
    const char *path, const void *p, size_t len, unsigned mode);

/* Write `to` anew with what is in `from`, and sync it. */
NODISCARD enum err file_copy(const char *from, const char *to, unsigned mode);

/* What root wrote belongs to whom the folder belongs to. */
NODISCARD enum err file_give_to_folder(const char *path);

/* Rename, and sync the folder: after a power cut it is done or not. */
NODISCARD enum err file_move(const char *from, const char *to);

NODISCARD enum err file_sync(const char *path);
/* Of the folder that `path` stands in: names are kept apart from bytes. */
NODISCARD enum err file_sync_folder(const char *path);

/* Like unlink(), but fine when there is nothing. */
NODISCARD enum err file_remove(const char *path);

/* A file of `len` bytes whose room on the disk is taken.  ERR_LIMIT when
 * there is none, and then there is no file either. */
NODISCARD enum err file_reserve(const char *path, int64_t len);

/* What anybody may still write to the file system of `path`. */
NODISCARD enum err file_free_bytes(const char *path, int64_t *ret);

/* Hold what is open against every other process that asks, until nobody has
 * this descriptor any more.  ERR_BUSY when one holds it. */
NODISCARD enum err file_lock_fd(int fd);

/* Hold the folder of `path` against every other process that asks, until
 * the descriptor is closed.  ERR_BUSY when one holds it. */
NODISCARD enum err file_lock_folder(const char *path, int *ret_fd);

/* A file without a place on any disk, that anybody who has the descriptor
 * may read and nobody change. */
NODISCARD enum err file_sealed(
    const char *name, const void *p, size_t len, int *ret_fd);

bool file_is_there(const char *path);

/* Is it a folder by a path of which no symbolic link is part?  ERR_NOTFOUND,
 * ERR_INPUT (a link on the way, or no folder), ERR_DENIED (we may not pass),
 * ERR_IO. */
NODISCARD enum err file_check_plain(const char *path);

/* Is anything mounted below this folder, as we see it? */
NODISCARD enum err file_find_mounts(const char *folder, bool *ret);

/* Like mkdir -p for the last component only; fine when it exists. */
NODISCARD enum err file_mkdir(const char *path, unsigned mode);

#endif
