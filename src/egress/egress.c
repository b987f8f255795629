/* SPDX-License-Identifier: Apache-2.0 */
#include "egress/egress.h"

#include "base/log.h"
#include "crypto/crypto.h"
#include "egress/egress_priv.h"
#include "sys/confine.h"

/* The document as bulk. */
static void
on_manifest(void *role, struct msg *m)
{
	struct egress *eg = role;

	verifier_put_manifest(eg->verifier, m->bulk, m->bulk_len);
}

static void
on_trust_table(void *role, struct msg *m)
{
	struct egress *eg = role;

	if (verifier_put_trust(eg->verifier, m->body) != OK)
		fatal("the vault's trust table is malformed");
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

static const struct peer_handler handlers[] = {
    {MSG_MANIFEST, on_manifest},
    {MSG_TRUST_TABLE, on_trust_table},
    {MSG_FILTER, on_filter},
    {MSG_SCANNED, on_scanned},
};

static void
on_lane(void *role, enum role peer)
{
	struct egress *eg = role;

	if (peer != ROLE_VAULT)
		return;
	peers_send(eg->peers, ROLE_VAULT, MSG_TRUST_WANTED, NULL);
	scanner_on_lane(eg->scanner);
}

int
egress_main(unsigned calls)
{
	static struct egress eg;
	struct peer_setup setup = {.self = ROLE_EGRESS,
	    .handlers = handlers,
	    .n_handlers = ARRAY_LEN(handlers),
	    .on_lane = on_lane,
	    .role = &eg};

	/* Open. */
	crypto_open();
	eg.peers = peers_open(&setup, PARENT_LANE_FD);
	eg.loop = peers_loop(eg.peers);
	eg.scanner = scanner_new(eg.peers);
	/* No epoch: a sheet from before our start counts for nothing here. */
	eg.verifier = verifier_new(peers_boot(eg.peers), NULL);
	/* Confine. */
	if (confine_seal(calls) != OK)
		fatal("the kernel refuses the system call filter");
	/* Connect, and loop. */
	return peers_serve(eg.peers);
}
