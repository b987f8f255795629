/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dns.h"

#include <stdlib.h>

#include "base/buf.h"
#include "check.h"

#define BYTES(text) (text), sizeof(text) - 1

#define HEAD "\0\x01\x01\0\0\x01\0\0\0\0\0\0"
#define EDNS "\0\0\x29\x10\0\0\0\0\0\0\0"
#define A_IN "\0\x01\0\x01"
#define EXAMPLE "\7example\3com\0"

static void
check_setup(void)
{
}

/* From memory of exactly this size. */
static enum err
question(const void *bytes, size_t len, struct dns_question *ret)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	enum err e;

	memcpy(exact, bytes, len);
	e = dns_question_read(exact, len, ret);
	free(exact);
	return e;
}

/* ---- Questions ---- */

TEST(a_question_is_read)
{
	struct dns_question q;

	REQUIRE(question(BYTES("\x12\x34\x01\0\0\x01\0\0\0\0\0\0" EXAMPLE A_IN),
		    &q) == OK);
	CHECK_INT(q.id, 0x1234);
	CHECK(q.recursion);
	CHECK_INT(q.type, DNS_A);
	CHECK_STR(q.name, "example.com");
	CHECK(q.is_host);
	CHECK_INT(q.len, 17);
}

TEST(what_follows_a_question_is_ignored)
{
	struct dns_question q;

	REQUIRE(question(BYTES("\0\x01\x01\x20\0\x01\0\0\0\0\0\x01" EXAMPLE
			       "\0\x1c\0\x01" EDNS),
		    &q) == OK);
	CHECK_INT(q.type, DNS_AAAA);
	CHECK_STR(q.name, "example.com");
	CHECK_INT(q.len, 17);
	CHECK(question(BYTES("\0\x01\0\0\0\x01\0\0\0\0\xff\xff" EXAMPLE A_IN
			     "\xff\xff\xff"),
		  &q) == OK);
	CHECK(!q.recursion);
}

TEST(other_types_and_classes_are_of_one_kind)
{
	static const char *const others[] = {"\0\0\0\x01", "\0\x0f\0\x01",
	    "\0\x10\0\x01", "\0\x41\0\x01", "\0\xff\0\x01", "\x01\x01\0\x01",
	    "\x01\x1c\0\x01", "\xff\xff\0\x01", "\0\x01\0\x03", "\0\x1c\0\xff",
	    "\0\x01\x80\x01", "\0\x01\0\0"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(others); i++) {
		char query[] = HEAD EXAMPLE A_IN;
		struct dns_question q;

		memcpy(query + sizeof(query) - 5, others[i], 4);
		REQUIRE(question(query, sizeof(query) - 1, &q) == OK);
		CHECK_INT(q.type, DNS_OTHER);
		CHECK(q.is_host);
	}
}

TEST(what_is_no_query_is_dropped)
{
	static const struct {
		const char *what;
		const char *p;
		size_t len;
	} bad[] = {
	    {"nothing", BYTES("")},
	    {"half a head", BYTES("\0\x01\x01\0\0\x01\0\0\0\0\0")},
	    {"a head", BYTES(HEAD)},
	    {"a response",
		BYTES("\0\x01\x81\0\0\x01\0\0\0\0\0\0" EXAMPLE A_IN)},
	    {"an inverse query",
		BYTES("\0\x01\x09\0\0\x01\0\0\0\0\0\0" EXAMPLE A_IN)},
	    {"a status", BYTES("\0\x01\x11\0\0\x01\0\0\0\0\0\0" EXAMPLE A_IN)},
	    {"a notification",
		BYTES("\0\x01\x21\0\0\x01\0\0\0\0\0\0" EXAMPLE A_IN)},
	    {"an update", BYTES("\0\x01\x28\0\0\x01\0\0\0\0\0\0" EXAMPLE A_IN)},
	    {"no question", BYTES("\0\x01\x01\0\0\0\0\0\0\0\0\0" EXAMPLE A_IN)},
	    {"two questions",
		BYTES("\0\x01\x01\0\0\x02\0\0\0\0\0\0" EXAMPLE A_IN EXAMPLE
			A_IN)},
	    {"257 questions",
		BYTES("\0\x01\x01\0\x01\x01\0\0\0\0\0\0" EXAMPLE A_IN)},
	    {"an answer",
		BYTES("\0\x01\x01\0\0\x01\0\x01\0\0\0\0" EXAMPLE A_IN)},
	    {"an authority",
		BYTES("\0\x01\x01\0\0\x01\0\0\0\x01\0\0" EXAMPLE A_IN)},
	    {"a pointer", BYTES(HEAD "\xc0\x0c" A_IN)},
	    {"a pointer behind a label", BYTES(HEAD "\1a\xc0\x0c" A_IN)},
	    {"a pointer back to an end", BYTES(HEAD "\1a\xc0\x0b" A_IN)},
	    {"an extended label", BYTES(HEAD "\101a\0" A_IN)},
	    {"a label of a kind to come", BYTES(HEAD "\201a\0" A_IN)},
	    {"half a type", BYTES(HEAD EXAMPLE "\0")},
	    {"half a class", BYTES(HEAD EXAMPLE "\0\x01\0")},
	    {"a label beyond the end", BYTES(HEAD "\77a\0" A_IN)},
	};
	struct dns_question q = {.id = 7};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i].what);
		CHECK_INT(question(bad[i].p, bad[i].len, &q), ERR_INPUT);
		CHECK_INT(q.id, 7);
	}
}

