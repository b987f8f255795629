/* SPDX-License-Identifier: Apache-2.0 */
#include "bridge/bridge.h"

#include "base/log.h"
#include "bridge/bridge_priv.h"
#include "crypto/crypto.h"
#include "sys/confine.h"

static void
on_trust_table(void *role, struct msg *m)
{
	struct bridge *b = role;

	if (verifier_put_trust(b->verifier, m->body) != OK)
		fatal("the vault's trust table is malformed");
	/* The name of the box is part of what is said on the broker. */
	if (b->announced.id[0] == '\0')
		announcing_open(b, &verifier_trust(b->verifier)->box);
	broker_prepare(b);
	watching_settle(b);
}

static void
on_manifest(void *role, struct msg *m)
{
	struct bridge *b = role;

	verifier_put_manifest(b->verifier, m->bulk, m->bulk_len);
}

static const struct peer_handler handlers[] = {
    {MSG_TRUST_TABLE, on_trust_table},
    {MSG_MANIFEST, on_manifest},
    {MSG_HOME_ORDER, commands_on_order},
    {MSG_HOME_TOPIC, watching_on_topic},
    {MSG_HOME_HERALD, announcing_on_herald},
    {MSG_BROKER_KEY, broker_on_key},
};

static void
on_lane(void *role, enum role peer)
{
	struct bridge *b = role;

	if (peer == ROLE_CORE)
		telling_begin(b);
	else if (peer == ROLE_VAULT)
		peers_send(b->peers, ROLE_VAULT, MSG_TRUST_WANTED, NULL);
}

static void
on_rest(void *role)
{
	telling_go_on(role);
	announcing_go_on(role);
}

static void
on_end(void *role)
{
	struct bridge *b = role;

	if (b->mqtt != NULL)
		mqtt_close(b->mqtt);
}

int
bridge_main(unsigned calls)
{
	static struct bridge b;
	struct peer_setup setup = {.self = ROLE_BRIDGE,
	    .handlers = handlers,
	    .n_handlers = ARRAY_LEN(handlers),
	    .on_lane = on_lane,
	    .on_end = on_end,
	    .role = &b};

	/* Open. */
	crypto_open();
	b.peers = peers_open(&setup, PARENT_LANE_FD);
	b.loop = peers_loop(b.peers);
	/* No epoch: a sheet from before our start counts for nothing here. */
	b.verifier = verifier_new(peers_boot(b.peers), NULL);
	loop_at_rest(b.loop, on_rest, &b);
	/* Confine. */
	if (confine_seal(calls) != OK)
		fatal("the kernel refuses the system call filter");
	/* Connect, once the vault has said which box this is, and loop. */
	return peers_serve(b.peers);
}
