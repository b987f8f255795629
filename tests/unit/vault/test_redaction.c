/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <string.h>

#include "crypto/crypto.h"
#include "fake_peers.h"
#include "vault/vault_priv.h"

#define OLD "Tr0ub4dor-and-three"
#define NEW "correct-horse-battery"

static char folder[] = "/tmp/durward-redaction-XXXXXX";
static struct vault vault;

static void
check_setup(void)
{
	struct digest box;

	crypto_open();
	crypto_hash("box", 3, &box);
	check_folder(folder);
	vault.peers = &fake_peers;
	vault.secrets = secrets_open(folder, NULL, &box);
	redaction_open(&vault);
}

static void
put(const char *name, const char *value)
{
	struct secret *s = secret_new(value, strlen(value));
	struct errmsg why = {""};

	REQUIRE(secrets_put(vault.secrets, name, s, 1000, &why) == OK);
	secret_free(s);
	redaction_renew(&vault);
}

/* The secret that is found in this text, or "". */
static const char *
found_in(const char *text)
{
	struct json *body = json_object();
	struct msg m = {.type = MSG_SCAN,
	    .from = ROLE_TOOLS,
	    .body = body,
	    .bulk = text,
	    .bulk_len = strlen(text)};
	const struct json *answer;

	fake_forget();
	json_put_int(body, "id", 1);
	redaction_on_scan(&vault, &m);
	json_free(body);
	answer = fake_last(MSG_SCANNED);
	REQUIRE(answer != NULL && json_flag(answer, "ok"));
	return json_words(json_first(json_get(answer, "found")), "secret");
}

TEST(what_a_secret_was_is_kept_out_of_texts_like_what_it_is)
{
	struct errmsg why = {""};

	put("mail", OLD);
	CHECK_STR(found_in("it is " OLD "!"), "mail");
	CHECK_STR(found_in("it is " NEW "!"), "");
	put("mail", NEW);
	CHECK_STR(found_in("it is " NEW "!"), "mail");
	CHECK_STR(found_in("it is " OLD "!"), "mail");
	REQUIRE(secrets_remove(vault.secrets, "mail", &why) == OK);
	redaction_renew(&vault);
	CHECK_STR(found_in("it is " NEW "!"), "mail");
	CHECK_STR(found_in("it is " OLD "!"), "mail");
}

TEST(a_name_that_comes_again_is_not_taken_for_what_it_was)
{
	struct errmsg why = {""};

	put("mail", "the-first-of-them");
	REQUIRE(secrets_remove(vault.secrets, "mail", &why) == OK);
	put("mail", "and-another-value");
	CHECK_STR(found_in("it is the-first-of-them"), "mail");
	CHECK_STR(found_in("it is and-another-value"), "mail");
}
