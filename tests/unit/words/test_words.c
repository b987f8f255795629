/* SPDX-License-Identifier: Apache-2.0 */
#include "words/words.h"

#include "check.h"

static void
check_setup(void)
{
}

static void
check_clean(const char *text, const char *want)
{
	struct clean c;

	CASE(text);
	REQUIRE(words_clean(text, true, &c) == OK);
	CHECK_STR(c.text, want);
	CHECK_INT(c.n, strlen(want));
}

TEST(capitals_accents_and_punctuation_do_not_matter)
{
	check_clean("Turn ON, the light!", "turn on the light ");
	check_clean("  Küche\t\nan ", "kuche an ");
	check_clean("Ku\xcc\x88"
		    "che",
	    "kuche ");
	check_clean("straße STRASSE", "strasse strasse ");
	check_clean("ÉLÈVE Ångström Œuvre", "eleve angstrom oeuvre ");
	check_clean("Ελλάς ΕΛΛΆΣ", "ελλασ ελλασ ");
	check_clean("Ещё ЕЩЁ", "еще еще ");
	check_clean("¿Qué? „now“ «then»", "que now then ");
	check_clean("what’s it", "what's it ");
	check_clean("TV-Light up-to-date a_b", "tv light up to date a b ");
	check_clean("...", "");
	check_clean("", "");
}

TEST(what_belongs_to_a_number_stays)
{
	check_clean("to 22.5 or 22,5.", "to 22.5 or 22,5 ");
	check_clean("to -5 to - 5 a-5", "to -5 to 5 a 5 ");
	check_clean("at 10:30, 50%", "at 10:30 50% ");
}

TEST(what_was_said_is_given_back_as_it_was)
{
	struct clean c;
	char *said;

	REQUIRE(words_clean("Add “Süße  Äpfel”, please", true, &c) == OK);
	CHECK_STR(c.text, "add susse apfel please ");
	said = words_said(&c, 3, 16);
	CHECK_STR(said, "Süße  Äpfel");
	free(said);
	said = words_said(&c, 4, 4);
	CHECK_STR(said, "");
	free(said);
}

TEST(skip_words_go_as_whole_words_and_the_longest_first)
{
	char *const words[] = {"mal", "can you", "can you please"};
	struct clean c;
	char *said;

	REQUIRE(words_clean("Can you please normal mal", true, &c) == OK);
	words_skip(&c, words, 3);
	CHECK_STR(c.text, "normal ");
	REQUIRE(words_clean("One mal TWO", true, &c) == OK);
	words_skip(&c, words, 3);
	said = words_said(&c, 0, c.n);
	CHECK_STR(said, "One TWO");
	free(said);
}

TEST(without_spaces_none_is_left)
{
	char *const words[] = {"ください"};
	struct clean c;

	REQUIRE(words_clean("電気 を つけて ください。", false, &c) == OK);
	words_skip(&c, words, 1);
	CHECK_STR(c.text, "電気をつけて");
}

TEST(too_much_and_what_is_no_text_is_refused)
{
	char text[WORDS_TEXT_MAX + 2];
	struct clean c;

	memset(text, 'a', sizeof(text) - 1);
	text[WORDS_TEXT_MAX + 1] = '\0';
	CHECK(words_clean(text, true, &c) == ERR_LIMIT);
	text[WORDS_TEXT_MAX] = '\0';
	CHECK(words_clean(text, true, &c) == OK);
	CHECK(words_clean("a\xff", true, &c) == ERR_INPUT);
}

/* ---- numbers ---- */

static bool
reads(const char *language, const char *text, size_t end, double value)
{
	struct number number[WORDS_NUMBERS_MAX];
	size_t n =
	    words_numbers(words_numerals(language), text, 0, true, number);
	size_t i;

	for (i = 0; i < n; i++)
		if (number[i].end == end && number[i].value == value)
			return true;
	return false;
}

