/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "egress/egress_priv.h"

static void
check_setup(void)
{
}

static struct curl_slist *
headers(enum dialect d, const char *key)
{
	struct secret *s = key != NULL ? secret_new(key, strlen(key)) : NULL;
	struct curl_slist *list = headers_new(d, s);

	secret_free(s);
	return list;
}

static bool
has(const struct curl_slist *list, const char *line)
{
	for (; list != NULL; list = list->next)
		if (strcmp(list->data, line) == 0)
			return true;
	return false;
}

static bool
tells(const struct curl_slist *list, const char *part)
{
	for (; list != NULL; list = list->next)
		if (strstr(list->data, part) != NULL)
			return true;
	return false;
}

TEST(each_dialect_shows_its_key_its_own_way)
{
	struct curl_slist *list = headers(DIALECT_OPENAI, "sk-1");

	CHECK(has(list, "authorization: Bearer sk-1"));
	CHECK(has(list, "accept: text/event-stream"));
	curl_slist_free_all(list);
	list = headers(DIALECT_OLLAMA, "sk-1");
	CHECK(has(list, "authorization: Bearer sk-1"));
	CHECK(has(list, "accept: application/x-ndjson"));
	curl_slist_free_all(list);
	list = headers(DIALECT_ANTHROPIC, "sk-1");
	CHECK(has(list, "x-api-key: sk-1"));
	CHECK(has(list, "anthropic-version: 2023-06-01"));
	CHECK(!tells(list, "Bearer"));
	curl_slist_free_all(list);
}

TEST(without_a_key_none_is_shown)
{
	struct curl_slist *list = headers(DIALECT_OPENAI, NULL);

	REQUIRE(list != NULL);
	CHECK(!tells(list, "authorization"));
	curl_slist_free_all(list);
}

TEST(the_end_of_a_line_is_no_part_of_a_key)
{
	struct curl_slist *list = headers(DIALECT_OPENAI, "sk-1\r\n");

	CHECK(has(list, "authorization: Bearer sk-1"));
	curl_slist_free_all(list);
}

TEST(a_key_that_would_be_more_than_one_header_is_refused)
{
	CHECK(headers(DIALECT_OPENAI, "sk\r\nhost: evil") == NULL);
	CHECK(headers(DIALECT_OPENAI, "sk 1") == NULL);
	CHECK(headers(DIALECT_OPENAI, "sk\t1") == NULL);
	CHECK(headers(DIALECT_OPENAI, "sk\x80") == NULL);
	CHECK(headers(DIALECT_OPENAI, "\n") == NULL);
	CHECK(headers(DIALECT_OPENAI, "") == NULL);
}

TEST(a_key_is_wiped_from_its_header)
{
	struct curl_slist *list = headers(DIALECT_OPENAI, "sk-wiped");
	struct curl_slist *last = list;

	while (last->next != NULL)
		last = last->next;
	CHECK_STR(last->data, "authorization: Bearer sk-wiped");
	headers_wipe(list);
	CHECK(!tells(list, "sk-"));
	CHECK_STR(last->data + 10, "");
	curl_slist_free_all(list);
}
