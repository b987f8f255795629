/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

/*
 * The log: what happened, in an order that cannot be changed later.
 *
 * Each entry's body is one canonical JSON object; its leaf stands in a
 * Merkle tree (RFC 9162) whose nodes are stored beside it.  Entries are
 * written inside the caller's transaction, so an act and its record are one
 * commit.  A checkpoint is a text that names size and root, signed by the
 * box's key; whoever keeps one can later prove that nothing was changed.
 *
 * Numbers count from 0; the size is the number of entries.
 */

#include <stdint.h>

#include "audit/tree.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "crypto/key.h"
#include "store/store.h"

#define AUDIT_SALT_LEN 16

/* The statements that make the tables, for the store's migrations. */
extern const char audit_schema[];
extern const char audit_prune_schema[]; /* Lets through audit_prune(). */
extern const char audit_nodes_schema[]; /* Nodes in the entries' rows. */

struct audit {
	struct tree tree;
};

/* Read the tree's frontier.  ERR_CORRUPT when nodes are missing. */
NODISCARD enum err audit_load(struct store_tx *tx, struct audit *ret);

struct audit_entry {
	uint64_t seq;
	const char *kind; /* What happened, a word: "judged", "done". */
	const char *run; /* Hex id or "". */
	const char *act; /* Hex id or "". */
	struct str salt;
	struct str body; /* Both empty when it was pruned. */
	struct digest leaf;
};

/* `body` gets `kind`, `run`, `act`, `boot_ms` and `wall_ms` from the caller
 * before; here it is made canonical and added.  Runs inside a job. */
NODISCARD enum err audit_append(struct audit *a, struct store_tx *tx,
    const struct json *body, uint64_t *ret_seq);

/* Forget what entries from `from` to below `before` say; their leaves stay, so
 * the tree and every proof stay.  The salt goes with the body: beside the leaf
 * it would let anybody check a guess of what was forgotten. */
NODISCARD enum err audit_prune(
    struct store_tx *tx, uint64_t from, uint64_t before);

/* Up to where everything from `from` on was written before `wall_ms`, or has
 * no body any more: the first entry that was not, or the one behind `most` of
 * them. */
NODISCARD enum err audit_find_old(struct store_tx *tx, uint64_t from,
    int64_t wall_ms, uint64_t most, uint64_t *ret_before);

/* Entries from `from` on, of one run when `run` is not NULL. */
typedef enum err audit_entry_fn(void *arg, const struct audit_entry *e);
NODISCARD enum err audit_list(struct store_tx *tx, const char *run,
    uint64_t from, uint64_t most, audit_entry_fn *fn, void *arg);

NODISCARD enum err audit_prove(struct store_tx *tx, uint64_t seq, uint64_t size,
    struct digest ret[TREE_LEVELS], size_t *ret_len);
NODISCARD enum err audit_prove_consistency(struct store_tx *tx,
    uint64_t old_size, uint64_t size, struct digest ret[TREE_LEVELS + 1],
    size_t *ret_len);

/* The text that the box signs. */
void audit_checkpoint_text(const struct digest *box, uint64_t size,
    const struct digest *root, struct buf *out);

struct audit_checkpoint {
	struct digest box;
	uint64_t size;
	struct digest root;
};
NODISCARD enum err audit_checkpoint_read(
    const char *text, size_t len, struct audit_checkpoint *ret);

#endif
