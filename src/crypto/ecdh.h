/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_ECDH_H
#define CRYPTO_ECDH_H

/* What protocols of others are made of: ECDH on P-256 (SP 800-56A), HKDF
 * with SHA-256 (RFC 5869), and AES-128-GCM with a nonce that the protocol
 * says.  What is the house's own uses crypto/seal.h and crypto/aead.h. */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/key.h"

#define ECDH_LEN 32
#define ECDH_SCALAR_LEN 32
#define GCM_KEY_LEN 16
#define GCM_NONCE_LEN 12
#define GCM_TAG_LEN 16

struct ecdh_key;

struct ecdh_key *ecdh_key_new(void);
/* ERR_INPUT: nought, or not below the order of the curve. */
NODISCARD enum err ecdh_key_read(
    const uint8_t scalar[ECDH_SCALAR_LEN], struct ecdh_key **ret);
void ecdh_key_free(struct ecdh_key *k);
void ecdh_key_public(const struct ecdh_key *k, struct public_key *ret);

/* The x of the point that both have; the caller wipes it.  ERR_INPUT: `other`
 * is no point of the curve. */
NODISCARD enum err ecdh_agree(const struct ecdh_key *k,
    const struct public_key *other, uint8_t ret[ECDH_LEN]);

/* At most one block: `len` is 1 to DIGEST_LEN. */
void hkdf(const void *salt, size_t salt_len, const void *secret,
    size_t secret_len, const void *info, size_t info_len, uint8_t *ret,
    size_t len);

/* `ret` holds len + GCM_TAG_LEN bytes.  A key and a nonce never seal twice. */
void gcm_seal(const uint8_t key[GCM_KEY_LEN],
    const uint8_t nonce[GCM_NONCE_LEN], const void *p, size_t len,
    uint8_t *ret);

#endif
