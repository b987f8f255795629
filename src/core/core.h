/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CORE_H
#define CORE_CORE_H

/*
 * The core role: decides and remembers.  It drives every act from proposal
 * to end, keeps runs and their steps, the log and the manifests, and
 * answers what clients ask through the control room.  It has no network,
 * starts no programs, holds no keys, and decides nothing by free text.
 */

/* `calls`: the groups of system calls that its row allows. */
int core_main(unsigned calls);

#endif
