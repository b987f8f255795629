/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

/*
 * Notifications, as the core has them: the targets that owners signed
 * (push/target.h), and the orders to egress to say there that something
 * waits.
 *
 * Each notification is judged like an act of effect external whose tool is
 * notify.KIND, with the argument `to`, the target's name: what a policy
 * denies is not sent, and where it asks one client the target's own text is
 * the answer.  Its intent is on the disk before the order goes out, and its
 * end is a log entry, too.
 *
 * A browser offers where it can be told (push/offer.h); that is kept, and
 * does nothing until an owner has made a target of it.  A service that says
 * that nobody listens there any more ends its target.
 *
 * Nothing waits for a notification.
 */

#include "approval/trust.h"
#include "judge/judge.h"
#include "ledger/ledger.h"
#include "request/request.h"

struct notify;

struct notify_setup {
	struct requests *requests;
	const struct trust *trust; /* The caller's, kept up by it. */
	struct judge *judge;
};

struct notify *notify_new(const struct notify_setup *s);

/* A setting that is one of its own is taken up; all others are passed over. */
void notify_load(struct notify *n, const struct json *row);

/* Something waits: the targets of this client (NULL: of every one), those that
 * it signed and those of its browser, say so, once, whatever it is. */
void notify_tell(struct notify *n, const char *client);

/* Those that count no longer are forgotten: their owner was revoked, or took
 * them back. */
void notify_forget_dead(struct notify *n);

/* {"id", "ok", "status", "tries", "why"} from egress. */
void notify_on_done(struct notify *n, const struct json *said);
/* It will say nothing of what was ordered before. */
void notify_egress_lost(struct notify *n);

command_fn notify_add;
command_fn notify_offer;
command_fn notify_refuse;
command_fn notify_test;
/* {"grant"}: the id of a target, or of a grant, is taken back. */
command_fn notify_revoke;
query_fn notify_query;

#endif
