/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "check.h"
#include "fixture.h"
#include "sys/clock.h"

TEST(jobs_run_and_are_told_in_their_order)
{
	static struct insert in[300];
	struct store *st;
	int i;

	clean();
	ran = told = 0;
	st = opened(1);
	store_start(st);
	for (i = 0; i < 300; i++) {
		in[i] = (struct insert){.n = i};
		post(st, &in[i], false);
	}
	CHECK(reap_until(st, 300) == OK);
	for (i = 0; i < 300; i++) {
		CHECK_INT(in[i].order, i + 1);
		CHECK_INT(in[i].done_order, i + 1);
		CHECK_INT(in[i].result, OK);
	}
	store_close(st);
	CHECK_INT(count_after_reopen(), 300);
}

TEST(a_durable_job_and_what_came_before_it_outlive_a_kill)
{
	int fds[2];
	int status;
	char c = 0;
	pid_t pid;

	clean();
	REQUIRE(pipe(fds) == 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct insert a = {.n = 1};
		struct insert b = {.n = 2};
		struct store *st = opened(1);

		told = 0;
		store_start(st);
		post(st, &a, false);
		post(st, &b, true);
		if (reap_until(st, 2) == OK && b.result == OK)
			c = 'k';
		if (write(fds[1], &c, 1) != 1)
			_exit(1);
		pause();
	}
	CHECK(read(fds[0], &c, 1) == 1 && c == 'k');
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(fds[0]);
	close(fds[1]);
	CHECK_INT(count_after_reopen(), 2);
}

TEST(a_job_that_refuses_before_it_writes_disturbs_no_other)
{
	struct insert in[5] = {{.n = 1}, {.n = 2, .check = ERR_DENIED},
	    {.n = 3}, {.n = 1}, {.n = 4, .check = ERR_STATE}};
	struct store *st;
	int i;

	clean();
	told = 0;
	st = opened(1);
	store_start(st);
	for (i = 0; i < 5; i++)
		post(st, &in[i], i == 4);
	CHECK(reap_until(st, 5) == OK);
	CHECK_INT(in[0].result, OK);
	CHECK_INT(in[1].result, ERR_DENIED);
	CHECK_INT(in[2].result, OK);
	CHECK_INT(in[3].result, ERR_EXISTS);
	CHECK_INT(in[4].result, ERR_STATE);
	store_close(st);
	CHECK_INT(count_after_reopen(), 2);
}

/* A job that fails behind its write. */
static bool
break_it(void)
{
	struct insert whole = {.n = 1};
	struct insert half = {.n = 2, .e = ERR_STATE};
	struct store *st = opened(1);
	bool broken;

	store_start(st);
	told = 0;
	post(st, &whole, true);
	if (reap_until(st, 1) != OK)
		return false;
	post(st, &half, true);
	broken = reap_until(st, 2) == ERR_IO;
	store_close(st);
	return broken && told == 1;
}

TEST(half_a_job_breaks_the_store_and_is_never_committed)
{
	clean();
	CHECK(check_survives(break_it));
	CHECK_INT(count_after_reopen(), 1);
}

static bool
break_it_twice(void)
{
	if (!break_it())
		return false;
	clean();
	return break_it();
}

TEST(a_store_that_was_broken_leaves_nothing_to_the_next)
{
	clean();
	CHECK(check_survives(break_it_twice));
	CHECK_INT(count_after_reopen(), 1);
}

TEST(closing_finishes_what_waits)
{
	static struct insert in[50];
	struct store *st;
	int i;

	clean();
	st = opened(1);
	store_start(st);
	for (i = 0; i < 50; i++) {
		in[i] = (struct insert){.n = i};
		post(st, &in[i], false);
	}
	store_close(st);
	CHECK_INT(count_after_reopen(), 50);
	store_close(NULL);
}

static enum err
run_slow(struct store_tx *tx, void *arg)
{
	(void)tx;
	while (!__atomic_load_n((bool *)arg, __ATOMIC_ACQUIRE))
		usleep(1000);
	return OK;
}

TEST(the_queue_has_a_limit)
{
	static bool go;
	struct store *st;
	struct store_job slow = {.run = run_slow, .arg = &go};
	int posted = 0;

	clean();
	st = opened(1);
	store_start(st);
	while (posted <= STORE_QUEUE_MAX + 1 && store_post(st, &slow) == OK)
		posted++;
	CHECK(posted == STORE_QUEUE_MAX || posted == STORE_QUEUE_MAX + 1);
	__atomic_store_n(&go, true, __ATOMIC_RELEASE);
	store_close(st);
}

static void
post_unawaited(struct store *st, struct insert *in)
{
	struct store_job job = {
	    .run = run_insert, .done = on_done, .arg = in, .unawaited = true};

	while (store_post(st, &job) != OK)
		usleep(1000);
	store_hand_over(st);
}

static bool
is_woken(struct store *st)
{
	struct pollfd pfd = {.fd = store_fd(st), .events = POLLIN};

	return poll(&pfd, 1, 5000) == 1;
}

