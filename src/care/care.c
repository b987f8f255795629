/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "care/care_priv.h"
#include "sys/clock.h"

/* Backups. */

#define BACKUP "/state/durward.backup-%d"

struct backup {
	struct care *care;
	int64_t request; /* 0: the hour's own. */
	int slot;
	uint64_t size; /* Of the log when it began. */
};

static void
answer(const struct backup *b, enum err e)
{
	struct requests *rs = b->care->s.requests;
	struct errmsg why;
	struct json *v;

	if (e != OK) {
		err_say(&why, e, "the backup failed (%s); is there room?",
		    err_text(e));
		request_refuse(rs, b->request, e, &why);
		return;
	}
	v = json_object();
	json_put_int(v, "slot", b->slot);
	json_put_int(v, "log_size", (int64_t)b->size);
	request_answer(rs, b->request, v);
}

static void
on_backup(void *arg, enum err e)
{
	struct backup *b = arg;

	if (e == OK) {
		b->care->slot = b->slot;
		b->care->size = b->size;
	} else {
		log_warn("a backup failed: %s", err_text(e));
	}
	if (b->request != 0)
		answer(b, e);
	free(b);
}

static enum err
begin_backup(struct care *c, int64_t request)
{
	const struct safety *safe = judge_safety(c->s.judge);
	struct backup *b;
	char path[64];
	enum err e;

	/* A good backup must not give way to what stands in or was altered. */
	if (safe->on[SAFE_DATABASE] || safe->on[SAFE_AUDIT])
		return ERR_STATE;
	b = xalloc(sizeof(*b));
	b->care = c;
	b->request = request;
	b->slot = c->slot == 1 ? 2 : 1;
	b->size = ledger_head(c->ledger)->size;
	snprintf(path, sizeof(path), BACKUP, b->slot);
	e = ledger_backup(c->ledger, path, on_backup, b);
	if (e != OK)
		free(b);
	return e;
}

enum err
care_backup(void *room, const struct request *k, struct errmsg *why)
{
	enum err e;

	if (k->client->role != CLIENT_OWNER)
		return err_say(why, ERR_DENIED, "only an owner makes backups");
	e = begin_backup(room, k->id);
	if (e == ERR_STATE)
		return err_say(why, e,
		    "what is there now would take the place of a good backup; "
		    "'durward doctor' says what is wrong");
	return e == OK
	    ? OK
	    : err_say(why, e, "a backup is being made already; wait for it");
}

/* A whole database at a time is what wears a card out. */
static void
on_time(void *arg)
{
	struct care *c = arg;
	int64_t every_ms =
	    c->s.spare_card ? SLOW_BACKUP_EVERY_MS : BACKUP_EVERY_MS;

	if (ledger_head(c->ledger)->size != c->size && begin_backup(c, 0) != OK)
		log_warn("the backup that is due could not begin");
	loop_timer(c->s.loop, clock_boot_ms() + every_ms, on_time, c);
}

struct care *
care_new(const struct care_setup *s)
{
	struct care *c = xalloc(sizeof(*c));

	c->s = *s;
	return c;
}

void
care_free(struct care *c)
{
	free(c);
}

bool
care_spares_card(const struct care *c)
{
	return c->s.spare_card;
}

void
care_use(struct care *c, struct ledger *ledger)
{
	c->ledger = ledger;
	/* The first one soon, also where the machine is off at night. */
	loop_timer(c->s.loop, clock_boot_ms() + BACKUP_EVERY_MS, on_time, c);
	retention_begin(c);
}
