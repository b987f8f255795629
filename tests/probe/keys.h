/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROBE_KEYS_H
#define PROBE_KEYS_H

/* Texts signed by the keys that a test put into the folder of a core that
 * was taken over. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approval/sheet.h"
#include "base/limits.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "sys/file.h"

struct proof {
	char text[8192];
	char signature[SIGNATURE_TEXT_SIZE];
};

static char *
slurp(const char *path)
{
	struct buf b;

	buf_init(&b, FILE_READ_MAX);
	if (file_read(path, &b) != OK)
		fatal("attack: %s is missing", path);
	return buf_steal(&b);
}

static struct key *
read_key(const char *path)
{
	char *pem = slurp(path);
	struct key *key;

	if (key_read_pem(pem, &key) != OK)
		fatal("attack: %s is no key", path);
	free(pem);
	return key;
}

static struct str
text(const char *s)
{
	return (struct str){s, strlen(s)};
}

static void
owner_of(const struct key *key, struct digest *ret)
{
	struct public_key pub;

	key_public(key, &pub);
	public_id(&pub, ret);
}

static void
random_token(char ret[TOKEN_SIZE])
{
	uint8_t bytes[TOKEN_SIZE / 2];

	crypto_random(bytes, sizeof(bytes));
	hex_write(ret, bytes, sizeof(bytes));
}

static void
sign_proof(struct proof *p, const struct buf *b, const struct key *key)
{
	struct signature sig;

	if (b->len >= sizeof(p->text))
		fatal("attack: the proof is too long");
	memcpy(p->text, b->p, b->len);
	p->text[b->len] = '\0';
	key_sign(key, p->text, b->len, &sig);
	signature_text(&sig, p->signature);
}

#endif
