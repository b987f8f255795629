/* SPDX-License-Identifier: Apache-2.0 */
/* A frame that is read writes the same head again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t head[FRAME_HEAD_LEN];
	struct frame f;

	if (frame_decode(data, size, &f) != OK)
		return 0;
	if (f.body + f.body_len != f.bulk ||
	    f.bulk + f.bulk_len != (const char *)data + size)
		abort();
	if (frame_encode_head(&f, head) != OK ||
	    memcmp(head, data, sizeof(head)) != 0)
		abort();
	return 0;
}
