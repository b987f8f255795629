/* SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"

#include "visitor.h"

TEST(a_request_becomes_a_websocket)
{
	struct visitor c;

	visit(&c);
	say(&c, HANDSHAKE, strlen(HANDSHAKE));
	REQUIRE(hear(&c, 12));
	while (strstr(c.in.p, "\r\n\r\n") == NULL)
		REQUIRE(hear(&c, c.in.len + 1));
	CHECK(strncmp(c.in.p, "HTTP/1.1 101 ", 13) == 0);
	CHECK(strstr(c.in.p,
		  "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") !=
	    NULL);
	buf_clear(&c.in);
	send_text(&c, "Hello");
	check_text(&c, "Hello");
	frame(&c, 0x89, "there?", 6);
	frame(&c, 0x01, "Hel", 3);
	frame(&c, 0x80, "lo", 2);
	REQUIRE(hear(&c, 8));
	CHECK(memcmp(c.in.p, "\x8a\x06there?", 8) == 0);
	buf_drop(&c.in, 8);
	check_text(&c, "Hello");
	frame(&c, 0x88, "\x03\xe8", 2);
	check_close(&c, 1000, "");
	check_ended(&c);
}

TEST(what_is_no_handshake_is_refused)
{
#define WITH(host, upgrade, connection, version, key)                          \
	"GET /ws HTTP/1.1\r\n" host upgrade connection version key "\r\n"
#define H "Host: box\r\n"
#define U "Upgrade: WebSocket\r\n"
#define C "Connection: upgrade\r\n"
#define V "Sec-WebSocket-Version: 13\r\n"
#define K "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	static const struct {
		const char *request;
		int want;
	} rows[] = {
	    {WITH(H, U, C, V, K), 101},
	    {WITH(H, "", "", "", ""), 400}, /* Not asked for. */
	    {WITH(H, "Upgrade: h2c\r\n", C, V, K), 400},
	    {WITH(H, U, "", V, K), 400},
	    {WITH(H, U, "Connection: close\r\n", V, K), 400},
	    {WITH(H, U, C, "", K), 400},
	    {WITH(H, U, C, "Sec-WebSocket-Version: 8\r\n", K), 426},
	    {WITH(H, U, C, V, ""), 400},
	    {WITH(H, U, C, V, "Sec-WebSocket-Key: short\r\n"), 400},
	    {WITH(H, U, C, V, K K), 400},
	    {WITH(H, U, C, V V, K), 400},
	    {WITH(H, U, C, V, K) "\x81\x80", 400},
	    {WITH(H "Content-Length: 2\r\n", U, C, V, K) "{}", 400},
	    {"POST" WITH(H, U, C, V, K), 400},
	    {WITH("Host: evil.example\r\n", U, C, V, K), 421},
	    {WITH(H "Origin: https://evil.example\r\n", U, C, V, K), 403},
	    {WITH(H "Origin: https://box\r\n", U, C, V, K), 101},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].request);
		CHECK_INT(ask(rows[i].request), rows[i].want);
	}
}

TEST(a_request_is_for_this_box_and_from_its_own_pages)
{
	static const struct {
		const char *fields;
		int want;
	} rows[] = {
	    {"Host: box", 200},
	    {"Host: BOX:8443", 200},
	    {"Host: durward", 200},
	    {"Host: localhost:8443", 200},
	    {"Host: 192.168.1.20:8443", 200},
	    {"Host: [fe80::1]:8443", 200},
	    {"Host: [::1]", 200},
	    {"Host: evil.example", 421},
	    {"Host: box.evil.example", 421},
	    {"Host: box.", 421},
	    {"Host: bo", 421},
	    {"Host: boxx", 421},
	    {"Host: 127.0.0.1.evil.example", 421},
	    {"Host: [evil.example]", 421},
	    {"Host: [::1", 421},
	    {"Host: :8443", 421},
	    {"Host: user@box", 421},
	    {"Host: ", 400},
	    {"X: y", 400},
	    {"Host: box\r\nHost: box", 400},
	    {"Host: box\r\nOrigin: https://box", 200},
	    {"Host: box:8443\r\nOrigin: https://Box:8443", 200},
	    {"Host: box:8443\r\nOrigin: https://box", 403},
	    {"Host: box\r\nOrigin: http://box", 403},
	    {"Host: box\r\nOrigin: null", 403},
	    {"Host: box\r\nOrigin: https://box.evil.example", 403},
	    {"Host: box\r\nOrigin: https://evil.example", 403},
	    {"Host: localhost\r\nOrigin: https://box", 403},
	    {"Host: box\r\nOrigin: https://box\r\nOrigin: https://box", 400},
	};
	char request[512];
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].fields);
		snprintf(request, sizeof(request),
		    "GET / HTTP/1.1\r\n%s\r\n\r\n", rows[i].fields);
		CHECK_INT(ask(request), rows[i].want);
	}
}

TEST(what_breaks_the_protocol_is_told_and_ends)
{
	static const struct {
		const char *p;
		size_t len;
		int want;
	} rows[] = {
	    {"\x81\x05Hello", 7, 1002},
	    {"\xf1\x80\0\0\0\0", 6, 1002},
	    {"\x82\x80\0\0\0\0", 6, 1003},
	    {"\x81\x82\0\0\0\0\xc3\x28", 8, 1007},
	    {"\x81\xff\0\0\0\0\0\2\0\1\0\0\0\0", 14, 1009},
	};
	struct visitor c;
	size_t i;

	count_gone();
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		upgrade(&c);
		say(&c, rows[i].p, rows[i].len);
		/* Nobody reads this any more. */
		send_text(&c, "cut");
		check_close(&c, rows[i].want, "");
		check_ended(&c);
	}
	CHECK_INT(count_gone(), (int)ARRAY_LEN(rows));
}