TEST(no_part_of_a_question_is_one)
{
	static const char query[] = HEAD EXAMPLE A_IN;
	struct dns_question q;
	size_t i;

	for (i = 0; i < sizeof(query) - 1; i++)
		CHECK_INT(question(query, i, &q), ERR_INPUT);
	CHECK_INT(question(query, i, &q), OK);
}

/* A query for labels of these lengths, full of `c`. */
static enum err
long_question(const size_t *lens, size_t n, char c, struct dns_question *ret)
{
	struct buf b;
	size_t i;
	size_t j;
	enum err e;

	buf_init(&b, 4096);
	buf_add(&b, BYTES(HEAD));
	for (i = 0; i < n; i++) {
		char len = (char)lens[i];

		buf_add(&b, &len, 1);
		for (j = 0; j < lens[i]; j++)
			buf_add(&b, &c, 1);
	}
	buf_add(&b, BYTES("\0" A_IN));
	e = question(b.p, b.len, ret);
	buf_done(&b);
	return e;
}

TEST(a_name_ends_at_255_bytes)
{
	static const size_t fits[] = {63, 63, 63, 61};
	static const size_t over[] = {63, 63, 63, 62};
	static const size_t more[] = {63, 63, 63, 61, 1};
	struct dns_question q;

	REQUIRE(long_question(fits, 4, 'a', &q) == OK);
	CHECK_INT(strlen(q.name), HOST_MAX);
	CHECK(q.is_host);
	CHECK_INT(q.len, 259);
	CHECK(long_question(over, 4, 'a', &q) == ERR_INPUT);
	CHECK(long_question(more, 5, 'a', &q) == ERR_INPUT);
}

TEST(a_label_ends_at_63_bytes)
{
	struct dns_question q;
	size_t len;

	for (len = 62; len < 200; len++)
		CHECK_INT(long_question(&len, 1, 'a', &q),
		    len <= 63 ? OK : ERR_INPUT);
}

TEST(odd_names_are_shown_and_are_no_hosts)
{
	static const struct {
		const char *want;
		const char *p;
		size_t len;
		bool is_host;
	} rows[] = {
	    {".", BYTES("\0"), false},
	    {"example.com", BYTES("\7eXaMpLe\3CoM\0"), true},
	    {"_dns._udp", BYTES("\4_dns\4_udp\0"), true},
	    {"a\\046b", BYTES("\3a.b\0"), false},
	    {"\\046", BYTES("\1.\0"), false},
	    {"a\\032b.c", BYTES("\3a b\1c\0"), false},
	    {"a\\092b", BYTES("\3a\\b\0"), false},
	    {"a\\000", BYTES("\2a\0\0"), false},
	    {"\\255\\128\\127\\010", BYTES("\x04\xff\x80\x7f\n\0"), false},
	    {"\\027\\0910m", BYTES("\x04\x1b[0m\0"), false},
	    {"-a", BYTES("\2-a\0"), false},
	    {"127.1", BYTES("\003127\0011\0"), false},
	    {"0x7f", BYTES("\0040X7f\0"), false},
	    {"\\042.example.com", BYTES("\1*" EXAMPLE), false},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct dns_question q;
		struct buf b;

		CASE(rows[i].want);
		buf_init(&b, 4096);
		buf_add(&b, BYTES(HEAD));
		buf_add(&b, rows[i].p, rows[i].len);
		buf_add(&b, BYTES(A_IN));
		REQUIRE(question(b.p, b.len, &q) == OK);
		CHECK_STR(q.name, rows[i].want);
		CHECK_INT(q.is_host, rows[i].is_host);
		buf_done(&b);
	}
}

