/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key.h"

#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"

#define SCALAR_LEN 32
#define SEC1_LEN 121
#define ALG PSA_ALG_ECDSA(PSA_ALG_SHA_256)
#define PEM_BEGIN "-----BEGIN EC PRIVATE KEY-----\n"
#define PEM_END "-----END EC PRIVATE KEY-----\n"

struct key {
	psa_key_id_t id;
	uint8_t scalar[SCALAR_LEN];
	struct public_key pub;
};

/* A P-256 key has one DER form, so its frame can be constants. */
static const uint8_t spki_head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
static const uint8_t sec1_head[] = {0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20};
static const uint8_t sec1_mid[] = {0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07, 0xa1, 0x44, 0x03, 0x42, 0x00};

_Static_assert(sizeof(spki_head) + PUBLIC_LEN == SPKI_LEN, "SPKI frame");
_Static_assert(
    sizeof(sec1_head) + SCALAR_LEN + sizeof(sec1_mid) + PUBLIC_LEN == SEC1_LEN,
    "SEC 1 frame");

static psa_status_t
import_scalar(const uint8_t *scalar, struct key *k)
{
	psa_key_attributes_t at = PSA_KEY_ATTRIBUTES_INIT;
	size_t len;
	psa_status_t st;

	psa_set_key_type(
	    &at, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_usage_flags(&at, PSA_KEY_USAGE_SIGN_MESSAGE);
	psa_set_key_algorithm(&at, ALG);
	st = psa_import_key(&at, scalar, SCALAR_LEN, &k->id);
	if (st != PSA_SUCCESS)
		return st;
	memcpy(k->scalar, scalar, SCALAR_LEN);
	return psa_export_public_key(k->id, k->pub.b, PUBLIC_LEN, &len);
}

struct key *
key_generate(void)
{
	struct key *k = xalloc(sizeof(*k));
	uint8_t scalar[SCALAR_LEN];

	/* Almost every 256-bit number is a valid scalar; PSA refuses the
	 * others and we draw again. */
	do
		crypto_random(scalar, sizeof(scalar));
	while (import_scalar(scalar, k) != PSA_SUCCESS);
	explicit_bzero(scalar, sizeof(scalar));
	return k;
}

void
key_free(struct key *k)
{
	if (k == NULL)
		return;
	psa_destroy_key(k->id);
	explicit_bzero(k, sizeof(*k));
	free(k);
}

static void
write_base64(const uint8_t *p, size_t n, struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	for (i = 0; i < n; i += 3) {
		unsigned v = (unsigned)p[i] << 16;
		char four[4];

		if (i + 1 < n)
			v |= (unsigned)p[i + 1] << 8;
		if (i + 2 < n)
			v |= p[i + 2];
		four[0] = digits[v >> 18 & 63];
		four[1] = digits[v >> 12 & 63];
		four[2] = i + 1 < n ? digits[v >> 6 & 63] : '=';
		four[3] = i + 2 < n ? digits[v & 63] : '=';
		buf_add(out, four, 4);
		if (i % 48 == 45 || i + 3 >= n)
			buf_adds(out, "\n");
	}
}

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Exactly `n` bytes up to the PEM's end line. */
static enum err
read_base64(const char *s, uint8_t *ret, size_t n)
{
	unsigned bits = 0;
	int have = 0;
	size_t len = 0;

	for (; *s != '\0' && *s != '-' && *s != '='; s++) {
		int v = base64_digit(*s);

		if (*s == '\n' || *s == '\r')
			continue;
		if (v < 0 || len == n)
			return ERR_INPUT;
		bits = bits << 6 | (unsigned)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			ret[len++] = (uint8_t)(bits >> have);
		}
	}
	return len == n ? OK : ERR_INPUT;
}

void
key_write_pem(const struct key *k, struct buf *out)
{
	uint8_t der[SEC1_LEN];
	uint8_t *at = der;

	memcpy(at, sec1_head, sizeof(sec1_head));
	at += sizeof(sec1_head);
	memcpy(at, k->scalar, SCALAR_LEN);
	at += SCALAR_LEN;
	memcpy(at, sec1_mid, sizeof(sec1_mid));
	at += sizeof(sec1_mid);
	memcpy(at, k->pub.b, PUBLIC_LEN);
	buf_adds(out, PEM_BEGIN);
	write_base64(der, sizeof(der), out);
	buf_adds(out, PEM_END);
	explicit_bzero(der, sizeof(der));
}

