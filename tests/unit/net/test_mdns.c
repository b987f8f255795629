/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/buf.h"
#include "check.h"
#include "net/dns.h"

#define BYTES(text) (text), sizeof(text) - 1

#define A_IN "\0\x01\0\x01"
#define RESPONSE(questions, answers, additional)                               \
	"\0\0\x84\0\0" questions "\0" answers "\0\0\0" additional
#define HUB "\3hub\5local\0"
#define CAR "\3car\5local\0"
#define TTL "\0\0\0\x78"
#define A_RECORD(last) "\0\x01\x80\x01" TTL "\0\x04\xc0\xa8\x01" last
#define AAAA_RECORD                                                            \
	"\0\x1c\x80\x01" TTL "\0\x10\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x09"
#define HINFO "\0\x0d\0\x01" TTL "\0\x03\x01xy"

static void
check_setup(void)
{
}

/* From memory of exactly this size. */
static enum err
answer(const void *bytes, size_t len, const char *name, struct address *ret,
    size_t max, size_t *ret_n)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	enum err e;

	memcpy(exact, bytes, len);
	e = mdns_answer_read(exact, len, name, ret, max, ret_n);
	free(exact);
	return e;
}

TEST(a_question_to_all_is_exact_to_the_byte)
{
	static const char a[] =
	    "\0\0\0\0\0\x01\0\0\0\0\0\0\3hub\5local\0\0\x01\x80\x01";
	uint8_t out[DNS_MESSAGE_MAX];
	struct dns_question q;
	char name[HOST_MAX + 1];
	size_t i;

	CHECK_INT(mdns_question_write("hub.local", DNS_A, out), sizeof(a) - 1);
	CHECK(memcmp(out, a, sizeof(a) - 1) == 0);
	CHECK_INT(
	    mdns_question_write("hub.local", DNS_AAAA, out), sizeof(a) - 1);
	CHECK_INT(out[sizeof(a) - 4], 28);
	for (i = 0; i < HOST_MAX; i++)
		name[i] = i % 2 == 0 ? 'a' : '.';
	name[HOST_MAX] = '\0';
	i = mdns_question_write(name, DNS_A, out);
	CHECK_INT(i, 12 + 255 + 4);
	REQUIRE(dns_question_read(out, i, &q) == OK);
	CHECK_STR(q.name, name);
}

TEST(addresses_of_a_name_are_found)
{
	static const char text[] = RESPONSE("\x01", "\x03", "\x02")
	    HUB A_IN HUB A_RECORD("\x14") CAR A_RECORD("\x15")
		HUB HINFO HUB AAAA_RECORD "\3HUB\xc0\x10" A_RECORD("\x16");
	struct address found[4];
	char shown[ADDRESS_TEXT_SIZE];
	size_t n;

	memset(found, 0, sizeof(found));
	REQUIRE(answer(BYTES(text), "hub.local", found, 4, &n) == OK);
	CHECK_INT(n, 3);
	address_write(&found[0], shown);
	CHECK_STR(shown, "192.168.1.20");
	address_write(&found[1], shown);
	CHECK_STR(shown, "fd00::9");
	address_write(&found[2], shown);
	CHECK_STR(shown, "192.168.1.22");
	REQUIRE(answer(BYTES(text), "hub.local", found, 1, &n) == OK);
	CHECK_INT(n, 1);
	REQUIRE(answer(BYTES(text), "car.local", found, 4, &n) == OK);
	CHECK_INT(n, 1);
}

