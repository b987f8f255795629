/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FINDINGS_FINDINGS_PRIV_H
#define FINDINGS_FINDINGS_PRIV_H

#include "base/buf.h"
#include "findings/findings.h"

/* One more; the fix of what is well is not told. */
void finding_add(struct json *list, const char *name, bool good,
    const char *what, const char *fix);

/* ---- open.c ---- */
void finding_all_open(const struct findings *f, struct json *list);

#endif
