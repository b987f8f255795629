/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint or an anchor that is read writes back to the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/anchor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand_same(const struct buf *b, const uint8_t *data, size_t size)
{
	if (b->len != size || memcmp(b->p, data, size) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct audit_checkpoint c;
	struct anchor a;
	struct buf b;

	buf_init(&b, ANCHOR_MAX);
	if (audit_checkpoint_read((const char *)data, size, &c) == OK) {
		audit_checkpoint_text(&c.box, c.size, &c.root, &b);
		demand_same(&b, data, size);
	}
	buf_clear(&b);
	if (anchor_read((const char *)data, size, &a) == OK) {
		anchor_write(&a, &b);
		demand_same(&b, data, size);
	}
	buf_done(&b);
	return 0;
}
