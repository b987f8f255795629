/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <string.h>

#include "crypto/crypto.h"
#include "crypto/seal.h"

#define WORDS "forty-four characters of a token, more or less"

void
check_setup(void)
{
	crypto_open();
}

TEST(what_is_sealed_is_opened_by_its_key_alone)
{
	struct seal_key *right = seal_key_new();
	struct seal_key *wrong = seal_key_new();
	uint8_t sealed[sizeof(WORDS) + SEAL_OVERHEAD];
	struct secret *got = NULL;
	struct public_key to;

	seal_key_public(right, &to);
	REQUIRE(seal_to(&to, WORDS, sizeof(WORDS), sealed) == OK);
	CHECK(seal_open(wrong, sealed, sizeof(sealed), &got) == ERR_SIGNATURE);
	CHECK(got == NULL);
	REQUIRE(seal_open(right, sealed, sizeof(sealed), &got) == OK);
	CHECK_STR(secret_reveal(got), WORDS);
	CHECK_INT(secret_len(got), sizeof(WORDS));
	secret_free(got);
	seal_key_free(right);
	seal_key_free(wrong);
}

TEST(a_changed_byte_anywhere_is_found)
{
	struct seal_key *k = seal_key_new();
	uint8_t sealed[sizeof(WORDS) + SEAL_OVERHEAD];
	struct secret *got = NULL;
	struct public_key to;
	size_t i;

	seal_key_public(k, &to);
	REQUIRE(seal_to(&to, WORDS, sizeof(WORDS), sealed) == OK);
	for (i = 0; i < sizeof(sealed); i += 7) {
		sealed[i] ^= 1;
		CHECK(seal_open(k, sealed, sizeof(sealed), &got) ==
		    ERR_SIGNATURE);
		sealed[i] ^= 1;
	}
	CHECK(seal_open(k, sealed, 3, &got) == ERR_SIGNATURE);
	CHECK(got == NULL);
	seal_key_free(k);
}

TEST(what_is_no_point_cannot_be_sealed_to)
{
	uint8_t sealed[sizeof(WORDS) + SEAL_OVERHEAD];
	struct public_key to;

	memset(&to, 0, sizeof(to));
	CHECK(seal_to(&to, WORDS, sizeof(WORDS), sealed) == ERR_INPUT);
}
