/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/log.h"
#include "ledger/ledger_priv.h"

static void
on_store(void *arg, int fd, int events)
{
	struct ledger *l = arg;

	(void)fd;
	(void)events;
	if (store_reap(l->store) != OK)
		fatal("the database cannot be written: no acts without it");
}

/* What a turn of the loop wrote goes to the store as one. */
static void
hand_over(void *arg)
{
	struct ledger *l = arg;

	store_hand_over(l->store);
}

static struct store_options
options_of(const char *path)
{
	return (struct store_options){.path = path,
	    .migrations = ledger_migrations,
	    .n_migrations = ledger_migrations_len,
	    .reserve_bytes = STORE_RESERVE};
}

enum err
ledger_restore(const char *path, const char *backup, struct errmsg *why)
{
	struct store_options o = options_of(path);

	return store_restore(&o, backup, why);
}

enum err
ledger_copy(const char *path, const char *to)
{
	return store_copy(path, to);
}

enum err
ledger_check_copy(const char *path, const char *name, struct errmsg *why)
{
	struct store_options o = options_of(path);

	return store_check_backup(path, &o, name, why);
}

enum err
ledger_open(const char *path, struct loop *loop, const struct ledger_load *load,
    struct ledger **ret, struct errmsg *why)
{
	struct ledger *l = xalloc(sizeof(*l));
	struct loading loading = {l, load};
	struct store_options o = options_of(path);
	enum err e;

	o.spare = load->spare_card;
	e = store_open(&o, &l->store, why);
	if (e != OK) {
		free(l);
		return e;
	}
	l->loop = loop;
	e = store_run_now(l->store, rows_load, &loading);
	if (e != OK) {
		store_close(l->store);
		free(l);
		return err_say(why, e,
		    "the database is damaged (%s); restore a backup with "
		    "'durward restore'",
		    err_text(e));
	}
	store_start(l->store);
	if (loop_add(loop, store_fd(l->store), LOOP_READ, on_store, l) != OK)
		fatal("cannot watch the store");
	loop_at_rest(loop, hand_over, l);
	/* What a kill left of it. */
	remembering_prune(l);
	*ret = l;
	return OK;
}

void
ledger_close(struct ledger *l)
{
	loop_at_rest(l->loop, NULL, NULL);
	loop_remove(l->loop, store_fd(l->store));
	store_close(l->store);
	while (l->n_spare > 0)
		free(l->spare[--l->n_spare]);
	free(l);
}

const struct tree *
ledger_head(const struct ledger *l)
{
	return &l->head;
}

const struct tree *
ledger_kept(const struct ledger *l)
{
	return &l->kept;
}

enum err
ledger_backup(struct ledger *l, const char *path,
    void (*done)(void *arg, enum err e), void *arg)
{
	return store_backup(l->store, path, done, arg);
}

int64_t
ledger_sync_ms(const struct ledger *l)
{
	return store_sync_ms(l->store);
}

bool
ledger_is_low(const struct ledger *l)
{
	return store_is_low(l->store);
}

bool
ledger_is_busy(const struct ledger *l)
{
	return store_waiting(l->store) > STORE_QUEUE_MAX / 2;
}

bool
ledger_is_stuck(const struct ledger *l)
{
	return store_busy_ms(l->store) > STORE_STUCK_MS;
}

void
ledger_post(struct ledger *l, const struct store_job *job)
{
	if (store_post(l->store, job) != OK)
		fatal("the store does not keep up: %d jobs wait",
		    STORE_QUEUE_MAX);
}
