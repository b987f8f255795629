/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc/peers_priv.h"

/*
 * The loop of every role, alone in its file: the tests of confinement link
 * another one in its place, which first tries what the role must never do.
 */
int
peers_serve(struct peers *p)
{
	peers_send(p, ROLE_PARENT, MSG_READY, NULL);
	peers_heartbeat(p);
	loop_run(p->loop);
	return 0;
}
