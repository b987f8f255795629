/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "disk.h"
#include "fixture.h"

/* A process that writes and does not come back. */
static void
stop_uncleanly(void)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct insert in = {.n = 2};
		struct store *st = opened(1);

		if (store_run_now(st, run_insert, &in) != OK)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFSIGNALED(status));
}

static void
write_row(int version, int64_t n)
{
	struct insert in = {.n = n};
	struct store *st = opened(version);

	REQUIRE(store_run_now(st, run_insert, &in) == OK);
	store_close(st);
}

static enum err
run_fill(struct store_tx *tx, void *arg)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
	    " WHERE n < 400) INSERT INTO t (n, word)"
	    " SELECT -n, hex(zeroblob(500)) FROM c",
	    &q);

	(void)arg;
	return e == OK ? store_query_finish(q) : e;
}

TEST(a_clean_stop_leaves_one_file)
{
	clean();
	write_row(1, 1);
	CHECK(is_there(""));
	CHECK(!is_there("-wal"));
	CHECK(!is_there("-shm"));
}

TEST(after_an_unclean_stop_what_was_committed_is_there)
{
	clean();
	write_row(1, 1);
	stop_uncleanly();
	CHECK(is_there("-wal"));
	CHECK_INT(count_after_reopen(), 2);
	CHECK(!is_there("-wal"));
}

/* A page in the middle of the table: opening alone does not see it. */
TEST(after_an_unclean_stop_a_damaged_page_is_found)
{
	struct store *st;
	struct errmsg why = {""};

	clean();
	st = opened(1);
	REQUIRE(store_run_now(st, run_fill, NULL) == OK);
	store_close(st);
	damage(path, 40 * 4096, 4096);
	st = opened(1);
	store_close(st);
	stop_uncleanly();
	st = NULL;
	CHECK(open_with(migrations, 1, &st, &why) == ERR_CORRUPT);
	CHECK(strstr(why.text, "'durward restore'") != NULL);
	CHECK(strstr(why.text, path) != NULL);
	CHECK(st == NULL);
}

TEST(a_missing_file_is_made_and_a_missing_copy_is_not)
{
	struct store *st = NULL;
	struct errmsg why = {""};

	clean();
	CHECK(store_open_copy(path, &st, &why) != OK);
	CHECK(!is_there(""));
	st = opened(1);
	CHECK_INT(count_in(st), 0);
	store_close(st);
}

/* ---- Migrations ---- */

static int64_t
count_in_copy(const char *suffix)
{
	struct store *st = NULL;
	struct errmsg why;
	int64_t n;

	REQUIRE(store_open_copy(beside(suffix), &st, &why) == OK);
	n = count_in(st);
	store_close(st);
	return n;
}

TEST(a_migration_keeps_a_copy_of_what_was)
{
	clean();
	write_row(1, 1);
	CHECK(!is_there(".before-v1"));
	store_close(opened(2));
	CHECK(is_there(".before-v2"));
	CHECK(!is_there(".before-v2.tmp"));
	CHECK_INT(count_in_copy(".before-v2"), 1);
}

TEST(a_copy_of_an_earlier_migration_is_replaced)
{
	FILE *f;

	clean();
	write_row(1, 1);
	f = fopen(beside(".before-v2"), "w");
	REQUIRE(f != NULL);
	fputs("an older one", f);
	fclose(f);
	f = fopen(beside(".before-v2.tmp"), "w");
	REQUIRE(f != NULL);
	fputs("half of one", f);
	fclose(f);
	store_close(opened(2));
	CHECK_INT(count_in_copy(".before-v2"), 1);
}

TEST(a_migration_that_fails_leaves_the_version_that_was)
{
	static const char *const bad[] = {
	    "CREATE TABLE t (n INTEGER PRIMARY KEY, word TEXT)",
	    "CREATE TABLE u (n INTEGER)", "CREATE NONSENSE"};
	struct store *st = NULL;
	struct errmsg why = {""};

	clean();
	write_row(1, 1);
	CHECK(open_with(bad, 3, &st, &why) != OK);
	CHECK(strstr(why.text, "NONSENSE") != NULL);
	CHECK_INT(count_after_reopen(), 1);
	/* The second statement is undone as well. */
	CHECK(open_with(bad, 2, &st, &why) == OK);
	store_close(st);
}

TEST(without_room_for_the_copy_nothing_is_migrated)
{
	struct disk_options o = {
	    .fail_kinds = DISK_WRITES, .fail_rc = SQLITE_FULL};
	struct store *st = NULL;
	struct errmsg why = {""};

	clean();
	write_row(1, 1);
	/* The first writes are those of the copy. */
	o.fail_at = 2;
	o.fail_for_good = true;
	disk_set(&o);
	CHECK(open_with(migrations, 2, &st, &why) == ERR_IO);
	CHECK(strstr(why.text, "make room") != NULL);
	o.fail_kinds = 0;
	disk_set(&o);
	CHECK(!is_there(".before-v2"));
	CHECK(!is_there(".before-v2.tmp"));
	CHECK_INT(count_after_reopen(), 1);
}
