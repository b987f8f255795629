/* SPDX-License-Identifier: Apache-2.0 */
#include "recovery/code.h"

#include <string.h>

#include "base/buf.h"
#include "crypto/crypto.h"

#define RECOVERY_VERSION 2 /* Not a pairing token's. */
#define HASH_LABEL "durward-recovery/1"
#define HMAC_LABEL "durward-recover/1"
#define GROUP_LEN 4

static void
take_check(const uint8_t bytes[RECOVERY_BYTES], uint8_t ret[RECOVERY_CHECK_LEN])
{
	struct digest d;

	crypto_hash(bytes, RECOVERY_BYTES - RECOVERY_CHECK_LEN, &d);
	memcpy(ret, d.b, RECOVERY_CHECK_LEN);
}

void
recovery_write(const struct recovery_code *c, char ret[RECOVERY_CODE_SIZE])
{
	uint8_t bytes[RECOVERY_BYTES];
	char digits[RECOVERY_DIGITS + 1];
	size_t i;

	bytes[0] = RECOVERY_VERSION;
	memcpy(bytes + 1, c->box_hash, PAIRING_HASH_LEN);
	memcpy(bytes + 1 + PAIRING_HASH_LEN, c->secret, RECOVERY_SECRET_LEN);
	take_check(bytes, bytes + RECOVERY_BYTES - RECOVERY_CHECK_LEN);
	base32_write(digits, bytes, sizeof(bytes));
	for (i = 0; i < RECOVERY_DIGITS; i++) {
		if (i > 0 && i % GROUP_LEN == 0)
			*ret++ = '-';
		*ret++ = digits[i];
	}
	*ret = '\0';
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(digits, sizeof(digits));
}

static char
digit_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == '0' ? 'o' : c == '1' ? 'l' : c == '8' ? 'b' : c;
}

enum err
recovery_read(const char *text, struct recovery_code *ret)
{
	uint8_t bytes[RECOVERY_BYTES];
	uint8_t check[RECOVERY_CHECK_LEN];
	char digits[RECOVERY_DIGITS + 1];
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (strchr(" -\t\n", *text) != NULL)
			continue;
		if (n == RECOVERY_DIGITS)
			return ERR_INPUT;
		digits[n++] = digit_of(*text);
	}
	digits[n] = '\0';
	if (n != RECOVERY_DIGITS ||
	    base32_read(digits, bytes, sizeof(bytes)) != OK)
		return ERR_INPUT;
	take_check(bytes, check);
	if (bytes[0] != RECOVERY_VERSION ||
	    memcmp(check, bytes + RECOVERY_BYTES - RECOVERY_CHECK_LEN,
		RECOVERY_CHECK_LEN) != 0)
		return ERR_CORRUPT;
	memcpy(ret->box_hash, bytes + 1, PAIRING_HASH_LEN);
	memcpy(ret->secret, bytes + 1 + PAIRING_HASH_LEN, RECOVERY_SECRET_LEN);
	explicit_bzero(bytes, sizeof(bytes));
	return OK;
}

void
recovery_hash(const uint8_t secret[RECOVERY_SECRET_LEN], struct digest *ret)
{
	crypto_hmac(
	    secret, RECOVERY_SECRET_LEN, HASH_LABEL, strlen(HASH_LABEL), ret);
}

void
recovery_hmac(const struct digest *hash, const uint8_t channel[DIGEST_LEN],
    const struct public_key *client, const char *name, struct digest *ret)
{
	uint8_t spki[SPKI_LEN];
	struct buf b;

	public_spki(client, spki);
	buf_init(&b, 512);
	buf_adds(&b, HMAC_LABEL);
	buf_add(&b, channel, DIGEST_LEN);
	buf_add(&b, spki, sizeof(spki));
	buf_adds(&b, name);
	crypto_hmac(hash->b, DIGEST_LEN, b.p, b.len, ret);
	buf_done(&b);
}
