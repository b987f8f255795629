/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

/*
 * Keys and signatures.  One algorithm today, ECDSA on P-256 with SHA-256,
 * but every stored signature names its algorithm, so that a second one can
 * come without guessing.
 *
 * A public key is identified by the SHA-256 of its SubjectPublicKeyInfo
 * (RFC 5480), which is what certificates carry and what people compare.
 */

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

enum sig_alg {
	SIG_ES256 = 1, /* ECDSA P-256 SHA-256, r || s (FIPS 186-5) */
};

#define PUBLIC_LEN 65 /* Uncompressed point. */
#define PUBLIC_HEX_SIZE (2 * PUBLIC_LEN + 1)
#define SIGNATURE_LEN 64
#define SIGNATURE_HEX_SIZE (2 * SIGNATURE_LEN + 1)
#define SPKI_LEN 91

struct public_key {
	uint8_t b[PUBLIC_LEN];
};

struct signature {
	enum sig_alg alg;
	uint8_t b[SIGNATURE_LEN];
};

struct key;

struct key *key_generate(void);
void key_free(struct key *k);

/* SEC 1 private key as PEM (RFC 5915), as OpenSSL writes it. */
void key_write_pem(const struct key *k, struct buf *out);
NODISCARD enum err key_read_pem(const char *pem, struct key **ret);

void key_public(const struct key *k, struct public_key *ret);
void key_sign(
    const struct key *k, const void *p, size_t n, struct signature *ret);

/* ERR_SIGNATURE when it does not match or the key is not on the curve. */
NODISCARD enum err key_verify(const struct public_key *pub, const void *p,
    size_t n, const struct signature *sig);

/* ERR_INPUT: no point of the curve. */
NODISCARD enum err public_check(const struct public_key *pub);
void public_spki(const struct public_key *pub, uint8_t ret[SPKI_LEN]);
void public_id(const struct public_key *pub, struct digest *ret);
NODISCARD enum err public_read(
    const char *hex, size_t len, struct public_key *ret);
void public_hex(const struct public_key *pub, char ret[PUBLIC_HEX_SIZE]);

/* Text form of a signature: the algorithm's JOSE name, a colon, hex. */
#define SIGNATURE_TEXT_SIZE (6 + SIGNATURE_HEX_SIZE)
void signature_text(const struct signature *sig, char ret[SIGNATURE_TEXT_SIZE]);
NODISCARD enum err signature_read(const char *text, struct signature *ret);

#endif
