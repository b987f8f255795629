/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "disk.h"
#include "fixture.h"

#define RESERVE (1024 * 1024)
#define CALLS_MAX 400
#define JOBS 12

static enum err
open_reserved(struct store **ret, struct errmsg *why)
{
	struct store_options o = {.path = path,
	    .migrations = migrations,
	    .n_migrations = 1,
	    .reserve_bytes = RESERVE};

	return store_open(&o, ret, why);
}

static void
disk_is_fine(void)
{
	const struct disk_options o = {0};

	disk_set(&o);
}

TEST(a_full_disk_breaks_the_store_and_gives_up_the_reserve)
{
	const struct disk_options full = {.fail_kinds = DISK_WRITES,
	    .fail_at = 1,
	    .fail_rc = SQLITE_FULL,
	    .fail_for_good = true};
	struct insert a = {.n = 1};
	struct insert b = {.n = 2};
	struct store *st = NULL;
	struct errmsg why;

	clean();
	told = 0;
	disk_is_fine();
	REQUIRE(open_reserved(&st, &why) == OK);
	CHECK(is_there(".reserve"));
	CHECK(!store_is_low(st));
	store_start(st);
	post(st, &a, true);
	CHECK(reap_until(st, 1) == OK);
	disk_set(&full);
	post(st, &b, true);
	CHECK(reap_until(st, 2) == ERR_IO);
	CHECK_INT(told, 1);
	CHECK(!is_there(".reserve"));
	store_close(st);
	disk_is_fine();
	REQUIRE(open_reserved(&st, &why) == OK);
	CHECK_INT(count_in(st), 1);
	CHECK(store_run_now(st, run_insert, &b) == OK);
	store_close(st);
}

/* A process of its own, since the limit is for good. */
static bool
open_without_reserve(void)
{
	const struct rlimit small = {RESERVE / 2, RESERVE / 2};
	struct insert in = {.n = 1};
	struct store *st = NULL;
	struct errmsg why;
	bool low;

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &small) < 0 ||
	    open_reserved(&st, &why) != OK)
		return false;
	low = store_is_low(st) && !is_there(".reserve");
	low = low && store_run_now(st, run_insert, &in) == OK;
	store_close(st);
	return low;
}

TEST(a_store_without_its_reserve_opens_and_says_that_room_is_low)
{
	clean();
	disk_is_fine();
	CHECK(check_survives(open_without_reserve));
}

/* A file system of 4 MB, in a mount namespace of its own. */
static bool
fill_a_file_system(void)
{
	static struct insert in[2 * STORE_QUEUE_MAX];
	struct store *st = NULL;
	struct errmsg why;
	struct stat s;
	enum err e = OK;
	int i;
	int fd;

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("room", folder, "tmpfs", 0, "size=4m") < 0)
		return geteuid() != 0 || errno == EPERM;
	if (open_reserved(&st, &why) != OK || store_is_low(st))
		return false;
	/* Somebody else takes what is left, but for half a megabyte. */
	fd = open(beside(".other"), O_WRONLY | O_CREAT, 0600);
	if (posix_fallocate(fd, 0, 5 * RESERVE / 2) != 0)
		return false;
	close(fd);
	if (!store_is_low(st))
		return false;
	store_start(st);
	told = 0;
	for (i = 0; i < 2 * STORE_QUEUE_MAX && e == OK; i++) {
		in[i] = (struct insert){.n = i};
		post(st, &in[i], true);
		e = reap_until(st, i + 1);
	}
	store_close(st);
	/* What was told is there, and it can be written again. */
	if (e != ERR_IO || stat(beside(".reserve"), &s) == 0 ||
	    open_reserved(&st, &why) != OK)
		return false;
	in[0].n = -1;
	return count_in(st) >= told && store_is_low(st) &&
	    !is_there(".reserve") &&
	    store_run_now(st, run_insert, &in[0]) == OK;
}

