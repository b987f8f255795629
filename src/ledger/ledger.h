/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

/*
 * The ledger: what the core remembers.  Its tables, the records that write
 * rows and log entries in one transaction, and the readings of both.  All
 * SQL about runs, acts, sheets and manifests is in this room.
 *
 * A record that cannot be written ends the process: no acts without a log.
 */

#include <stdint.h>

#include "act/act.h"
#include "audit/audit.h"
#include "base/err.h"
#include "base/json.h"
#include "memory/memory.h"
#include "store/store.h"
#include "sys/loop.h"

struct ledger;

/* Tables that a record may write to, and that are loaded at the start. */
enum ledger_row {
	ROW_RUN,
	ROW_STEP,
	ROW_STEPS_FORKED, /* {"run", "fork_of", "forked"}: taken over. */
	ROW_HEARD, /* A piece of a model's answer, as hex. */
	ROW_HEARD_OLD, /* {"keep"}: of the last so many runs alone. */
	ROW_ACT,
	ROW_ACT_STATE, /* What changes of an act while it goes on. */
	ROW_ACTED, /* Loaded only: steps of open runs that have an act. */
	ROW_YES, /* A sheet that was signed. */
	ROW_NONCE, /* A second one of the same value ends the house. */
	ROW_VERSION, /* Of what an owner can change. */
	ROW_VERSION_GONE, /* {"kind", "scope", "n"}; 0: all of them. */
	ROW_ACTIVE, /* Which one counts. */
	ROW_ACTIVE_GONE, /* {"kind", "scope"} */
	ROW_ACTIVE_VERSION, /* Loaded only: that one, and the newest number. */
	ROW_TOOL_VERSION, /* Loaded only: every one of every tool. */
	ROW_GRANT,
	ROW_USAGE, /* Adds to what stands there. */
	ROW_USAGE_OLD, /* Deletes; so does the next. */
	ROW_USAGE_RUN,
	ROW_SETTING,
	ROW_SETTING_GONE, /* {"scope", "name"} */
	ROW_MEMORY, /* A message or a fact (memory/memory.h). */
	ROW_MEMORY_GONE, /* {"id"}; with it what runs that saw it kept. */
	ROW_SEEN, /* ledger_seen() */
	ROW_PRUNE, /* {"from", "before"}: forget what these entries say. */
	ROW_COUNT
};

/* What was there when the house ended, row by row: settings, active
 * versions, usage, versions of tools, grants, open runs, open acts, and which
 * of their steps have acts.  An error ends the loading. */
struct ledger_load {
	void *arg;
	enum err (*row)(
	    void *arg, enum ledger_row table, const struct json *row);
	bool spare_card; /* Written to less often, as its owner wants it. */
};

/* Open, migrate and load.  ERR_CORRUPT, ERR_IO, ERR_UNSUPPORTED. */
NODISCARD enum err ledger_open(const char *path, struct loop *loop,
    const struct ledger_load *load, struct ledger **ret, struct errmsg *why);

/* With no house running: put a backup in the place of the database. */
NODISCARD enum err ledger_restore(
    const char *path, const char *backup, struct errmsg *why);

/* A whole copy at `to`, from another process than the house's; and whether a
 * copy is one of this house's kind.  `name` is what a person calls it. */
NODISCARD enum err ledger_copy(const char *path, const char *to);
NODISCARD enum err ledger_check_copy(
    const char *path, const char *name, struct errmsg *why);

/* Commit what was posted, and stop. */
void ledger_close(struct ledger *l);

/* The tree as it was after the last record that ran, and as it is on the
 * disk for certain: only that may be signed or stand on a sheet. */
const struct tree *ledger_head(const struct ledger *l);
const struct tree *ledger_kept(const struct ledger *l);

/* What a commit takes until it is on the disk, in ms, as the last ones did. */
int64_t ledger_sync_ms(const struct ledger *l);

/* Is the disk nearly full? */
bool ledger_is_low(const struct ledger *l);

/* A whole copy at `path`, while it is in use.  ERR_BUSY. */
NODISCARD enum err ledger_backup(struct ledger *l, const char *path,
    void (*done)(void *arg, enum err e), void *arg);

/* Verify every entry against the tree as it is now, a few at a time and
 * between all other work; tells how it went when it is through.  Entries
 * below `forgiven` count by their leaf alone: an owner knows of them. */
void ledger_check(struct ledger *l, uint64_t forgiven,
    void (*fn)(void *arg, bool good, const char *what), void *arg);
/* Until it is through nothing must be pruned: the check looks no further than
 * the head as it was, so it would not find the entry that tells of it. */
bool ledger_is_checking(const struct ledger *l);

/* So much waits to be written that new work should be turned away. */
bool ledger_is_busy(const struct ledger *l);

/* Has one thing kept the store for longer than any disk takes? */
bool ledger_is_stuck(const struct ledger *l);

/* ---- Records ---- */

struct record;
typedef void record_then_fn(void *arg, const char *key);

struct record *record_new(struct ledger *l);

/* Will this make a log entry, or is it too large? */
bool record_fits(const struct json *body);

