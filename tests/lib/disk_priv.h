/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DISK_PRIV_H
#define DISK_PRIV_H

/* What the VFS (disk.c) tells the memory of its files (power.c). */

#include <stddef.h>

#include "disk.h"

struct disk_file;

/* Before the real one is opened, which may make it. */
struct disk_file *power_find(const char *path);
/* It was not made. */
void power_forget_unmade(struct disk_file *f);

/* `data` is NULL for a truncation to `at`. */
void power_changed(
    struct disk_file *f, const char *data, size_t len, size_t at);
void power_synced(struct disk_file *f);
void power_removed(const char *path);
void power_folder_synced(void);

void power_seed(uint64_t seed);
void power_lose(void);

#endif
