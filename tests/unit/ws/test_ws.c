/* SPDX-License-Identifier: Apache-2.0 */
#include "ws/ws.h"

#include "base/limits.h"
#include "check.h"
#include "crypto/crypto.h"

static void
check_setup(void)
{
	crypto_open();
}

/* A frame as a client sends it, under the mask of the RFC's examples. */
static const uint8_t mask[] = {0x37, 0xfa, 0x21, 0x3d};

static void
add_head(struct buf *b, unsigned first, uint64_t len, unsigned bytes)
{
	unsigned mark = bytes == 8 ? 127 : bytes == 2 ? 126 : (unsigned)len;
	char c = (char)first;
	unsigned i;

	buf_add(b, &c, 1);
	c = (char)(0x80 | mark);
	buf_add(b, &c, 1);
	for (i = bytes; i > 0; i--) {
		c = (char)(len >> 8 * (i - 1) & 0xff);
		buf_add(b, &c, 1);
	}
	buf_add(b, mask, sizeof(mask));
}

static void
add_frame(struct buf *b, unsigned first, const char *p, size_t len)
{
	size_t i;

	add_head(b, first, len, len > 0xffff ? 8 : len > 125 ? 2 : 0);
	for (i = 0; i < len; i++) {
		char c = (char)((uint8_t)p[i] ^ mask[i % 4]);

		buf_add(b, &c, 1);
	}
}

/* All events of these bytes, in pieces of this size, as one line of text. */
static void
tell(const char *p, size_t len, size_t piece, struct buf *ret)
{
	static const char *const names[] = {
	    "", "text", "ping", "pong", "closed", "broken"};
	struct ws w;
	size_t at = 0;

	ws_init(&w);
	while (at < len) {
		size_t n = len - at < piece ? len - at : piece;
		char *exact = malloc(n);
		size_t used = 0;
		size_t done = 0;

		REQUIRE(exact != NULL);
		memcpy(exact, p + at, n);
		while (done < n) {
			enum ws_event e =
			    ws_take(&w, exact + done, n - done, &used);

			done += used;
			if (e == WS_MORE)
				CHECK(done == n);
			else
				buf_addf(ret, "%s ", names[e]);
			if (e == WS_TEXT)
				buf_addf(ret, "%zu:%.20s ", w.message.len,
				    w.message.p);
			if (e == WS_PING || e == WS_PONG)
				buf_addf(ret, "%zu:%.*s ", w.control_len,
				    (int)w.control_len, (char *)w.control);
			if (e == WS_CLOSED || e == WS_BROKEN)
				buf_addf(ret, "%u ", w.code);
		}
		free(exact);
		at += n;
	}
	ws_done(&w);
}

static void
check_told(const struct buf *in, const char *want)
{
	static const size_t pieces[] = {1, 2, 3, 7, 64, 4096, SIZE_MAX};
	struct buf told;
	size_t i;

	for (i = 0; i < ARRAY_LEN(pieces); i++) {
		buf_init(&told, 4096);
		buf_adds(&told, "");
		tell(in->p, in->len, pieces[i], &told);
		CHECK_STR(told.p, want);
		buf_done(&told);
	}
}

