/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

/* A store in a folder of its own, and jobs that write one row each. */

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "store/store.h"

static char folder[64];
static char path[80];
static const char *const migrations[] = {
    "CREATE TABLE t (n INTEGER PRIMARY KEY, word TEXT)",
    "ALTER TABLE t ADD COLUMN more INTEGER NOT NULL DEFAULT 7"};

static inline void
clean(void)
{
	char name[400];
	struct dirent *d;
	DIR *dir = opendir(folder);

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", folder, d->d_name);
		unlink(name);
	}
	if (dir != NULL)
		closedir(dir);
}

static void
check_setup(void)
{
	/* Memory, where there is some: hundreds of syncs cost nothing there. */
	snprintf(folder, sizeof(folder), "%s/durward-unit-store-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	check_folder(folder);
	snprintf(path, sizeof(path), "%s/box.db", folder);
}

static inline enum err
open_with(const char *const *statements, int version, struct store **ret,
    struct errmsg *why)
{
	struct store_options o = {
	    .path = path, .migrations = statements, .n_migrations = version};

	return store_open(&o, ret, why);
}

static inline struct store *
opened(int version)
{
	struct store *st = NULL;
	struct errmsg why = {""};

	REQUIRE(open_with(migrations, version, &st, &why) == OK);
	return st;
}

/* One job: refuse with `check`, or insert `n` and fail with `e`, or not. */
struct insert {
	int64_t n;
	enum err check;
	enum err e;
	int order; /* When it ran. */
	int done_order; /* When done was told. */
	enum err result;
};

static int ran;
static int told;

static inline enum err
run_insert(struct store_tx *tx, void *arg)
{
	struct insert *in = arg;
	struct store_query *q;
	enum err e =
	    store_query_open(tx, "INSERT INTO t (n, word) VALUES (?, ?)", &q);

	in->order = ++ran;
	if (e == OK)
		e = in->check;
	if (e != OK)
		return e;
	store_bind_int(q, 1, in->n);
	store_bind_text(q, 2, "word");
	e = store_query_finish(q);
	return e != OK ? e : in->e;
}

static inline void
on_done(void *arg, enum err result)
{
	struct insert *in = arg;

	in->result = result;
	in->done_order = ++told;
}

static inline void
post(struct store *st, struct insert *in, bool durable)
{
	struct store_job job = {
	    .run = run_insert, .done = on_done, .arg = in, .durable = durable};

	REQUIRE(store_post(st, &job) == OK);
	store_hand_over(st);
}

static inline enum err
reap_until(struct store *st, int want)
{
	struct pollfd pfd = {.fd = store_fd(st), .events = POLLIN};
	enum err e = OK;
	int i;

	for (i = 0; i < 5000 && told < want && e == OK; i++) {
		poll(&pfd, 1, 50);
		e = store_reap(st);
	}
	return e;
}

static inline enum err
run_count(struct store_tx *tx, void *arg)
{
	struct store_query *q;
	enum err e = store_query_open(tx, "SELECT count(*) FROM t", &q);

	if (e == OK)
		e = store_query_step(q);
	if (e == OK)
		*(int64_t *)arg = store_column_int(q, 0);
	if (e == OK)
		store_query_close(q);
	return e;
}

static inline int64_t
count_in(struct store *st)
{
	int64_t n = -1;

	REQUIRE(store_run_now(st, run_count, &n) == OK);
	return n;
}

static inline int64_t
count_after_reopen(void)
{
	struct store *st = opened(1);
	int64_t n = count_in(st);

	store_close(st);
	return n;
}

/* A file beside the database. */
static inline const char *
beside(const char *suffix)
{
	static char name[128];

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return name;
}

static inline bool
is_there(const char *suffix)
{
	return access(beside(suffix), F_OK) == 0;
}

/* Write `n` bytes of noise at `at`. */
static inline void
damage(const char *name, long at, size_t n)
{
	FILE *f = fopen(name, "r+");

	REQUIRE(f != NULL);
	fseek(f, at, SEEK_SET);
	while (n-- > 0)
		fputc(0x5a, f);
	fclose(f);
}

/* A process that takes something and keeps it until let_go(). */
static inline pid_t
hold(bool (*take)(void))
{
	int fds[2];
	char c = 0;
	pid_t pid;

	REQUIRE(pipe(fds) == 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		c = take() ? 'y' : 'n';
		if (write(fds[1], &c, 1) != 1)
			_exit(1);
		/* What is confined may not pause(). */
		for (;;)
			poll(NULL, 0, 1000);
	}
	close(fds[1]);
	CHECK(read(fds[0], &c, 1) == 1 && c == 'y');
	close(fds[0]);
	return pid;
}

static inline void
let_go(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

#endif
