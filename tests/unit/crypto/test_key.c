/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key.h"

#include "base/str.h"
#include "check.h"
#include "crypto/crypto.h"

/* Made by OpenSSL: ecparam -name prime256v1 -genkey -noout. */
static const char openssl_pem[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIHO1809FBYgpVQWn4cieD64H/gKRS/21WHhmI4NSWyPooAoGCCqGSM49\n"
    "AwEHoUQDQgAEX8pGHxnUH5HXRDlTr0pkVF70N3Zzc6sydBrJdfXddkYfO92Hpm1c\n"
    "3Hp2Z7VSKeVfN1sLFltqxxWsf0EhHhHLXg==\n"
    "-----END EC PRIVATE KEY-----\n";
static const char openssl_public[] =
    "045fca461f19d41f91d7443953af4a64545ef437767373ab32741ac975f5dd7646"
    "1f3bdd87a66d5cdc7a7667b55229e55f375b0b165b6ac715ac7f41211e11cb5e";

static struct key *key;
static struct public_key pub;

static void
check_setup(void)
{
	crypto_open();
	if (key_read_pem(openssl_pem, &key) == OK)
		key_public(key, &pub);
}

TEST(a_key_of_openssl_is_read)
{
	char hex[PUBLIC_HEX_SIZE];
	struct buf b;

	REQUIRE(key != NULL);
	public_hex(&pub, hex);
	CHECK_STR(hex, openssl_public);
	buf_init(&b, 1024);
	key_write_pem(key, &b);
	CHECK_STR(b.p, openssl_pem);
	buf_done(&b);
}

TEST(a_key_reads_back_from_its_pem)
{
	struct key *a = key_generate();
	struct key *b = NULL;
	struct public_key pa;
	struct public_key pb;
	struct buf pem;

	buf_init(&pem, 1024);
	key_write_pem(a, &pem);
	REQUIRE(key_read_pem(pem.p, &b) == OK);
	key_public(a, &pa);
	key_public(b, &pb);
	CHECK(memcmp(&pa, &pb, sizeof(pa)) == 0);
	CHECK(memcmp(&pa, &pub, sizeof(pa)) != 0);
	CHECK_INT(pa.b[0], 4);
	buf_done(&pem);
	key_free(a);
	key_free(b);
	key_free(NULL);
}

TEST(a_damaged_pem_is_refused)
{
	static const char *const bad[] = {"", "words",
	    "-----BEGIN EC PRIVATE KEY-----\n",
	    "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIA==\n",
	    "-----BEGIN PRIVATE KEY-----\nMHcC\n-----END PRIVATE KEY-----\n"};
	struct key *k = NULL;
	char pem[sizeof(openssl_pem)];
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK(key_read_pem(bad[i], &k) == ERR_INPUT);
	}
	/* In the scalar, and in the public half. */
	for (i = 45; i < 200; i += 10) {
		memcpy(pem, openssl_pem, sizeof(pem));
		if (pem[i] == '\n' || (i > 83 && i < 110))
			continue;
		pem[i] = pem[i] == 'A' ? 'B' : 'A';
		CHECK(key_read_pem(pem, &k) == ERR_INPUT);
		pem[i] = '!';
		CHECK(key_read_pem(pem, &k) == ERR_INPUT);
	}
	CHECK(k == NULL);
}

/* Between the two halves stands the name of the curve. */
TEST(a_key_of_another_curve_is_refused)
{
	struct key *k = NULL;
	char pem[sizeof(openssl_pem)];

	memcpy(pem, openssl_pem, sizeof(pem));
	pem[90] = pem[90] == 'A' ? 'B' : 'A';
	CHECK(key_read_pem(pem, &k) == ERR_INPUT);
	key_free(k);
}

