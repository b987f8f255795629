/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_LEDGER_PRIV_H
#define LEDGER_LEDGER_PRIV_H

#include "base/limits.h"
#include "ledger/ledger.h"

struct follower;
struct record;

struct ledger {
	struct loop *loop;
	struct store *store;
	struct audit audit; /* The store thread's, once it runs. */
	struct tree head; /* The loop's copy. */
	struct tree kept; /* As it was at the last durable record. */
	uint64_t posted; /* Its size when all that was posted has run. */
	struct follower *followers[CLIENT_REQUESTS_MAX];
	struct record *spare[RECORDS_SPARE_MAX]; /* To be used again. */
	size_t n_spare;
	bool checking;
	uint64_t wake_timer; /* They are told then, or at a durable record. */
	struct {
		bool under_way;
		bool wanted; /* Once more, behind that. */
		bool more; /* Said by the slice that was last. */
	} pruning; /* Of what was said, a few messages at a time. */
};

extern const char *const ledger_migrations[];
extern const int ledger_migrations_len;

/* ---- rows.c, act_row.c ---- */
NODISCARD enum err row_write(
    struct store_tx *tx, enum ledger_row table, const struct json *row);

struct loading {
	struct ledger *ledger;
	const struct ledger_load *load;
};
NODISCARD enum err rows_load(struct store_tx *tx, void *loading);
/* How a table is read at the start; NULL: it is not. */
const char *rows_loading(enum ledger_row table);

/* A new entry of a run was posted: whoever waits for it is told when it is on
 * the disk. */
void follow_wake(struct ledger *l, const char *run, bool durable);

/* ---- forgetting.c ---- */
extern const char forgetting_schema[];
extern const char forgetting_light_schema[];
NODISCARD enum err forgetting_forget(struct store_tx *tx, const char *id);
NODISCARD enum err forgetting_fork(struct store_tx *tx, const struct json *row);
NODISCARD enum err forgetting_see(struct store_tx *tx, const struct json *row);
/* Behind the end of this run or act: what is forgotten of it goes, and stays
 * in no WAL. */
NODISCARD enum err forgetting_end(struct store_tx *tx, const char *ended);

/* Forget what was pruned, in jobs between which others come. */
void remembering_prune(struct ledger *l);

void ledger_post(struct ledger *l, const struct store_job *job);

#endif
