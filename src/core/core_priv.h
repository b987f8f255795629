/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CORE_PRIV_H
#define CORE_CORE_PRIV_H

#include "acts/acts.h"
#include "approval/command.h"
#include "approval/nonces.h"
#include "approval/trust.h"
#include "base/limits.h"
#include "care/care.h"
#include "ipc/peers.h"
#include "judge/judge.h"
#include "ledger/ledger.h"
#include "runs/runs.h"
#include "slot/slot.h"
#include "tool/manifest.h"

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

/* A document that waits for the vault to agree to it. */
struct new_manifest {
	int64_t request; /* 0: a free place. */
	char *text;
	struct json *envelope; /* Of the command, for the vault. */
	char *body;
};

struct core {
	struct peers *peers;
	struct loop *loop;
	struct ledger *ledger;

	struct trust trust;
	bool have_trust;
	struct nonces *challenges;

	struct judge *judge;
	struct acts *acts;
	struct runs *runs;
	struct slots *slots;
	char tools_epoch[TOKEN_SIZE]; /* Empty while the tools are away. */
	bool runner_ready;
	char runner_state[256];
	bool has_limits; /* Of memory and processes, for tools. */
	int64_t started_ms;
	int64_t runner_lost_ms; /* Since when it is away. */
	struct new_manifest new_manifests[NEW_MANIFESTS_MAX];
	uint64_t clock_timer;
	struct care *care;
	int64_t clock_saved_ms;
	char trust_digest[DIGEST_HEX_SIZE]; /* As it was when last logged. */
	bool trust_compared;
	uint64_t audit_forgiven; /* Entries that an owner went on with. */
};

/* ---- lanes.c: what the other roles say, passed on to its room ---- */

peer_fn lanes_on_trust_table;
peer_fn lanes_on_tools_epoch;
peer_fn lanes_on_act_done;
peer_fn lanes_on_net_open;
peer_fn lanes_on_net_used;
peer_fn lanes_on_proposal;
peer_fn lanes_on_step;
peer_fn lanes_on_reply;

/* ---- open.c ---- */
void core_open_ledger(struct core *c);

/* ---- tooling.c: the slots of the tools ---- */

void tooling_open(struct core *c);

/* The trust table is there: which of the stored documents stand? */
void tooling_settle(struct core *c);
bool tooling_runner_may_come(const struct core *c);
bool tooling_trusts(const struct core *c, const struct slot *t);
/* Tell who acts what all tools are. */
void tooling_tell(struct core *c, enum role to);
void tooling_gate_came(struct core *c);
void tooling_gate_lost(struct core *c);
enum err tooling_put(struct core *c, const char *text, struct errmsg *why);
peer_fn tooling_on_ready;
peer_fn tooling_on_gone;
peer_fn tooling_on_container;
peer_fn tooling_on_runner;

/* ---- house.c: what the house does itself ---- */

const struct house_function *house_function(const char *name);
const struct house_function *house_function_at(size_t i);

/* ---- safety.c: halt, resume, safe mode and the doctor ---- */

void safety_open(struct core *c);
void safety_save_clock(struct core *c);
void safety_trip(struct core *c, enum safe_reason r, const char *detail);
/* Free to act again: what waited goes on. */
void safety_go_on(struct core *c);
enum err safety_halt(const struct call *k, struct errmsg *why);
enum err safety_resume(const struct call *k, struct errmsg *why);
query_fn safety_query_doctor;
void safety_say(const struct core *c, struct buf *out);

/* ---- rules.c: policies and grants, as clients change and see them ---- */

enum err rules_activate(const struct call *k, struct errmsg *why);
enum err rules_rollback(const struct call *k, struct errmsg *why);
enum err rules_grant(const struct call *k, struct errmsg *why);
query_fn rules_query_policy;
enum err rules_explain(const struct call *k, struct errmsg *why);
void rules_write_first(struct core *c);
query_fn rules_query_grants;
/* The vault took a grant back. */
void rules_grant_revoked(struct core *c, const char *id, struct record *r);

/* ---- clients.c and queries.c: what clients may say ---- */

peer_fn clients_on_request;
peer_fn clients_on_challenge;
peer_fn clients_on_trust_answer;
peer_fn clients_on_answer;

/* A backup that a client asked for is made, or not. */
void clients_on_backup(
    void *core, int64_t request, enum err e, int slot, uint64_t size);

/* Did the table change without an entry in the log? */
void clients_compare_trust(struct core *c, const struct json *table);

void clients_reply(struct core *c, int64_t request, struct json *body);
/* A reading_fn that answers a client; `arg` is the core. */
void clients_document(
    void *core, int64_t request, enum err e, const char *text);
void clients_reply_text(struct core *c, int64_t request, const char *text);
void clients_refuse(
    struct core *c, int64_t request, enum err e, const struct errmsg *why);

/* Write the record, then tell the client that it is on the disk; a request
 * of 0 is nobody's. */
void clients_confirm(struct core *c, int64_t request, struct record *r);

/* NULL when there is none, or not for this client. */
query_fn *queries_find(const char *name, const struct client *client);

#endif
