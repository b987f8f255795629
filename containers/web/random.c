/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Random bytes for the TLS library and for libcurl's generator: the kernel's.
 */

#include <mbedtls/entropy.h>
#include <psa/crypto.h>
#include <stdbool.h>
#include <sys/random.h>

static bool
fill(unsigned char *p, size_t n)
{
	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

psa_status_t
mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
    uint8_t *output, size_t output_size, size_t *output_length)
{
	(void)context;
	if (!fill(output, output_size))
		return PSA_ERROR_INSUFFICIENT_ENTROPY;
	*output_length = output_size;
	return PSA_SUCCESS;
}

/* Declared nowhere that programs can see. */
int mbedtls_hardware_poll(
    void *data, unsigned char *output, size_t len, size_t *olen);

int
mbedtls_hardware_poll(
    void *data, unsigned char *output, size_t len, size_t *olen)
{
	(void)data;
	if (!fill(output, len))
		return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
	*olen = len;
	return 0;
}
