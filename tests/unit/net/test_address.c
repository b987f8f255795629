/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

#include "check.h"

#define PUBLIC ADDRESS_PUBLIC
#define PRIVATE ADDRESS_PRIVATE
#define SPECIAL ADDRESS_SPECIAL

struct row {
	const char *text;
	enum address_kind want;
};

static void
check_setup(void)
{
}

static void
check_kinds(const struct row *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct address a;

		CASE(rows[i].text);
		REQUIRE(address_read(rows[i].text, &a) == OK);
		CHECK_INT(address_kind(&a), rows[i].want);
	}
}

static const struct row ipv4_rows[] = {
    {"0.0.0.0", SPECIAL},
    {"0.255.255.255", SPECIAL},
    {"1.0.0.0", PUBLIC},
    {"9.255.255.255", PUBLIC},
    {"10.0.0.0", PRIVATE},
    {"10.255.255.255", PRIVATE},
    {"11.0.0.0", PUBLIC},
    {"100.63.255.255", PUBLIC},
    {"100.64.0.0", SPECIAL},
    {"100.127.255.255", SPECIAL},
    {"100.128.0.0", PUBLIC},
    {"126.255.255.255", PUBLIC},
    {"127.0.0.0", SPECIAL},
    {"127.0.0.1", SPECIAL},
    {"127.255.255.255", SPECIAL},
    {"128.0.0.0", PUBLIC},
    {"169.253.255.255", PUBLIC},
    {"169.254.0.0", SPECIAL},
    {"169.254.169.254", SPECIAL},
    {"169.254.255.255", SPECIAL},
    {"169.255.0.0", PUBLIC},
    {"172.15.255.255", PUBLIC},
    {"172.16.0.0", PRIVATE},
    {"172.31.255.255", PRIVATE},
    {"172.32.0.0", PUBLIC},
    {"191.255.255.255", PUBLIC},
    {"192.0.0.0", SPECIAL},
    {"192.0.0.9", SPECIAL},
    {"192.0.0.170", SPECIAL},
    {"192.0.0.255", SPECIAL},
    {"192.0.1.0", PUBLIC},
    {"192.0.2.0", SPECIAL},
    {"192.0.2.255", SPECIAL},
    {"192.0.3.0", PUBLIC},
    {"192.31.196.1", PUBLIC},
    {"192.52.193.1", PUBLIC},
    {"192.88.98.255", PUBLIC},
    {"192.88.99.0", SPECIAL},
    {"192.88.99.255", SPECIAL},
    {"192.88.100.0", PUBLIC},
    {"192.167.255.255", PUBLIC},
    {"192.168.0.0", PRIVATE},
    {"192.168.255.255", PRIVATE},
    {"192.169.0.0", PUBLIC},
    {"192.175.48.1", PUBLIC},
    {"198.17.255.255", PUBLIC},
    {"198.18.0.0", SPECIAL},
    {"198.19.255.255", SPECIAL},
    {"198.20.0.0", PUBLIC},
    {"198.51.99.255", PUBLIC},
    {"198.51.100.0", SPECIAL},
    {"198.51.100.255", SPECIAL},
    {"198.51.101.0", PUBLIC},
    {"203.0.112.255", PUBLIC},
    {"203.0.113.0", SPECIAL},
    {"203.0.113.255", SPECIAL},
    {"203.0.114.0", PUBLIC},
    {"223.255.255.255", PUBLIC},
    {"224.0.0.0", SPECIAL},
    {"224.0.0.251", SPECIAL},
    {"239.255.255.255", SPECIAL},
    {"240.0.0.0", SPECIAL},
    {"255.255.255.254", SPECIAL},
    {"255.255.255.255", SPECIAL},
};

/* The first and the last of each block, and their neighbours. */
TEST(every_block_of_ipv4_ends_where_the_registry_says)
{
	check_kinds(ipv4_rows, ARRAY_LEN(ipv4_rows));
}

