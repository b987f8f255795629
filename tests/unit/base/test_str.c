/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include "base/limits.h"
#include "check.h"

static void
check_setup(void)
{
}

TEST(globs_match_whole_texts)
{
	static const struct {
		const char *glob;
		const char *text;
		bool want;
	} rows[] = {
	    {"", "", true},
	    {"", "a", false},
	    {"*", "", true},
	    {"*", "anything at all", true},
	    {"?", "", false},
	    {"?", "a", true},
	    {"?", "ab", false},
	    {"a*", "a", true},
	    {"a*c", "abc", true},
	    {"a*c", "abcd", false},
	    {"a*c", "acbc", true},
	    {"*.*", "notes.save", true},
	    {"notes.*", "notes.", true},
	    {"notes.*", "notes", false},
	    {"notes.*", "xnotes.save", false},
	    {"light.*", "light.kitchen.left", true},
	    {"*a*b*c*", "xxaxxbxxcxx", true},
	    {"*a*b*c*", "xxaxxcxxbxx", false},
	    {"**", "a", true},
	    {"a?c*", "abc", true},
	    {"A", "a", false},
	    {"[a]", "a", false},
	    {"[a]", "[a]", true},
	    {"\\*", "*", false},
	    {"aaa*aaab", "aaaaaaaaaaaaaab", true},
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		CASE(rows[i].glob);
		CHECK(str_glob(rows[i].glob, rows[i].text) == rows[i].want);
	}
}

TEST(a_glob_full_of_stars_ends_soon)
{
	static char text[20001];
	static char glob[2001];
	size_t i;

	memset(text, 'a', sizeof(text) - 1);
	for (i = 0; i + 1 < sizeof(glob); i += 2)
		memcpy(glob + i, "*a", 2);
	glob[sizeof(glob) - 2] = 'b';
	CHECK(!str_glob(glob, text));
}

TEST(a_piece_equals_its_whole_text_alone)
{
	struct str w = {"three more", 5};

	CHECK(str_eq(w, "three"));
	CHECK(!str_eq(w, "thre"));
	CHECK(!str_eq(w, "threee"));
}

TEST(lines_are_cut_at_their_ends)
{
	static const char text[] = "one\n\nlast";
	struct str rest = {text, sizeof(text) - 1};
	struct str l;

	CHECK(str_line(&rest, &l) && str_eq(l, "one"));
	CHECK(str_line(&rest, &l) && str_eq(l, ""));
	CHECK(str_line(&rest, &l) && str_eq(l, "last"));
	CHECK(!str_line(&rest, &l));
	rest = (struct str){"x\n", 2};
	CHECK(str_line(&rest, &l) && str_eq(l, "x"));
	CHECK(!str_line(&rest, &l));
}

TEST(names_are_short_and_plain)
{
	char name[NAME_MAX_LEN + 2];
	static const char *const good[] = {"a", "notes", "a.b_c-9", "z9"};
	static const char *const bad[] = {"", "A", "9a", ".a", "-a", "_a",
	    "a b", "a/b", "\xc3\xa9", "a\n", "aB"};
	size_t i;

	for (i = 0; i < ARRAY_LEN(good); i++) {
		CASE(good[i]);
		CHECK(str_is_name(good[i]));
	}
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		CASE(bad[i]);
		CHECK(!str_is_name(bad[i]));
	}
	memset(name, 'a', sizeof(name));
	name[NAME_MAX_LEN] = '\0';
	CHECK(str_is_name(name));
	name[NAME_MAX_LEN] = 'a';
	name[NAME_MAX_LEN + 1] = '\0';
	CHECK(!str_is_name(name));
}

TEST(hex_reads_what_it_wrote_and_nothing_else)
{
	uint8_t bytes[256];
	uint8_t again[256];
	char hex[513];
	int i;

	for (i = 0; i < 256; i++)
		bytes[i] = (uint8_t)i;
	hex_write(hex, bytes, sizeof(bytes));
	CHECK_INT(strlen(hex), 512);
	CHECK(hex_read(hex, 512, again, sizeof(again)) == OK);
	CHECK(memcmp(bytes, again, sizeof(bytes)) == 0);
	CHECK(hex_read("0A", 2, again, 1) == ERR_INPUT);
	CHECK(hex_read("0g", 2, again, 1) == ERR_INPUT);
	CHECK(hex_read("0", 1, again, 1) == ERR_INPUT);
	CHECK(hex_read("000", 3, again, 1) == ERR_INPUT);
	CHECK(hex_read("0 ", 2, again, 1) == ERR_INPUT);
	CHECK(hex_read("", 0, again, 1) == ERR_INPUT);
	again[0] = 42;
	CHECK(hex_read("12zz", 4, again, 2) == ERR_INPUT);
	CHECK_INT(again[0], 42);
}

