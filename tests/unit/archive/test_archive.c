/* SPDX-License-Identifier: Apache-2.0 */
#include "archive/archive.h"

#include <string.h>

#include "base/buf.h"
#include "check.h"
#include "crypto/aead.h"
#include "crypto/crypto.h"

#define WORDS "five wide rivers"
#define HEAD 56
#define SEALED (ARCHIVE_PIECE + AEAD_TAG_LEN)

static struct buf file;
static size_t at;

static void
check_setup(void)
{
	crypto_open();
}

static enum err
put(void *arg, const void *p, size_t len)
{
	(void)arg;
	buf_add(&file, p, len);
	return file.overflow ? ERR_IO : OK;
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

static struct secret *
words(const char *text)
{
	return secret_new(text, strlen(text));
}

static struct archive_writer *
begin(void)
{
	struct secret *s = words(WORDS);
	struct archive_writer *w = NULL;

	buf_done(&file);
	buf_init(&file, 4 * 1024 * 1024);
	at = 0;
	REQUIRE(archive_write_new(s, 2, put, NULL, &w) == OK);
	secret_free(s);
	return w;
}

static void
entry(struct archive_writer *w, enum archive_kind kind, const char *name,
    uint64_t size)
{
	struct archive_entry e = {.kind = kind, .mode = 0640, .size = size};

	if (kind == ARCHIVE_VOLUME_END)
		e.mode = 0;
	snprintf(e.name, sizeof(e.name), "%s", name);
	CHECK(archive_write_entry(w, &e) == OK);
}

static void
bytes(struct archive_writer *w, size_t n)
{
	static char filled[1000];

	memset(filled, 'n', sizeof(filled));
	for (; n > sizeof(filled); n -= sizeof(filled))
		CHECK(archive_write_bytes(w, filled, sizeof(filled)) == OK);
	CHECK(archive_write_bytes(w, filled, n) == OK);
}

static void
end(struct archive_writer *w)
{
	CHECK(archive_write_end(w) == OK);
	archive_write_free(w);
}

/* A file of `size` bytes in it. */
static void
make(size_t size)
{
	struct archive_writer *w = begin();

	entry(w, ARCHIVE_FILE, "core/durward.db", size);
	bytes(w, size);
	end(w);
}

/* To its end, or to the error; how many entries there were. */
static enum err
read_all(const char *passphrase, int *ret_n)
{
	struct secret *s = words(passphrase);
	struct archive_reader *r = NULL;
	struct archive_entry e;
	enum err result;

	at = 0;
	*ret_n = 0;
	result = archive_read_new(s, get, NULL, &r);
	secret_free(s);
	while (result == OK) {
		result = archive_read_entry(r, &e);
		if (result != OK || e.kind == ARCHIVE_END)
			break;
		(*ret_n)++;
	}
	archive_read_free(r);
	return result;
}

TEST(what_was_written_is_read)
{
	struct archive_writer *w = begin();
	struct secret *s = words(WORDS);
	struct archive_reader *r = NULL;
	struct archive_entry e;
	char got[8];
	size_t n;

	entry(w, ARCHIVE_FILE, "vault/trust.json", 5);
	REQUIRE(archive_write_bytes(w, "hello", 5) == OK);
	entry(w, ARCHIVE_VOLUME, "notes", 0);
	entry(w, ARCHIVE_FOLDER, "a b", 0);
	entry(w, ARCHIVE_LINK, "l", 2);
	REQUIRE(archive_write_bytes(w, "..", 2) == OK);
	entry(w, ARCHIVE_UP, "", 0);
	entry(w, ARCHIVE_VOLUME_END, "", 0);
	end(w);
	REQUIRE(archive_read_new(s, get, NULL, &r) == OK);
	secret_free(s);
	REQUIRE(archive_read_entry(r, &e) == OK);
	CHECK_STR(e.name, "vault/trust.json");
	CHECK_INT(e.mode, 0640);
	REQUIRE(archive_read_bytes(r, got, 3, &n) == OK);
	CHECK(n == 3 && memcmp(got, "hel", 3) == 0);
	/* The rest is passed over. */
	REQUIRE(archive_read_entry(r, &e) == OK);
	CHECK_INT(e.kind, ARCHIVE_VOLUME);
	REQUIRE(archive_read_entry(r, &e) == OK);
	CHECK_STR(e.name, "a b");
	REQUIRE(archive_read_entry(r, &e) == OK);
	REQUIRE(archive_read_bytes(r, got, sizeof(got), &n) == OK);
	CHECK(n == 2 && memcmp(got, "..", 2) == 0);
	REQUIRE(archive_read_bytes(r, got, sizeof(got), &n) == OK);
	CHECK_INT(n, 0);
	REQUIRE(archive_read_entry(r, &e) == OK);
	REQUIRE(archive_read_entry(r, &e) == OK);
	CHECK_INT(e.kind, ARCHIVE_VOLUME_END);
	REQUIRE(archive_read_entry(r, &e) == OK);
	CHECK_INT(e.kind, ARCHIVE_END);
	archive_read_free(r);
}

TEST(any_length_is_read_to_its_end)
{
	static const size_t around[] = {0, 1, ARCHIVE_PIECE - 80,
	    ARCHIVE_PIECE - 56, ARCHIVE_PIECE - 55, ARCHIVE_PIECE - 54,
	    ARCHIVE_PIECE - 36, ARCHIVE_PIECE - 35, ARCHIVE_PIECE - 34,
	    ARCHIVE_PIECE, 2 * ARCHIVE_PIECE - 55, 3 * ARCHIVE_PIECE + 7};
	size_t i;
	int n;

	for (i = 0; i < ARRAY_LEN(around); i++) {
		make(around[i]);
		CHECK_INT(read_all(WORDS, &n), OK);
		CHECK_INT(n, 1);
	}
}

TEST(another_passphrase_opens_nothing)
{
	int n;

	make(10);
	CHECK_INT(read_all(WORDS "!", &n), ERR_DENIED);
	CHECK_INT(read_all("", &n), ERR_DENIED);
	CHECK_INT(n, 0);
}

TEST(every_changed_byte_is_noticed)
{
	size_t i;
	int n;

	make(300);
	for (i = 0; i < file.len; i++) {
		enum err e;

		file.p[i] ^= 4;
		e = read_all(WORDS, &n);
		CHECK(e != OK);
		if (i >= HEAD)
			CHECK_INT(e, ERR_SIGNATURE);
		file.p[i] ^= 4;
	}
	CHECK_INT(read_all(WORDS, &n), OK);
}

TEST(every_cut_is_noticed)
{
	size_t len;
	size_t i;
	int n;

	make(2 * ARCHIVE_PIECE);
	len = file.len;
	for (i = 0; i < len;
	     i += i < 100 || i % SEALED > SEALED - 3 ? 1 : 997) {
		file.len = i;
		CHECK(read_all(WORDS, &n) != OK);
	}
	/* Between two pieces. */
	for (i = 0; i < 3; i++) {
		file.len = HEAD + i * SEALED;
		CHECK_INT(read_all(WORDS, &n), ERR_SIGNATURE);
	}
	file.len = len;
	CHECK_INT(read_all(WORDS, &n), OK);
	buf_add(&file, "", 1);
	CHECK_INT(read_all(WORDS, &n), ERR_SIGNATURE);
}

TEST(no_piece_is_moved_doubled_or_left_out)
{
	static char kept[SEALED];
	int n;

	make(4 * ARCHIVE_PIECE);
	memcpy(kept, file.p + HEAD + SEALED, SEALED);
	memcpy(file.p + HEAD + SEALED, file.p + HEAD + 2 * SEALED, SEALED);
	memcpy(file.p + HEAD + 2 * SEALED, kept, SEALED);
	CHECK_INT(read_all(WORDS, &n), ERR_SIGNATURE);
	make(4 * ARCHIVE_PIECE);
	memcpy(file.p + HEAD + SEALED, file.p + HEAD + 2 * SEALED, SEALED);
	CHECK_INT(read_all(WORDS, &n), ERR_SIGNATURE);
	make(4 * ARCHIVE_PIECE);
	memmove(file.p + HEAD + SEALED, file.p + HEAD + 2 * SEALED,
	    file.len - HEAD - 2 * SEALED);
	file.len -= SEALED;
	CHECK_INT(read_all(WORDS, &n), ERR_SIGNATURE);
}

TEST(a_head_that_is_none_is_told_from_a_newer_one)
{
	int n;

	make(1);
	file.p[19] = 2;
	CHECK_INT(read_all(WORDS, &n), ERR_UNSUPPORTED);
	file.p[19] = 0;
	CHECK_INT(read_all(WORDS, &n), ERR_CORRUPT);
	make(1);
	memset(file.p + 20, 0, 4);
	CHECK_INT(read_all(WORDS, &n), ERR_CORRUPT);
	memset(file.p + 20, 0xff, 4);
	CHECK_INT(read_all(WORDS, &n), ERR_CORRUPT);
	make(1);
	file.p[0] = 'D';
	CHECK_INT(read_all(WORDS, &n), ERR_INPUT);
	file.len = 0;
	CHECK_INT(read_all(WORDS, &n), ERR_INPUT);
}

/* One row of the grammar: what is written, and whether it is read. */
static enum err
spoken(const enum archive_kind *kinds, const char *const *names, size_t n)
{
	struct archive_writer *w = begin();
	size_t i;
	int read;

	for (i = 0; i < n; i++)
		entry(w, kinds[i], names[i], 0);
	end(w);
	return read_all(WORDS, &read);
}

TEST(names_lead_nowhere)
{
	static const char *const bad[] = {"core/../x", "core/", "../core/x",
	    "/core/x", "core", "etc/passwd", "vault/.x", "vault/a/b", "", "x"};
	static const char *const inside[] = {"..", ".", "", "a/b", "/"};
	enum archive_kind kinds[] = {
	    ARCHIVE_VOLUME, ARCHIVE_PLAIN, ARCHIVE_VOLUME_END};
	const char *names[] = {"notes", "fine", ""};
	enum archive_kind file_kind = ARCHIVE_FILE;
	size_t i;

	CHECK_INT(spoken(kinds, names, 3), OK);
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK_INT(spoken(&file_kind, &bad[i], 1), ERR_CORRUPT);
	}
	for (i = 0; i < ARRAY_LEN(inside); i++) {
		CASE(inside[i]);
		names[1] = inside[i];
		kinds[1] = ARCHIVE_PLAIN;
		CHECK_INT(spoken(kinds, names, 3), ERR_CORRUPT);
		kinds[1] = ARCHIVE_FOLDER;
		CHECK_INT(spoken(kinds, names, 3), ERR_CORRUPT);
	}
	names[0] = "../notes";
	names[1] = "fine";
	kinds[1] = ARCHIVE_PLAIN;
	CHECK_INT(spoken(kinds, names, 3), ERR_CORRUPT);
}

