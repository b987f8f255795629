/* SPDX-License-Identifier: Apache-2.0 */
#include "core/core.h"

#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/core_priv.h"
#include "crypto/crypto.h"
#include "sys/clock.h"
#include "sys/confine.h"

void
core_token(char ret[TOKEN_SIZE])
{
	uint8_t bytes[TOKEN_SIZE / 2];

	crypto_random(bytes, sizeof(bytes));
	hex_write(ret, bytes, sizeof(bytes));
}

/* The vault's word is the only one about whom to trust. */
static void
on_trust_table(void *role, struct msg *m)
{
	struct core *c = role;
	bool first = !c->have_trust;

	if (trust_read(m->body, &c->trust) != OK)
		fatal("the vault's trust table is malformed");
	c->have_trust = true;
	if (first) {
		acts_recover(c);
		runs_resume_all(c);
	}
}

/* {"epoch"}: random at each start of the tools role. */
static void
on_tools_epoch(void *role, struct msg *m)
{
	struct core *c = role;
	const char *epoch = json_words(m->body, "epoch");
	uint8_t bytes[TOKEN_SIZE / 2];

	if (hex_read(epoch, strlen(epoch), bytes, sizeof(bytes)) != OK ||
	    strcmp(epoch, c->tools_epoch) == 0)
		return;
	memcpy(c->tools_epoch, epoch, TOKEN_SIZE);
	asking_renew_all(c);
	tooling_tell_tools(c);
}

static const struct peer_handler handlers[] = {
    {MSG_TRUST_TABLE, on_trust_table},
    {MSG_CHALLENGE, clients_on_challenge},
    {MSG_TRUST_ANSWER, clients_on_trust_answer},
    {MSG_CHECKPOINT, clients_on_checkpoint},
    {MSG_CLIENT_REQUEST, clients_on_request},
    {MSG_PROPOSAL, runs_on_proposal},
    {MSG_STEP, runs_on_step},
    {MSG_REPLY, runs_on_reply},
    {MSG_TOOLS_EPOCH, on_tools_epoch},
    {MSG_ACT_DONE, acts_on_done},
    {MSG_TOOL_READY, tooling_on_ready},
    {MSG_TOOL_GONE, tooling_on_gone},
    {MSG_RUNNER_STATE, tooling_on_runner},
    {MSG_CONTAINER_STATE, tooling_on_container},
};

static void
on_lane(void *role, enum role peer)
{
	struct core *c = role;

	if (peer == ROLE_VAULT)
		peers_send(c->peers, ROLE_VAULT, MSG_TRUST_WANTED, NULL);
	else if (peer == ROLE_MIND && c->have_trust)
		runs_resume_all(c);
}

static void
on_lost(void *role, enum role peer)
{
	struct core *c = role;

	if (peer == ROLE_TOOLS) {
		c->tools_epoch[0] = '\0';
		acts_tools_lost(c);
		slots_fail_all(c->slots, "the tools role was restarted");
	} else if (peer == ROLE_RUNNER) {
		c->runner_ready = false;
		slots_fail_all(c->slots, "the runner was restarted");
	}
}

static void
on_end(void *role)
{
	struct core *c = role;

	if (c->ledger != NULL)
		ledger_close(c->ledger);
}

int
core_main(unsigned calls)
{
	static struct core c;
	struct peer_setup setup = {.self = ROLE_CORE,
	    .handlers = handlers,
	    .n_handlers = ARRAY_LEN(handlers),
	    .on_lane = on_lane,
	    .on_lost = on_lost,
	    .on_end = on_end,
	    .role = &c};

	/* Open. */
	crypto_open();
	c.started_ms = clock_boot_ms();
	c.challenges = nonces_new(CHALLENGES_MAX);
	core_open_policy(&c);
	c.peers = peers_open(&setup, PARENT_LANE_FD);
	c.loop = peers_loop(c.peers);
	tooling_open(&c);
	core_open_ledger(&c);
	/* Confine. */
	if (confine_seal(calls) != OK)
		fatal("the kernel refuses the system call filter");
	/* Connect, and loop. */
	return peers_serve(c.peers);
}