TEST(who_reads_slowly_is_told_to_come_again)
{
	struct visitor c;
	struct buf got;
	size_t all = 0;
	int op;

	buf_init(&got, 256 * 1024);
	upgrade(&c);
	send_text(&c, "flood");
	while ((op = hear_frame(&c, &got)) == 1)
		all += got.len;
	CHECK_INT(op, 8);
	CHECK(got.len > 2 && memcmp(got.p, "\x03\xf5", 2) == 0);
	CHECK(all > WS_QUEUE_MAX / 2 && all <= WS_QUEUE_MAX);
	frame(&c, 0x88, "\x03\xf5", 2);
	check_ended(&c);
	buf_done(&got);
}

TEST(who_reads_nothing_is_given_up)
{
	struct visitor c;

	count_gone();
	upgrade(&c);
	send_text(&c, "flood");
	REQUIRE(hear(&c, 1));
	pass(WS_CLOSE_MS + 1000);
	CHECK_INT(count_gone(), 1);
	leave(&c);
}

TEST(who_says_too_much_is_told)
{
	struct visitor c;
	struct buf got;
	int n = 0;
	int op;
	int i;

	buf_init(&got, 1024);
	upgrade(&c);
	for (i = 0; i < WS_WINDOW_MAX + 5; i++)
		send_text(&c, "x");
	while ((op = hear_frame(&c, &got)) == 1)
		n++;
	CHECK_INT(n, WS_WINDOW_MAX);
	CHECK_INT(op, 8);
	CHECK(got.len > 2 && memcmp(got.p, "\x03\xf0", 2) == 0);
	frame(&c, 0x88, "", 0);
	check_ended(&c);
	buf_done(&got);
}

/* What waits is gone on with while more comes behind it. */
TEST(nothing_is_lost_between_writes_that_wait)
{
	static char text[61];
	struct visitor c;
	char want[16];
	int i;

	memset(text, 'a', sizeof(text) - 1);
	upgrade(&c);
	for (i = 0; i < WS_WINDOW_MAX; i++) {
		snprintf(want, sizeof(want), "%03d", i);
		memcpy(text, want, 3);
		send_text(&c, text);
	}
	for (i = 0; i < WS_WINDOW_MAX; i++) {
		snprintf(want, sizeof(want), "%03d", i);
		memcpy(text, want, 3);
		check_text(&c, text);
	}
	leave(&c);
}

TEST(the_server_says_goodbye_and_waits_for_an_answer)
{
	struct visitor c;

	upgrade(&c);
	send_text(&c, "close");
	check_close(&c, 1001, "good night");
	frame(&c, 0x88, "\x03\xe9", 2);
	check_ended(&c);
	count_gone();
	upgrade(&c);
	send_text(&c, "close");
	check_close(&c, 1001, "good night");
	CHECK_INT(count_gone(), 0);
	pass(WS_CLOSE_MS + 1000);
	check_ended(&c);
	CHECK_INT(count_gone(), 1);
}

TEST(a_silent_client_is_pinged_and_one_that_stays_silent_is_gone)
{
	struct visitor c;
	struct visitor dead;
	struct buf got;

	buf_init(&got, 64);
	upgrade(&c);
	upgrade(&dead);
	pass(WS_PING_MS + 1000);
	CHECK_INT(hear_frame(&c, &got), 9);
	CHECK_INT(hear_frame(&dead, &got), 9);
	frame(&c, 0x8a, "", 0);
	/* Words are no pong. */
	send_text(&dead, "alive");
	check_text(&dead, "alive");
	send_text(&c, "heard");
	check_text(&c, "heard");
	pass(WS_PING_MS + 1000);
	check_ended(&dead);
	CHECK_INT(hear_frame(&c, &got), 9);
	leave(&c);
	buf_done(&got);
}

TEST(a_message_that_drips_is_told)
{
	struct visitor c;

	upgrade(&c);
	frame(&c, 0x01, "slow", 4);
	frame(&c, 0x89, "", 0);
	REQUIRE(hear(&c, 2)); /* So that it has read this far. */
	buf_drop(&c.in, 2);
	pass(WS_MESSAGE_MS / 2);
	frame(&c, 0x00, "er", 2);
	pass(WS_MESSAGE_MS / 2 + 1000);
	check_close(&c, 1008, "a message takes too long");
	leave(&c);
}

TEST(a_client_may_be_cut_while_it_speaks)
{
	struct visitor c;
	struct visitor other;

	count_gone();
	upgrade(&c);
	upgrade(&other);
	send_text(&c, "cut");
	check_ended(&c);
	check_ended(&other);
	CHECK_INT(count_gone(), 2);
}

TEST(a_claimed_connection_ends_with_its_client)
{
	static const char claim[] = "GET /claim HTTP/1.1\r\nHost: box\r\n\r\n";
	struct visitor c;
	struct visitor socket;
	struct visitor other;

	visit(&c);
	say(&c, claim, strlen(claim));
	CHECK_INT(hear_status(&c), 200);
	REQUIRE(hear(&c, 2));
	buf_drop(&c.in, 2);
	visit(&socket);
	say(&socket, claim, strlen(claim));
	CHECK_INT(hear_status(&socket), 200);
	REQUIRE(hear(&socket, 2));
	buf_drop(&socket.in, 2);
	say(&socket, HANDSHAKE, strlen(HANDSHAKE));
	CHECK_INT(hear_status(&socket), 101);
	upgrade(&other);
	CHECK_INT(ask("GET /cut HTTP/1.1\r\nHost: box\r\n\r\n"), 200);
	check_ended(&c);
	check_ended(&socket);
	send_text(&other, "still here");
	check_text(&other, "still here");
	leave(&other);
}
