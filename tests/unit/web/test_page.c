/* SPDX-License-Identifier: Apache-2.0 */
#include "web/page.h"

#include "check.h"
#include "web/entity.h"
#include "web/name.h"

static void
check_setup(void)
{
}

static bool
resolve(void *arg, const char *href, char ret[URL_MAX + 1])
{
	snprintf(ret, URL_MAX + 1, "%s%.100s", (const char *)arg, href);
	return href[0] != '#';
}

static void
rebase(void *arg, const char *href)
{
	snprintf(arg, 32, "%s", href);
}

static struct page_text *
read_page(const char *type, const char *bytes, size_t len)
{
	static struct page_text text;
	static char base[32];
	const struct links links = {resolve, rebase, base};
	struct page page = {type, (const uint8_t *)bytes, len};

	snprintf(base, sizeof(base), "/");
	REQUIRE(page_read(&page, &links, &text));
	return &text;
}

static void
check_html(const char *html, const char *want)
{
	CASE(html);
	CHECK_STR(
	    read_page("text/html; charset=utf-8", html, strlen(html))->text.p,
	    want);
}

TEST(blanks_are_one_and_none_at_an_end)
{
	check_html("  a \n\t b  <b> c</b> d&nbsp;&nbsp;e ", "a b c d e");
	check_html("<p> a </p> \n <p>\n</p> <p> b", "a\n\nb");
	check_html("<div>a</div><div>b</div><br><br><br>c", "a\nb\n\nc");
	check_html("<p><br></p>", "");
}

TEST(lists_are_marked_and_indented)
{
	check_html("<ul><li>a<li>b</ul>c", "- a\n- b\n\nc");
	check_html("<ol><li>a<ul><li>b</ul><li>c</ol>", "1. a\n  - b\n2. c");
	check_html("<ol start=7><li>a</ol>", "7. a");
	check_html("<ol start=-7><li>a</ol>", "1. a");
	check_html("<li>a</li></ul></ul><li>b", "- a\n\n- b");
	check_html("<ul><li></li><li> </li><li>a</ul>", "- a");
	check_html("<ul><li><p>a</p><p>b</p></ul>", "- a\n\n  b");
}

TEST(headings_have_their_level)
{
	check_html("<h1>a</h1><h6>b</h6>c", "# a\n\n###### b\n\nc");
	check_html("<h2></h2>a", "a");
	check_html("<h2><a href=x>a</a></h2>", "## [a](/x)");
}

TEST(links_say_where_they_lead)
{
	check_html("a <a href=x> b </a> c", "a [b](/x) c");
	check_html("<a href=x>a<a href=y>b", "[a](/x)[b](/y)");
	check_html("<a href=x></a><a href=x> </a>a", "a");
	check_html("<a href=#x>a</a> <a>b</a> <a href=''>c</a>", "a b c");
	check_html("<a href=x><img alt='A cat'></a>", "[A cat](/x)");
	check_html("<base href=z/><a href=x>a</a>", "[a](z/x)");
	check_html("<a href=x>", "");
}

TEST(cells_stand_in_one_line)
{
	check_html("<table><tr><td>a<td>b<tr><td><p>c</p><td>d</table>e",
	    "a | b\nc | d\n\ne");
	check_html("<table><tr><td>a<td><td><td>b<td></table>", "a | | | b");
	check_html("<td>a</td><td>b</td>", "a\nb");
	check_html("<tr><td>a<tr><td>b", "a\nb");
}

TEST(what_is_meant_as_it_is_stays)
{
	check_html("a<pre>\n b\n\tc  d\n</pre>e", "a\n\n b\n\tc  d\n\ne");
	check_html("<pre>a\n\n\n\n\n\nb</pre>", "a\n\n\nb");
}

TEST(what_is_not_to_be_read_is_left_out)
{
	check_html("a<script>b</script>c<style>d</style>e", "ace");
	check_html("a<script>b</scriptx></script >c", "ac");
	check_html("a<script>b", "a");
	check_html("a<svg><!-- --><g><svg>b</svg></g>c</svg>d", "ad");
	check_html("a<svg/>b", "ab");
	check_html("a<!-- b --><!c><?d?>e", "ae");
	check_html("a<!-- b", "a");
	check_html("a<b", "a");
	check_html("a<", "a<");
	check_html("a</", "a</");
	check_html("a\xe2\x80\xae"
		   "b\xf3\xa0\x81\x81"
		   "c",
	    "abc");
}

TEST(depth_and_disorder_do_no_harm)
{
	static char many[64 * 1024];
	static const char *const tags[] = {"<ul>", "<table><tr><td>",
	    "<blockquote>", "<a href=x>", "<pre>", "<svg>", "</ul>", "</table>",
	    "<h1>", "<li>", "<", "&", "<!--", "<title>", "<td>"};
	size_t i;

	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		size_t n = strlen(tags[i]);
		size_t at;

		for (at = 0; at + n < sizeof(many); at += n)
			memcpy(many + at, tags[i], n);
		CASE(tags[i]);
		CHECK(read_page("text/html", many, at)->text.len <= TEXT_MAX);
	}
}

