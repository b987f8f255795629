/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "redact/book.h"

#define KEY 0x9e3779b97f4a7c15u

/* One secret, as Python's json, urllib and base64 write it. */
#define VALUE "k\"ey\\7 n\303\266t&Share/d+Zq\001"

static const struct {
	const char *what;
	const char *text;
} written[] = {
    {"raw", "k\"ey\\7 n\303\266t&Share/d+Zq\001"},
    {"lower", "k\"ey\\7 n\303\266t&share/d+zq\001"},
    {"upper", "K\"EY\\7 N\303\266T&SHARE/D+ZQ\001"},
    {"json", "k\\\"ey\\\\7 n\303\266t&Share/d+Zq\\u0001"},
    {"json twice", "k\\\\\\\"ey\\\\\\\\7 n\303\266t&Share/d+Zq\\\\u0001"},
    {"quote", "k%22ey%5C7%20n%C3%B6t%26Share%2Fd%2BZq%01"},
    {"quote, small digits", "k%22ey%5c7%20n%c3%b6t%26Share%2fd%2bZq%01"},
    {"encodeURIComponent", "k%22ey%5C7%20n%C3%B6t%26Share%2Fd%2BZq%01"},
    {"form", "k%22ey%5C7+n%C3%B6t%26Share%2Fd%2BZq%01"},
    {"hex", "6b2265795c37206ec3b6742653686172652f642b5a7101"},
    {"HEX", "6B2265795C37206EC3B6742653686172652F642B5A7101"},
    {"base64, 0 before", "ayJleVw3IG7DtnQmU2hhcmUvZCtacQEuLg=="},
    {"base64url, 0 before", "ayJleVw3IG7DtnQmU2hhcmUvZCtacQEuLg=="},
    {"base64, 1 before", "dWsiZXlcNyBuw7Z0JlNoYXJlL2QrWnEBLi4="},
    {"base64url, 1 before", "dWsiZXlcNyBuw7Z0JlNoYXJlL2QrWnEBLi4="},
    {"base64, 2 before", "dXNrImV5XDcgbsO2dCZTaGFyZS9kK1pxAS4u"},
    {"base64url, 2 before", "dXNrImV5XDcgbsO2dCZTaGFyZS9kK1pxAS4u"},
    {"base32, 0 before", "NMRGK6K4G4QG5Q5WOQTFG2DBOJSS6ZBLLJYQCLRO"},
    {"base32, 0 before, small", "nmrgk6k4g4qg5q5woqtfg2dbojss6zblljyqclro"},
    {"base32, 1 before", "OVVSEZLZLQ3SA3WDWZ2CMU3IMFZGKL3EFNNHCAJOFY======"},
    {"base32, 1 before, small",
	"ovvsezlzlq3sa3wdwz2cmu3imfzgkl3efnnhcajofy======"},
    {"base32, 2 before", "OVZWWITFPFODOIDOYO3HIJSTNBQXEZJPMQVVU4IBFYXA===="},
    {"base32, 2 before, small",
	"ovzwwitfpfodoidoyo3hijstnbqxezjpmqvvu4ibfyxa===="},
    {"base32, 3 before", "OVZWK2ZCMV4VYNZAN3B3M5BGKNUGC4TFF5SCWWTRAEXC4==="},
    {"base32, 3 before, small",
	"ovzwk2zcmv4vynzan3b3m5bgknugc4tff5scwwtraexc4==="},
    {"base32, 4 before", "OVZWK4TLEJSXSXBXEBXMHNTUEZJWQYLSMUXWIK22OEAS4LQ="},
    {"base32, 4 before, small",
	"ovzwk4tlejsxsxbxebxmhntuezjwqylsmuxwik22oeas4lq="},
};

static void
check_setup(void)
{
}

/* ---- A vault of one or more ---- */

struct known {
	const char *name;
	const char *value;
	size_t len;
};

static struct known known[SECRETS_MAX];
static size_t n_known;
static int asked;

