/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store/store_priv.h"

/*
 * The store's thread.  It takes jobs in order, all inside the group's
 * transaction, and decides when the group is committed.  There is no
 * savepoint for each job: it would cost more than the job itself.
 */

struct group {
	struct entry waiting[STORE_QUEUE_MAX]; /* For the commit. */
	size_t n_waiting;
	bool hurry; /* A durable job is among them. */
	bool open;
	bool stepped;
	int changes; /* Before its first job. */
	struct timespec until;
	bool given; /* Something that the loop was not told of. */
	bool awaited; /* And it is to be told now. */
};

void
store_wake_loop(struct store *st)
{
	uint64_t one = 1;

	if (write(st->eventfd, &one, sizeof(one)) < 0)
		return; /* The counter is full: the loop is awake. */
}

/* The loop is woken once for all that it can fetch, before this thread waits
 * for anything. */
static void
tell_loop(struct store *st, struct group *g)
{
	if (!g->awaited)
		return;
	store_wake_loop(st);
	g->given = false;
	g->awaited = false;
}

static void
give_back(struct store *st, struct group *g, const struct entry *e)
{
	struct ring *out = &st->out;

	g->given = true;
	g->awaited |= !e->job.unawaited;
	pthread_mutex_lock(&st->lock);
	while (out->count == STORE_QUEUE_MAX && !st->stop) {
		g->awaited = true;
		tell_loop(st, g);
		pthread_cond_wait(&st->wake, &st->lock);
	}
	if (out->count < STORE_QUEUE_MAX)
		out->slots[(out->first + out->count++) % STORE_QUEUE_MAX] = *e;
	pthread_mutex_unlock(&st->lock);
}

static void
fail(struct store *st)
{
	if (st->tx.full)
		reserve_release(st);
	pthread_mutex_lock(&st->lock);
	st->broken = true;
	pthread_mutex_unlock(&st->lock);
	store_wake_loop(st);
}

static struct timespec
after_ms(int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += ms * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_nsec -= 1000000000L;
		t.tv_sec++;
	}
	return t;
}

