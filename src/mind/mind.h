/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MIND_MIND_H
#define MIND_MIND_H

/*
 * The mind role: reads what people, models and tools say, and turns goals
 * into proposals.  It has no database, no network, no files, no keys, and
 * no way to act.
 */

/* `calls`: the groups of system calls that its row allows. */
int mind_main(unsigned calls);

#endif
