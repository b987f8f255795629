/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNS_RUNS_PRIV_H
#define RUNS_RUNS_PRIV_H

#include "base/limits.h"
#include "runs/runs.h"
#include "trace/trace.h"

struct run {
	char id[TOKEN_SIZE];
	char *goal;
	char *models; /* The only ones that it may ask; "": any. */
	char principal[NAME_MAX_LEN + 1];
	char agent_id[NAME_MAX_LEN + 1];
	char client[NAME_MAX_LEN + 1];
	char session[SESSION_MAX + 1]; /* Or "". */
	struct names labels; /* Of all that it has seen. */
	/* A bit for each step that has an act already, ended or not, so that
	 * a restarted mind cannot make a second one of it. */
	uint64_t acted;
	int64_t kept; /* Steps that are written down. */
	int64_t heard; /* Bytes of its models' answers, kept for a replay. */
	struct digest view; /* The last that its mind was sent; zeros: none. */
	int64_t heard_next; /* The part of one that comes next; -1: none. */
	int64_t answered; /* Behind the last step whose model answered. */
	char *opinion; /* Of a critic on what is proposed now, or NULL. */
	char *motive; /* What the model that wishes it said of it, or NULL. */
	struct trace trace; /* Of all that its mind did. */
	char fork_of[TOKEN_SIZE]; /* The run whose first steps it took over, */
	int64_t forked; /* so many. */
	int refusals; /* Proposals that became no act. */
	bool waits; /* To be resumed, once the house is free to act. */
	bool resuming; /* Its steps are being read, for a mind that has none. */
	int recalls; /* How often its mind asked for a view. */
	int resumes; /* How often the mind ended while it was open. */
	int64_t answer_to; /* The request that waits for its start, or 0. */
	struct runs *runs;
	uint64_t timer; /* Of the next look at how long it takes. */
	int64_t looked_ms; /* The last one, on the boot clock; */
	int64_t used_ms; /* and what it took of RUN_MS by then. */
	/* Boot clock: of an automation, nothing is allowed it any more. */
	int64_t late_ms;
	bool is_signed; /* It is one call, and no mind has a part in it. */
	bool left; /* By the house before this one. */
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
	struct runs_last last;
};

struct run *runs_find(struct runs *rs, const char *id);
/* What a mind speaks of. */
struct run *run_of_mind(struct runs *rs, const char *id);

/* ---- deadline.c ---- */

/* Count from now on what it takes; run_is_late() follows, unless its timer is
 * cancelled. */
void run_watch(struct run *run);

/* ---- recall.c ---- */

/* What was asked, or replied, as a row of memory. */
struct json *run_message(
    const struct run *run, const char *role, const char *text);
/* ---- runs.c ---- */

struct run_wish {
	const char *client;
	const char *goal;
	const char *models;
	const char *session;
	int64_t request;
	const char *principal; /* NULL: the client. */
};

/* A place for it.  ERR_STATE, ERR_LIMIT. */
NODISCARD enum err run_open(struct runs *rs, const struct run_wish *w,
    struct run **ret, struct errmsg *why);
/* What its first log entry says, and its first record, with that. */
struct json *run_details(const struct run *run);
void run_begin(struct run *run, struct json *details, struct record *r);
/* That is on the disk: `arg` are the runs. */
void run_started(void *arg, const char *id);
/* With this reply, of the mind when it `said` one; NULL: of the house. */
void run_end(struct runs *rs, struct run *run, const char *text, bool reached,
    const struct json *said);
/* Its steps are read, for a mind that has none. */
void run_read_steps(struct runs *rs, struct run *run);

/* ---- automated.c ---- */

/* Did an automation begin it, and no person? */
bool run_is_automated(const struct run *run);
/* It was set off so long ago. */
void run_set_off(struct run *run, int64_t ago_ms);
bool run_is_outdated(const struct run *run);
/* Its one call is proposed. */
void run_act_signed(struct run *run);
/* Its act ended so: the run ends, too. */
void run_end_signed(struct run *run, const char *state, const char *text);
/* The house before had these acts of it. */
void run_resume_signed(struct run *run, const struct json *acts);

/* ---- proposals.c ---- */

/* {"step", "tool", "args", "origins"}; NULL: of no run that is open. */
void run_propose(struct runs *rs, struct run *run, const struct json *proposal);

/* ---- stop.c ---- */

/* It took RUN_MS: it ends, and says so. */
void run_is_late(struct run *run);
/* What set it off is long past: the same, or what its one signed call says. */
void run_comes_too_late(struct run *run);

/* ---- fork.c ---- */

/* It took over the first steps of that run. */
void fork_mark(struct run *run, const char *fork_of, int64_t steps);

/* ---- keep.c: what is kept of a run for its replay ---- */

/* What the mind proposes, whatever becomes of it. */
void keep_wish(struct runs *rs, const struct json *proposal);
/* What a critic said of a call with this effect, or NULL. */
const char *keep_opinion(const struct run *run, enum effect effect);
/* What the model that wishes this call said of it, or NULL. */
const char *keep_motive(const struct run *run, const char *tool);
/* Behind these steps. */
void keep_take_up(struct run *run, const struct json *steps);
/* Into the log entry of its end. */
void keep_end(const struct run *run, const char *reply, bool reached,
    bool by_reply, struct json *details, struct record *r);

/* ---- view.c ---- */

/* Models and tools; what is remembered comes to it. */
struct json *runs_view(struct runs *rs, const struct run *run);

/* Does it stand in the list of those that this run may ask, as its view shows
 * them? */
bool runs_may_ask(const struct runs *rs, const struct run *run,
    const char *provider, const char *model);
/* Did an owner set models that criticize what it wishes? */
bool run_has_critic(const struct runs *rs, const struct run *run);

#endif
