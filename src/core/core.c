/* SPDX-License-Identifier: Apache-2.0 */
#include "core/core.h"

#include <string.h>

#include "base/log.h"
#include "core/core_priv.h"
#include "crypto/crypto.h"
#include "sys/clock.h"
#include "sys/confine.h"

static const struct peer_handler handlers[] = {
    {MSG_TRUST_TABLE, lanes_on_trust_table},
    {MSG_CHALLENGE, clients_on_challenge},
    {MSG_TRUST_ANSWER, clients_on_trust_answer},
    {MSG_CHECKPOINT, clients_on_answer},
    {MSG_SECRETS, clients_on_answer},
    {MSG_PUSH_KEY, clients_on_answer},
    {MSG_TOOL_IDS, clients_on_answer},
    {MSG_TOOL_LOG, clients_on_answer},
    {MSG_CLIENT_REQUEST, clients_on_request},
    {MSG_PROPOSAL, lanes_on_proposal},
    {MSG_STEP, lanes_on_step},
    {MSG_HEARD, lanes_on_heard},
    {MSG_REDACTED, lanes_on_redacted},
    {MSG_REPLY, lanes_on_reply},
    {MSG_RECALL_WANTED, lanes_on_recall},
    {MSG_WORDS, lanes_on_words},
    {MSG_TOOLS_EPOCH, lanes_on_tools_epoch},
    {MSG_ACT_DONE, lanes_on_act_done},
    {MSG_NET_OPEN, lanes_on_net_open},
    {MSG_NET_USED, lanes_on_net_used},
    {MSG_MODEL_DONE, lanes_on_model_done},
    {MSG_NOTICE_DONE, lanes_on_notice_done},
    {MSG_HOME_BROKER, lanes_on_home},
    {MSG_HOME_ENTITY, lanes_on_home},
    {MSG_HOME_VALUES, lanes_on_home},
    {MSG_HOME_SAID, lanes_on_home},
    {MSG_HOME_DONE, lanes_on_act_done},
    {MSG_TOOL_READY, lanes_on_tooling},
    {MSG_TOOL_GONE, lanes_on_tooling},
    {MSG_RUNNER_STATE, lanes_on_tooling},
    {MSG_IMAGE_LOADED, lanes_on_tooling},
    {MSG_TOOL_WIPED, lanes_on_tooling},
    {MSG_CONTAINERS, lanes_on_tooling},
    {MSG_CONTAINER_STATE, lanes_on_tooling},
};

/* Gate, egress or bridge: it takes no sheet from before its start. */
static void
on_connector(struct core *c, enum role peer)
{
	if (peer == ROLE_BRIDGE) {
		heralds_begin(c->heralds);
		automations_tell(c->automations);
	}
	tooling_tell(c->tooling, peer);
	if (c->have_trust)
		acts_ask_anew(c->acts);
	if (c->have_trust && peer == ROLE_EGRESS)
		acts_egress_ready(c->acts);
}

static void
on_lane(void *role, enum role peer)
{
	struct core *c = role;

	if (peer == ROLE_VAULT)
		peers_send(c->peers, ROLE_VAULT, MSG_TRUST_WANTED, NULL);
	else if (peer == ROLE_MIND && c->have_trust)
		runs_resume_all(c->runs);
	else if (peer == ROLE_CONTROL)
		web_tell(c);
	else if (peer == ROLE_GATE || peer == ROLE_EGRESS ||
	    peer == ROLE_BRIDGE)
		on_connector(c, peer);
}

static void
on_lost(void *role, enum role peer)
{
	struct core *c = role;

	if (peer == ROLE_TOOLS) {
		c->tools_epoch[0] = '\0';
		acts_tools_lost(c->acts);
		slots_fail_all(
		    tooling_slots(c->tooling), "the tools role was restarted");
	} else if (peer == ROLE_GATE) {
		tooling_gate_lost(c->tooling);
	} else if (peer == ROLE_EGRESS) {
		notify_egress_lost(c->notify);
	} else if (peer == ROLE_BRIDGE) {
		devices_bridge_lost(c->devices);
		acts_tool_failed(
		    c->acts, HOME_TOOL, "the bridge was restarted");
	} else if (peer == ROLE_RUNNER) {
		tooling_runner_lost(c->tooling);
	}
}

/* A core whose disk hangs would take wishes that it never writes down. */
static bool
is_alive(void *role)
{
	const struct core *c = role;

	return !ledger_is_stuck(c->ledger);
}

static void
on_end(void *role)
{
	struct core *c = role;

	if (c->ledger == NULL)
		return;
	safety_save_clock(c);
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
	    .is_alive = is_alive,
	    .role = &c};

	/* Open. */
	crypto_open();
	c.started_ms = clock_boot_ms();
	c.challenges = nonces_new(CHALLENGES_MAX);
	c.peers = peers_open(&setup, PARENT_LANE_FD);
	c.loop = peers_loop(c.peers);
	core_open_ledger(&c);
	safety_open(&c);
	/* Confine. */
	if (confine_seal(calls) != OK)
		fatal("the kernel refuses the system call filter");
	/* Connect, and loop. */
	return peers_serve(c.peers);
}
