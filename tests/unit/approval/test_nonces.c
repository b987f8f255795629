/* SPDX-License-Identifier: Apache-2.0 */
#include "approval/nonces.h"

#include "base/limits.h"
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

TEST(who_asks_for_too_many_loses_its_own_first_one)
{
	struct nonces *n = nonces_new(2 * CHALLENGES_EACH_MAX);
	const struct digest mine = {{1}};
	const struct digest hers = {{2}};
	char value[33];
	int i;

	CHECK(nonces_issue(n, &hers, A, 1000, 0) == OK);
	for (i = 0; i <= CHALLENGES_EACH_MAX; i++) {
		snprintf(value, sizeof(value), "%032x", i);
		CHECK(nonces_issue(n, &mine, value, 1000 + i, i) == OK);
	}
	CHECK(nonces_spend(n, "00000000000000000000000000000000", 99) ==
	    ERR_NOTFOUND);
	CHECK(nonces_spend(n, "00000000000000000000000000000001", 99) == OK);
	CHECK(nonces_spend(n, value, 99) == OK);
	CHECK(nonces_spend(n, A, 99) == OK);
	nonces_free(n);
}
