/* SPDX-License-Identifier: Apache-2.0 */
/* A list of devices. */
#include <stdint.h>

#include "announced.h"
#include "crypto/crypto.h"
#include "exposes/exposes.h"

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
	exposes_feed("zigbee2mqtt", (const char *)data, size, &ports);
	return 0;
}
