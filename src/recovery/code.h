/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RECOVERY_CODE_H
#define RECOVERY_CODE_H

/*
 * A code on paper, for who has lost every client.  It holds a version, half
 * the hash of the box's key (so that whoever uses it knows the box), 128
 * random bits, and a checksum, by which a typing error is told from a wrong
 * code.  The box keeps a hash of the bits alone.  Who joins proves that it
 * knows them with an HMAC over its TLS connection, its key and its name.
 */

#include "approval/pairing.h"
#include "base/digest.h"
#include "base/err.h"
#include "crypto/key.h"

#define RECOVERY_SECRET_LEN 16
#define RECOVERY_CHECK_LEN 2
#define RECOVERY_BYTES                                                         \
	(1 + PAIRING_HASH_LEN + RECOVERY_SECRET_LEN + RECOVERY_CHECK_LEN)
#define RECOVERY_DIGITS BASE32_LEN(RECOVERY_BYTES)
/* In groups of four with a '-' between them. */
#define RECOVERY_CODE_SIZE (RECOVERY_DIGITS / 4 * 5)

struct recovery_code {
	uint8_t box_hash[PAIRING_HASH_LEN];
	uint8_t secret[RECOVERY_SECRET_LEN];
};

void recovery_write(
    const struct recovery_code *c, char ret[RECOVERY_CODE_SIZE]);

/* As a person types it: in capitals too, with blanks and dashes anywhere, and
 * 0, 1 and 8 for the letters that look like them.  ERR_INPUT: not of this form
 * at all; ERR_CORRUPT: a typing error. */
NODISCARD enum err recovery_read(const char *text, struct recovery_code *ret);

/* What the box keeps. */
void recovery_hash(
    const uint8_t secret[RECOVERY_SECRET_LEN], struct digest *ret);

void recovery_hmac(const struct digest *hash, const uint8_t channel[DIGEST_LEN],
    const struct public_key *client, const char *name, struct digest *ret);

#endif
