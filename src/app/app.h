/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APP_APP_H
#define APP_APP_H

/*
 * The web app, as the files that a browser asks for: bundled by
 * scripts/make-app from the sources beside this header, compressed with gzip
 * (RFC 1952).
 */

#include <stddef.h>

#include "base/str.h"

struct app_file {
	/* "/" for the page itself; "first", which is no path, for what a phone
	 * gets before it knows the box. */
	const char *path;
	const char *type; /* Content-Type. */
	const unsigned char *bytes; /* gzip. */
	size_t len;
};

/* NULL when there is none. */
const struct app_file *app_find(struct str path);

#endif
