/* SPDX-License-Identifier: Apache-2.0 */
#include "care/care.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "sys/clock.h"

#define BACKUP "/state/durward.backup-%d"

struct care {
	struct care_setup s;
	int slot; /* Where the last one went; 0: none since the start. */
	uint64_t size; /* Of the log then. */
};

struct backup {
	struct care *care;
	int64_t request; /* 0: the hour's own. */
	int slot;
	uint64_t size; /* Of the log when it began. */
};

static void
on_backup(void *arg, enum err e)
{
	struct backup *b = arg;
	struct care *c = b->care;

	if (e == OK) {
		c->slot = b->slot;
		c->size = b->size;
	} else {
		log_warn("a backup failed: %s", err_text(e));
	}
	if (b->request != 0)
		c->s.done(c->s.arg, b->request, e, b->slot, b->size);
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
	b->size = ledger_head(c->s.ledger)->size;
	snprintf(path, sizeof(path), BACKUP, b->slot);
	e = ledger_backup(c->s.ledger, path, on_backup, b);
	if (e != OK)
		free(b);
	return e;
}

enum err
care_backup(struct care *c, int64_t request, struct errmsg *why)
{
	enum err e = begin_backup(c, request);

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
	struct care *c = arg;

	if (ledger_head(c->s.ledger)->size != c->size &&
	    begin_backup(c, 0) != OK)
		log_warn("the hourly backup could not begin");
	loop_timer(c->s.loop, clock_boot_ms() + BACKUP_EVERY_MS, on_hour, c);
}

struct care *
care_new(const struct care_setup *s)
{
	struct care *c = xalloc(sizeof(*c));

	c->s = *s;
	loop_timer(s->loop, clock_boot_ms() + BACKUP_EVERY_MS, on_hour, c);
	return c;
}
