/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"

#include <errno.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/log.h"

void
crypto_open(void)
{
	if (psa_crypto_init() != PSA_SUCCESS)
		fatal("the crypto library does not start");
}

void
crypto_random(void *p, size_t n)
{
	uint8_t *at = p;

	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			fatal("getrandom failed: errno %d", errno);
		at += got;
		n -= (size_t)got;
	}
}

/* mbedTLS is built to take all its randomness from here. */
psa_status_t
mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
    uint8_t *output, size_t output_size, size_t *output_length)
{
	(void)context;
	crypto_random(output, output_size);
	*output_length = output_size;
	return PSA_SUCCESS;
}

/* Declared nowhere that programs can see; libcurl's generator asks here. */
int mbedtls_hardware_poll(
    void *data, unsigned char *output, size_t len, size_t *olen);

int
mbedtls_hardware_poll(
    void *data, unsigned char *output, size_t len, size_t *olen)
{
	(void)data;
	crypto_random(output, len);
	*olen = len;
	return 0;
}

void
crypto_hash(const void *p, size_t n, struct digest *ret)
{
	struct crypto_part part = {p, n};

	crypto_hash_parts(&part, 1, ret);
}

void
crypto_hash_parts(const struct crypto_part *parts, size_t n, struct digest *ret)
{
	psa_hash_operation_t op = PSA_HASH_OPERATION_INIT;
	size_t len;
	size_t i;
	psa_status_t st = psa_hash_setup(&op, PSA_ALG_SHA_256);

	for (i = 0; i < n && st == PSA_SUCCESS; i++)
		st = psa_hash_update(&op, parts[i].p, parts[i].len);
	if (st == PSA_SUCCESS)
		st = psa_hash_finish(&op, ret->b, DIGEST_LEN, &len);
	if (st != PSA_SUCCESS)
		fatal("hashing failed: status %d", (int)st);
}

struct hashing {
	psa_hash_operation_t op;
};

static void
must_hash(psa_status_t st)
{
	if (st != PSA_SUCCESS)
		fatal("hashing failed: status %d", (int)st);
}

struct hashing *
hashing_new(void)
{
	struct hashing *h = xalloc(sizeof(*h));

	h->op = psa_hash_operation_init();
	must_hash(psa_hash_setup(&h->op, PSA_ALG_SHA_256));
	return h;
}

void
hashing_add(struct hashing *h, const void *p, size_t n)
{
	must_hash(psa_hash_update(&h->op, p, n));
}

void
hashing_end(struct hashing *h, struct digest *ret)
{
	size_t len;

	must_hash(psa_hash_finish(&h->op, ret->b, DIGEST_LEN, &len));
	free(h);
}

void
crypto_sha1(const void *p, size_t n, uint8_t ret[SHA1_LEN])
{
	size_t len;

	must_hash(psa_hash_compute(PSA_ALG_SHA_1, p, n, ret, SHA1_LEN, &len));
}

void
crypto_hmac(const void *key, size_t key_len, const void *p, size_t n,
    struct digest *ret)
{
	psa_key_attributes_t at = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t id = 0;
	size_t len;
	psa_status_t st;

	psa_set_key_type(&at, PSA_KEY_TYPE_HMAC);
	psa_set_key_usage_flags(&at, PSA_KEY_USAGE_SIGN_MESSAGE);
	psa_set_key_algorithm(&at, PSA_ALG_HMAC(PSA_ALG_SHA_256));
	st = psa_import_key(&at, key, key_len, &id);
	if (st == PSA_SUCCESS)
		st = psa_mac_compute(id, PSA_ALG_HMAC(PSA_ALG_SHA_256), p, n,
		    ret->b, DIGEST_LEN, &len);
	psa_destroy_key(id);
	if (st != PSA_SUCCESS)
		fatal("HMAC failed: status %d", (int)st);
}
