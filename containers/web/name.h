/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_NAME_H
#define WEB_NAME_H

/*
 * Names of saved pages, made of what a server or a model may have chosen.
 */

#include <stdbool.h>

#include "web/limits.h"

/* Small letters, digits, '-' and '.', none in front: no path, no option and
 * nothing hidden. */
bool name_is_safe(const char *name);

/* The nth name for a page: "2026-01-31-example.com-news-2.html". */
void name_make(
    const char *url, const char *type, int n, char ret[SAVED_NAME_MAX + 1]);

#endif
