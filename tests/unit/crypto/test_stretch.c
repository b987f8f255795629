/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/stretch.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "check.h"
#include "crypto/crypto.h"

static void
check_setup(void)
{
	crypto_open();
}

/* The first two are the beginnings of those in RFC 7914 section 11, the
 * others are OpenSSL's. */
TEST(a_passphrase_gives_the_published_keys)
{
	static const struct {
		const char *words, *salt;
		uint32_t rounds;
		const char *key;
	} rows[] = {
	    {"passwd", "salt", 1,
		"55ac046e56e3089fec1691c22544b605"
		"f94185216dde0465e68b9d57c20dacbc"},
	    {"Password", "NaCl", 80000,
		"4ddcd8f60b98be21830cee5ef22701f9"
		"641a4418d04c0414aeff08876b34ab56"},
	    {"password", "salt", 4096,
		"c5e478d59288c841aa530db6845c4c8d"
		"962893a001ce4e11a4963873aa98134a"},
	    {"one passphrase that is longer than the block of the hash is and "
	     "so is hashed first",
		"salt of sixteen!", 3,
		"6393bd885456d816bc602347296c2737"
		"f3114937900fb60852bc2152b2949b8d"},
	};
	uint8_t want[STRETCH_LEN];
	uint8_t got[STRETCH_LEN];
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct secret *words =
		    secret_new(rows[i].words, strlen(rows[i].words));

		CASE(rows[i].words);
		REQUIRE(hex_read(rows[i].key, strlen(rows[i].key), want,
			    sizeof(want)) == OK);
		stretch(words, rows[i].salt, strlen(rows[i].salt),
		    rows[i].rounds, got);
		CHECK(memcmp(got, want, sizeof(want)) == 0);
		secret_free(words);
	}
}
