/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/gate.h"

#include "base/log.h"
#include "crypto/crypto.h"
#include "gate/gate_priv.h"
#include "sys/confine.h"

/* The document as bulk. */
static void
on_manifest(void *role, struct msg *m)
{
	struct gate *g = role;

	verifier_put_manifest(g->verifier, m->bulk, m->bulk_len);
}

static void
on_trust_table(void *role, struct msg *m)
{
	struct gate *g = role;

	if (verifier_put_trust(g->verifier, m->body) != OK)
		fatal("the vault's trust table is malformed");
}

static void
on_filter(void *role, struct msg *m)
{
	struct gate *g = role;

	scanner_on_filter(g->scanner, m);
}

static void
on_scanned(void *role, struct msg *m)
{
	struct gate *g = role;

	scanner_on_scanned(g->scanner, m);
}

static const struct peer_handler handlers[] = {
    {MSG_MANIFEST, on_manifest},
    {MSG_TRUST_TABLE, on_trust_table},
    {MSG_TOOL_SOCKETS, doors_on_sockets},
    {MSG_TOOL_CLOSED, doors_on_closed},
    {MSG_NET_ORDER, calls_on_order},
    {MSG_NET_END, calls_on_end},
    {MSG_FILTER, on_filter},
    {MSG_SCANNED, on_scanned},
};

static void
on_lane(void *role, enum role peer)
{
	struct gate *g = role;

	if (peer != ROLE_VAULT)
		return;
	peers_send(g->peers, ROLE_VAULT, MSG_TRUST_WANTED, NULL);
	scanner_on_lane(g->scanner);
}

int
gate_main(unsigned calls)
{
	static struct gate g;
	struct peer_setup setup = {.self = ROLE_GATE,
	    .handlers = handlers,
	    .n_handlers = ARRAY_LEN(handlers),
	    .on_lane = on_lane,
	    .role = &g};

	/* Open. */
	crypto_open();
	g.peers = peers_open(&setup, PARENT_LANE_FD);
	g.loop = peers_loop(g.peers);
	g.scanner = scanner_new(g.peers);
	/* No epoch: a sheet from before our start counts for nothing here. */
	g.verifier = verifier_new(peers_boot(g.peers), NULL);
	g.lookups = lookups_open(g.loop);
	/* Confine. */
	if (confine_seal(calls) != OK)
		fatal("the kernel refuses the system call filter");
	/* Connect, and loop. */
	return peers_serve(g.peers);
}
