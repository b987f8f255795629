/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

/*
 * The gate: the one way out of a tool's container.  It holds the sockets
 * that the shim bound inside, answers names and connects, for as long as a
 * call is open, what that call may reach.  It listens for nobody else, keeps
 * no key, and sees no model's words.
 */

/* The role's main; `calls` are the groups it may use. */
int gate_main(unsigned calls);

#endif
