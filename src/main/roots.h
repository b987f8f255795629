/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAIN_ROOTS_H
#define MAIN_ROOTS_H

/* What a role finds in its root: at most one folder, and a few files. */

#include <stddef.h>

#include "main/parent.h"
#include "main/roles.h"
#include "sys/confine.h"

#define CREDENTIAL_PATH_SIZE 192

/* The path of its credential, if systemd gave us that; "" else. */
const char *root_credential(const struct role_row *row, char *ret, size_t size);

/* What the role may read of the machine's; how many. */
size_t root_files(const struct role_row *row, const struct parent_options *o,
    const char *credential, struct confine_file ret[CONFINE_FILES_MAX]);

/* Bound at /state; NULL: nothing is. */
const char *root_folder(const struct role_row *row,
    const struct parent_options *o, char *ret, size_t size);

#endif
