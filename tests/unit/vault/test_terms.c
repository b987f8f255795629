/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "../approval/fixture.h"
#include "fake_peers.h"
#include "set_clocks.h"
#include "sys/loop.h"
#include "vault/vault_priv.h"

/* What the vault does as the time of clients comes to its end. */

#define HOUR_S ((int64_t)3600)
#define BEGIN_S (CLOCK_FLOOR_MS / 1000 + 100 * 24 * HOUR_S)

static struct vault vault;
static enum err saving;
static int n_saved;
static int n_told;
static struct digest lost; /* Whose window would be closed. */

/* In the place of the rest of the vault. */
enum err
vault_save(struct vault *v, struct errmsg *why)
{
	(void)v;
	n_saved++;
	return saving == OK ? OK : err_say(why, saving, "no room");
}

void
vault_tell_trust(struct vault *v)
{
	(void)v;
	n_told++;
}

void
pairing_tell(struct vault *v)
{
	(void)v;
}

void
pairing_client_lost(struct vault *v, const struct digest *client)
{
	(void)v;
	lost = *client;
}

bool
recovery_client_lost(struct vault *v, const struct digest *client)
{
	return digest_equal(&v->recovery.maker, client);
}

void
vault_answer(struct vault *v, int64_t request, const char *what,
    const struct client *client, const char *told)
{
	struct json *body = json_object();

	(void)request;
	(void)told;
	json_put_str(body, "what", what);
	json_put_str(body, "name", client->name);
	peers_send(v->peers, ROLE_CORE, MSG_TRUST_ANSWER, body);
}

static void
check_setup(void)
{
	wall_s = BEGIN_S;
	fixture_open();
	atexit(fixture_close);
	fake_peers.loop = loop_new();
	vault.peers = &fake_peers;
}

static void
begin(void)
{
	vault.trust = trust;
	by_server = false;
	saving = OK;
	n_saved = n_told = 0;
	fake_forget();
	terms_open(&vault);
}

static void
hours_pass(int64_t n)
{
	boot_s += n * HOUR_S;
	wall_s += n * HOUR_S;
}

static struct term *
term_of(int who)
{
	return &vault.trust.clients[who].term;
}

TEST(an_end_is_written_and_told_once)
{
	begin();
	term_of(WHO_APPROVER)->until_ms = (wall_s + HOUR_S) * 1000;
	terms_watch(&vault);
	CHECK_INT(fake_count(MSG_TRUST_ANSWER), 0);
	hours_pass(1);
	terms_watch(&vault);
	terms_watch(&vault);
	CHECK(term_of(WHO_APPROVER)->ended);
	CHECK_INT(n_saved, 1);
	CHECK_INT(n_told, 1);
	REQUIRE(fake_count(MSG_TRUST_ANSWER) == 1);
	CHECK_STR(
	    json_words(fake_last(MSG_TRUST_ANSWER), "what"), "client-expired");
	CHECK_STR(json_words(fake_last(MSG_TRUST_ANSWER), "name"), "phone");
}

TEST(an_end_comes_by_itself)
{
	begin();
	term_of(WHO_VIEWER)->until_ms = (wall_s + 20) * 1000;
	terms_watch(&vault);
	boot_s += 20;
	wall_s += 20;
	loop_turn(fake_peers.loop, 0);
	CHECK(term_of(WHO_VIEWER)->ended);
}

/* Who has no end may open a window, and then be given one. */
TEST(a_way_back_ends_with_who_left_it)
{
	begin();
	term_of(WHO_BROWSER)->until_ms = (wall_s + HOUR_S) * 1000;
	vault.recovery.maker = vault.trust.clients[WHO_BROWSER].id;
	hours_pass(1);
	terms_watch(&vault);
	CHECK(digest_equal(&lost, &vault.trust.clients[WHO_BROWSER].id));
	CHECK_INT(fake_count(MSG_TRUST_ANSWER), 2);
	memset(&vault.recovery, 0, sizeof(vault.recovery));
}

/* Whose end it was is no client any more, whatever the disk says. */
TEST(an_end_that_cannot_be_written_is_one)
{
	begin();
	saving = ERR_IO;
	term_of(WHO_APPROVER)->until_ms = (wall_s + HOUR_S) * 1000;
	hours_pass(1);
	terms_watch(&vault);
	CHECK(term_of(WHO_APPROVER)->ended);
	CHECK_INT(n_told, 1);
	CHECK_INT(fake_count(MSG_TRUST_ANSWER), 1);
}

TEST(a_revoked_client_does_not_end_again)
{
	begin();
	term_of(WHO_REVOKED)->until_ms = (wall_s + HOUR_S) * 1000;
	hours_pass(2);
	terms_watch(&vault);
	CHECK_INT(fake_count(MSG_TRUST_ANSWER), 0);
}

