/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/seal.h"

#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/crypto.h"

#define LABEL "durward-seal/1"
#define NONCE_LEN 12

struct seal_key {
	psa_key_id_t id;
	struct public_key pub;
};

static const uint8_t no_nonce[NONCE_LEN];

struct seal_key *
seal_key_new(void)
{
	struct seal_key *k = xalloc(sizeof(*k));
	psa_key_attributes_t at = PSA_KEY_ATTRIBUTES_INIT;
	size_t len;

	psa_set_key_type(
	    &at, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_bits(&at, 256);
	psa_set_key_usage_flags(&at, PSA_KEY_USAGE_DERIVE);
	psa_set_key_algorithm(&at, PSA_ALG_ECDH);
	if (psa_generate_key(&at, &k->id) != PSA_SUCCESS ||
	    psa_export_public_key(k->id, k->pub.b, PUBLIC_LEN, &len) !=
		PSA_SUCCESS)
		fatal("a key cannot be made");
	return k;
}

void
seal_key_free(struct seal_key *k)
{
	if (k == NULL)
		return;
	psa_destroy_key(k->id);
	free(k);
}

void
seal_key_public(const struct seal_key *k, struct public_key *ret)
{
	*ret = k->pub;
}

/* The same on both sides: who sent stands first. */
static enum err
agree(const struct seal_key *own, const struct public_key *other,
    const struct public_key *sender, const struct public_key *receiver,
    psa_key_id_t *ret)
{
	psa_key_attributes_t at = PSA_KEY_ATTRIBUTES_INIT;
	uint8_t words[sizeof(LABEL) - 1 + 2 * PUBLIC_LEN];
	uint8_t shared[32];
	struct digest key;
	size_t len;
	enum err e = OK;

	if (psa_raw_key_agreement(PSA_ALG_ECDH, own->id, other->b, PUBLIC_LEN,
		shared, sizeof(shared), &len) != PSA_SUCCESS)
		return ERR_INPUT;
	memcpy(words, LABEL, sizeof(LABEL) - 1);
	memcpy(words + sizeof(LABEL) - 1, sender->b, PUBLIC_LEN);
	memcpy(words + sizeof(LABEL) - 1 + PUBLIC_LEN, receiver->b, PUBLIC_LEN);
	crypto_hmac(shared, sizeof(shared), words, sizeof(words), &key);
	psa_set_key_type(&at, PSA_KEY_TYPE_AES);
	psa_set_key_usage_flags(
	    &at, PSA_KEY_USAGE_ENCRYPT | PSA_KEY_USAGE_DECRYPT);
	psa_set_key_algorithm(&at, PSA_ALG_GCM);
	if (psa_import_key(&at, key.b, DIGEST_LEN, ret) != PSA_SUCCESS)
		e = ERR_IO;
	explicit_bzero(shared, sizeof(shared));
	explicit_bzero(&key, sizeof(key));
	return e;
}

enum err
seal_to(const struct public_key *to, const void *p, size_t len, uint8_t *ret)
{
	struct seal_key *own;
	psa_key_id_t key = 0;
	size_t out;
	enum err e;

	if (len > SEAL_MAX)
		return ERR_INPUT;
	own = seal_key_new();
	e = agree(own, to, &own->pub, to, &key);
	if (e == OK) {
		memcpy(ret, own->pub.b, PUBLIC_LEN);
		if (psa_aead_encrypt(key, PSA_ALG_GCM, no_nonce, NONCE_LEN,
			NULL, 0, p, len, ret + PUBLIC_LEN,
			len + SEAL_OVERHEAD - PUBLIC_LEN, &out) != PSA_SUCCESS)
			e = ERR_IO;
	}
	psa_destroy_key(key);
	seal_key_free(own);
	return e;
}

enum err
seal_open(const struct seal_key *k, const uint8_t *sealed, size_t len,
    struct secret **ret)
{
	struct public_key sender;
	psa_key_id_t key = 0;
	uint8_t plain[SEAL_MAX];
	size_t out;
	enum err e;

	if (len < SEAL_OVERHEAD || len > SEAL_MAX + SEAL_OVERHEAD)
		return ERR_SIGNATURE;
	memcpy(sender.b, sealed, PUBLIC_LEN);
	e = agree(k, &sender, &sender, &k->pub, &key);
	if (e == OK &&
	    psa_aead_decrypt(key, PSA_ALG_GCM, no_nonce, NONCE_LEN, NULL, 0,
		sealed + PUBLIC_LEN, len - PUBLIC_LEN, plain, sizeof(plain),
		&out) != PSA_SUCCESS)
		e = ERR_SIGNATURE;
	psa_destroy_key(key);
	if (e == OK)
		*ret = secret_new(plain, out);
	explicit_bzero(plain, sizeof(plain));
	return e == OK ? OK : ERR_SIGNATURE;
}
