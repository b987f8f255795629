/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WITNESS_WITNESS_H
#define WITNESS_WITNESS_H

/*
 * What a client knows of the house's log by itself: the checkpoint it keeps,
 * proofs, whole verifications, exports.  Nothing here believes the house.
 *
 * All of these say on stderr what is wrong, and return an exit code.
 */

#include "audit/check.h"
#include "client/session.h"

/* Verify entry `seq` with `leaf` under a checkpoint that the box signed.
 * Prints the outcome; an exit code. */
int witness_prove(struct session *s, uint64_t seq, const struct digest *leaf);

/* The body of each entry of a run that is over, verified under a checkpoint
 * that the box signs now; those that were pruned are counted. */
typedef void proven_fn(void *arg, uint64_t seq, const struct json *body);
int witness_each_of_run(struct session *s, const char *run, proven_fn *fn,
    void *arg, size_t *ret_pruned);

/* A fresh checkpoint that the box signed.  It has grown from the one that
 * this client kept, and is the one it keeps from now on. */
int anchor_fetch(struct session *s, struct anchor *ret);

/* Has `now` grown from the tree of `size` with `root`? */
int anchor_prove(struct session *s, uint64_t size, const struct digest *root,
    const struct anchor *now);

/* `durward audit`. */
#define AUDIT_USAGE                                                            \
	"show [--run ID] | verify [--db FILE | --export FILE]"                 \
	" [--anchor FILE] | export FILE | prune --before N"                    \
	" | keep TIME|forever"
int command_audit(int argc, char **argv);

#endif
