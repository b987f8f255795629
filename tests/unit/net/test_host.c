/* SPDX-License-Identifier: Apache-2.0 */
#include "net/host.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/str.h"
#include "check.h"

#define L63 "a23456789012345678901234567890123456789012345678901234567890123"

static void
check_setup(void)
{
}

/* From memory of exactly this size. */
static enum err
read_host(const char *text, size_t len, char ret[HOST_MAX + 1])
{
	char *exact = malloc(len > 0 ? len : 1);
	enum err e;

	memcpy(exact, text, len);
	e = host_read(exact, len, ret);
	free(exact);
	return e;
}

/* ---- Names ---- */

TEST(a_name_is_kept_in_one_form)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
	    {"example.com", "example.com"},
	    {"EXAMPLE.Com", "example.com"},
	    {"example.com.", "example.com"},
	    {"a", "a"},
	    {"localhost", "localhost"},
	    {"hub.lan", "hub.lan"},
	    {"_http._tcp.local", "_http._tcp.local"},
	    {"xn--bcher-kva.example", "xn--bcher-kva.example"},
	    {"a--b.c", "a--b.c"},
	    {"3dprinter", "3dprinter"},
	    {"1.2.3.4.example.com", "1.2.3.4.example.com"},
	    {"0x7f.example.com", "0x7f.example.com"},
	    {"1.2.3.4a", "1.2.3.4a"},
	    {"1e3", "1e3"},
	    {"0xfg", "0xfg"},
	    {"x0", "x0"},
	    {L63
		"." L63 "." L63 "."
		"a234567890123456789012345678901234567890123456789012345678901",
		L63 "." L63 "." L63 "."
		    "a23456789012345678901234567890123456789012345678901234567"
		    "8901"},
	};
	char name[HOST_MAX + 1];
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].text);
		REQUIRE(
		    read_host(rows[i].text, strlen(rows[i].text), name) == OK);
		CHECK_STR(name, rows[i].want);
	}
	CHECK_INT(strlen(name), HOST_MAX);
}

TEST(what_is_no_name_is_refused)
{
	static const char *const bad[] = {"", ".", "..", ".a", "a..b", "a..",
	    "-a", "a-", "a.-b", "a-.b", "-", "a b", " a", "a ", "a\tb", "a\n",
	    "a/b", "a\\b", "a@b", "a#b", "a?b", "a%2eb", "%61", "a:b", "a:80",
	    "[::1]", "::1", "fd00::1", "*.a", "*", "a,b", "a'b", "a\"b",
	    "a\x7f", "a\x80",
	    "b\xc3\xbc"
	    "cher.example",
	    "a\xe3\x80\x82"
	    "b",
	    "\xef\xbc\xa1.example", L63 "4.com",
	    L63
	    "." L63 "." L63 "."
	    "a2345678901234567890123456789012345678901234567890123456789012"};
	char name[HOST_MAX + 1] = "old";
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK_INT(read_host(bad[i], strlen(bad[i]), name), ERR_INPUT);
		CHECK_STR(name, "old");
	}
	CASE("a nought inside");
	CHECK_INT(read_host("a\0b", 3, name), ERR_INPUT);
	CHECK_INT(read_host("a\0", 2, name), ERR_INPUT);
	CHECK_INT(read_host("\0", 1, name), ERR_INPUT);
}

TEST(what_could_be_read_as_an_address_is_no_name)
{
	static const char *const bad[] = {"1.2.3.4", "127.0.0.1", "127.1",
	    "127.0.1", "1", "0", "2130706433", "017700000001", "0177.1",
	    "0x7f.1", "0x7f.0x0.0x0.0x1", "0X7F000001", "0x7f000001", "0x",
	    "a.0x", "0x7f.0.0.0x1", "1.2.3.4.", "0x7f.1.", "1.2.3.4.5",
	    "example.1", "example.0x1", "a.b.c.256", "99999999999999999999",
	    "00000000000000000000177.1", "0b1", "1.0b1", "0o17", "1.0o17",
	    "127.0.0.0x1", "10.0"};
	char name[HOST_MAX + 1];
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK_INT(read_host(bad[i], strlen(bad[i]), name), ERR_INPUT);
	}
}

/* Every short text of the letters that numbers are made of. */
TEST(no_name_is_an_address_for_inet_aton)
{
	static const char letters[] = "07x1.aXb8";
	size_t base = sizeof(letters) - 1;
	size_t max = base * base * base * base * base * base;
	int passed = 0;
	int names = 0;
	size_t v;

	for (v = 0; v < max; v++) {
		char name[HOST_MAX + 1];
		struct in_addr a;
		char text[7];
		size_t rest = v;
		size_t i;

		for (i = 0; i < 6; i++, rest /= base)
			text[i] = letters[rest % base];
		text[6] = '\0';
		if (host_read(text, 6, name) != OK)
			continue;
		names++;
		passed += inet_aton(text, &a) != 0 || inet_aton(name, &a) != 0;
	}
	CHECK(names > 10000);
	CHECK_INT(passed, 0);
}

/* ---- Grants ---- */

static bool
covers(const char *grant, const char *name, uint16_t port)
{
	struct host_grant g;

	REQUIRE(host_grant_read(grant, &g, NULL) == OK);
	return host_grant_covers(&g, name, port);
}

