/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARE_CARE_H
#define CARE_CARE_H

/*
 * What is done with the years.
 *
 * Backups of the database, made while it is in use: on command, and every
 * hour in which something happened (on a slow card an hour after the start,
 * then every day), in turn into two files, so that there is always a whole one.
 *
 * Retention: an owner says for how long the log is kept, which is forever
 * until then.  What is older is pruned by the house itself, as `durward audit
 * prune` does it: what entries say goes, and with it what was said in their
 * runs; their leaves and proofs stay, and an entry "pruned" tells of it.  It
 * goes a few entries at a time, never beyond the first entry of a run that is
 * open, and only while a time server keeps the clock right, the house trusts
 * it, and is neither halted nor in safe mode: a clock that is wrong must not
 * empty the log.  An entry is as old as that clock said when it was written.
 */

#include "judge/judge.h"
#include "ledger/ledger.h"
#include "request/request.h"

struct care;

struct care_setup {
	struct loop *loop;
	struct judge *judge;
	struct requests *requests;
	bool spare_card; /* durward run --card slow */
};

struct care *care_new(const struct care_setup *s);
void care_free(struct care *c); /* Its loop is no more. */

/* A row ROW_SETTING, while the ledger is loaded. */
void care_load(struct care *c, const struct json *row);

/* The ledger is open: from now on it is looked after. */
void care_use(struct care *c, struct ledger *ledger);

/* For how many days the log is kept; 0: forever. */
int64_t care_kept_days(const struct care *c);
/* Why nothing is forgotten now, whatever its age; NULL when it may be. */
const char *care_why_kept(const struct care *c);
/* Is it because no time server keeps the clock right? */
bool care_lacks_time(const struct care *c);

/* Is the disk spared, as its owner wants it? */
bool care_spares_card(const struct care *c);

/* Body: {}.  Refused when what is there now must not take the place of a good
 * one, or one is being made.  Answers {"slot", "log_size"}. */
command_fn care_backup;

/* Body: {"before"}: forget what earlier entries say. */
command_fn care_prune;

/* Body: {"keep"}: "forever", or a time like "400d". */
command_fn care_keep;

#endif
