/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

/* Hashes, random bytes and comparison: the small half of the door to
 * mbedTLS's PSA.  Keys and signatures are in crypto/key.h. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

/* Once per process, before anything else here; fatal when it fails. */
void crypto_open(void);

/* Blocks only before the kernel's pool is ready; fatal on failure. */
void crypto_random(void *p, size_t n);

void crypto_hash(const void *p, size_t n, struct digest *ret);

/* SHA-256 over parts, for prefixes without copying. */
struct crypto_part {
	const void *p;
	size_t len;
};
void crypto_hash_parts(
    const struct crypto_part *parts, size_t n, struct digest *ret);

/* SHA-256 over what comes in pieces; the end frees it. */
struct hashing;
struct hashing *hashing_new(void);
void hashing_add(struct hashing *h, const void *p, size_t n);
void hashing_end(struct hashing *h, struct digest *ret);

/* SHA-1, broken: for the handshake of WebSockets, where it protects nothing
 * and the RFC wants it, and for nothing else. */
#define SHA1_LEN 20
void crypto_sha1(const void *p, size_t n, uint8_t ret[SHA1_LEN]);

/* HMAC-SHA-256 (RFC 2104). */
void crypto_hmac(const void *key, size_t key_len, const void *p, size_t n,
    struct digest *ret);

#endif
