/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "check.h"
#include "net/host.h"

static void
check_setup(void)
{
}

TEST(the_host_of_a_url_is_read)
{
	static const struct {
		const char *text;
		struct url want;
	} rows[] = {
	    {"http://example.com", {false, "example.com", 80}},
	    {"https://example.com", {true, "example.com", 443}},
	    {"https://example.com/", {true, "example.com", 443}},
	    {"HTTPS://Example.COM/A", {true, "example.com", 443}},
	    {"hTTp://a", {false, "a", 80}},
	    {"https://example.com./x", {true, "example.com", 443}},
	    {"http://hub.lan:8123/api?x=1#top", {false, "hub.lan", 8123}},
	    {"https://a.b:1/", {true, "a.b", 1}},
	    {"https://a.b:65535", {true, "a.b", 65535}},
	    {"http://a.b:443/", {false, "a.b", 443}},
	    {"https://a.b/@c/d:80//e?f=http://g@h", {true, "a.b", 443}},
	    {"https://a.b/%2e%2e/?q=%20#f", {true, "a.b", 443}},
	    {"https://a.b/#", {true, "a.b", 443}},
	    {"https://1.2.3.4.example/", {true, "1.2.3.4.example", 443}},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		struct url u;

		CASE(rows[i].text);
		REQUIRE(url_read(rows[i].text, &u, NULL) == OK);
		CHECK_INT(u.tls, rows[i].want.tls);
		CHECK_STR(u.host, rows[i].want.host);
		CHECK_INT(u.port, rows[i].want.port);
	}
}

static const struct {
	const char *text;
	const char *why;
} bad_urls[] = {
    {"", "begin"},
    {"example.com", "begin"},
    {"//example.com/", "begin"},
    {"http:", "begin"},
    {"http:/example.com", "begin"},
    {"https:example.com", "begin"},
    {"ftp://example.com/", "begin"},
    {"file:///etc/passwd", "begin"},
    {"javascript:alert(1)", "begin"},
    {"httpss://example.com", "begin"},
    {"xhttp://example.com", "begin"},
    {"http://", "host"},
    {"http:///", "host"},
    {"http:///example.com", "host"},
    {"http://.", "host"},
    {"http://a..b/", "host"},
    {"http://-a.b/", "host"},
    {"http://a%2eb/", "host"},
    {"http://%61.b/", "host"},
    {"http://a.b%00/", "host"},
    {"http://a,b/", "host"},
    {"http://*.a.b/", "host"},
    {"http://a.b;c/", "host"},
    {"http://user@a.b/", "user"},
    {"http://user:word@a.b/", "user"},
    {"http://@a.b/", "user"},
    {"http://a.b:80@c.d/", "user"},
    {"http://a.b@1.2.3.4/", "user"},
    {"http://1.2.3.4/", "address"},
    {"http://127.1/", "address"},
    {"http://2130706433/", "address"},
    {"http://0x7f.1/", "address"},
    {"http://0X7F.1:80/", "address"},
    {"http://1.2.3.4./", "address"},
    {"http://[::1]/", "address"},
    {"http://[::1]:80/", "address"},
    {"http://[::ffff:1.2.3.4]/", "address"},
    {"http://[fe80::1%25eth0]/", "address"},
    {"http://[v1.x]/", "address"},
    {"http://[::1", "address"},
    {"http://::1/", "address"},
    {"http://a.b:/", "port"},
    {"http://a.b:0/", "port"},
    {"http://a.b:080/", "port"},
    {"http://a.b:65536/", "port"},
    {"http://a.b:99999999999999999999/", "port"},
    {"http://a.b:-1/", "port"},
    {"http://a.b:8x/", "port"},
    {"http://a.b?x", "directly"},
    {"http://a.b#x", "directly"},
    {"http://a.b#@c.d/", "directly"},
    {"http://a.b?@c.d/", "directly"},
    {"http://a.b:80#x", "directly"},
    {"http://#", "host"},
    {"http://a.b/#x#y", "more than one"},
    {"http://a.b\\@c.d/", "backslash"},
    {"http:\\\\a.b\\", "backslash"},
    {"http://a.b/\\", "backslash"},
    {" http://a.b/", "blank"},
    {"http://a.b/ ", "blank"},
    {"http://a .b/", "blank"},
    {"http://a.b/\n", "blank"},
    {"ht\ntp://a.b/", "blank"},
    {"http://a.b/\t", "blank"},
    {"http://a.b/\x01", "blank"},
    {"http://a.b/\x7f", "blank"},
    {"http://b\xc3\xbc"
     "cher.example/",
	"blank"},
    {"http://a.b/\xc3\xbc", "blank"},
    {"http://a\xe3\x80\x82"
     "b/",
	"blank"},
};

TEST(a_url_that_is_refused_says_why)
{
	struct url u = {.port = 9};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad_urls); i++) {
		struct errmsg why = {""};

		CASE(bad_urls[i].text);
		CHECK_INT(url_read(bad_urls[i].text, &u, &why), ERR_INPUT);
		CHECK(strstr(why.text, bad_urls[i].why) != NULL);
		CHECK(str_is_utf8(why.text, strlen(why.text)));
		CHECK_INT(u.port, 9);
	}
}

TEST(a_url_has_its_limit)
{
	char text[URL_MAX + 2] = "http://a.b/";
	struct url u;
	struct errmsg why = {""};

	memset(text + strlen(text), 'x', sizeof(text) - 1 - strlen(text));
	CHECK_INT(url_read(text, &u, &why), ERR_INPUT);
	CHECK(strstr(why.text, "2048") != NULL);
	text[URL_MAX] = '\0';
	CHECK_INT(url_read(text, &u, NULL), OK);
}
