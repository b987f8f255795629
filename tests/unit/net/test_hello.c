/* SPDX-License-Identifier: Apache-2.0 */
#include "net/hello.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "check.h"
#include "crypto/crypto.h"
#include "http/tls.h"

#define BYTES(text) (text), sizeof(text) - 1

/* What OpenSSL 3.0 sent first to a listener that kept it: "openssl s_client
 * -connect 127.0.0.1:PORT -servername api.example.com -alpn h2,http/1.1". */
static const uint8_t openssl[] = {0x16, 0x03, 0x01, 0x01, 0x4e, 0x01, 0x00,
    0x01, 0x4a, 0x03, 0x03, 0x16, 0x88, 0x0b, 0x7d, 0x8e, 0xf4, 0xaf, 0xe4,
    0x00, 0x17, 0x5f, 0x60, 0x57, 0x8d, 0x5e, 0x26, 0x29, 0x94, 0x22, 0x7f,
    0x53, 0xbe, 0xa4, 0xeb, 0x95, 0x17, 0x7b, 0x1e, 0x02, 0x2c, 0xf0, 0x2a,
    0x20, 0x29, 0x75, 0x8f, 0x26, 0xda, 0x17, 0xd9, 0xd6, 0x02, 0x71, 0xdc,
    0x12, 0x7f, 0x31, 0x1a, 0x5d, 0x91, 0x4d, 0xce, 0xd2, 0x36, 0x8f, 0xeb,
    0xcb, 0x36, 0x4b, 0x62, 0xdc, 0xad, 0x0d, 0x21, 0x7c, 0x00, 0x3e, 0x13,
    0x02, 0x13, 0x03, 0x13, 0x01, 0xc0, 0x2c, 0xc0, 0x30, 0x00, 0x9f, 0xcc,
    0xa9, 0xcc, 0xa8, 0xcc, 0xaa, 0xc0, 0x2b, 0xc0, 0x2f, 0x00, 0x9e, 0xc0,
    0x24, 0xc0, 0x28, 0x00, 0x6b, 0xc0, 0x23, 0xc0, 0x27, 0x00, 0x67, 0xc0,
    0x0a, 0xc0, 0x14, 0x00, 0x39, 0xc0, 0x09, 0xc0, 0x13, 0x00, 0x33, 0x00,
    0x9d, 0x00, 0x9c, 0x00, 0x3d, 0x00, 0x3c, 0x00, 0x35, 0x00, 0x2f, 0x00,
    0xff, 0x01, 0x00, 0x00, 0xc3, 0x00, 0x00, 0x00, 0x14, 0x00, 0x12, 0x00,
    0x00, 0x0f, 0x61, 0x70, 0x69, 0x2e, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c,
    0x65, 0x2e, 0x63, 0x6f, 0x6d, 0x00, 0x0b, 0x00, 0x04, 0x03, 0x00, 0x01,
    0x02, 0x00, 0x0a, 0x00, 0x16, 0x00, 0x14, 0x00, 0x1d, 0x00, 0x17, 0x00,
    0x1e, 0x00, 0x19, 0x00, 0x18, 0x01, 0x00, 0x01, 0x01, 0x01, 0x02, 0x01,
    0x03, 0x01, 0x04, 0x00, 0x23, 0x00, 0x00, 0x00, 0x10, 0x00, 0x0e, 0x00,
    0x0c, 0x02, 0x68, 0x32, 0x08, 0x68, 0x74, 0x74, 0x70, 0x2f, 0x31, 0x2e,
    0x31, 0x00, 0x16, 0x00, 0x00, 0x00, 0x17, 0x00, 0x00, 0x00, 0x0d, 0x00,
    0x2a, 0x00, 0x28, 0x04, 0x03, 0x05, 0x03, 0x06, 0x03, 0x08, 0x07, 0x08,
    0x08, 0x08, 0x09, 0x08, 0x0a, 0x08, 0x0b, 0x08, 0x04, 0x08, 0x05, 0x08,
    0x06, 0x04, 0x01, 0x05, 0x01, 0x06, 0x01, 0x03, 0x03, 0x03, 0x01, 0x03,
    0x02, 0x04, 0x02, 0x05, 0x02, 0x06, 0x02, 0x00, 0x2b, 0x00, 0x09, 0x08,
    0x03, 0x04, 0x03, 0x03, 0x03, 0x02, 0x03, 0x01, 0x00, 0x2d, 0x00, 0x02,
    0x01, 0x01, 0x00, 0x33, 0x00, 0x26, 0x00, 0x24, 0x00, 0x1d, 0x00, 0x20,
    0x55, 0x5a, 0xc2, 0xa9, 0x77, 0x99, 0x1a, 0xd2, 0x78, 0x88, 0x00, 0xd0,
    0x2f, 0x68, 0x8e, 0xf8, 0xaa, 0x3a, 0x90, 0xb0, 0x11, 0xdd, 0x36, 0x13,
    0x9c, 0xb9, 0xb9, 0xa6, 0xaa, 0x21, 0x09, 0x0c};