TEST(what_nobody_waits_for_is_told_by_the_commit)
{
	struct insert in = {.n = 1};
	struct store *st;

	clean();
	ran = told = 0;
	st = opened(1);
	store_start(st);
	post_unawaited(st, &in);
	REQUIRE(is_woken(st));
	CHECK(store_reap(st) == OK);
	CHECK_INT(told, 1);
	store_close(st);
	CHECK_INT(count_after_reopen(), 1);
}

TEST(what_nobody_waits_for_keeps_its_order_among_the_rest)
{
	static struct insert in[100];
	struct store *st;
	int i;

	clean();
	ran = told = 0;
	st = opened(1);
	store_start(st);
	for (i = 0; i < 100; i++) {
		in[i] = (struct insert){.n = i};
		if (i % 3 == 0)
			post(st, &in[i], false);
		else
			post_unawaited(st, &in[i]);
	}
	CHECK(reap_until(st, 100) == OK);
	for (i = 0; i < 100; i++)
		CHECK_INT(in[i].done_order, i + 1);
	store_close(st);
}

TEST(more_than_can_be_held_back_is_told)
{
	static struct insert in[STORE_QUEUE_MAX + 100];
	struct store *st;
	size_t i;

	clean();
	ran = told = 0;
	st = opened(1);
	store_start(st);
	for (i = 0; i < ARRAY_LEN(in); i++) {
		in[i] = (struct insert){.n = (int64_t)i};
		post_unawaited(st, &in[i]);
	}
	REQUIRE(is_woken(st));
	CHECK(reap_until(st, (int)ARRAY_LEN(in)) == OK);
	store_close(st);
	CHECK_INT(count_after_reopen(), (int)ARRAY_LEN(in));
}

TEST(a_migration_keeps_the_data)
{
	struct insert in = {.n = 1};
	struct store *st;

	clean();
	st = opened(1);
	REQUIRE(store_run_now(st, run_insert, &in) == OK);
	store_close(st);
	st = opened(2);
	CHECK_INT(count_in(st), 1);
	in.n = 2;
	CHECK(store_run_now(st, run_insert, &in) == OK);
	store_close(st);
	st = opened(2);
	CHECK_INT(count_in(st), 2);
	store_close(st);
}

TEST(a_newer_version_is_refused_in_words)
{
	struct store *st = NULL;
	struct errmsg why = {""};

	clean();
	store_close(opened(2));
	CHECK(open_with(migrations, 1, &st, &why) == ERR_UNSUPPORTED);
	CHECK(st == NULL);
	CHECK(strstr(why.text, "newer") != NULL);
}

TEST(a_migration_that_fails_changes_nothing)
{
	static const char *const bad[] = {
	    "CREATE TABLE t (n INTEGER PRIMARY KEY, word TEXT)",
	    "CREATE TABLE u (n INTEGER); CREATE NONSENSE"};
	struct store *st = NULL;
	struct errmsg why = {""};

	clean();
	CHECK(open_with(bad, 2, &st, &why) != OK);
	CHECK(strlen(why.text) > 0);
	st = opened(1);
	CHECK_INT(count_in(st), 0);
	store_close(st);
}

TEST(a_damaged_file_is_refused_in_words)
{
	struct store *st = NULL;
	struct errmsg why = {""};

	clean();
	store_close(opened(1));
	damage(path, 0, 100);
	CHECK(open_with(migrations, 1, &st, &why) == ERR_CORRUPT);
	CHECK(strstr(why.text, path) != NULL);
	CHECK(strstr(why.text, "backup") != NULL);
	CHECK(st == NULL);
}

static enum err
run_version(struct store_tx *tx, void *arg)
{
	struct store_query *q;
	enum err e = store_query_open(tx, "PRAGMA user_version=-3", &q);

	(void)arg;
	return e != OK ? e : store_query_finish(q);
}

static bool
open_is_refused(void)
{
	struct store *st = NULL;
	struct errmsg why = {""};

	return open_with(migrations, 1, &st, &why) != OK &&
	    strlen(why.text) > 0;
}

TEST(a_version_below_nought_is_damage)
{
	struct store *st;

	clean();
	st = opened(1);
	REQUIRE(store_run_now(st, run_version, NULL) == OK);
	store_close(st);
	CHECK(check_survives(open_is_refused));
}

TEST(a_file_that_cannot_be_opened_is_named)
{
	struct store_options o = {.path = "/nowhere/at/all.db",
	    .migrations = migrations,
	    .n_migrations = 1};
	struct store *st = NULL;
	struct errmsg why = {""};

	CHECK(store_open(&o, &st, &why) != OK);
	CHECK(strstr(why.text, "/nowhere/at/all.db") != NULL);
	CHECK(store_open_copy("/nowhere/at/all.db", &st, &why) != OK);
	CHECK(st == NULL);
}

TEST(a_copy_is_read_and_never_written)
{
	struct insert in = {.n = 1};
	struct store *st;
	struct errmsg why = {""};

	clean();
	st = opened(1);
	REQUIRE(store_run_now(st, run_insert, &in) == OK);
	store_close(st);
	REQUIRE(store_open_copy(path, &st, &why) == OK);
	CHECK_INT(count_in(st), 1);
	in.n = 2;
	CHECK(store_run_now(st, run_insert, &in) != OK);
	store_close(st);
	CHECK_INT(count_after_reopen(), 1);
}

