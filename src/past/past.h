/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAST_PAST_H
#define PAST_PAST_H

/*
 * What was recorded of runs, as clients get it: told for a replay, or gone on
 * with from one of its steps.  Both are for who asked for the run, and for
 * owners.
 */

#include "ledger/ledger.h"
#include "request/request.h"
#include "runs/runs.h"

struct past {
	struct ledger *ledger;
	struct runs *runs;
	struct requests *requests;
};

/* {"run", "row", "at"}: ledger_read_recorded(). */
query_fn past_query;

/* {"run", "from"}: answered with the new run, like `ask`. */
command_fn past_fork;

#endif
