/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

/*
 * The vault role: keeps what must not be forged or leaked.  The box's root
 * key, the listener's key, and the trust table; it changes the table only
 * on a signature that it checked itself.  It has no network, starts no
 * programs, and reads no words of a model.
 */

/* `calls`: the groups of system calls that its row allows. */
int vault_main(unsigned calls);

#endif
