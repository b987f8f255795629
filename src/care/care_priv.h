/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARE_CARE_PRIV_H
#define CARE_CARE_PRIV_H

#include "care/care.h"

struct care {
	struct care_setup s;
	struct ledger *ledger;

	int slot; /* Of the last backup; 0: none since the start. */
	uint64_t size; /* Of the log then. */

	int64_t keep_days;
	uint64_t old_end; /* Up to here it is pruned. */
	int64_t asked_days; /* Of the look that is under way. */
	uint64_t next; /* The timer; 0: the log is being looked at. */
};

/* ---- retention.c ---- */
void retention_begin(struct care *c);

#endif
