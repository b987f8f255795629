/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCHIVE_ARCHIVE_PRIV_H
#define ARCHIVE_ARCHIVE_PRIV_H

#include "archive/archive.h"
#include "crypto/aead.h"

#define SALT_LEN 16
#define CONFIRM_LEN 16
#define SALTED_LEN (ARCHIVE_MAGIC_LEN + 4 + 4 + SALT_LEN)
#define HEAD_LEN (SALTED_LEN + CONFIRM_LEN)
#define ENTRY_LEN 20 /* And its name. */

extern const char archive_magic[ARCHIVE_MAGIC_LEN];

static inline void
put_number(uint8_t *p, uint64_t v, size_t bytes)
{
	while (bytes-- > 0) {
		p[bytes] = (uint8_t)v;
		v >>= 8;
	}
}

static inline uint64_t
get_number(const uint8_t *p, size_t bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | *p++;
	return v;
}

/* The two keys of a head, whose first SALTED_LEN bytes are there. */
struct aead_key *archive_key(const struct secret *passphrase,
    const uint8_t head[HEAD_LEN], uint8_t ret_confirm[CONFIRM_LEN]);

#endif
