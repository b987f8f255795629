/* SPDX-License-Identifier: Apache-2.0 */
#include "webpush/webpush.h"

#include <string.h>

#include "crypto/crypto.h"

#define END_OF_LAST 2 /* Behind the words of the last record. */
#define INFO "WebPush: info" /* With its zero byte. */
#define KEY_INFO "Content-Encoding: aes128gcm"
#define NONCE_INFO "Content-Encoding: nonce"

/* RFC 8188 section 2.1. */
static void
write_head(const struct ece *how, uint8_t *ret)
{
	memcpy(ret, how->salt, ECE_SALT_LEN);
	ret += ECE_SALT_LEN;
	*ret++ = 0;
	*ret++ = 0;
	*ret++ = ECE_RECORD_SIZE >> 8;
	*ret++ = ECE_RECORD_SIZE & 0xff;
	*ret++ = (uint8_t)how->id_len;
	memcpy(ret, how->id, how->id_len);
}

enum err
ece_seal(const struct ece *how, const void *words, size_t len, size_t room,
    uint8_t *ret)
{
	uint8_t plain[ECE_RECORD_SIZE] = {0};
	uint8_t key[GCM_KEY_LEN];
	uint8_t nonce[GCM_NONCE_LEN]; /* Of the first record: as it is. */

	if (len >= room || room + GCM_TAG_LEN > ECE_RECORD_SIZE ||
	    how->id_len > UINT8_MAX)
		return ERR_LIMIT;
	hkdf(how->salt, ECE_SALT_LEN, how->secret, how->secret_len, KEY_INFO,
	    sizeof(KEY_INFO), key, sizeof(key));
	hkdf(how->salt, ECE_SALT_LEN, how->secret, how->secret_len, NONCE_INFO,
	    sizeof(NONCE_INFO), nonce, sizeof(nonce));
	memcpy(plain, words, len);
	plain[len] = END_OF_LAST;
	write_head(how, ret);
	gcm_seal(key, nonce, plain, room, ret + ECE_HEAD_LEN + how->id_len);
	explicit_bzero(key, sizeof(key));
	return OK;
}

/* RFC 8291 section 3.4. */
enum err
webpush_seal_with(const struct webpush_to *to, const struct ecdh_key *own,
    const uint8_t salt[ECE_SALT_LEN], const char *words, size_t room,
    uint8_t *ret)
{
	uint8_t info[sizeof(INFO) + 2 * PUBLIC_LEN];
	uint8_t shared[ECDH_LEN];
	uint8_t secret[DIGEST_LEN];
	struct public_key pub;
	struct ece how = {secret, sizeof(secret), salt, pub.b, PUBLIC_LEN};
	enum err e = ecdh_agree(own, &to->key, shared);

	if (e != OK)
		return e;
	ecdh_key_public(own, &pub);
	memcpy(info, INFO, sizeof(INFO));
	memcpy(info + sizeof(INFO), to->key.b, PUBLIC_LEN);
	memcpy(info + sizeof(INFO) + PUBLIC_LEN, pub.b, PUBLIC_LEN);
	hkdf(to->auth, WEBPUSH_AUTH_LEN, shared, sizeof(shared), info,
	    sizeof(info), secret, sizeof(secret));
	e = ece_seal(&how, words, strlen(words), room, ret);
	explicit_bzero(shared, sizeof(shared));
	explicit_bzero(secret, sizeof(secret));
	return e;
}

enum err
webpush_seal(
    const struct webpush_to *to, const char *words, uint8_t ret[WEBPUSH_LEN])
{
	struct ecdh_key *own = ecdh_key_new();
	uint8_t salt[ECE_SALT_LEN];
	enum err e;

	crypto_random(salt, sizeof(salt));
	e = webpush_seal_with(to, own, salt, words, WEBPUSH_ROOM, ret);
	ecdh_key_free(own);
	return e;
}
