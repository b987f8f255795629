/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CORE_PRIV_H
#define CORE_CORE_PRIV_H

#include "acts/acts.h"
#include "approval/command.h"
#include "approval/nonces.h"
#include "approval/trust.h"
#include "automations/automations.h"
#include "base/limits.h"
#include "care/care.h"
#include "devices/devices.h"
#include "findings/findings.h"
#include "heralds/heralds.h"
#include "ipc/peers.h"
#include "judge/judge.h"
#include "ledger/ledger.h"
#include "memories/memories.h"
#include "notices/notices.h"
#include "notify/notify.h"
#include "past/past.h"
#include "request/request.h"
#include "roster/roster.h"
#include "rules/rules.h"
#include "runs/runs.h"
#include "tooling/tooling.h"

struct core {
	struct peers *peers;
	struct loop *loop;
	struct ledger *ledger;
	struct requests requests;

	struct trust trust;
	bool have_trust;
	struct nonces *challenges;

	struct judge *judge;
	struct roster *roster;
	struct bill *bill;
	struct acts *acts;
	struct runs *runs;
	struct memories *memories;
	struct notices *notices;
	struct rules *rules;
	struct tooling *tooling;
	struct past past;
	struct notify *notify;
	struct devices *devices;
	struct heralds *heralds;
	struct automations *automations;
	char tools_epoch[TOKEN_SIZE]; /* Empty while the tools are away. */
	int64_t started_ms;
	uint64_t clock_timer;
	struct care *care;
	int64_t clock_saved_ms;
	char trust_digest[DIGEST_HEX_SIZE]; /* As it was when last logged. */
	bool trust_compared;
	uint64_t audit_forgiven; /* Entries that an owner went on with. */
	bool web_off; /* The port of browsers without a certificate. */
};

/* ---- lanes.c: what the other roles say, passed on to its room ---- */

peer_fn lanes_on_trust_table;
peer_fn lanes_on_tools_epoch;
peer_fn lanes_on_act_done;
peer_fn lanes_on_net_open;
peer_fn lanes_on_net_used;
peer_fn lanes_on_model_done;
peer_fn lanes_on_notice_done;
peer_fn lanes_on_home;
peer_fn lanes_on_tooling;
peer_fn lanes_on_proposal;
peer_fn lanes_on_step;
peer_fn lanes_on_heard;
peer_fn lanes_on_redacted;
peer_fn lanes_on_reply;
peer_fn lanes_on_recall;
peer_fn lanes_on_words;

/* ---- open.c ---- */
void core_open_ledger(struct core *c);
/* A row that the box itself keeps until the next start. */
struct json *box_setting(const char *name, const char *value);

/* ---- house.c: what the house does itself ---- */

const struct house_function *house_function(const char *name);
const struct house_function *house_function_at(size_t i);

/* ---- safety.c: halt, resume, safe mode and the doctor ---- */

void safety_open(struct core *c);
void safety_save_clock(struct core *c);
void safety_trip(struct core *c, enum safe_reason r, const char *detail);
/* Free to act again: what waited goes on. */
void safety_go_on(struct core *c);
command_fn safety_halt;
command_fn safety_resume;
query_fn safety_query_doctor;
void safety_say(const struct core *c, struct buf *out);

/* ---- web.c: the port of browsers, which an owner switches ---- */

void web_load(struct core *c, const struct json *row);
/* The control room is there, and must know. */
void web_tell(struct core *c);
command_fn web_on;
command_fn web_off;

/* ---- clients.c and queries.c: what clients may say ---- */

peer_fn clients_on_request;
peer_fn clients_on_challenge;
peer_fn clients_on_trust_answer;
peer_fn clients_on_answer;

/* Did the table change without an entry in the log? */
void clients_compare_trust(struct core *c, const struct json *table);
/* Those of clients that are revoked by now, or whose time is over. */
void clients_end_runs(struct core *c);

/* Whose a handler is. */
enum room {
	ROOM_CORE,
	ROOM_RULES,
	ROOM_TOOLING,
	ROOM_CARE,
	ROOM_PAST,
	ROOM_MEMORIES,
	ROOM_NOTICES,
	ROOM_NOTIFY,
	ROOM_DEVICES,
	ROOM_HERALDS,
	ROOM_AUTOMATIONS
};
void *clients_room(struct core *c, enum room room);

/* ERR_NOTFOUND when there is none, or not for this client. */
NODISCARD enum err queries_run(struct core *c, const char *name,
    const struct request *q, struct errmsg *why);

#endif
