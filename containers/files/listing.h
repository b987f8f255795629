/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILES_LISTING_H
#define FILES_LISTING_H

/* The names in a folder, in order. */

#include <stdbool.h>
#include <stddef.h>

#define LISTING_NAMES_MAX 10000

struct listing {
	char **names; /* Those that can be written in a line. */
	int n;
	char *text; /* All of them, one behind the other. */
	size_t len;
	size_t size;
	int odd; /* Those that cannot. */
	bool more; /* Than LISTING_NAMES_MAX. */
};

/* False and errno; the descriptor stays the caller's. */
bool listing_read(int folder, struct listing *ret);
void listing_done(struct listing *l);

#endif
