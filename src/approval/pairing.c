/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/pairing.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "crypto/crypto.h"

#define HMAC_LABEL "durward-pair/1"

void
pairing_token_write(const struct pairing_token *t, char ret[PAIRING_TOKEN_SIZE])
{
	uint8_t bytes[PAIRING_BYTES];

	bytes[0] = PAIRING_VERSION;
	memcpy(bytes + 1, t->box_hash, PAIRING_HASH_LEN);
	memcpy(bytes + 1 + PAIRING_HASH_LEN, t->secret, PAIRING_SECRET_LEN);
	base32_write(ret, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
}

enum err
pairing_token_read(const char *text, struct pairing_token *ret)
{
	uint8_t bytes[PAIRING_BYTES];

	if (base32_read(text, bytes, sizeof(bytes)) != OK)
		return ERR_INPUT;
	if (bytes[0] != PAIRING_VERSION)
		return ERR_UNSUPPORTED;
	memcpy(ret->box_hash, bytes + 1, PAIRING_HASH_LEN);
	memcpy(ret->secret, bytes + 1 + PAIRING_HASH_LEN, PAIRING_SECRET_LEN);
	return OK;
}

bool
pairing_token_is_of(const struct pairing_token *t, const struct digest *box)
{
	return memcmp(t->box_hash, box->b, PAIRING_HASH_LEN) == 0;
}

void
pairing_hmac(const uint8_t secret[PAIRING_SECRET_LEN],
    const uint8_t channel[DIGEST_LEN], const struct public_key *client,
    const char *name, struct digest *ret)
{
	uint8_t spki[SPKI_LEN];
	struct buf b;

	public_spki(client, spki);
	buf_init(&b, 512);
	buf_adds(&b, HMAC_LABEL);
	buf_add(&b, channel, DIGEST_LEN);
	buf_add(&b, spki, sizeof(spki));
	buf_adds(&b, name);
	crypto_hmac(secret, PAIRING_SECRET_LEN, b.p, b.len, ret);
	buf_done(&b);
}

void
pairing_fingerprint(const struct digest *d, char ret[FINGERPRINT_SIZE])
{
	size_t i;

	for (i = 0; i < PAIRING_HASH_LEN; i += 2)
		snprintf(ret + i / 2 * 5, FINGERPRINT_SIZE - i / 2 * 5,
		    "%02X%02X ", d->b[i], d->b[i + 1]);
	ret[FINGERPRINT_SIZE - 1] = '\0';
}
