/* SPDX-License-Identifier: Apache-2.0 */
#include "recovery/code.h"

#include <ctype.h>
#include <string.h>

#include "check.h"
#include "crypto/crypto.h"

static struct recovery_code code;
static char text[RECOVERY_CODE_SIZE];

static void
check_setup(void)
{
	crypto_open();
	crypto_random(&code, sizeof(code));
	recovery_write(&code, text);
}

static bool
reads(const char *typed)
{
	struct recovery_code c;

	return recovery_read(typed, &c) == OK &&
	    memcmp(&c, &code, sizeof(c)) == 0;
}

TEST(a_code_reads_back_however_it_is_typed)
{
	char typed[2 * sizeof(text)] = "";
	size_t i;
	size_t n = 0;

	CHECK_INT(strlen(text), 14 * 5 - 1);
	CHECK(reads(text));
	for (i = 0; text[i] != '\0'; i++) {
		char c = (char)toupper((unsigned char)text[i]);

		if (c == '-')
			c = i % 2 == 0 ? ' ' : '\n';
		typed[n++] = c == 'O' ? '0'
		    : c == 'L'        ? '1'
		    : c == 'B'        ? '8'
				      : c;
		if (i % 3 == 0)
			typed[n++] = ' ';
	}
	CHECK(reads(typed));
}

/* Each digit, to each other one; and two that changed places. */
TEST(typing_errors_are_told)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	struct recovery_code c;
	char wrong[sizeof(text)];
	size_t missed = 0;
	size_t i;
	size_t j;

	for (i = 0; text[i] != '\0'; i++)
		for (j = 0; text[i] != '-' && j < 32; j++) {
			memcpy(wrong, text, sizeof(wrong));
			wrong[i] = digits[j];
			missed += digits[j] != text[i] &&
			    recovery_read(wrong, &c) == OK;
		}
	for (i = 0; text[i + 1] != '\0'; i++) {
		memcpy(wrong, text, sizeof(wrong));
		wrong[i] = text[i + 1];
		wrong[i + 1] = text[i];
		missed += text[i] != '-' && text[i + 1] != '-' &&
		    text[i] != text[i + 1] && recovery_read(wrong, &c) == OK;
	}
	/* Of 1,700 at most one in 65,536 each. */
	CHECK(missed <= 1);
}

#define SIX "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa-"
#define SEVEN SIX "aaaa-"

TEST(what_is_no_code_is_refused)
{
	static const char *const wrong[] = {
	    "", "-", "aaaa", "!!!!", (SEVEN SIX), (SEVEN SEVEN "a")};
	struct recovery_code c;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK_INT(recovery_read(wrong[i], &c), ERR_INPUT);
}

TEST(a_proof_is_for_one_connection_key_and_name)
{
	struct digest hash;
	struct digest channel;
	struct digest other;
	struct digest want;
	struct digest got;
	struct public_key pub;
	struct key *key = key_generate();

	key_public(key, &pub);
	key_free(key);
	recovery_hash(code.secret, &hash);
	crypto_hash("one", 3, &channel);
	crypto_hash("two", 3, &other);
	recovery_hmac(&hash, channel.b, &pub, "new", &want);
	recovery_hmac(&hash, channel.b, &pub, "new", &got);
	CHECK(digest_equal(&want, &got));
	recovery_hmac(&hash, other.b, &pub, "new", &got);
	CHECK(!digest_equal(&want, &got));
	recovery_hmac(&hash, channel.b, &pub, "news", &got);
	CHECK(!digest_equal(&want, &got));
	recovery_hmac(&other, channel.b, &pub, "new", &got);
	CHECK(!digest_equal(&want, &got));
	pub.b[40] ^= 1;
	recovery_hmac(&hash, channel.b, &pub, "new", &got);
	CHECK(!digest_equal(&want, &got));
}
