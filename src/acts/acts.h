/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACTS_ACTS_H
#define ACTS_ACTS_H

/*
 * The acts that are not over, and what drives them: each arrow of the act
 * machine stands in one record.  What must not outrun the disk follows when
 * its record is there; everything else at once, since records are written in
 * the order in which they were posted.  Acts are found again by id, never by
 * address, since they may end while a record is under way.
 *
 * What is outside (the tools role, the run that wished it, the client that
 * waits for an answer) is reached by ports.
 */

#include "act/act.h"
#include "approval/trust.h"
#include "bill/bill.h"
#include "judge/judge.h"
#include "ledger/ledger.h"
#include "slot/slot.h"
#include "tool/manifest.h"

struct acts;

/* A function that the house itself does.  It is looked at as a tool's is: its
 * arguments are checked by `call`, and a model is shown it by its `about` and
 * `about_args`; what has no `about` it is not shown. */
struct house_function {
	const char *name;
	const char *about; /* NULL: no model sees it. */
	bool of_rest; /* Seen once a result is not shown whole. */
	bool of_home; /* Seen once the house knows devices. */
	struct manifest_function call;
	const char *about_args[FUNCTION_ARGS_MAX];
	/* `started` is written; acts_house_done() follows, now or later. */
	void (*run)(void *arg, const struct act *a, const struct json *args);
};

/* What came of it: `labels` (or NULL) are seen by the run from then on, and
 * `row` (or NULL) is written in the transaction of its end, if it is `ok`. */
struct house_end {
	bool ok;
	const char *text;
	const struct names *labels;
	enum ledger_row table;
	struct json *row;
};

struct acts_ports {
	void *arg;
	/* An order to the tools role: the result is that of peers_send().
	 * Takes `body` over. */
	enum err (*order)(
	    void *arg, struct json *body, const void *bulk, size_t bulk_len);
	/* The same to the gate, and that the call is over. */
	enum err (*net_order)(
	    void *arg, struct json *body, const void *bulk, size_t bulk_len);
	void (*net_end)(void *arg, const char *act);
	/* And to egress, for a call of a model; and that nobody waits for it.
	 */
	enum err (*model_order)(
	    void *arg, struct json *body, const void *bulk, size_t bulk_len);
	void (*model_stop)(void *arg, const char *act);
	/* Of the tools role; "" while it is away. */
	const char *(*epoch)(void *arg);
	/* May the runner still come, so that waiting makes sense? */
	bool (*runner_may_come)(void *arg);
	/* Can the run be told, or must what was posted before come first? */
	bool (*run_hears)(void *arg, const char *run);
	/* Does it come too late after what set its run off?  Then nothing is
	 * allowed it any more; a yes that somebody gave counts. */
	bool (*run_is_late)(void *arg, const struct act *a);
	/* The run hears what became of an act. */
	void (*tell_run)(void *arg, const struct act *a);
	/* What the run has seen so far, and what it has seen now. */
	void (*run_labels)(void *arg, const char *run, struct names *ret);
	void (*run_saw)(void *arg, const char *run, const struct names *more);
	/* The client hears that what it sent is on the disk. */
	void (*answer)(void *arg, int64_t request);
	const struct house_function *(*house)(const char *name);
	/* It waits for a yes, or does so anew. */
	void (*asked)(void *arg, const struct act *a);
};

struct acts_setup {
	struct loop *loop;
	struct slots *slots;
	struct judge *judge;
	const struct trust *trust; /* The caller's, kept up by it. */
	struct bill *bill; /* The same: what calls of models cost. */
	const char *boot;
	struct acts_ports ports;
};

struct acts *acts_new(const struct acts_setup *s);

/* What it writes to, once that is open: loading comes before. */
void acts_use_ledger(struct acts *a, struct ledger *ledger);

/* The one with this id while it is open; borrowed. */
const struct act *acts_open(struct acts *a, const char *id);

/* What the core gives an act at its birth. */
struct wish {
	const char *run;
	int64_t step;
	const char *principal;
	const char *agent_id;
	const char *client;
	const char *tool;
	enum effect effect;
	const char *args; /* Canonical JSON. */
	const char *origins;
	const char *opinion; /* Of another model, or NULL. */
	const char *motive; /* In the words of the one that wishes, or NULL. */
};

