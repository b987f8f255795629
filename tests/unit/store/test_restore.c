/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/ptrace.h>

#include "fixture.h"

#define CALLS_MAX 2000

static const struct store_options options = {
    .path = path, .migrations = migrations, .n_migrations = 1};

static const char *
backup(void)
{
	static char name[128];

	snprintf(name, sizeof(name), "%s/backup.db", folder);
	return name;
}

static void
write_rows(int64_t from, int64_t to)
{
	struct store *st = opened(1);
	int64_t n;

	for (n = from; n <= to; n++) {
		struct insert in = {.n = n};

		REQUIRE(store_run_now(st, run_insert, &in) == OK);
	}
	store_close(st);
}

/* Rows 1 to `n` in the backup. */
static void
make_backup(int64_t n)
{
	clean();
	write_rows(1, n);
	REQUIRE(rename(path, backup()) == 0);
}

/* Rows 101 to 103, of which the last is in the WAL alone. */
static void
make_old(void)
{
	pid_t pid;

	write_rows(101, 102);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct insert in = {.n = 103};
		struct store *st = opened(1);

		if (store_run_now(st, run_insert, &in) != OK)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, NULL, 0);
	REQUIRE(is_there("-wal"));
}

static enum err
run_first(struct store_tx *tx, void *arg)
{
	struct store_query *q;
	enum err e = store_query_open(tx, "SELECT min(n) FROM t", &q);

	if (e == OK)
		e = store_query_step(q);
	if (e == OK)
		*(int64_t *)arg = store_column_int(q, 0);
	if (e == OK)
		store_query_close(q);
	return e;
}

/* Is it the old one or the new one, whole?  Returns the first row. */
static int64_t
check_whole(int64_t in_backup)
{
	struct store *st = opened(1);
	int64_t first = 0;

	CHECK(store_run_now(st, run_first, &first) == OK);
	CHECK(first == 1 || first == 101);
	CHECK_INT(count_in(st), first == 1 ? in_backup : 3);
	store_close(st);
	return first;
}

TEST(a_backup_takes_the_place_and_what_was_stays_beside_it)
{
	struct store *st = NULL;
	struct errmsg why = {""};

	make_backup(2);
	make_old();
	CHECK(store_restore(&options, backup(), &why) == OK);
	CHECK(!is_there("-wal"));
	CHECK(!is_there(".restore"));
	CHECK(!is_there(".restore.tmp"));
	CHECK_INT(check_whole(2), 1);
	/* With its WAL, so that nothing of it is lost. */
	REQUIRE(store_open_copy(beside(".replaced"), &st, &why) == OK);
	CHECK_INT(count_in(st), 3);
	store_close(st);
	/* A second one does not give this WAL to another file. */
	CHECK(store_restore(&options, backup(), &why) == OK);
	CHECK(!is_there(".replaced-wal"));
	CHECK_INT(check_whole(2), 1);
}

TEST(a_backup_is_put_where_there_is_nothing)
{
	struct errmsg why = {""};

	make_backup(2);
	CHECK(store_restore(&options, backup(), &why) == OK);
	CHECK_INT(check_whole(2), 1);
}

static void
check_refused(enum err want, const char *word)
{
	struct errmsg why = {""};

	CHECK_INT(store_restore(&options, backup(), &why), want);
	CASE(why.text);
	CHECK(strstr(why.text, word) != NULL);
	CHECK(strstr(why.text, backup()) != NULL);
	CASE("");
	CHECK(!is_there(".restore.tmp"));
	CHECK(!is_there(".replaced"));
	CHECK_INT(check_whole(2), 101);
}

TEST(what_is_no_backup_is_refused_in_words)
{
	char wal[140];
	struct store *st;
	FILE *f;

	snprintf(wal, sizeof(wal), "%s-wal", backup());
	make_backup(2);
	make_old();
	unlink(backup());
	check_refused(ERR_NOTFOUND, "cannot be copied");

	f = fopen(backup(), "w");
	REQUIRE(f != NULL);
	fputs("this is a letter, and not a database at all", f);
	fclose(f);
	check_refused(ERR_CORRUPT, "no backup");

	f = fopen(backup(), "w");
	REQUIRE(f != NULL);
	fclose(f);
	check_refused(ERR_INPUT, "no backup");

	make_backup(2);
	damage(backup(), 4096, 4096);
	make_old();
	check_refused(ERR_CORRUPT, "damaged");

	clean();
	st = opened(2);
	store_close(st);
	REQUIRE(rename(path, backup()) == 0);
	make_old();
	check_refused(ERR_UNSUPPORTED, "newer");

	make_backup(2);
	make_old();
	f = fopen(wal, "w");
	REQUIRE(f != NULL);
	fputs("a wal", f);
	fclose(f);
	check_refused(ERR_INPUT, "-wal");
}

/* Restore in a process that is killed before its n-th system call.  False
 * when it ended before that. */
static bool
restore_until(long calls)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct errmsg why;

		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(store_restore(&options, backup(), &why) == OK ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	/* It stops before each and behind each. */
	for (calls = 2 * calls - 1; WIFSTOPPED(status) && calls > 0; calls--) {
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		waitpid(pid, &status, 0);
	}
	if (WIFEXITED(status)) {
		CHECK_INT(WEXITSTATUS(status), 0);
		return false;
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return true;
}

TEST(a_restore_that_is_killed_anywhere_leaves_the_old_or_the_new)
{
	struct errmsg why;
	long calls;
	int old = 0;
	int new = 0;
	bool killed = true;
	char row[64];

	NEEDS_A_KERNEL("emulators do not trace");
	for (calls = 1; calls < CALLS_MAX && killed; calls++) {
		snprintf(row, sizeof(row), "a kill before call %ld", calls);
		CASE(row);
		make_backup(2);
		make_old();
		killed = restore_until(calls);
		if (check_whole(2) == 1)
			new ++;
		else
			old++;
		/* And it can be done again. */
		CHECK(store_restore(&options, backup(), &why) == OK);
		CHECK_INT(check_whole(2), 1);
	}
	CASE("");
	CHECK(!killed);
	CHECK(old > 20 && new > 2);
}