static void
check_setup(void)
{
	crypto_open();
}

/* From memory of exactly this size. */
static enum hello
read_hello(const void *p, size_t len, char ret[HOST_MAX + 1])
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	enum hello h;

	memcpy(exact, p, len);
	h = hello_read(exact, len, ret);
	free(exact);
	return h;
}

/* ---- Real ones ---- */

TEST(the_hello_of_openssl_names_its_host)
{
	char name[HOST_MAX + 1];

	CHECK_INT(read_hello(openssl, sizeof(openssl), name), HELLO_NAME);
	CHECK_STR(name, "api.example.com");
}

TEST(a_hello_may_come_in_pieces)
{
	char name[HOST_MAX + 1] = "old";
	size_t i;

	for (i = 0; i < sizeof(openssl); i++) {
		CHECK_INT(read_hello(openssl, i, name), HELLO_MORE);
		CHECK_STR(name, "old");
	}
}

TEST(what_follows_a_hello_does_not_count)
{
	uint8_t more[sizeof(openssl) + 6] = {0};
	char name[HOST_MAX + 1];

	memcpy(more, openssl, sizeof(openssl));
	memcpy(more + sizeof(openssl), "\x14\x03\x03\0\x01\x01", 6);
	CHECK_INT(read_hello(more, sizeof(more), name), HELLO_NAME);
	memset(more + sizeof(openssl), 0xff, 6);
	CHECK_INT(read_hello(more, sizeof(more), name), HELLO_NAME);
}

/* Our own client sends no name, since it pins a root. */
TEST(the_hello_of_our_own_client_names_nobody)
{
	char name[HOST_MAX + 1] = "old";
	uint8_t bytes[4096];
	struct tls_config *c;
	struct tls *t;
	int fds[2];
	ssize_t n;

	REQUIRE(tls_client_config(NULL, NULL, NULL, &c) == OK);
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	t = tls_new(c, fds[0]);
	CHECK_INT(tls_handshake(t), ERR_BUSY);
	n = read(fds[1], bytes, sizeof(bytes));
	tls_free(t);
	tls_config_free(c);
	close(fds[0]);
	close(fds[1]);
	REQUIRE(n > 0);
	CHECK_INT(read_hello(bytes, (size_t)n, name), HELLO_NAMELESS);
	CHECK_INT(read_hello(bytes, (size_t)n - 1, name), HELLO_MORE);
	CHECK_STR(name, "old");
}

/* ---- Records ---- */

/* The message of OpenSSL's hello in records of at most `size` bytes. */
static void
split(struct buf *b, size_t size)
{
	const uint8_t *p = openssl + 5;
	size_t left = sizeof(openssl) - 5;

	while (left > 0) {
		size_t n = left < size ? left : size;
		char head[] = {22, 3, 1, (char)(n >> 8), (char)n};

		buf_add(b, head, sizeof(head));
		buf_add(b, p, n);
		p += n;
		left -= n;
	}
}

TEST(a_hello_may_come_in_several_records)
{
	size_t size;

	for (size = 1; size < sizeof(openssl); size++) {
		char name[HOST_MAX + 1] = "old";
		struct buf b;
		size_t i;
		int more = 0;

		buf_init(&b, HELLO_MAX);
		split(&b, size);
		for (i = 0; i < b.len; i++)
			more += read_hello(b.p, i, name) == HELLO_MORE;
		CHECK_INT(more, b.len);
		CHECK_STR(name, "old");
		CHECK_INT(read_hello(b.p, b.len, name), HELLO_NAME);
		CHECK_STR(name, "api.example.com");
		buf_done(&b);
	}
}

