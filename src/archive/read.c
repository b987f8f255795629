/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "archive/archive_priv.h"
#include "base/log.h"
#include "base/str.h"

struct archive_reader {
	struct aead_key *key;
	archive_get_fn *get;
	void *arg;
	uint64_t n; /* Pieces opened. */
	bool last; /* The piece that is open is the last. */
	size_t at; /* In it. */
	size_t len;
	uint64_t left; /* Of the entry's bytes. */
	/* Where in the grammar. */
	bool in_volume;
	int depth;
	uint64_t entries; /* Of the volume. */
	size_t volumes;
	uint8_t plain[ARCHIVE_PIECE];
	/* A piece, and the byte behind it, if there is one. */
	uint8_t sealed[ARCHIVE_PIECE + AEAD_TAG_LEN + 1];
	size_t ahead; /* 0 or 1 bytes are at its beginning already. */
};

static enum err
read_head(struct archive_reader *r, const struct secret *passphrase)
{
	uint8_t confirm[CONFIRM_LEN];
	uint8_t head[HEAD_LEN];
	uint64_t version;
	uint64_t rounds;
	size_t len = 0;
	enum err e = r->get(r->arg, head, sizeof(head), &len);

	if (e != OK)
		return e;
	if (!archive_is(head, len))
		return ERR_INPUT;
	if (len < sizeof(head))
		return ERR_CORRUPT;
	version = get_number(head + ARCHIVE_MAGIC_LEN, 4);
	if (version > ARCHIVE_VERSION)
		return ERR_UNSUPPORTED;
	rounds = get_number(head + ARCHIVE_MAGIC_LEN + 4, 4);
	if (version == 0 || rounds == 0 || rounds > ARCHIVE_ROUNDS_MAX)
		return ERR_CORRUPT;
	r->key = archive_key(passphrase, head, confirm);
	return memcmp(confirm, head + SALTED_LEN, CONFIRM_LEN) == 0
	    ? OK
	    : ERR_DENIED;
}

enum err
archive_read_new(const struct secret *passphrase, archive_get_fn *get,
    void *arg, struct archive_reader **ret)
{
	struct archive_reader *r = xalloc(sizeof(*r));
	enum err e;

	r->get = get;
	r->arg = arg;
	e = read_head(r, passphrase);
	if (e == OK)
		*ret = r;
	else
		archive_read_free(r);
	return e;
}

void
archive_read_free(struct archive_reader *r)
{
	if (r == NULL)
		return;
	aead_key_free(r->key);
	explicit_bzero(r->plain, sizeof(r->plain));
	free(r);
}

static enum err
open_piece(struct archive_reader *r)
{
	size_t len = 0;
	enum err e;

	if (r->last)
		return ERR_CORRUPT; /* An entry goes on behind the end. */
	e = r->get(
	    r->arg, r->sealed + r->ahead, sizeof(r->sealed) - r->ahead, &len);
	if (e != OK)
		return e;
	len += r->ahead;
	r->last = len < sizeof(r->sealed);
	r->ahead = r->last ? 0 : 1;
	len -= r->ahead;
	e = aead_open_piece(r->key, r->n++, r->last, r->sealed, len, r->plain);
	if (e != OK)
		return e;
	r->sealed[0] = r->sealed[sizeof(r->sealed) - 1];
	r->len = len - AEAD_TAG_LEN;
	r->at = 0;
	return OK;
}

/* Exactly so many; NULL passes over them. */
static enum err
take(struct archive_reader *r, uint8_t *p, uint64_t len)
{
	enum err e = OK;

	while (len > 0 && e == OK) {
		size_t n = r->len - r->at;

		if (n == 0) {
			e = open_piece(r);
			continue;
		}
		if (n > len)
			n = (size_t)len;
		if (p != NULL) {
			memcpy(p, r->plain + r->at, n);
			p += n;
		}
		r->at += n;
		len -= n;
	}
	return e;
}

/* ---- Grammar ---- */

static bool
is_state_name(const char *name)
{
	const char *slash = strchr(name, '/');

	return slash != NULL && str_is_name(slash + 1) &&
	    (strncmp(name, "core/", 5) == 0 || strncmp(name, "vault/", 6) == 0);
}

static bool
is_component(const char *name)
{
	return name[0] != '\0' && strchr(name, '/') == NULL &&
	    strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool
follows_outside(struct archive_reader *r, const struct archive_entry *e)
{
	switch (e->kind) {
	case ARCHIVE_FILE:
		return r->volumes == 0 && is_state_name(e->name) &&
		    e->size <= ARCHIVE_DATA_MAX;
	case ARCHIVE_VOLUME:
		r->in_volume = true;
		r->depth = 0;
		r->entries = 0;
		return ++r->volumes <= ARCHIVE_VOLUMES_MAX &&
		    str_is_name(e->name) && e->size == 0;
	case ARCHIVE_END:
		return e->name[0] == '\0' && e->size == 0;
	default:
		return false;
	}
}

static bool
follows_inside(struct archive_reader *r, const struct archive_entry *e)
{
	if (++r->entries > ARCHIVE_ENTRIES_MAX)
		return false;
	switch (e->kind) {
	case ARCHIVE_FOLDER:
		return is_component(e->name) && e->size == 0 &&
		    ++r->depth < VOLUME_DEPTH_MAX;
	case ARCHIVE_UP:
		return e->name[0] == '\0' && e->size == 0 && r->depth-- > 0;
	case ARCHIVE_PLAIN:
		return is_component(e->name) && e->size <= ARCHIVE_DATA_MAX;
	case ARCHIVE_LINK:
		return is_component(e->name) && e->size > 0 &&
		    e->size < ARCHIVE_LINK_MAX;
	case ARCHIVE_VOLUME_END:
		r->in_volume = false;
		return e->name[0] == '\0' && e->size == 0 && r->depth == 0 &&
		    e->mode <= 1;
	default:
		return false;
	}
}

enum err
archive_read_entry(struct archive_reader *r, struct archive_entry *ret)
{
	struct archive_entry e = {.kind = ARCHIVE_END};
	uint8_t b[ENTRY_LEN] = {0};
	enum err result = take(r, NULL, r->left);

	r->left = 0;
	if (result == OK)
		result = take(r, b, sizeof(b));
	if (result == OK)
		result = take(r, (uint8_t *)e.name, b[19]);
	if (result != OK)
		return result;
	e.kind = b[0];
	e.mode = (unsigned)get_number(b + 1, 2);
	e.uid = (uint32_t)get_number(b + 3, 4);
	e.gid = (uint32_t)get_number(b + 7, 4);
	e.size = get_number(b + 11, 8);
	if (strlen(e.name) != b[19] || e.mode > 0777 ||
	    !(r->in_volume ? follows_inside(r, &e) : follows_outside(r, &e)))
		return ERR_CORRUPT;
	/* The end of the entries is the end of the file. */
	if (e.kind == ARCHIVE_END && (!r->last || r->at != r->len))
		return ERR_CORRUPT;
	r->left = e.size;
	*ret = e;
	return OK;
}

enum err
archive_read_bytes(
    struct archive_reader *r, void *p, size_t len, size_t *ret_len)
{
	enum err e;

	if (len > r->left)
		len = (size_t)r->left;
	e = take(r, p, len);
	if (e != OK)
		return e;
	r->left -= len;
	*ret_len = len;
	return OK;
}
