/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/nonces.h"

#include "check.h"

#define A "000102030405060708090a0b0c0d0e0f"
#define B "100102030405060708090a0b0c0d0e0f"
#define C "200102030405060708090a0b0c0d0e0f"

static void
check_setup(void)
{
}

TEST(a_value_is_good_once)
{
	struct nonces *n = nonces_new(4);

	CHECK(nonces_spend(n, A, 0) == ERR_NOTFOUND);
	CHECK(nonces_remember(n, A, 100, 0) == OK);
	CHECK(nonces_remember(n, A, 100, 0) == ERR_REPLAY);
	CHECK(nonces_spend(n, B, 1) == ERR_NOTFOUND);
	CHECK(nonces_spend(n, A, 1) == OK);
	CHECK(nonces_spend(n, A, 1) == ERR_NOTFOUND);
	nonces_free(n);
}

TEST(a_value_expires)
{
	struct nonces *n = nonces_new(4);

	CHECK(nonces_remember(n, A, 100, 0) == OK);
	CHECK(nonces_remember(n, A, 100, 99) == ERR_REPLAY);
	CHECK(nonces_spend(n, A, 100) == ERR_NOTFOUND);
	CHECK(nonces_remember(n, A, 200, 100) == OK);
	CHECK(nonces_spend(n, A, 199) == OK);
	nonces_free(n);
}

TEST(the_limit_refuses_and_never_forgets)
{
	struct nonces *n = nonces_new(2);

	CHECK(nonces_remember(n, A, 100, 0) == OK);
	CHECK(nonces_remember(n, B, 200, 0) == OK);
	CHECK(nonces_remember(n, C, 200, 0) == ERR_LIMIT);
	CHECK(nonces_remember(n, A, 200, 0) == ERR_REPLAY);
	CHECK(nonces_remember(n, C, 200, 100) == OK);
	CHECK(nonces_remember(n, B, 300, 100) == ERR_REPLAY);
	CHECK(nonces_spend(n, B, 100) == OK);
	CHECK(nonces_remember(n, A, 300, 100) == OK);
	nonces_free(n);
}

TEST(only_128_bits_in_hex_are_taken)
{
	static const char *const bad[] = {"", "00", A "00", A " ",
	    "000102030405060708090A0B0C0D0E0F",
	    "g00102030405060708090a0b0c0d0e0f"};
	struct nonces *n = nonces_new(4);
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CASE(bad[i]);
		CHECK(nonces_remember(n, bad[i], 100, 0) == ERR_INPUT);
		CHECK(nonces_spend(n, bad[i], 0) == ERR_INPUT);
	}
	nonces_free(n);
	nonces_free(NULL);
}

TEST(issuing_more_than_there_are_places_forgets_the_oldest)
{
	struct nonces *n = nonces_new(2);
	static const char *const values[] = {"00000000000000000000000000000001",
	    "00000000000000000000000000000002",
	    "00000000000000000000000000000003"};

	CHECK(nonces_issue(n, values[0], 100, 0) == OK);
	CHECK(nonces_issue(n, values[1], 101, 1) == OK);
	CHECK(nonces_issue(n, values[2], 102, 2) == OK);
	CHECK(nonces_spend(n, values[0], 3) == ERR_NOTFOUND);
	CHECK(nonces_spend(n, values[1], 3) == OK);
	CHECK(nonces_spend(n, values[2], 3) == OK);
	nonces_free(n);
}
