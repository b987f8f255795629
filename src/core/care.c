/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "core/core_priv.h"
#include "sys/clock.h"

/*
 * Backups of the database, made while it is in use: on command, and every
 * hour in which something happened, in turn into two files, so that there
 * is always a whole one.
 */

#define BACKUP "/state/durward.backup-%d"

struct backup {
	struct core *core;
	int64_t request; /* 0: the hour's own. */
	int slot;
	uint64_t size; /* Of the log when it began. */
};

static void
on_backup(void *arg, enum err e)
{
	struct backup *b = arg;
	struct core *c = b->core;
	struct errmsg why;
	struct json *v;

	if (e == OK) {
		c->backup_slot = b->slot;
		c->backup_size = b->size;
	} else {
		log_warn("a backup failed: %s", err_text(e));
	}
	if (b->request != 0 && e == OK) {
		v = json_object();
		json_put_int(v, "slot", b->slot);
		json_put_int(v, "log_size", (int64_t)b->size);
		clients_reply(c, b->request, v);
	} else if (b->request != 0) {
		err_say(&why, e, "the backup failed (%s); is there room?",
		    err_text(e));
		clients_refuse(c, b->request, e, &why);
	}
	free(b);
}

static enum err
begin_backup(struct core *c, int64_t request)
{
	const struct safety *safe = judge_safety(c->judge);
	struct backup *b;
	char path[64];
	enum err e;

	/* A good backup must not give way to what stands in or was altered. */
	if (safe->on[SAFE_DATABASE] || safe->on[SAFE_AUDIT])
		return ERR_STATE;
	b = xalloc(sizeof(*b));

	b->core = c;
	b->request = request;
	b->slot = c->backup_slot == 1 ? 2 : 1;
	b->size = ledger_head(c->ledger)->size;
	snprintf(path, sizeof(path), BACKUP, b->slot);
	e = ledger_backup(c->ledger, path, on_backup, b);
	if (e != OK)
		free(b);
	return e;
}

enum err
care_backup(const struct call *k, struct errmsg *why)
{
	enum err e;

	if (k->client->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED, "only an owner makes backups");
	e = begin_backup(k->core, k->request);
	if (e == ERR_STATE)
		return err_say(why, e,
		    "what is there now would take the place of a good backup; "
		    "'durward doctor' says what is wrong");
	return e == OK
	    ? OK
	    : err_say(why, e, "a backup is being made already; wait for it");
}

static void
on_hour(void *arg)
{
	struct core *c = arg;

	if (ledger_head(c->ledger)->size != c->backup_size &&
	    begin_backup(c, 0) != OK)
		log_warn("the hourly backup could not begin");
	c->backup_timer =
	    loop_timer(c->loop, clock_boot_ms() + BACKUP_EVERY_MS, on_hour, c);
}

void
care_open(struct core *c)
{
	c->backup_timer =
	    loop_timer(c->loop, clock_boot_ms() + BACKUP_EVERY_MS, on_hour, c);
}
