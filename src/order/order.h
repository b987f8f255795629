/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H

/*
 * Orders, as the roles that act on them see them.  Whoever has taken over
 * the core can send any order, so nothing in it is believed: not the effect
 * (the signed manifest tells it), not the arguments (they are on the sheet),
 * not the approver (the vault's table knows the keys), not the freshness
 * (epoch or start, clock, nonce).
 *
 * A verifier is what such a role knows by itself: the trust table as the
 * vault sent it, the manifests whose digests stand there, the nonces that it
 * has seen, and the wall clock as it was when the role began, which a leap
 * moves only when a time server made it (approval/steady.h).  After another
 * leap no grant for certain hours counts until the clock is right again.
 */

#include "approval/sheet.h"
#include "base/json.h"
#include "tool/reach.h"

struct verifier;

/* `boot` is the house's; `epoch` is the role's own, which sheets name, or
 * NULL: then no sheet counts that is older than the verifier, so that none is
 * good again when the nonces are forgotten.  Both stay the caller's. */
struct verifier *verifier_new(const char *boot, const char *epoch);

/* ERR_INPUT when it is malformed. */
NODISCARD enum err verifier_put_trust(
    struct verifier *v, const struct json *table);

/* NULL before it came; and the clock by which grants end. */
const struct trust *verifier_trust(const struct verifier *v);
int64_t verifier_wall_ms(struct verifier *v);

/* Whether it counts is for the trust table to say. */
void verifier_put_manifest(struct verifier *v, const char *text, size_t len);

struct signed_text {
	struct str text;
	const char *signature;
};

struct order {
	const char *act;
	const char *tool; /* "notes.delete" */
	char room[NAME_MAX_LEN + 1];
	char function[NAME_MAX_LEN + 1];
	struct str args;
	struct signed_text sheets[YES_MAX];
	size_t n_sheets;
	struct signed_text grant; /* Without text: none. */
	/* Once it is verified. */
	const struct manifest *manifest;
	const struct manifest_function *f;
	enum effect effect; /* Of this call. */
	struct reach reach; /* What it may reach while it runs. */
};

/* {"act", "tool", "args_bytes", "sheets" and "grants": [{"bytes",
 * "signature"}]}; the bulk is the arguments and these texts.  All of `ret`
 * points into the two.  ERR_INPUT; `ret->act` is set when it could be read. */
NODISCARD enum err order_read(const struct json *body, const char *bulk,
    size_t bulk_len, struct order *ret, struct errmsg *why);

/* The other way: an order before it is sent.  `ret_bulk` begins here. */
struct json *order_write(const struct order *o, struct buf *ret_bulk);

/* Everything that must hold before it is acted on.  Burns the nonce of the
 * sheets.  ERR_DENIED, ERR_INPUT, ERR_EXPIRED, ERR_REPLAY ... in words. */
NODISCARD enum err order_verify(
    struct verifier *v, struct order *o, struct errmsg *why);

#endif
