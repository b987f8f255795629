/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SYS_FILE_H
#define SYS_FILE_H

/* Small files read whole and replaced atomically. */

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

/* ERR_NOTFOUND, ERR_LIMIT over `ret->max`, ERR_IO. */
NODISCARD enum err file_read(const char *path, struct buf *ret);

/* The same from an open descriptor, which stays the caller's. */
NODISCARD enum err file_read_fd(int fd, struct buf *ret);

/* A whole small file of a folder, as text that the caller frees. */
NODISCARD enum err file_load(const char *folder, const char *name, char **ret);
NODISCARD enum err file_load_secret(
    const char *folder, const char *name, struct secret **ret);

/* Write a temporary neighbour, sync it, rename it over `path`, sync the
 * folder: after a power cut the file is the old one or the new one. */
NODISCARD enum err file_replace(
    const char *path, const void *p, size_t len, unsigned mode);

/* Like mkdir -p for the last component only; fine when it exists. */
NODISCARD enum err file_mkdir(const char *path, unsigned mode);

#endif
