/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/frame.h"

#include <string.h>

#include "base/limits.h"

static const uint8_t magic[4] = {'D', 'W', 'L', '1'};

static void
put32(uint8_t *p, size_t v)
{
	int i;

	for (i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static size_t
get32(const uint8_t *p)
{
	return (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 |
	    (size_t)p[3] << 24;
}

enum err
frame_encode_head(const struct frame *f, uint8_t ret[FRAME_HEAD_LEN])
{
	if (f->body_len > LANE_BODY_MAX || f->bulk_len > LANE_BULK_MAX)
		return ERR_LIMIT;
	memcpy(ret, magic, sizeof(magic));
	put32(ret + 4, (size_t)f->type);
	put32(ret + 8, f->body_len);
	put32(ret + 12, f->bulk_len);
	return OK;
}

enum err
frame_decode(const void *packet, size_t len, struct frame *ret)
{
	const uint8_t *p = packet;
	struct frame f;

	if (len < FRAME_HEAD_LEN || memcmp(p, magic, sizeof(magic)) != 0)
		return ERR_INPUT;
	if (get32(p + 4) >= MSG_COUNT)
		return ERR_INPUT;
	f.type = (enum msg_type)get32(p + 4);
	f.body_len = get32(p + 8);
	f.bulk_len = get32(p + 12);
	if (f.body_len > LANE_BODY_MAX || f.bulk_len > LANE_BULK_MAX ||
	    FRAME_HEAD_LEN + f.body_len + f.bulk_len != len)
		return ERR_INPUT;
	f.body = (const char *)p + FRAME_HEAD_LEN;
	f.bulk = f.body + f.body_len;
	*ret = f;
	return OK;
}
