/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"

#include <string.h>

#include "base/str.h"
#include "check.h"
#include "crypto/crypto.h"

#define WORDS "mail-password|1"

static void
check_setup(void)
{
	crypto_open();
}

/* The GCM specification (McGrew and Viega), test cases 13 and 14: key and
 * nonce are nought. */
TEST(the_published_messages_open)
{
	static const struct {
		const char *hex;
		size_t len;
	} rows[] = {{"530f8afbc74536b9a963b4f1c4cb738b", 0},
	    {"cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
		16}};
	static const uint8_t nought[AEAD_KEY_LEN];
	struct aead_key *k = aead_key_new(nought);
	uint8_t sealed[AEAD_OVERHEAD + 16];
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		size_t n = strlen(rows[i].hex) / 2;
		struct secret *got = NULL;

		CASE(rows[i].hex);
		memset(sealed, 0, sizeof(sealed));
		REQUIRE(hex_read(rows[i].hex, 2 * n, sealed + AEAD_NONCE_LEN,
			    n) == OK);
		REQUIRE(
		    aead_open(k, "", sealed, AEAD_NONCE_LEN + n, &got) == OK);
		CHECK_INT(secret_len(got), rows[i].len);
		CHECK(memcmp(secret_reveal(got), nought, rows[i].len) == 0);
		secret_free(got);
	}
	aead_key_free(k);
}

TEST(key_words_and_every_byte_must_be_the_same)
{
	uint8_t key[AEAD_KEY_LEN] = {1};
	struct aead_key *k = aead_key_new(key);
	struct aead_key *other;
	uint8_t sealed[3 + AEAD_OVERHEAD];
	uint8_t again[3 + AEAD_OVERHEAD];
	struct secret *got = NULL;
	size_t i;

	key[31] = 1;
	other = aead_key_new(key);
	aead_seal(k, WORDS, "abc", 3, sealed);
	aead_seal(k, WORDS, "abc", 3, again);
	CHECK(memcmp(sealed, again, sizeof(sealed)) != 0);
	CHECK(aead_open(other, WORDS, sealed, sizeof(sealed), &got) ==
	    ERR_SIGNATURE);
	CHECK(aead_open(k, WORDS "2", sealed, sizeof(sealed), &got) ==
	    ERR_SIGNATURE);
	for (i = 0; i < sizeof(sealed); i++) {
		CHECK(aead_open(k, WORDS, sealed, i, &got) == ERR_SIGNATURE);
		sealed[i] ^= 1;
		CHECK(aead_open(k, WORDS, sealed, sizeof(sealed), &got) ==
		    ERR_SIGNATURE);
		sealed[i] ^= 1;
	}
	CHECK(got == NULL);
	REQUIRE(aead_open(k, WORDS, sealed, sizeof(sealed), &got) == OK);
	CHECK_STR(secret_reveal(got), "abc");
	secret_free(got);
	aead_key_free(k);
	aead_key_free(other);
}

TEST(a_piece_opens_in_its_own_place_alone)
{
	static const uint8_t nought[AEAD_KEY_LEN];
	struct aead_key *k = aead_key_new(nought);
	uint8_t sealed[5 + AEAD_TAG_LEN];
	uint8_t got[5];

	aead_seal_piece(k, 258, false, "hello", 5, sealed);
	CHECK(
	    aead_open_piece(k, 258, false, sealed, sizeof(sealed), got) == OK);
	CHECK(memcmp(got, "hello", 5) == 0);
	CHECK(aead_open_piece(k, 258, true, sealed, sizeof(sealed), got) ==
	    ERR_SIGNATURE);
	CHECK(memcmp(got, "hello", 5) != 0);
	CHECK(aead_open_piece(k, 257, false, sealed, sizeof(sealed), got) ==
	    ERR_SIGNATURE);
	CHECK(aead_open_piece(k, (uint64_t)258 << 32, false, sealed,
		  sizeof(sealed), got) == ERR_SIGNATURE);
	CHECK(aead_open_piece(k, 258, false, sealed, AEAD_TAG_LEN - 1, got) ==
	    ERR_SIGNATURE);
	aead_key_free(k);
}