TEST(a_grant_is_read)
{
	struct host_grant g;
	char text[ADDRESS_TEXT_SIZE];

	REQUIRE(host_grant_read("api.Example.com:443", &g, NULL) == OK);
	CHECK_STR(g.name, "api.example.com");
	CHECK_INT(g.port, 443);
	CHECK(!g.any_under && !g.has_address);
	REQUIRE(host_grant_read("*.example.com:8443", &g, NULL) == OK);
	CHECK_STR(g.name, "example.com");
	CHECK_INT(g.port, 8443);
	CHECK(g.any_under && !g.has_address);
	REQUIRE(host_grant_read("hub.lan:8123=192.168.1.20", &g, NULL) == OK);
	CHECK_STR(g.name, "hub.lan");
	CHECK(!g.any_under && g.has_address);
	address_write(&g.address, text);
	CHECK_STR(text, "192.168.1.20");
	REQUIRE(host_grant_read("hub:1=fd00::1", &g, NULL) == OK);
	address_write(&g.address, text);
	CHECK_STR(text, "fd00::1");
	CHECK_INT(g.port, 1);
	REQUIRE(host_grant_read("hub:65535=9.9.9.9", &g, NULL) == OK);
	CHECK_INT(g.port, 65535);
}

TEST(a_grant_covers_its_name_and_port_alone)
{
	static const char one[] = "api.example.com:443";

	CHECK(covers(one, "api.example.com", 443));
	CHECK(!covers(one, "api.example.com", 80));
	CHECK(!covers(one, "api.example.com", 0));
	CHECK(!covers(one, "example.com", 443));
	CHECK(!covers(one, "x.api.example.com", 443));
	CHECK(!covers(one, "api.example.co", 443));
	CHECK(!covers(one, "api.example.com.evil.net", 443));
	CHECK(!covers(one, "", 443));
}

TEST(any_name_under_one_has_a_label_more)
{
	static const char any[] = "*.example.com:443";

	CHECK(covers(any, "a.example.com", 443));
	CHECK(covers(any, "a.b.example.com", 443));
	CHECK(!covers(any, "a.example.com", 444));
	CHECK(!covers(any, "example.com", 443));
	CHECK(!covers(any, ".example.com", 443));
	CHECK(!covers(any, "badexample.com", 443));
	CHECK(!covers(any, "a.badexample.com", 443));
	CHECK(!covers(any, "example.com.evil.net", 443));
	CHECK(!covers(any, "com", 443));
	CHECK(!covers(any, "", 443));
}

static const struct {
	const char *text;
	const char *why;
} bad_grants[] = {
    {"", "no port"},
    {":", "no port"},
    {":443", "host"},
    {"example.com", "no port"},
    {"example.com:", "no port"},
    {"example.com:0", "no port"},
    {"example.com:00443", "no port"},
    {"example.com:0443", "no port"},
    {"example.com:65536", "no port"},
    {"example.com:4294967739", "no port"},
    {"example.com:+443", "no port"},
    {"example.com:https", "no port"},
    {"example.com:443x", "no port"},
    {"example.com:443,example.net:443", "host"},
    {"https://example.com:443", "host"},
    {"exa mple.com:443", "blank"},
    {"example.com:443 ", "blank"},
    {"example.com:443\n", "blank"},
    {"b\xc3\xbc"
     "cher.example:443",
	"blank"},
    {"example.com/x:443", "host"},
    {"*:443", "host"},
    {"*.:443", "host"},
    {"**.example.com:443", "host"},
    {"a.*.example.com:443", "host"},
    {"*example.com:443", "host"},
    {"*.com:443", "two"},
    {"*.com.:443", "two"},
    {"*.*.com:443", "host"},
    {"1.2.3.4:443", "address"},
    {"*.1.2.3.4:443", "address"},
    {"0x7f.1:443", "address"},
    {"[::1]:443", "address"},
    {"[::1]", "no port"},
    {"fd00::1:443", "address"},
    {"hub.lan:80=", "no address"},
    {"hub.lan:80=hub", "no address"},
    {"hub.lan:80=192.168.1", "no address"},
    {"hub.lan:80=192.168.1.020", "no address"},
    {"hub.lan:80=192.168.1.20:80", "no address"},
    {"hub.lan:80=192.168.1.20=1", "no address"},
    {"hub.lan=192.168.1.20:80", "no port"},
    {"*.hub.lan:80=192.168.1.20", "many"},
    {"hub.lan:80=127.0.0.1", "special"},
    {"hub.lan:80=169.254.169.254", "special"},
    {"hub.lan:80=::1", "special"},
    {"hub.lan:80=fe80::1", "special"},
    {"hub.lan:80=::ffff:c0a8:101", "special"},
};

TEST(a_grant_that_is_refused_says_why)
{
	struct host_grant g = {.port = 9};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad_grants); i++) {
		struct errmsg why = {""};

		CASE(bad_grants[i].text);
		CHECK_INT(
		    host_grant_read(bad_grants[i].text, &g, &why), ERR_INPUT);
		CHECK(strstr(why.text, bad_grants[i].why) != NULL);
		CHECK(str_is_utf8(why.text, strlen(why.text)));
		CHECK_INT(g.port, 9);
	}
}
