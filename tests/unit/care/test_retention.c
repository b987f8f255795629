/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>

#include "audit/check.h"
#include "base/limits.h"
#include "care/care.h"
#include "check.h"
#include "crypto/crypto.h"
#include "fake_clock.h"
#include "sys/clock.h"
#include "sys/file.h"

/* What is older than its owner wants it kept is forgotten by the house, and
 * nothing else is. */

#define DAY_S (24 * 3600)
#define KEPT "400"
#define SOON_MS 5000

static char folder[] = "/tmp/durward-retention-XXXXXX";
static char path[64];
static struct loop *loop;
static struct trust trust;
static struct requests requests;
static struct judge *judge;
static struct ledger *ledger;
static struct care *care;
static int empty, entries; /* Of the log, as it was last read. */
static bool was_checked, was_good;
static bool no_server; /* That keeps the clock right. */

/* In the place of the C library's. */
int
adjtimex(struct timex *ret)
{
	ret->status = no_server ? STA_UNSYNC : 0;
	return 0;
}

static void
check_setup(void)
{
	crypto_open();
	check_folder(folder);
	snprintf(path, sizeof(path), "%s/durward.db", folder);
}

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
	(void)arg;
	if (table == ROW_SETTING)
		care_load(care, row);
	return judge_load(judge, table, row);
}

static void
begin(void)
{
	const struct judge_setup s = {
	    .trust = &trust, .kernel = "", .fact = no_fact};
	const struct ledger_load load = {.row = load_row};
	struct care_setup care_setup = {.requests = &requests};
	struct errmsg why = {""};

	loop = care_setup.loop = loop_new();
	judge = care_setup.judge = judge_new(&s);
	care = care_new(&care_setup);
	REQUIRE(ledger_open(path, loop, &load, &ledger, &why) == OK);
	requests.ledger = ledger;
	judge_watch_clock(judge);
	care_use(care, ledger);
}

static void
end(void)
{
	ledger_close(ledger);
	loop_free(loop);
	care_free(care);
	judge_free(judge);
}

static void
on_written(void *arg, const char *key)
{
	(void)key;
	*(bool *)arg = true;
}

static void
write_and_wait(struct record *r)
{
	bool written = false;

	record_post(r, true, on_written, &written, "");
	while (!written)
		loop_turn(loop, 1000);
}

static void
write_entries(const char *kind, const char *run, int n)
{
	while (n-- > 0) {
		struct record *r = record_new(ledger);

		record_log(r, kind, run, NULL, json_object());
		write_and_wait(r);
	}
}

static void
keep(const char *days)
{
	struct record *r = record_new(ledger);
	struct json *row = json_object();

	json_put_str(row, "scope", "box");
	json_put_str(row, "name", "log-kept");
	json_put_str(row, "value", days);
	record_row(r, ROW_SETTING, row);
	write_and_wait(r);
}

static void
on_entries(void *arg, int64_t id, enum err e, const char *text)
{
	const struct json *entry;
	struct json *v = NULL;

	(void)id;
	REQUIRE(e == OK && json_parse(text, strlen(text), &v) == OK);
	empty = entries = 0;
	entry = json_first(json_get(v, "entries"));
	for (; entry != NULL; entry = json_next(entry)) {
		entries++;
		empty += json_words(entry, "body")[0] == '\0';
	}
	json_free(v);
	*(bool *)arg = true;
}

static void
read_log(void)
{
	bool was_read = false;

	ledger_read_entries(ledger, NULL, 0, on_entries, &was_read, 1);
	while (!was_read)
		loop_turn(loop, 1000);
}

/* So much later; whether so many entries are empty by then. */
static bool
are_empty_after(int64_t s, int wanted)
{
	int64_t end_ms;

	ahead_s += s;
	end_ms = clock_boot_ms() + SOON_MS;
	do {
		loop_turn(loop, 20);
		read_log();
	} while (empty != wanted && clock_boot_ms() < end_ms);
	return empty == wanted;
}

static void
on_checked(void *arg, bool good, const char *what)
{
	(void)arg;
	(void)what;
	was_checked = true;
	was_good = good;
}

