/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARE_CARE_H
#define CARE_CARE_H

/*
 * Backups of the database, made while it is in use: on command, and every
 * hour in which something happened, in turn into two files, so that there
 * is always a whole one.
 */

#include "judge/judge.h"
#include "ledger/ledger.h"

struct care;

struct care_setup {
	struct loop *loop;
	struct ledger *ledger;
	struct judge *judge;
	/* A backup that was asked for is there, in file `slot`, with a log of
	 * `size`; or it failed. */
	void (*done)(
	    void *arg, int64_t request, enum err e, int slot, uint64_t size);
	void *arg;
};

struct care *care_new(const struct care_setup *s);

/* `request` is not 0.  ERR_STATE when what is there now must not take the
 * place of a good one, ERR_BUSY when one is being made. */
NODISCARD enum err care_backup(
    struct care *c, int64_t request, struct errmsg *why);

#endif