/* Otherwise the first part of a name would be taken for all of it. */
TEST(a_name_that_was_cut_is_no_host)
{
	static const size_t lens[] = {61, 63, 63, 61};
	struct dns_question q;
	struct buf b;

	REQUIRE(long_question(lens, 4, ' ', &q) == OK);
	CHECK(strlen(q.name) <= HOST_MAX && strlen(q.name) > HOST_MAX - 4);
	CHECK(strcmp(q.name + strlen(q.name) - 4, "\\032") == 0);
	CHECK(!q.is_host);

	buf_init(&b, 4096);
	buf_add(&b, BYTES(HEAD "\x3f"));
	buf_addf(&b, "%063d\x3f%063d\x3f%063d\x3b%057da ", 1, 1, 1, 1);
	buf_add(&b, BYTES("\0" A_IN));
	REQUIRE(question(b.p, b.len, &q) == OK);
	CHECK_INT(strlen(q.name), 3 * 64 + 58);
	CHECK(strchr(q.name, '\\') == NULL);
	CHECK(!q.is_host);
	buf_done(&b);
}

/* ---- Answers to tools ---- */

#define QUERY "\x12\x34\x01\x20\0\x01\0\0\0\0\0\x01\7ExAmPlE\3com\0" A_IN EDNS
#define ASKED "\7ExAmPlE\3com\0"

static const struct address address = {4, {127, 1, 0, 7}};
static const struct address nothing;

static void
check_answer(const char *query, size_t query_len, const struct address *a,
    bool none, const char *want, size_t want_len)
{
	uint8_t out[DNS_MESSAGE_MAX];
	struct dns_question q;
	size_t n;

	REQUIRE(question(query, query_len, &q) == OK);
	n = dns_answer_write(
	    (const uint8_t *)query, &q, a, none, 0x01020304, out);
	CHECK_INT(n, want_len);
	CHECK(n == want_len && memcmp(out, want, n) == 0);
}

TEST(an_answer_is_exact_to_the_byte)
{
	CASE("an address");
	check_answer(BYTES(QUERY), &address, false,
	    BYTES("\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0" ASKED A_IN
		  "\xc0\x0c\0\x01\0\x01\x01\x02\x03\x04\0\x04\x7f\x01\0\x07"));
	CASE("nothing");
	check_answer(BYTES(QUERY), &nothing, false,
	    BYTES("\x12\x34\x81\x80\0\x01\0\0\0\0\0\0" ASKED A_IN));
	CASE("no such name");
	check_answer(BYTES(QUERY), &address, true,
	    BYTES("\x12\x34\x81\x83\0\x01\0\0\0\0\0\0" ASKED A_IN));
	CASE("recursion was not wanted");
	check_answer(BYTES("\xff\xff\0\0\0\x01\0\0\0\0\0\0\0\0\x02\0\x03"),
	    &nothing, true,
	    BYTES("\xff\xff\x80\x83\0\x01\0\0\0\0\0\0\0\0\x02\0\x03"));
}

TEST(the_longest_name_is_answered_within_the_limit)
{
	uint8_t query[12 + 255 + 4] = "\0\x01\x01\0\0\x01";
	uint8_t out[DNS_MESSAGE_MAX];
	struct address found[2];
	struct dns_question q;
	size_t at = 12;
	size_t n;

	for (n = 0; n < 127; n++) {
		query[at++] = 1;
		query[at++] = 'z';
	}
	memcpy(query + at, "\0\0\x01\0\x01", 5);
	REQUIRE(question(query, at + 5, &q) == OK);
	n = dns_answer_write(query, &q, &address, false, 60, out);
	CHECK_INT(n, 12 + 259 + 16);
	REQUIRE(mdns_answer_read(out, n, q.name, found, 2, &n) == OK);
	CHECK_INT(n, 1);
	CHECK(memcmp(found[0].b, address.b, 4) == 0);
}
