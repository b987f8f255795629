/* SPDX-License-Identifier: Apache-2.0 */
/* A backup in one file: as it lies there, and what a passphrase opened.  No
 * name leads out of its folder, and what begins ends. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/buf.h"
#include "crypto/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buf file;
static size_t at;

static enum err
put(void *arg, const void *p, size_t len)
{
	(void)arg;
	buf_add(&file, p, len);
	return OK;
}

static enum err
get(void *arg, void *p, size_t len, size_t *ret_len)
{
	(void)arg;
	if (len > file.len - at)
		len = file.len - at;
	memcpy(p, file.p + at, len);
	at += len;
	*ret_len = len;
	return OK;
}

/* Sealed as it is, whatever it says. */
static void
seal(const struct secret *s, const uint8_t *data, size_t size)
{
	struct archive_writer *w;

	if (archive_write_new(s, 1, put, NULL, &w) != OK ||
	    archive_write_bytes(w, data, size) != OK ||
	    archive_write_end(w) != OK)
		abort();
	archive_write_free(w);
}

static void
check_entry(const struct archive_entry *e, int *depth)
{
	if (e->kind == ARCHIVE_FOLDER)
		++*depth;
	if (e->kind == ARCHIVE_UP)
		--*depth;
	if (*depth < 0 || *depth >= VOLUME_DEPTH_MAX || e->mode > 0777 ||
	    strcmp(e->name, ".") == 0 || strcmp(e->name, "..") == 0)
		abort();
	if (e->kind != ARCHIVE_FILE && strchr(e->name, '/') != NULL)
		abort();
}

static void
read_all(const struct secret *s)
{
	struct archive_reader *r;
	struct archive_entry e;
	char bytes[100];
	int depth = 0;
	size_t n;

	at = 0;
	if (archive_read_new(s, get, NULL, &r) != OK)
		return;
	while (archive_read_entry(r, &e) == OK && e.kind != ARCHIVE_END) {
		check_entry(&e, &depth);
		if (archive_read_bytes(r, bytes, sizeof(bytes), &n) != OK)
			break;
	}
	archive_read_free(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct secret *s;

	if (s == NULL) {
		crypto_open();
		s = secret_new("words", 5);
	}
	buf_init(&file, 1024 * 1024);
	if (size > 0 && data[0] == 'd')
		/* Rounds that a fuzzer has time for. */
		put(NULL, data, size);
	else
		seal(s, data, size);
	if (file.len > 24 && data[0] == 'd')
		memcpy(file.p + 20, "\0\0\0\1", 4);
	read_all(s);
	buf_done(&file);
	return 0;
}