TEST(the_handshake_answers_as_the_rfc_does)
{
	char got[WS_ACCEPT_LEN + 1];

	REQUIRE(
	    ws_accept((struct str){"dGhlIHNhbXBsZSBub25jZQ==", 24}, got) == OK);
	CHECK_STR(got, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(a_key_is_16_bytes_in_base64)
{
	static const char *const bad[] = {"",
	    "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
	    "dGhlIHNhbXBsZSBub25jZWE=", "dGhlIHNhbXBsZSBub25jZWFh",
	    "dGhlIHNhbXBsZSBub25j-Q==", "dGhlIHNhbXBsZSBub25j Q==",
	    "=GhlIHNhbXBsZSBub25jZQ=="};
	char got[WS_ACCEPT_LEN + 1];
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK_INT(ws_accept((struct str){bad[i], strlen(bad[i])}, got),
		    ERR_INPUT);
	}
}

/* Section 5.7, what a client sends. */
TEST(the_examples_of_the_rfc_are_read)
{
	static const char hello[] =
	    "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
	static const char pong[] =
	    "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
	struct buf b;

	buf_init(&b, 256);
	buf_add(&b, hello, sizeof(hello) - 1);
	buf_add(&b, pong, sizeof(pong) - 1);
	check_told(&b, "text 5:Hello pong 5:Hello ");
	buf_done(&b);
}

/* And what a server does. */
TEST(the_examples_of_the_rfc_are_written)
{
	static char long_text[65536];
	struct buf b;

	buf_init(&b, 3 * sizeof(long_text));
	ws_put_text(&b, "Hello", 5);
	CHECK(b.len == 7 && memcmp(b.p, "\x81\x05Hello", 7) == 0);
	buf_clear(&b);
	ws_put_ping(&b);
	CHECK(b.len == 2 && memcmp(b.p, "\x89\x00", 2) == 0);
	buf_clear(&b);
	ws_put_pong(&b, "Hello", 5);
	CHECK(b.len == 7 && memcmp(b.p, "\x8a\x05Hello", 7) == 0);
	buf_clear(&b);
	ws_put_text(&b, long_text, 256);
	CHECK(b.len == 260 && memcmp(b.p, "\x81\x7e\x01\x00", 4) == 0);
	buf_clear(&b);
	ws_put_text(&b, long_text, 65536);
	CHECK(b.len == 65546 &&
	    memcmp(b.p, "\x81\x7f\0\0\0\0\0\x01\0\0", 10) == 0);
	buf_clear(&b);
	ws_put_close(&b, WS_LATER, "read");
	CHECK(b.len == 8 && memcmp(b.p, "\x88\x06\x03\xf5read", 8) == 0);
	buf_clear(&b);
	ws_put_close(&b, WS_NO_CODE, "");
	CHECK(b.len == 2 && memcmp(b.p, "\x88\x00", 2) == 0);
	buf_done(&b);
}

TEST(each_length_is_written_in_its_shortest_form)
{
	static const struct {
		size_t len;
		size_t head;
	} rows[] = {{0, 2}, {125, 2}, {126, 4}, {65535, 4}, {65536, 10}};
	static char text[65536];
	struct buf b;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		buf_init(&b, 70000);
		ws_put_text(&b, text, rows[i].len);
		CHECK_INT(b.len, rows[i].head + rows[i].len);
		buf_done(&b);
	}
}

TEST(a_frame_without_room_is_left_out_whole)
{
	struct buf b;

	buf_init(&b, 8);
	ws_put_text(&b, "1234567", 7);
	CHECK(b.overflow && b.len == 0);
	b.overflow = false;
	ws_put_text(&b, "123456", 6);
	CHECK(!b.overflow && b.len == 8);
	buf_done(&b);
}

TEST(fragments_make_one_message_and_controls_may_stand_between)
{
	struct buf b;

	buf_init(&b, 4096);
	add_frame(&b, 0x01, "Hel", 3);
	add_frame(&b, 0x89, "are you", 7);
	add_frame(&b, 0x00, "", 0);
	add_frame(&b, 0x8a, "", 0);
	add_frame(&b, 0x80, "lo", 2);
	add_frame(&b, 0x81, "", 0);
	add_frame(&b, 0x81, "two", 3);
	check_told(
	    &b, "ping 7:are you pong 0: text 5:Hello text 0: text 3:two ");
	buf_done(&b);
}

TEST(a_character_may_lie_across_fragments)
{
	struct buf b;

	buf_init(&b, 4096);
	add_frame(&b, 0x01, "\xe2\x82", 2);
	add_frame(&b, 0x80, "\xac", 1);
	check_told(&b, "text 3:\xe2\x82\xac ");
	buf_done(&b);
}

TEST(messages_have_a_limit_alone_and_in_fragments)
{
	static char text[WS_MESSAGE_MAX + 1];
	struct buf b;

	memset(text, 'a', sizeof(text));
	buf_init(&b, 4 * WS_MESSAGE_MAX);
	add_frame(&b, 0x81, text, WS_MESSAGE_MAX);
	check_told(&b, "text 131072:aaaaaaaaaaaaaaaaaaaa ");
	buf_clear(&b);
	/* Told at the head, before anything is kept. */
	add_head(&b, 0x81, WS_MESSAGE_MAX + 1, 8);
	check_told(&b, "broken 1009 ");
	buf_clear(&b);
	add_head(&b, 0x81, (uint64_t)1 << 62, 8);
	check_told(&b, "broken 1009 ");
	buf_clear(&b);
	add_frame(&b, 0x01, text, WS_MESSAGE_MAX - 1);
	add_frame(&b, 0x00, text, 1);
	add_frame(&b, 0x80, text, 1);
	check_told(&b, "broken 1009 ");
	buf_done(&b);
}

