/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SAVED_H
#define WEB_SAVED_H

/*
 * The saved pages in /data.  A page's file is named by the day, the host and
 * the path, in small letters, digits, '-' and '.'; beside it lies ".NAME"
 * with the address and the type.  Nothing is ever overwritten: who comes
 * second gets a number.
 *
 * A page grows in ".part" and gets its name when it is whole.
 */

#include <psa/crypto.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/serve.h"
#include "web/limits.h"

struct saving {
	int fd;
	psa_hash_operation_t hash;
	struct reply *reply; /* Told why it failed. */
};

bool saved_begin(struct saving *s, struct reply *reply);
bool saved_take(struct saving *s, const void *p, size_t n);

struct saved_as {
	char name[SAVED_NAME_MAX + 1];
	char sha256[65];
};

/* Ends it: kept under a name, or false and nothing is left of it. */
bool saved_keep(
    struct saving *s, const char *url, const char *type, struct saved_as *ret);
void saved_drop(struct saving *s);

struct saved_page {
	char url[URL_MAX + 1]; /* "" when it is not known. */
	char type[TYPE_MAX + 1];
	uint8_t *p; /* Owned by the caller. */
	size_t len;
};

/* False, and the reply says why. */
bool saved_read(const char *name, struct saved_page *ret, struct reply *reply);

void saved_list(struct reply *reply);

#endif
