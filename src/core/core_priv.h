/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CORE_PRIV_H
#define CORE_CORE_PRIV_H

#include "act/act.h"
#include "approval/command.h"
#include "approval/nonces.h"
#include "approval/sheet.h"
#include "approval/trust.h"
#include "base/limits.h"
#include "ipc/peers.h"
#include "ledger/ledger.h"
#include "policy/policy.h"
#include "slot/slot.h"
#include "tool/manifest.h"

/* A sheet that was shown to one client, word for word. */
struct shown_sheet {
	struct digest client;
	char *text;
};

/* An act that is not over, with what it needs while it is open. */
struct open_act {
	struct core *core;
	struct act *act;
	struct shown_sheet sheets[SHEETS_PER_ACT_MAX];
	size_t n_sheets;
	char *signed_sheet; /* The one that was approved. */
	char signature[SIGNATURE_TEXT_SIZE];
	uint64_t timer;
	int64_t answer_to; /* The request that waits for yes or no, or 0. */
	bool holds; /* Its tool's container. */
};

struct run {
	char id[TOKEN_SIZE];
	char *goal;
	char principal[NAME_MAX_LEN + 1];
	/* A bit for each step that has an act already, ended or not, so that
	 * a restarted mind cannot make a second one of it. */
	uint32_t acted;
	int64_t kept; /* Steps that are written down. */
	int refusals; /* Proposals that became no act. */
	int resumes; /* How often the mind ended while it was open. */
	int64_t answer_to; /* The request that waits for its start, or 0. */
	struct core *core;
	uint64_t timer; /* Its deadline. */
};

_Static_assert(RUN_STEPS_MAX <= 32, "a bit for each step");

/* What a client sent: a query's parameters, or a command's body. */
struct call {
	struct core *core;
	int64_t request;
	const struct client *client;
	const struct json *params;
	const struct json *envelope; /* A command's {"text", "signature"}. */
	struct str raw; /* A command's body as it was signed. */
};

typedef void query_fn(const struct call *q);

struct core {
	struct peers *peers;
	struct loop *loop;
	struct ledger *ledger;

	struct trust trust;
	bool have_trust;
	struct policy *policy;
	struct digest policy_digest;
	struct nonces *challenges;

	struct open_act *acts[ACTS_OPEN_MAX];
	struct run *runs[RUNS_OPEN_MAX];
	struct slots *slots;
	char tools_epoch[TOKEN_SIZE]; /* Empty while the tools are away. */
	bool runner_ready;
	char runner_state[256];
	bool has_limits; /* Of memory and processes, for tools. */
	int64_t started_ms;
	char *new_manifest; /* Waits for the vault, or NULL. */
	int64_t new_manifest_request;
};

void core_token(char ret[TOKEN_SIZE]);

/* ---- open.c ---- */
void core_open_policy(struct core *c);
void core_open_ledger(struct core *c);

/* ---- acts.c, proposals.c and asking.c: the act machine's driver ---- */

struct open_act *acts_find(struct core *c, const char *id);
void acts_propose(struct core *c, const struct json *proposal);
void acts_judge(struct core *c, struct open_act *o);
void acts_forget(struct core *c, struct open_act *o);
void acts_restore(void *core, struct act *a);
void acts_recover(struct core *c);

/* The verdict, now. */
struct policy_answer acts_decide(struct core *c, const struct act *a);

/* Take an arrow and begin its record.  `details` is taken over. */
struct record *acts_step(struct core *c, struct open_act *o, enum act_state to,
    struct json *details);
void acts_end(
    struct core *c, struct open_act *o, enum act_state state, const char *text);

/* Allowed or approved: go on as far as the tool allows. */
void acts_go_on(struct core *c, struct open_act *o);
void acts_tool_ready(void *core, const char *tool);
void acts_tool_failed(void *core, const char *tool, const char *why);
void acts_tools_lost(struct core *c);
peer_fn acts_on_done;

void asking_begin(struct core *c, struct open_act *o);
void asking_renew_all(struct core *c);
enum err asking_sheet(struct core *c, struct open_act *o,
    const struct client *client, const char **ret_text, struct errmsg *why);
/* Both answer the request when the answer is on the disk. */
enum err asking_approve(const struct call *k, struct errmsg *why);
enum err asking_deny(const struct call *k, struct errmsg *why);
/* Does the signed sheet still fit the act, here and now? */
enum err asking_binds(
    struct core *c, const struct open_act *o, struct errmsg *why);

/* ---- runs.c: goals and their turns ---- */

struct run *runs_find(struct core *c, const char *id);
/* Answers the request when the goal is on the disk. */
enum err runs_start(struct core *c, const struct client *client,
    const char *goal, int64_t request, struct errmsg *why);
struct run *runs_restore(
    struct core *c, const char *id, const char *goal, const char *principal);
/* The mind is there anew.  A run that was open each time it ended is
 * given up, so that no goal can keep the mind from others. */
void runs_resume_all(struct core *c);
void runs_acted(void *core, const char *run, int64_t step);
void runs_tell_result(struct core *c, const char *run, int64_t step,
    const char *state, const char *text);
peer_fn runs_on_proposal;
peer_fn runs_on_step;
peer_fn runs_on_reply;

/* ---- tooling.c: the slots of the tools ---- */

void tooling_open(struct core *c);

/* The slot of the tool that a function like "notes.save" belongs to. */
struct slot *tooling_find(struct core *c, const char *function);
bool tooling_trusts(const struct core *c, const struct slot *t);
void tooling_tell_tools(struct core *c);
enum err tooling_put(struct core *c, const char *text, struct errmsg *why);
peer_fn tooling_on_ready;
peer_fn tooling_on_gone;
peer_fn tooling_on_container;
peer_fn tooling_on_runner;

/* The house's own functions: found by full name, NULL when there is none. */
struct house_function {
	const char *name;
	enum effect effect;
	void (*run)(struct core *c, struct buf *out);
};
const struct house_function *house_function(const char *name);

/* ---- clients.c and queries.c: what clients may say ---- */

peer_fn clients_on_request;
peer_fn clients_on_challenge;
peer_fn clients_on_trust_answer;
peer_fn clients_on_checkpoint;

void clients_reply(struct core *c, int64_t request, struct json *body);
void clients_reply_text(struct core *c, int64_t request, const char *text);
void clients_refuse(
    struct core *c, int64_t request, enum err e, const struct errmsg *why);

query_fn *queries_find(const char *name);

#endif