static struct secret *
value_of(void *arg, const char *name, int64_t version)
{
	size_t i;

	(void)arg;
	(void)version;
	asked++;
	for (i = 0; i < n_known; i++)
		if (strcmp(known[i].name, name) == 0)
			return secret_new(known[i].value, known[i].len);
	return NULL;
}

static struct redact_book *
new_book(void)
{
	n_known = 0;
	asked = 0;
	return redact_book_new(KEY);
}

static void
put(struct redact_book *b, const char *name, const char *value, size_t len)
{
	struct secret *s = secret_new(value, len);

	known[n_known++] = (struct known){name, value, len};
	CHECK(redact_book_put(b, name, 1, s) == OK);
	secret_free(s);
}

static struct redact_book *
book_of(const char *value)
{
	struct redact_book *b = new_book();

	put(b, "one", value, strlen(value));
	return b;
}

/* The text with what was found replaced; "(too much)". */
static const char *
cleaned(const struct redact_book *b, const char *text, size_t len)
{
	static struct redact_found found[REDACT_FOUND_MAX];
	static char out[64 * 1024];
	struct str s = {text, len};
	size_t done = 0;
	size_t n = 0;
	size_t at = 0;
	size_t i;

	if (redact_book_find(b, s, value_of, NULL, found, &n) != OK)
		return "(too much)";
	for (i = 0; i < n; i++) {
		REQUIRE(found[i].at >= done && found[i].len > 0);
		memcpy(out + at, text + done, found[i].at - done);
		at += found[i].at - done;
		at += (size_t)sprintf(out + at, "<%s>", found[i].name);
		done = found[i].at + found[i].len;
	}
	REQUIRE(done <= len);
	memcpy(out + at, text + done, len - done);
	out[at + len - done] = '\0';
	return out;
}

static const char *
clean(const struct redact_book *b, const char *text)
{
	return cleaned(b, text, strlen(text));
}

/* ---- What is found ---- */

TEST(every_form_of_a_secret_is_found)
{
	struct redact_book *b = book_of(VALUE);
	char text[1024];
	const char *out;
	size_t i;

	for (i = 0; i < ARRAY_LEN(written); i++) {
		CASE(written[i].what);
		snprintf(text, sizeof(text), "he said: %s, and went",
		    written[i].text);
		out = clean(b, text);
		/* At the ends of encoded text single digits may be left. */
		CHECK(strncmp(out, "he said: ", 9) == 0);
		CHECK(strstr(out, "<one>") != NULL);
		CHECK(strstr(out, "<one>") - out <= 9 + 8);
		CHECK(strlen(out) <= strlen("he said: <one>, and went") + 12);
		CHECK(strstr(out, ", and went") != NULL);
	}
	redact_book_free(b);
}

TEST(a_secret_is_taken_out_whole)
{
	struct redact_book *b = book_of("correct-horse-battery");

	CHECK_STR(clean(b, "correct-horse-battery"), "<one>");
	CHECK_STR(clean(b, "x=correct-horse-battery;"), "x=<one>;");
	CHECK_STR(clean(b, "correct-horse-batterycorrect-horse-battery"),
	    "<one><one>");
	CHECK_STR(
	    clean(b, "no horse is correct here"), "no horse is correct here");
	CHECK_STR(clean(b, ""), "");
	redact_book_free(b);
}

TEST(a_cut_secret_is_found_by_what_is_left_around_its_window)
{
	char value[101];
	struct redact_book *b;
	size_t i;

	for (i = 0; i < 100; i++)
		value[i] = (char)('!' + i * 37 % 90);
	value[100] = '\0';
	b = book_of(value);
	CHECK_STR(cleaned(b, value, 80), "<one>");
	CHECK_STR(clean(b, value + 20), "<one>");
	CHECK_STR(cleaned(b, value + 40, 30), "<one>");
	redact_book_free(b);
}

TEST(of_a_long_secret_the_head_alone_is_found)
{
	static char value[4001];
	struct redact_book *b;
	size_t i;

	for (i = 0; i < sizeof(value) - 1; i++)
		value[i] = (char)('!' + (i * i + i / 7) % 90);
	b = book_of(value);
	CHECK_STR(cleaned(b, value, 1024), "<one>");
	CHECK_STR(cleaned(b, value, 200), "<one>");
	CHECK_STR(clean(b, value), "<one>");
	redact_book_free(b);
}