/* Ten entries of 500 days ago, five of 100, in a new file. */
static void
put_years(void)
{
	wall_back_s = 500 * DAY_S;
	begin();
	write_entries("told", NULL, 10);
	end();
	wall_back_s = 100 * DAY_S;
	begin();
	write_entries("told", NULL, 5);
	end();
	wall_back_s = 0;
}

static void
forget_all(void)
{
	CHECK(file_remove(path) == OK);
}

TEST(nothing_is_forgotten_that_nobody_said_is_to_be)
{
	put_years();
	begin();
	CHECK(care_kept_days(care) == 0);
	CHECK(!are_empty_after(3600, 10));
	CHECK_INT(empty, 0);
	end();
	forget_all();
}

TEST(what_is_older_is_forgotten_and_what_is_not_stays)
{
	put_years();
	begin();
	keep(KEPT);
	end();
	begin();
	CHECK(care_kept_days(care) == 400);
	CHECK(are_empty_after(RETENTION_AGAIN_MS / 1000 + 1, 10));
	CHECK_INT(entries, 16); /* One tells of it. */
	/* And the log says itself that they are. */
	ledger_check(ledger, 0, on_checked, NULL);
	CHECK(ledger_is_checking(ledger));
	while (!was_checked)
		loop_turn(loop, 1000);
	CHECK(was_good && !ledger_is_checking(ledger));
	/* The same again is nothing. */
	CHECK(!are_empty_after(DAY_S + 1, 11));
	CHECK_INT(entries, 16);
	end();
	forget_all();
}

TEST(what_a_run_that_is_open_said_stays_and_all_behind_it)
{
	static const char run[] = "101112131415161718191a1b1c1d1e1f";
	struct record *r;
	struct json *row = json_object();

	wall_back_s = 500 * DAY_S;
	begin();
	write_entries("told", NULL, 3);
	write_entries("goal", run, 1);
	write_entries("told", NULL, 3);
	r = record_new(ledger);
	json_put_str(row, "id", run);
	json_put_str(row, "state", "open");
	record_row(r, ROW_RUN, row);
	keep(KEPT);
	write_and_wait(r);
	end();
	wall_back_s = 0;
	begin();
	CHECK(are_empty_after(RETENTION_AGAIN_MS / 1000 + 1, 3));
	CHECK(!are_empty_after(DAY_S + 1, 7));
	CHECK_INT(empty, 3);
	end();
	forget_all();
}

TEST(a_clock_that_cannot_be_trusted_empties_nothing)
{
	put_years();
	wall_back_s = 100 * DAY_S;
	begin();
	keep(KEPT);
	wall_back_s = 0; /* A leap of 100 days, that no server made. */
	no_server = true;
	CHECK(judge_watch_clock(judge));
	no_server = false;
	CHECK(!judge_clock_is_trusted(judge));
	CHECK(!are_empty_after(RETENTION_AGAIN_MS / 1000 + 1, 10));
	CHECK_INT(empty, 0);
	end();
	forget_all();
}

TEST(a_clock_that_no_server_keeps_right_empties_nothing)
{
	put_years();
	no_server = true; /* And years ahead since the start of the machine. */
	begin();
	keep(KEPT);
	end();
	begin();
	CHECK(judge_clock_is_trusted(judge));
	CHECK(strstr(care_why_kept(care), "time server") != NULL);
	CHECK(!are_empty_after(RETENTION_AGAIN_MS / 1000 + 1, 10));
	CHECK_INT(empty, 0);
	/* It comes within the hour. */
	no_server = false;
	CHECK(are_empty_after(RETENTION_WAIT_MS / 1000 + 1, 10));
	end();
	forget_all();
}

TEST(a_house_that_is_halted_forgets_nothing)
{
	put_years();
	begin();
	keep(KEPT);
	end();
	begin();
	judge_safety(judge)->halted = true;
	CHECK(!are_empty_after(RETENTION_AGAIN_MS / 1000 + 1, 10));
	CHECK_INT(empty, 0);
	end();
	forget_all();
}
