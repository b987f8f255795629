/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/egress.h"

#include "base/log.h"
#include "crypto/crypto.h"
#include "egress/egress_priv.h"
#include "sys/confine.h"

static void
on_trust_table(void *role, struct msg *m)
{
	struct egress *eg = role;

	if (verifier_put_trust(eg->verifier, m->body) != OK)
		fatal("the vault's trust table is malformed");
	egress_on_trust(eg);
}

static void
on_filter(void *role, struct msg *m)
{
	struct egress *eg = role;

	scanner_on_filter(eg->scanner, m);
}

static void
on_scanned(void *role, struct msg *m)
{
	struct egress *eg = role;

	scanner_on_scanned(eg->scanner, m);
}

/* {"id", "signature"}, and what an owner signed as bulk. */
static void
on_notice(void *role, struct msg *m)
{
	struct egress *eg = role;

	sender_on_order(eg->sender, m);
}

static void
on_push_token(void *role, struct msg *m)
{
	struct egress *eg = role;

	sender_on_token(eg->sender, m);
}

static const struct peer_handler handlers[] = {
    {MSG_MANIFEST, egress_on_manifest},
    {MSG_TRUST_TABLE, on_trust_table},
    {MSG_MODEL_REQUEST, egress_on_request},
    {MSG_MODEL_CANCEL, egress_on_cancel},
    {MSG_MODEL_ORDER, egress_on_order},
    {MSG_MODEL_STOP, egress_on_stop},
    {MSG_KEY, egress_on_key},
    {MSG_NOTICE_ORDER, on_notice},
    {MSG_PUSH_TOKEN, on_push_token},
    {MSG_FILTER, on_filter},
    {MSG_SCANNED, on_scanned},
};

static void
on_reading(void *role)
{
	struct egress *eg = role;
	size_t i;

	for (i = 0; i < EGRESS_CALLS_MAX; i++)
		reply_pump(&eg->calls[i]);
}

static void
open_sender(struct egress *eg)
{
	struct sender_setup s = {.peers = eg->peers,
	    .loop = eg->loop,
	    .lookups = eg->lookups,
	    .wire = eg->wire,
	    .verifier = eg->verifier};

	eg->sender = sender_new(&s);
}

static void
on_lane(void *role, enum role peer)
{
	struct egress *eg = role;

	if (peer != ROLE_VAULT)
		return;
	peers_send(eg->peers, ROLE_VAULT, MSG_TRUST_WANTED, NULL);
	scanner_on_lane(eg->scanner);
}

static void
on_lost(void *role, enum role peer)
{
	if (peer == ROLE_MIND)
		egress_on_mind_lost(role);
}

int
egress_main(unsigned calls)
{
	static struct egress eg;
	struct peer_setup setup = {.self = ROLE_EGRESS,
	    .handlers = handlers,
	    .n_handlers = ARRAY_LEN(handlers),
	    .on_lane = on_lane,
	    .on_lost = on_lost,
	    .role = &eg};
	struct wire_setup wire = {.behind = on_reading, .arg = &eg};

	/* Open. */
	crypto_open();
	eg.peers = peers_open(&setup, PARENT_LANE_FD);
	eg.loop = peers_loop(eg.peers);
	eg.scanner = scanner_new(eg.peers);
	/* No epoch: a sheet from before our start counts for nothing here. */
	eg.verifier = verifier_new(peers_boot(eg.peers), NULL);
	eg.lookups = lookups_open(eg.loop);
	wire.loop = eg.loop;
	eg.wire = wire_open(&wire);
	open_sender(&eg);
	/* Confine. */
	if (confine_seal(calls) != OK)
		fatal("the kernel refuses the system call filter");
	/* Connect, and loop. */
	return peers_serve(eg.peers);
}
