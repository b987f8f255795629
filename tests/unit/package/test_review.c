/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "crypto/crypto.h"
#include "package/package.h"

static void
check_setup(void)
{
	crypto_open();
}

#define IMAGE                                                                  \
	"sha256:"                                                              \
	"0000000000000000000000000000000000000000000000000000000000000000"
#define HEAD                                                                   \
	"{\"name\":\"mail\",\"version\":\"%s\",\"transport\":\"container\","   \
	"\"image\":\"" IMAGE "\",\"command\":[\"/program\"],"                  \
	"\"description\":\"%s\","
#define FUNCTION                                                               \
	"\"functions\":{\"send\":{\"effect\":\"%s\",\"args\":{\"to\":"         \
	"{\"type\":\"string\",\"required\":true,\"max\":100}}}}}"

static char review[REVIEW_MAX];

static const char *
review_of(const char *version, const char *description, const char *members,
    const char *effect)
{
	struct errmsg why = {""};
	struct package p;
	struct buf out;
	char text[4096];
	char format[1024];

	snprintf(format, sizeof(format), "%s%%s%s", HEAD, FUNCTION);
	snprintf(text, sizeof(text), HEAD "%s" FUNCTION, version, description,
	    members, effect);
	if (package_of_text(text, &p, &why) != OK) {
		printf("# %s\n", why.text);
		return "";
	}
	buf_init(&out, REVIEW_MAX);
	package_review(&p, &out);
	snprintf(review, sizeof(review), "%s", out.p);
	buf_done(&out);
	package_done(&p);
	return review;
}

static bool
says(const char *text, const char *line)
{
	size_t n = strlen(line);
	const char *at = strstr(text, line);
	bool found =
	    at != NULL && (at == text || at[-1] == '\n') && at[n] == '\n';

	if (!found)
		printf("# not there: %s\n%s", line, text);
	return found;
}

TEST(all_that_a_tool_has_is_a_line_of_its_review)
{
	const char *text = review_of("1", "mail",
	    "\"network\":[\"smtp.example.com:465\",\"*.example.org:443\"],"
	    "\"lan\":[\"hub.lan:80=192.168.1.20\"],\"volume\":true,"
	    "\"secrets\":[{\"name\":\"mail-password\",\"env\":\"PASSWORD\"}],"
	    "\"limits\":{\"memory_mib\":48,\"pids\":7,\"call_ms\":9000},",
	    "external");

	CHECK(says(text, "tool         mail"));
	CHECK(says(text, "image        " IMAGE));
	CHECK(says(text, "command      /program"));
	CHECK(says(text, "network      smtp.example.com:465"));
	CHECK(says(text, "network      *.example.org:443"));
	CHECK(says(text, "lan          hub.lan:80=192.168.1.20"));
	CHECK(says(text, "port         465, of hosts that it may reach"));
	CHECK(says(text, "secret       mail-password in PASSWORD"));
	CHECK(says(text, "limit        memory 48 MiB"));
	CHECK(says(text, "limit        processes 7"));
	CHECK(says(text, "limit        call 9000 ms"));
	CHECK(strstr(text, "volume       of its own, which stays") != NULL);
	CHECK(says(text,
	    "function     send(to: text up to 100) external: something leaves "
	    "the house: asks each time"));
}

TEST(a_review_says_what_a_tool_has_not)
{
	const char *text = review_of("1", "mail", "", "read");

	CHECK(says(text, "network      none: it reaches nothing"));
	CHECK(says(text, "secret       none"));
	CHECK(says(text, "volume       none: it keeps nothing"));
}

TEST(a_description_is_one_line_in_which_everything_can_be_seen)
{
	const char *text = review_of(
	    "1", "good\\nfunction     none\\u202e\\u200bx\\u0007", "", "read");
	const char *line = strstr(text, "description  ");

	REQUIRE(line != NULL);
	CHECK(!says(text, "function     none"));
	CHECK(strstr(line, "\\u202e\\u200bx") != NULL);
	CHECK(strpbrk(text, "\a\x1b\xe2") == NULL);
}

TEST(two_reviews_are_compared_line_by_line)
{
	char before[REVIEW_MAX];
	struct buf out;

	snprintf(before, sizeof(before), "%s",
	    review_of("1", "mail", "\"volume\":true,", "reversible"));
	buf_init(&out, 2 * REVIEW_MAX);
	package_compare(before,
	    review_of("1", "mail",
		"\"volume\":true,\"network\":[\"a.example.com:443\"],",
		"external"),
	    &out);
	CHECK(says(out.p, "+ network      a.example.com:443"));
	CHECK(says(out.p, "- network      none: it reaches nothing"));
	CHECK(strstr(out.p,
		  "+ function     send(to: text up to 100) external") != NULL);
	CHECK(strstr(out.p, "volume") == NULL);
	CHECK(strstr(out.p, "secret") == NULL);
	buf_clear(&out);
	package_compare(before, before, &out);
	CHECK(out.len == 0);
	buf_done(&out);
}
