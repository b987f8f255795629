/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

/*
 * The bridge: speaks MQTT with the home, and is the only one that reads what
 * devices say of themselves.  It tells the core which entities there are, as
 * records (home/record.h), and their values when they change.
 */

/* Runs the role.  `calls` are the groups of system calls that it keeps. */
int bridge_main(unsigned calls);

#endif
