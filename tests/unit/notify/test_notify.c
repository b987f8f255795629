/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/notify_priv.h"

#include <stdio.h>

#include "check.h"
#include "crypto/crypto.h"
#include "fake_clock.h"
#include "fake_peers.h"

#define ID "505152535455565758595a5b5c5d5e5f"

static struct trust trust;
static struct judge *judge;
static struct requests requests = {.peers = &fake_peers};
static struct notify *notify;
static char folder[] = "/tmp/durward-notify-XXXXXX";

static enum fact
no_fact(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return FACT_UNKNOWN;
}

static enum err
load_row(void *arg, enum ledger_row table, const struct json *row)
{
	return judge_load(arg, table, row);
}

/* A target as it stands among the settings, whose signature was checked when
 * it was brought. */
static void
load_target(void)
{
	int64_t now_ms = judge_wall_ms(judge);
	struct target t = {.box = trust.box,
	    .client = trust.clients[0].id,
	    .id = ID,
	    .name = {"phone", 5},
	    .kind = {TARGET_NTFY, strlen(TARGET_NTFY)},
	    .place = {TARGET_HOUSE, strlen(TARGET_HOUSE)},
	    .url = {"https://localhost/t", 19},
	    .hourly = PUSH_HOURLY_MAX,
	    .issued_ms = now_ms - 1000,
	    .until_ms = now_ms + 24 * 3600 * (int64_t)1000};
	struct json *row = json_object();
	struct buf b;

	buf_init(&b, PUSH_TEXT_MAX);
	buf_adds(&b, "ES256:00\n");
	REQUIRE(target_write(&t, &b) == OK);
	json_put_str(row, "scope", "notify");
	json_put_str(row, "name", ID);
	json_put_str(row, "value", b.p);
	notify_load(notify, row);
	json_free(row);
	buf_done(&b);
}

static void
check_setup(void)
{
	struct judge_setup js = {
	    .trust = &trust, .kernel = "", .fact = no_fact};
	struct notify_setup ns = {.requests = &requests, .trust = &trust};
	struct ledger_load load = {.row = load_row};
	struct client *c = &trust.clients[trust.n_clients++];
	struct errmsg why = {""};
	struct key *k;
	char path[64];

	crypto_open();
	k = key_generate();
	key_public(k, &c->key);
	key_free(k);
	public_id(&c->key, &c->id);
	memcpy(c->name, "console", sizeof("console"));
	fake_peers.loop = loop_new();
	check_folder(folder);
	judge = ns.judge = load.arg = judge_new(&js);
	snprintf(path, sizeof(path), "%s/durward.db", folder);
	if (ledger_open(path, fake_peers.loop, &load, &requests.ledger, &why) !=
	    OK)
		abort();
	judge_watch_clock(judge);
	if (judge_put_policy(judge, "box", 1, "allow all tool=*\n", &why) != OK)
		abort();
	notify = notify_new(&ns);
	load_target();
}

/* Orders are sent once their intent is on the disk. */
static void
await_orders(size_t n)
{
	int i;

	for (i = 0; i < 200 && fake_count(MSG_NOTICE_ORDER) < n; i++)
		loop_turn(fake_peers.loop, 100);
	CHECK_INT(fake_count(MSG_NOTICE_ORDER), n);
}

static void
say_done(const char *why)
{
	struct json *v = json_object();

	json_put_str(v, "id", ID);
	json_put_bool(v, "ok", why[0] == '\0');
	json_put_str(v, "why", why);
	notify_on_done(notify, v);
	json_free(v);
}

TEST(one_at_a_time_is_on_its_way_and_says_it_for_all)
{
	notify_tell(notify, NULL);
	await_orders(1);
	notify_tell(notify, NULL);
	say_done("");
	notify_tell(notify, "nobody");
	loop_turn(fake_peers.loop, 100);
	CHECK_INT(fake_count(MSG_NOTICE_ORDER), 1);
	fake_forget();
}

TEST(what_began_to_wait_while_one_failed_is_said_all_the_same)
{
	notify_tell(notify, NULL);
	await_orders(1);
	say_done("nobody answers");
	loop_turn(fake_peers.loop, 100);
	CHECK_INT(fake_count(MSG_NOTICE_ORDER), 1);
	notify_tell(notify, NULL);
	await_orders(2);
	notify_tell(notify, NULL);
	say_done("nobody answers");
	await_orders(3);
	say_done("nobody answers");
	loop_turn(fake_peers.loop, 100);
	CHECK_INT(fake_count(MSG_NOTICE_ORDER), 3);
	fake_forget();
}

TEST(an_end_that_was_lost_makes_no_target_silent)
{
	notify_tell(notify, NULL);
	await_orders(1);
	ahead_s += NOTICE_DONE_MS / 1000 - 5;
	notify_tell(notify, NULL);
	loop_turn(fake_peers.loop, 100);
	CHECK_INT(fake_count(MSG_NOTICE_ORDER), 1);
	ahead_s += 10;
	notify_tell(notify, NULL);
	await_orders(2);
	say_done("");
	fake_forget();
}
