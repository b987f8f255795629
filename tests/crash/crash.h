/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRASH_H
#define CRASH_H

/*
 * Power cuts.  A seed is a disk and the lives of a ledger on it.  A life
 * (life.c) is a process that opens the ledger and walks acts from `asked`
 * to `done` with its records, until at a seeded call the power goes.  Then
 * another process (verify.c) opens a copy of what is left with the ordinary
 * code and compares it with the plan: every record that was ever posted, in
 * its order (plan.c).  The next life goes on from there.
 *
 * A batch of records is posted while the store's thread waits, so that a
 * seed groups its records the same way each time.
 */

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"

#define RECORDS_MAX 4096
#define ACTS_MAX 1024
#define OPEN_MAX 8

enum step {
	STEP_ASKED,
	STEP_APPROVED,
	STEP_INTENT,
	STEP_STARTED,
	STEP_DONE,
	STEP_COUNT
};

struct planned {
	uint16_t act;
	uint8_t step;
};

/* Shared by all processes of a seed. */
struct world {
	uint64_t seed;
	char folder[256];
	int sync_ms;
	bool sync_lies;

	struct planned records[RECORDS_MAX];
	uint32_t n_records;
	/* How many of them: were told of; were told of as durable; were
	 * told of when the running, or the last, commit began. */
	uint32_t told;
	uint32_t kept;
	uint32_t committing;
	uint32_t committed;

	long die_at; /* 0: never. */
	bool die_at_once;
	uint32_t batches;
	bool died;
	long calls;
	uint32_t found; /* By verify. */
	char wrong[512]; /* "" when nothing is. */
};

/* ---- plan.c ---- */

struct step_plan {
	const char *kind; /* Of the last log entry. */
	enum act_state state;
	bool durable;
};
extern const struct step_plan step_plans[STEP_COUNT];

/* Ids of the things of an act. */
void plan_id(const struct world *w, const char *what, uint32_t act,
    char ret[TOKEN_SIZE]);

/* Post record `i`; `then` gets its number as the key. */
void plan_post(const struct world *w, uint32_t i, struct ledger *l,
    record_then_fn *then, void *arg);

/* The next step of each act after the first `n` records; 0: not there. */
void plan_states(const struct world *w, uint32_t n, uint8_t ret[ACTS_MAX]);

/* What the log must hold: entry `part` of record `i`. */
const char *plan_kind(const struct world *w, uint32_t i, int part);
int plan_parts(const struct world *w, uint32_t i);

/* ---- Processes ---- */

/* Never return. */
void life_run(struct world *w, uint64_t *random);
void verify_run(struct world *w);

/* The first thing that is wrong is kept. */
void world_wrong(struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
