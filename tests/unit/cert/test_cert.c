/* SPDX-License-Identifier: Apache-2.0 */
#include "cert/cert.h"

#include <stdlib.h>

#include "base/limits.h"
#include "check.h"
#include "crypto/crypto.h"

static struct buf root_key;
static struct buf root;
static struct buf client_key;
static struct public_key root_public;
static struct public_key client_public;

static void
make_key(struct buf *pem, struct public_key *pub)
{
	struct key *k = key_generate();

	buf_init(pem, 4096);
	key_write_pem(k, pem);
	key_public(k, pub);
	key_free(k);
}

static void
clean_up(void)
{
	buf_done(&root_key);
	buf_done(&root);
	buf_done(&client_key);
}

static void
check_setup(void)
{
	crypto_open();
	make_key(&root_key, &root_public);
	make_key(&client_key, &client_public);
	buf_init(&root, 8192);
	if (cert_make_root(root_key.p, "box", &root) != OK)
		buf_clear(&root);
	atexit(clean_up);
}

#define NOW_MS 1800000000000

static bool
same(const struct public_key *a, const struct public_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

TEST(the_root_carries_the_key_of_the_box)
{
	struct public_key got;

	REQUIRE(cert_key(root.p, &got) == OK);
	CHECK(same(&got, &root_public));
}

TEST(a_certificate_under_the_root_carries_its_own_key)
{
	struct public_key got;
	struct buf b;

	buf_init(&b, 8192);
	REQUIRE(
	    cert_make(root_key.p, root.p, &client_public, "phone", &b) == OK);
	CHECK(cert_key(b.p, &got) == OK);
	CHECK(same(&got, &client_public));
	buf_clear(&b);
	REQUIRE(cert_make_server(root_key.p, root.p, &client_public,
		    "box.local box 192.168.1.4 fd00::4", NOW_MS, &b) == OK);
	CHECK(cert_key(b.p, &got) == OK);
	CHECK(same(&got, &client_public));
	buf_done(&b);
}

TEST(a_listener_has_so_many_names_and_no_more)
{
	struct buf names;
	struct buf b;
	int i;

	buf_init(&names, HOUSE_NAMES_BYTES_MAX);
	buf_init(&b, 8192);
	buf_adds(&names, "box");
	for (i = 1; i < HOUSE_NAMES_MAX; i++)
		buf_addf(&names, " 10.0.0.%d", i);
	CHECK(cert_make_server(root_key.p, root.p, &client_public, names.p,
		  NOW_MS, &b) == OK);
	buf_adds(&names, " 10.0.1.1");
	buf_clear(&b);
	CHECK(cert_make_server(root_key.p, root.p, &client_public, names.p,
		  NOW_MS, &b) == ERR_LIMIT);
	CHECK_INT(b.len, 0);
	buf_done(&names);
	buf_done(&b);
}

TEST(names_that_are_no_names_are_refused)
{
	static const char *const bad[] = {
	    "", "Box", "a,O=Other", "a b", "a\nb", "9"};
	struct buf b;
	size_t i;

	buf_init(&b, 8192);
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK(cert_make_root(root_key.p, bad[i], &b) == ERR_INPUT);
		CHECK(cert_make(root_key.p, root.p, &client_public, bad[i],
			  &b) == ERR_INPUT);
		CHECK(csr_make(client_key.p, bad[i], &b) == ERR_INPUT);
	}
	CHECK_INT(b.len, 0);
	buf_done(&b);
}

TEST(broken_keys_and_roots_are_refused)
{
	struct public_key odd = client_public;
	struct buf b;

	odd.b[64] ^= 1;
	buf_init(&b, 8192);
	CHECK(cert_make_root("words", "box", &b) != OK);
	CHECK(cert_make("words", root.p, &client_public, "phone", &b) != OK);
	CHECK(
	    cert_make(root_key.p, "words", &client_public, "phone", &b) != OK);
	CHECK(cert_make(root_key.p, root.p, &odd, "phone", &b) != OK);
	CHECK(csr_make("words", "phone", &b) != OK);
	CHECK_INT(b.len, 0);
	buf_done(&b);
}

TEST(a_request_gives_the_key_that_signed_it)
{
	struct public_key got;
	struct buf b;

	buf_init(&b, 8192);
	REQUIRE(csr_make(client_key.p, "phone", &b) == OK);
	CHECK(csr_read(b.p, &got) == OK);
	CHECK(same(&got, &client_public));
	buf_done(&b);
}

/* Every digit of its base64 changed: none may give another key, and a
 * changed key or name must break the signature. */
TEST(a_tampered_request_is_refused)
{
	struct buf b;
	char *at;
	char *end;
	int passed = 0;
	int bad_signature = 0;

	buf_init(&b, 8192);
	REQUIRE(csr_make(client_key.p, "phone", &b) == OK);
	at = strchr(b.p, '\n') + 1;
	end = strstr(b.p, "-----END");
	for (; at < end; at++) {
		struct public_key got;
		char was = *at;
		enum err e;

		if (was == '\n' || was == '=')
			continue;
		*at = was == 'A' ? 'Q' : 'A';
		e = csr_read(b.p, &got);
		passed += e == OK && !same(&got, &client_public);
		bad_signature += e == ERR_SIGNATURE;
		*at = was;
	}
	CHECK_INT(passed, 0);
	CHECK(bad_signature > 50);
	buf_done(&b);
}

TEST(what_is_no_pem_is_refused)
{
	static const char *const bad[] = {"", "words",
	    ("-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n"
	     "-----END CERTIFICATE REQUEST-----\n")};
	struct public_key got;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK(csr_read(bad[i], &got) == ERR_INPUT);
		CHECK(cert_key(bad[i], &got) == ERR_INPUT);
	}
	CHECK(csr_read(root.p, &got) == ERR_INPUT);
	CHECK(cert_key(root_key.p, &got) == ERR_INPUT);
}
