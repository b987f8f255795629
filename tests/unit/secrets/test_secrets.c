/* SPDX-License-Identifier: Apache-2.0 */
#include "secrets/secrets.h"

#include <stdlib.h>

#include "base/buf.h"
#include "check.h"
#include "crypto/crypto.h"
#include "sys/file.h"

static char folder[64];
static struct digest box;

static void
check_setup(void)
{
	crypto_open();
	crypto_hash("box", 3, &box);
}

static struct secrets *
fresh(void)
{
	snprintf(folder, sizeof(folder), "/tmp/durward-secrets-XXXXXX");
	REQUIRE(mkdtemp(folder) != NULL);
	return secrets_open(folder, NULL, &box);
}

static const char *
at(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
text_of(const char *name, struct buf *b)
{
	buf_init(b, SECRETS_FILE_MAX);
	REQUIRE(file_read(at(name), b) == OK);
}

static void
leave(struct secrets *s)
{
	secrets_free(s);
	unlink(at("secrets.json"));
	unlink(at("kek"));
	unlink(at("other"));
	rmdir(folder);
}

static enum err
put(struct secrets *s, const char *name, const char *value)
{
	struct secret *v = secret_new(value, strlen(value));
	struct errmsg why = {""};
	enum err e = secrets_put(s, name, v, 1000, &why);

	secret_free(v);
	CHECK((e == OK) == (why.text[0] == '\0'));
	return e;
}

static bool
has(struct secrets *s, const char *name, const char *value)
{
	struct errmsg why = {""};
	struct secret *v = NULL;
	bool same = secrets_get(s, name, &v, &why) == OK &&
	    strcmp(secret_reveal(v), value) == 0;

	secret_free(v);
	return same;
}

TEST(what_is_kept_is_there_after_a_restart_and_not_in_the_file)
{
	struct secrets *s = fresh();
	struct buf b;

	CHECK(!file_is_there(at("kek")));
	REQUIRE(put(s, "mail-password", "correct horse") == OK);
	secrets_free(s);
	s = secrets_open(folder, NULL, &box);
	CHECK_STR(secrets_broken(s), "");
	CHECK(has(s, "mail-password", "correct horse"));
	text_of("secrets.json", &b);
	CHECK(strstr(b.p, "correct") == NULL);
	CHECK(strstr(b.p, "636f7272656374") == NULL);
	buf_done(&b);
	leave(s);
}

TEST(a_new_value_is_a_new_version_and_the_old_one_is_gone)
{
	struct secrets *s = fresh();

	REQUIRE(put(s, "a", "one") == OK);
	CHECK_INT(secrets_version(s, "a"), 1);
	REQUIRE(put(s, "a", "two") == OK);
	CHECK_INT(secrets_version(s, "a"), 2);
	CHECK(has(s, "a", "two"));
	secrets_free(s);
	s = secrets_open(folder, NULL, &box);
	CHECK_INT(secrets_version(s, "a"), 2);
	CHECK(has(s, "a", "two"));
	leave(s);
}

TEST(no_version_of_a_name_comes_twice)
{
	struct secrets *s = fresh();
	struct errmsg why = {""};

	REQUIRE(put(s, "a", "one") == OK);
	REQUIRE(put(s, "a", "two") == OK);
	REQUIRE(put(s, "b", "one") == OK);
	REQUIRE(secrets_remove(s, "a", &why) == OK);
	REQUIRE(put(s, "a", "three") == OK);
	CHECK_INT(secrets_version(s, "a"), 3);
	CHECK_INT(secrets_version(s, "b"), 1);
	REQUIRE(secrets_remove(s, "a", &why) == OK);
	REQUIRE(secrets_remove(s, "b", &why) == OK);
	secrets_free(s);
	s = secrets_open(folder, NULL, &box);
	REQUIRE(put(s, "a", "four") == OK);
	CHECK_INT(secrets_version(s, "a"), 4);
	leave(s);
}

static bool
had(struct secrets *s, int64_t version, const char *value)
{
	struct secret *v = NULL;
	bool same = secrets_get_version(s, "a", version, &v) == OK &&
	    strcmp(secret_reveal(v), value) == 0;

	secret_free(v);
	return same;
}

static size_t
count_values(const struct secrets *s)
{
	const char *name;
	int64_t version;
	size_t n = 0;

	while (secrets_value_at(s, n, &name, &version))
		n++;
	return n;
}

TEST(what_a_secret_was_is_known_until_the_house_ends)
{
	struct secrets *s = fresh();
	struct errmsg why = {""};
	int i;

	REQUIRE(put(s, "a", "one") == OK);
	CHECK_INT(count_values(s), 1);
	REQUIRE(put(s, "a", "two") == OK);
	CHECK_INT(count_values(s), 2);
	CHECK(had(s, 1, "one") && had(s, 2, "two"));
	REQUIRE(secrets_remove(s, "a", &why) == OK);
	CHECK_INT(count_values(s), 2);
	CHECK(had(s, 1, "one") && had(s, 2, "two"));
	REQUIRE(put(s, "a", "three") == OK);
	for (i = 0; i < REDACT_OLD_MAX; i++)
		REQUIRE(put(s, "a", "more") == OK);
	CHECK_INT(count_values(s), 1 + REDACT_OLD_MAX);
	CHECK(!had(s, 2, "two") && had(s, 3, "three"));
	secrets_free(s);
	s = secrets_open(folder, NULL, &box);
	CHECK_INT(count_values(s), 1);
	leave(s);
}

TEST(another_key_is_told_in_words_and_nothing_is_written)
{
	struct secrets *s = fresh();
	struct errmsg why = {""};
	struct buf before;
	struct buf after;

	REQUIRE(put(s, "a", "one") == OK);
	secrets_free(s);
	text_of("secrets.json", &before);
	REQUIRE(file_replace(at("kek"), "0123456789abcdef0123456789abcdef", 32,
		    0600) == OK);
	s = secrets_open(folder, NULL, &box);
	CHECK(strstr(secrets_broken(s), "another key") != NULL);
	CHECK(put(s, "a", "two") == ERR_CORRUPT);
	CHECK(put(s, "b", "two") == ERR_CORRUPT);
	CHECK(secrets_remove(s, "a", &why) == ERR_CORRUPT);
	CHECK(!has(s, "a", "one"));
	text_of("secrets.json", &after);
	CHECK_STR(after.p, before.p);
	buf_done(&before);
	buf_done(&after);
	leave(s);
}

TEST(a_missing_key_is_not_made_anew)
{
	struct secrets *s = fresh();

	REQUIRE(put(s, "a", "one") == OK);
	secrets_free(s);
	unlink(at("kek"));
	s = secrets_open(folder, NULL, &box);
	CHECK(strstr(secrets_broken(s), "missing") != NULL);
	CHECK(put(s, "b", "two") == ERR_CORRUPT);
	CHECK(!file_is_there(at("kek")));
	leave(s);
}

TEST(a_damaged_store_is_told_in_words_and_nothing_is_written)
{
	static const char *const texts[] = {"", "{}", "nonsense",
	    "{\"format\":2,\"key\":\"\",\"secrets\":[]}",
	    "{\"format\":1,\"key\":\"\",\"secrets\":[{\"name\":\"a\"}]}",
	    "{\"format\":1,\"key\":\"\",\"secrets\":[7]}"};
	struct secrets *s = fresh();
	struct buf b;
	size_t i;

	REQUIRE(put(s, "a", "one") == OK);
	for (i = 0; i < ARRAY_LEN(texts); i++) {
		CASE(texts[i]);
		secrets_free(s);
		REQUIRE(file_replace(at("secrets.json"), texts[i],
			    strlen(texts[i]), 0600) == OK);
		s = secrets_open(folder, NULL, &box);
		CHECK(strstr(secrets_broken(s), "damaged") != NULL);
		CHECK(put(s, "b", "two") == ERR_CORRUPT);
		text_of("secrets.json", &b);
		CHECK_STR(b.p, texts[i]);
		buf_done(&b);
	}
	leave(s);
}

/* The text of the store with `from` in place of `to`, once. */
static void
edit(const char *from, const char *to)
{
	struct buf b;
	struct buf out;
	const char *p;

	text_of("secrets.json", &b);
	p = strstr(b.p, from);
	REQUIRE(p != NULL);
	buf_init(&out, SECRETS_FILE_MAX);
	buf_add(&out, b.p, (size_t)(p - b.p));
	buf_adds(&out, to);
	buf_adds(&out, p + strlen(from));
	REQUIRE(file_replace(at("secrets.json"), out.p, out.len, 0600) == OK);
	buf_done(&b);
	buf_done(&out);
}

TEST(a_secret_under_another_name_version_or_box_does_not_open)
{
	struct secrets *s = fresh();
	struct digest other;

	REQUIRE(put(s, "harmless", "root password") == OK);
	edit("\"harmless\"", "\"weather-key\"");
	secrets_free(s);
	s = secrets_open(folder, NULL, &box);
	CHECK_STR(secrets_broken(s), "");
	CHECK(!has(s, "weather-key", "root password"));
	edit("\"weather-key\"", "\"harmless\"");
	edit("\"version\":1", "\"version\":2");
	secrets_free(s);
	s = secrets_open(folder, NULL, &box);
	CHECK(!has(s, "harmless", "root password"));
	edit("\"version\":2", "\"version\":1");
	secrets_free(s);
	crypto_hash("bux", 3, &other);
	s = secrets_open(folder, NULL, &other);
	CHECK(!has(s, "harmless", "root password"));
	secrets_free(s);
	s = secrets_open(folder, NULL, &box);
	CHECK(has(s, "harmless", "root password"));
	leave(s);
}

TEST(a_credential_comes_before_the_key_file)
{
	struct secrets *s = fresh();
	char credential[128];

	snprintf(credential, sizeof(credential), "%s", at("other"));
	REQUIRE(file_replace(credential, "0123456789abcdef0123456789abcdef", 32,
		    0400) == OK);
	secrets_free(s);
	s = secrets_open(folder, credential, &box);
	REQUIRE(put(s, "a", "one") == OK);
	CHECK(!file_is_there(at("kek")));
	secrets_free(s);
	REQUIRE(file_replace(credential, "short", 5, 0400) == OK);
	s = secrets_open(folder, credential, &box);
	CHECK(strstr(secrets_broken(s), "credential") != NULL);
	CHECK(put(s, "a", "two") == ERR_CORRUPT);
	leave(s);
}

TEST(names_sizes_and_numbers_have_limits)
{
	struct secrets *s = fresh();
	struct errmsg why = {""};
	char *big = malloc(SECRET_MAX + 2);
	char name[16];
	int i;

	REQUIRE(big != NULL);
	memset(big, 'x', SECRET_MAX + 1);
	big[SECRET_MAX + 1] = '\0';
	CHECK(put(s, "Upper", "x") == ERR_INPUT);
	CHECK(put(s, "../kek", "x") == ERR_INPUT);
	CHECK(put(s, "", "x") == ERR_INPUT);
	CHECK(put(s, "a", "") == ERR_LIMIT);
	CHECK(put(s, "a", big) == ERR_LIMIT);
	big[SECRET_MAX] = '\0';
	for (i = 0; i < SECRETS_MAX; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		CHECK(put(s, name, big) == OK);
	}
	CHECK(put(s, "one-more", "x") == ERR_LIMIT);
	CHECK(put(s, "s7", "seven") == OK);
	CHECK(secrets_remove(s, "s8", &why) == OK);
	CHECK(secrets_remove(s, "s8", &why) == ERR_NOTFOUND);
	secrets_free(s);
	s = secrets_open(folder, NULL, &box);
	CHECK_STR(secrets_broken(s), "");
	CHECK(has(s, "s7", "seven"));
	CHECK(has(s, "s63", big));
	CHECK(!has(s, "s8", big));
	free(big);
	leave(s);
}

TEST(what_was_removed_makes_room_and_may_come_again)
{
	struct secrets *s = fresh();
	struct errmsg why = {""};
	int i;

	for (i = 0; i < 3; i++) {
		REQUIRE(put(s, "a", "one") == OK);
		REQUIRE(put(s, "b", "two") == OK);
		CHECK(secrets_remove(s, i % 2 ? "a" : "b", &why) == OK);
		CHECK(has(s, i % 2 ? "b" : "a", i % 2 ? "two" : "one"));
		CHECK(secrets_remove(s, i % 2 ? "b" : "a", &why) == OK);
	}
	leave(s);
}

TEST(what_cannot_be_written_is_not_there)
{
	struct secrets *s = fresh();
	struct errmsg why = {""};
	char away[80];

	snprintf(away, sizeof(away), "%s-away", folder);
	REQUIRE(put(s, "a", "one") == OK);
	REQUIRE(rename(folder, away) == 0);
	CHECK(put(s, "a", "two") != OK);
	CHECK(put(s, "b", "two") != OK);
	CHECK(secrets_remove(s, "a", &why) != OK);
	CHECK(has(s, "a", "one"));
	CHECK_INT(secrets_version(s, "a"), 1);
	CHECK_INT(secrets_version(s, "b"), 0);
	REQUIRE(rename(away, folder) == 0);
	leave(s);
}
