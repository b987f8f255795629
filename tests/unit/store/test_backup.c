/* SPDX-License-Identifier: Apache-2.0 */
#include <sqlite3.h>

#include "disk.h"
#include "fixture.h"
#include "sys/confine.h"

#define ROWS 8000

static struct {
	bool over;
	enum err result;
	int told_before; /* Jobs that were told before it. */
} copied;

static void
on_copied(void *arg, enum err result)
{
	(void)arg;
	copied.over = true;
	copied.result = result;
	copied.told_before = told;
}

static enum err
run_fill(struct store_tx *tx, void *arg)
{
	struct store_query *q;
	enum err e = store_query_open(tx,
	    "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
	    " WHERE n < 8000) INSERT INTO t (n, word)"
	    " SELECT -n, hex(zeroblob(500)) FROM c",
	    &q);

	(void)arg;
	return e == OK ? store_query_finish(q) : e;
}

static struct store *
opened_full(void)
{
	struct store *st;

	clean();
	told = 0;
	copied.over = false;
	st = opened(1);
	REQUIRE(store_run_now(st, run_fill, NULL) == OK);
	store_start(st);
	return st;
}

static const char *
target(void)
{
	static char name[128];

	snprintf(name, sizeof(name), "%s/copy.db", folder);
	return name;
}

static bool
target_is_there(const char *end)
{
	char name[140];

	snprintf(name, sizeof(name), "%s%s", target(), end);
	return access(name, F_OK) == 0;
}

static void
await_copy(struct store *st)
{
	struct pollfd pfd = {.fd = store_fd(st), .events = POLLIN};
	int i;

	for (i = 0; i < 2000 && !copied.over; i++) {
		poll(&pfd, 1, 10);
		CHECK(store_reap(st) == OK);
	}
	REQUIRE(copied.over);
}

static int64_t
count_in_target(void)
{
	struct store *st = NULL;
	struct errmsg why;
	int64_t n;

	REQUIRE(store_open_copy(target(), &st, &why) == OK);
	n = count_in(st);
	store_close(st);
	return n;
}

TEST(a_store_is_copied_while_it_works)
{
	static struct insert in[200];
	struct store *st = opened_full();
	int i;

	REQUIRE(store_backup(st, target(), on_copied, NULL) == OK);
	CHECK(store_backup(st, target(), on_copied, NULL) == ERR_BUSY);
	for (i = 0; i < 200; i++) {
		in[i] = (struct insert){.n = i + 1};
		post(st, &in[i], true);
		CHECK(reap_until(st, i + 1) == OK);
	}
	await_copy(st);
	CHECK_INT(copied.result, OK);
	/* Jobs did not wait for the whole of it. */
	CHECK(copied.told_before > 10);
	CHECK(!target_is_there(".tmp"));
	CHECK(!target_is_there("-wal"));
	/* What was written before its last pages is in it. */
	CHECK(count_in_target() > ROWS);
	CHECK(count_in_target() <= ROWS + 200);
	/* And another one may begin, over the first. */
	copied.over = false;
	REQUIRE(store_backup(st, target(), on_copied, NULL) == OK);
	await_copy(st);
	CHECK_INT(copied.result, OK);
	CHECK_INT(count_in_target(), ROWS + 200);
	store_close(st);
}

/* Begun before there are threads, whose locks a child would never see
 * released.  It copies when it is told to. */
static pid_t
copy_elsewhere(int *ret_go)
{
	int go[2];
	char c;
	pid_t pid;

	REQUIRE(pipe(go) == 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(read(go[0], &c, 1) == 1 ? (int)store_copy(path, target())
					      : -1);
	close(go[0]);
	*ret_go = go[1];
	return pid;
}

TEST(another_process_copies_a_store_that_is_in_use)
{
	static struct insert in[200];
	struct insert more = {.n = 1000000};
	struct store *st;
	int status = -1;
	pid_t pid;
	int go = -1;
	int i;

	pid = copy_elsewhere(&go);
	st = opened_full();
	CHECK(write(go, "g", 1) == 1);
	close(go);
	for (i = 0; i < 200; i++) {
		in[i] = (struct insert){.n = i + 1};
		post(st, &in[i], true);
		CHECK(reap_until(st, i + 1) == OK);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), OK);
	CHECK(!target_is_there("-wal"));
	CHECK(count_in_target() >= ROWS);
	CHECK(count_in_target() <= ROWS + 200);
	/* It took nothing from who has it open. */
	CHECK(is_there("-wal"));
	post(st, &more, true);
	CHECK(reap_until(st, 201) == OK);
	CHECK_INT(more.result, OK);
	store_close(st);
}