TEST(a_part_of_a_short_secret_is_no_secret)
{
	struct redact_book *b = book_of("password12345");

	CHECK_STR(
	    clean(b, "the password1234 is wrong"), "the password1234 is wrong");
	CHECK_STR(clean(b, "the password12345 is right"), "the <one> is right");
	redact_book_free(b);
}

TEST(what_has_less_than_a_window_is_never_found)
{
	struct redact_book *b = book_of("1234567");

	CHECK_STR(clean(b, "pin 1234567"), "pin 1234567");
	redact_book_free(b);
	b = book_of("12345678");
	CHECK_STR(clean(b, "pin 12345678"), "pin <one>");
	redact_book_free(b);
}

TEST(the_end_of_the_last_line_is_no_part_of_a_secret)
{
	struct redact_book *b = book_of("from-a-file-it-came\r\n");

	CHECK_STR(clean(b, "[from-a-file-it-came]"), "[<one>]");
	redact_book_free(b);
}

TEST(bytes_of_any_kind_are_a_secret)
{
	static const char value[] = "\0\1\2\3zero\0byte\xff\xfe";
	struct redact_book *b = new_book();
	char text[64] = "<<";

	put(b, "bin", value, sizeof(value) - 1);
	memcpy(text + 2, value, sizeof(value) - 1);
	memcpy(text + 1 + sizeof(value), ">>", 2);
	CHECK_STR(cleaned(b, text, sizeof(value) + 3), "<<<bin>>>");
	CHECK_STR(clean(b, "000102037a65726f0062797465fffe"), "<bin>");
	redact_book_free(b);
}

