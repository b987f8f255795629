/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include "base/str.h"

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	uint8_t diff = 0;
	size_t i;

	for (i = 0; i < DIGEST_LEN; i++)
		diff |= (uint8_t)(a->b[i] ^ b->b[i]);
	return diff == 0;
}

void
digest_hex(const struct digest *d, char ret[DIGEST_HEX_SIZE])
{
	hex_write(ret, d->b, DIGEST_LEN);
}

enum err
digest_read(const char *hex, size_t len, struct digest *ret)
{
	return hex_read(hex, len, ret->b, DIGEST_LEN);
}