/* One log entry; `body` is taken over and gets kind, ids and times. */
void record_log(struct record *r, const char *kind, const char *run,
    const char *act, struct json *body);

/* What the log keeps of a result: its digest, and the text when short. */
struct json *record_result(const char *text);

/* One row in the same transaction; `row` is taken over. */
void record_row(struct record *r, enum ledger_row table, struct json *row);
/* As a row: what a run saw, or by an act of its.  Rows of memory, or their ids
 * alone. */
struct json *ledger_seen(const char *run_or_act, const struct json *rows);
/* What changed of an act; a new one is written whole. */
void record_act(struct record *r, const struct act *a);
void record_new_act(struct record *r, const struct act *a);

/* The act that a loaded row is.  ERR_CORRUPT. */
NODISCARD enum err ledger_act_of_row(const struct json *row, struct act **ret);

/* Not to be written after all. */
void record_drop(struct record *r);

/* Write it, then call `then` with `key`: after the sync when `durable`. */
void record_post(struct record *r, bool durable, record_then_fn *then,
    void *arg, const char *key);

/* ---- Readings: a JSON document, when it is there ---- */

/* `text` is NULL when it failed.  Borrowed for the call. */
typedef void reading_fn(void *arg, int64_t id, enum err e, const char *text);

/* {"entries": [...]} from `from` on, a page at a time; of one run when
 * `run` is not NULL. */
void ledger_read_entries(struct ledger *l, const char *run, uint64_t from,
    reading_fn *fn, void *arg, int64_t id);

/* The same, but an answer without entries waits for the next one of the run
 * (of any, when `run` is NULL) or CLIENT_WAIT_MS, for as long as `is_open` says
 * that there may be one.  What lies beyond the next entry is ERR_STATE. */
void ledger_follow(struct ledger *l, const char *run, uint64_t from,
    bool (*is_open)(void *arg, const char *run), reading_fn *fn, void *arg,
    int64_t id);

/* Who waits for an entry of this run is answered without one. */
void ledger_nudge(struct ledger *l, const char *run);

/* {"before"}: up to where the log, from entry `from` on, is from before
 * `wall_ms`: not beyond the first entry of a run that is open, and `most`
 * entries. */
void ledger_read_old(struct ledger *l, uint64_t from, int64_t wall_ms,
    uint64_t most, reading_fn *fn, void *arg);

/* {"runs": [...]}, the newest first. */
void ledger_read_runs(struct ledger *l, reading_fn *fn, void *arg, int64_t id);

/* {"kind", "scope", "n", "digest", "body", "client", "wall_ms"} of one
 * version.  ERR_NOTFOUND. */
void ledger_read_version(struct ledger *l, const char *kind, const char *scope,
    int64_t n, reading_fn *fn, void *arg, int64_t id);

/* {"path": [...]}: that entry `seq` is in the tree of `size`. */
void ledger_read_proof(struct ledger *l, uint64_t seq, uint64_t size,
    reading_fn *fn, void *arg, int64_t id);

/* {"path": [...]}: that the tree of `to` grew from the tree of `from`. */
void ledger_read_consistency(struct ledger *l, uint64_t from, uint64_t to,
    reading_fn *fn, void *arg, int64_t id);

/* What is remembered; `found` is the callee's, and NULL when it could not be
 * read. */
typedef void memory_fn(void *arg, const char *key, struct json *found);
void ledger_read_memory(struct ledger *l, const struct memory_ask *ask,
    memory_fn *fn, void *arg, const char *key);

/* What was recorded of a run, by its id or the beginning of it, from row `row`
 * and its character `at` on:
 *
 *	{"run", "goal", "client", "state", "labels", "session", "fork_of",
 *	 "models", "forked", "steps": [{"name", "trace"}],
 *	 "rows": [{"kind", "n", "name", "wish", "trace", "size", "text"}]}
 *
 * The rows are all steps, the pieces of what models answered ("heard": as hex,
 * the name is the part), and the ends of acts ("act": the name is the state).
 * Of a text of more than RECORDED_SLICE_MAX characters there is one slice.
 * ERR_NOTFOUND; ERR_DENIED when `client` is not "" and did not ask for it. */
struct recorded_ask {
	char run[TOKEN_SIZE];
	char client[NAME_MAX_LEN + 1];
	int64_t row;
	int64_t at;
};
typedef void recorded_fn(
    void *arg, int64_t id, enum err e, const struct json *found);
void ledger_read_recorded(struct ledger *l, const struct recorded_ask *ask,
    recorded_fn *fn, void *arg, int64_t id);

/* What the act of that step of a run gave, from that byte on: {"text"}, with
 * where it goes on.  NULL when there is none. */
void ledger_read_result(struct ledger *l, const char *run, int64_t step,
    int64_t from, memory_fn *fn, void *arg, const char *key);

/* The steps that a run kept, and those of its acts that have begun or ended
 * since it last thought: [{"step", "tool", "state", "text"}].  Both documents
 * are the callee's. */
typedef void steps_fn(
    void *arg, const char *run, struct json *steps, struct json *acts);
void ledger_read_steps(
    struct ledger *l, const char *run, steps_fn *fn, void *arg);

#endif