TEST(encoded_text_may_be_wrapped)
{
	/* `head -c 60 | base64 -w 64` of the alphabet, and in JSON. */
	static const char value[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ01234567";
	static const char wrapped[] =
	    "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXpBQkNERUZHSElKS0xNTk9QUVJTVFVW"
	    "\nV1hZWjAxMjM0NTY3\n";
	static const char in_json[] =
	    "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXpBQkNERUZHSElKS0xNTk9QUVJTVFVW"
	    "\\nV1hZWjAxMjM0NTY3\\n";
	char at_each[256];
	struct redact_book *b = book_of(value);
	size_t i;

	CHECK_STR(clean(b, wrapped), "<one>\n");
	CHECK_STR(clean(b, in_json), "<one>\\n");
	/* Wherever the one end of a line is. */
	for (i = 1; i < 80; i++) {
		snprintf(at_each, sizeof(at_each), "%.*s\r\n  %.*s%s", (int)i,
		    wrapped, i < 64 ? (int)(64 - i) : 0, wrapped + i,
		    wrapped + 65 + (i > 64 ? i - 64 : 0));
		if (i > 64)
			snprintf(at_each, sizeof(at_each), "%.64s%.*s\r\n  %s",
			    wrapped, (int)(i - 64), wrapped + 65,
			    wrapped + 65 + (i - 64));
		CHECK(strncmp(clean(b, at_each), "<one>", 5) == 0);
	}
	redact_book_free(b);
}

TEST(several_secrets_are_told_apart)
{
	struct redact_book *b = new_book();

	put(b, "mail", "mail-password-of-alice", 22);
	put(b, "key", "sk-live-0123456789abcdef", 24);
	CHECK_STR(clean(b,
		      "sk-live-0123456789abcdef mail-password-of-alice "
		      "sk-live-0123456789abcdeX"),
	    "<key> <mail> <key>X");
	redact_book_free(b);
}

TEST(of_secrets_within_each_other_the_longer_is_found)
{
	struct redact_book *b = new_book();

	put(b, "short", "horse-battery", 13);
	put(b, "long", "correct-horse-battery-staple", 28);
	CHECK_STR(clean(b, "a correct-horse-battery-staple b"), "a <long> b");
	CHECK_STR(clean(b, "a horse-battery b"), "a <short> b");
	redact_book_free(b);
}

/* ---- Bounds ---- */

TEST(a_text_of_nothing_but_secrets_is_too_much)
{
	struct redact_book *b = book_of("12345678");
	char *text = malloc(64 * 1024);
	size_t i;

	for (i = 0; i < 64 * 1024; i += 8)
		memcpy(text + i, "12345678", 8);
	CHECK_STR(cleaned(b, text, 64 * 1024), "(too much)");
	CHECK(asked <= 1 + FORM_COUNT);
	free(text);
	redact_book_free(b);
}

TEST(the_vault_can_be_full)
{
	struct redact_book *b = new_book();
	char *value = malloc(SECRET_MAX);
	struct secret *s;
	char names[REDACT_VALUES_MAX][8];
	size_t i;

	for (i = 0; i < REDACT_VALUES_MAX; i++) {
		memset(value, 1 + (int)i, SECRET_MAX);
		snprintf(names[i], sizeof(names[i]), "s%zu", i);
		s = secret_new(value, SECRET_MAX);
		CHECK(redact_book_put(b, names[i], 1, s) == OK);
		secret_free(s);
	}
	s = secret_new("one more secret", 15);
	CHECK(redact_book_put(b, "more", 1, s) == ERR_LIMIT);
	secret_free(s);
	free(value);
	redact_book_free(b);
}

TEST(the_house_without_secrets_lets_all_pass)
{
	struct redact_book *b = new_book();

	CHECK_STR(clean(b, "whatever it may be"), "whatever it may be");
	CHECK_INT(asked, 0);
	redact_book_free(b);
}

/* ---- The filter, as it is sent ---- */

TEST(a_filter_is_read_as_it_was_written)
{
	struct redact_book *book = book_of(VALUE);
	const struct redact_filter *f = redact_book_filter(book);
	struct redact_filter *g = NULL;
	struct str text = {"..." VALUE, 3 + strlen(VALUE)};
	struct str sent;
	struct buf b;
	size_t one = 0;
	size_t two = 0;

	buf_init(&b, 100000);
	redact_filter_write(f, &b);
	sent = (struct str){b.p, b.len};
	REQUIRE(redact_filter_read(sent, &g) == OK);
	CHECK(redact_filter_find(f, text, 0, &one));
	CHECK(redact_filter_find(g, text, 0, &two));
	CHECK_INT(one, two);
	/* Nothing of the value is in it. */
	CHECK(strstr(b.p, "k\"ey") == NULL);
	redact_filter_free(g);
	buf_done(&b);
	redact_book_free(book);
}

TEST(a_malformed_filter_is_refused)
{
	static const char *const bad[] = {"", "00", "0000000000000001a",
	    "0000000000000001abcde", "0000000000000001ABCDEF",
	    "000000000000000gabcdef"};
	struct redact_filter *f = NULL;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		struct str s = {bad[i], strlen(bad[i])};

		CASE(bad[i]);
		CHECK(redact_filter_read(s, &f) == ERR_INPUT);
		CHECK(f == NULL);
	}
}

TEST(few_windows_of_other_text_fit)
{
	struct redact_book *b = new_book();
	static char values[16][32];
	static char names[16][8];
	char *text = malloc(1 << 20);
	struct str s = {text, 1 << 20};
	uint32_t x = 1;
	size_t hits = 0;
	size_t from = 0;
	size_t at;
	size_t i;

	for (i = 0; i < 16; i++) {
		snprintf(values[i], sizeof(values[i]), "secret-%08zx-value",
		    i * 2654435761u % 0xffffffff);
		snprintf(names[i], sizeof(names[i]), "s%zu", i);
		put(b, names[i], values[i], strlen(values[i]));
	}
	for (i = 0; i < s.len; i++) {
		x = x * 1664525 + 1013904223;
		text[i] = (char)(' ' + (x >> 24) % 95);
	}
	while (redact_filter_find(redact_book_filter(b), s, from, &at)) {
		hits++;
		from = at + 1;
	}
	/* 16 secrets have some 500 prints: 33 are expected. */
	CHECK(hits < 100);
	free(text);
	redact_book_free(b);
}
