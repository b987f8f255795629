/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "archive/archive_priv.h"
#include "crypto/crypto.h"
#include "crypto/stretch.h"

#define CONFIRM_WORDS "durward-backup confirm"
#define PIECES_WORDS "durward-backup pieces"

const char archive_magic[ARCHIVE_MAGIC_LEN] = "durward-backup\0";

bool
archive_is(const void *p, size_t len)
{
	return len >= ARCHIVE_MAGIC_LEN &&
	    memcmp(p, archive_magic, ARCHIVE_MAGIC_LEN) == 0;
}

static void
derive(const uint8_t stretched[STRETCH_LEN], const char *words,
    const uint8_t *head, struct digest *ret)
{
	uint8_t text[SALTED_LEN + 32];
	size_t len = strlen(words);

	memcpy(text, words, len);
	memcpy(text + len, head, SALTED_LEN);
	crypto_hmac(stretched, STRETCH_LEN, text, len + SALTED_LEN, ret);
}

struct aead_key *
archive_key(const struct secret *passphrase, const uint8_t head[HEAD_LEN],
    uint8_t ret_confirm[CONFIRM_LEN])
{
	uint8_t stretched[STRETCH_LEN];
	struct aead_key *k;
	struct digest d;

	stretch(passphrase, head + SALTED_LEN - SALT_LEN, SALT_LEN,
	    (uint32_t)get_number(head + ARCHIVE_MAGIC_LEN + 4, 4), stretched);
	derive(stretched, CONFIRM_WORDS, head, &d);
	memcpy(ret_confirm, d.b, CONFIRM_LEN);
	derive(stretched, PIECES_WORDS, head, &d);
	k = aead_key_new(d.b);
	explicit_bzero(stretched, sizeof(stretched));
	explicit_bzero(&d, sizeof(d));
	return k;
}
