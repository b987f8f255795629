/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOX_BOX_H
#define BOX_BOX_H

/*
 * The files of a box, which the vault alone reads once it runs: the root key,
 * the listener's key, their certificates, and the trust table.
 */

#include "approval/trust.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "crypto/key.h"

struct box_files {
	struct secret *root_key; /* PEM, like all of these. */
	char *root_cert;
	struct secret *tls_key;
	char *tls_cert;
};

/* ERR_NOTFOUND, ERR_IO, ERR_INPUT. */
NODISCARD enum err box_load(
    const char *folder, struct box_files *ret, struct trust *ret_trust);
NODISCARD enum err box_save_trust(
    const char *folder, const struct trust *trust);

/* Before the first start: make the box's keys and certificates and a trust
 * table with one owner in `folder`, and a certificate for that owner.
 * ERR_EXISTS when there is a box already. */
NODISCARD enum err box_make(const char *folder, const char *box_name,
    const struct public_key *owner, const char *owner_name,
    struct buf *ret_cert, struct buf *ret_root, struct errmsg *why);

#endif
