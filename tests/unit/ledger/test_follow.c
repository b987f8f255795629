/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "crypto/crypto.h"
#include "fake_clock.h"
#include "ledger/ledger_priv.h"
#include "sys/clock.h"
#include "sys/file.h"

/* Who follows a run hears of each entry of it, once it is on the disk. */

#define ONE "000102030405060708090a0b0c0d0e0f"
#define OTHER "101112131415161718191a1b1c1d1e1f"
#define SOON_MS 5000 /* Well below the end of a follower's wait. */

static char folder[] = "/tmp/durward-follow-XXXXXX";
static char path[64];
static struct loop *loop;
static struct ledger *ledger;

static struct {
	int times;
	int entries;
	uint64_t kept; /* How large the tree on the disk was. */
	int beyond; /* How often there was nothing to wait for. */
} told;

static void
check_setup(void)
{
	crypto_open();
	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/durward.db", folder);
}

static enum err
load_row(void *arg, enum ledger_row table, const struct json *row)
{
	(void)arg;
	(void)table;
	(void)row;
	return OK;
}

static void
begin(void)
{
	const struct ledger_load load = {.row = load_row};
	struct errmsg why = {""};

	memset(&told, 0, sizeof(told));
	loop = loop_new();
	REQUIRE(ledger_open(path, loop, &load, &ledger, &why) == OK);
}

static void
end(void)
{
	ledger_close(ledger);
	loop_free(loop);
	CHECK(file_remove(path) == OK);
}

static void
write_entry(const char *run, bool durable)
{
	struct record *r = record_new(ledger);

	record_log(r, "done", run, NULL, json_object());
	record_post(r, durable, NULL, NULL, NULL);
}

static bool
is_open(void *arg, const char *run)
{
	(void)arg;
	(void)run;
	return true;
}

static void
on_told(void *arg, int64_t id, enum err e, const char *text)
{
	struct json *v = NULL;

	(void)arg;
	(void)id;
	if (e == ERR_STATE) {
		told.beyond++;
		return;
	}
	REQUIRE(e == OK && json_parse(text, strlen(text), &v) == OK);
	told.times++;
	told.entries = (int)json_count(json_get(v, "entries"));
	told.kept = ledger_kept(ledger)->size;
	json_free(v);
}

static void
follow(const char *run, uint64_t from)
{
	ledger_follow(ledger, run, from, is_open, on_told, NULL, 1);
}

static void
turn_until(uint64_t size, int times)
{
	int64_t end_ms = clock_boot_ms() + SOON_MS;

	while (clock_boot_ms() < end_ms &&
	    (ledger_head(ledger)->size < size || told.times < times))
		loop_turn(loop, 20);
}

TEST(who_follows_is_told_with_the_commit)
{
	begin();
	write_entry(ONE, true);
	turn_until(1, 0);
	follow(ONE, 1);
	CHECK_INT(told.times, 0);
	write_entry(ONE, true);
	turn_until(2, 1);
	CHECK_INT(told.times, 1);
	CHECK_INT(told.entries, 1);
	CHECK_INT((int)told.kept, 2);
	end();
}

TEST(an_entry_that_is_not_waited_for_is_told_too)
{
	begin();
	follow(NULL, 0);
	write_entry(ONE, false);
	turn_until(1, 1);
	CHECK_INT(told.times, 1);
	CHECK_INT(told.entries, 1);
	end();
}

TEST(what_is_posted_behind_a_reading_is_not_missed)
{
	begin();
	write_entry(OTHER, true);
	turn_until(1, 0);
	/* It must be read for, since something is there; and finds nothing. */
	follow(ONE, 0);
	write_entry(ONE, true);
	turn_until(2, 1);
	CHECK_INT(told.times, 1);
	CHECK_INT(told.entries, 1);
	end();
}

TEST(what_is_posted_before_a_follower_comes_is_read)
{
	begin();
	write_entry(ONE, false);
	follow(ONE, 0);
	turn_until(1, 1);
	CHECK_INT(told.times, 1);
	CHECK_INT(told.entries, 1);
	end();
}

TEST(who_has_read_everything_and_is_nudged_hears_that_nothing_is_new)
{
	begin();
	write_entry(ONE, true);
	turn_until(1, 0);
	follow(ONE, 1);
	ledger_nudge(ledger, OTHER);
	CHECK_INT(told.times, 0);
	ledger_nudge(ledger, ONE);
	CHECK_INT(told.times, 1);
	CHECK_INT(told.entries, 0);
	end();
}

TEST(entries_of_others_are_not_told)
{
	begin();
	follow(ONE, 0);
	write_entry(OTHER, true);
	turn_until(1, 0);
	CHECK_INT(told.times, 0);
	write_entry(ONE, true);
	turn_until(2, 1);
	CHECK_INT(told.times, 1);
	CHECK_INT(told.entries, 1);
	end();
}

TEST(what_is_beyond_the_next_entry_nobody_waits_for)
{
	static const uint64_t beyond[] = {2, 1000, UINT64_MAX};
	size_t i;

	begin();
	write_entry(ONE, true);
	turn_until(1, 0);
	for (i = 0; i < ARRAY_LEN(beyond); i++)
		follow(ONE, beyond[i]);
	CHECK_INT(told.beyond, ARRAY_LEN(beyond));
	for (i = 0; i < CLIENT_REQUESTS_MAX; i++)
		CHECK(ledger->followers[i] == NULL);
	end();
}

/* However many entries of others come meanwhile. */
TEST(a_follower_waits_once)
{
	int64_t end_ms;

	begin();
	write_entry(OTHER, true);
	turn_until(1, 0);
	follow(ONE, 0);
	/* Something is behind what its first reading sees. */
	write_entry(OTHER, true);
	ahead_s += CLIENT_WAIT_MS / 1000 + 1;
	end_ms = clock_boot_ms() + 1000;
	while (clock_boot_ms() < end_ms && told.times == 0) {
		/* It is not read to its end before the next is there. */
		if (!ledger_is_busy(ledger))
			write_entry(OTHER, true);
		loop_turn(loop, 0);
	}
	CHECK_INT(told.times, 1);
	CHECK_INT(told.entries, 0);
	turn_until(ledger->posted, 1);
	end();
}
