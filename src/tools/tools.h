/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_TOOLS_H
#define TOOLS_TOOLS_H

/*
 * The tools role: speaks MCP with the programs in the containers, over
 * descriptors that the runner hands it.  It acts only on an order of the
 * core, and verifies the order itself: the manifest against the trust table
 * that came from the vault, and for every effect that needs a yes the sheet
 * and its signature.
 */

/* `calls`: the groups of system calls that its row allows. */
int tools_main(unsigned calls);

#endif
