/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/frame.h"

#include <stdlib.h>

#include "base/limits.h"
#include "check.h"

static void
check_setup(void)
{
}

/* A packet in memory of exactly its size. */
static uint8_t *
packet(enum msg_type type, size_t body_len, size_t bulk_len, size_t *ret_len)
{
	struct frame f = {
	    .type = type, .body_len = body_len, .bulk_len = bulk_len};
	uint8_t *p = calloc(1, FRAME_HEAD_LEN + body_len + bulk_len);

	*ret_len = FRAME_HEAD_LEN + body_len + bulk_len;
	REQUIRE(frame_encode_head(&f, p) == OK);
	return p;
}

TEST(a_frame_reads_back)
{
	static const size_t sizes[][2] = {{0, 0}, {2, 0}, {0, 3}, {300, 70000},
	    {LANE_BODY_MAX, LANE_BULK_MAX}};
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct frame f;
		size_t len;
		uint8_t *p = packet((enum msg_type)(MSG_COUNT - 1), sizes[i][0],
		    sizes[i][1], &len);

		REQUIRE(frame_decode(p, len, &f) == OK);
		CHECK_INT(f.type, MSG_COUNT - 1);
		CHECK_INT(f.body_len, sizes[i][0]);
		CHECK_INT(f.bulk_len, sizes[i][1]);
		CHECK(f.body == (const char *)p + FRAME_HEAD_LEN);
		CHECK(f.bulk == f.body + f.body_len);
		free(p);
	}
}

TEST(what_is_too_large_is_not_sent)
{
	struct frame f = {.body_len = LANE_BODY_MAX + 1};
	uint8_t head[FRAME_HEAD_LEN];

	CHECK(frame_encode_head(&f, head) == ERR_LIMIT);
	f = (struct frame){.bulk_len = LANE_BULK_MAX + 1};
	CHECK(frame_encode_head(&f, head) == ERR_LIMIT);
	f = (struct frame){.bulk_len = SIZE_MAX};
	CHECK(frame_encode_head(&f, head) == ERR_LIMIT);
}

TEST(every_length_must_add_up)
{
	struct frame f;
	size_t len;
	uint8_t *p = packet(MSG_START, 20, 30, &len);
	size_t i;

	for (i = 0; i < len; i++) {
		uint8_t *shorter = malloc(i + 1);

		memcpy(shorter, p, i);
		CHECK(frame_decode(shorter, i, &f) == ERR_INPUT);
		free(shorter);
	}
	p[8]++;
	CHECK(frame_decode(p, len, &f) == ERR_INPUT);
	p[12]--;
	CHECK(frame_decode(p, len, &f) == OK);
	free(p);
}

TEST(a_head_with_any_other_byte_is_refused)
{
	size_t len;
	uint8_t *p = packet(MSG_START, 2, 0, &len);
	struct frame f;
	size_t i;

	for (i = 0; i < FRAME_HEAD_LEN; i++) {
		uint8_t was = p[i];

		if (i == 4)
			continue;
		p[i] = 0xff;
		CHECK(frame_decode(p, len, &f) == ERR_INPUT);
		p[i] = was;
	}
	p[4] = MSG_COUNT;
	CHECK(frame_decode(p, len, &f) == ERR_INPUT);
	p[4] = MSG_COUNT - 1;
	CHECK(frame_decode(p, len, &f) == OK);
	free(p);
}

TEST(lengths_near_the_top_do_not_wrap)
{
	size_t len;
	uint8_t *p = packet(MSG_START, 0, 0, &len);
	struct frame f;

	memset(p + 8, 0xff, 4);
	p[12] = 1;
	CHECK(frame_decode(p, len, &f) == ERR_INPUT);
	free(p);
}