static const struct {
	const char *language;
	const char *text;
	double value;
} said[] = {
    {"en", "zero", 0},
    {"en", "nineteen", 19},
    {"en", "twenty", 20},
    {"en", "ninety nine", 99},
    {"en", "hundred", 100},
    {"en", "a hundred", 100},
    {"en", "one hundred and five", 105},
    {"en", "four hundred twelve", 412},
    {"en", "nine hundred and ninety nine", 999},
    {"en", "a thousand", 1000},
    {"en", "two thousand seven hundred", 2700},
    {"en", "six thousand five hundred and one", 6501},
    {"en", "two point five", 2.5},
    {"en", "twenty and a half", 20.5},
    {"en", "minus seven", -7},
    {"de", "null", 0},
    {"de", "eins", 1},
    {"de", "eine", 1},
    {"de", "zwolf", 12},
    {"de", "siebzehn", 17},
    {"de", "einundzwanzig", 21},
    {"de", "ein und zwanzig", 21},
    {"de", "sechsunddreissig", 36},
    {"de", "neunundneunzig", 99},
    {"de", "hundert", 100},
    {"de", "einhundertfunf", 105},
    {"de", "zweihundertfunfundzwanzig", 225},
    {"de", "tausend", 1000},
    {"de", "zweitausendsiebenhundert", 2700},
    {"de", "neunzehn komma funf", 19.5},
    {"de", "zwanzigeinhalb", 20.5},
    {"de", "minus zwei", -2},
    {"de-CH", "dreissig", 30},
};

TEST(numbers_in_words_are_read)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(said); i++) {
		char more[128];

		CASE(said[i].text);
		CHECK(reads(said[i].language, said[i].text,
		    strlen(said[i].text), said[i].value));
		snprintf(more, sizeof(more), "%sx", said[i].text);
		CHECK(!reads(said[i].language, more, strlen(said[i].text),
		    said[i].value));
	}
	CHECK(words_numerals("xx") == NULL);
	CHECK(words_numerals("e") == NULL);
	CHECK(words_numerals("english") == NULL);
}

/* Each number has its own words: what is written is what is read. */
static void
write_english(int n, char *ret, size_t size)
{
	static const char *const small[] = {"zero", "one", "two", "three",
	    "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
	    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
	    "eighteen", "nineteen"};
	static const char *const tens[] = {"", "", "twenty", "thirty", "forty",
	    "fifty", "sixty", "seventy", "eighty", "ninety"};
	size_t len = 0;

	ret[0] = '\0';
	if (n >= 100) {
		snprintf(ret, size, "%s hundred%s", small[n / 100],
		    n % 100 ? " and " : "");
		n %= 100;
		len = strlen(ret);
		if (n == 0)
			return;
	}
	if (n < 20)
		snprintf(ret + len, size - len, "%s", small[n]);
	else
		snprintf(ret + len, size - len, "%s%s%s", tens[n / 10],
		    n % 10 ? " " : "", n % 10 ? small[n % 10] : "");
}

TEST(every_number_below_a_thousand_is_read)
{
	char text[64];
	int n;

	for (n = 0; n < 1000; n++) {
		write_english(n, text, sizeof(text));
		CASE(text);
		CHECK(reads("en", text, strlen(text), n));
	}
}

TEST(what_is_no_number_is_none)
{
	struct number number[WORDS_NUMBERS_MAX];
	const struct numerals *en = words_numerals("en");

	CHECK_INT(words_numbers(en, "", 0, true, number), 0);
	CHECK_INT(words_numbers(en, "and", 0, true, number), 0);
	CHECK_INT(words_numbers(en, "a", 0, true, number), 0);
	CHECK_INT(words_numbers(en, "onerous", 0, true, number), 0);
	CHECK_INT(words_numbers(en, "minus", 0, true, number), 0);
	CHECK(!reads("en", "two point five", 14, 7));
}
