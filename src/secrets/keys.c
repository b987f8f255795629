/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "crypto/crypto.h"
#include "secrets/secrets.h"
#include "sys/file.h"

#define KEY_FILE "kek"
#define ID_WORDS "durward-kek/1"

/*
 * The key that every secret is sealed with.  A credential of systemd comes
 * first: it may lie in a TPM.  Else there is a file beside the secrets, which
 * keeps them from whoever has a copy of a backup, and from nobody else.
 */

static void
take(struct kek *k, const uint8_t bytes[AEAD_KEY_LEN], const char *provider)
{
	struct digest d;

	crypto_hmac(bytes, AEAD_KEY_LEN, ID_WORDS, strlen(ID_WORDS), &d);
	hex_write(k->id, d.b, sizeof(k->id) / 2);
	k->key = aead_key_new(bytes);
	k->provider = provider;
}

/* 32 bytes, or as many in hex on one line. */
static enum err
read_key(const struct secret *s, uint8_t ret[AEAD_KEY_LEN])
{
	const char *p = secret_reveal(s);
	size_t len = secret_len(s);

	if (len == AEAD_KEY_LEN) {
		memcpy(ret, p, AEAD_KEY_LEN);
		return OK;
	}
	if (len == 2 * AEAD_KEY_LEN + 1 && p[len - 1] == '\n')
		len--;
	return hex_read(p, len, ret, AEAD_KEY_LEN);
}

static enum err
load(struct kek *k, const char *folder, const char *name, const char *provider)
{
	uint8_t bytes[AEAD_KEY_LEN];
	struct secret *s;
	enum err e = file_load_secret(folder, name, &s);

	if (e != OK)
		return e;
	e = read_key(s, bytes) == OK ? OK : ERR_CORRUPT;
	if (e == OK)
		take(k, bytes, provider);
	explicit_bzero(bytes, sizeof(bytes));
	secret_free(s);
	return e;
}

/* Where systemd put it: a credential that is there must be right. */
static enum err
load_credential(struct kek *k, const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[512];

	if (slash == NULL || (size_t)(slash - path) >= sizeof(folder))
		return ERR_CORRUPT;
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	return load(k, folder, slash + 1, KEK_CREDENTIAL);
}

enum err
kek_load(struct kek *k, const char *folder, const char *credential)
{
	if (credential != NULL)
		return load_credential(k, credential);
	return load(k, folder, KEY_FILE, KEK_FILE);
}

enum err
kek_make(struct kek *k, const char *folder)
{
	uint8_t bytes[AEAD_KEY_LEN];
	char path[1024];
	enum err e;

	snprintf(path, sizeof(path), "%s/" KEY_FILE, folder);
	if (file_is_there(path))
		return ERR_EXISTS;
	crypto_random(bytes, sizeof(bytes));
	e = file_replace(path, (const char *)bytes, sizeof(bytes), 0600);
	if (e == OK)
		take(k, bytes, KEK_FILE);
	explicit_bzero(bytes, sizeof(bytes));
	return e;
}
