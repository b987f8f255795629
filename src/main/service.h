/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAIN_SERVICE_H
#define MAIN_SERVICE_H

/*
 * What the house says to the service manager that started it, by the protocol
 * of sd_notify(3): datagrams to the socket that $NOTIFY_SOCKET names.  Without
 * one nothing is said.
 *
 * The parent alone speaks, from its loop.  A role that does not turn is given
 * up by the parent, and a core whose store does not write is taken for one
 * that does not turn (ipc/peers.h), so that the parent's own turning stands
 * for all of them: when it waits for a child that cannot even be killed, the
 * manager hears nothing and ends the whole unit.
 */

/* All roles are open and sealed.  Said once for all that follow it. */
void service_ready(void);

/* A part ended without which nothing goes on: all begins again. */
void service_anew(void);

/* The loop turned.  To be said more often than the unit's WatchdogSec=. */
void service_alive(void);

/* It ends because somebody asked it to. */
void service_ending(void);

#endif
