/* SPDX-License-Identifier: Apache-2.0 */
/* A code that is read is written in the one form that reads back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "recovery/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recovery_code again;
	struct recovery_code c;
	char text[RECOVERY_CODE_SIZE];
	char *typed = malloc(size + 1);

	crypto_open();
	memcpy(typed, data, size);
	typed[size] = '\0';
	if (recovery_read(typed, &c) == OK) {
		recovery_write(&c, text);
		if (strlen(text) != RECOVERY_CODE_SIZE - 1 ||
		    recovery_read(text, &again) != OK ||
		    memcmp(&c, &again, sizeof(c)) != 0)
			abort();
	}
	free(typed);
	return 0;
}
