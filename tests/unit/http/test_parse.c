/* SPDX-License-Identifier: Apache-2.0 */
#include "http/parse.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"
#include "check.h"

static void
check_setup(void)
{
}

/* From memory of exactly this size. */
static enum err
request(const char *text, size_t len, struct http_head *h)
{
	char *exact = malloc(len > 0 ? len : 1);
	enum err e;

	memcpy(exact, text, len);
	e = http_parse_request(exact, len, h);
	free(exact);
	return e;
}

TEST(a_request_is_read)
{
	static const char text[] = "POST /api/ask?x=1 HTTP/1.1\r\nHost: box\r\n"
				   "content-LENGTH: 12\r\n\r\nthe body";
	struct http_head h;

	REQUIRE(http_parse_request(text, sizeof(text) - 1, &h) == OK);
	CHECK(str_eq(h.method, "POST"));
	CHECK(str_eq(h.target, "/api/ask?x=1"));
	CHECK_INT(h.body_len, 12);
	CHECK_INT(h.head_len, strlen(text) - 8);
}

TEST(without_a_length_there_is_no_body)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: box\r\n\r\n";
	struct http_head h;

	REQUIRE(http_parse_request(text, sizeof(text) - 1, &h) == OK);
	CHECK_INT(h.body_len, 0);
}

TEST(a_request_may_come_in_pieces)
{
	static const char text[] =
	    "GET /api HTTP/1.1\r\nHost: box\r\nA: b\r\n\r\n";
	struct http_head h;
	size_t i;

	for (i = 0; i < sizeof(text) - 1; i++)
		CHECK_INT(request(text, i, &h), ERR_BUSY);
	CHECK_INT(request(text, i, &h), OK);
}

TEST(what_two_parsers_could_read_in_two_ways_is_refused)
{
	static const char *const bad[] = {
	    "GET / HTTP/1.0\r\n\r\n",
	    "GET / HTTP/2.0\r\n\r\n",
	    "GET / HTTP/1.2\r\n\r\n",
	    "GET /\r\n\r\n",
	    " GET / HTTP/1.1\r\n\r\n",
	    "GET  HTTP/1.1\r\n\r\n",
	    "GET / x HTTP/1.1\r\n\r\n",
	    "POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n",
	    "POST / HTTP/1.1\r\nContent-Length: 2\r\ncontent-length: 3\r\n\r\n",
	    "POST / HTTP/1.1\r\nContent-Length: 2, 2\r\n\r\n",
	    "POST / HTTP/1.1\r\nContent-Length: +2\r\n\r\n",
	    "POST / HTTP/1.1\r\nContent-Length: -2\r\n\r\n",
	    "POST / HTTP/1.1\r\nContent-Length: 0x2\r\n\r\n",
	    "POST / HTTP/1.1\r\nContent-Length: 2 2\r\n\r\n",
	    "POST / HTTP/1.1\r\nContent-Length: \r\n\r\n",
	    "POST / HTTP/1.1\r\nContent-Length: 12345678901234567890\r\n\r\n",
	    "POST / HTTP/1.1\r\nContent-Length : 2\r\n\r\n",
	    "POST / HTTP/1.1\r\n Content-Length: 2\r\n\r\n",
	    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
	    "POST / HTTP/1.1\r\ntransfer-encoding: identity\r\n\r\n",
	    ("POST / HTTP/1.1\r\nContent-Length: 2\r\n"
	     "Transfer-Encoding: x\r\n\r\n"),
	    "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
	    "GET / HTTP/1.1\r\nA\r\n\r\n",
	    "GET / HTTP/1.1\r\n: b\r\n\r\n",
	    "GET / HTTP/1.1\r\nA: b\x01\r\n\r\n",
	    "G\x7fT / HTTP/1.1\r\n\r\n",
	    "GET / HTTP/1.1\nA: b\r\n\r\n",
	    "GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
	    "GET / HTTP/1.1\r\nA: b\r\r\n\r\n",
	    "\nGET / HTTP/1.1\r\n\r\n",
	    "GET / HTTP/1.1\r\nhost: c\r\n\r\n",
	    "GET / HTTP/1.1\r\nOrigin: c\r\norigin: d\r\n\r\n",
	    "GET / HTTP/1.1\r\nCookie: c\r\nCookie: d\r\n\r\n",
	    "\x16\x03\x01\x02\x05\x01\x01\xfc\r\n\r\n",
	};
	struct http_head h;
	struct buf b;
	size_t i;

	buf_init(&b, 1024);
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		buf_clear(&b);
		buf_add(&b, bad[i], strlen(bad[i]) - 2);
		buf_adds(&b, "Host: b\r\n\r\n");
		CHECK_INT(request(b.p, b.len, &h), ERR_INPUT);
	}
	buf_done(&b);
	CHECK_INT(
	    request("GET /\0 HTTP/1.1\r\nHost: b\r\n\r\n", 29, &h), ERR_INPUT);
	/* The line of the head's end has no other form either. */
	CHECK_INT(
	    request("GET / HTTP/1.1\r\nHost: b\r\n\n", 26, &h), ERR_INPUT);
	CHECK_INT(request("GET / HTTP/1.1\r\n\r\n", 18, &h), ERR_INPUT);
	CHECK_INT(
	    request("GET / HTTP/1.1\r\nHost: \r\n\r\n", 26, &h), ERR_INPUT);
}