static const struct row ipv6_rows[] = {
    {"::", SPECIAL},
    {"::1", SPECIAL},
    {"::2", SPECIAL},
    {"64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", SPECIAL},
    {"100::", SPECIAL},
    {"100:0:0:1::1", SPECIAL},
    {"200::1", SPECIAL},
    {"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SPECIAL},
    {"2000::", PUBLIC},
    {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC},
    {"2001::", SPECIAL},
    {"2001:1::1", SPECIAL},
    {"2001:2::1", SPECIAL},
    {"2001:4:112::1", SPECIAL},
    {"2001:10::1", SPECIAL},
    {"2001:20::1", SPECIAL},
    {"2001:30::1", SPECIAL},
    {"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", SPECIAL},
    {"2001:200::", PUBLIC},
    {"2001:4860:4860::8888", PUBLIC},
    {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC},
    {"2001:db8::", SPECIAL},
    {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", SPECIAL},
    {"2001:db9::", PUBLIC},
    {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC},
    {"2002::", SPECIAL},
    {"2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SPECIAL},
    {"2003::", PUBLIC},
    {"2620:4f:8000::1", PUBLIC},
    {"2a00:1450:4001::1", PUBLIC},
    {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC},
    {"3fff::", SPECIAL},
    {"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", SPECIAL},
    {"3fff:1000::", PUBLIC},
    {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC},
    {"4000::", SPECIAL},
    {"5f00::1", SPECIAL},
    {"8000::1", SPECIAL},
    {"fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SPECIAL},
    {"fc00::", PRIVATE},
    {"fd00::1", PRIVATE},
    {"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PRIVATE},
    {"fe00::", SPECIAL},
    {"fe80::1", SPECIAL},
    {"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SPECIAL},
    {"fec0::1", SPECIAL},
    {"feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SPECIAL},
    {"ff00::", SPECIAL},
    {"ff02::fb", SPECIAL},
    {"ff0e::1", SPECIAL},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", SPECIAL},
};

TEST(every_block_of_ipv6_ends_where_the_registry_says)
{
	check_kinds(ipv6_rows, ARRAY_LEN(ipv6_rows));
}

TEST(what_carries_an_ipv4_address_is_special_whatever_that_one_is)
{
	static const struct row rows[] = {
	    {"::ffff:7f00:1", SPECIAL}, /* Mapped. */
	    {"::ffff:808:808", SPECIAL},
	    {"::ffff:c0a8:101", SPECIAL},
	    {"::808:808", SPECIAL}, /* Compatible. */
	    {"::ffff:0:808:808", SPECIAL}, /* Translated. */
	    {"64:ff9b::808:808", SPECIAL}, /* NAT64. */
	    {"64:ff9b::a00:1", SPECIAL},
	    {"64:ff9b:1::808:808", SPECIAL},
	    {"64:ff9b:1:ffff:ffff:ffff:ffff:ffff", SPECIAL},
	    {"2002:808:808::1", SPECIAL}, /* 6to4. */
	    {"2002:a00:1::1", SPECIAL},
	    {"2001:0:808:808::1", SPECIAL}, /* Teredo. */
	    {"2a00::5efe:808:808", SPECIAL}, /* ISATAP. */
	    {"2a00::5efe:a00:1", SPECIAL},
	    {"2a00::200:5efe:808:808", SPECIAL},
	    {"fd00::5efe:a00:1", SPECIAL},
	    {"fd00::200:5efe:a00:1", SPECIAL},
	    {"fe80::5efe:a00:1", SPECIAL},
	    {"2a00::100:5efe:808:808", PUBLIC},
	    {"2a00::5eff:808:808", PUBLIC},
	    {"2a00::1:5efe:808:808", PUBLIC},
	    {"2a00:5efe:808:808::1", PUBLIC},
	};

	check_kinds(rows, ARRAY_LEN(rows));
}

TEST(an_address_of_another_length_is_special)
{
	struct address a = {.b = {8, 8, 8, 8}};
	unsigned len;

	for (len = 0; len < 256; len++) {
		a.len = (uint8_t)len;
		CHECK((address_kind(&a) == ADDRESS_SPECIAL) == (len != 4));
	}
}

TEST(an_address_has_one_way_to_be_read)
{
	static const char *const bad[] = {"", " ", "1", "1.2", "1.2.3",
	    "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.256", "1.2.3.04",
	    "01.2.3.4", "1.2.3.0x4", "0x7f.0.0.1", "127.1", "2130706433",
	    "1.2.3.4 ", " 1.2.3.4", "1.2.3.4\n", "1.2.3.4:80", "1.2.3.-4",
	    "+1.2.3.4", "1.2.3.4/24", "a.b.c.d", ":", ":::", "1:2:3:4:5:6:7",
	    "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::1", "[::1]", "::1]",
	    "fe80::1%eth0", "fe80::1%1", "::1/64", ":1:2:3:4:5:6:7",
	    "1:2:3:4:5:6:7:", "1:2:3:4::5:6:7:8", "::ffff:1.2.3.4",
	    "64:ff9b::1.2.3.4", "::1.2.3", " ::1", "::1 ", "0x1::", "localhost",
	    "\xef\xbc\x91.2.3.4"};
	struct address a = {.len = 99};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK_INT(address_read(bad[i], &a), ERR_INPUT);
		CHECK_INT(a.len, 99);
	}
}

TEST(an_address_is_written_as_rfc_5952_wants)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
	    {"192.168.1.20", "192.168.1.20"},
	    {"0.0.0.0", "0.0.0.0"},
	    {"255.255.255.255", "255.255.255.255"},
	    {"::", "::"},
	    {"::1", "::1"},
	    {"1::", "1::"},
	    {"0:0:0:0:0:0:0:0", "::"},
	    {"fd00:0:0:0:0:0:0:1", "fd00::1"},
	    {"FD00::ABCD", "fd00::abcd"},
	    {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},
	    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
	    {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
	    {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
	    {"0:2:3:4:5:6:7:0", "0:2:3:4:5:6:7:0"},
	    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
	    {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	    {"::ffff:a00:1", "::ffff:a00:1"},
	};
	char text[ADDRESS_TEXT_SIZE];
	struct address again;
	struct address a;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].text);
		memset(&a, 0, sizeof(a));
		REQUIRE(address_read(rows[i].text, &a) == OK);
		address_write(&a, text);
		CHECK_STR(text, rows[i].want);
		memset(&again, 0, sizeof(again));
		CHECK(address_read(text, &again) == OK);
		CHECK(memcmp(&a, &again, sizeof(a)) == 0);
	}
	a.len = 0;
	address_write(&a, text);
	CHECK_STR(text, "");
}