TEST(a_full_file_system_can_be_written_again_at_the_next_start)
{
	clean();
	disk_is_fine();
	CHECK(check_survives(fill_a_file_system));
}

/* ---- Errors at the n-th call ---- */

static enum err
run_read(struct store_tx *tx, void *arg)
{
	int64_t n;

	(void)arg;
	return run_count(tx, &n);
}

/* Jobs 1 to JOBS, each third durable, with readings between them.  Returns
 * the last durable one that was told. */
static int64_t
write_some(struct store *st)
{
	static struct insert in[JOBS];
	struct store_job reading = {.run = run_read};
	int64_t kept = 0;
	int i;

	told = 0;
	store_start(st);
	for (i = 0; i < JOBS; i++) {
		in[i] = (struct insert){.n = i + 1, .result = ERR_COUNT};
		post(st, &in[i], i % 3 == 2);
		REQUIRE(store_post(st, &reading) == OK);
		store_hand_over(st);
	}
	if (reap_until(st, JOBS) != OK)
		CHECK(store_reap(st) == ERR_IO);
	for (i = 2; i < JOBS; i += 3)
		if (in[i].result == OK)
			kept = in[i].n;
	store_close(st);
	return kept;
}

static enum err
run_last(struct store_tx *tx, void *arg)
{
	struct store_query *q;
	enum err e =
	    store_query_open(tx, "SELECT coalesce(max(n), 0) FROM t", &q);

	if (e == OK)
		e = store_query_step(q);
	if (e == OK)
		*(int64_t *)arg = store_column_int(q, 0);
	if (e == OK)
		store_query_close(q);
	return e;
}

/* Do the rows begin at 1, without a gap, and hold all that was told? */
static void
check_rows(int64_t kept)
{
	struct store *st;
	int64_t last = -1;

	disk_is_fine();
	st = opened(1);
	CHECK(store_run_now(st, run_last, &last) == OK);
	CHECK_INT(count_in(st), last);
	CHECK(last >= kept);
	store_close(st);
}

static void
fail_everywhere(int kinds, int rc, bool for_good)
{
	struct disk_options o = {
	    .fail_kinds = kinds, .fail_rc = rc, .fail_for_good = for_good};
	struct store *st;
	struct errmsg why;
	int64_t kept;
	long at;
	bool reached = true;
	char row[64];

	for (at = 1; at < CALLS_MAX && reached; at++) {
		snprintf(row, sizeof(row), "rc %d at call %ld", rc, at);
		CASE(row);
		clean();
		o.fail_at = at;
		disk_set(&o);
		kept = 0;
		st = NULL;
		why.text[0] = '\0';
		if (open_with(migrations, 1, &st, &why) == OK)
			kept = write_some(st);
		else
			CHECK(strstr(why.text, path) != NULL);
		reached = disk_calls() >= at;
		check_rows(kept);
	}
	CHECK(at > 10 && !reached);
	CASE("");
}

TEST(an_input_error_at_any_call_loses_nothing_that_was_told)
{
	fail_everywhere(DISK_ALL, SQLITE_IOERR, false);
}

TEST(a_disk_that_dies_at_any_call_loses_nothing_that_was_told)
{
	fail_everywhere(DISK_ALL, SQLITE_IOERR, true);
}

TEST(no_room_at_any_write_loses_nothing_that_was_told)
{
	fail_everywhere(DISK_WRITES, SQLITE_FULL, false);
}

/* SQLite undoes a whole transaction when one reading in it fails.  Jobs must
 * not go on then as if nothing had been, each committed alone. */
static enum err
run_fill(struct store_tx *tx, void *arg)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
	    " WHERE n < 3000) INSERT INTO t (n, word)"
	    " SELECT -n, hex(zeroblob(500)) FROM c",
	    &q);

	(void)arg;
	return e == OK ? store_query_finish(q) : e;
}

