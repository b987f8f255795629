/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCHIVE_ARCHIVE_H
#define ARCHIVE_ARCHIVE_H

/*
 * A backup in one file: a head in the open, and behind it entries in pieces
 * that only a passphrase opens.
 *
 *	head	"durward-backup\0\0", version, rounds, salt, confirm
 *	pieces	ARCHIVE_PIECE bytes and a tag each, the last one shorter
 *
 * Numbers are big-endian.  PBKDF2-HMAC-SHA-256 of passphrase, salt and rounds
 * gives, by HMAC over the head, two keys: `confirm` stands in the head, so
 * that a wrong passphrase is told from a damaged file, and the other one
 * seals the pieces (aead_seal_piece()).  So no byte can be changed, no piece
 * moved, left out or put behind, without the reader noticing; and nothing of
 * a piece is told before its tag was checked.
 *
 * What is inside are entries, each a few words and its bytes:
 *
 *	FILE*  (VOLUME (FOLDER | PLAIN | LINK | UP)* VOLUME_END)*  END
 *
 * Pure: bytes go out and come in by a function of the caller.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/secret.h"

#define ARCHIVE_MAGIC_LEN 16
#define ARCHIVE_VERSION 1
#define ARCHIVE_PIECE (64 * 1024)
#define ARCHIVE_ROUNDS 600000 /* Of PBKDF2, which each guess costs as well. */
#define ARCHIVE_ROUNDS_MAX 10000000
#define ARCHIVE_DATA_MAX (1024LL * 1024 * 1024 * 1024) /* Of one file. */
#define ARCHIVE_LINK_MAX 4096
#define ARCHIVE_TRIES_MAX 5 /* Of one volume, which changes meanwhile. */
#define ARCHIVE_VOLUMES_MAX (SLICES_MAX * ARCHIVE_TRIES_MAX)
#define ARCHIVE_ENTRIES_MAX (2 * VOLUME_ENTRIES_MAX + 1) /* Of one try. */

enum archive_kind {
	ARCHIVE_FILE = 1, /* Of the state: "FOLDER/NAME". */
	ARCHIVE_VOLUME, /* Begins one; the name is its tool's. */
	ARCHIVE_FOLDER, /* What follows is in it, */
	ARCHIVE_UP, /* up to here. */
	ARCHIVE_PLAIN,
	ARCHIVE_LINK, /* Its bytes are what it points to. */
	ARCHIVE_VOLUME_END, /* `mode` 1: it changed meanwhile and follows
			     * anew. */
	ARCHIVE_END,
};

struct archive_entry {
	enum archive_kind kind;
	unsigned mode; /* Of permissions, 0777 at most. */
	uint32_t uid; /* Counted in the ids of the volume's tool. */
	uint32_t gid;
	uint64_t size; /* Of the bytes that follow. */
	char name[256]; /* One component, but of a FILE. */
};

/* Does a file that begins so want to be one? */
bool archive_is(const void *p, size_t len);

/* ---- write.c ---- */

struct archive_writer;

/* All bytes, or ERR_IO. */
typedef enum err archive_put_fn(void *arg, const void *p, size_t len);

/* `rounds` is 1 to ARCHIVE_ROUNDS_MAX. */
NODISCARD enum err archive_write_new(const struct secret *passphrase,
    uint32_t rounds, archive_put_fn *put, void *arg,
    struct archive_writer **ret);
/* The bytes of the entry before are all there. */
NODISCARD enum err archive_write_entry(
    struct archive_writer *w, const struct archive_entry *e);
NODISCARD enum err archive_write_bytes(
    struct archive_writer *w, const void *p, size_t len);
/* END, and the last piece. */
NODISCARD enum err archive_write_end(struct archive_writer *w);
void archive_write_free(struct archive_writer *w);

/* ---- read.c ---- */

struct archive_reader;

/* Fewer than `len` bytes at the end alone. */
typedef enum err archive_get_fn(
    void *arg, void *p, size_t len, size_t *ret_len);

/* ERR_INPUT: no such file; ERR_UNSUPPORTED: of a newer version; ERR_CORRUPT:
 * no such head; ERR_DENIED: another passphrase, or a changed head; ERR_IO. */
NODISCARD enum err archive_read_new(const struct secret *passphrase,
    archive_get_fn *get, void *arg, struct archive_reader **ret);
/* What is left of the entry before is passed over.  With END the whole file
 * was read and fits.  ERR_SIGNATURE: cut or changed; ERR_CORRUPT: the entries
 * make no sense; ERR_IO. */
NODISCARD enum err archive_read_entry(
    struct archive_reader *r, struct archive_entry *ret);
/* 0 bytes behind the last. */
NODISCARD enum err archive_read_bytes(
    struct archive_reader *r, void *p, size_t len, size_t *ret_len);
void archive_read_free(struct archive_reader *r);

#endif