TEST(what_is_no_tls_is_told_at_its_first_bytes)
{
	static const struct {
		const char *p;
		size_t len;
		enum hello want;
	} rows[] = {
	    {BYTES(""), HELLO_MORE},
	    {BYTES("G"), HELLO_NONE},
	    {BYTES("GET / HTTP/1.1\r\n\r\n"), HELLO_NONE},
	    {BYTES("SSH-2.0-x\r\n"), HELLO_NONE},
	    {BYTES("\0"), HELLO_NONE},
	    {BYTES("\x80\x2e\x01\x03\x01"), HELLO_NONE}, /* SSL 2.0. */
	    {BYTES("\x15\x03\x03\0\x02\x01\0"), HELLO_NONE},
	    {BYTES("\x17\x03\x03\0\x02\x01\0"), HELLO_NONE},
	    {BYTES("\x16"), HELLO_MORE},
	    {BYTES("\x16\x02"), HELLO_NONE},
	    {BYTES("\x16\xfe\xff"), HELLO_NONE}, /* DTLS. */
	    {BYTES("\x16\x03"), HELLO_MORE},
	    {BYTES("\x16\x03\x01\x02"), HELLO_MORE},
	    {BYTES("\x16\x03\x01\0\0"), HELLO_BAD},
	    {BYTES("\x16\x03\x01\x40\x01"), HELLO_BAD},
	    {BYTES("\x16\x03\x01\xff\xff"), HELLO_BAD},
	    {BYTES("\x16\x03\x01\x40\0"), HELLO_MORE},
	    {BYTES("\x16\x03\x01\0\x05\x02"), HELLO_BAD},
	    {BYTES("\x16\x03\x01\0\x01\x01\x16\x03"), HELLO_MORE},
	    {BYTES("\x16\x03\x01\0\x01\x01\x15"), HELLO_BAD},
	    {BYTES("\x16\x03\x01\0\x01\x01\x14\x03\x03"), HELLO_BAD},
	    {BYTES("\x16\x03\x01\0\x01\x01\x16\x02"), HELLO_BAD},
	    {BYTES("\x16\x03\x01\0\x01\x01\x16\x03\x01\0\0"), HELLO_BAD},
	};
	char name[HOST_MAX + 1];
	char row[16];
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(row, sizeof(row), "row %zu", i);
		CASE(row);
		CHECK_INT(
		    read_hello(rows[i].p, rows[i].len, name), rows[i].want);
	}
}

/* ---- Made ones ---- */

/* `b` becomes a hello in one record, with this behind its random number. */
static void
make_message(struct buf *b, const void *rest, size_t len)
{
	static const char front[2 + 32] = {3, 3};
	size_t message = sizeof(front) + len;
	char head[] = {22, 3, 1, (char)((message + 4) >> 8),
	    (char)(message + 4), 1, 0, (char)(message >> 8), (char)message};

	buf_clear(b);
	buf_add(b, head, sizeof(head));
	buf_add(b, front, sizeof(front));
	buf_add(b, rest, len);
}

/* The same with these extensions. */
static void
make(struct buf *b, const void *extensions, size_t len)
{
	struct buf rest;

	buf_init(&rest, 2 * HELLO_MAX);
	buf_add(&rest, BYTES("\0\0\x02\x13\x01\x01\0"));
	buf_add(&rest, (char[]){(char)(len >> 8), (char)len}, 2);
	buf_add(&rest, extensions, len);
	make_message(b, rest.p, rest.len);
	buf_done(&rest);
}

#define EIGHT "sessions"
#define SUITES "\0\2\x13\x01"

TEST(the_parts_of_a_hello_have_their_bounds)
{
	static const struct {
		const char *what;
		const char *p;
		size_t len;
		enum hello want;
	} rows[] = {
	    {"nothing amiss", BYTES("\0" SUITES "\1\0\0\0"), HELLO_NAMELESS},
	    {"no extensions", BYTES("\0" SUITES "\1\0"), HELLO_NAMELESS},
	    {"two methods", BYTES("\0" SUITES "\2\1\0\0\0"), HELLO_NAMELESS},
	    {"the longest session",
		BYTES("\x20" EIGHT EIGHT EIGHT EIGHT SUITES "\1\0\0\0"),
		HELLO_NAMELESS},
	    {"a longer session",
		BYTES("\x21" EIGHT EIGHT EIGHT EIGHT "x" SUITES "\1\0\0\0"),
		HELLO_BAD},
	    {"nothing at all", BYTES(""), HELLO_BAD},
	    {"a session alone", BYTES("\0"), HELLO_BAD},
	    {"no suites", BYTES("\0\0\0\1\0\0\0"), HELLO_BAD},
	    {"half a suite", BYTES("\0\0\3\x13\x01\x13\1\0\0\0"), HELLO_BAD},
	    {"suites alone", BYTES("\0" SUITES), HELLO_BAD},
	    {"no methods", BYTES("\0" SUITES "\0\0\0"), HELLO_BAD},
	    {"half a length", BYTES("\0" SUITES "\1\0\0"), HELLO_BAD},
	    {"a length alone", BYTES("\0" SUITES "\1\0\0\4"), HELLO_BAD},
	    {"something behind", BYTES("\0" SUITES "\1\0\0\0x"), HELLO_BAD},
	};
	char name[HOST_MAX + 1];
	struct buf b;
	size_t i;

	buf_init(&b, HELLO_MAX);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].what);
		make_message(&b, rows[i].p, rows[i].len);
		CHECK_INT(read_hello(b.p, b.len, name), rows[i].want);
	}
	buf_done(&b);
}

