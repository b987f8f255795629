/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/tools.h"

#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "crypto/crypto.h"
#include "sys/confine.h"
#include "tools/tools_priv.h"

/* {"tool"} and the document as bulk. */
static void
on_manifest(void *role, struct msg *m)
{
	struct tools *t = role;

	verifier_put_manifest(t->verifier, m->bulk, m->bulk_len);
}

static void
on_trust_table(void *role, struct msg *m)
{
	struct tools *t = role;

	if (verifier_put_trust(t->verifier, m->body) != OK)
		fatal("the vault's trust table is malformed");
}

/* {"tool", "container"}, our ends of its stdin, stdout and stderr. */
static void
on_stdio(void *role, struct msg *m)
{
	const char *tool = json_str(m->body, "tool");

	if (tool == NULL || !str_is_name(tool) || m->n_fds != 3)
		return;
	room_open(role, tool, json_words(m->body, "container"), m->fds);
	m->fds[0] = m->fds[1] = m->fds[2] = -1;
}

static void
on_filter(void *role, struct msg *m)
{
	struct tools *t = role;

	scanner_on_filter(t->scanner, m);
}

static void
on_scanned(void *role, struct msg *m)
{
	struct tools *t = role;

	scanner_on_scanned(t->scanner, m);
}

static const struct peer_handler handlers[] = {
    {MSG_ACT_ORDER, orders_on_order},
    {MSG_MANIFEST, on_manifest},
    {MSG_TRUST_TABLE, on_trust_table},
    {MSG_TOOL_STDIO, on_stdio},
    {MSG_FILTER, on_filter},
    {MSG_SCANNED, on_scanned},
    {MSG_TOOL_LOG_WANTED, telling_on_wanted},
};

static void
on_lane(void *role, enum role peer)
{
	struct tools *t = role;
	struct json *body;

	if (peer == ROLE_VAULT) {
		peers_send(t->peers, ROLE_VAULT, MSG_TRUST_WANTED, NULL);
		scanner_on_lane(t->scanner);
	} else if (peer == ROLE_CORE) {
		body = json_object();
		json_put_str(body, "epoch", t->epoch);
		peers_send(t->peers, ROLE_CORE, MSG_TOOLS_EPOCH, body);
	}
}

int
tools_main(unsigned calls)
{
	static struct tools t;
	struct peer_setup setup = {.self = ROLE_TOOLS,
	    .handlers = handlers,
	    .n_handlers = ARRAY_LEN(handlers),
	    .on_lane = on_lane,
	    .role = &t};
	uint8_t epoch[TOKEN_SIZE / 2];

	/* Open. */
	crypto_open();
	crypto_random(epoch, sizeof(epoch));
	hex_write(t.epoch, epoch, sizeof(epoch));
	t.peers = peers_open(&setup, PARENT_LANE_FD);
	t.verifier = verifier_new(peers_boot(t.peers), t.epoch);
	t.loop = peers_loop(t.peers);
	t.scanner = scanner_new(t.peers);
	/* Confine. */
	if (confine_seal(calls) != OK)
		fatal("the kernel refuses the system call filter");
	/* Connect, and loop. */
	return peers_serve(t.peers);
}
