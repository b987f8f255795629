/* SPDX-License-Identifier: Apache-2.0 */
#include "webpush/webpush.h"

#include <string.h>

#include "base/str.h"
#include "check.h"
#include "crypto/crypto.h"

void
check_setup(void)
{
	crypto_open();
}

static size_t
unhex(const char *hex, uint8_t *ret)
{
	REQUIRE(hex_read(hex, strlen(hex), ret, strlen(hex) / 2) == OK);
	return strlen(hex) / 2;
}

/* RFC 5869, appendix A.1, the first block. */
TEST(hkdf_derives_what_its_rfc_says)
{
	uint8_t secret[22];
	uint8_t salt[13];
	uint8_t info[10];
	uint8_t want[32];
	uint8_t got[32];

	memset(secret, 0x0b, sizeof(secret));
	unhex("000102030405060708090a0b0c", salt);
	unhex("f0f1f2f3f4f5f6f7f8f9", info);
	unhex("3cb25f25faacd57a90434f64d0362f2a"
	      "2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
	    want);
	hkdf(salt, sizeof(salt), secret, sizeof(secret), info, sizeof(info),
	    got, sizeof(got));
	CHECK(memcmp(got, want, sizeof(want)) == 0);
}

/* RFC 8188, section 3.1. */
TEST(one_record_is_what_its_rfc_says)
{
	static const char words[] = "I am the walrus";
	uint8_t secret[16];
	uint8_t salt[16];
	uint8_t want[53];
	uint8_t got[53];
	struct ece how = {secret, sizeof(secret), salt, "", 0};

	unhex("caa76567eb587a67e88129afed6b393d", secret);
	REQUIRE(unhex("23506cc6d16db65bf7bbf3a8f78c679b0000100000f8d015b9bdaa16"
		      "0044b902916a9a19bbe231908bdadcc101d4f0fe972f138638",
		    want) == sizeof(want));
	memcpy(salt, want, sizeof(salt));
	REQUIRE(
	    ece_seal(&how, words, strlen(words), strlen(words) + 1, got) == OK);
	CHECK(memcmp(got, want, sizeof(want)) == 0);
}

/* RFC 8291, section 5 and appendix A. */
TEST(a_message_is_what_its_rfc_says)
{
	static const char words[] = "When I grow up, I want to be a watermelon";
	uint8_t scalar[ECDH_SCALAR_LEN];
	uint8_t shared[ECDH_LEN];
	uint8_t want[256];
	uint8_t got[256];
	struct webpush_to to;
	struct ecdh_key *own;
	size_t len;

	unhex("c9f58f89813e9f8e872e71f42aa64e17"
	      "57c9254dcc62b72ddc010bb4043ea11c",
	    scalar);
	REQUIRE(ecdh_key_read(scalar, &own) == OK);
	unhex("05305932a1c7eabe13b6cec9fda48882", to.auth);
	unhex("042571b2becdfde360551aaf1ed0f4cd366c11cebe555f89bcb7b186a5333917"
	      "3168ece2ebe018597bd30479b86e3c8f8eced577ca59187e9246990db682008b"
	      "0e",
	    to.key.b);
	unhex(
	    "932acbd63208387133837b0cd995911c3441eb66000998614a592727aef6912b",
	    want);
	REQUIRE(ecdh_agree(own, &to.key, shared) == OK);
	CHECK(memcmp(shared, want, sizeof(shared)) == 0);
	len = unhex(
	    "0c6bfaadad67958803092d454676f397000010004104fe33f4ab0dea71914db5"
	    "5823f73b54948f41306d920732dbb9a59a53286482200e597a7b7bc260ba1c22"
	    "7998580992e93973002f3012a28ae8f06bbb78e5ec0ff297de5b429bba7153d3"
	    "a4ae0caa091fd425f3b4b5414add8ab37a19c1bbb05cf5cb5b2a2e0562d55863"
	    "5641ec52812c6c8ff42e95ccb86be7cd",
	    want);
	REQUIRE(webpush_seal_with(
		    &to, own, want, words, strlen(words) + 1, got) == OK);
	CHECK(memcmp(got, want, len) == 0);
	ecdh_key_free(own);
}

static struct webpush_to
browser(void)
{
	struct ecdh_key *k = ecdh_key_new();
	struct webpush_to to;

	ecdh_key_public(k, &to.key);
	crypto_random(to.auth, sizeof(to.auth));
	ecdh_key_free(k);
	return to;
}

TEST(each_message_has_a_key_and_a_salt_of_its_own_and_one_length)
{
	struct webpush_to to = browser();
	uint8_t one[WEBPUSH_LEN];
	uint8_t two[WEBPUSH_LEN];

	REQUIRE(webpush_seal(&to, "yes", one) == OK);
	REQUIRE(webpush_seal(&to, "yes", two) == OK);
	CHECK(memcmp(one, two, ECE_SALT_LEN) != 0);
	CHECK(memcmp(one + ECE_HEAD_LEN, two + ECE_HEAD_LEN, PUBLIC_LEN) != 0);
	REQUIRE(webpush_seal(&to, "something much longer", two) == OK);
	/* 86 bytes of head, the room, the tag. */
	CHECK_INT(WEBPUSH_LEN, 86 + 128 + 16);
}

TEST(what_does_not_fit_into_its_room_is_not_sent)
{
	struct webpush_to to = browser();
	uint8_t got[WEBPUSH_LEN];
	char words[WEBPUSH_ROOM + 1] = {0};

	memset(words, 'x', WEBPUSH_ROOM - 1);
	CHECK_INT(webpush_seal(&to, words, got), OK);
	memset(words, 'x', WEBPUSH_ROOM);
	CHECK_INT(webpush_seal(&to, words, got), ERR_LIMIT);
}

TEST(a_key_that_is_no_point_of_the_curve_gets_nothing)
{
	struct webpush_to good = browser();
	struct webpush_to to;
	uint8_t got[WEBPUSH_LEN];

	to = good;
	to.key.b[64] ^= 1; /* Off the curve. */
	CHECK_INT(webpush_seal(&to, "yes", got), ERR_INPUT);
	CHECK_INT(public_check(&to.key), ERR_INPUT);
	to = good;
	to.key.b[0] = 2; /* Compressed. */
	CHECK_INT(webpush_seal(&to, "yes", got), ERR_INPUT);
	CHECK_INT(public_check(&to.key), ERR_INPUT);
	memset(to.key.b + 1, 0, PUBLIC_LEN - 1);
	to.key.b[0] = 4; /* Nought. */
	CHECK_INT(webpush_seal(&to, "yes", got), ERR_INPUT);
	memset(to.key.b + 1, 0xff, PUBLIC_LEN - 1); /* Beyond the field. */
	CHECK_INT(webpush_seal(&to, "yes", got), ERR_INPUT);
	CHECK_INT(public_check(&good.key), OK);
}

TEST(no_number_beyond_the_order_is_a_key)
{
	uint8_t scalar[ECDH_SCALAR_LEN] = {0};
	struct ecdh_key *k;

	CHECK_INT(ecdh_key_read(scalar, &k), ERR_INPUT);
	memset(scalar, 0xff, sizeof(scalar));
	CHECK_INT(ecdh_key_read(scalar, &k), ERR_INPUT);
}
