/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

/*
 * A sealed box: bytes that only the holder of one fresh key can read,
 * whoever carries them.  ECDH on P-256 with a key for this one message
 * (SP 800-56A, ephemeral-ephemeral), the AES-256-GCM key is HMAC-SHA-256 of
 * both public keys under the shared secret.  Each key seals once, so the
 * nonce is nought.
 *
 * Sealed form: the sender's public key, ciphertext, tag.
 */

#include "base/err.h"
#include "base/limits.h"
#include "base/secret.h"
#include "crypto/key.h"

#define SEAL_OVERHEAD (PUBLIC_LEN + 16)
#define SEAL_MAX SECRET_MAX

struct seal_key;

struct seal_key *seal_key_new(void);
void seal_key_free(struct seal_key *k);
void seal_key_public(const struct seal_key *k, struct public_key *ret);

/* `ret` holds len + SEAL_OVERHEAD bytes.  ERR_INPUT: not a point, or more
 * than SEAL_MAX. */
NODISCARD enum err seal_to(
    const struct public_key *to, const void *p, size_t len, uint8_t *ret);

/* ERR_SIGNATURE: made for another key, or altered. */
NODISCARD enum err seal_open(const struct seal_key *k, const uint8_t *sealed,
    size_t len, struct secret **ret);

#endif