TEST(an_answer_about_others_has_nothing_of_ours)
{
	static const struct {
		const char *what;
		const char *p;
		size_t len;
	} rows[] = {
	    {"nothing", BYTES(RESPONSE("\0", "\0", "\0"))},
	    {"a question alone", BYTES(RESPONSE("\x01", "\0", "\0") HUB A_IN)},
	    {"another name",
		BYTES(RESPONSE("\0", "\x01", "\0") CAR A_RECORD("\x01"))},
	    {"a longer name",
		BYTES(RESPONSE("\0", "\x01", "\0") "\1a" HUB A_RECORD("\x01"))},
	    {"a shorter name",
		BYTES(RESPONSE("\0", "\x01", "\0") "\3hub\0" A_RECORD("\x01"))},
	    {"a dot inside a label",
		BYTES(RESPONSE("\0", "\x01", "\0") "\11hub.local\0" A_RECORD(
		    "\x01"))},
	    {"another type", BYTES(RESPONSE("\0", "\x01", "\0") HUB HINFO)},
	    {"another class",
		BYTES(RESPONSE("\0", "\x01", "\0") HUB "\0\x01\0\x03" TTL
						       "\0\x04\x0a\0\0\x01")},
	    {"a time that is over",
		BYTES(RESPONSE("\0", "\x01", "\0") HUB
		    "\0\x01\0\x01\0\0\0\0\0\x04\x0a\0\0\x01")},
	    {"an authority",
		BYTES("\0\0\x84\0\0\0\0\0\0\x01\0\0" HUB A_RECORD("\x01"))},
	    {"an address of another length",
		BYTES(RESPONSE("\0", "\x01", "\0") HUB "\0\x01\0\x01" TTL
						       "\0\x05\x0a\0\0\x01\0")},
	    {"four bytes of sixteen",
		BYTES(RESPONSE("\0", "\x01", "\0") HUB "\0\x1c\0\x01" TTL
						       "\0\x04\x0a\0\0\x01")},
	};
	struct address found = {.len = 9};
	size_t n = 7;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].what);
		CHECK_INT(
		    answer(rows[i].p, rows[i].len, "hub.local", &found, 1, &n),
		    ERR_NOTFOUND);
		CHECK_INT(found.len, 9);
		CHECK_INT(n, 7);
	}
}

TEST(nothing_is_taken_from_a_broken_answer)
{
	static const struct {
		const char *what;
		const char *p;
		size_t len;
	} bad[] = {
	    {"nothing", BYTES("")},
	    {"half a head", BYTES("\0\0\x84\0\0\0\0\x01\0\0\0")},
	    {"a query",
		BYTES("\0\0\0\0\0\0\0\x01\0\0\0\0" HUB A_RECORD("\x01"))},
	    {"another opcode",
		BYTES("\0\0\x8c\0\0\0\0\x01\0\0\0\0" HUB A_RECORD("\x01"))},
	    {"an error",
		BYTES("\0\0\x84\x03\0\0\0\x01\0\0\0\0" HUB A_RECORD("\x01"))},
	    {"one record less",
		BYTES(RESPONSE("\0", "\x02", "\0") HUB A_RECORD("\x01"))},
	    {"one question less",
		BYTES(RESPONSE("\x02", "\x01", "\0") HUB A_IN)},
	    {"65535 records",
		BYTES("\0\0\x84\0\0\0\xff\xff\0\0\0\0" HUB A_RECORD("\x01"))},
	    {"data beyond the end",
		BYTES(RESPONSE("\0", "\x02", "\0") HUB A_RECORD("\x01") HUB
		    "\0\x01\0\x01" TTL "\0\x04\x0a\0\0")},
	    {"much data beyond the end",
		BYTES(RESPONSE("\0", "\x02", "\0") HUB A_RECORD("\x01") HUB
		    "\0\x0d\0\x01" TTL "\xff\xff\x0a\0\0")},
	    {"a pointer to itself",
		BYTES(
		    RESPONSE("\0", "\x01", "\0") "\xc0\x0c" A_RECORD("\x01"))},
	    {"a pointer to its own label",
		BYTES(RESPONSE("\0", "\x01", "\0") "\3hub\xc0\x0c" A_RECORD(
		    "\x01"))},
	    {"a pointer forward",
		BYTES(RESPONSE("\0", "\x01", "\0") "\xc0\x1c" A_RECORD("\x01")
			HUB)},
	    {"a pointer beyond the end",
		BYTES(
		    RESPONSE("\0", "\x01", "\0") "\xff\xff" A_RECORD("\x01"))},
	    {"a pointer into the head",
		BYTES(
		    RESPONSE("\0", "\x01", "\0") "\xc0\x00" A_RECORD("\x01"))},
	    {"half a pointer", BYTES(RESPONSE("\0", "\x01", "\0") "\xc0")},
	    {"half a pointer behind a record",
		BYTES(
		    RESPONSE("\0", "\x02", "\0") HUB A_RECORD("\x01") "\xc0")},
	    {"two pointers at each other",
		BYTES(RESPONSE("\x01", "\x01",
		    "\0") "\xc0\x0e\xc0\x0c" A_IN HUB A_RECORD("\x01"))},
	    {"a label of another kind",
		BYTES(RESPONSE("\0", "\x01", "\0") "\101a\0" A_RECORD("\x01"))},
	};
	struct address found = {.len = 9};
	size_t n = 7;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i].what);
		CHECK_INT(
		    answer(bad[i].p, bad[i].len, "hub.local", &found, 1, &n),
		    ERR_INPUT);
		CHECK_INT(found.len, 9);
		CHECK_INT(n, 7);
	}
}

