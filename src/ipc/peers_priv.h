/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPC_PEERS_PRIV_H
#define IPC_PEERS_PRIV_H

#include "ipc/peers.h"

struct peers {
	struct peer_setup setup;
	struct loop *loop;
	struct lane *lanes[ROLE_COUNT];
	struct json *settings;
	char boot[33];
	bool started;
};

/* Every few seconds, so that the parent sees that the loop turns. */
void peers_heartbeat(void *arg);

#endif
