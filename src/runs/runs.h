/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNS_RUNS_H
#define RUNS_RUNS_H

/*
 * Runs: a goal, its turn in the mind, and the reply.  Each step is kept
 * before the next begins, and the steps of an open run are given to a
 * restarted mind.  What the mind wants done is read strictly here, and
 * becomes an act.
 *
 * A run ends by its reply, because it took RUN_MS (what waits for a person
 * left out), because it was stopped, or because the mind ended over it too
 * often.  What of it has not begun then never does.
 */

#include "acts/acts.h"
#include "bill/bill.h"
#include "ipc/peers.h"
#include "judge/judge.h"
#include "ledger/ledger.h"
#include "roster/roster.h"
#include "slot/slot.h"

struct runs;

struct runs_setup {
	struct peers *peers; /* The mind is spoken to through them. */
	struct loop *loop;
	struct judge *judge;
	struct slots *slots;
	const struct roster *roster; /* Which models a role asks. */
	struct bill *bill; /* What their calls cost. */
	const struct house_function *(*house)(const char *name);
	const struct house_function *(*house_at)(size_t i);
	void *arg;
	/* Who speaks for this client: a "person", or a "program". */
	const char *(*asker)(void *arg, const char *client);
	void *home; /* What the next two are called with. */
	/* What of the home this goal may be about, put into a turn's view;
	 * whether there is one at all. */
	bool (*put_home)(void *home, const char *goal, struct json *view);
	/* A call of the home that names a room or a kind, as a new one that
	 * names the devices. */
	enum err (*choose)(void *home, const struct json *args,
	    struct json **ret, struct errmsg *why);
	/* The goal is on the disk: its client is told the run. */
	void (*started)(void *arg, int64_t request, const char *run);
};

struct runs *runs_new(const struct runs_setup *s);

/* What it writes to and what it wishes from, once they are open. */
void runs_use(struct runs *rs, struct ledger *ledger, struct acts *acts);

/* How the last run since the start ended, and when by the wall clock; 0: none
 * has. */
struct runs_last {
	int64_t ended_ms;
	bool reached;
};
const struct runs_last *runs_last(const struct runs *rs);

bool runs_is_open(const struct runs *rs, const char *id);
/* Does an act of it wait for a yes? */
bool runs_is_asked(const struct runs *rs, const char *id);
/* Of an automation: did what set it off happen too long ago, or nobody knows
 * when?  A call may still begin for so long; a goal in words has RUN_MS. */
#define AUTOMATION_ACT_MS (2 * 60 * 1000)
bool runs_is_late(struct runs *rs, const struct act *a);

/* For a client, whose request `started` answers.  `models` is a list of those
 * that may be asked (roster.h), after a restart and in a fork as well, or "":
 * those that a role asks.  With a `session` the goal goes on where that was;
 * with "" it stands alone.  ERR_INPUT, ERR_LIMIT, ERR_STATE. */
NODISCARD enum err runs_start(struct runs *rs, const char *client,
    const char *goal, const char *models, const char *session, int64_t request,
    struct errmsg *why);

/* An automation fires: a run in the name of who signed it, whose principal is
 * AUTOMATION_PRINCIPAL and its name.  Of a goal that is a call
 * (offline/offline.h) it does that call and no other.  Nothing of it is
 * remembered as said.  ERR_STATE, ERR_LIMIT. */
#define AUTOMATION_PRINCIPAL "automation:"
struct automated {
	const char *name;
	int64_t version;
	const char *client;
	const char *goal;
	const char *cause; /* For the log: "light.hall", "time". */
	int hops;
};
NODISCARD enum err runs_automate(struct runs *rs, const struct automated *a,
    char ret_run[TOKEN_SIZE], struct errmsg *why);

/* A new run that goes on from step `from` of another one, as the ledger found
 * that (ledger_read_recorded()).  ERR_INPUT, ERR_NOTFOUND, ERR_STATE,
 * ERR_LIMIT. */
NODISCARD enum err runs_fork(struct runs *rs, const char *client,
    const struct json *found, int64_t from, int64_t request,
    struct errmsg *why);

/* Stop working on it, for this client: one that asked for it, or an owner.
 * ERR_NOTFOUND, ERR_DENIED. */
NODISCARD enum err runs_stop(struct runs *rs, const struct client *client,
    const char *id, struct errmsg *why);

/* It was revoked: what it asked for ends. */
void runs_client_lost(struct runs *rs, const char *client);

/* From the ledger: an open run (ERR_CORRUPT), and a step of one that has an
 * act. */
NODISCARD enum err runs_restore(struct runs *rs, const struct json *row);
void runs_acted(struct runs *rs, const char *run, int64_t step);

/* The mind is there anew.  A run that was open each time it ended is
 * given up, so that no goal can keep the mind from others. */
void runs_resume_all(struct runs *rs);
/* The house goes on after a halt or safe mode. */
void runs_thaw(struct runs *rs);

/* Would its mind understand a result now?  Else the result is told behind
 * the steps, when its record is written. */
bool runs_hears(struct runs *rs, const char *run);

/* What became of an act. */
void runs_tell_result(struct runs *rs, const char *run, int64_t step,
    const char *state, const char *text);

/* What a run has seen; of one that is over, everything. */
void runs_labels(struct runs *rs, const char *run, struct names *ret);
void runs_saw(struct runs *rs, const char *run, const struct names *more);

/* What the mind says. */
void runs_on_proposal(struct runs *rs, const struct msg *m);
void runs_on_step(struct runs *rs, struct msg *m);
void runs_on_heard(struct runs *rs, struct msg *m);
/* A model's answer to this step of the run is whole. */
void runs_answered(struct runs *rs, const char *run, int64_t step);
void runs_on_reply(struct runs *rs, struct msg *m);

/* {"run", "query"}: answered with the view (turn/turn.h). */
void runs_on_recall(struct runs *rs, const struct msg *m);
/* What a model says, as it says it. */
void runs_on_words(struct runs *rs, const struct msg *m);

/* ---- Who listens to the words of a run ---- */

/* This request for its entries wants the words behind `from` as well. */
void runs_listen(
    struct runs *rs, int64_t request, const char *run, int64_t from);
/* Now it is answered: these entries, `{"entries":[...]}`, and to who listens
 * `"words_to":N,"words":"..."` beside.  With NULL, for what could not be read,
 * nothing is written.  In any case it listens no more. */
void runs_heard(
    struct runs *rs, int64_t request, const char *entries, struct buf *out);
/* Does somebody wait who has not heard all? */
bool runs_has_words(struct runs *rs, const char *run);

/* What a call of the home becomes that names a room or a kind: it names what is
 * there; NULL for any other call.  The caller frees it.  The errors of
 * `choose`. */
NODISCARD enum err runs_choose(struct runs *rs, const char *tool,
    const struct json *args, struct json **ret, struct errmsg *why);

/* The effect of a known function whose arguments fit. */
NODISCARD enum err runs_check_call(struct runs *rs, const char *tool,
    const struct json *args, enum effect *ret, struct errmsg *why);

#endif
