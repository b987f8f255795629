/* SPDX-License-Identifier: Apache-2.0 */
#ifndef USD_USD_H
#define USD_USD_H

/*
 * Dollars: whole numbers of millionths inside, and decimals wherever a person
 * writes or reads them.
 */

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define USD 1000000

/* "0.05": at most six digits behind the point, and USD_MAX before it.
 * ERR_INPUT. */
NODISCARD enum err usd_read(struct str text, int64_t *ret);

/* As short as it can be: "0.05", "2". */
void usd_write(int64_t millionths, struct buf *out);

#endif
