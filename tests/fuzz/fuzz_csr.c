/* SPDX-License-Identifier: Apache-2.0 */
/* What a stranger sends to be paired, and what the house reads certificates
 * with: as text, and as what is inside of it.  Whatever is read is the same
 * each time, and a key on our curve. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cert/cert.h"
#include "crypto/crypto.h"

#define LINE 64

static void
read_both(const char *pem)
{
	struct public_key key;
	struct public_key again;
	uint8_t spki[SPKI_LEN];

	if (csr_read(pem, &key) == OK) {
		if (csr_read(pem, &again) != OK ||
		    memcmp(&key, &again, sizeof(key)) != 0)
			abort();
		public_spki(&key, spki);
	}
	if (cert_key(pem, &key) == OK) {
		if (cert_key(pem, &again) != OK ||
		    memcmp(&key, &again, sizeof(key)) != 0)
			abort();
		public_spki(&key, spki);
	}
}

/* PEM has lines of 64 digits. */
static void
wrap(const char *kind, const uint8_t *der, size_t size, struct buf *out)
{
	char *digits = malloc(BASE64_LEN(size) + 1);
	size_t n = BASE64_LEN(size);
	size_t at;

	if (digits == NULL)
		abort();
	base64_write(digits, der, size);
	buf_clear(out);
	buf_addf(out, "-----BEGIN %s-----\n", kind);
	for (at = 0; at < n; at += LINE)
		buf_addf(out, "%.*s\n", LINE, digits + at);
	buf_addf(out, "-----END %s-----\n", kind);
	free(digits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_open;
	struct buf b;

	if (!is_open)
		crypto_open();
	is_open = true;
	buf_init(&b, 1 << 20);
	buf_add(&b, data, size);
	read_both(b.p);
	wrap("CERTIFICATE REQUEST", data, size, &b);
	read_both(b.p);
	wrap("CERTIFICATE", data, size, &b);
	read_both(b.p);
	buf_done(&b);
	return 0;
}
