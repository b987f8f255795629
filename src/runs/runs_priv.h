/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNS_RUNS_PRIV_H
#define RUNS_RUNS_PRIV_H

#include "base/limits.h"
#include "runs/runs.h"

struct run {
	char id[TOKEN_SIZE];
	char *goal;
	char *models; /* The only ones that it may ask; "": any. */
	char principal[NAME_MAX_LEN + 1];
	char agent_id[NAME_MAX_LEN + 1];
	char client[NAME_MAX_LEN + 1];
	struct names labels; /* Of all that it has seen. */
	/* A bit for each step that has an act already, ended or not, so that
	 * a restarted mind cannot make a second one of it. */
	uint64_t acted;
	int64_t kept; /* Steps that are written down. */
	int refusals; /* Proposals that became no act. */
	bool waits; /* To be resumed, once the house is free to act. */
	bool resuming; /* Its steps are being read, for a mind that has none. */
	int resumes; /* How often the mind ended while it was open. */
	int64_t answer_to; /* The request that waits for its start, or 0. */
	struct runs *runs;
	uint64_t timer; /* Its deadline. */
	bool over; /* Its end is being written. */
	struct buf words; /* The last that a model said, */
	int64_t words_from; /* from this byte on. */
	int64_t nudged_ms;
	uint64_t nudge_timer;
};

_Static_assert(RUN_STEPS_MAX <= 64, "a bit for each step");

/* A client's request that waits for words. */
struct listener {
	int64_t request;
	char run[TOKEN_SIZE];
	int64_t from;
};

struct runs {
	struct listener listeners[CLIENT_REQUESTS_MAX];
	struct runs_setup s;
	struct ledger *ledger;
	struct acts *acts;
	struct run *open[RUNS_OPEN_MAX];
};

struct run *runs_find(struct runs *rs, const char *id);

#endif
