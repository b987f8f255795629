/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBPUSH_WEBPUSH_H
#define WEBPUSH_WEBPUSH_H

/*
 * A message that only one browser can read, whichever push service carries
 * it: RFC 8291 on top of the content coding aes128gcm (RFC 8188).  It is
 * padded, so that its length says nothing of what it says.
 *
 * A subscription of a browser has a key, "p256dh", a point on P-256, and 16
 * random bytes, "auth" (RFC 8291 section 3.2).
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/ecdh.h"

#define ECE_SALT_LEN 16
#define ECE_RECORD_SIZE 4096 /* As all services and browsers take it. */
/* Salt, size of records, length of the key's name (RFC 8188 section 2.1). */
#define ECE_HEAD_LEN (ECE_SALT_LEN + 4 + 1)

#define WEBPUSH_AUTH_LEN 16
#define WEBPUSH_ROOM 128 /* For the words, their end and the padding. */
#define WEBPUSH_LEN (ECE_HEAD_LEN + PUBLIC_LEN + WEBPUSH_ROOM + GCM_TAG_LEN)

struct webpush_to {
	struct public_key key;
	uint8_t auth[WEBPUSH_AUTH_LEN];
};

/* One record, the last (RFC 8188 section 2): `room` bytes are sealed, and
 * the words and their end must fit in.  `ret` holds ECE_HEAD_LEN + id_len +
 * room + GCM_TAG_LEN bytes.  A salt is used once.  ERR_LIMIT. */
struct ece {
	const void *secret; /* "Input keying material". */
	size_t secret_len;
	const uint8_t *salt;
	const void *id; /* The key's name. */
	size_t id_len;
};
NODISCARD enum err ece_seal(const struct ece *how, const void *words,
    size_t len, size_t room, uint8_t *ret);

/* With this key and salt, which are used once.  ERR_INPUT: the browser's key
 * is no point; ERR_LIMIT. */
NODISCARD enum err webpush_seal_with(const struct webpush_to *to,
    const struct ecdh_key *own, const uint8_t salt[ECE_SALT_LEN],
    const char *words, size_t room, uint8_t *ret);

/* With fresh ones, always WEBPUSH_LEN bytes long. */
NODISCARD enum err webpush_seal(
    const struct webpush_to *to, const char *words, uint8_t ret[WEBPUSH_LEN]);

#endif
