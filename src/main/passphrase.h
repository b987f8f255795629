/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAIN_PASSPHRASE_H
#define MAIN_PASSPHRASE_H

/* The passphrase of a backup. */

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"

/* From a file, without the end of its line, or asked for at the terminal; a
 * `fresh` one twice, and not too short. */
NODISCARD enum err passphrase_read(
    const char *file, bool fresh, struct secret **ret, struct errmsg *why);

#endif
