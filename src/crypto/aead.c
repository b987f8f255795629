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
