/* SPDX-License-Identifier: Apache-2.0 */
/* A topic behind the prefix, a line feed, and the configuration. */
#include <stdint.h>
#include <stdio.h>

#include "announced.h"
#include "crypto/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	crypto_open();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	char topic[1024];
	size_t n = end != NULL ? (size_t)(end - data) : 0;

	if (end == NULL || n > 900)
		return 0;
	snprintf(topic, sizeof(topic), "ha/%.*s", (int)n, (const char *)data);
	(void)discovery_feed("ha", "Durward", topic, (const char *)end + 1,
	    size - n - 1, &ports);
	return 0;
}
