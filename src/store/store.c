/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "store/store_priv.h"

int
store_fd(const struct store *st)
{
	return st->eventfd;
}

static void
start_thread(pthread_t *ret, void *(*run)(void *), struct store *st)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	/* musl's default is too small for SQLite's deepest paths. */
	pthread_attr_setstacksize(&attr, 512 * 1024);
	if (pthread_create(ret, &attr, run, st) != 0)
		fatal("the store's threads do not start");
	pthread_attr_destroy(&attr);
}

void
store_start(struct store *st)
{
	st->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (st->eventfd < 0)
		fatal("out of descriptors for the store");
	start_thread(&st->thread, store_thread, st);
	/* Now, since a role that has confined itself makes no threads. */
	start_thread(&st->checker, backup_checker, st);
	st->running = true;
}

static void
end_threads(struct store *st)
{
	pthread_mutex_lock(&st->lock);
	st->stop = true;
	pthread_cond_signal(&st->wake);
	pthread_cond_signal(&st->wake_checker);
	if (st->backup.checked != NULL)
		sqlite3_interrupt(st->backup.checked);
	pthread_mutex_unlock(&st->lock);
	pthread_join(st->thread, NULL);
	pthread_join(st->checker, NULL);
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	if (st->running)
		end_threads(st);
	backup_abandon(st);
	/* The last one out writes the WAL back and removes it. */
	tx_close(&st->tx);
	if (st->eventfd >= 0)
		close(st->eventfd);
	if (st->lock_fd >= 0)
		close(st->lock_fd);
	pthread_cond_destroy(&st->wake);
	pthread_cond_destroy(&st->wake_checker);
	pthread_mutex_destroy(&st->lock);
	free(st->path);
	free(st);
}

enum err
store_post(struct store *st, const struct store_job *job)
{
	enum err e = ERR_LIMIT;
	struct ring *in = &st->in;

	pthread_mutex_lock(&st->lock);
	if (in->count < STORE_QUEUE_MAX) {
		in->slots[(in->first + in->count++) % STORE_QUEUE_MAX] =
		    (struct entry){.job = *job};
		st->posted = true;
		if (st->busy_since.tv_sec == 0)
			clock_gettime(CLOCK_MONOTONIC, &st->busy_since);
		e = OK;
	}
	pthread_mutex_unlock(&st->lock);
	return e;
}

void
store_hand_over(struct store *st)
{
	if (!st->posted)
		return;
	st->posted = false;
	pthread_mutex_lock(&st->lock);
	pthread_cond_signal(&st->wake);
	pthread_mutex_unlock(&st->lock);
}

size_t
store_waiting(struct store *st)
{
	size_t n;

	pthread_mutex_lock(&st->lock);
	n = st->in.count;
	pthread_mutex_unlock(&st->lock);
	return n;
}

int64_t
store_busy_ms(struct store *st)
{
	struct timespec now;
	struct timespec since;

	pthread_mutex_lock(&st->lock);
	since = st->busy_since;
	pthread_mutex_unlock(&st->lock);
	if (since.tv_sec == 0)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since.tv_sec) * 1000 +
	    (now.tv_nsec - since.tv_nsec) / 1000000;
}

int64_t
store_sync_ms(struct store *st)
{
	int64_t us;

	pthread_mutex_lock(&st->lock);
	us = st->sync_us;
	pthread_mutex_unlock(&st->lock);
	return us / 1000;
}

static bool
take_done(struct store *st, struct entry *ret, bool *ret_broken)
{
	struct ring *out = &st->out;
	bool have;

	pthread_mutex_lock(&st->lock);
	have = out->count > 0;
	if (have) {
		/* The thread waits when its results are not fetched. */
		if (out->count == STORE_QUEUE_MAX)
			pthread_cond_signal(&st->wake);
		*ret = out->slots[out->first];
		out->first = (out->first + 1) % STORE_QUEUE_MAX;
		out->count--;
	}
	*ret_broken = st->broken;
	pthread_mutex_unlock(&st->lock);
	return have;
}

enum err
store_reap(struct store *st)
{
	struct entry done;
	uint64_t count;
	bool broken;

	if (read(st->eventfd, &count, sizeof(count)) < 0)
		count = 0;
	while (take_done(st, &done, &broken))
		if (done.job.done != NULL)
			done.job.done(done.job.arg, done.result);
	backup_tell(st);
	return broken ? ERR_IO : OK;
}

enum err
store_run_now(
    struct store *st, enum err (*run)(struct store_tx *, void *), void *arg)
{
	enum err e;

	e = store_exec(&st->tx, "BEGIN");
	if (e != OK)
		return e;
	e = run(&st->tx, arg);
	if (e != OK) {
		enum err undo = store_exec(&st->tx, "ROLLBACK");

		return undo != OK ? undo : e;
	}
	e = store_exec(&st->tx, "COMMIT");
	if (e == OK)
		tx_scrub(&st->tx);
	return e;
}