TEST(a_signature_verifies_for_its_text_and_key_alone)
{
	static const char text[] = "approve notes.delete";
	struct key *other = key_generate();
	struct public_key other_pub;
	struct signature sig;
	char changed[sizeof(text)];
	int passed = 0;
	size_t i;

	key_public(other, &other_pub);
	key_sign(key, text, sizeof(text), &sig);
	CHECK_INT(sig.alg, SIG_ES256);
	CHECK(key_verify(&pub, text, sizeof(text), &sig) == OK);
	CHECK(
	    key_verify(&other_pub, text, sizeof(text), &sig) == ERR_SIGNATURE);
	CHECK(key_verify(&pub, text, sizeof(text) - 1, &sig) == ERR_SIGNATURE);
	CHECK(key_verify(&pub, "", 0, &sig) == ERR_SIGNATURE);
	for (i = 0; i < sizeof(text); i++) {
		memcpy(changed, text, sizeof(text));
		changed[i] ^= 1;
		passed += key_verify(&pub, changed, sizeof(text), &sig) == OK;
	}
	for (i = 0; i < SIGNATURE_LEN; i++) {
		sig.b[i] ^= 1;
		passed += key_verify(&pub, text, sizeof(text), &sig) == OK;
		sig.b[i] ^= 1;
	}
	CHECK_INT(passed, 0);
	key_free(other);
}

TEST(odd_signatures_and_keys_are_refused)
{
	struct signature sig = {.alg = SIG_ES256};
	struct public_key odd = pub;

	CHECK(key_verify(&pub, "a", 1, &sig) == ERR_SIGNATURE);
	memset(sig.b, 0xff, sizeof(sig.b));
	CHECK(key_verify(&pub, "a", 1, &sig) == ERR_SIGNATURE);
	key_sign(key, "a", 1, &sig);
	sig.alg = (enum sig_alg)2;
	CHECK(key_verify(&pub, "a", 1, &sig) == ERR_UNSUPPORTED);
	sig.alg = SIG_ES256;
	odd.b[64] ^= 1;
	CHECK(key_verify(&odd, "a", 1, &sig) == ERR_SIGNATURE);
	memset(&odd, 0, sizeof(odd));
	CHECK(key_verify(&odd, "a", 1, &sig) == ERR_SIGNATURE);
	odd = pub;
	odd.b[0] = 2;
	CHECK(key_verify(&odd, "a", 1, &sig) == ERR_SIGNATURE);
}

TEST(a_signature_has_one_text)
{
	char text[SIGNATURE_TEXT_SIZE];
	char longer[SIGNATURE_TEXT_SIZE + 1];
	struct signature sig;
	struct signature back;

	key_sign(key, "a", 1, &sig);
	signature_text(&sig, text);
	CHECK_INT(strlen(text), SIGNATURE_TEXT_SIZE - 1);
	CHECK(signature_read(text, &back) == OK);
	CHECK(memcmp(sig.b, back.b, SIGNATURE_LEN) == 0);
	CHECK_INT(back.alg, SIG_ES256);
	CHECK(signature_read("", &back) == ERR_UNSUPPORTED);
	CHECK(signature_read("RS256:00", &back) == ERR_UNSUPPORTED);
	CHECK(signature_read("es256:00", &back) == ERR_UNSUPPORTED);
	CHECK(signature_read("ES256:", &back) == ERR_INPUT);
	snprintf(longer, sizeof(longer), "%s0", text);
	CHECK(signature_read(longer, &back) == ERR_INPUT);
	text[10] = 'G';
	CHECK(signature_read(text, &back) == ERR_INPUT);
}

TEST(the_id_is_the_hash_of_the_spki)
{
	uint8_t spki[SPKI_LEN];
	struct digest a;
	struct digest b;
	struct public_key back;
	char hex[PUBLIC_HEX_SIZE];

	public_spki(&pub, spki);
	crypto_hash(spki, sizeof(spki), &a);
	public_id(&pub, &b);
	CHECK(digest_equal(&a, &b));
	digest_hex(&b, hex);
	CHECK_STR(hex,
	    "01c7309e7b5da09a72c438a46dae0e12a22d4d7e82102f662abbfb423be0b248");
	public_hex(&pub, hex);
	CHECK(public_read(hex, strlen(hex), &back) == OK);
	CHECK(memcmp(&pub, &back, sizeof(pub)) == 0);
	CHECK(public_read(hex, strlen(hex) - 1, &back) == ERR_INPUT);
	CHECK(public_read("", 0, &back) == ERR_INPUT);
}