TEST(a_close_is_read_with_its_code)
{
	static const struct {
		const char *body;
		size_t len;
		const char *want;
	} rows[] = {
	    {"", 0, "closed 1005 "},
	    {"\x03\xe8", 2, "closed 1000 "},
	    {"\x03\xe9going", 7, "closed 1001 "},
	    {"\x03\xf6", 2, "closed 1014 "},
	    {"\x0b\xb8", 2, "closed 3000 "},
	    {"\x13\x87", 2, "closed 4999 "},
	    {"\x03", 1, "broken 1002 "},
	    {"\x00\x00", 2, "broken 1002 "},
	    {"\x03\xe7", 2, "broken 1002 "},
	    {"\x03\xec", 2, "broken 1002 "}, /* 1004 */
	    {"\x03\xed", 2, "broken 1002 "}, /* 1005 */
	    {"\x03\xee", 2, "broken 1002 "}, /* 1006 */
	    {"\x03\xf7", 2, "broken 1002 "}, /* 1015 */
	    {"\x07\xd0", 2, "broken 1002 "}, /* 2000 */
	    {"\x0b\xb7", 2, "broken 1002 "}, /* 2999 */
	    {"\x13\x88", 2, "broken 1002 "}, /* 5000 */
	    {"\x03\xe8\xff", 3, "broken 1007 "},
	};
	struct buf b;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		buf_init(&b, 256);
		CASE(rows[i].want);
		add_frame(&b, 0x88, rows[i].body, rows[i].len);
		/* What stands behind it does not count. */
		add_frame(&b, 0x81, "late", 4);
		check_told(&b, rows[i].want);
		buf_done(&b);
	}
}

TEST(abuses_are_told_by_their_code)
{
	static const struct {
		const char *what;
		const char *p;
		size_t len;
		const char *want;
	} rows[] = {
	    {"no mask", "\x81\x05Hello", 7, "broken 1002 "},
	    {"an empty frame without a mask", "\x81\x00", 2, "broken 1002 "},
	    {"first reserved bit", "\xc1\x80\0\0\0\0", 6, "broken 1002 "},
	    {"second reserved bit", "\xa1\x80\0\0\0\0", 6, "broken 1002 "},
	    {"third reserved bit", "\x91\x80\0\0\0\0", 6, "broken 1002 "},
	    {"binary", "\x82\x81\0\0\0\0x", 7, "broken 1003 "},
	    {"opcode 3", "\x83\x80\0\0\0\0", 6, "broken 1002 "},
	    {"opcode 7", "\x87\x80\0\0\0\0", 6, "broken 1002 "},
	    {"opcode 11", "\x8b\x80\0\0\0\0", 6, "broken 1002 "},
	    {"opcode 15", "\x8f\x80\0\0\0\0", 6, "broken 1002 "},
	    {"a ping in fragments", "\x09\x80\0\0\0\0", 6, "broken 1002 "},
	    {"a close in fragments", "\x08\x80\0\0\0\0", 6, "broken 1002 "},
	    {"a long ping", "\x89\xfe\x00\x7e\0\0\0\0", 8, "broken 1002 "},
	    {"a very long pong", "\x8a\xff\0\0\0\0\0\1\0\0", 10,
		"broken 1002 "},
	    {"a continuation of nothing", "\x80\x80\0\0\0\0", 6,
		"broken 1002 "},
	    {"text within text", "\x01\x81\0\0\0\0a\x81\x81\0\0\0\0b", 14,
		"broken 1002 "},
	    {"binary within text", "\x01\x81\0\0\0\0a\x82\x81\0\0\0\0b", 14,
		"broken 1002 "},
	    {"125 in two bytes", "\x81\xfe\x00\x7d\0\0\0\0", 8, "broken 1002 "},
	    {"0 in eight bytes", "\x81\xff\0\0\0\0\0\0\0\0\0\0\0\0", 14,
		"broken 1002 "},
	    {"65535 in eight bytes", "\x81\xff\0\0\0\0\0\0\xff\xff\0\0\0\0", 14,
		"broken 1002 "},
	    {"a negative length", "\x81\xff\x80\0\0\0\0\0\0\1\0\0\0\0", 14,
		"broken 1002 "},
	    {"no UTF-8", "\x81\x82\0\0\0\0\xc3\x28", 8, "broken 1007 "},
	    {"a surrogate", "\x81\x83\0\0\0\0\xed\xa0\x80", 9, "broken 1007 "},
	    {"too long a form", "\x81\x82\0\0\0\0\xc0\x80", 8, "broken 1007 "},
	    {"half a character", "\x81\x82\0\0\0\0\xe2\x82", 8, "broken 1007 "},
	};
	struct buf b;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].what);
		buf_init(&b, 256);
		buf_add(&b, rows[i].p, rows[i].len);
		check_told(&b, rows[i].want);
		/* And nothing behind it is read. */
		add_frame(&b, 0x81, "late", 4);
		check_told(&b, rows[i].want);
		buf_done(&b);
	}
}

