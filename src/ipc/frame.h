/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPC_FRAME_H
#define IPC_FRAME_H

/*
 * One frame is one packet on a lane: a head of 16 bytes, little-endian,
 * then the body (JSON) and the bulk (raw).
 *
 *	0  magic "DWL1"     4  type     6  zero
 *	8  body length     12  bulk length
 *
 * The lengths must add up to the packet exactly.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ipc/lanes.h"

#define FRAME_HEAD_LEN 16

struct frame {
	enum msg_type type;
	const char *body;
	size_t body_len;
	const char *bulk;
	size_t bulk_len;
};

/* Only the head: body and bulk are sent from where they lie.  ERR_LIMIT. */
NODISCARD enum err frame_encode_head(
    const struct frame *f, uint8_t ret[FRAME_HEAD_LEN]);

/* Borrows from the packet.  ERR_INPUT. */
NODISCARD enum err frame_decode(
    const void *packet, size_t len, struct frame *ret);

#endif