TEST(a_title_is_short_and_the_first_one)
{
	char html[2000] = "<title>";
	static const char several[] =
	    "<svg><title>x</title></svg><title> a\n &amp;  b </title>"
	    "<title>c</title>";
	struct page_text *t =
	    read_page("text/html", several, sizeof(several) - 1);

	CHECK_STR(t->title, "a & b");
	memset(html + 7, 'x', sizeof(html) - 7);
	t = read_page("text/html", html, sizeof(html));
	CHECK_INT(strlen(t->title), TITLE_MAX);
}

TEST(references_are_read_as_browsers_do)
{
	static const struct {
		const char *text;
		bool in_attribute;
		size_t len;
		uint32_t c;
	} rows[] = {
	    {"&amp;", false, 5, '&'},
	    {"&ampx", false, 4, '&'},
	    {"&ampx", true, 0, 0},
	    {"&amp=", true, 0, 0},
	    {"&amp ", true, 4, '&'},
	    {"&notit;", false, 4, 0xac},
	    {"&hellip", false, 0, 0},
	    {"&hellip;", false, 8, 0x2026},
	    {"&thetasym;", false, 10, 0x3d1},
	    {"&AElig;", false, 7, 0xc6},
	    {"&zwnj;", false, 6, 0x200c},
	    {"&apos", false, 0, 0},
	    {"&apos;", false, 6, '\''},
	    {"&nosuch;", false, 0, 0},
	    {"&;", false, 0, 0},
	    {"&", false, 0, 0},
	    {"&#;", false, 0, 0},
	    {"&#x;", false, 0, 0},
	    {"&#65", false, 4, 'A'},
	    {"&#65;", false, 5, 'A'},
	    {"&#X41;", false, 6, 'A'},
	    {"&#x1F600;", false, 9, 0x1f600},
	    {"&#150;", false, 6, 0x2013},
	    {"&#0;", false, 4, NO_CHARACTER},
	    {"&#xd800;", false, 8, NO_CHARACTER},
	    {"&#99999999999999999999;", false, 23, NO_CHARACTER},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint8_t *p = (const uint8_t *)rows[i].text;
		uint32_t c = 0;

		CASE(rows[i].text);
		CHECK_INT(entity_decode(p, p + strlen(rows[i].text),
			      rows[i].in_attribute, &c),
		    rows[i].len);
		if (rows[i].len > 0)
			CHECK_INT(c, rows[i].c);
	}
}

TEST(the_kind_of_a_page_is_its_type_or_its_look)
{
	static const struct {
		const char *type;
		const char *bytes;
		enum page_kind kind;
	} rows[] = {
	    {"text/html", "", PAGE_HTML},
	    {"Text/HTML;charset=x", "", PAGE_HTML},
	    {"application/xhtml+xml ; x", "", PAGE_HTML},
	    {"text/htmlx", "<p>", PAGE_TEXT},
	    {"text/csv", "", PAGE_TEXT},
	    {"application/atom+xml", "", PAGE_TEXT},
	    {"application/vnd.x+json; a=b", "", PAGE_TEXT},
	    {"image/svg+xml", "<svg>", PAGE_OTHER},
	    {"application/octet-stream", "text", PAGE_OTHER},
	    {"nonsense", "text", PAGE_OTHER},
	    {"", " \n<!doctype html>", PAGE_HTML},
	    {"", "\xef\xbb\xbf<p>", PAGE_HTML},
	    {"", "words", PAGE_TEXT},
	    {"", "", PAGE_TEXT},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint8_t *p = (const uint8_t *)rows[i].bytes;

		CASE(rows[i].type);
		CHECK_INT(page_kind_of(rows[i].type, p, strlen(rows[i].bytes)),
		    rows[i].kind);
	}
	CHECK_INT(page_kind_of("", (const uint8_t *)"a\0b", 3), PAGE_OTHER);
}

static void
check_name(const char *url, const char *type, int n, const char *want)
{
	char name[SAVED_NAME_MAX + 1];

	CASE(url);
	name_make(url, type, n, name);
	CHECK(name_is_safe(name));
	/* Behind the day. */
	CHECK_STR(name + 10, want);
}

TEST(a_saved_page_is_named_by_its_address)
{
	char url[URL_MAX + 1];
	char name[SAVED_NAME_MAX + 1];

	check_name("https://www.Example.com/", "text/html", 1,
	    "-www.example.com.html");
	check_name("http://a.example:8080/News/2026/x.html?id=1#top",
	    "text/html; charset=x", 1,
	    "-a.example-8080-news-2026-x-html-id-1.html");
	check_name("http://a/index.html", "text/html", 3, "-a-index-3.html");
	check_name(
	    "http://a/x.tar.gz", "application/gzip", 1, "-a-x-tar-gz.bin");
	check_name("http://a/../..//%2e%2e/~x", "", 1, "-a-2e-2e-x.bin");
	check_name("http://../", "text/plain", 1, "-...txt");
	check_name("", "", 1, "-.bin");
	memset(url, 'y', URL_MAX);
	url[URL_MAX] = '\0';
	memcpy(url, "http://x/", 9);
	name_make(url, "text/html", 1000, name);
	CHECK(name_is_safe(name));
}

TEST(names_that_could_be_something_else_are_not_safe)
{
	static const char *const names[] = {"", ".", "..", ".a", "-a", "a/b",
	    "a\\b", "A", "a b", "a\nb", "\xc3\xa9", "a%2fb", "../a"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CASE(names[i]);
		CHECK(!name_is_safe(names[i]));
	}
	CHECK(name_is_safe("2026-01-01-a.html"));
}
