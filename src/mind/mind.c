/* SPDX-License-Identifier: Apache-2.0 */
#include "mind/mind.h"

#include "base/log.h"
#include "mind/mind_priv.h"
#include "sys/confine.h"

static const struct peer_handler handlers[] = {
    {MSG_TURN_START, turns_on_start},
    {MSG_ACT_RESULT, turns_on_result},
    {MSG_TURN_END, turns_on_end},
    {MSG_RECALL, turns_on_recall},
    {MSG_MODEL_DATA, turns_on_data},
    {MSG_MODEL_END, turns_on_model_end},
};

static void
on_lane(void *role, enum role peer)
{
	if (peer == ROLE_EGRESS)
		turns_on_egress(role);
}

int
mind_main(unsigned calls)
{
	static struct mind m;
	struct peer_setup setup = {.self = ROLE_MIND,
	    .handlers = handlers,
	    .n_handlers = ARRAY_LEN(handlers),
	    .on_lane = on_lane,
	    .role = &m};

	/* Open. */
	m.peers = peers_open(&setup, PARENT_LANE_FD);
	/* Confine. */
	if (confine_seal(calls) != OK)
		fatal("the kernel refuses the system call filter");
	/* Connect, and loop. */
	return peers_serve(m.peers);
}