TEST(what_is_not_whole_is_known_as_that)
{
	struct ws w;
	struct buf b;
	size_t used;
	size_t i;

	buf_init(&b, 256);
	add_frame(&b, 0x01, "Hel", 3);
	add_frame(&b, 0x80, "lo", 2);
	ws_init(&w);
	CHECK(!ws_is_midway(&w));
	for (i = 0; i < b.len - 1; i++) {
		CHECK(ws_take(&w, b.p + i, 1, &used) == WS_MORE);
		CHECK(ws_is_midway(&w));
	}
	CHECK(ws_take(&w, b.p + i, 1, &used) == WS_TEXT);
	CHECK(!ws_is_midway(&w));
	CHECK(w.message.len == 5);
	/* An idle client holds nothing. */
	CHECK(ws_take(&w, "", 0, &used) == WS_MORE);
	CHECK(w.message.p == NULL && used == 0);
	ws_done(&w);
	buf_done(&b);
}

/* What a client of ours writes is what a server of ours reads, and what a
 * server writes is what a client reads; never the other way round. */
TEST(each_side_reads_the_other_and_not_its_own_kind)
{
	const size_t lengths[] = {0, 5, 125, 126, 70000};
	static char text[70000];
	struct buf masked;
	struct buf plain;
	size_t i;

	memset(text, 'x', sizeof(text));
	for (i = 0; i < ARRAY_LEN(lengths); i++) {
		struct ws server;
		struct ws client;
		size_t used;

		buf_init(&masked, 80000);
		buf_init(&plain, 80000);
		ws_put_masked_text(&masked, mask, text, lengths[i]);
		ws_put_text(&plain, text, lengths[i]);
		CHECK_INT(masked.len, plain.len + sizeof(mask));
		ws_init(&server);
		ws_init_client(&client, 70000);
		CHECK(ws_take(&server, masked.p, masked.len, &used) == WS_TEXT);
		CHECK_INT(server.message.len, lengths[i]);
		CHECK(memcmp(server.message.p, text, lengths[i]) == 0);
		CHECK(ws_take(&client, plain.p, plain.len, &used) == WS_TEXT);
		CHECK_INT(client.message.len, lengths[i]);
		ws_done(&server);
		ws_done(&client);
		ws_init(&server);
		ws_init_client(&client, 70000);
		CHECK(ws_take(&server, plain.p, plain.len, &used) == WS_BROKEN);
		CHECK(
		    ws_take(&client, masked.p, masked.len, &used) == WS_BROKEN);
		ws_done(&server);
		ws_done(&client);
		buf_done(&masked);
		buf_done(&plain);
	}
}

TEST(a_client_has_its_own_limit)
{
	struct buf b;
	struct ws w;
	size_t used;

	buf_init(&b, 1000);
	ws_put_text(&b, "123456", 6);
	ws_init_client(&w, 5);
	CHECK(ws_take(&w, b.p, b.len, &used) == WS_BROKEN);
	CHECK_INT(w.code, WS_TOO_BIG);
	ws_done(&w);
	buf_done(&b);
}