TEST(base32_follows_rfc_4648)
{
	static const struct {
		const char *plain;
		const char *text;
	} rows[] = {{"", ""}, {"f", "my"}, {"fo", "mzxq"}, {"foo", "mzxw6"},
	    {"foob", "mzxw6yq"}, {"fooba", "mzxw6ytb"},
	    {"foobar", "mzxw6ytboi"}};
	char text[32];
	uint8_t back[16];
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		size_t n = strlen(rows[i].plain);

		CASE(rows[i].text);
		base32_write(text, (const uint8_t *)rows[i].plain, n);
		CHECK_STR(text, rows[i].text);
		CHECK(base32_read(text, back, n) == OK);
		CHECK(memcmp(back, rows[i].plain, n) == 0);
	}
}

TEST(base32_round_trips_at_every_length)
{
	uint8_t bytes[40];
	uint8_t back[40];
	char text[BASE32_LEN(40) + 1];
	size_t n;
	size_t i;

	for (n = 0; n <= sizeof(bytes); n++) {
		for (i = 0; i < n; i++)
			bytes[i] = (uint8_t)(i * 37 + n * 101);
		base32_write(text, bytes, n);
		CHECK_INT(strlen(text), BASE32_LEN(n));
		CHECK(base32_read(text, back, n) == OK);
		CHECK(memcmp(bytes, back, n) == 0);
	}
}

TEST(base32_refuses_loose_bits_and_foreign_digits)
{
	uint8_t back[8];

	CHECK(base32_read("mz", back, 1) == ERR_INPUT);
	CHECK(base32_read("mzxr", back, 2) == ERR_INPUT);
	CHECK(base32_read("mzxw7", back, 3) == ERR_INPUT);
	CHECK(base32_read("MY", back, 1) == ERR_INPUT);
	CHECK(base32_read("m1", back, 1) == ERR_INPUT);
	CHECK(base32_read("m8", back, 1) == ERR_INPUT);
	CHECK(base32_read("my======", back, 1) == ERR_INPUT);
	CHECK(base32_read("m", back, 1) == ERR_INPUT);
	CHECK(base32_read("mya", back, 1) == ERR_INPUT);
	CHECK(base32_read("", back, 1) == ERR_INPUT);
}

TEST(utf8_is_checked_to_the_byte)
{
	static const struct {
		const char *text;
		bool want;
	} rows[] = {{"", true}, {"abc", true}, {"\xc2\x80", true},
	    {"\xdf\xbf", true}, {"\xe0\xa0\x80", true}, {"\xef\xbf\xbf", true},
	    {"\xf0\x90\x80\x80", true}, {"\xf4\x8f\xbf\xbf", true},
	    {"\x80", false}, {"\xbf", false}, {"\xc0\x80", false},
	    {"\xc1\xbf", false}, {"\xc2", false}, {"\xc2\x41", false},
	    {"\xe0\x9f\xbf", false}, {"\xed\xa0\x80", false},
	    {"\xed\xbf\xbf", false}, {"\xe1\x80", false},
	    {"\xe1\x80\x41", false}, {"\xf0\x8f\xbf\xbf", false},
	    {"\xf4\x90\x80\x80", false}, {"\xf5\x80\x80\x80", false},
	    {"\xf0\x90\x80", false}, {"\xfe", false}, {"\xff", false}};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++)
		CHECK(str_is_utf8(rows[i].text, strlen(rows[i].text)) ==
		    rows[i].want);
}

TEST(copying_into_a_field_needs_room_for_the_end)
{
	char field[4] = "old";

	CHECK(str_copy(field, sizeof(field), "four") == ERR_LIMIT);
	CHECK_STR(field, "old");
	CHECK(str_copy(field, sizeof(field), "abc") == OK);
	CHECK_STR(field, "abc");
}

TEST(base64_follows_rfc_4648)
{
	static const struct {
		const char *plain;
		const char *want;
	} rows[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
	    {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
	    {"\xfb\xff\xfe", "+//+"}};
	char text[BASE64_LEN(8) + 1];
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		size_t n = strlen(rows[i].plain);

		CASE(rows[i].plain);
		base64_write(text, (const uint8_t *)rows[i].plain, n);
		CHECK_STR(text, rows[i].want);
		CHECK_INT(strlen(text), BASE64_LEN(n));
	}
}
