/* SPDX-License-Identifier: Apache-2.0 */
/* What is read writes back to the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "approval/sheet.h"
#include "base/limits.h"
#include "crypto/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool open;
	struct sheet x;
	struct buf b;

	if (!open)
		crypto_open();
	open = true;
	if (sheet_read((const char *)data, size, &x) != OK)
		return 0;
	buf_init(&b, SHEET_MAX);
	if (sheet_write(&x, &b) != OK || b.len != size ||
	    memcmp(b.p, data, size) != 0)
		abort();
	buf_done(&b);
	return 0;
}
