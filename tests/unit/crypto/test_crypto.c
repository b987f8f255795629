/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/crypto.h"

#include "base/str.h"
#include "check.h"

static void
check_setup(void)
{
	crypto_open();
}

static void
check_digest(const struct digest *d, const char *want)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(d, hex);
	CHECK_STR(hex, want);
}

TEST(sha256_gives_the_published_answers)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
	    {"",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8"
		"55"},
	    {"abc",
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015"
		"ad"},
	    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06"
		"c1"},
	};
	struct digest d;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		crypto_hash(rows[i].text, strlen(rows[i].text), &d);
		check_digest(&d, rows[i].want);
	}
}

TEST(sha256_of_a_million_is_the_published_one)
{
	static char million[1000000];
	struct crypto_part parts[3] = {
	    {million, 1}, {million, 999998}, {million, 1}};
	struct digest d;

	memset(million, 'a', sizeof(million));
	crypto_hash(million, sizeof(million), &d);
	check_digest(&d,
	    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	crypto_hash_parts(parts, 3, &d);
	check_digest(&d,
	    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(parts_hash_like_the_whole)
{
	struct crypto_part parts[4] = {{"a", 1}, {"", 0}, {NULL, 0}, {"bc", 2}};
	struct digest a;
	struct digest b;

	crypto_hash("abc", 3, &a);
	crypto_hash_parts(parts, 4, &b);
	CHECK(digest_equal(&a, &b));
}

/* RFC 4231, 4.2 to 4.8; 4.6 cuts its answer to 128 bits. */
TEST(hmac_sha256_gives_the_answers_of_rfc_4231)
{
	static const struct {
		int key_byte; /* -1: the text; -2: 01 02 03 ... */
		const char *key;
		size_t key_len;
		int data_byte;
		const char *data;
		size_t data_len;
		const char *want;
	} rows[] = {
	    {0x0b, "", 20, -1, "Hi There", 8,
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cf"
		"f7"},
	    {-1, "Jefe", 4, -1, "what do ya want for nothing?", 28,
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec38"
		"43"},
	    {0xaa, "", 20, 0xdd, "", 50,
		"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565"
		"fe"},
	    {-2, "", 25, 0xcd, "", 50,
		"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff4672966"
		"5"
		"b"},
	    {0xaa, "", 131, -1,
		"Test Using Larger Than Block-Size Key - Hash Key First", 54,
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f"
		"54"},
	    {0xaa, "", 131, -1,
		"This is a test using a larger than block-size key and a "
		"larger "
		"than block-size data. The key needs to be hashed before being "
		"used by the HMAC algorithm.",
		152,
		"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35"
		"e2"},
	};
	size_t i;
	size_t j;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t key[131];
		char data[160];
		struct digest d;

		for (j = 0; j < rows[i].key_len; j++)
			key[j] = rows[i].key_byte == -1
			    ? (uint8_t)rows[i].key[j]
			    : rows[i].key_byte == -2
			    ? (uint8_t)(j + 1)
			    : (uint8_t)rows[i].key_byte;
		if (rows[i].data_byte >= 0)
			memset(data, rows[i].data_byte, rows[i].data_len);
		else
			memcpy(data, rows[i].data, rows[i].data_len);
		crypto_hmac(key, rows[i].key_len, data, rows[i].data_len, &d);
		check_digest(&d, rows[i].want);
	}
}

TEST(random_bytes_differ)
{
	uint8_t a[64] = {0};
	uint8_t b[64] = {0};

	crypto_random(a, sizeof(a));
	crypto_random(b, sizeof(b));
	CHECK(memcmp(a, b, sizeof(a)) != 0);
	crypto_random(a, 0);
	CHECK(memcmp(a, b, sizeof(a)) != 0);
}

TEST(sha1_gives_the_published_answer)
{
	char hex[2 * SHA1_LEN + 1];
	uint8_t sum[SHA1_LEN];

	crypto_sha1("abc", 3, sum);
	hex_write(hex, sum, sizeof(sum));
	CHECK_STR(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
}
