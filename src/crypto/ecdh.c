/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ecdh.h"

#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/crypto.h"

#define INFO_MAX 256

struct ecdh_key {
	psa_key_id_t id;
	struct public_key pub;
};

static psa_status_t
import(const uint8_t *scalar, struct ecdh_key *k)
{
	psa_key_attributes_t at = PSA_KEY_ATTRIBUTES_INIT;
	psa_status_t st;
	size_t len;

	psa_set_key_type(
	    &at, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_usage_flags(&at, PSA_KEY_USAGE_DERIVE);
	psa_set_key_algorithm(&at, PSA_ALG_ECDH);
	psa_set_key_bits(&at, 256);
	st = scalar != NULL
	    ? psa_import_key(&at, scalar, ECDH_SCALAR_LEN, &k->id)
	    : psa_generate_key(&at, &k->id);
	return st != PSA_SUCCESS
	    ? st
	    : psa_export_public_key(k->id, k->pub.b, PUBLIC_LEN, &len);
}

struct ecdh_key *
ecdh_key_new(void)
{
	struct ecdh_key *k = xalloc(sizeof(*k));

	if (import(NULL, k) != PSA_SUCCESS)
		fatal("a key cannot be made");
	return k;
}

enum err
ecdh_key_read(const uint8_t scalar[ECDH_SCALAR_LEN], struct ecdh_key **ret)
{
	struct ecdh_key *k = xalloc(sizeof(*k));

	if (import(scalar, k) != PSA_SUCCESS) {
		ecdh_key_free(k);
		return ERR_INPUT;
	}
	*ret = k;
	return OK;
}

void
ecdh_key_free(struct ecdh_key *k)
{
	if (k == NULL)
		return;
	psa_destroy_key(k->id);
	free(k);
}

void
ecdh_key_public(const struct ecdh_key *k, struct public_key *ret)
{
	*ret = k->pub;
}

/* PSA takes in no point that is not on the curve. */
enum err
ecdh_agree(const struct ecdh_key *k, const struct public_key *other,
    uint8_t ret[ECDH_LEN])
{
	size_t len;

	return psa_raw_key_agreement(PSA_ALG_ECDH, k->id, other->b, PUBLIC_LEN,
		   ret, ECDH_LEN, &len) == PSA_SUCCESS
	    ? OK
	    : ERR_INPUT;
}

void
hkdf(const void *salt, size_t salt_len, const void *secret, size_t secret_len,
    const void *info, size_t info_len, uint8_t *ret, size_t len)
{
	uint8_t words[INFO_MAX + 1];
	struct digest prk;
	struct digest block;

	if (info_len > INFO_MAX || len > DIGEST_LEN)
		fatal("more is derived than one block");
	crypto_hmac(salt, salt_len, secret, secret_len, &prk);
	memcpy(words, info, info_len);
	words[info_len] = 1; /* The number of the block. */
	crypto_hmac(prk.b, DIGEST_LEN, words, info_len + 1, &block);
	memcpy(ret, block.b, len);
	explicit_bzero(&prk, sizeof(prk));
	explicit_bzero(&block, sizeof(block));
}

void
gcm_seal(const uint8_t key[GCM_KEY_LEN], const uint8_t nonce[GCM_NONCE_LEN],
    const void *p, size_t len, uint8_t *ret)
{
	psa_key_attributes_t at = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t id = 0;
	size_t out;

	psa_set_key_type(&at, PSA_KEY_TYPE_AES);
	psa_set_key_usage_flags(&at, PSA_KEY_USAGE_ENCRYPT);
	psa_set_key_algorithm(&at, PSA_ALG_GCM);
	if (psa_import_key(&at, key, GCM_KEY_LEN, &id) != PSA_SUCCESS ||
	    psa_aead_encrypt(id, PSA_ALG_GCM, nonce, GCM_NONCE_LEN, NULL, 0, p,
		len, ret, len + GCM_TAG_LEN, &out) != PSA_SUCCESS)
		fatal("sealing failed");
	psa_destroy_key(id);
}