TEST(a_store_that_is_closed_abandons_its_copy)
{
	int ms;

	/* While it copies, or while it checks, or nearly done. */
	for (ms = 0; ms < 60; ms += 6) {
		struct store *st = opened_full();

		REQUIRE(store_backup(st, target(), on_copied, NULL) == OK);
		usleep((useconds_t)ms * 1000);
		store_close(st);
		CHECK(!copied.over);
		CHECK(!target_is_there(".tmp"));
		CHECK(!target_is_there(".tmp-journal"));
		CHECK(!target_is_there("") || count_in_target() == ROWS);
		CHECK_INT(count_after_reopen(), ROWS);
	}
}

TEST(a_copy_that_finds_no_room_leaves_the_store_at_work)
{
	const struct disk_options full = {
	    .fail_kinds = DISK_WRITES, .fail_at = 500, .fail_rc = SQLITE_FULL};
	const struct disk_options fine = {0};
	struct insert in = {.n = 1};
	struct store *st;

	disk_set(&fine);
	st = opened_full();
	disk_set(&full);
	REQUIRE(store_backup(st, target(), on_copied, NULL) == OK);
	await_copy(st);
	CHECK_INT(copied.result, ERR_IO);
	CHECK(!target_is_there(""));
	CHECK(!target_is_there(".tmp"));
	post(st, &in, true);
	CHECK(reap_until(st, 1) == OK);
	CHECK_INT(in.result, OK);
	store_close(st);
	disk_set(&fine);
}

TEST(a_copy_into_nowhere_is_told)
{
	struct store *st = opened_full();

	REQUIRE(store_backup(st, "/nowhere/at/all", on_copied, NULL) == OK);
	await_copy(st);
	CHECK_INT(copied.result, ERR_IO);
	store_close(st);
}

/* As the core does it: confined, with no more calls than its row allows. */
static bool
copy_confined(void)
{
	const struct store_options o = {.path = path,
	    .migrations = migrations,
	    .n_migrations = 1,
	    .reserve_bytes = 1024 * 1024};
	struct pollfd pfd = {.events = POLLIN};
	struct store *st = NULL;
	struct errmsg why;
	int i;

	copied.over = false;
	if (store_open(&o, &st, &why) != OK)
		return false;
	store_start(st);
	/* Some libraries' threads begin with calls of their own. */
	usleep(50 * 1000);
	if (confine_seal(CALLS_LOOP | CALLS_FILES) != OK || store_is_low(st) ||
	    store_backup(st, target(), on_copied, NULL) != OK)
		return false;
	pfd.fd = store_fd(st);
	for (i = 0; i < 400 && !copied.over; i++)
		if (poll(&pfd, 1, 10) < 0 || store_reap(st) != OK)
			return false;
	/* Ending a thread or the process takes more under a sanitizer. */
	return copied.over && copied.result == OK;
}

TEST(a_confined_store_is_copied_and_knows_its_room)
{
	NEEDS_A_KERNEL("emulators do not filter calls");
	clean();
	let_go(hold(copy_confined));
	CHECK_INT(count_in_target(), 0);
}

TEST(a_copy_is_a_backup_that_restores)
{
	const struct store_options o = {
	    .path = path, .migrations = migrations, .n_migrations = 1};
	struct store *st = opened_full();
	struct errmsg why = {""};

	REQUIRE(store_backup(st, target(), on_copied, NULL) == OK);
	await_copy(st);
	CHECK(store_restore(&o, target(), &why) == ERR_BUSY);
	CHECK(strstr(why.text, "stop the house") != NULL);
	store_close(st);
	damage(path, 0, 4096);
	CHECK(store_restore(&o, target(), &why) == OK);
	CHECK_INT(count_after_reopen(), ROWS);
	CHECK(is_there(".replaced"));
}
