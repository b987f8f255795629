/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/str.h"
#include "check.h"

static void
check_setup(void)
{
}

TEST(a_buffer_is_text_at_every_moment)
{
	struct buf b;
	char *p;

	buf_init(&b, 100000);
	buf_adds(&b, "one");
	CHECK_STR(b.p, "one");
	buf_addf(&b, " %d %s", 2, "three");
	CHECK_STR(b.p, "one 2 three");
	buf_add(&b, "\0x", 2);
	CHECK_INT(b.len, 13);
	CHECK_INT(b.p[b.len], 0);
	buf_drop(&b, 4);
	CHECK_STR(b.p, "2 three");
	buf_clear(&b);
	CHECK_STR(b.p, "");
	buf_addf(&b, "%050000d", 7);
	CHECK_INT(b.len, 50000);
	p = buf_steal(&b);
	CHECK_INT(strlen(p), 50000);
	free(p);
	CHECK(b.p == NULL);
	buf_done(&b);
}

TEST(the_limit_keeps_what_was_there)
{
	struct buf b;

	buf_init(&b, 8);
	buf_adds(&b, "12345678");
	CHECK(!b.overflow);
	buf_adds(&b, "9");
	CHECK(b.overflow);
	CHECK_STR(b.p, "12345678");
	buf_clear(&b);
	CHECK(!b.overflow);
	buf_addf(&b, "%s", "123456789");
	CHECK(b.overflow);
	buf_adds(&b, "x");
	CHECK_INT(b.len, 0);
	buf_done(&b);
}

TEST(an_unused_buffer_can_be_stolen_and_ended)
{
	struct buf b;
	char *p;

	buf_init(&b, 8);
	p = buf_steal(&b);
	CHECK_STR(p, "");
	free(p);
	buf_drop(&b, 0);
	buf_clear(&b);
	buf_done(&b);
	buf_done(&b);
}

TEST(a_digest_has_one_text)
{
	struct digest a;
	struct digest b;
	char hex[DIGEST_HEX_SIZE];
	size_t i;

	for (i = 0; i < DIGEST_LEN; i++)
		a.b[i] = (uint8_t)(i * 9);
	digest_hex(&a, hex);
	CHECK_INT(strlen(hex), 64);
	CHECK(digest_read(hex, 64, &b) == OK);
	CHECK(digest_equal(&a, &b));
	CHECK(digest_read(hex, 63, &b) == ERR_INPUT);
	hex[63] = 'G';
	CHECK(digest_read(hex, 64, &b) == ERR_INPUT);
}

TEST(digests_differ_by_any_bit)
{
	struct digest a = {{0}};
	struct digest b;
	int i;

	for (i = 0; i < 8 * DIGEST_LEN; i++) {
		b = a;
		b.b[i / 8] ^= (uint8_t)(1 << (i % 8));
		CHECK(!digest_equal(&a, &b));
	}
	CHECK(digest_equal(&a, &a));
}

TEST(every_error_has_its_sentence)
{
	struct errmsg why;
	int e;

	for (e = 0; e < ERR_COUNT; e++)
		CHECK(strlen(err_text((enum err)e)) > 1);
	CHECK_STR(err_text(ERR_COUNT), "unknown error");
	CHECK(err_say(&why, ERR_DENIED, "no %s", "way") == ERR_DENIED);
	CHECK_STR(why.text, "no way");
	CHECK(err_say(NULL, ERR_IO, "unheard") == ERR_IO);
}

/* Messages travel in JSON, where half a character would be a violation. */
TEST(a_message_that_was_cut_is_still_utf8)
{
	struct errmsg why;
	char words[601];
	int i;

	for (i = 0; i < 600; i += 2)
		memcpy(words + i, "\xc3\xa9", 2);
	words[600] = '\0';
	CHECK(err_say(&why, ERR_INPUT, "x%s", words) == ERR_INPUT);
	CHECK(str_is_utf8(why.text, strlen(why.text)));
	CHECK(err_say(&why, ERR_INPUT, "'%.63s' is odd", words) == ERR_INPUT);
	CHECK(str_is_utf8(why.text, strlen(why.text)));
}