#define GREASE "\x0a\x0a\0\0"
#define ALPN "\0\x10\0\x05\0\x03\x02h2"
#define SNI "\0\0\0\x08\0\x06\0\0\3a.b"

TEST(the_name_is_found_among_extensions)
{
	static const struct {
		const char *p;
		size_t len;
		enum hello want;
		const char *name;
	} rows[] = {
	    {BYTES(""), HELLO_NAMELESS, NULL},
	    {BYTES(GREASE ALPN), HELLO_NAMELESS, NULL},
	    {BYTES(SNI), HELLO_NAME, "a.b"},
	    {BYTES(GREASE ALPN SNI), HELLO_NAME, "a.b"},
	    {BYTES(SNI ALPN GREASE), HELLO_NAME, "a.b"},
	    {BYTES("\0\0\0\x09\0\x07\0\0\4A.B."), HELLO_NAME, "a.b"},
	    {BYTES("\0\0\0\x06\0\x04\0\0\1a"), HELLO_NAME, "a"},
	};
	struct buf b;
	size_t i;

	buf_init(&b, HELLO_MAX);
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		char name[HOST_MAX + 1] = "old";

		CASE(rows[i].p);
		make(&b, rows[i].p, rows[i].len);
		CHECK_INT(read_hello(b.p, b.len, name), rows[i].want);
		CHECK_STR(name, rows[i].name != NULL ? rows[i].name : "old");
		CHECK_INT(read_hello(b.p, b.len - 1, name), HELLO_MORE);
	}
	buf_done(&b);
}

static const struct {
	const char *what;
	const char *p;
	size_t len;
} bad_extensions[] = {
    {"the extension twice", BYTES(SNI SNI)},
    {"the extension twice, apart", BYTES(SNI GREASE ALPN SNI)},
    {"two names in the list", BYTES("\0\0\0\x0e\0\x0c\0\0\3a.b\0\0\3c.d")},
    {"another type", BYTES("\0\0\0\x08\0\x06\x01\0\3a.b")},
    {"another type behind", BYTES("\0\0\0\x0e\0\x0c\0\0\3a.b\x01\0\3c.d")},
    {"nothing in the extension", BYTES("\0\0\0\0")},
    {"nothing in the list", BYTES("\0\0\0\x02\0\0")},
    {"half a list", BYTES("\0\0\0\x01\0")},
    {"no name", BYTES("\0\0\0\x03\0\x01\0")},
    {"an empty name", BYTES("\0\0\0\x05\0\x03\0\0\0")},
    {"a list too short", BYTES("\0\0\0\x08\0\x05\0\0\3a.b")},
    {"a list too long", BYTES("\0\0\0\x08\0\x07\0\0\3a.b")},
    {"a name too short", BYTES("\0\0\0\x08\0\x06\0\0\2a.b")},
    {"a name too long", BYTES("\0\0\0\x08\0\x06\0\0\4a.b")},
    {"something behind the list",
	BYTES("\0\0\0\x09\0\x06\0\0\3a.b"
	      "x")},
    {"an address", BYTES("\0\0\0\x0c\0\x0a\0\0\0071.2.3.4")},
    {"an IPv6 address", BYTES("\0\0\0\x08\0\x06\0\0\3::1")},
    {"a nought in the name", BYTES("\0\0\0\x08\0\x06\0\0\3a\0b")},
    {"a name that is no host's", BYTES("\0\0\0\x08\0\x06\0\0\3a b")},
    {"half an extension", BYTES(SNI "\0")},
    {"an extension without its length", BYTES(SNI "\0\x10\0")},
    {"an extension beyond the end", BYTES(SNI "\0\x10\0\x01")},
};

TEST(two_names_or_none_that_is_one_are_bad)
{
	struct buf b;
	size_t i;

	buf_init(&b, HELLO_MAX);
	for (i = 0; i < ARRAY_LEN(bad_extensions); i++) {
		char name[HOST_MAX + 1] = "old";

		CASE(bad_extensions[i].what);
		make(&b, bad_extensions[i].p, bad_extensions[i].len);
		CHECK_INT(read_hello(b.p, b.len, name), HELLO_BAD);
		CHECK_STR(name, "old");
	}
	buf_done(&b);
}