static enum err
run_columns(struct store_tx *tx, void *arg)
{
	struct store_query *q;
	struct str blob;
	enum err e = store_query_open(tx, "SELECT ?, ?, ?, NULL", &q);

	(void)arg;
	if (e != OK)
		return e;
	store_bind_int(q, 1, INT64_MIN);
	store_bind_text(q, 2, "'; DROP TABLE t; --");
	store_bind_blob(q, 3, "a\0b", 3);
	e = store_query_step(q);
	CHECK(e == OK);
	CHECK_INT(store_column_int(q, 0), INT64_MIN);
	CHECK_STR(store_column_text(q, 1), "'; DROP TABLE t; --");
	blob = store_column_blob(q, 2);
	CHECK(blob.len == 3 && memcmp(blob.p, "a\0b", 3) == 0);
	CHECK_STR(store_column_text(q, 3), "");
	CHECK(store_query_step(q) == ERR_NOTFOUND);
	store_query_close(q);
	return OK;
}

TEST(values_go_in_and_come_out_as_they_are)
{
	struct store *st;

	clean();
	st = opened(1);
	CHECK(store_run_now(st, run_columns, NULL) == OK);
	store_close(st);
}

static int may_end[2];

static enum err
wait_for_the_test(struct store_tx *tx, void *arg)
{
	char c;

	(void)tx;
	(void)arg;
	return read(may_end[0], &c, 1) == 1 ? OK : ERR_IO;
}

TEST(how_long_the_store_is_at_one_thing_is_known)
{
	struct store_job job = {.run = wait_for_the_test};
	struct store *st;
	int64_t first_ms;

	clean();
	REQUIRE(pipe(may_end) == 0);
	st = opened(1);
	CHECK_INT(store_busy_ms(st), 0);
	store_start(st);
	CHECK(store_post(st, &job) == OK);
	store_hand_over(st);
	while (store_busy_ms(st) < 20)
		usleep(1000);
	first_ms = store_busy_ms(st);
	while (store_busy_ms(st) <= first_ms)
		usleep(1000);
	CHECK(write(may_end[1], "e", 1) == 1);
	/* The group's commit is another thing, and then there is none. */
	while (store_busy_ms(st) != 0)
		usleep(1000);
	store_close(st);
	close(may_end[0]);
	close(may_end[1]);
}

/* How long until what nobody hurries is on the disk. */
static int64_t
settled_ms(bool spare)
{
	struct store_options o = {.path = path,
	    .migrations = migrations,
	    .n_migrations = 1,
	    .spare = spare};
	struct insert in = {.n = 1};
	struct store_job job = {
	    .run = run_insert, .done = on_done, .arg = &in, .settled = true};
	struct store *st = NULL;
	struct errmsg why = {""};
	int64_t begun_ms;

	clean();
	told = 0;
	REQUIRE(store_open(&o, &st, &why) == OK);
	store_start(st);
	begun_ms = clock_boot_ms();
	CHECK(store_post(st, &job) == OK);
	store_hand_over(st);
	CHECK(reap_until(st, 1) == OK);
	begun_ms = clock_boot_ms() - begun_ms;
	store_close(st);
	CHECK_INT(count_after_reopen(), 1);
	return begun_ms;
}

TEST(a_disk_that_is_to_be_spared_is_committed_to_less_often)
{
	int64_t spared_ms = settled_ms(true);

	CHECK(spared_ms >= SLOW_GROUP_MS);
	CHECK(settled_ms(false) < spared_ms);
}

static enum err
run_insert_much(struct store_tx *tx, void *arg)
{
	struct insert *in = arg;
	struct store_query *q;
	enum err e = store_query_open(
	    tx, "INSERT INTO t (n, word) VALUES (?, zeroblob(6000000))", &q);

	REQUIRE(e == OK);
	store_bind_int(q, 1, in->n);
	return store_query_finish(q);
}

TEST(what_is_in_the_wal_is_written_back_behind_a_commit)
{
	struct insert in[5];
	struct stat status;
	struct store *st;
	char wal[96];
	int i;

	clean();
	told = 0;
	st = opened(1);
	store_start(st);
	for (i = 0; i < 5; i++) {
		struct store_job job = {.run = run_insert_much,
		    .done = on_done,
		    .arg = &in[i],
		    .durable = true};

		in[i] = (struct insert){.n = i};
		REQUIRE(store_post(st, &job) == OK);
		store_hand_over(st);
		CHECK(reap_until(st, i + 1) == OK);
		CHECK_INT(in[i].result, OK);
	}
	/* Its room was used again. */
	snprintf(wal, sizeof(wal), "%s-wal", path);
	CHECK(stat(wal, &status) == 0);
	CHECK(status.st_size < 2 * 6000000);
	store_close(st);
	CHECK_INT(count_after_reopen(), 5);
}