TEST(no_part_of_an_answer_is_one)
{
	static const char text[] = RESPONSE("\x01", "\x02", "\0") HUB A_IN
	    "\xc0\x0c" A_RECORD("\x14") CAR A_RECORD("\x15");
	struct address found[2];
	size_t n;
	size_t i;

	for (i = 0; i < sizeof(text) - 1; i++)
		CHECK_INT(
		    answer(text, i, "hub.local", found, 2, &n), ERR_INPUT);
	CHECK_INT(answer(text, i, "hub.local", found, 2, &n), OK);
	CHECK_INT(n, 1);
}

TEST(a_name_that_was_cut_is_nobodys)
{
	struct address found;
	char name[HOST_MAX + 1];
	struct buf b;
	size_t n;

	snprintf(name, sizeof(name), "%063d.%063d.%063d.%057da", 1, 1, 1, 1);
	buf_init(&b, 4096);
	buf_add(&b, BYTES(RESPONSE("\0", "\x01", "\0") "\x3f"));
	buf_addf(&b, "%063d\x3f%063d\x3f%063d\x3b%057da ", 1, 1, 1, 1);
	buf_add(&b, BYTES("\0" A_RECORD("\x01")));
	CHECK_INT(answer(b.p, b.len, name, &found, 1, &n), ERR_NOTFOUND);
	buf_done(&b);
}

/* Pointers to pointers, the last of a chain this long. */
static enum err
chain(size_t pointers)
{
	struct address found;
	struct buf b;
	size_t to = 12;
	size_t n;
	enum err e;

	buf_init(&b, 1 << 16);
	buf_add(&b, BYTES(RESPONSE("\0", "\x02", "\0")));
	buf_add(&b, BYTES(HUB "\0\x0d\0\x01" TTL));
	n = 2 * (pointers - 1);
	buf_add(&b, (char[]){(char)(n >> 8), (char)n}, 2);
	for (n = 0; n < pointers; n++) {
		size_t here = b.len;

		buf_add(&b, (char[]){(char)(0xc0 | to >> 8), (char)to}, 2);
		to = here;
	}
	buf_add(&b, BYTES(A_RECORD("\x01")));
	e = answer(b.p, b.len, "hub.local", &found, 1, &n);
	buf_done(&b);
	return e;
}

TEST(a_chain_of_pointers_has_its_limit)
{
	CHECK_INT(chain(1), OK);
	CHECK_INT(chain(2), OK);
	CHECK_INT(chain(127), OK);
	CHECK_INT(chain(128), ERR_INPUT);
	CHECK_INT(chain(4000), ERR_INPUT);
}

/* A name of 255 bytes whose labels are 127 pointers apart, asked for by each
 * of many records. */
TEST(the_worst_answer_is_read_soon)
{
	static char name[HOST_MAX + 1];
	struct address found;
	struct buf b;
	size_t to = 12;
	size_t n;
	size_t i;

	buf_init(&b, 1 << 16);
	buf_add(&b, BYTES("\0\0\x84\0\0\0\x27\x10\0\0\0\0"));
	buf_add(&b, BYTES("\x01z\0\0\x0d\0\x01" TTL "\x01\xf8"));
	for (i = 0; i < 126; i++) {
		size_t here = b.len;

		buf_add(&b, "\x01z", 2);
		buf_add(&b, (char[]){(char)(0xc0 | to >> 8), (char)to}, 2);
		to = here;
	}
	for (i = 1; i < 10000 && b.len < 65000; i++) {
		buf_add(&b, (char[]){(char)(0xc0 | to >> 8), (char)to}, 2);
		buf_add(&b, BYTES(A_RECORD("\x01")));
	}
	b.p[6] = (char)(i >> 8);
	b.p[7] = (char)i;
	for (n = 0; n < HOST_MAX; n++)
		name[n] = n % 2 == 0 ? 'z' : '.';
	REQUIRE(answer(b.p, b.len, name, &found, 1, &n) == OK);
	CHECK_INT(n, 1);
	CHECK_INT(answer(b.p, b.len, "z", &found, 1, &n), ERR_NOTFOUND);
	buf_done(&b);
}
