/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ACT_ACT_H
#define ACT_ACT_H

/*
 * The act: everything that costs, discloses or changes something, as one
 * machine and one row, whoever wished it.
 *
 *	proposed - judged -+- denied
 *	                   +- asked - approved -+
 *	                   +- allowed ----------+- intent - started -+- done
 *	                                                             +- failed
 *	                                                             +- unknown
 *
 * Judged again when it is spent, an approved or allowed act may still be
 * denied, and an allowed one asked; a question that nobody answers is denied;
 * and what cannot begin, for want of its tool, has failed before `started`.
 * After a crash an act whose end is not known goes back to `allowed`, when it
 * may be done again, or to `asked`.
 *
 * Pure: who calls act_step() writes the row and the log entry of each
 * arrow, in one transaction, before anything follows from it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "approval/sheet.h"
#include "base/err.h"
#include "policy/policy.h"

#define ACT_STATE_TABLE(X)                                                     \
	X(ACT_PROPOSED, "proposed")                                            \
	X(ACT_JUDGED, "judged")                                                \
	X(ACT_DENIED, "denied")                                                \
	X(ACT_ASKED, "asked")                                                  \
	X(ACT_APPROVED, "approved")                                            \
	X(ACT_ALLOWED, "allowed")                                              \
	X(ACT_INTENT, "intent")                                                \
	X(ACT_STARTED, "started")                                              \
	X(ACT_DONE, "done")                                                    \
	X(ACT_FAILED, "failed")                                                \
	X(ACT_UNKNOWN, "unknown")

enum act_state {
#define X(name, text) name,
	ACT_STATE_TABLE(X)
#undef X
	    ACT_STATE_COUNT
};

/* When the intent must be on the disk (DESIGN, the table of effects). */
enum act_intent {
	INTENT_WITH_RESULT, /* Nothing is lost by doing it again. */
	INTENT_GROUP, /* Written before, not waited for. */
	INTENT_DURABLE, /* On the disk before the order leaves. */
};

/* What becomes of an act that was started when the house died. */
enum act_recovery { RECOVER_AGAIN, RECOVER_ASK };

struct act {
	char id[TOKEN_SIZE];
	char run[TOKEN_SIZE];
	int64_t step; /* Of the run; run and step are the idempotency key. */
	enum act_state state;
	char principal[NAME_MAX_LEN + 1];
	char agent_id[NAME_MAX_LEN + 1]; /* "": the house's own. */
	char client[NAME_MAX_LEN + 1]; /* The wish came through it, or "". */
	char tool[2 * NAME_MAX_LEN + 2];
	enum effect effect;
	char *args; /* Canonical JSON, made visible: the bytes sent. */
	char *origins; /* "name:person,..." for each argument. */
	/* For who is asked, or NULL: not of the act, and gone with a restart.
	 * What another model says of it, and what the one that wishes it said
	 * of it. */
	char *opinion;
	char *motive;
	struct names labels; /* What the run had seen when it was judged. */
	bool dry_run;
	bool lost; /* The role that did it is gone: whoever wished it may
		    * wish it again. */
	char rule[SPOKE_TEXT_MAX + 8]; /* The lines that spoke. */
	int keys; /* How many clients must say yes. */
	bool cli_key; /* Not with a browser's key. */
	int attempt; /* From 1; more after a crash in `started`. */
	int64_t ttl_s;
	int64_t until_ms; /* Of the question, on the house's own clock. */
	char nonce[TOKEN_SIZE]; /* Of its sheets, once asked. */
	char *result; /* Text of done, failed, unknown, denied. */
};

struct act *act_new(void);
void act_free(struct act *a);

const char *act_state_name(enum act_state s);
enum act_state act_state_by_name(const char *name);

/* ERR_STATE when no arrow leads from the act's state to `to`. */
NODISCARD enum err act_step(struct act *a, enum act_state to);

enum act_intent act_intent_of(enum effect e);
enum act_recovery act_recovery_of(enum effect e);

#endif
