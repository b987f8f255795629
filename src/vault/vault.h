/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

/*
 * The vault role: keeps what must not be forged or leaked.  The box's root
 * key, the listener's key, and the trust table; it changes the table only
 * on a signature that it checked itself.  It has no network, starts no
 * programs, and reads no words of a model.
 */

#include "base/err.h"
#include "crypto/key.h"

/* `calls`: the groups of system calls that its row allows. */
int vault_main(unsigned calls);

/* Before the first start: make the box's keys and certificates and a trust
 * table with one owner in `folder`, and a certificate for that owner.
 * ERR_EXISTS when there is a box already. */
NODISCARD enum err vault_init(const char *folder, const char *box_name,
    const struct public_key *owner, const char *owner_name,
    struct buf *ret_cert, struct buf *ret_root, struct errmsg *why);

#endif
