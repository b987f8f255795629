/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAIN_NAMES_H
#define MAIN_NAMES_H

/*
 * How names are looked up, as a role with the machine's network sees it.
 *
 * The machine's resolv.conf is replaced by rename when its network changes:
 * a role that has it bound into its root would keep the one of before.  So
 * the parent keeps a copy of its own, which is written in place whenever the
 * machine's says something else, and that is what is bound.  The parent does
 * not read what it says.
 *
 * Used by the parent alone; there is one copy in a house.
 */

/* Where a role sees it. */
#define NAMES_PATH "/etc/resolv.conf"

/* Make the copy, beside the socket of this path. */
void names_open(const char *socket_path);

const char *names_copy(void);

/* Look whether the machine's has changed. */
void names_follow(void);

/* The house ends. */
void names_remove(void);

#endif
