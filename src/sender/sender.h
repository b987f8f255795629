/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SENDER_SENDER_H
#define SENDER_SENDER_H

/*
 * The part of egress that says to push services that something waits.
 *
 * An order names a target, which is an owner's signed text; the signature,
 * the owner, its end and how often it may be used are checked here, whatever
 * the core believes.  The message is a constant of this binary, so who has
 * taken the core over can ring the bell as often as the owner allowed, and
 * say nothing by it.
 *
 * A service that is slow, away or refuses costs the house a timer: nothing
 * else waits for it.
 */

#include "ipc/peers.h"
#include "lookup/lookup.h"
#include "order/order.h"
#include "wire/wire.h"

struct sender;

struct sender_setup {
	struct peers *peers;
	struct loop *loop;
	struct lookups *lookups;
	struct wire *wire;
	struct verifier *verifier;
};

struct sender *sender_new(const struct sender_setup *s);

/* {"id", "signature"}, and the target's text as bulk.  Each is answered once:
 * {"id", "ok", "status", "tries", "why"} */
void sender_on_order(struct sender *s, const struct msg *m);

/* The vault's answer to MSG_PUSH_TOKEN_WANTED. */
void sender_on_token(struct sender *s, const struct msg *m);

#endif