static bool
is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec ||
	    (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static enum err
run_statement(struct store *st, const char *sql)
{
	struct store_query *q;
	enum err e = store_query_open(&st->tx, sql, &q);

	return e == OK ? store_query_finish(q) : e;
}

static void
begin_group(struct store *st, struct group *g)
{
	if (run_statement(st, "BEGIN IMMEDIATE") != OK) {
		fail(st);
		return;
	}
	g->open = true;
	g->changes = sqlite3_total_changes(st->tx.db);
	g->until = after_ms(st->group_ms);
}

/* One that wrote nothing syncs nothing. */
static enum err
commit(struct store *st, const struct group *g)
{
	bool wrote = sqlite3_total_changes(st->tx.db) != g->changes;
	struct timespec begun = after_ms(0);
	enum err e = run_statement(st, "COMMIT");
	struct timespec now = after_ms(0);
	int64_t us = (now.tv_sec - begun.tv_sec) * 1000000 +
	    (now.tv_nsec - begun.tv_nsec) / 1000;

	if (e == OK && wrote) {
		pthread_mutex_lock(&st->lock);
		st->sync_us += (us - st->sync_us) / STORE_SYNCS_WEIGHED;
		pthread_mutex_unlock(&st->lock);
	}
	return e;
}

/* When nobody waits for the commit any more. */
static void
write_back(struct store *st)
{
	if (st->wal_pages < st->wal_pages_max)
		return;
	st->wal_pages = 0;
	sqlite3_wal_checkpoint_v2(
	    st->tx.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static void
commit_group(struct store *st, struct group *g)
{
	size_t i;

	if (commit(st, g) != OK) {
		fail(st);
		return;
	}
	g->open = false;
	g->stepped = false;
	tx_scrub(&st->tx);
	for (i = 0; i < g->n_waiting; i++)
		give_back(st, g, &g->waiting[i]);
	g->awaited = g->given;
	tell_loop(st, g);
	g->n_waiting = 0;
	g->hurry = false;
	write_back(st);
}

/* Given back now, or with the commit. */
static void
file_away(struct store *st, struct group *g, const struct entry *e)
{
	bool unwritten = sqlite3_total_changes(st->tx.db) != g->changes;
	if (!e->job.durable && !(e->job.settled && unwritten)) {
		give_back(st, g, e);
		return;
	}
	g->waiting[g->n_waiting++] = *e;
	g->hurry |= e->job.durable;
}

static void
run_job(struct store *st, struct group *g, struct entry *e)
{
	int before;

	if (!g->open)
		begin_group(st, g);
	if (!g->open)
		return; /* Never outside a transaction. */
	before = sqlite3_total_changes(st->tx.db);
	e->result = e->job.run(&st->tx, e->job.arg);
	/* Half a job must never be committed.  And when SQLite could not read
	 * or write it may have undone the whole group: what follows would be
	 * committed job by job, and what came before would be missing. */
	if (sqlite3_get_autocommit(st->tx.db) != 0 ||
	    (e->result != OK && sqlite3_total_changes(st->tx.db) != before)) {
		fail(st);
		return;
	}
	file_away(st, g, e);
}

static bool
is_due(const struct group *g)
{
	struct timespec now;

	if (!g->open)
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return !is_before(&now, &g->until);
}

enum next { NEXT_JOB, NEXT_COMMIT, NEXT_BACKUP, NEXT_STOP };

/* May a backup copy some pages now?  Between two groups only once, when
 * jobs wait. */
static bool
wants_step(const struct store *st, const struct group *g)
{
	return st->backup.state == BACKUP_COPYING && !g->open && !st->stop &&
	    !(g->stepped && st->in.count > 0);
}

/* Wait for work, or for the end of the group. */
static enum next
wait_next(struct store *st, struct group *g, struct entry *ret)
{
	enum next next = NEXT_COMMIT;
	int rc = 0;

	pthread_mutex_lock(&st->lock);
	if (st->in.count == 0)
		st->busy_since = (struct timespec){0};
	while (st->in.count == 0 && !st->stop && rc != ETIMEDOUT &&
	    !wants_step(st, g)) {
		if (g->hurry)
			break; /* Nothing more to share the sync with. */
		tell_loop(st, g);
		rc = g->open
		    ? pthread_cond_timedwait(&st->wake, &st->lock, &g->until)
		    : pthread_cond_wait(&st->wake, &st->lock);
	}
	if (st->broken) {
		next = NEXT_STOP;
	} else if (wants_step(st, g)) {
		next = NEXT_BACKUP;
	} else if (st->in.count > 0 && g->n_waiting < STORE_QUEUE_MAX &&
	    !is_due(g)) {
		*ret = st->in.slots[st->in.first];
		st->in.first = (st->in.first + 1) % STORE_QUEUE_MAX;
		st->in.count--;
		next = NEXT_JOB;
	} else if (st->stop && !g->open) {
		next = NEXT_STOP;
	}
	clock_gettime(CLOCK_MONOTONIC, &st->busy_since);
	pthread_mutex_unlock(&st->lock);
	return next;
}

void *
store_thread(void *arg)
{
	static struct group g;
	struct store *st = arg;
	struct entry e;

	/* Of this store, not of one before it that broke. */
	memset(&g, 0, sizeof(g));
	for (;;) {
		switch (wait_next(st, &g, &e)) {
		case NEXT_JOB:
			run_job(st, &g, &e);
			break;
		case NEXT_COMMIT:
			if (g.open)
				commit_group(st, &g);
			break;
		case NEXT_BACKUP:
			g.stepped = true;
			backup_step(st);
			break;
		case NEXT_STOP:
			return NULL;
		}
	}
}