static enum err
run_failing_read(struct store_tx *tx, void *arg)
{
	const struct disk_options once = {
	    .fail_kinds = DISK_READS, .fail_at = 1, .fail_rc = SQLITE_IOERR};
	int64_t n;

	(void)arg;
	disk_set(&once);
	return run_count(tx, &n);
}

TEST(a_group_that_was_undone_breaks_the_store)
{
	struct store_job reading = {.run = run_failing_read};
	struct insert a = {.n = 1};
	struct insert b = {.n = 2};
	struct store *st;

	clean();
	disk_is_fine();
	told = 0;
	st = opened(1);
	REQUIRE(store_run_now(st, run_fill, NULL) == OK);
	store_close(st);
	st = opened(1);
	store_start(st);
	post(st, &a, false);
	REQUIRE(store_post(st, &reading) == OK);
	store_hand_over(st);
	post(st, &b, false);
	CHECK(reap_until(st, 3) == ERR_IO);
	store_close(st);
	disk_is_fine();
	CHECK_INT(count_after_reopen(), 3000);
}

/* ---- Others ---- */

TEST(a_database_that_may_only_be_read_is_refused_in_words)
{
	const struct disk_options read_only = {.read_only = true};
	struct store *st = NULL;
	struct errmsg why = {""};

	clean();
	disk_is_fine();
	store_close(opened(1));
	disk_set(&read_only);
	CHECK(open_with(migrations, 1, &st, &why) == ERR_DENIED);
	CHECK(strstr(why.text, "only be read") != NULL);
	disk_is_fine();
}

static bool
take_store(void)
{
	struct store *st;
	struct errmsg why;

	return open_with(migrations, 1, &st, &why) == OK;
}

static bool
take_lock(void)
{
	sqlite3 *db;

	return sqlite3_open(path, &db) == SQLITE_OK &&
	    sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE",
		NULL, NULL, NULL) == SQLITE_OK;
}

TEST(a_database_of_another_process_is_refused_in_words)
{
	static bool (*const ways[])(void) = {take_store, take_lock};
	struct store *st = NULL;
	struct errmsg why = {""};
	size_t i;
	pid_t pid;

	disk_is_fine();
	for (i = 0; i < ARRAY_LEN(ways); i++) {
		clean();
		store_close(opened(1));
		pid = hold(ways[i]);
		CHECK(open_with(migrations, 1, &st, &why) == ERR_BUSY);
		CHECK(strstr(why.text, "another process has it open") != NULL);
		let_go(pid);
		st = opened(1);
		store_close(st);
	}
}

static enum err
run_slow(struct store_tx *tx, void *arg)
{
	(void)tx;
	while (!__atomic_load_n((bool *)arg, __ATOMIC_ACQUIRE))
		usleep(1000);
	return OK;
}

TEST(a_store_that_stalls_lets_work_pile_up_to_its_limit_and_loses_none)
{
	static struct insert in[STORE_QUEUE_MAX];
	static bool go;
	struct store_job slow = {.run = run_slow, .arg = &go};
	struct store_job more = {.run = run_slow, .arg = &go};
	struct store *st;
	size_t i;

	clean();
	disk_is_fine();
	told = 0;
	st = opened(1);
	store_start(st);
	REQUIRE(store_post(st, &slow) == OK);
	store_hand_over(st);
	while (store_waiting(st) > 0)
		usleep(1000);
	for (i = 0; i < STORE_QUEUE_MAX; i++) {
		CHECK_INT(store_waiting(st), i);
		in[i] = (struct insert){.n = (int64_t)i};
		post(st, &in[i], i % 2 == 0);
	}
	CHECK(store_post(st, &more) == ERR_LIMIT);
	CHECK_INT(told, 0);
	__atomic_store_n(&go, true, __ATOMIC_RELEASE);
	CHECK(reap_until(st, STORE_QUEUE_MAX) == OK);
	CHECK_INT(told, STORE_QUEUE_MAX);
	store_close(st);
	CHECK_INT(count_after_reopen(), STORE_QUEUE_MAX);
}