enum err
key_read_pem(const char *pem, struct key **ret)
{
	uint8_t der[SEC1_LEN];
	const char *body = strstr(pem, PEM_BEGIN);
	struct key *k;

	if (body == NULL ||
	    read_base64(body + strlen(PEM_BEGIN), der, sizeof(der)) != OK ||
	    memcmp(der, sec1_head, sizeof(sec1_head)) != 0 ||
	    memcmp(der + sizeof(sec1_head) + SCALAR_LEN, sec1_mid,
		sizeof(sec1_mid)) != 0)
		return ERR_INPUT;
	k = xalloc(sizeof(*k));
	if (import_scalar(der + sizeof(sec1_head), k) != PSA_SUCCESS ||
	    memcmp(der + SEC1_LEN - PUBLIC_LEN, k->pub.b, PUBLIC_LEN) != 0) {
		key_free(k);
		return ERR_INPUT;
	}
	explicit_bzero(der, sizeof(der));
	*ret = k;
	return OK;
}

void
key_public(const struct key *k, struct public_key *ret)
{
	*ret = k->pub;
}

void
key_sign(const struct key *k, const void *p, size_t n, struct signature *ret)
{
	size_t len;

	ret->alg = SIG_ES256;
	if (psa_sign_message(k->id, ALG, p, n, ret->b, SIGNATURE_LEN, &len) !=
	    PSA_SUCCESS)
		fatal("signing failed");
}

/* PSA takes in no point that is not on the curve. */
static psa_status_t
import_public(const struct public_key *pub, psa_key_id_t *ret)
{
	psa_key_attributes_t at = PSA_KEY_ATTRIBUTES_INIT;

	psa_set_key_type(
	    &at, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_usage_flags(&at, PSA_KEY_USAGE_VERIFY_MESSAGE);
	psa_set_key_algorithm(&at, ALG);
	return psa_import_key(&at, pub->b, PUBLIC_LEN, ret);
}

enum err
public_check(const struct public_key *pub)
{
	psa_key_id_t id = 0;
	psa_status_t st = import_public(pub, &id);

	psa_destroy_key(id);
	return st == PSA_SUCCESS ? OK : ERR_INPUT;
}

enum err
key_verify(const struct public_key *pub, const void *p, size_t n,
    const struct signature *sig)
{
	psa_key_id_t id = 0;
	psa_status_t st;

	if (sig->alg != SIG_ES256)
		return ERR_UNSUPPORTED;
	st = import_public(pub, &id);
	if (st == PSA_SUCCESS)
		st = psa_verify_message(id, ALG, p, n, sig->b, SIGNATURE_LEN);
	psa_destroy_key(id);
	return st == PSA_SUCCESS ? OK : ERR_SIGNATURE;
}

void
public_spki(const struct public_key *pub, uint8_t ret[SPKI_LEN])
{
	memcpy(ret, spki_head, sizeof(spki_head));
	memcpy(ret + sizeof(spki_head), pub->b, PUBLIC_LEN);
}

void
public_id(const struct public_key *pub, struct digest *ret)
{
	uint8_t spki[SPKI_LEN];

	public_spki(pub, spki);
	crypto_hash(spki, sizeof(spki), ret);
}

enum err
public_read(const char *hex, size_t len, struct public_key *ret)
{
	return hex_read(hex, len, ret->b, PUBLIC_LEN);
}

void
public_hex(const struct public_key *pub, char ret[PUBLIC_HEX_SIZE])
{
	hex_write(ret, pub->b, PUBLIC_LEN);
}

void
signature_text(const struct signature *sig, char ret[SIGNATURE_TEXT_SIZE])
{
	memcpy(ret, "ES256:", 6);
	hex_write(ret + 6, sig->b, SIGNATURE_LEN);
}

enum err
signature_read(const char *text, struct signature *ret)
{
	struct signature sig = {.alg = SIG_ES256};

	if (strncmp(text, "ES256:", 6) != 0)
		return ERR_UNSUPPORTED;
	if (hex_read(text + 6, strlen(text + 6), sig.b, SIGNATURE_LEN) != OK)
		return ERR_INPUT;
	*ret = sig;
	return OK;
}
