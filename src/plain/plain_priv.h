/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAIN_PLAIN_PRIV_H
#define PLAIN_PLAIN_PRIV_H

#include <stddef.h>

/* ---- sets.c: the files, as they were when the program was built ---- */

#define PLAIN_SETS 2

const char *plain_set(size_t i, size_t *ret_len);

#endif
