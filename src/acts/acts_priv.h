/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACTS_ACTS_PRIV_H
#define ACTS_ACTS_PRIV_H

#include "acts/acts.h"
#include "approval/grant.h"
#include "approval/sheet.h"
#include "question/question.h"
#include "tool/reach.h"

/* A sheet that was shown to one client, word for word, and its yes. */
struct shown_sheet {
	struct digest client;
	char *text;
	bool is_signed;
	char signature[SIGNATURE_TEXT_SIZE];
};

/* How far the network of an act is. */
enum net_state { NET_NONE, NET_ASKED, NET_OPEN, NET_ENDING };

/* What the tools role said of it.  `late`: perhaps it was done. */
struct done {
	bool ok;
	bool late;
	char *text;
};

/* An act that is not over, with what it needs while it is open. */
struct open_act {
	struct acts *acts;
	struct act *act;
	struct shown_sheet sheets[SHEETS_PER_ACT_MAX];
	size_t n_sheets;
	char *grant; /* Instead of sheets: the one that it rests on. */
	char grant_signature[SIGNATURE_TEXT_SIZE];
	uint64_t timer;
	int64_t answer_to; /* The request that waits, or 0. */
	bool holds; /* Its tool's container. */
	struct charges charges;
	int64_t started_ms; /* Boot clock. */
	bool unsent; /* Its order, to egress. */
	enum net_state net;
	struct done done; /* While the network ends. */
	/* Of the network, or by egress, for the record of its end. */
	struct json *used;
	struct json *end_row; /* For the record of its end, or NULL. */
	enum ledger_row end_table;
};

struct acts {
	struct acts_setup s;
	struct ledger *ledger;
	struct open_act *open[ACTS_OPEN_MAX];
	struct open_act *spare; /* The last that ended, to be used again. */
	bool recovered; /* What a crash left was looked at. */
	/* Reports of the gate that nobody waited for, in this window. */
	int64_t late_until_ms;
	int late;
};

/* ---- acts.c ---- */

struct open_act *acts_find(struct acts *a, const char *id);
/* NULL when all places are taken; takes `act` over in any case. */
struct open_act *acts_take_place(struct acts *a, struct act *act);
void act_forget(struct open_act *o);
void acts_token(char ret[TOKEN_SIZE]);

/* Take an arrow and begin its record.  `details` is taken over. */
struct record *act_go(
    struct open_act *o, enum act_state to, struct json *details);
/* The same as one of several arrows of a record that exists; the caller
 * writes the row behind the last. */
void act_arrow(struct record *r, struct open_act *o, enum act_state to,
    struct json *details);
void act_end(struct open_act *o, enum act_state state, const char *text);

/* The slot of the tool that the act belongs to; NULL for the house's own. */
struct slot *act_slot(const struct open_act *o);
const struct house_function *act_house_function(const struct open_act *o);
/* Does egress do it?  Then the provider that it calls, else NULL. */
const struct manifest *act_provider(const struct open_act *o);
bool act_is_model_call(const struct open_act *o);
/* Have neither runner nor tools a part in it? */
bool act_is_apart(const struct open_act *o);
/* Why its tool may do nothing now, as an owner wants it; NULL: it may. */
const char *act_forbidden(const struct open_act *o);

/* ---- judging.c ---- */

struct judgement act_judge_now(struct open_act *o, struct names *ret_labels);
/* What follows from the first verdict. */
void act_judge(struct open_act *o);
/* As the act is born: in the record of its proposal. */
void act_judge_first(struct open_act *o, struct record *birth);
/* Asked later than judged: what asks now is what the question names. */
void act_judge_question(struct open_act *o);
/* Spent later than judged: may it still go on? */
bool act_may_still(struct open_act *o);
/* What it may use at most. */
void act_case(struct open_act *o, struct names *labels, struct judge_case *ret);

/* ---- spending.c ---- */

/* Allowed or approved: go on as far as the tool allows. */
void act_go_on(struct open_act *o);

/* Call `fn` for every act of a tool that is in `state`; NULL: every tool. */
void acts_each(struct acts *a, const char *tool, enum act_state state,
    void (*fn)(struct open_act *o, const char *why), const char *why);

/* The order, as all that act on it get it; the bulk is the caller's. */
struct json *act_order(struct open_act *o, struct buf *ret_bulk);
void act_send_order(struct open_act *o);
/* From now on an answer is waited for. */
void act_await(struct open_act *o);
void act_done(struct open_act *o, const struct done *done);

/* ---- own.c: functions of the house ---- */

void act_run_own(struct open_act *o);
/* A halted house still says how it is, and does nothing else. */
bool act_may_while_halted(const struct open_act *o);

/* ---- reaching.c ---- */

/* False when it reaches nothing. */
bool act_reach(const struct open_act *o, struct reach *ret);
/* What follows is its order, or its end. */
void act_ask_network(struct open_act *o);
/* Nobody waits for what was used. */
void act_close_network(struct open_act *o);
/* act_done() follows, when the gate has closed everything. */
void act_end_network(struct open_act *o, const struct done *done);
/* Is it answered and waits for the gate alone?  Then it ends now, so. */
bool act_conclude(struct open_act *o);

/* ---- modelling.c ---- */

/* It could not be sent to this role, so the act never began. */
void act_end_unsent(struct open_act *o, enum err e, const char *role);
void act_order_model(struct open_act *o);
/* It ends, and whoever wished it may wish it again. */
void act_lose_model(struct open_act *o, const char *why);
/* Nobody waits for it any more. */
void act_stop_model(struct open_act *o);
/* ---- asking.c ---- */

void act_ask(struct open_act *o);
void act_forget_sheets(struct open_act *o);
size_t act_count_yeses(const struct open_act *o);
/* Do the signed sheets still fit the act and the table, here and now? */
NODISCARD enum err act_check_yeses(struct open_act *o, struct errmsg *why);

#endif