/* Write it down and judge it.  ERR_LIMIT when too many are open, or the
 * arguments are too large to be recorded. */
NODISCARD enum err acts_begin(
    struct acts *a, const struct wish *w, struct errmsg *why);

/* ---- After a restart ---- */

/* From the ledger; takes it over. */
void acts_restore(struct acts *a, struct act *act);
/* Once the trust table is there. */
void acts_recover(struct acts *a);

/* ---- What happens outside ---- */

void acts_tool_ready(struct acts *a, const char *tool);
void acts_tool_failed(struct acts *a, const char *tool, const char *why);
/* An owner wants the tool to do nothing: what has not begun is denied. */
void acts_tool_disabled(struct acts *a, const char *tool, const char *why);
void acts_tools_lost(struct acts *a);
/* It came, or came back: with another epoch. */
void acts_tools_ready(struct acts *a);
void acts_runner_ready(struct acts *a);
void acts_on_done(
    struct acts *a, const char *id, bool ok, bool late, char *text);

/* Of a house function; takes the row over.  An act that is not under way any
 * more is passed over. */
void acts_house_done(
    struct acts *a, const char *id, const struct house_end *end);

/* What the gate says: whether it opened, and what was reached. */
void acts_on_net_open(struct acts *a, const char *id, bool ok, const char *why);
void acts_on_net_used(struct acts *a, const char *id, const struct json *used);
void acts_gate_lost(struct acts *a);

/* What egress says of a call of a model: {"act", "ok", "late", "why", ...}. */
void acts_on_model_done(struct acts *a, const struct json *said);
void acts_egress_ready(struct acts *a);

/* What sheets name has changed: every open question is asked anew. */
void acts_ask_anew(struct acts *a);

/* The house goes on after a halt or safe mode. */
void acts_thaw(struct acts *a);

/* ---- Questions ---- */

/* The sheet for this client; borrowed.  ERR_STATE, ERR_DENIED, ERR_LIMIT,
 * ERR_BUSY. */
NODISCARD enum err acts_sheet(struct acts *a, const char *id,
    const struct client *client, const char **ret_text, struct errmsg *why);

/* What models say of it, for who reads the sheet, none of which is signed:
 * "opinion" and "motive", where they are. */
void acts_put_words(struct acts *a, const char *id, struct json *v);

/* May this client answer it, and has not? */
bool acts_waits_for(struct acts *a, const char *id, const struct client *c);

struct yes {
	const char *act;
	const char *signature; /* Over the sheet that was shown. */
	const char *grant; /* "Always like this", or NULL. */
	const char *grant_signature;
};

/* Both answer the request when it is on the disk. */
NODISCARD enum err acts_approve(struct acts *a, const struct client *client,
    const struct yes *yes, int64_t request, struct errmsg *why);
NODISCARD enum err acts_deny(struct acts *a, const struct client *client,
    const char *id, const char *reason, int64_t request, struct errmsg *why);

/* A client was revoked: its yeses are void, and what it wished and nobody
 * agreed to yet is denied. */
void acts_client_lost(
    struct acts *a, const struct digest *client, const char *name);

/* The verdict on a call that nobody proposed, and why it is that. */
NODISCARD enum err acts_explain(struct acts *a, const struct wish *w,
    const struct names *labels, struct buf *out, struct judgement *ret,
    struct errmsg *why);

/* The run is stopped: what of it has not begun never does, and its models are
 * asked no further.  What a tool has begun it ends. */
void acts_stop_run(struct acts *a, const char *run, const char *why);
/* What rules allowed it and has not begun is denied; all else goes on. */
void acts_deny_allowed(struct acts *a, const char *run, const char *why);

/* Calls of this provider that are under way end; NULL: of all. */
void acts_stop_models(struct acts *a, const char *provider, const char *why);

/* ---- Looking ---- */

/* {"approvals": [...]}: what waits for a yes. */
struct json *acts_asked_to_json(const struct acts *a);
/* Those of a run (NULL: of all) in a state (ACT_STATE_COUNT: in any). */
size_t acts_count(const struct acts *a, const char *run, enum act_state state);

#endif