/* One byte of OpenSSL's hello changed: where lengths are, it is bad. */
TEST(a_hello_with_a_wrong_length_is_bad)
{
	static const struct {
		const char *what;
		size_t at;
		int add;
		enum hello want;
	} rows[] = {
	    {"the record is shorter", 4, -1, HELLO_BAD},
	    {"the record is longer", 4, 1, HELLO_BAD},
	    {"the message is shorter", 8, -1, HELLO_BAD},
	    {"the message is longer", 8, 1, HELLO_MORE},
	    {"the message is too long", 6, 1, HELLO_BAD},
	    {"the version is another", 9, -1, HELLO_BAD},
	    {"the session is longer than any", 43, 1, HELLO_BAD},
	    {"the session is shorter", 43, -2, HELLO_BAD},
	    {"the suites are odd", 77, 1, HELLO_BAD},
	    {"the suites are none", 77, -0x3e, HELLO_BAD},
	    {"the methods are none", 140, -1, HELLO_BAD},
	    {"the methods are more", 140, 1, HELLO_BAD},
	    {"the extensions are shorter", 143, -1, HELLO_BAD},
	    {"the extensions are longer", 143, 1, HELLO_BAD},
	    {"the name's extension is longer", 147, 1, HELLO_BAD},
	};
	uint8_t bytes[sizeof(openssl)];
	char name[HOST_MAX + 1];
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].what);
		memcpy(bytes, openssl, sizeof(bytes));
		bytes[rows[i].at] = (uint8_t)(bytes[rows[i].at] + rows[i].add);
		CHECK_INT(read_hello(bytes, sizeof(bytes), name), rows[i].want);
	}
}

TEST(a_hello_from_before_extensions_names_nobody)
{
	uint8_t bytes[5 + 4 + 34 + 1 + 4 + 2] = {
	    22, 3, 0, 0, 4 + 41, 1, 0, 0, 41, 3, 0};
	char name[HOST_MAX + 1];

	memcpy(bytes + 5 + 4 + 34, "\0\0\x02\0\x2f\x01", 7);
	CHECK_INT(read_hello(bytes, sizeof(bytes), name), HELLO_NAMELESS);
	CHECK_INT(read_hello(bytes, sizeof(bytes) - 1, name), HELLO_MORE);
}

/* ---- Its limit ---- */

TEST(a_hello_has_its_limit)
{
	static char extension[HELLO_MAX];
	char name[HOST_MAX + 1];
	/* Of the record, the message, and what stands before extensions. */
	size_t around = 5 + 4 + 34 + 1 + 4 + 2 + 2;
	struct buf b;
	size_t n;

	buf_init(&b, 2 * HELLO_MAX);
	for (n = HELLO_MAX - around; n <= HELLO_MAX - around + 1; n++) {
		bool fits = n == HELLO_MAX - around;

		extension[0] = 1;
		extension[2] = (char)((n - 4) >> 8);
		extension[3] = (char)(n - 4);
		make(&b, extension, n);
		CHECK_INT(b.len, fits ? HELLO_MAX : HELLO_MAX + 1);
		CHECK_INT(read_hello(b.p, b.len, name),
		    fits ? HELLO_NAMELESS : HELLO_BAD);
		CHECK_INT(read_hello(b.p, HELLO_MAX - 1, name),
		    fits ? HELLO_MORE : HELLO_BAD);
		/* What is too long is told early. */
		CHECK_INT(
		    read_hello(b.p, 9, name), fits ? HELLO_MORE : HELLO_BAD);
	}
	buf_done(&b);
}

TEST(records_of_one_byte_do_not_go_on_forever)
{
	char name[HOST_MAX + 1];
	struct buf b;
	size_t i;

	buf_init(&b, 2 * HELLO_MAX);
	for (i = 0; b.len < HELLO_MAX; i++) {
		static const uint8_t head[] = {1, 0, 0x20, 0};
		char c = i < sizeof(head) ? (char)head[i] : 0;

		buf_add(&b, "\x16\x03\x01\0\x01", 5);
		buf_add(&b, &c, 1);
	}
	CHECK_INT(read_hello(b.p, HELLO_MAX - 1, name), HELLO_MORE);
	CHECK_INT(read_hello(b.p, HELLO_MAX, name), HELLO_BAD);
	CHECK_INT(read_hello(b.p, b.len, name), HELLO_BAD);
	buf_done(&b);
}