TEST(a_wall_clock_that_somebody_sets_neither_ends_nor_prolongs)
{
	begin();
	term_of(WHO_APPROVER)->until_ms = (wall_s + 2 * HOUR_S) * 1000;
	wall_s += 5 * HOUR_S;
	terms_watch(&vault);
	CHECK(!term_of(WHO_APPROVER)->ended);
	wall_s -= 10 * HOUR_S;
	hours_pass(1);
	terms_watch(&vault);
	CHECK(!term_of(WHO_APPROVER)->ended);
	hours_pass(1);
	terms_watch(&vault);
	CHECK(term_of(WHO_APPROVER)->ended);
	wall_s += 5 * HOUR_S;
	/* What a time server says is believed. */
	begin();
	term_of(WHO_APPROVER)->until_ms = (wall_s + 2 * HOUR_S) * 1000;
	by_server = true;
	wall_s += 3 * HOUR_S;
	terms_watch(&vault);
	CHECK(term_of(WHO_APPROVER)->ended);
	/* Not again when it goes back. */
	wall_s -= 3 * HOUR_S;
	terms_watch(&vault);
	CHECK(!client_is_live(
	    &vault.trust.clients[WHO_APPROVER], terms_wall_ms(&vault)));
}

static enum err
extend(int who, const char *name, int64_t until_ms)
{
	struct json *body = json_object();
	struct errmsg why = {""};
	enum err e;

	json_put_str(body, "client", name);
	json_put_int(body, "until_ms", until_ms);
	e = terms_extend(&vault, body, &vault.trust.clients[who], &why);
	CHECK((e == OK) == (why.text[0] == '\0'));
	json_free(body);
	return e;
}

TEST(who_has_an_end_gives_nobody_a_later_one)
{
	int64_t end_ms;
	struct client second;

	begin();
	end_ms = (wall_s + 5 * HOUR_S) * 1000;
	second = vault.trust.clients[WHO_BROWSER];
	second.role = CLIENT_OWNER;
	second.term.until_ms = end_ms;
	vault.trust.clients[WHO_BROWSER] = second;
	CHECK_INT(extend(WHO_BROWSER, "phone", end_ms), OK);
	CHECK_INT(extend(WHO_BROWSER, "phone", end_ms + 1), ERR_DENIED);
	CHECK_INT(extend(WHO_BROWSER, "phone", 0), ERR_DENIED);
	CHECK_INT(extend(WHO_BROWSER, "kiosk", end_ms + 1), ERR_DENIED);
	CHECK_INT(extend(WHO_BROWSER, "kiosk", 0), ERR_DENIED);
	CHECK_INT(extend(WHO_OWNER, "kiosk", end_ms + 1), OK);
	CHECK_INT(extend(WHO_OWNER, "kiosk", 0), OK);
	CHECK_INT(extend(WHO_OWNER, "console", end_ms), ERR_STATE);
	CHECK_INT(extend(WHO_OWNER, "phone", 1), ERR_INPUT);
	CHECK_INT(extend(WHO_OWNER, "phone", -1), ERR_INPUT);
	CHECK_INT(extend(WHO_OWNER, "lost", end_ms), ERR_NOTFOUND);
}

static enum err
pair(int who, enum client_role role, const char *members)
{
	struct json *body;
	struct errmsg why = {""};
	struct term term;
	enum err e;

	REQUIRE(json_parse(members, strlen(members), &body) == OK);
	e = terms_read(
	    &vault, body, &vault.trust.clients[who], role, &term, &why);
	if (e == OK)
		CHECK(!term.ended);
	else
		CHECK(strlen(why.text) > 0);
	json_free(body);
	return e;
}

TEST(a_window_has_a_term_that_can_be_kept)
{
	char text[128];

	begin();
	CHECK_INT(pair(WHO_OWNER, CLIENT_VIEWER, "{}"), OK);
	CHECK_INT(pair(WHO_OWNER, CLIENT_OWNER, "{}"), OK);
	snprintf(text, sizeof(text), "{\"until_ms\":%lld,\"ended\":true}",
	    (long long)(wall_s + 60) * 1000);
	CHECK_INT(pair(WHO_OWNER, CLIENT_OWNER, text), OK);
	CHECK_INT(
	    pair(WHO_OWNER, CLIENT_VIEWER, "{\"until_ms\":1000}"), ERR_INPUT);
	CHECK_INT(
	    pair(WHO_OWNER, CLIENT_VIEWER, "{\"until_ms\":\"9\"}"), ERR_INPUT);
	CHECK_INT(
	    pair(WHO_OWNER, CLIENT_APPROVER, "{\"scope\":\"notes.*\"}"), OK);
	CHECK_INT(
	    pair(WHO_OWNER, CLIENT_APPROVER, "{\"scope\":\"a b\"}"), ERR_INPUT);
	CHECK_INT(pair(WHO_OWNER, CLIENT_OWNER, "{\"scope\":\"notes.*\"}"),
	    ERR_INPUT);
	vault.trust.clients[WHO_BROWSER].term.until_ms = (wall_s + 30) * 1000;
	CHECK_INT(pair(WHO_BROWSER, CLIENT_VIEWER, text), ERR_DENIED);
	CHECK_INT(pair(WHO_BROWSER, CLIENT_VIEWER, "{}"), ERR_DENIED);
}
