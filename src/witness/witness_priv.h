/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WITNESS_WITNESS_PRIV_H
#define WITNESS_WITNESS_PRIV_H

#include <stdio.h>

#include "terminal/terminal.h"
#include "witness/witness.h"

/* The hashes of a proof that the house answered with. */
#define PATH_MAX_LEN (TREE_LEVELS + 1)
NODISCARD enum err witness_read_path(const struct json *answer,
    struct digest path[PATH_MAX_LEN], size_t *ret_len);

/* The entries of the house's log from this one on, or those of one run, page by
 * page. */
typedef void entry_fn(void *arg, const struct json *entry);
int witness_each_entry(
    struct session *s, const char *run, uint64_t from, entry_fn *fn, void *arg);

/* ---- anchor.c: the checkpoint that this client keeps ---- */

/* All of these say on stderr what is wrong, and return an exit code. */
int anchor_load(const char *path, struct anchor *ret);

/* ---- verify.c and export.c: the whole log ---- */

/* The house's log, up to what its box signs now.  What is pruned meanwhile is
 * told by an entry behind that: then up to what the box signs after it. */
struct whole_log {
	struct audit_check check;
	struct anchor now;
	FILE *out; /* Where the entries go, a line each; or NULL. */
};
int verify_read(struct session *s, struct whole_log *log);

/* Do the entries lead to this root, and past the anchor?  Says so, when
 * `under` names the root. */
int verify_end(const struct audit_check *c, const struct digest *root,
    uint64_t size, const char *under);

/* The anchor's signature, when there is a key to check it with. */
int verify_anchor(const struct anchor *a, const struct public_key *key);
int witness_broken(const char *words);

/* The box's key as this client pinned it; false when it is not paired. */
bool verify_pinned_key(struct public_key *ret);

/* `anchor` may be NULL. */
int verify_house(const struct anchor *anchor);
int verify_copy(const char *path, const struct anchor *anchor);
int verify_export(const char *path, const struct anchor *anchor);
int export_log(const char *path);

#endif
