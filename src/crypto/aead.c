/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"

#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/crypto.h"

struct aead_key {
	psa_key_id_t id;
};

struct aead_key *
aead_key_new(const uint8_t key[AEAD_KEY_LEN])
{
	struct aead_key *k = xalloc(sizeof(*k));
	psa_key_attributes_t at = PSA_KEY_ATTRIBUTES_INIT;

	psa_set_key_type(&at, PSA_KEY_TYPE_AES);
	psa_set_key_usage_flags(
	    &at, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT);
	psa_set_key_algorithm(&at, PSA_ALG_GCM);
	if (psa_import_key(&at, key, AEAD_KEY_LEN, &k->id) != PSA_SUCCESS)
		fatal("a key cannot be taken in");
	return k;
}

void
aead_key_free(struct aead_key *k)
{
	if (k == NULL)
		return;
	psa_destroy_key(k->id);
	free(k);
}

void
aead_seal(const struct aead_key *k, const char *words, const void *p,
    size_t len, uint8_t *ret)
{
	size_t out;

	crypto_random(ret, AEAD_NONCE_LEN);
	if (psa_aead_encrypt(k->id, PSA_ALG_GCM, ret, AEAD_NONCE_LEN,
		(const uint8_t *)words, strlen(words), p, len,
		ret + AEAD_NONCE_LEN, len + AEAD_OVERHEAD - AEAD_NONCE_LEN,
		&out) != PSA_SUCCESS)
		fatal("sealing failed");
}

enum err
aead_open(const struct aead_key *k, const char *words, const uint8_t *sealed,
    size_t len, struct secret **ret)
{
	uint8_t *plain;
	size_t out = 0;
	enum err e = OK;

	if (len < AEAD_OVERHEAD)
		return ERR_SIGNATURE;
	plain = xalloc(len);
	if (psa_aead_decrypt(k->id, PSA_ALG_GCM, sealed, AEAD_NONCE_LEN,
		(const uint8_t *)words, strlen(words), sealed + AEAD_NONCE_LEN,
		len - AEAD_NONCE_LEN, plain, len, &out) != PSA_SUCCESS)
		e = ERR_SIGNATURE;
	else
		*ret = secret_new(plain, out);
	explicit_bzero(plain, len);
	free(plain);
	return e;
}

static void
piece_nonce(uint64_t n, bool last, uint8_t ret[AEAD_NONCE_LEN])
{
	size_t i;

	memset(ret, 0, AEAD_NONCE_LEN);
	for (i = 0; i < 8; i++)
		ret[i] = (uint8_t)(n >> (56 - 8 * i));
	ret[AEAD_NONCE_LEN - 1] = last;
}

void
aead_seal_piece(const struct aead_key *k, uint64_t n, bool last, const void *p,
    size_t len, uint8_t *ret)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	size_t out;

	piece_nonce(n, last, nonce);
	if (psa_aead_encrypt(k->id, PSA_ALG_GCM, nonce, sizeof(nonce), NULL, 0,
		p, len, ret, len + AEAD_TAG_LEN, &out) != PSA_SUCCESS)
		fatal("sealing failed");
}

enum err
aead_open_piece(const struct aead_key *k, uint64_t n, bool last,
    const uint8_t *sealed, size_t len, uint8_t *ret)
{
	uint8_t nonce[AEAD_NONCE_LEN];
	size_t out;

	if (len < AEAD_TAG_LEN)
		return ERR_SIGNATURE;
	piece_nonce(n, last, nonce);
	return psa_aead_decrypt(k->id, PSA_ALG_GCM, nonce, sizeof(nonce), NULL,
		   0, sealed, len, ret, len - AEAD_TAG_LEN, &out) == PSA_SUCCESS
	    ? OK
	    : ERR_SIGNATURE;
}
