/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

/*
 * AES-256-GCM under a key that lasts: each message has a random nonce of 96
 * bits, which is safe for far more messages than a house ever seals (SP
 * 800-38D section 8.3).
 *
 * Sealed form: nonce, ciphertext, tag.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

#define AEAD_KEY_LEN 32
#define AEAD_NONCE_LEN 12
#define AEAD_OVERHEAD (AEAD_NONCE_LEN + 16)

struct aead_key;

/* Copies; the caller wipes its own. */
struct aead_key *aead_key_new(const uint8_t key[AEAD_KEY_LEN]);
void aead_key_free(struct aead_key *k);

/* `words` are not hidden, but must be the same at the opening.  `ret` holds
 * len + AEAD_OVERHEAD bytes. */
void aead_seal(const struct aead_key *k, const char *words, const void *p,
    size_t len, uint8_t *ret);

/* ERR_SIGNATURE: another key, other words, or altered. */
NODISCARD enum err aead_open(const struct aead_key *k, const char *words,
    const uint8_t *sealed, size_t len, struct secret **ret);

/*
 * A stream in pieces, under a key that seals this one and nothing else: the
 * nonce is the piece's number and whether it is the last (STREAM, Hoang and
 * others, 2015).  So a piece opens in its own place alone, and what was cut
 * behind a piece has no last one.
 */
#define AEAD_TAG_LEN 16

/* `ret` holds len + AEAD_TAG_LEN bytes. */
void aead_seal_piece(const struct aead_key *k, uint64_t n, bool last,
    const void *p, size_t len, uint8_t *ret);

/* `ret` holds len - AEAD_TAG_LEN bytes.  ERR_SIGNATURE: another key or place,
 * or altered; then nothing of it is in `ret`. */
NODISCARD enum err aead_open_piece(const struct aead_key *k, uint64_t n,
    bool last, const uint8_t *sealed, size_t len, uint8_t *ret);

#endif
