/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_TREE_H
#define AUDIT_TREE_H

/*
 * The Merkle tree of RFC 9162 section 2.1, as its frontier: the roots of the
 * perfect subtrees that the leaves so far make, largest first.  Adding a
 * leaf and taking the root need nothing else.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

#define TREE_LEVELS 48

struct tree {
	uint64_t size;
	struct digest roots[TREE_LEVELS]; /* [i] is the subtree of 2^i. */
};

/* Called with each perfect subtree as it is completed, leaves included. */
typedef enum err tree_node_fn(
    void *arg, int level, uint64_t index, const struct digest *hash);

/* leaf = SHA-256(0x00 | salt | body) */
void tree_leaf(const void *salt, size_t salt_len, const void *body,
    size_t body_len, struct digest *ret);

/* `fn` may be NULL; its error stops the append half-way. */
NODISCARD enum err tree_add(
    struct tree *t, const struct digest *leaf, tree_node_fn *fn, void *arg);

/* SHA-256 of nothing for the empty tree. */
void tree_root(const struct tree *t, struct digest *ret);

/* Inclusion proofs (sections 2.1.3.1 and 2.1.3.2).  `node` fetches a stored
 * perfect subtree. */
typedef enum err tree_fetch_fn(
    void *arg, int level, uint64_t index, struct digest *ret);
NODISCARD enum err tree_prove(uint64_t index, uint64_t size,
    tree_fetch_fn *node, void *arg, struct digest ret[TREE_LEVELS],
    size_t *ret_len);
NODISCARD enum err tree_check(uint64_t index, uint64_t size,
    const struct digest *leaf, const struct digest *path, size_t path_len,
    const struct digest *root);

/* Consistency proofs (sections 2.1.4.1 and 2.1.4.2): the first `old_size`
 * leaves of the tree of `size` are the leaves of the old tree.  The path is
 * empty when the old tree has no leaves or is the same. */
NODISCARD enum err tree_prove_consistency(uint64_t old_size, uint64_t size,
    tree_fetch_fn *node, void *arg, struct digest ret[TREE_LEVELS + 1],
    size_t *ret_len);
NODISCARD enum err tree_check_consistency(uint64_t old_size,
    const struct digest *old_root, uint64_t size, const struct digest *root,
    const struct digest *path, size_t path_len);

#endif
