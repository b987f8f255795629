/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_ANCHOR_H
#define AUDIT_ANCHOR_H

/*
 * An anchor: a checkpoint with its signature, kept by somebody outside the
 * house.  Whatever the box signs later must have grown from it, so whoever
 * keeps one notices a log that was rolled back or rewritten.
 *
 * Its text is the checkpoint's, then a line `signature ES256:HEX`.
 */

#include "audit/audit.h"

#define ANCHOR_MAX 1024

struct anchor {
	struct audit_checkpoint at;
	struct signature signature;
};

/* ERR_INPUT.  What is read writes back to the same bytes. */
NODISCARD enum err anchor_read(
    const char *text, size_t len, struct anchor *ret);
void anchor_write(const struct anchor *a, struct buf *out);

/* As members {"checkpoint", "signature"} of a document. */
NODISCARD enum err anchor_from_json(const struct json *v, struct anchor *ret);
void anchor_put(struct json *v, const struct anchor *a);

/* ERR_SIGNATURE when it is not of this key's box. */
NODISCARD enum err anchor_verify(
    const struct anchor *a, const struct public_key *box_key);

/* Has the tree of `now` grown from that of `size` and `root`?  ERR_CORRUPT
 * with what happened to the log. */
NODISCARD enum err anchor_covers(const struct audit_checkpoint *now,
    uint64_t size, const struct digest *root, const struct digest *path,
    size_t path_len, struct errmsg *why);

/* The words for it, and ERR_CORRUPT. */
enum err anchor_rolled_back(uint64_t had, uint64_t now, struct errmsg *why);
enum err anchor_forked(uint64_t size, struct errmsg *why);

#endif