TEST(a_head_has_its_limits)
{
	struct http_head h;
	struct buf b;
	int n;
	int i;

	buf_init(&b, 1 << 20);
	for (n = HTTP_HEADERS_MAX; n <= HTTP_HEADERS_MAX + 1; n++) {
		buf_clear(&b);
		buf_adds(&b, "GET / HTTP/1.1\r\nHost: b\r\n");
		for (i = 1; i < n; i++)
			buf_addf(&b, "H%d: v\r\n", i);
		buf_adds(&b, "\r\n");
		CHECK(
		    (request(b.p, b.len, &h) == OK) == (n == HTTP_HEADERS_MAX));
	}
	for (n = HTTP_HEAD_MAX - 100; n <= HTTP_HEAD_MAX + 100; n += 200) {
		buf_clear(&b);
		buf_addf(
		    &b, "GET / HTTP/1.1\r\nHost: b\r\nA: %0*d\r\n\r\n", n, 1);
		CHECK_INT(request(b.p, b.len, &h),
		    n < HTTP_HEAD_MAX ? OK : ERR_LIMIT);
		CHECK_INT(request(b.p, b.len - 2, &h),
		    n < HTTP_HEAD_MAX ? ERR_BUSY : ERR_LIMIT);
	}
	buf_done(&b);
}

TEST(a_body_has_its_limit)
{
	char text[128];
	struct http_head h;

	snprintf(text, sizeof(text),
	    "POST / HTTP/1.1\r\nHost: b\r\nContent-Length: %d\r\n\r\n",
	    HTTP_BODY_MAX);
	CHECK_INT(request(text, strlen(text), &h), OK);
	CHECK_INT(h.body_len, HTTP_BODY_MAX);
	snprintf(text, sizeof(text),
	    "POST / HTTP/1.1\r\nHost: b\r\nContent-Length: %d\r\n\r\n",
	    HTTP_BODY_MAX + 1);
	CHECK_INT(request(text, strlen(text), &h), ERR_LIMIT);
}

TEST(fields_are_found_by_their_name)
{
	static const char text[] = "GET / HTTP/1.1\r\nHOST: box\r\n"
				   "A: 1\r\na: 2\r\nB:\r\n\r\n";
	struct http_head h;

	REQUIRE(http_parse_request(text, sizeof(text) - 1, &h) == OK);
	CHECK(str_eq(http_head_find(&h, "Host"), "box"));
	CHECK(str_eq(http_head_find(&h, "a"), "1"));
	CHECK_INT(http_head_find(&h, "b").len, 0);
	CHECK_INT(http_head_find(&h, "bo").len, 0);
}

TEST(words_of_a_list_are_whole_and_in_any_case)
{
	static const struct {
		const char *list;
		bool want;
	} rows[] = {{"upgrade", true}, {"Upgrade", true},
	    {"keep-alive, Upgrade", true}, {"a,upgrade ,b", true}, {"", false},
	    {",", false}, {"upgrades", false}, {"up grade", false},
	    {"keep-alive", false}, {"xupgrade", false}, {"up,grade", false}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct str list = {rows[i].list, strlen(rows[i].list)};

		CASE(rows[i].list);
		CHECK(http_list_has(list, "upgrade") == rows[i].want);
	}
}

TEST(a_response_is_read_in_the_same_way)
{
	static const char good[] = "HTTP/1.1 404 Not Found\r\n"
				   "Content-Length: 2\r\n\r\n{}";
	static const char *const bad[] = {
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
	    "HTTP/1.1 2x0 OK\r\n\r\n", "SSH-2.0-x\r\n\r\n"};
	struct http_head h;
	size_t i;

	REQUIRE(http_parse_response(good, sizeof(good) - 1, &h) == OK);
	CHECK_INT(h.status, 404);
	CHECK_INT(h.body_len, 2);
	CHECK_INT(h.head_len, sizeof(good) - 3);
	for (i = 0; i < sizeof(good) - 3; i++)
		CHECK(http_parse_response(good, i, &h) == ERR_BUSY);
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK(http_parse_response(bad[i], strlen(bad[i]), &h) ==
		    ERR_INPUT);
	}
}
