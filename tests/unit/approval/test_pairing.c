/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/pairing.h"

#include "check.h"
#include "crypto/crypto.h"

static void
check_setup(void)
{
	crypto_open();
}

static struct pairing_token
token(void)
{
	struct pairing_token t;
	size_t i;

	for (i = 0; i < sizeof(t.box_hash); i++)
		t.box_hash[i] = (uint8_t)(i + 1);
	for (i = 0; i < sizeof(t.secret); i++)
		t.secret[i] = (uint8_t)(200 + i);
	return t;
}

TEST(a_token_reads_back)
{
	struct pairing_token t = token();
	struct pairing_token r;
	char text[PAIRING_TOKEN_SIZE];

	pairing_token_write(&t, text);
	CHECK_INT(strlen(text), PAIRING_TOKEN_SIZE - 1);
	CHECK(pairing_token_read(text, &r) == OK);
	CHECK(memcmp(&t, &r, sizeof(t)) == 0);
}

TEST(a_malformed_token_is_refused)
{
	struct pairing_token t = token();
	struct pairing_token r;
	char text[PAIRING_TOKEN_SIZE];
	char longer[PAIRING_TOKEN_SIZE + 1];

	CHECK(pairing_token_read("", &r) == ERR_INPUT);
	pairing_token_write(&t, text);
	snprintf(longer, sizeof(longer), "%sa", text);
	CHECK(pairing_token_read(longer, &r) == ERR_INPUT);
	text[5] = '1';
	CHECK(pairing_token_read(text, &r) == ERR_INPUT);
	pairing_token_write(&t, text);
	text[0] = 'b';
	CHECK(pairing_token_read(text, &r) == ERR_UNSUPPORTED);
	pairing_token_write(&t, text);
	text[PAIRING_TOKEN_SIZE - 2] = '\0';
	CHECK(pairing_token_read(text, &r) == ERR_INPUT);
}

TEST(a_token_knows_its_box)
{
	struct pairing_token t = token();
	struct digest box = {{0}};
	int i;

	memcpy(box.b, t.box_hash, PAIRING_HASH_LEN);
	CHECK(pairing_token_is_of(&t, &box));
	for (i = 0; i < PAIRING_HASH_LEN; i++) {
		box.b[i] ^= 0x80;
		CHECK(!pairing_token_is_of(&t, &box));
		box.b[i] ^= 0x80;
	}
}

TEST(the_proof_changes_with_every_input)
{
	struct pairing_token t = token();
	struct digest exporter = {{7}};
	struct public_key key = {{4, 1, 2}};
	struct digest want;
	struct digest got;

	pairing_hmac(t.secret, exporter.b, &key, "phone", &want);
	pairing_hmac(t.secret, exporter.b, &key, "phone", &got);
	CHECK(digest_equal(&want, &got));
	pairing_hmac(t.secret, exporter.b, &key, "phones", &got);
	CHECK(!digest_equal(&want, &got));
	pairing_hmac(t.secret, exporter.b, &key, "", &got);
	CHECK(!digest_equal(&want, &got));
	key.b[64] ^= 1;
	pairing_hmac(t.secret, exporter.b, &key, "phone", &got);
	CHECK(!digest_equal(&want, &got));
	key.b[64] ^= 1;
	exporter.b[31] ^= 1;
	pairing_hmac(t.secret, exporter.b, &key, "phone", &got);
	CHECK(!digest_equal(&want, &got));
	exporter.b[31] ^= 1;
	t.secret[9] ^= 1;
	pairing_hmac(t.secret, exporter.b, &key, "phone", &got);
	CHECK(!digest_equal(&want, &got));
}

TEST(the_words_change_with_every_input)
{
	static const uint8_t secret[PAIRING_SECRET_LEN] = {1, 2, 3};
	static const uint8_t other[PAIRING_SECRET_LEN] = {1, 2, 4};
	struct digest box = {{1}};
	struct digest client = {{2}};
	const char *words[PAIRING_WORDS];
	const char *again[PAIRING_WORDS];
	int i;

	pairing_words(secret, &box, &client, words);
	pairing_words(secret, &box, &client, again);
	for (i = 0; i < PAIRING_WORDS; i++)
		CHECK_STR(again[i], words[i]);
	pairing_words(other, &box, &client, again);
	CHECK(memcmp(words, again, sizeof(words)) != 0);
	pairing_words(secret, &client, &client, again);
	CHECK(memcmp(words, again, sizeof(words)) != 0);
	pairing_words(secret, &box, &box, again);
	CHECK(memcmp(words, again, sizeof(words)) != 0);
}
