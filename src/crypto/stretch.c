/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/stretch.h"

#include <psa/crypto.h>
#include <string.h>

#include "base/log.h"
#include "crypto/crypto.h"

#define BLOCK 64

/* HMAC under one key, whose two pads are hashed once: a round then costs two
 * blocks and not four. */
struct pads {
	psa_hash_operation_t in;
	psa_hash_operation_t out;
};

static void
must(psa_status_t status)
{
	if (status != PSA_SUCCESS)
		fatal("hashing failed");
}

static psa_hash_operation_t
hash_pad(const uint8_t key[BLOCK], uint8_t by)
{
	psa_hash_operation_t op = PSA_HASH_OPERATION_INIT;
	uint8_t pad[BLOCK];
	size_t i;

	for (i = 0; i < BLOCK; i++)
		pad[i] = key[i] ^ by;
	must(psa_hash_setup(&op, PSA_ALG_SHA_256));
	must(psa_hash_update(&op, pad, BLOCK));
	explicit_bzero(pad, sizeof(pad));
	return op;
}

static struct pads
pads_of(const struct secret *words)
{
	uint8_t key[BLOCK] = {0};
	struct digest d;
	struct pads p;

	if (secret_len(words) > BLOCK) {
		crypto_hash(secret_reveal(words), secret_len(words), &d);
		memcpy(key, d.b, DIGEST_LEN);
		explicit_bzero(&d, sizeof(d));
	} else {
		memcpy(key, secret_reveal(words), secret_len(words));
	}
	p.in = hash_pad(key, 0x36);
	p.out = hash_pad(key, 0x5c);
	explicit_bzero(key, sizeof(key));
	return p;
}

static void
half(const psa_hash_operation_t *pad, const uint8_t *p, size_t len,
    const uint8_t *more, size_t more_len, uint8_t ret[STRETCH_LEN])
{
	psa_hash_operation_t op = PSA_HASH_OPERATION_INIT;
	size_t n;

	must(psa_hash_clone(pad, &op));
	must(psa_hash_update(&op, p, len));
	must(psa_hash_update(&op, more, more_len));
	must(psa_hash_finish(&op, ret, STRETCH_LEN, &n));
}

void
stretch(const struct secret *words, const void *salt, size_t salt_len,
    uint32_t rounds, uint8_t ret[STRETCH_LEN])
{
	static const uint8_t first_block[4] = {0, 0, 0, 1};
	struct pads p = pads_of(words);
	uint8_t u[STRETCH_LEN];
	uint32_t n;
	size_t i;

	half(&p.in, salt, salt_len, first_block, sizeof(first_block), u);
	half(&p.out, u, sizeof(u), NULL, 0, u);
	memcpy(ret, u, STRETCH_LEN);
	for (n = 1; n < rounds; n++) {
		half(&p.in, u, sizeof(u), NULL, 0, u);
		half(&p.out, u, sizeof(u), NULL, 0, u);
		for (i = 0; i < STRETCH_LEN; i++)
			ret[i] ^= u[i];
	}
	must(psa_hash_abort(&p.in));
	must(psa_hash_abort(&p.out));
	explicit_bzero(&p, sizeof(p));
	explicit_bzero(u, sizeof(u));
}
