/* SPDX-License-Identifier: Apache-2.0 */
#include "http/authorities.h"

#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "sys/file.h"

struct authorities {
	mbedtls_x509_crt chain;
};

/* What cannot be read among them is passed over: bundles hold certificates
 * of kinds that nobody needs. */
static void
load_one(struct authorities *a, const char *path)
{
	struct buf b;

	buf_init(&b, FILE_READ_MAX);
	if (file_read(path, &b) == OK && b.len > 0)
		mbedtls_x509_crt_parse(
		    &a->chain, (const unsigned char *)b.p, b.len + 1);
	buf_done(&b);
}

enum err
authorities_load(const char *const *paths, size_t n, struct authorities **ret)
{
	struct authorities *a = xalloc(sizeof(*a));
	size_t i;

	mbedtls_x509_crt_init(&a->chain);
	for (i = 0; i < n; i++)
		load_one(a, paths[i]);
	if (a->chain.raw.p == NULL) {
		mbedtls_x509_crt_free(&a->chain);
		free(a);
		return ERR_NOTFOUND;
	}
	*ret = a;
	return OK;
}

void
authorities_first(
    const struct authorities *a, const void **ret_der, size_t *ret_len)
{
	*ret_der = a->chain.raw.p;
	*ret_len = a->chain.raw.len;
}

void
authorities_use(struct authorities *a, void *ssl_config)
{
	mbedtls_ssl_conf_ca_chain(ssl_config, &a->chain, NULL);
}
