/* SPDX-License-Identifier: Apache-2.0 */
#ifndef APPROVAL_SEALING_H
#define APPROVAL_SEALING_H

/*
 * The key that a client seals a secret for.  The vault makes one at each
 * start and signs it with the box's root key, which every client pins: so
 * nobody on the way can put another key in its place.
 */

#include "base/digest.h"
#include "base/err.h"
#include "crypto/key.h"

void sealing_sign(const struct key *root, const struct digest *box,
    const struct public_key *sealing, struct signature *ret);

/* ERR_SIGNATURE: this is not the key of the vault of this box. */
NODISCARD enum err sealing_verify(const struct public_key *box_key,
    const struct digest *box, const struct public_key *sealing,
    const struct signature *sig);

#endif
