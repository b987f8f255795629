/* SPDX-License-Identifier: Apache-2.0 */

/*
 * log_append FOLDER BLOCKS ROWS: durable entries of the log, one a commit,
 * against the same rows in a bare SQLite table: same columns, index and
 * pragmas, but no thread, no canonical JSON, no salt, no hash, no tree and no
 * trigger.  A line of nanoseconds for each pair of blocks: ours, bare.
 */

#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit/audit.h"
#include "base/limits.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "store/store.h"

#define KIND "started"
#define RUN "0123456789abcdef0123456789abcdef"
#define ACT "fedcba9876543210fedcba9876543210"

static const char pragmas[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
    "PRAGMA cache_size=-512;";
static const char bare_schema[] =
    "CREATE TABLE log (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
    " run TEXT NOT NULL, act TEXT NOT NULL, salt BLOB NOT NULL,"
    " body TEXT NOT NULL, leaf BLOB NOT NULL);"
    "CREATE INDEX log_run ON log (run, seq) WHERE run <> '';";

static struct audit audit;
static struct store *store;
static struct json *body;
static bool written;

static sqlite3 *bare;
static sqlite3_stmt *insert;
static struct buf text;
static uint8_t salt[AUDIT_SALT_LEN];
static struct digest leaf;

static long long
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static enum err
load(struct store_tx *tx, void *arg)
{
	return audit_load(tx, arg);
}

static enum err
append(struct store_tx *tx, void *arg)
{
	uint64_t seq;

	return audit_append(arg, tx, body, &seq);
}

static void
on_written(void *arg, enum err result)
{
	(void)arg;
	if (result != OK)
		fatal("an entry cannot be written: %s", err_text(result));
	written = true;
}

static long long
time_ours(long rows)
{
	struct store_job job = {
	    .run = append, .done = on_written, .arg = &audit, .durable = true};
	struct pollfd p = {.fd = store_fd(store), .events = POLLIN};
	long long begin = now_ns();
	long i;

	for (i = 0; i < rows; i++) {
		written = false;
		if (store_post(store, &job) != OK)
			fatal("the store takes no job");
		store_hand_over(store);
		while (!written)
			if (poll(&p, 1, -1) < 0 || store_reap(store) != OK)
				fatal("the store is broken");
	}
	return now_ns() - begin;
}

static void
must(int rc)
{
	if (rc != SQLITE_OK && rc != SQLITE_DONE)
		fatal("bare SQLite: %s", sqlite3_errmsg(bare));
}

static void
insert_row(void)
{
	must(sqlite3_bind_text(insert, 1, KIND, -1, SQLITE_STATIC));
	must(sqlite3_bind_text(insert, 2, RUN, -1, SQLITE_STATIC));
	must(sqlite3_bind_text(insert, 3, ACT, -1, SQLITE_STATIC));
	must(sqlite3_bind_blob(insert, 4, salt, sizeof(salt), SQLITE_STATIC));
	must(sqlite3_bind_text(insert, 5, text.p, -1, SQLITE_STATIC));
	must(sqlite3_bind_blob(insert, 6, leaf.b, DIGEST_LEN, SQLITE_STATIC));
	must(sqlite3_step(insert));
	must(sqlite3_reset(insert));
}

static long long
time_bare(long rows)
{
	long long begin = now_ns();
	long i;

	for (i = 0; i < rows; i++)
		insert_row(); /* A transaction of its own. */
	return now_ns() - begin;
}

static void
open_ours(const char *folder)
{
	const char *migrations[] = {
	    audit_schema, audit_prune_schema, audit_nodes_schema};
	struct store_options o = {.migrations = migrations, .n_migrations = 3};
	struct errmsg why;
	char path[1024];

	snprintf(path, sizeof(path), "%s/ours.db", folder);
	o.path = path;
	if (store_open(&o, &store, &why) != OK)
		fatal("%s", why.text);
	if (store_run_now(store, load, &audit) != OK)
		fatal("the log cannot be read");
	store_start(store);
}

static void
open_bare(const char *folder)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/bare.db", folder);
	must(sqlite3_open(path, &bare));
	must(sqlite3_exec(bare, pragmas, NULL, NULL, NULL));
	must(sqlite3_exec(bare, bare_schema, NULL, NULL, NULL));
	must(sqlite3_prepare_v2(bare,
	    "INSERT INTO log (kind, run, act, salt, body, leaf)"
	    " VALUES (?, ?, ?, ?, ?, ?)",
	    -1, &insert, NULL));
}

int
main(int argc, char **argv)
{
	long blocks;
	long rows;
	long i;

	if (argc != 4)
		return 2;
	log_open("bench", LOG_WARN);
	crypto_open();
	open_ours(argv[1]);
	open_bare(argv[1]);
	blocks = strtol(argv[2], NULL, 10);
	rows = strtol(argv[3], NULL, 10);

	body = json_object();
	json_put_str(body, "kind", KIND);
	json_put_int(body, "boot_ms", 123456789);
	json_put_int(body, "wall_ms", 1700000000000);
	json_put_str(body, "run", RUN);
	json_put_str(body, "act", ACT);
	json_put_str(body, "epoch", RUN);
	json_put_str(body, "container", "durward-echo-12345-1");
	buf_init(&text, LOG_BODY_MAX);
	json_canonical(body, &text);

	for (i = 0; i < blocks; i++) {
		long long ours;
		long long other;

		/* Neither is always the one that comes first. */
		if (i % 2 == 0) {
			ours = time_ours(rows);
			other = time_bare(rows);
		} else {
			other = time_bare(rows);
			ours = time_ours(rows);
		}
		printf("%lld %lld\n", ours, other);
	}
	store_close(store);
	sqlite3_finalize(insert);
	sqlite3_close(bare);
	return 0;
}
