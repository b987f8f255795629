/* SPDX-License-Identifier: Apache-2.0 */
#include "usd/usd.h"

#include <string.h>

#include "check.h"

static void
check_setup(void)
{
}

static struct str
words(const char *s)
{
	return (struct str){s, strlen(s)};
}

TEST(dollars_read_and_write_back)
{
	static const struct {
		const char *text;
		int64_t n;
	} rows[] = {{"0", 0}, {"2", 2000000}, {"0.05", 50000},
	    {"10000", 10000000000}, {"0.000001", 1}, {"1.1", 1100000}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t n = -1;
		struct buf b;

		CASE(rows[i].text);
		REQUIRE(usd_read(words(rows[i].text), &n) == OK);
		CHECK_INT(n, rows[i].n);
		buf_init(&b, 64);
		usd_write(n, &b);
		CHECK_STR(b.p, rows[i].text);
		buf_done(&b);
	}
}

TEST(what_is_no_sum_of_dollars_is_refused)
{
	static const char *const rows[] = {"", ".", ".5", "1.", "-1", "1,5",
	    "0.0000001", "10001", "99999999999999999999999", "1e3", " 1"};
	int64_t n = -1;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i]);
		CHECK_INT(usd_read(words(rows[i]), &n), ERR_INPUT);
		CHECK_INT(n, -1);
	}
}
