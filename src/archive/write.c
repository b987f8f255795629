/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "archive/archive_priv.h"
#include "base/log.h"
#include "crypto/crypto.h"

struct archive_writer {
	struct aead_key *key;
	archive_put_fn *put;
	void *arg;
	uint64_t n; /* Pieces so far. */
	size_t len;
	uint8_t plain[ARCHIVE_PIECE];
	uint8_t sealed[ARCHIVE_PIECE + AEAD_TAG_LEN];
};

enum err
archive_write_new(const struct secret *passphrase, uint32_t rounds,
    archive_put_fn *put, void *arg, struct archive_writer **ret)
{
	struct archive_writer *w;
	uint8_t head[HEAD_LEN];
	enum err e;

	memcpy(head, archive_magic, ARCHIVE_MAGIC_LEN);
	put_number(head + ARCHIVE_MAGIC_LEN, ARCHIVE_VERSION, 4);
	put_number(head + ARCHIVE_MAGIC_LEN + 4, rounds, 4);
	crypto_random(head + SALTED_LEN - SALT_LEN, SALT_LEN);
	w = xalloc(sizeof(*w));
	w->put = put;
	w->arg = arg;
	w->key = archive_key(passphrase, head, head + SALTED_LEN);
	e = put(arg, head, sizeof(head));
	if (e == OK)
		*ret = w;
	else
		archive_write_free(w);
	return e;
}

void
archive_write_free(struct archive_writer *w)
{
	if (w == NULL)
		return;
	aead_key_free(w->key);
	explicit_bzero(w->plain, sizeof(w->plain));
	free(w);
}

static enum err
put_piece(struct archive_writer *w, bool last)
{
	size_t len = w->len + AEAD_TAG_LEN;

	aead_seal_piece(w->key, w->n++, last, w->plain, w->len, w->sealed);
	w->len = 0;
	return w->put(w->arg, w->sealed, len);
}

enum err
archive_write_bytes(struct archive_writer *w, const void *p, size_t len)
{
	const uint8_t *from = p;
	enum err e = OK;

	while (len > 0 && e == OK) {
		size_t n = ARCHIVE_PIECE - w->len;

		/* A full one waits: it may be the last. */
		if (n == 0) {
			e = put_piece(w, false);
			continue;
		}
		if (n > len)
			n = len;
		memcpy(w->plain + w->len, from, n);
		w->len += n;
		from += n;
		len -= n;
	}
	return e;
}

enum err
archive_write_entry(struct archive_writer *w, const struct archive_entry *e)
{
	size_t name_len = strlen(e->name);
	uint8_t b[ENTRY_LEN + sizeof(e->name)];

	b[0] = (uint8_t)e->kind;
	put_number(b + 1, e->mode & 0777, 2);
	put_number(b + 3, e->uid, 4);
	put_number(b + 7, e->gid, 4);
	put_number(b + 11, e->size, 8);
	b[19] = (uint8_t)name_len;
	memcpy(b + ENTRY_LEN, e->name, name_len);
	return archive_write_bytes(w, b, ENTRY_LEN + name_len);
}

enum err
archive_write_end(struct archive_writer *w)
{
	struct archive_entry end = {.kind = ARCHIVE_END};
	enum err e = archive_write_entry(w, &end);

	return e == OK ? put_piece(w, true) : e;
}