TEST(what_begins_ends_and_nothing_goes_up_beyond_its_top)
{
	static const enum archive_kind rows[][4] = {
	    {ARCHIVE_UP},
	    {ARCHIVE_VOLUME, ARCHIVE_UP, ARCHIVE_VOLUME_END},
	    {ARCHIVE_VOLUME, ARCHIVE_VOLUME},
	    {ARCHIVE_VOLUME, ARCHIVE_FOLDER, ARCHIVE_VOLUME_END},
	    {ARCHIVE_VOLUME, ARCHIVE_FILE, ARCHIVE_VOLUME_END},
	    {ARCHIVE_VOLUME_END},
	    {ARCHIVE_PLAIN},
	    {ARCHIVE_END},
	    {(enum archive_kind)99},
	    {ARCHIVE_VOLUME, ARCHIVE_VOLUME_END, ARCHIVE_FILE},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		const char *names[4] = {"", "", "", ""};
		size_t n = 0;

		for (; n < 4 && rows[i][n] != 0; n++)
			if (rows[i][n] != ARCHIVE_UP &&
			    rows[i][n] != ARCHIVE_VOLUME_END)
				names[n] = rows[i][n] == ARCHIVE_FILE
				    ? "core/policy"
				    : "name";
		CHECK_INT(spoken(rows[i], names, n), ERR_CORRUPT);
	}
}

TEST(depth_has_a_limit)
{
	struct archive_writer *w = begin();
	int i;
	int n;

	entry(w, ARCHIVE_VOLUME, "notes", 0);
	for (i = 0; i < VOLUME_DEPTH_MAX; i++)
		entry(w, ARCHIVE_FOLDER, "deeper", 0);
	end(w);
	CHECK_INT(read_all(WORDS, &n), ERR_CORRUPT);
	CHECK_INT(n, VOLUME_DEPTH_MAX);
}
