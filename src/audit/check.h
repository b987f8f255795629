/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_CHECK_H
#define AUDIT_CHECK_H

/*
 * Verifying a whole log, from any source: give the entries in their order,
 * then ask whether they lead to a root.
 *
 * A pruned entry has no body any more that could be checked: its leaf is
 * taken as it is, and counted.  The log says itself up to where it was
 * pruned; an entry that is empty beyond that was emptied by somebody else.
 */

#include "audit/anchor.h"
#include "audit/audit.h"

struct audit_check {
	struct tree tree;
	uint64_t pruned; /* How many had no body. */
	uint64_t pruned_end; /* Behind the last of them. */
	uint64_t prune_said; /* The highest "before" of a "pruned" entry. */
	uint64_t bad_seq; /* The first entry that does not fit. */
	bool failed;
	const struct anchor *anchor; /* Must be met on the way, or NULL. */
	bool anchor_met;
};

void audit_check_entry(struct audit_check *c, uint64_t seq, struct str salt,
    struct str body, const struct digest *leaf);

/* One as {"seq", "salt", "leaf", "body"}. */
void audit_check_document(struct audit_check *c, const struct json *entry);

/* ERR_CORRUPT with what is wrong with the log. */
NODISCARD enum err audit_check_end(const struct audit_check *c,
    const struct digest *root, uint64_t size, struct errmsg *why);

#endif
