/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

/* A SHA-256 value, and its text form of 64 lower-case hex digits. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DIGEST_LEN 32
#define DIGEST_HEX_SIZE (2 * DIGEST_LEN + 1)

struct digest {
	uint8_t b[DIGEST_LEN];
};

/* In constant time. */
bool digest_equal(const struct digest *a, const struct digest *b);
void digest_hex(const struct digest *d, char ret[DIGEST_HEX_SIZE]);
NODISCARD enum err digest_read(const char *hex, size_t len, struct digest *ret);

#endif
